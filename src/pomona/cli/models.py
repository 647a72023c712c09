"""``pomona models``: register, list, gate, alias, verify."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from pomona.cli import approvals, cards, model_diffs
from pomona.cli.console import Json, Limit, cell, client, done, err, out, show_one, show_rows

app = typer.Typer(no_args_is_help=True, help="Models: versions, aliases, and the gate before the champion.")

app.command()(model_diffs.diff)
app.command()(cards.card)
app.add_typer(approvals.app)

Name = Annotated[str, typer.Argument(help="The model's name.")]
Number = Annotated[int, typer.Argument(help="The version's number.")]


@app.command("ls")
def list_(limit: Limit = 50, json: Json = False) -> None:
    """List models, newest first."""
    with client() as pomona:
        show_rows(
            pomona.models.list(limit=limit),
            [
                ("model", lambda m: m.name),
                ("latest", lambda m: m.latest),
                ("champion", lambda m: m.aliases.get("champion")),
                ("changed", lambda m: m.updated_at),
                ("description", lambda m: m.description),
            ],
            json=json,
            empty="no models yet: `pomona models register NAME --run RUN_ID`",
        )


@app.command()
def show(name: Name, json: Json = False) -> None:
    """Show a model, its versions and what the gate said."""
    with client() as pomona:
        found = pomona.models.get(name)
    if json:
        show_one(found, json=True)
        return
    out.print(f"[bold]{found.model.name}[/bold]  {found.model.description}")
    said = {gate.version: gate for gate in reversed(found.gates)}
    show_rows(
        found.versions,
        [
            ("version", lambda v: v.number),
            ("aliases", lambda v: ", ".join(v.aliases) or None),
            ("gate", lambda v: _gate(said.get(v.id))),
            ("registered", lambda v: v.created_at),
            ("run", lambda v: v.run_id and v.run_id[:8]),
            ("data", lambda v: v.data_version),
            ("digest", lambda v: v.digest[:12]),
        ],
        json=False,
        empty="no version yet: `pomona models register NAME --run RUN_ID`",
    )


@app.command()
def register(
    name: Name,
    run: Annotated[str | None, typer.Option("--run", help="The run that logged the model.")] = None,
    path: Annotated[str | None, typer.Option(help="Which model, if the run logged several.")] = None,
    source: Annotated[str | None, typer.Option(help="Or an address: models:/m-..., runs:/RUN/PATH.")] = None,
    description: Annotated[str, typer.Option(help="What is new in it.")] = "",
    outside: Annotated[
        str | None,
        typer.Option("--from", help="Or a model that was made elsewhere: a folder, or models:/NAME/3."),
    ] = None,
    server: Annotated[
        str | None, typer.Option("--tracking-uri", help="The MLflow server that --from models:/... is on.")
    ] = None,
    allow_code: Annotated[
        str | None,
        typer.Option(help="Why files from outside that run code (pickles) may come in; the ledger keeps it."),
    ] = None,
) -> None:
    """Register what a run logged, or a model from elsewhere, as the next version.

    Example: pomona models register flight-delay --run 4f1c...

    Example: pomona models register flight-delay --from ./model

    Example: pomona models register x --from models:/x/3 --tracking-uri http://old:5000
    """
    with client() as pomona:
        if outside is not None:
            with _fetched(outside, server) as (folder, origin):
                made = pomona.models.bring(
                    name, folder, origin=origin, description=description, allow_code=allow_code
                )
        else:
            made = pomona.models.register(name, run_id=run, path=path, source=source, description=description)
    done(f"{made.model}/{made.number} ({made.id}), {len(made.files)} files, digest {made.digest[:12]}")


@app.command()
def alias(
    name: Name,
    alias_name: Annotated[str, typer.Argument(metavar="ALIAS", help="E.g. champion.")],
    number: Number,
    force: Annotated[str | None, typer.Option(help="Pass the gate by, for this reason.")] = None,
) -> None:
    """Let an alias name a version; champion wants a passed gate, or --force with a reason."""
    with client() as pomona:
        moved = pomona.models.set_alias(name, alias_name, number, force=force)
    done(f"{moved.model}@{alias_name} is version {moved.number}")


@app.command()
def gate(
    name: Name,
    number: Number,
    hypothesis: Annotated[
        str | None, typer.Option(help="Id or name; default: the one its run tests.")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="Default: the hypothesis' metric.")] = None,
    minimum: Annotated[float, typer.Option(help="By how much it must beat the champion.")] = 0.0,
    json: Json = False,
) -> None:
    """Ask the gate whether a version may become champion; the answer is kept.

    Example: pomona models gate flight-delay 3 --hypothesis flight-delay
    """
    with client() as pomona:
        found = pomona.models.check_gate(
            name, number, hypothesis=hypothesis, metric=metric, minimum_improvement=minimum
        )
    if json:
        show_one(found, json=True)
    else:
        out.print(f"{cell(_gate(found))}  {found.reason}")


@app.command()
def verify(name: Name, number: Number) -> None:
    """Check a version's seal and hash every file of it again."""
    with client() as pomona:
        found = pomona.models.verify(name, number)
    size = f"{found.files} files, {found.size:,} bytes"
    sealed = f"sealed {found.sealed_at:%Y-%m-%d %H:%M} by key {found.key[:8]}"
    done(f"{name}/{number} is as registered: {size}, digest {found.digest[:12]}, {sealed}")


