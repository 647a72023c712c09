"""Prompts as people read and write them: filled in, compared, named; from SDK, socket and command line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.registry.test_surfaces import app_of, run
from typer.testing import CliRunner

from pomona.cli.main import app as cli
from pomona.core.errors import Conflict, Invalid, NotFound
from pomona.core.ports import Database
from pomona.registry.prompts.comparing import lines_of
from pomona.registry.prompts.records import Message, NewPromptVersion, TextLine
from pomona.registry.prompts.service import PromptService
from pomona.registry.prompts.texts import PromptTexts
from pomona.registry.prompts.using import SHOWN
from pomona.sdk.client import Client, connect
from pomona.sdk.http import HttpTransport
from pomona.server.embedded import listening
from pomona.testing.clock import FakeClock
from pomona.training.service.tracking import TrackingService
from pomona.training.traces import store as traces
from pomona.training.traces.records import PROMPTS_TAG, TraceInfo

ways = pytest.mark.parametrize("client", ["in process", "over a socket"], indirect=True)


@pytest.fixture
def texts(database: Database, clock: FakeClock) -> PromptTexts:
    return PromptTexts(database, PromptService(database, clock))


@pytest.fixture
def client(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    monkeypatch.setenv("POMONA_HOME", str(tmp_path / "home"))
    with connect(home=tmp_path / "home") as opened:
        if getattr(request, "param", "in process") == "in process":
            yield opened
        else:
            with listening(app_of(opened)) as place:
                monkeypatch.setenv("POMONA_URL", place.url)  # commands find a server that runs already
                monkeypatch.setenv("POMONA_TOKEN", place.token)
                yield Client(HttpTransport(place.url, token=place.token))


def add(texts: PromptTexts, template: Any, name: str = "greeting", **fields: Any) -> int:
    return texts.add(name, NewPromptVersion(template=template, **fields)).number


def test_a_text_is_kept_as_the_protocol_has_it_and_filled_in(texts: PromptTexts) -> None:
    add(texts, "Dear {{ name }}, {{greeting.text}} {name} {{name}}", message="first", tags={"team": "a"})
    found = texts.version("greeting", "latest")
    assert (found.kind, found.variables, found.message) == ("text", ("name", "greeting.text"), "first")
    assert found.tags == {"team": "a"}
    values = {"name": "{{greeting.text}}", "greeting.text": "\\1 hello", "unused": 1}
    assert found.format(**values) == "Dear {{greeting.text}}, \\1 hello {name} {{greeting.text}}"
    assert found.format(partial=True, name="Ann") == "Dear Ann, {{greeting.text}} {name} Ann"
    with pytest.raises(Invalid, match=r"greeting/1 wants greeting\.text"):
        found.format(name="Ann")


def test_a_chat_is_kept_with_its_roles(texts: PromptTexts) -> None:
    messages = [Message(role="system", content="Be {{tone}}."), Message(role="user", content="{{q}}")]
    add(texts, messages, model_settings={"temperature": 0.1}, response_format={"type": "object"})
    found = texts.version("greeting", "1")
    assert (found.kind, found.messages) == ("chat", tuple(messages))
    assert (found.model_settings, found.response_format) == ({"temperature": 0.1}, {"type": "object"})
    assert found.format(tone="kind", q='"')[1] == Message(role="user", content='"')  # type: ignore[comparison-overlap]


def test_jinja_is_told_not_filled_in(texts: PromptTexts) -> None:
    add(texts, "{% if name %}Dear {{name}}{% endif %}")
    found = texts.version("greeting", "1")
    assert found.jinja
    with pytest.raises(Invalid, match="Jinja"):
        found.format(name="Ann")


@pytest.mark.parametrize(
    ("template", "tags", "message"),
    [
        ("", {}, "there is no text"),
        ([], {}, "there is no text"),
        ([Message(role=" ", content="x")], {}, "a message without a role"),
        ("a\x00b", {}, "no NUL"),
        ("x" * 100_001, {}, "exceeds the maximum length"),
        ("x", {"mlflow.prompt.text": "y"}, r"the tag mlflow\.prompt\.text is part of the prompt"),
    ],
)
def test_what_is_no_prompt_is_refused(texts: PromptTexts, template: Any, tags: Any, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        add(texts, template, tags=tags)
    with pytest.raises(NotFound):  # and nothing was created on the way
        texts.get("greeting")


def test_pages_of_prompts_and_versions(texts: PromptTexts, clock: FakeClock) -> None:
    for name in ("pear", "apple", "Pear-short"):
        add(texts, "{{x}}", name)
        clock.advance(seconds=1)
    add(texts, "newest", "pear")
    first = texts.page(limit=2)
    rest = texts.page(limit=2, cursor=first.next_cursor)
    assert [row.prompt.name for row in first.items + rest.items] == ["pear", "Pear-short", "apple"]
    assert rest.next_cursor is None
    assert first.items[0].newest is not None
    assert first.items[0].newest.text == "newest"
    assert [row.prompt.name for row in texts.page(text="PEAR", sort="name").items] == ["Pear-short", "pear"]
    one = texts.versions("pear", limit=1)
    assert [item.number for item in one.items] == [2]
    assert [item.number for item in texts.versions("pear", limit=1, cursor=one.next_cursor).items] == [1]
    for bad in ({"sort": "colour"}, {"cursor": "x"}, {"limit": 0}, {"limit": 201}):
        with pytest.raises(Invalid):
            texts.page(**bad)  # type: ignore[arg-type]


def test_versions_are_found_by_number_alias_and_id(
    texts: PromptTexts, database: Database, clock: FakeClock
) -> None:
    add(texts, "one")
    add(texts, "two")
    PromptService(database, clock).set_alias("greeting", "live", 1)
    prompt = texts.get("greeting")
    assert (prompt.aliases, prompt.latest) == ({"live": 1}, 2)
    assert texts.get(prompt.id) == prompt
    found = texts.version(prompt.id, "live")
    assert (found.text, found.aliases) == ("one", ("live",))
    assert texts.version_with_id(found.id) == found
    for which in ("3", "stage", "99999999999"):
        with pytest.raises(NotFound):
            texts.version("greeting", which)
    with pytest.raises(NotFound):
        texts.version_with_id("prv_none")


def test_what_used_a_version_is_told(
    texts: PromptTexts, tracking: TrackingService, database: Database
) -> None:
    add(texts, "one", "my_prompt")
    add(texts, "two", "my_prompt")
    add(texts, "other", "my-prompt")
    written = json.dumps([{"name": "my_prompt", "version": "1"}])
    run = tracking.start("0", name="letters")
    tracking.log(run.id, tags=[(PROMPTS_TAG, written)])
    tracking.models.create("0", name="sorter", source_run=run.id, tags={PROMPTS_TAG: written})
    for number in range(SHOWN + 1):
        seen = TraceInfo(
            trace_id=f"tr-{number}", experiment="0", started_ms=number, request_preview=f"q{number}"
        )
        database.write(
            lambda tx, seen=seen: traces.add_links(tx, [traces.add(tx, seen)], "prompt", ["my_prompt/1"])
        )
    uses = texts.uses("my_prompt", "1")
    assert ([one.name for one in uses.runs], uses.run_count) == (["letters"], 1)
    assert ([(one.name, one.run) for one in uses.models], uses.model_count) == ([("sorter", run.id)], 1)
    assert uses.trace_count == SHOWN + 1
    assert [one.name for one in uses.traces] == [f"q{number}" for number in range(SHOWN, 0, -1)]
    assert texts.uses("my_prompt", "2").run_count == 0
    assert texts.uses("my-prompt", "1").run_count == 0  # no letter stands for any other


def sides(lines: list[TextLine]) -> tuple[str, str]:
    """Both texts, put together again from their difference."""
    told = []
    for side in ("before", "after"):
        there = [getattr(line, side) for line in lines if getattr(line, side) is not None]
        told.append("\n".join("".join(piece.text for piece in pieces) for pieces in there))
    return told[0], told[1]


WORDS = st.text("ab {\n", max_size=40)


@given(WORDS, WORDS)
def test_a_difference_holds_both_texts_whole(before: str, after: str) -> None:
    lines = lines_of(before, after)
    assert sides(lines) == (before, after)
    changed = any(piece.changed for line in lines for piece in (*(line.before or ()), *(line.after or ())))
    assert changed == (before != after)


def test_words_are_marked_and_lines_paired_with_what_became_of_them() -> None:
    before = "Be kind.\nNever promise a date.\nWrite in {{language}}."
    after = "Sign as {{agent}}.\nBe very kind.\nWrite in {{language}}."
    marked = [
        tuple(
            None if side is None else "".join(f"[{p.text}]" if p.changed else p.text for p in side)
            for side in (line.before, line.after)
        )
        for line in lines_of(before, after)
    ]
    assert marked == [
        (None, "[Sign as {{agent}}.]"),
        ("Be kind.", "Be[ very] kind."),
        ("[Never promise a date.]", None),
        ("Write in {{language}}.", "Write in {{language}}."),
    ]


def test_messages_are_compared_with_those_of_their_role(texts: PromptTexts) -> None:
    system, user = Message(role="system", content="Sort."), Message(role="user", content="{{letter}}")
    add(texts, [system, user])
    add(
        texts, [system, Message(role="assistant", content="Which?"), Message(role="user", content="{{mail}}")]
    )
    found = texts.diff("greeting", "1", "2")
    assert [(part.before, part.after) for part in found.parts] == [
        ("system", "system"),
        (None, "assistant"),
        ("user", "user"),
    ]
    assert (found.variables_added, found.variables_removed, found.same) == (("mail",), ("letter",), False)


def test_a_long_text_is_compared_in_good_time() -> None:
    before = "\n".join(f"line {number % 50} of many" for number in range(4_900))
    assert sides(lines_of(before, before.replace("7", "8"))) == (before, before.replace("7", "8"))
    wide = "word " * 20_000
    assert sides(lines_of(wide, wide + "more")) == (wide, wide + "more")


@ways
def test_from_python(client: Client) -> None:
    prompts = client.prompts
    prompts.create("greeting", "Dear {{name}}", message="first", tags={"a": "b"})
    prompts.create(
        "greeting", [{"role": "user", "content": "Hi {{name}}"}], model_settings={"model_name": "m"}
    )
    assert prompts.set_alias("greeting", "live", 1).aliases == {"live": 1}
    for ref in ("greeting/1", "greeting@live", "prompts:/greeting@live"):
        assert prompts.get(ref).format(name="Ann") == "Dear Ann"
    assert prompts.get("greeting", 2).messages == (Message(role="user", content="Hi {{name}}"),)
    assert prompts.get("greeting", "live").number == 1
    assert [one.number for one in prompts.versions("greeting")] == [2, 1]
    assert [row.prompt.name for row in prompts.list("greet")] == ["greeting"]
    assert prompts.describe("greeting", "says hello").description == "says hello"
    prompts.tag("greeting", "k", "v")
    prompts.tag("greeting", "k", "w", number=1)
    assert prompts.about("greeting").tags["k"] == "v"
    assert prompts.tag("greeting", "k", None).tags == {"mlflow.prompt.is_prompt": "true"}
    assert prompts.get("greeting/1").tags == {"a": "b", "k": "w"}
    assert not prompts.diff("greeting", "live").same
    assert prompts.uses("greeting").run_count == 0
    prompts.remove_alias("greeting", "live")
    prompts.delete("greeting", 2)
    assert prompts.get("greeting").number == 1
    prompts.delete("greeting")
    with pytest.raises(NotFound):
        prompts.get("greeting")
    prompts.create("x", "y")
    with pytest.raises(Invalid, match="reserved"):
        prompts.set_alias("x", "latest", 1)


def test_a_model_s_name_is_no_prompt_s(client: Client) -> None:
    app_of(client).registry.shelf.create("scorer")
    with pytest.raises(Conflict):
        client.prompts.create("scorer", "x")


@pytest.mark.parametrize("client", ["over a socket"], indirect=True)
def test_from_a_terminal(client: Client, tmp_path: Path) -> None:
    assert "fills in name" in run("prompts", "new", "greeting", "-t", "Dear {{name}}", "-m", "first")
    chat = tmp_path / "chat.json"
    chat.write_text('[{"role": "user", "content": "Hi {{name}}"}]')
    run("prompts", "new", "greeting", "--file", str(chat), "--alias", "live", "--tag", "a=b")
    assert "live → 2" in run("prompts", "ls", "-s", "GREET")
    assert "Dear {{name}}" in run("prompts", "show", "greeting/1")
    assert run("prompts", "show", "greeting/1", "--raw") == "Dear {{name}}\n"
    assert run("prompts", "fill", "greeting/1", "name=Ann=Eve") == "Dear Ann=Eve\n"
    assert json.loads(run("prompts", "fill", "greeting@live", "name=Ann")) == [
        {"role": "user", "content": "Hi Ann"}
    ]
    told = run("prompts", "diff", "greeting", "1", "live")
    assert "- Dear {{name}}" in told
    assert "+ Hi {{name}}" in told
    assert "is version 1" in run("prompts", "alias", "greeting", "live", "1")
    assert "names no version" in run("prompts", "alias", "greeting", "live", "--remove")
    for words in (
        ["alias", "greeting", "live"],
        ["new", "x"],
        ["fill", "greeting", "name"],
        ["new", "x", "-t", "["],
    ):
        wanted = ["--chat"] if words[-1] == "[" else []
        assert CliRunner().invoke(cli, ["prompts", *words, *wanted]).exit_code == 1
    assert "is gone" in run("prompts", "rm", "greeting", "--yes")
