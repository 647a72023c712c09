"""``pomona models card``: what is said about a version."""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from pomona.cli.approvals import Version, Who, read_version
from pomona.cli.console import Json, client, done, err, out, show_one
from pomona.core.errors import Invalid


def card(
    version: Version,
    edit: Annotated[bool, typer.Option("--edit", help="Open it in $EDITOR and save it.")] = False,
    save: Annotated[
        Path | None, typer.Option(help="Save this file as the card; - reads it from stdin.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Write it there, as a README for others.")] = None,
    comment: Annotated[str, typer.Option("--comment", "-m", help="What you changed.")] = "",
    who: Who = None,
    json: Json = False,
) -> None:
    """Show a version's card, edit it, or write it as a README.

    What the ledger wrote is as it is today; a part that you change is yours from then on.

    Example: pomona models card flight-delay/3 --edit -m "known limits"

    Example: pomona models card flight-delay/3 --out README.md
    """
    name, number = read_version(version)
    with client() as pomona:
        found = pomona.models.cards.get(name, number)
        text: str | None = None
        if save is not None:
            text = sys.stdin.read() if str(save) == "-" else save.read_text(encoding="utf-8")
        elif edit:
            text = _edited(found.text)
            if text == found.text:
                out.print("[dim]nothing was changed[/dim]")
                return
        if text is not None:
            kept = pomona.models.cards.save(
                name, number, text, comment=comment, based_on=found.revision if edit else None, by=who
            )
            done(f"revision {kept.revision} of the card of {version}")
        elif to is not None:
            to.write_text(pomona.models.cards.readme(name, number), encoding="utf-8")
            done(f"{to}")
        elif json:
            show_one(found, json=True)
        else:
            sys.stdout.write(found.text)
        if found.unwritten and text is None:
            err.print(f"[yellow]not written yet: {', '.join(found.unwritten)}[/yellow]")


def _edited(text: str) -> str:
    """The text as the person's editor left it.

    Raises:
        Invalid: If there is no such editor, or it failed.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "card.md"
        path.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(editor), str(path)], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Invalid(f"the editor {editor!r} did not work: {error}", hint="set EDITOR") from error
        return path.read_text(encoding="utf-8")
