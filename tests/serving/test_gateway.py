"""The gateway as its callers meet it: a real process, real HTTP."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from tests.serving.gateways import ROW, Asker, FakeControl, GatewayProcess, ask_once, running, save_model

from pomona.serving.journal import JournalRow, read_rows, segments


def journalled(gateway: GatewayProcess) -> list[JournalRow]:
    folder = gateway.home / "gateway" / "journal"
    return [row for path in segments(folder) for row in read_rows(path, 0, limit=1_000_000)[0]]


def serving(gateway: GatewayProcess, revision: str) -> bool:
    return ask_once(gateway.port, "/status")[1]["revision"] == revision


@pytest.fixture(scope="module")
def shared(tmp_path_factory, cold_is_late: Path):
    control = FakeControl()
    control.serve("r1", control.add_model("mv_1", cold_is_late))
    with running(tmp_path_factory.mktemp("gateway"), control) as process:
        yield process.wait_ready()
    control.close()


@pytest.fixture
def caller(shared) -> Asker:
    """A caller of the gateway that this module's harmless tests share."""
    return Asker(shared.port)


def test_an_answer_is_journalled_with_everything_that_led_to_it(shared, caller: Asker) -> None:
    status, answer = caller.predict([ROW], units=["tail-1"], ids=["flight-1"], at="2013-02-03T04:05:06Z")
    assert status == 200
    (given,) = answer["predictions"]
    row = journalled(shared)[-1]
    assert given == {
        "prediction_id": row.id,
        "output": row.output,
        "decision": True,
        "arm": "champion",
        "model_version": "mv_1",
    }
    assert (row.key, row.unit, row.input) == ("flight-1", "tail-1", ROW)
    assert (row.endpoint, row.release, row.revision) == ("late", "rel_r1", "r1")
    assert row.probabilities == {"champion": 1.0}
    assert row.at_us == 1_359_864_306_000_000


def test_all_three_protocols_give_the_same_answer(caller: Asker) -> None:
    own = caller.predict([ROW])[1]["predictions"][0]["output"]
    tensors = [
        {"name": "hour", "shape": [1, 1], "datatype": "INT64", "data": [[9]]},
        {"name": "temp", "shape": [1], "datatype": "FP64", "data": [12.5]},
        {"name": "carrier", "shape": [1], "datatype": "BYTES", "data": ["AA"]},
    ]
    status, v2 = caller.ask("POST", "/v2/models/late/infer", {"id": "7", "inputs": tensors})
    assert status == 200
    assert v2["id"] == "7"
    assert {tensor["name"]: tensor["datatype"] for tensor in v2["outputs"]} == {
        "output": "FP64",
        "decision": "BOOL",
        "prediction_id": "BYTES",
    }
    assert v2["outputs"][0]["data"] == [own]
    split = {"dataframe_split": {"columns": [*ROW], "data": [[*ROW.values()]]}}
    for body in (
        split,
        {"dataframe_records": [ROW]},
        {"inputs": {k: [v] for k, v in ROW.items()}},
        {"instances": [ROW]},
    ):
        status, answer = caller.ask("POST", "/invocations", body)
        assert (status, answer["predictions"]) == (200, [own])
        assert answer["prediction_ids"][0].startswith("prd_")


