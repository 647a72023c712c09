"""The manual names everything a user can call: each command, public name and error."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import pomona
from pomona.cli.main import app
from pomona.core import errors

DOCS = Path(__file__).resolve().parents[2] / "docs"
REFERENCE = (DOCS / "reference.md").read_text()


def commands(command: Any, path: str) -> Iterator[str]:
    children = getattr(command, "commands", None)
    if not children:
        yield path
    for name, child in (children or {}).items():
        yield from commands(child, f"{path} {name}")


@pytest.mark.parametrize("path", list(commands(typer.main.get_command(app), "pomona")))
def test_every_command_is_explained(path: str) -> None:
    assert f"- `{path}`:" in REFERENCE


@pytest.mark.parametrize("name", pomona.__all__)
def test_every_public_name_is_explained(name: str) -> None:
    assert getattr(pomona, name) is not None
    assert f"- `pomona.{name}`:" in REFERENCE


@pytest.mark.parametrize("kind", errors._kinds(errors.PomonaError)[1:], ids=lambda kind: kind.__name__)
def test_every_error_of_the_core_is_explained(kind: type[errors.PomonaError]) -> None:
    if kind.__module__ == errors.__name__:
        assert f"- `{kind.__name__}` ({kind.status}):" in REFERENCE


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target
