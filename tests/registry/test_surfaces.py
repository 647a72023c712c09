"""The registry from the SDK (in process and over a socket) and the command line."""

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.registry.test_outside import Evil
from typer.testing import CliRunner

from pomona.app import App
from pomona.cli.main import app as cli
from pomona.core.errors import Invalid, NotFound, Refused, Tampered
from pomona.sdk.client import Client, connect
from pomona.sdk.folders import check_folder
from pomona.sdk.http import HttpTransport
from pomona.server.embedded import listening
from pomona.testing.keys import MemoryKeys

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow and its friends warn about many things
ways = pytest.mark.parametrize("client", ["in process", "over a socket"], indirect=True)


@pytest.fixture
def client(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with connect(home=tmp_path / "home") as opened:
        if getattr(request, "param", "in process") == "in process":
            yield opened
        else:
            with listening(app_of(opened)) as place:
                yield Client(HttpTransport(place.url, token=place.token))


def app_of(client: Client) -> App:
    found: App = client.session.transport._embedded._app  # type: ignore[attr-defined]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model as MLflow saves it, without a pickle."""
    import mlflow.sklearn
    import numpy as np
    from sklearn.linear_model import LinearRegression

    made = tmp_path_factory.mktemp("model") / "model"
    x = np.arange(20.0).reshape(10, 2)
    mlflow.sklearn.save_model(
        LinearRegression().fit(x, x[:, 0] * 2),
        str(made),
        pip_requirements=["scikit-learn==1.9.1", "numpy"],
        serialization_format="skops",
    )
    return made


def run(*words: str) -> str:
    done = CliRunner().invoke(cli, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def blob(home: Path, digest: str) -> Path:
    path = home / "blobs" / digest[:2] / digest[2:]
    path.chmod(0o644)
    return path


@ways
def test_a_model_from_outside_is_brought_in_fetched_and_loaded(
    client: Client, folder: Path, tmp_path: Path
) -> None:
    import numpy as np

    made = client.models.bring("guest", folder, description="from a friend")
    assert made.outside is not None
    assert made.outside.origin == folder.as_uri()
    assert client.models.verify("guest", 1).key == client.models.keys()[0].id
    model = client.models.load("guest/1")
    assert model.predict(np.array([[3.0, 4.0]]))[0] == pytest.approx(6.0)
    kept = tmp_path / "cache" / "pomona" / "models" / made.id
    (kept / "evil.py").write_text("raise SystemExit")
    (kept / "MLmodel").write_text("changed")
    client.models.load("guest@latest")  # what is not as it was registered is fetched anew, or goes
    assert not (kept / "evil.py").exists()
    assert (kept / "MLmodel").read_bytes() == (folder / "MLmodel").read_bytes()


@ways
def test_a_pickle_from_outside_needs_a_reason(client: Client, folder: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "MLmodel").write_bytes((folder / "MLmodel").read_bytes())
    (bad / "notes.txt").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(Refused, match=r"notes\.txt") as caught:
        client.models.bring("guest", bad)
    assert caught.value.extra["code"][0]["kind"] == "pickle"
    made = client.models.bring("guest", bad, allow_code="ann read it", origin="https://x.example/m")
    assert (made.source, made.number) == ("https://x.example/m", 1)
    with pytest.raises(NotFound):
        client.models.bring("guest", tmp_path / "nowhere")
    with pytest.raises(Invalid):
        client.models.bring("a@b", folder)


@ways
def test_what_was_tampered_with_is_neither_fetched_nor_loaded(
    client: Client, folder: Path, tmp_path: Path
) -> None:
    made = client.models.bring("guest", folder)
    file = next(file for file in made.files if file.path == "model.skops")
    whole = client.models.download("guest/1", tmp_path / "here")
    seal = client.models.seal("guest", 1)
    pem = client.models.keys()[0].pem
    assert check_folder(whole, seal, pem) == len(made.files)
    (whole / "more.py").write_text("")
    with pytest.raises(Tampered, match="no part of the model"):
        check_folder(whole, seal, pem)
    stranger = MemoryKeys().rotate().pem
    with pytest.raises(Tampered, match="not signed by the key"):
        check_folder(whole, seal, stranger)
    with pytest.raises(Tampered, match="not signed by the key"):
        client.models.load("guest/1", trusted=stranger)
    blob(tmp_path / "home", file.digest).write_bytes(b"evil")
    for attempt in (
        lambda: client.models.verify("guest", 1),
        lambda: client.models.read("guest", 1, "model.skops"),
        lambda: client.models.load("guest/1"),
    ):
        with pytest.raises(Tampered, match=r"model\.skops is not what was registered"):
            attempt()


def test_the_command_line_registers_verifies_and_shows_keys(
    client: Client, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POMONA_HOME", str(tmp_path / "home"))
    client.close()
    assert "guest/1" in run("models", "register", "guest", "--from", str(folder))
    assert "sealed" in run("models", "verify", "guest", "1")
    pem = tmp_path / "pomona.pem"
    pem.write_text(run("models", "key", "--pem"))
    assert pem.read_text().startswith("-----BEGIN PUBLIC KEY-----")
    run("models", "rotate-key", "--reason", "yearly")
    keys: list[Any] = [json.loads(line) for line in run("models", "key", "--json").splitlines()]
    assert [key["current"] for key in keys] == [True, False]
    seal = json.loads(run("models", "seal", "guest", "1"))
    assert seal["key"] == keys[1]["id"]
    run("models", "download", "guest/1", str(tmp_path / "there"), "--key", str(pem))
    assert (tmp_path / "there" / "MLmodel").read_bytes() == (folder / "MLmodel").read_bytes()
    again = json.loads(run("models", "seal", "guest", "1", "--again", "with the new key"))
    assert again["key"] == keys[0]["id"]
    failed = CliRunner().invoke(
        cli, ["models", "download", "guest/1", str(tmp_path / "no"), "--key", str(pem)]
    )
    assert isinstance(failed.exception, Tampered)


@ways
def test_approvals_and_cards_from_python(client: Client, folder: Path) -> None:
    client.models.bring("guest", folder)
    client.models.approvals.set_policy("guest", 1, by="ann")
    with pytest.raises(Invalid, match="needs a reason"):
        client.models.approvals.set_policy("guest", 0, by="ann")
    with pytest.raises(Refused, match="approval"):
        client.models.set_alias("guest", "champion", 1)
    with pytest.raises(Invalid, match="is no person"):
        client.models.approvals.approve("guest", 1)
    assert client.models.approvals.request("guest", 1, "please", by="ann").requested
    assert client.models.approvals.reject("guest", 1, "too early", by="bob").rejected_by == ("bob",)
    assert client.models.approvals.withdraw("guest", 1, by="bob").rejected_by == ()
    assert client.models.approvals.approve("guest", 1, by="Zoë").missing == ""
    assert client.models.approvals.get("guest", 1).approved_by == ("Zoë",)
    client.models.set_alias("guest", "champion", 1)
    assert client.models.approvals.policy("guest").needed == 1
    card = client.models.cards.get("guest", 1)
    assert "Zoë" in card.text
    saved = client.models.cards.save("guest", 1, card.text + "\n## More\n\nMine.\n", by="ann", comment="more")
    assert (saved.revision, saved.edits[0].by) == (1, "ann")
    assert client.models.cards.readme("guest", 1).endswith("## More\n\nMine.\n")
    assert client.models.cards.revision("guest", 1, 1).comment == "more"


def test_approvals_cards_and_differences_on_the_command_line(
    client: Client, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POMONA_HOME", str(tmp_path / "home"))
    client.models.bring("guest", folder)
    client.models.bring("guest", folder)
    client.close()
    assert "same files, bit for bit" in run("models", "diff", "guest/1", "2")
    assert json.loads(run("models", "diff", "guest/1", "guest/2", "--json"))["same_files"]
    assert "needs 1 approval of" in run("models", "approval-policy", "guest", "--needed", "1")
    assert "missing" in run("models", "request-approval", "guest/1", "-m", "please", "--as", "ann")
    assert "rejected it" in run("models", "reject", "guest/1", "-m", "too early", "--as", "bob")
    monkeypatch.setenv("POMONA_ACTOR", "bob")
    assert "approved by bob" in run("models", "approve", "guest/1")
    assert "too early" in run("models", "approvals", "guest/1")
    text = run("models", "card", "guest/1")
    (tmp_path / "card.md").write_text(text + "\nBy hand.\n")
    assert "revision 1" in run("models", "card", "guest/1", "--save", str(tmp_path / "card.md"))
    monkeypatch.setenv("EDITOR", "sed -i s/hand/hook/")
    assert "revision 2" in run("models", "card", "guest/1", "--edit", "-m", "how")
    assert "nothing was changed" in run("models", "card", "guest/1", "--edit")
    monkeypatch.setenv("EDITOR", "no-such-editor")
    failed = CliRunner().invoke(cli, ["models", "card", "guest/1", "--edit"])
    assert isinstance(failed.exception, Invalid)
    run("models", "card", "guest/1", "--out", str(tmp_path / "README.md"))
    assert (tmp_path / "README.md").read_text().endswith("By hook.\n")