def test_metadata_names_columns_and_types(caller: Asker) -> None:
    _, described = caller.ask("GET", "/v2/models/late")
    assert [(column["name"], column["datatype"]) for column in described["inputs"]] == [
        ("carrier", "BYTES"),
        ("hour", "INT64"),
        ("temp", "FP64"),
    ]
    assert caller.ask("GET", "/v2/models/late/ready")[0] == 200
    assert caller.ask("GET", "/v2")[0] == caller.ask("GET", "/v2/health/live")[0] == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/predict/late", {"rows": [{**ROW, "hour": None}]}, 422, "'hour', row 0: None is null"),
        ("/predict/late", {"rows": [{"carrier": "AA", "x": 1}]}, 422, "missing hour; unexpected x"),
        ("/predict/late", {"rows": [ROW, {**ROW, "temp": "hot"}]}, 422, "row 1"),
        ("/predict/late", {"rows": []}, 422, "no rows"),
        ("/predict/late", {"rows": [ROW], "units": ["a", "b"]}, 422, "2 units for 1 rows"),
        ("/predict/late", {"rows": [ROW, ROW], "ids": ["a", "a"]}, 422, "same id"),
        ("/predict/late", {"rows": [ROW], "ids": [""]}, 422, "empty"),
        ("/predict/late", {"rows": [ROW], "at": "2013-01-01T00:00:00"}, 422, "timezone"),
        ("/predict/late", {"rows": [ROW], "wish": 1}, 422, "wish"),
        ("/predict/late", b"{rows: NaN}", 422, "cannot be read"),
        ("/predict/late", b'{"rows": [{"carrier": "AA", "hour": 1, "temp": NaN}]}', 422, "cannot be read"),
        ("/predict/late", b'{"rows": [{"carrier": "AA", "hour": 1, "temp": 1e999}]}', 422, "out of range"),
        ("/predict/late", b"\xff\xfe", 422, "cannot be read"),
        ("/predict/late", b'{"rows": [{"temp": ' + b"[" * 100_000, 422, "too deep"),
        ("/predict/late", b'{"rows": [{"temp": ' + b"9" * 5000 + b"}]}", 422, "cannot be read"),
        ("/predict/late", {"rows": [{**ROW, "temp": 10**400}]}, 422, ""),
        ("/predict/late", {"rows": [{**ROW, "hour": 1 << 70}]}, 422, "does not fit"),
        ("/predict/late", {"rows": [ROW], "at": "1899-12-31T23:59:59Z"}, 422, "between 1900 and 2199"),
        ("/predict/late", {"rows": [ROW], "at": ["2200-01-01T00:00:00Z"]}, 422, "between 1900 and 2199"),
        ("/predict/late", {"rows": [ROW], "at": "20260-01-01T00:00:00Z"}, 422, "cannot be read"),
        ("/predict/late", {"rows": [ROW], "units": ["u" * 201]}, 422, "too long"),
        ("/predict/none", {"rows": [ROW]}, 404, "no endpoint 'none'"),
        ("/nowhere", {"rows": [ROW]}, 404, "nothing is here"),
        ("/invocations", {"inputs": {"carrier": ["AA"]}, "instances": [ROW]}, 422, "exactly one of"),
        ("/invocations", {"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}, 422, "another number"),
        ("/invocations?endpoint=none", {"instances": [ROW]}, 404, "no endpoint 'none'"),
        ("/v2/models/late/infer", {"inputs": []}, 422, "no inputs"),
        (
            "/v2/models/late/infer",
            {"inputs": [{"name": "hour", "shape": [2], "datatype": "INT64", "data": [1]}]},
            422,
            "1 values for shape [2]",
        ),
    ],
)
def test_bad_input_is_explained_and_stores_nothing(shared, path, body, status, says) -> None:
    asker, before = Asker(shared.port), len(journalled(shared))
    got, problem = asker.ask("POST", path, body)
    assert (got, problem["status"]) == (status, status)
    assert says in problem["detail"]
    assert problem["hint"]
    assert problem["code"]
    assert len(journalled(shared)) == before
    asker.close()


def test_a_retry_gets_the_first_answer_and_is_journalled_once(shared, caller: Asker) -> None:
    first = caller.predict([ROW, {**ROW, "temp": 30.0}], ids=["a", "b"])
    assert caller.predict([ROW, {**ROW, "temp": 30.0}], ids=["a", "b"]) == first
    assert caller.predict([{**ROW, "temp": -5.0}], ids=["a"])[1]["predictions"] == first[1]["predictions"][:1]
    assert sorted(row.key for row in journalled(shared) if row.key in ("a", "b")) == ["a", "b"]


def test_an_idempotency_key_names_the_rows_of_a_request(shared, caller: Asker) -> None:
    first = caller.ask("POST", "/predict/late", {"rows": [ROW, ROW]}, **{"Idempotency-Key": "k-1"})
    assert caller.ask("POST", "/predict/late", {"rows": [ROW, ROW]}, **{"Idempotency-Key": "k-1"}) == first
    assert [row.key for row in journalled(shared) if (row.key or "").startswith("k-1")] == ["k-1/0", "k-1/1"]


def test_retries_at_the_same_moment_make_one_prediction(shared) -> None:
    def ask(_: int):
        asker = Asker(shared.port)
        try:
            return asker.predict([ROW] * 5, ids=["v", "w", "x", "y", "z"])
        finally:
            asker.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(16)))
    assert all(answer == answers[0] for answer in answers)
    assert sorted(row.key for row in journalled(shared) if row.key in [*"vwxyz"]) == [*"vwxyz"]


