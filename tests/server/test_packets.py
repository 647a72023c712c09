"""The head of an answer leaves with the body; one that streams may begin before there is any."""

import asyncio
import socket

import uvicorn

from pomona.server.auth import Asgi, Receive, Scope, Send
from pomona.server.packets import JoiningTransport, OnePacketProtocol

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Wire:
    """A transport that notes each packet."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.packets.append(data)

    def writelines(self, parts: tuple[bytes, ...]) -> None:
        self.packets.append(b"".join(parts))

    def close(self) -> None:
        self.packets.append(b"closed")

    def is_closing(self) -> bool:
        return b"closed" in self.packets


async def joining(wire: Wire) -> JoiningTransport:
    return JoiningTransport(wire, asyncio.get_running_loop())  # type: ignore[arg-type]


def test_head_and_body_are_one_packet_and_the_rest_follows() -> None:
    async def talk(wire: Wire) -> None:
        transport = await joining(wire)
        for piece in (HEAD, b"one", b"two", HEAD, b"three"):
            transport.write(piece)
        await asyncio.sleep(0)

    wire = Wire()
    asyncio.run(talk(wire))
    assert wire.packets == [HEAD + b"one", b"two", HEAD + b"three"]


def test_a_head_without_a_body_does_not_wait() -> None:
    async def talk(wire: Wire) -> None:
        transport = await joining(wire)
        transport.write(HEAD)
        assert wire.packets == []
        await asyncio.sleep(0)
        assert wire.packets == [HEAD]
        transport.write(b"late")

    wire = Wire()
    asyncio.run(talk(wire))
    assert wire.packets == [HEAD, b"late"]


def test_who_closes_sends_the_head_first() -> None:
    async def talk(wire: Wire) -> None:
        transport = await joining(wire)
        transport.write(HEAD)
        transport.close()
        assert transport.is_closing()
        await asyncio.sleep(0)

    wire = Wire()
    asyncio.run(talk(wire))
    assert wire.packets == [HEAD, b"closed"]


def served(app: Asgi, request: bytes) -> bytes:
    """What a real server sends until it closes the connection."""

    async def serve() -> bytes:
        config = uvicorn.Config(app, http=OnePacketProtocol, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            serving = asyncio.create_task(server.serve([listening]))
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            writer.write(request)
            found = await asyncio.wait_for(reader.read(), 20)
            writer.close()
            server.should_exit = True
            await serving
        return found

    return asyncio.run(serve())


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    body = (await receive()).get("body", b"")
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def streams(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await asyncio.sleep(0.01)
    for piece in (b"one", b"two"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def test_answers_are_whole() -> None:
    last = b"POST /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nfig"
    found = served(answers, b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\npear" + last)
    assert found.count(b"HTTP/1.1 200 OK") == 2
    assert b"\r\n\r\npearHTTP/1.1" in found
    assert found.endswith(b"\r\n\r\nfig")


def test_streams_are_whole() -> None:
    found = served(streams, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert found.endswith(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


def test_a_request_that_is_none_is_told_so() -> None:
    found = served(answers, b"nonsense\r\n\r\n")
    assert found.startswith(b"HTTP/1.1 400 Bad Request")
    assert found.endswith(b"Invalid HTTP request received.")


def test_who_is_asked_to_go_on_hears_it_before_the_answer() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n"
    found = served(answers, head + b"Expect: 100-continue\r\n\r\npear")
    assert found.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
    assert found.endswith(b"pear")
