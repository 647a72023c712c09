"""What is known of a version, and of rows behind it, put together: an append need not read all again.

Counts, moments, missing values, minima and maxima of a merged profile are exact; different values are
lower bounds and correlations are those of the last whole pass. So that they do not drift far away, all
rows are read once more when a tenth of them was only merged in.
"""

from collections.abc import Sequence

import msgspec

from pomona.data.quality.inspection import EXAMPLES, Inspection, on_rows
from pomona.data.records import Check, CheckResult
from pomona.data.rules import ROW_KINDS, columns_of
from pomona.stats.profiles import merge_tables
from pomona.stats.records import TableProfile

_MERGED_SHARE = 10  # at most one row in so many was only merged in
_WHOLE = ("exists", "distinct")  # what they find on the old rows may have changed, or cannot be added


def needs_all_rows(checks: Sequence[Check], before: Sequence[CheckResult], key: Sequence[str]) -> bool:
    """Whether what the checks found before cannot be carried on: others, or of a kind that is not a sum."""
    if [result.check for result in before] != list(checks):
        return True
    rows = {result.rows for result in before if result.check.kind in ROW_KINDS}
    if len(rows) > 1:  # one could not be asked
        return True
    return any(
        check.kind in _WHOLE or (check.kind == "unique" and not set(key) <= set(columns_of(check)))
        for check in checks
    ) or any(check.kind == "unique" and not key for check in checks)


def merged_profile(before: TableProfile, added: TableProfile, key: Sequence[str]) -> TableProfile | None:
    """The profile of both; None if it is time to read all rows, or the two do not fit."""
    merged = before.merged + added.rows
    rows = before.rows + added.rows
    if merged * _MERGED_SHARE > rows:
        return None
    try:
        whole = merge_tables(before, added)
    except ValueError:  # a column is of another kind, or has other bins
        return None
    columns = dict(whole.columns)
    if len(key) == 1:
        columns[key[0]] = msgspec.structs.replace(columns[key[0]], distinct=rows)
    return msgspec.structs.replace(whole, columns=columns, correlations=before.correlations, merged=merged)


def merged_results(
    before: Sequence[CheckResult], inspection: Inspection, profile: TableProfile
) -> tuple[CheckResult, ...] | None:
    """What the checks find on all rows; None if one could not be asked of the new ones.

    Args:
        inspection: Has seen the new rows.
        profile: Of all rows.
    """
    found = inspection.finish(profile)
    if inspection.obstructed:
        return None
    return tuple(
        _sum(old, new) if new.check.kind in ROW_KINDS else new for old, new in zip(before, found, strict=True)
    )


def _sum(old: CheckResult, new: CheckResult) -> CheckResult:
    examples = (*new.examples, *old.examples)[:EXAMPLES]
    return on_rows(new.check, failing=old.failing + new.failing, rows=old.rows + new.rows, examples=examples)
