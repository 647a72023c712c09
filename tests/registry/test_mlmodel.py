"""A model file that is not one is told so in words, at once, whatever it was made to do to its reader."""

import time

import pytest

from pomona.core.errors import Invalid
from pomona.core.records import to_json
from pomona.registry.mlmodel import parse_mlmodel


def doubling(link: str) -> bytes:
    """Ten levels, each ten times the one below: 40 lines that mean ten thousand million values."""
    levels = [f"a{n}: &a{n} {link.format(','.join([f'*a{n - 1}'] * 10))}" for n in range(1, 11)]
    return "\n".join(["a0: &a0 {x: 1}", *levels, "flavors: {s: {x: *a10}}"]).encode()


def pairs() -> bytes:
    levels = [f"a{n}: &a{n} !!pairs [x: *a{n - 1}, y: *a{n - 1}]" for n in range(1, 40)]
    return "\n".join(["a0: &a0 [1]", *levels, "flavors: {s: {x: *a39}}"]).encode()


BOMBS = {
    "aliases": doubling("[{}]"),
    "merge keys": doubling("{{<<: [{}]}}"),
    "pairs": pairs(),
    "one long text many times": b"a: &a "
    + b"x" * 500_000
    + b"\nflavors: {s: {x: ["
    + b"*a ," * 10_000
    + b"]}}",
    "endless mapping": b"flavors: &a {s: *a}",
    "endless list": b"flavors: {s: {x: &a [*a]}}",
    "huge": b"#" * (5 << 20),
    "deep": b"flavors: {s: " + b"[" * 3000 + b"]" * 3000 + b"}",
    "deep signature": b"flavors: {s: {}}\nsignature: {inputs: '" + b"[" * 100_000 + b"'}",
    "long number": b"flavors: {s: {x: 0x" + b"f" * 5000 + b"}}",
    "half a character": b'flavors: {s: {x: "\\ud800"}}',
    "half a character in the signature": b'flavors: {s: {}}\nsignature: {inputs: \'[{"name": "\\ud800"}]\'}',
    "no boolean": b"flavors: {s: {x: !!bool pear}}",
    "no time": b"flavors: {s: {x: !!timestamp pear}}",
    "no number": b'flavors: {s: {x: !!int ""}}',
    "an object": b"flavors: {s: {x: !!python/object/apply:os.system [ls]}}",
    "bytes": b"\xff\xfe\x00",
    "a list": b"- a\n- list\n",
    "no flavors": b"flavors: {}",
    "nothing": b"",
}


@pytest.mark.parametrize("body", BOMBS.values(), ids=BOMBS)
def test_a_hostile_model_file_is_refused_quickly(body: bytes) -> None:
    began = time.monotonic()
    with pytest.raises(Invalid, match="not a model") as caught:
        parse_mlmodel(body)
    assert caught.value.hint
    assert time.monotonic() - began < 10.0


def test_what_yaml_knows_and_json_does_not_is_kept_as_text() -> None:
    found = parse_mlmodel(b"flavors: {s: {on: 2026-01-31, at: {2026-01-31: 1, null: .inf}}, 3: none}")
    assert found.flavors == {
        "s": {"True": "2026-01-31", "at": {"2026-01-31": 1, "None": float("inf")}},
        "3": {},
    }
    assert to_json(found)


def test_a_list_named_twice_is_no_bomb() -> None:
    """As PyYAML writes a list that stands in two places."""
    found = parse_mlmodel(b"flavors: {s: {a: &id001 [x, y], b: *id001}}")
    assert found.flavors["s"] == {"a": ["x", "y"], "b": ["x", "y"]}