def test_a_restart_remembers_answers_and_serves_without_the_control_plane(
    tmp_path: Path, cold_is_late: Path
) -> None:
    control = FakeControl()
    control.serve("r1", control.add_model("mv_1", cold_is_late))
    with running(tmp_path / "home", control) as gateway:
        asker = Asker(gateway.wait_ready().port)
        first = asker.predict([ROW], ids=["a"])
        gateway.kill()
    control.close()
    with running(tmp_path / "home", control) as gateway:
        asker = Asker(gateway.wait_ready().port)
        assert asker.predict([ROW], ids=["a"]) == first
        assert asker.predict([ROW])[0] == 200
        gateway.wait_for(lambda: "does not answer" in ask_once(gateway.port, "/status")[1]["control_plane"])
        assert len(journalled(gateway)) == 2


def test_units_stay_with_their_arm_and_shares_are_kept(
    gateway, control, asker, cold_is_late, warm_is_late
) -> None:
    models = control.add_model("mv_1", cold_is_late), control.add_model("mv_2", warm_is_late)
    control.serve("r2", *models, share=0.3)
    gateway.wait_for(lambda: serving(gateway, "r2"))
    units = [str(number) for number in range(1000)]

    def arms() -> list[str]:
        return [made["arm"] for made in asker.predict([ROW] * 1000, units=units)[1]["predictions"]]

    at_first = arms()
    assert arms() == at_first
    assert 250 < at_first.count("candidate") < 350
    control.serve("r3", *models, share=0.5)
    gateway.wait_for(lambda: serving(gateway, "r3"))
    later = arms()
    assert all(
        now == "candidate" for before, now in zip(at_first, later, strict=True) if before == "candidate"
    )
    row = journalled(gateway)[-1]
    assert row.probabilities == {"champion": 0.5, "candidate": 0.5}
    assert row.model_version == {"champion": "mv_1", "candidate": "mv_2"}[row.arm]


def test_swapping_models_under_load_loses_no_request(gateway, control, cold_is_late, warm_is_late) -> None:
    models = [control.add_model("mv_1", cold_is_late), control.add_model("mv_2", warm_is_late)]
    stop, answers = threading.Event(), []

    def load() -> None:
        asker = Asker(gateway.port)
        while not stop.is_set():
            answers.append(asker.predict([ROW]))
        asker.close()

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(4):
        control.serve(f"swap{number}", models[(number + 1) % 2])
        gateway.wait_for(lambda revision=f"swap{number}": serving(gateway, revision))
        time.sleep(0.2)
    stop.set()
    for thread in threads:
        thread.join()
    assert {status for status, _ in answers} == {200}
    said = {(made["model_version"], made["decision"]) for _, body in answers for made in body["predictions"]}
    assert said == {("mv_1", True), ("mv_2", False)}
    assert len(journalled(gateway)) == len(answers)


def test_a_bad_model_is_refused_and_the_old_one_goes_on(gateway, control, asker, tmp_path) -> None:
    old = control.snapshot.models[0]
    for number, broken in enumerate(("tampered", "no model", "no pickle", "outside", "no seal")):
        folder = save_model(tmp_path / broken, {"no": "model"})
        if broken == "no pickle":
            (folder / "model.pkl").write_bytes(b"\x80\x05 this is no pickle")
        if broken == "no model":
            (folder / "MLmodel").write_text("- a list\n")
        bad = control.add_model(f"mv_bad{number}", folder)
        if broken == "tampered":
            control.blobs[bad.files[1].digest] = b"something else"
        if broken == "outside":
            file = msgspec.structs.replace(bad.files[1], path="../../evil")
            bad = control.sealed(msgspec.structs.replace(bad, files=(bad.files[0], file)))
        if broken == "no seal":
            bad = msgspec.structs.replace(bad, seal=None)
        control.serve(f"bad{number}", old, bad)
        gateway.wait_for(lambda bad=bad: bad.id in ask_once(gateway.port, "/status")[1]["problems"], 15)
        status, answer = asker.predict([ROW])
        assert (status, answer["predictions"][0]["model_version"]) == (200, "mv_1")
        assert journalled(gateway)[-1].revision == "r1"
    assert not (tmp_path / "home" / "evil").exists()


class Moody:
    """A classifier that fails on some rows."""

    classes_ = (False, True)

    def predict(self, frame):
        return self.predict_proba(frame)[:, 1] > 0.5

    def predict_proba(self, frame):
        import numpy as np

        if (frame["temp"] > 100).any():
            raise ValueError("too hot for me")
        return np.full((len(frame), 2), 0.5)


