"""The measuring client: it counts whole, good answers only, however they are cut into packets."""

import itertools
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from load import BadAnswer, ask, request, run_burst
from report import Report

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\n\r\n"


@contextmanager
def server(answer: Sequence[bytes]) -> Iterator[int]:
    """Sends the same packets for whatever comes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while connection.recv(65536):
                for packet in answer:
                    connection.sendall(packet)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.mark.parametrize(
    ("packets", "body"),
    [
        ([OK], b"ok"),
        ([OK[:20], OK[20:44], OK[44:]], b"ok"),
        ([CHUNKED], b"ok!"),
        ([CHUNKED[:50], CHUNKED[50:]], b"ok!"),
    ],
)
def test_an_answer_is_whole_however_it_is_cut(packets: list[bytes], body: bytes) -> None:
    with server(packets) as port:
        assert ask(port, request("GET", "/")) == body


def test_every_client_is_answered_and_counted() -> None:
    sent = [0, 0, 0]

    def asking(client: int) -> Iterator[bytes]:
        for _ in itertools.count():
            sent[client] += 1
            yield request("POST", "/", body=b"{}")

    with server([OK]) as port:
        burst = run_burst(port, [asking(client) for client in range(3)], seconds=0.3, warm_up_s=0.05)
    assert burst.acknowledged == sum(sent)
    assert min(sent) > 0
    assert 0 < burst.answers < burst.acknowledged
    assert len(burst.latencies_ms) == burst.answers


def test_one_bad_answer_makes_the_measurement_void() -> None:
    with server([OK.replace(b"200 OK", b"503 No")]) as port, pytest.raises(BadAnswer, match="503"):
        run_burst(port, [itertools.repeat(request("GET", "/"))], seconds=0.1)


def test_a_ratio_says_how_many_times_better_whichever_direction_is_better() -> None:
    report = Report(started="", machine={}, burst_s=1, repeats=3)
    speed, start = report.row("speed", "/s", "more", 10), report.row("start", "s", "less")
    speed.pomona, speed.mlflow = [100.0, 900.0, 120.0], [10.0, 1.0, 12.0]
    start.pomona, start.mlflow = [2.0], [8.0]
    assert (speed.ratio, start.ratio) == (12.0, 4.0)
    assert "| speed  | 120 /s |  10 /s | 12.0x |  10x |" in report.markdown()
