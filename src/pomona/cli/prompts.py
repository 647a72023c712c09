"""``pomona prompts``: texts with places to fill in, in versions."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.markup import escape
from rich.text import Text

from pomona.cli.console import Json, Limit, client, done, out, show_one, show_rows
from pomona.core.errors import Invalid

if TYPE_CHECKING:
    from pomona.registry.prompts.records import PromptDiff, PromptText, TextPiece

app = typer.Typer(no_args_is_help=True, help="Prompts: versions, aliases, what changed between two.")

Name = Annotated[str, typer.Argument(help="The prompt's name.")]
Ref = Annotated[str, typer.Argument(help="NAME, NAME/3 or NAME@live.")]


@app.command("ls")
def list_(
    text: Annotated[str, typer.Option("--search", "-s", help="Only those whose name holds this.")] = "",
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """List prompts, the one that changed last first.

    Example: pomona prompts ls --search support
    """
    with client() as pomona:
        show_rows(
            pomona.prompts.list(text, limit=limit),
            [
                ("prompt", lambda row: row.prompt.name),
                ("newest", lambda row: row.newest and row.newest.number),
                ("aliases", lambda row: _aliases(row.prompt.aliases)),
                ("fills in", lambda row: row.newest and ", ".join(row.newest.variables)),
                ("what changed", lambda row: row.newest and row.newest.message),
                ("changed", lambda row: row.prompt.updated_at),
            ],
            json=json,
            empty='no prompt yet: `pomona prompts new NAME --text "Dear {{name}},"`',
        )


@app.command()
def show(
    ref: Ref,
    raw: Annotated[bool, typer.Option("--raw", help="Only the template, for other programs.")] = False,
    json: Json = False,
) -> None:
    """Show a prompt: a version's template with its places to fill in, and what came before.

    Example: pomona prompts show support-answer@live

    Example: pomona prompts show support-answer/3 --raw > answer.txt
    """
    with client() as pomona:
        found = pomona.prompts.get(ref)
        others = [] if raw or json else list(pomona.prompts.versions(found.prompt, limit=20))
    if raw:
        sys.stdout.write(found.template() + "\n")
    elif json:
        show_one(found, json=True)
    else:
        _show(found)
        out.print()
        _show_versions(others)


@app.command()
def new(
    name: Name,
    text: Annotated[str | None, typer.Option("--text", "-t", help="The template itself.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="A file that holds it; -: standard input; .json: a chat."),
    ] = None,
    chat: Annotated[
        bool, typer.Option("--chat", help='It is a chat: [{"role": "user", "content": "..."}]')
    ] = False,
    message: Annotated[str, typer.Option("--message", "-m", help="What changed.")] = "",
    tag: Annotated[list[str] | None, typer.Option("--tag", help="NAME=VALUE; repeatable.")] = None,
    alias: Annotated[str | None, typer.Option(help="Let this alias name it, too.")] = None,
) -> None:
    """Add the next version of a prompt, which is created if it is new.

    Example: pomona prompts new support-answer -t "Dear {{name}}, {{answer}}" -m "says the name"

    Example: pomona prompts new support-chat --file chat.json --alias live
    """
    template = _template(text, file, chat=chat)
    tags = dict(_pair(one) for one in tag or ())
    with client() as pomona:
        made = pomona.prompts.create(name, template, message=message, tags=tags)
        if alias:
            pomona.prompts.set_alias(name, alias, made.number)
    places = f", fills in {', '.join(made.variables)}" if made.variables else ", nothing to fill in"
    done(f"{made.prompt}/{made.number}{places}{f', is {alias} now' if alias else ''}")


@app.command()
def diff(
    name: Name,
    before: Annotated[str, typer.Argument(help="A number or an alias.")],
    after: Annotated[str, typer.Argument(help="The other one.")] = "latest",
    json: Json = False,
) -> None:
    """Show by words how one version differs from another.

    Example: pomona prompts diff support-answer live latest
    """
    with client() as pomona:
        found = pomona.prompts.diff(name, before, after)
    if json:
        show_one(found, json=True)
    else:
        _show_diff(found)


@app.command()
def alias(
    name: Name,
    alias_name: Annotated[str, typer.Argument(metavar="ALIAS", help="E.g. live.")],
    number: Annotated[int | None, typer.Argument(help="The version's number.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the alias away.")] = False,
) -> None:
    """Let an alias name a version; programs that load by alias get it from then on.

    Example: pomona prompts alias support-answer live 4
    """
    if (number is None) != remove:
        raise Invalid("which version?", hint="give its number, or --remove")
    with client() as pomona:
        if number is None:
            pomona.prompts.remove_alias(name, alias_name)
            done(f"{name}@{alias_name} names no version")
            return
        pomona.prompts.set_alias(name, alias_name, number)
    done(f"{name}@{alias_name} is version {number}")


@app.command()
def fill(
    ref: Ref,
    values: Annotated[list[str] | None, typer.Argument(help="NAME=VALUE for each place.")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Places without a value stay.")] = False,
) -> None:
    """Print a version with values in its places; a chat as JSON.

    Example: pomona prompts fill support-answer@live name=Ann answer="It is on its way."
    """
    with client() as pomona:
        found = pomona.prompts.get(ref)
    filled = found.format(partial=partial, **dict(_pair(one) for one in values or ()))
    sys.stdout.write((filled if isinstance(filled, str) else msgspec.json.encode(filled).decode()) + "\n")


@app.command()
def rm(
    name: Name,
    number: Annotated[int | None, typer.Argument(help="Only this version.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Drop a version, or a prompt with all its versions; programs that load it fail from then on."""
    what = name if number is None else f"{name}/{number}"
    if not yes:
        typer.confirm(f"Drop {what}?", abort=True)
    with client() as pomona:
        pomona.prompts.delete(name, number)
    done(f"{what} is gone")


