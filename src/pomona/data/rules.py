"""What a dataset, a reference, a table and a check must be; and whether a version may be trained on."""

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Any

from blake3 import blake3

from pomona.core.errors import Invalid, NotFound, Refused, Tampered
from pomona.core.tables import DataFile
from pomona.data.records import (
    Check,
    CommitMode,
    DataVersion,
    Field,
    NewDataset,
    Quality,
    QualityReport,
    TimeWindow,
)

NAME = re.compile(r"(?:[a-z0-9][a-z0-9._-]{0,63}/)?[a-z0-9][a-z0-9._-]{0,99}")
DELETED = "_deleted"  # in a delta: a yes/no column that marks the rows to remove
ROW_KINDS = ("not_null", "unique", "range", "allowed", "pattern", "length", "expression", "exists")
TRAINING, EXPORT = "training", "export"
"""The purposes that are named for whoever names none: of a training, and of an export."""
ARROW = "application/vnd.apache.arrow.stream"  # the media type
BAD: tuple[Quality, ...] = ("fail", "critical")  # not to be trained on without a reason
_ORDER: dict[Quality, int] = {"green": 0, "warn": 1, "fail": 2, "critical": 3}


def check_dataset(new: NewDataset) -> None:
    """Refuse a dataset whose declaration cannot work.

    Raises:
        Invalid: Naming the field and what to write instead.
    """
    if not NAME.fullmatch(new.name):
        raise Invalid(
            f"{new.name!r} is not a dataset name",
            hint="lower-case letters, digits and . _ -, with one optional project before it: `credit/loans`",
            extra={"field": "name"},
        )
    if len(set(new.key)) != len(new.key) or "" in new.key:
        raise Invalid("the key names a column twice or an empty one", hint="name each column once")
    if new.time_column == "":
        raise Invalid("the time column has no name", hint="leave it out if there is none")
    check_checks(new.checks, time_column=new.time_column)


def check_checks(checks: Sequence[Check], *, time_column: str | None) -> None:
    """Refuse checks that say nothing or contradict themselves.

    Raises:
        Invalid: Naming the check and what it lacks.
    """
    names = [name_of(check) for check in checks]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Invalid(f"two checks have the name {twice[0]!r}", hint="give one of them a `name` of its own")
    for check in checks:
        lacking = _lacks(check, time_column)
        if lacking:
            raise Invalid(
                f"check {name_of(check)!r}: {lacking}",
                hint="the fields of each kind stand in the manual: docs/quality.md",
                extra={"check": name_of(check)},
            )


def _lacks(check: Check, time_column: str | None) -> str | None:
    low, high = check.min, check.max
    if low is not None and high is not None and low > high:
        return f"min {low:g} is above max {high:g}"
    bounded = (low, high) != (None, None)
    needs = {
        "not_null": (check.column, "it needs `column`"),
        "unique": (columns_of(check), "it needs `columns`"),
        "range": (check.column and bounded, "it needs `column`, and `min` or `max`"),
        "allowed": (check.column and check.values, "it needs `column` and `values`"),
        "pattern": (check.column and check.pattern, "it needs `column` and `pattern`"),
        "length": (check.column and bounded, "it needs `column`, and `min` or `max`, in characters"),
        "expression": (check.expression, "it needs `expression`, e.g. departure <= arrival"),
        "exists": (columns_of(check) and check.to, "it needs `columns`, and `to`: another dataset"),
        "missing": (check.column, "it needs `column`"),
        "distinct": (check.column and bounded, "it needs `column`, and `min` or `max`"),
        "distribution": (check.column, "it needs `column`"),
        "freshness": (
            (check.column or time_column) and (check.max_age_h or 0) > 0,
            "it needs `max_age_h` in hours, and `column` if the dataset has no time column",
        ),
        "row_count": (bounded, "it needs `min` or `max`"),
        "volume": (
            (check.max_change or 0) > 0,
            "it needs `max_change`, e.g. 0.5: half as many rows more or less",
        ),
        "schema": (check.types, "it needs `types`, e.g. {carrier: string, distance: int64}"),
    }
    met, wanted = needs[check.kind]
    return (None if met else wanted) or _levels_fault(check) or _words_fault(check)