def test_where_the_candidate_fails_the_champion_answers(
    gateway, control, asker, tmp_path, monkeypatch
) -> None:
    import cloudpickle
    import tests.serving.test_gateway as here

    cloudpickle.register_pickle_by_value(here)
    folder = save_model(tmp_path / "moody", None)
    (folder / "model.pkl").write_bytes(cloudpickle.dumps(Moody()))
    control.serve("r2", control.snapshot.models[0], control.add_model("mv_2", folder), share=0.5)
    gateway.wait_for(lambda: serving(gateway, "r2"))
    rows = [{**ROW, "temp": 200.0}] * 50
    status, answer = asker.predict(rows, units=[str(number) for number in range(50)])
    assert status == 200
    assert {made["model_version"] for made in answer["predictions"]} == {"mv_1"}
    failed = [row for row in journalled(gateway) if row.failure]
    assert 10 < len(failed) < 40
    assert {row.arm for row in failed} == {"candidate"}
    assert "too hot for me" in (failed[0].failure or "")
    control.serve("r3", control.snapshot.models[1])
    gateway.wait_for(lambda: serving(gateway, "r3"))
    before = len(journalled(gateway))
    with ThreadPoolExecutor(4) as pool:  # one caller's bad row spoils nobody else's batch

        def one(temp: float) -> int:
            return Asker(gateway.port).predict([{**ROW, "temp": temp}])[0]

        assert list(pool.map(one, [10.0, 200.0] * 10)) == [200, 422] * 10
    assert len(journalled(gateway)) == before + 10


def test_a_null_that_the_model_cannot_take_is_explained_and_stores_nothing(
    gateway, control, asker, tmp_path
) -> None:
    """The signature allows it, the model does not: its own words reach the caller."""
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    temp = [{"type": "double", "name": "temp", "required": False}]
    line = LogisticRegression().fit(pd.DataFrame({"temp": [1.0, 2.0]}), [False, True])
    control.serve("r2", control.add_model("mv_2", save_model(tmp_path / "line", line, temp)))
    gateway.wait_for(lambda: serving(gateway, "r2"))
    status, problem = asker.predict([{"temp": None}])
    assert (status, problem["code"]) == (422, "user_code_failed")
    assert "NaN" in problem["detail"]
    assert "nulls" in problem["hint"]
    assert journalled(gateway) == []
    assert asker.predict([{"temp": 2.0}])[0] == 200


def test_only_a_caller_with_the_token_and_our_own_name_comes_in(tmp_path, control, cold_is_late) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "token").write_text("secret\n")
    control.serve("r1", control.add_model("mv_1", cold_is_late))
    with running(home, control, "--host", "127.0.0.1") as gateway:
        gateway.wait_ready()  # probes need no token
        assert Asker(gateway.port).predict([ROW])[0] == 401
        assert Asker(gateway.port, "wrong").predict([ROW])[0] == 401
        assert Asker(gateway.port, "secret").predict([ROW])[0] == 200
        assert ask_once(gateway.port, "/status")[0] == 401
        assert ask_once(gateway.port, "/v2/health/live", Host="evil.example")[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://[", "http://127.0.0.1:1"])
def test_a_page_of_another_site_may_not_ask(shared, caller: Asker, origin: str) -> None:
    """Without a token a browser that shows it could be made to."""
    before = len(journalled(shared))
    status, problem = caller.ask("POST", "/predict/late", {"rows": [ROW]}, Origin=origin)
    assert (status, bool(problem["hint"])) == (403, True)
    assert len(journalled(shared)) == before
    assert (
        caller.ask("POST", "/predict/late", {"rows": [ROW]}, Origin=f"http://127.0.0.1:{shared.port}")[0]
        == 200
    )


def test_no_auth_is_refused_beyond_loopback(tmp_path: Path, control) -> None:
    gateway = GatewayProcess(tmp_path / "home", control.url, "--host", "0.0.0.0", "--no-auth")
    assert gateway.process.wait(timeout=20) == 2
    gateway.kill()


def test_more_rows_than_allowed_are_too_many(caller: Asker) -> None:
    assert caller.predict([ROW] * 10_001)[0] == 413


def test_one_request_of_many_rows_is_one_predict(shared, caller: Asker) -> None:
    def batches() -> int:
        return ask_once(shared.port, "/status")[1]["models"][0]["batchers"]["probability"]["batches"]

    assert caller.predict([ROW])[0] == 200
    before = batches()
    assert caller.predict([ROW] * 3000)[0] == 200
    assert batches() == before + 1
