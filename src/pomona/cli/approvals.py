"""``pomona models approve`` and its kin: who agreed to what may serve."""

from typing import TYPE_CHECKING, Annotated

import typer

from pomona.cli.console import Json, client, done, out, show_one, show_rows
from pomona.core.errors import Invalid

if TYPE_CHECKING:
    from pomona.registry.approvals.records import Standing

Version = Annotated[str, typer.Argument(help="A version: name/3.")]
Comment = Annotated[str, typer.Option("--comment", "-m", help="Why; it stands on the version's page.")]
Who = Annotated[str | None, typer.Option("--as", help="Your name; default: POMONA_ACTOR.")]
app = typer.Typer()


@app.command("request-approval")
def request_approval(version: Version, comment: Comment = "", who: Who = None) -> None:
    """Ask others to approve a version.

    Example: pomona models request-approval flight-delay/3 -m "the spring data is in" --as ann
    """
    name, number = read_version(version)
    with client() as pomona:
        _show(version, pomona.models.approvals.request(name, number, comment, by=who))


@app.command()
def approve(version: Version, comment: Comment = "", who: Who = None) -> None:
    """Agree that a version may be champion; its author cannot.

    Example: pomona models approve flight-delay/3 --as bob
    """
    name, number = read_version(version)
    with client() as pomona:
        _show(version, pomona.models.approvals.approve(name, number, comment, by=who))


@app.command()
def reject(version: Version, comment: Comment, who: Who = None) -> None:
    """Say that a version may not be champion, and why.

    Example: pomona models reject flight-delay/3 -m "it was not tried on winter data" --as bob
    """
    name, number = read_version(version)
    with client() as pomona:
        _show(version, pomona.models.approvals.reject(name, number, comment, by=who))


@app.command()
def approvals(version: Version, json: Json = False) -> None:
    """Show who approved or rejected a version, and what is missing."""
    name, number = read_version(version)
    with client() as pomona:
        found = pomona.models.approvals.get(name, number)
    if json:
        show_one(found, json=True)
        return
    _show(version, found)
    columns = [
        ("said", lambda s: s.kind),
        ("by", lambda s: s.by),
        ("at", lambda s: s.at),
        ("comment", lambda s: s.comment or None),
    ]
    show_rows(found.statements, columns, json=False, empty="nobody said anything yet")


@app.command("approval-policy")
def approval_policy(
    name: Annotated[str, typer.Argument(help="The model's name.")],
    needed: Annotated[int | None, typer.Option(help="So many people must agree; 0: none.")] = None,
    approver: Annotated[list[str] | None, typer.Option(help="One of those who are asked; repeat it.")] = None,
    reason: Annotated[str, typer.Option(help="Why; needed to ask for fewer.")] = "",
    who: Who = None,
) -> None:
    """Show, or set, how many people must approve a version before it is champion or in production.

    Example: pomona models approval-policy flight-delay --needed 1
    """
    with client() as pomona:
        if needed is None:
            found = pomona.models.approvals.policy(name)
        else:
            found = pomona.models.approvals.set_policy(
                name, needed, approvers=approver or (), reason=reason, by=who
            )
    of = f" of {', '.join(found.approvers)}" if found.approvers else " of anybody but the author"
    plural = "" if found.needed == 1 else "s"
    done(f"{name} needs {found.needed} approval{plural}{of}" if found.needed else f"{name} needs no approval")


def read_version(version: str) -> tuple[str, int]:
    """``name/3`` as name and number.

    Raises:
        Invalid: If it is no such reference.
    """
    name, _, number = version.removeprefix("models:/").rpartition("/")
    if not name or not number.isdecimal():
        raise Invalid(f"{version!r} names no version", hint="write NAME/NUMBER, e.g. flight-delay/3")
    return name, int(number)


def _show(version: str, found: "Standing") -> None:
    if found.missing:
        out.print(f"[yellow]{version}: {found.missing}[/yellow]")
    elif found.needed:
        done(f"{version} is approved by {', '.join(found.approved_by)}")
    else:
        by = f"; approved by {', '.join(found.approved_by)}" if found.approved_by else ""
        done(f"{version} needs no approval{by}")