def _levels_fault(check: Check) -> str | None:
    levels = [(n, level) for n in ("warn", "fail", "critical") if (level := getattr(check, n)) is not None]
    for name, level in levels:
        if check.kind == "distribution":
            if not level > 0.0:
                return f"{name} {level:g} would be passed by chance; write e.g. warn: 0.1, fail: 0.25"
        elif not 0.0 <= level <= 1.0:
            return f"{name} {level:g} is not a share of rows between 0 and 1"
    for (name, level), (further, more) in pairwise(levels):
        if level > more:
            return f"{name} {level:g} is above {further} {more:g}; raise {further}, or write {further}: null"
    return None


def _words_fault(check: Check) -> str | None:
    if check.to_columns and len(check.to_columns) != len(columns_of(check)):
        return f"`to_columns` names {len(check.to_columns)} columns, `columns` {len(columns_of(check))}"
    if check.kind not in ("pattern", "expression"):
        return None
    from pomona.data.quality import expressions  # Polars, which the command line may lack

    if check.kind == "pattern":
        return expressions.pattern_fault(check.pattern)
    return expressions.fault(check.expression)


def columns_of(check: Check) -> tuple[str, ...]:
    """The columns a check looks at; of an expression none, as only its text names them."""
    return check.columns or ((check.column,) if check.column else ())


def name_of(check: Check) -> str:
    """The check's own name, or its kind and what it looks at.

    >>> name_of(Check(kind="not_null", column="carrier"))
    'not_null carrier'
    """
    return check.name or " ".join(
        part for part in (check.kind, *columns_of(check), check.expression, check.to) if part
    )


def check_mode(mode: CommitMode, key: Sequence[str]) -> None:
    """Refuse a delta to a dataset whose rows have no name."""
    if mode == "delta" and not key:
        raise Invalid(
            "a delta needs a key that says which rows it changes",
            hint="commit the whole table (full), or only new rows (append)",
        )


def check_columns(columns: Sequence[str], *, key: Sequence[str], time_column: str | None) -> None:
    """Refuse a table without the columns it is declared to have.

    Raises:
        Invalid: Naming the missing column and those there are.
    """
    twice = sorted({name for name in columns if list(columns).count(name) > 1})
    if twice:
        raise Invalid(f"two columns have the name {twice[0]!r}", hint="rename one of them")
    alike = {name.lower(): name for name in columns}
    odd = next((name for name in columns if alike[name.lower()] != name), None)
    if odd is not None:
        raise Invalid(
            f"the columns {odd!r} and {alike[odd.lower()]!r} differ only in capital letters, which a Delta "
            "table does not tell apart",
            hint="rename one of them",
        )
    if not columns:
        raise Invalid("the table has no columns", hint="commit a table with at least one column")
    if "" in columns:
        raise Invalid("a column has no name", hint="name it, or leave it out")
    for name, role in [*((name, "key") for name in key), *([(time_column, "time")] if time_column else [])]:
        if name not in columns:
            raise Invalid(
                f"the table lacks its {role} column {name!r}",
                hint=f"it has: {', '.join(columns[:30])}",
                extra={"missing": name, "columns": list(columns)},
            )


def check_key_values(
    key: Sequence[str], *, nulls: dict[str, int], duplicates: int, examples: list[Any]
) -> None:
    """Refuse a table whose key does not name each row once.

    Args:
        nulls: Rows without a value, per key column.
        duplicates: Rows whose key another row has, too.
        examples: A few of those keys.

    Raises:
        Invalid: With counts and examples in ``extra``.
    """
    for name, count in nulls.items():
        if count:
            raise Invalid(
                f"key column {name!r} is null in {count} rows",
                hint="each row needs its whole key; drop these rows or choose another key",
                extra={"column": name, "rows": count},
            )
    if duplicates:
        raise Invalid(
            f"{duplicates} rows share their key ({', '.join(key)}) with another row, e.g. {examples[0]}",
            hint="remove the duplicates, or add the column that tells these rows apart to the key",
            extra={"rows": duplicates, "examples": examples},
        )


