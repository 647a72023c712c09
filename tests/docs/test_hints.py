"""Every command a message or a page names can be typed."""

import re
from pathlib import Path

import pytest
import typer.main

from pomona.cli.main import app

ROOT = Path(__file__).parents[2]
TEXTS = sorted([*(ROOT / "src" / "pomona").rglob("*.py"), *(ROOT / "docs").glob("*.md")])


def _missing(text: str) -> list[str]:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    missing = []
    for group, command in re.findall(r"`pomona ([a-z-]+)(?: ([a-z][a-z-]*))?", text):
        below = getattr(commands.get(group), "commands", None)
        if group not in commands or (below is not None and command and command not in below):
            missing.append(f"{group} {command}".strip())
    return missing


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_command_named_in_backticks_exists(path: Path) -> None:
    assert _missing(path.read_text()) == []