def _template(text: str | None, file: Path | None, *, chat: bool) -> Any:
    """What was given, as text or messages."""
    if (text is None) == (file is None):
        raise Invalid("where is the template?", hint="--text or --file, one of them")
    if file is not None and str(file) != "-" and not file.is_file():
        raise Invalid(f"there is no file {file}", hint="the template itself goes behind --text")
    read = text if file is None else sys.stdin.read() if str(file) == "-" else file.read_text()
    if not chat and (file is None or file.suffix != ".json"):
        return read
    try:
        return msgspec.json.decode(read or "", type=list[dict[str, str]])
    except msgspec.MsgspecError as error:
        raise Invalid(
            f"these are no messages: {error}", hint='[{"role": "user", "content": "{{question}}"}]'
        ) from None


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise Invalid(f"{text!r} is no NAME=VALUE")
    return name, value


def _aliases(named: dict[str, int]) -> str | None:
    return ", ".join(f"{alias} → {number}" for alias, number in named.items()) or None


def _show(found: "PromptText") -> None:
    names = f"  [magenta]{', '.join(found.aliases)}[/magenta]" if found.aliases else ""
    out.print(f"[bold]{escape(found.prompt)}/{found.number}[/bold]{names}  {escape(found.message)}")
    for part in found.messages:
        out.print(f"\n[bold]{escape(part.role)}[/bold]")
        out.print(_marked(part.content))
    if found.kind == "text":
        out.print(_marked(found.text))


def _marked(text: str) -> Text:
    shown = Text(text)
    shown.highlight_regex(r"\{\{.*?\}\}|\{%.*?%\}", "bold cyan")
    return shown


def _show_versions(found: "list[PromptText]") -> None:
    show_rows(
        found,
        [
            ("version", lambda v: v.number),
            ("aliases", lambda v: ", ".join(v.aliases) or None),
            ("what changed", lambda v: v.message or None),
            ("by", lambda v: v.created_by or None),
            ("at", lambda v: v.created_at),
        ],
        json=False,
        empty="no version yet",
    )


def _show_diff(found: "PromptDiff") -> None:
    before, after = found.before, found.after
    out.print(f"[bold]{escape(before.prompt)}/{before.number}[/bold] to [bold]{after.number}[/bold]")
    if found.same:
        out.print("[dim]the same text[/dim]")
    for part in found.parts:
        if part.before or part.after:
            roles = (part.before, part.after)
            out.print(
                f"\n[bold]{escape(' → '.join(dict.fromkeys(role or '(none)' for role in roles)))}[/bold]"
            )
        for line in part.lines:
            if line.before is not None and line.after is not None and not _changed(line.before + line.after):
                out.print(Text("  ", "dim").append_text(_pieces(line.before, "")))
                continue
            for sign, side, tone in (("- ", line.before, "red"), ("+ ", line.after, "green")):
                if side is not None:
                    out.print(Text(sign, tone).append_text(_pieces(side, tone)))
    for sign, names in (("+", found.variables_added), ("-", found.variables_removed)):
        if names:
            out.print(f"[dim]places {'added' if sign == '+' else 'gone'}:[/dim] {', '.join(names)}")


def _changed(pieces: "tuple[TextPiece, ...]") -> bool:
    return any(piece.changed for piece in pieces)


def _pieces(pieces: "tuple[TextPiece, ...]", tone: str) -> Text:
    shown = Text()
    for piece in pieces:
        shown.append(piece.text, f"{tone} reverse" if piece.changed and tone else tone)
    return shown
