"""A first look into a source: does it answer, what is there, the first rows."""

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa

from pomona.data.sources import rules
from pomona.data.sources.door import Ask, Site, SourceKind
from pomona.data.sources.guard import LocalGuard
from pomona.data.sources.records import NewSource, Question, Sample, Source, SourceColumn, SourceTable, Tested
from pomona.data.sources.secrets import look_up
from pomona.data.tables.frames import json_rows


class Lookout:
    """Opens sources. Reads a little; changes nothing, neither there nor here.

    Args:
        kind: A kind of source by its name.
        guard: What may be reached from here.
        scratch: A folder for what must be fetched before it can be read.
    """

    def __init__(
        self, kind: Callable[[str], SourceKind], guard: Callable[[], LocalGuard], scratch: Path
    ) -> None:
        self.kind = kind
        self._guard = guard
        self._scratch = scratch

    @contextmanager
    def site(self, source: Source | NewSource, log: Callable[[str], None] = lambda _: None) -> Iterator[Site]:
        """Where a source is, with its secret; what is fetched there is gone at the end."""
        guard = self._guard()
        self._scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._scratch, prefix="source-") as folder:
            yield Site(
                location=source.location,
                secret=look_up(source.credentials, guard),
                options=source.options,
                guard=guard,
                scratch=Path(folder),
                log=log,
            )

    def test(self, source: Source | NewSource, question: Question | None) -> Tested:
        """Log in, list what can be taken, and answer the question if there is one."""
        kind = self.kind(source.kind)
        began = time.perf_counter()
        with self.site(source) as site:
            answer = kind.ping(site)
            took_ms = (time.perf_counter() - began) * 1000
            tables = kind.tables(site)
        sample = self.sample(source, question) if question is not None else None
        return Tested(answer=answer, took_ms=took_ms, tables=tuple(tables), sample=sample)

    def tables(self, source: Source) -> list[SourceTable]:
        """What can be taken from a source."""
        with self.site(source) as site:
            return self.kind(source.kind).tables(site)

    def sample(self, source: Source | NewSource, question: Question) -> Sample:
        """The first rows of a question.

        Raises:
            Invalid: If the question cannot be answered.
        """
        kind = self.kind(source.kind)
        rules.check_question(question.table, question.query, kind.info.takes)
        rules.check_rows(question)
        ask = Ask(
            table=question.table, query=question.query, parameters=question.parameters, limit=question.rows
        )
        with self.site(source) as site, kind.open(site, ask) as stream:
            found = pa.Table.from_batches(itertools.islice(stream.batches, question.rows), stream.schema)
            columns = tuple(SourceColumn(name=field.name, type=str(field.type)) for field in stream.schema)
            head = found.slice(0, question.rows)
        return Sample(query=stream.query, columns=columns, rows=_json(head))


def _json(table: pa.Table) -> list[dict[str, object]]:
    if len(set(table.column_names)) < len(table.column_names):  # a query may name two columns alike
        table = table.rename_columns(
            [f"{name}_{n}" if n else name for n, name in _numbered(table.column_names)]
        )
    return json_rows(pl.DataFrame(pl.from_arrow(table)))


def _numbered(names: list[str]) -> list[tuple[int, str]]:
    return [(names[:place].count(name), name) for place, name in enumerate(names)]