@app.command()
def key(
    pem: Annotated[bool, typer.Option("--pem", help="Print the key in use, in PEM form.")] = False,
    json: Json = False,
) -> None:
    """Show the public keys by which anybody can check what this server signed.

    Example: pomona models key --pem > pomona.pem
    """
    with client() as pomona:
        found = pomona.models.keys()
    if pem:
        sys.stdout.write(found[0].pem)
        return
    columns = [("key", lambda k: k.id), ("algorithm", lambda k: k.algorithm), ("signs", lambda k: k.current)]
    show_rows(found, columns, json=json, empty="no key yet: the first registration makes it")


@app.command("rotate-key")
def rotate_key(reason: Annotated[str, typer.Option(help="Why; the ledger keeps it.")]) -> None:
    """Sign with a new key from now on; what the old one signed stays valid.

    Example: pomona models rotate-key --reason "yearly"
    """
    with client() as pomona:
        made = pomona.models.rotate_key(reason)
    done(f"signs with {made.id} from now on")


@app.command()
def seal(
    name: Name,
    number: Number,
    again: Annotated[str | None, typer.Option(help="Sign it as it is now, for this reason.")] = None,
) -> None:
    """Print a version's seal as JSON: what was signed at its registration, and the signature.

    Example: pomona models seal flight-delay 3 > seal.json
    """
    with client() as pomona:
        found = pomona.models.seal(name, number, again=again)
    show_one(found, json=True)


@app.command()
def download(
    ref: Annotated[str, typer.Argument(help="name/3, name@champion or mv_...")],
    folder: Annotated[Path, typer.Argument(help="Where to; files that are there and whole are kept.")],
    trusted: Annotated[
        Path | None, typer.Option("--key", help="Believe this public key (PEM), not what the server says.")
    ] = None,
) -> None:
    """Bring a version's files here; its seal and every file are checked on this side.

    Example: pomona models download flight-delay@champion ./model --key pomona.pem
    """
    pem = trusted.read_text() if trusted is not None else None
    with client() as pomona, err.status("fetching") as shown:
        made = pomona.models.download(
            ref, folder, trusted=pem, told=lambda file: shown.update(f"{file.path} ({file.size:,} bytes)")
        )
    done(f"{ref} is in {made}, every file checked")


@contextmanager
def _fetched(address: str, server: str | None) -> Iterator[tuple[Path, str | None]]:
    """A model's folder on this machine, fetched from another MLflow server if that has it."""
    if server is None:
        yield Path(address), None
        return
    from pomona.sdk.folders import from_mlflow

    with tempfile.TemporaryDirectory() as into, err.status(f"fetching {address} from {server}"):
        yield from_mlflow(address, server, Path(into)), f"{server} {address}"


def _gate(found: object) -> str | None:
    passed = getattr(found, "passed", None)
    return None if passed is None else "passed" if passed else "refused"
