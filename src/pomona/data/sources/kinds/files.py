"""Files of this machine, by path or glob."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import ClassVar

from pomona.core.errors import Invalid
from pomona.data.sources.door import Ask, Site, Stream
from pomona.data.sources.kinds import formats
from pomona.data.sources.records import SourceKindInfo, SourceTable


class Files:
    """See ``SourceKind``. A feed's table narrows the location: a file or glob below its folder."""

    info: ClassVar = SourceKindInfo(
        name="files",
        title="Files",
        location="exports/orders-*.csv",
        credentials="none",
        takes="files",
        options=formats.OPTIONS,
    )

    def check(self, location: str, options: dict[str, str]) -> None:
        if "://" in location:
            raise Invalid("the location is no path", hint="a path or glob, e.g. exports/orders-*.csv")
        formats.check_options(options)

    def ping(self, site: Site) -> str:
        found = site.guard.files(site.location)
        size = sum(path.stat().st_size for path in found)
        return f"{len(found):,} file{'' if len(found) == 1 else 's'}, {size:,} bytes"

    def tables(self, site: Site) -> list[SourceTable]:
        return [SourceTable(name=str(path)) for path in site.guard.files(site.location)[:2000]]

    @contextmanager
    def open(self, site: Site, ask: Ask) -> Iterator[Stream]:
        paths = site.guard.files(ask.table or site.location)
        newest = max(path.stat().st_mtime for path in paths)
        table = formats.as_one(
            [(path.name, formats.opened(path, path.name, site.options, ask.known)) for path in paths]
        )
        yield Stream(
            schema=table.schema,
            batches=table.batches(ask),
            query=told([str(path) for path in paths]),
            snapshot_at=datetime.fromtimestamp(newest, UTC),
            total=table.rows if ask.since is None else None,
        )


def told(names: list[str]) -> str:
    """The files as a version keeps them: all of a few, the ends of many."""
    if len(names) <= 20:
        return "\n".join(names)
    return "\n".join([*names[:10], f"... {len(names) - 20:,} more ...", *names[-10:]])
