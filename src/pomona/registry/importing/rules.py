"""What an import may name, where a file elsewhere is to be looked for, and what did not come along."""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import unquote, urlsplit

import msgspec
from blake3 import blake3

from pomona.core.errors import Invalid
from pomona.core.records import Record
from pomona.data.sources.rules import check_no_password, check_reference
from pomona.registry.importing.records import (
    Kind,
    NewImport,
    OldFile,
    OldModel,
    OldRun,
    OldVersion,
    Skipped,
)
from pomona.registry.prompts.records import TEXT_TAG
from pomona.training.rules.paths import SHARED, ArtifactAddress, address_of

_DATABASES = ("sqlite", "postgresql", "postgres", "mysql", "mariadb")
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")
_EXAMPLES = 5
_HINT = "sqlite:///mlflow.db, postgresql://USER@HOST/DB, mysql://USER@HOST/DB, http://HOST:5000 or ./mlruns"


def kind_of(origin: str) -> Kind:
    """What an address means.

    >>> kind_of("mysql+pymysql://ann@db/mlflow"), kind_of("https://mlflow.example"), kind_of("./mlruns")
    ('database', 'server', 'folder')

    Raises:
        Invalid: If it is no address of MLflow.
    """
    scheme, colon, _ = origin.partition("://")
    if not colon or scheme == "file":
        return "folder"
    if scheme.partition("+")[0] in _DATABASES:
        return "database"
    if scheme in ("http", "https"):
        return "server"
    raise Invalid(f"{scheme}:// is no place where MLflow keeps runs", hint=_HINT, extra={"field": "origin"})


def check_import(new: NewImport) -> None:
    """Refuse an import that cannot be carried out as it is written.

    Raises:
        Invalid: Naming the field; never repeating a password.
    """
    if not new.origin.strip() or "\x00" in new.origin:
        raise Invalid("from where?", hint=_HINT, extra={"field": "origin"})
    check_no_password(new.origin)
    check_reference(new.credentials)
    kind_of(new.origin)
    if new.artifacts is not None and "://" in new.artifacts:
        raise Invalid(
            "artifacts names no folder",
            hint="the folder that the artifacts lie below; copy them there first",
            extra={"field": "artifacts"},
        )
    if new.trust is not None and len(new.trust.strip()) < 3:
        raise Invalid(
            "to trust models from outside needs a reason",
            hint="who looked at them, and what they found",
            extra={"field": "trust"},
        )


def is_run_id(text: str) -> bool:
    """Whether a run of this id can be kept under it."""
    return bool(_RUN_ID.fullmatch(text))


def is_model_id(text: str) -> bool:
    """Whether a logged model of this id can be kept under it."""
    return bool(_MODEL_ID.fullmatch(text))


def path_of(uri: str) -> str:
    """The path in an address, or the path itself.

    >>> path_of("file:///srv/a%20b/x"), path_of("s3://bucket/runs/x"), path_of("./mlruns/0")
    ('/srv/a b/x', '/runs/x', './mlruns/0')
    """
    if ":/" not in uri:
        return uri
    return unquote(urlsplit(uri).path)


def endings(uri: str) -> Iterator[str]:
    """The path of an address without its first parts, longest first: where it may lie below a folder.

    >>> list(endings("s3://bucket/1/run/artifacts"))
    ['1/run/artifacts', 'run/artifacts']
    """
    parts = [part for part in path_of(uri).split("/") if part not in ("", ".")]
    if ".." in parts:
        return
    for start in range(max(0, len(parts) - 1)):
        yield "/".join(parts[start:])


def address_here(uri: str) -> ArtifactAddress | None:
    """Which run or logged model a file address elsewhere belongs to, as it is kept here; None: neither.

    >>> address_here("s3://b/1/" + "0" * 32 + "/artifacts/model").path
    'model'
    """
    if uri.startswith("runs:/"):
        run, _, path = uri.removeprefix("runs:/").strip("/").partition("/")
        return ArtifactAddress(root=run, path=path) if is_run_id(run) else None
    if uri.startswith("models:/m-"):
        return ArtifactAddress(root=uri.removeprefix("models:/").strip("/"), path="")
    try:
        found = address_of(path_of(uri))
    except (Invalid, ValueError):
        return None
    return None if found.root == SHARED else found


def run_mark(run: OldRun) -> str:
    """Changes when anything about a run does, but for its files."""
    return _digest(run)


def model_mark(model: OldModel) -> str:
    """Changes when anything about a logged model does, but for its files."""
    return _digest(model)


def version_mark(version: OldVersion) -> str:
    """Changes when anything about a registered version does."""
    return _digest(version)


def mark_of(thing: Record) -> str:
    """Changes when anything that is told of it does."""
    return _digest(thing)


def version_name(model: str, version: OldVersion) -> str:
    """What an import remembers a version by: another store may have another one of this number."""
    own = _digest((version.source, version.run_id, version.created_ms))[:16]
    return f"version {model}/{version.number} {own}"


def prompt_name(prompt: str, version: OldVersion) -> str:
    """As ``version_name``, of a prompt's version."""
    own = _digest((version.tags.get(TEXT_TAG), version.created_ms))[:16]
    return f"prompt {prompt}/{version.number} {own}"


def files_mark(files: Sequence[OldFile]) -> str:
    """Changes when a file comes, goes or is written again."""
    return _digest(sorted(files, key=lambda file: file.path))


def _digest(value: object) -> str:
    return blake3(msgspec.json.encode(value, order="deterministic")).hexdigest()


class Left:
    """Collects what stays behind, by reason."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def add(self, reason: str, what: str) -> None:
        """One more."""
        self._counts[reason] = self._counts.get(reason, 0) + 1
        examples = self._found.setdefault(reason, [])
        if len(examples) < _EXAMPLES and what not in examples:
            examples.append(what)

    def told(self) -> list[Skipped]:
        """All of it, the most frequent reason first."""
        counted = [
            Skipped(reason=reason, count=count, examples=self._found[reason])
            for reason, count in self._counts.items()
        ]
        return sorted(counted, key=lambda one: -one.count)


def summed(parts: Iterable[Sequence[Skipped]]) -> list[Skipped]:
    """What stayed behind in several parts, as one list."""
    counts: dict[str, int] = {}
    examples: dict[str, list[str]] = {}
    for one in (one for part in parts for one in part):
        counts[one.reason] = counts.get(one.reason, 0) + one.count
        examples[one.reason] = [*examples.get(one.reason, []), *one.examples][:_EXAMPLES]
    found = [
        Skipped(reason=reason, count=count, examples=examples[reason]) for reason, count in counts.items()
    ]
    return sorted(found, key=lambda one: -one.count)


class Address(Record, frozen=True, kw_only=True):
    """Where the files of one run or model elsewhere are."""

    owner: str  # run or logged-model id
    uri: str
