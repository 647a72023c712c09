"""Use case: a model that was made elsewhere becomes a version, if nothing in it runs code, or somebody
answers for that.
"""

import tarfile
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from pomona.core.errors import Invalid, Refused
from pomona.core.ports import Blobs, Database, Transaction
from pomona.core.records import Record
from pomona.registry import rules
from pomona.registry.intake import REQUIREMENTS, Taken
from pomona.registry.mlmodel import MLMODEL, MlModel, check_mlmodel_size, missing_mlmodel, parse_mlmodel
from pomona.registry.outside.scanning import code_in, python_in
from pomona.registry.records import Code, ModelFile, ModelVersion, Outside
from pomona.registry.service import RegistryService
from pomona.training.rules.paths import safe_path

_MOST_FILES = 10_000
_NAMED = 5  # files that an error names
_HINT = "send the model's folder as an uncompressed tar file, as `pomona models register --from` does"


class Brought(Record, frozen=True, kw_only=True):
    """What a model from outside is to be registered as.

    Args:
        origin: Where it came from, in the words of who brings it: a folder, an address.
        allow_code: Why code in it may be run; without that a model with pickles is refused.
    """

    origin: str
    description: str = ""
    tags: dict[str, str] = {}
    allow_code: str | None = None


class Gangway:
    """Lets models in from outside."""

    def __init__(self, database: Database, blobs: Blobs, registry: RegistryService) -> None:
        self._database = database
        self._blobs = blobs
        self._registry = registry

    def bring(self, model: str, tar: BinaryIO, wish: Brought) -> ModelVersion:
        """Make the folder in ``tar`` (uncompressed, seekable) the next version of ``model``.

        Raises:
            Invalid: If it is no such archive, a path in it climbs, or what is in it is no model.
            Refused: If a file in it would run code when it is loaded, and nobody says that it may.
        """
        rules.check_model_name(model)
        if not wish.origin.strip() or len(wish.origin) > 1000:
            raise Invalid("say where the model came from", hint="origin: a folder or an address")
        self._registry.seals.begin()
        about, code = self._examine(tar)
        _check_code(code, wish.allow_code)
        files = tuple(self._keep(tar))
        outside = Outside(origin=wish.origin, code=tuple(code), allowed=wish.allow_code if code else None)
        named = {file.path: file for file in files}
        taken = Taken(
            files=files,
            about=about,
            run_id=None,
            logged_model=None,
            source=wish.origin,
            metrics={},
            data_version=None,
            hypothesis=None,
            environment=next((named[name].digest for name in REQUIREMENTS if name in named), None),
            outside=outside,
        )
        return self._database.write(lambda tx: self._add(tx, model, taken, wish))

    def _add(self, tx: Transaction, model: str, taken: Taken, wish: Brought) -> ModelVersion:
        owner = self._registry.shelf.ensure(tx, model)
        return self._registry.add(tx, owner, taken, description=wish.description, tags=wish.tags)

    def _examine(self, tar: BinaryIO) -> tuple[MlModel, list[Code]]:
        """What the model says of itself, and its code; nothing is stored yet."""
        code: list[Code] = []
        paths: list[str] = []
        about: MlModel | None = None
        for path, size, stream in _members(tar):
            paths.append(path)
            if path == MLMODEL:
                check_mlmodel_size(size)
                about = parse_mlmodel(stream.read())
                stream.seek(0)
            code += code_in(path, stream)
        if about is None:
            raise missing_mlmodel("what was sent")
        return about, code + python_in(paths, about.flavors)

    def _keep(self, tar: BinaryIO) -> Iterator[ModelFile]:
        for path, _, stream in _members(tar):
            digest, size = self._blobs.put_stream(stream)
            yield ModelFile(path=path, digest=digest, size=size)


def _members(tar: BinaryIO) -> Iterator[tuple[str, int, BinaryIO]]:
    tar.seek(0)
    seen: set[str] = set()
    try:
        with tarfile.open(fileobj=tar, mode="r:") as archive:
            for member in archive:
                if member.isdir():
                    continue
                if not member.isfile():
                    raise Invalid(f"{member.name!r} is a link or a device", hint="send files only")
                path = safe_path(member.name.removeprefix("./"))
                if not path or path in seen:
                    raise Invalid(f"{member.name!r} is there twice", hint=_HINT)
                seen.add(path)
                if len(seen) > _MOST_FILES:
                    raise Invalid(f"more than {_MOST_FILES:,} files", hint="is this a model's folder?")
                stream = archive.extractfile(member)
                if stream is None:
                    raise Invalid(f"{member.name!r} cannot be read", hint=_HINT)
                yield path, member.size, stream  # type: ignore[misc]  # a binary stream that can seek
    except (tarfile.TarError, UnicodeDecodeError, EOFError) as error:
        raise Invalid(f"this is no tar archive ({error})", hint=_HINT) from error


def _check_code(code: list[Code], allowed: str | None) -> None:
    if not code:
        return
    if allowed is not None:
        if len(allowed.strip()) < 3:
            raise Invalid("to allow code needs a reason", hint="who looked at it, and what they found")
        return
    named = ", ".join(_shown(item) for item in code[:_NAMED])
    more = f" and {len(code) - _NAMED} more" if len(code) > _NAMED else ""
    raise Refused(
        f"loading this model would run code from outside: {named}{more}",
        hint="save it without pickles (skops, ONNX, the library's own format), or allow it with a reason "
        "(`--allow-code`), which the ledger keeps",
        extra={"code": msgspec.to_builtins(code)},
    )


def _shown(item: Code) -> str:
    if item.kind != "pickle":
        return f"{item.path} ({item.kind})"
    names = ", ".join(item.imports[:3]) + (", ..." if len(item.imports) > 3 else "")
    return f"{item.path} (a pickle{f' that imports {names}' if names else ''})"