def check_against_parent(old: Sequence[Field], new: Sequence[Field], clash: Collection[str]) -> None:
    """Refuse a changed type or a column that is gone; a column may be added, or hold wider values.

    Args:
        clash: Columns whose old and new types do not go together.

    Raises:
        Invalid: Naming the column, what it was and what it is.
    """
    now = {field.name: field.type for field in new}
    for field in old:
        if field.name not in now:
            raise Invalid(
                f"column {field.name!r} is gone",
                hint="commit it as null if it ended; or say that the table has a new shape: new_base",
                extra={"removed": field.name},
            )
        if field.name in clash:
            raise Invalid(
                f"column {field.name!r} was {field.type} and is {now[field.name]} now",
                hint=f"convert it to {field.type}; or say that the table has a new shape: new_base",
                extra={"column": field.name, "was": field.type, "is": now[field.name]},
            )


def version_digest(fields: Iterable[Field], files: Iterable[DataFile]) -> str:
    """BLAKE3 root over the schema, the files' digests and what is hidden of each, in order."""
    root = blake3(b"pomona table 2\n")
    for field in fields:
        root.update(f"column {len(field.name)} {field.name} {field.type}\n".encode())
    for file in files:
        vector = f"{file.vector.digest} {file.vector.offset}" if file.vector else "-"
        root.update(f"file {file.digest} {vector}\n".encode())
    return str(root.hexdigest())


def check_digest(version: DataVersion) -> None:
    """Refuse a record that is not what its digest says.

    Raises:
        Tampered: Saying which.
    """
    if version_digest(version.schema, version.files) != version.digest:
        raise Tampered(
            f"the record of {version.dataset}@v{version.number} does not match its digest",
            hint="restore the database from a backup, then run `pomona doctor`",
        )


def judge(check: Check, share: float) -> Quality:
    """The level a share of failing rows (or a measured number) reaches."""
    if check.critical is not None and share > check.critical:
        return "critical"
    if check.fail is not None and share > check.fail:
        return "fail"
    if check.warn is not None and share > check.warn:
        return "warn"
    return "green"


def worst(levels: Sequence[Quality]) -> Quality:
    """The worst level of all; green if there is none."""
    return max(levels, key=_ORDER.__getitem__, default="green")


def check_usable(version: DataVersion, report: QualityReport, force_reason: str | None) -> bool:
    """May this version be trained on? True if only because a person forced it.

    Raises:
        Refused: If a check failed (or is critical) and no reason was given.
    """
    if version.quality not in BAD:
        return False
    if force_reason and force_reason.strip():
        return True
    failed = [result for result in report.results if result.quality in BAD]
    raise Refused(
        f"{version.dataset}@v{version.number} failed its checks: "
        + "; ".join(f"{result.name} ({result.detail})" for result in failed),
        hint="correct the source and commit again, or force it and say why (--force REASON)",
        extra={"version": version.id, "failed": [result.name for result in failed]},
    )


def check_producer(producer: str, offset: int) -> None:
    """Refuse a producer without a name, or an offset that is none.

    Raises:
        Invalid: Saying which.
    """
    if not 1 <= len(producer) <= 200:
        raise Invalid("a producer's name has 1 to 200 characters", hint="e.g. the topic and partition")
    if not 0 <= offset < 2**63:
        raise Invalid(f"the offset {offset} is not a whole number from 0 on", hint="e.g. the last row's")


def check_not_dropped(version: DataVersion) -> None:
    """Refuse a version whose rows were dropped.

    Raises:
        NotFound: Saying when, and by whom.
    """
    if version.dropped_at is not None:
        raise NotFound(
            f"{version.dataset}@v{version.number} was dropped on {version.dropped_at:%Y-%m-%d}"
            f" by {version.dropped_by}: its rows are gone",
            hint="pin or tag a version to keep it; `pomona data versions` lists those that are there",
            extra={"version": version.id, "digest": version.digest},
        )


def check_window(window: TimeWindow, time_column: str | None) -> None:
    """Refuse a time range on a dataset without a time column, or one that ends before it begins."""
    if window.since is None and window.until is None:
        return
    if time_column is None:
        raise Invalid("this dataset has no time column", hint="read it without since and until")
    for end in (window.since, window.until):
        if end is not None and end.tzinfo is None:
            raise Invalid(f"{end} has no time zone", hint="write it with one, e.g. 2026-01-31T00:00:00Z")
    if window.since is not None and window.until is not None and window.since >= window.until:
        raise Invalid("since is not before until", hint="the range is since <= time < until")
