"""MLflow's own database, read as it is: any schema of versions 2 and 3, in short read-only transactions."""

import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from pomona.core.errors import Invalid, MissingExtra, Refused, Unavailable
from pomona.data.sources.door import Guard, Secret
from pomona.data.sources.rules import redact
from pomona.registry.importing.records import (
    OldExperiment,
    OldModel,
    OldRegistered,
    OldRun,
    Point,
)
from pomona.registry.importing.rows import Reader, models_of, registered_of, runs_of

_PAGE = 200
_POINTS = 20_000
_CONNECT_S = 10
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
_PORTS = {"postgresql": 5432, "mysql": 3306}
_OPTIONS = ("sslmode", "charset")  # of an address; others could name files of this machine, or other hosts


@contextmanager
def database(origin: str, secret: Secret | None, guard: Guard) -> Iterator["DatabaseOrigin"]:
    """A store in a database, open.

    Raises:
        Invalid: If it is no database of MLflow.
        Refused: If it may not be reached, or does not let us in.
        Unavailable: If it does not answer.
    """
    engine = _engine(origin, secret, guard)
    try:
        yield DatabaseOrigin(engine, secret)
    finally:
        engine.dispose()


class DatabaseOrigin:
    """See ``Origin``."""

    def __init__(self, engine: sa.Engine, secret: Secret | None) -> None:
        self._engine = engine
        self._secret = secret
        with self._asking() as connection:
            inspector = sa.inspect(connection)
            self._columns = {
                table: [column["name"] for column in inspector.get_columns(table)]
                for table in inspector.get_table_names()
            }
        missing = {"experiments", "runs", "metrics", "params", "tags"} - self._columns.keys()
        if missing:
            raise Invalid(
                f"this is no database of MLflow: it has no table {min(missing)!r}",
                hint="the address that `mlflow server --backend-store-uri` is given",
            )

    @contextmanager
    def _asking(self) -> Iterator[sa.Connection]:
        with _in_words(self._secret), self._engine.connect() as connection:
            try:
                yield connection
            finally:
                connection.rollback()

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """One short transaction."""
        with self._asking() as connection:
            yield Reader(connection, self._columns)

    def experiments(self) -> list[OldExperiment]:
        with self.reading() as reader:
            return reader.experiments()

    def runs(self, experiment: OldExperiment) -> Iterator[list[OldRun]]:
        last = ""
        while True:
            with self.reading() as reader:
                found = runs_of(reader, int(experiment.id), after=last, limit=_PAGE)
            if found:
                yield found
            if len(found) < _PAGE:
                return
            last = found[-1].id

    def points(self, runs: Sequence[OldRun]) -> Iterator[list[Point]]:
        with self.reading() as reader:
            query = reader.points([run.id for run in runs])
            streaming = reader.connection.execution_options(stream_results=True, max_row_buffer=_POINTS)
            for rows in streaming.execute(query).partitions(_POINTS):
                yield [
                    (run, key, int(step or 0), int(at), math.nan if nan else float(value))
                    for run, key, step, at, value, nan in rows
                ]

    def models(self, experiment: OldExperiment) -> Iterator[list[OldModel]]:
        last = ""
        while True:
            with self.reading() as reader:
                found = models_of(reader, int(experiment.id), after=last, limit=_PAGE)
            if found:
                yield found
            if len(found) < _PAGE:
                return
            last = found[-1].id

    def registered(self) -> list[OldRegistered]:
        with self.reading() as reader:
            return registered_of(reader)


def _engine(origin: str, secret: Secret | None, guard: Guard) -> sa.Engine:
    scheme, _, rest = origin.partition("://")
    backend = scheme.partition("+")[0]
    if backend == "sqlite":
        return _sqlite(rest, guard)
    url = _url(f"{_DRIVERS[backend]}://{rest}")
    name = url.get_backend_name()
    address = guard.address(url.host or "", url.port or _PORTS[name])
    options: dict[str, Any] = {"connect_timeout": _CONNECT_S}
    if name == "postgresql":
        options |= {"hostaddr": address, "options": "-c default_transaction_read_only=on"}
    else:
        options |= {"init_command": "SET SESSION TRANSACTION READ ONLY"}
    if secret is not None:
        url = url.set(password=secret.reveal())
    try:
        return sa.create_engine(url, connect_args=options, poolclass=StaticPool, hide_parameters=True)
    except ModuleNotFoundError as error:
        raise MissingExtra(str(error.name), "sources") from None


def _url(text: str) -> sa.URL:
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        url = None
    if url is None or not url.host or not url.database:
        raise Invalid(
            "the address names no server and database",
            hint="e.g. postgresql://reader@db.example:5432/mlflow",
            extra={"field": "origin"},
        )
    odd = sorted(set(url.query) - set(_OPTIONS))
    if odd:
        raise Refused(
            f"the address sets {odd[0]!r}", hint=f"only {' and '.join(_OPTIONS)} may stand behind the ?"
        )
    return url


def _sqlite(rest: str, guard: Guard) -> sa.Engine:
    path = guard.files(rest.partition("?")[0].removeprefix("/"))[0]  # sqlite:////absolute, sqlite:///relative

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode=ro", uri=True, timeout=_CONNECT_S, check_same_thread=False
        )
        connection.set_authorizer(_only_this_file)
        return connection

    return sa.create_engine("sqlite://", creator=connect, poolclass=StaticPool)


def _only_this_file(action: int, *_: object) -> int:
    other = action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
    return sqlite3.SQLITE_DENY if other else sqlite3.SQLITE_OK


@contextmanager
def _in_words(secret: Secret | None) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        origin = cast("Exception", getattr(error, "orig", None) or error)
        said = redact((str(origin).splitlines() or [""])[0], secret.reveal() if secret else None)
        if any(word in said.lower() for word in ("denied", "authentication", "password", "permission")):
            raise Refused(
                f"the database refused: {said}", hint="do user and credentials fit? reading is enough"
            ) from None
        if type(origin).__name__ in ("OperationalError", "InterfaceError"):
            raise Unavailable(
                f"the database does not answer, or not any more: {said}",
                hint="what came over stays; the next import goes on from there",
            ) from None
        raise Invalid(
            f"the database cannot be read as one of MLflow: {said}", hint="is it the right one?"
        ) from None
