"""References to versions: ``flights@v3``, a digest, a tag, a day, a word; taken apart, and explained."""

import re
from collections.abc import Collection
from datetime import UTC, datetime, time

from pomona.core.errors import Invalid, NotFound
from pomona.core.records import Record
from pomona.data.records import DataVersion
from pomona.data.rules import NAME

TAG = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,62}")


class Ref(Record, frozen=True, kw_only=True):
    """A reference taken apart: a version's id, or a dataset with one of number, digest, tag, time, word."""

    version_id: str | None = None
    dataset: str = ""
    number: int | None = None
    digest: str | None = None
    tag: str | None = None
    until: datetime | None = None  # the newest version of that time
    word: str = "latest"  # latest: the newest not quarantined; passed: nor failed; newest: of all


def parse_ref(ref: str) -> Ref:
    """Take ``ver_...``, ``flights``, ``flights@v3`` apart; behind @ may be a word, digest, tag, day.

    A day (``flights@2026-11-01``) means its end, in UTC.

    >>> parse_ref("credit/loans@v3").number, parse_ref("flights").word, parse_ref("flights@golden").tag
    (3, 'latest', 'golden')

    Raises:
        Invalid: If it is none of these.
    """
    if ref.startswith("ver_"):
        return Ref(version_id=ref)
    dataset, _, at = ref.partition("@")
    if not NAME.fullmatch(dataset):
        raise Invalid(
            f"{ref!r} names no data version", hint="write `flights@v3`, `flights@latest` or `ver_...`"
        )
    if at in ("", "latest", "passed", "newest"):
        return Ref(dataset=dataset, word=at or "latest")
    number = re.fullmatch(r"v?([0-9]{1,9})", at)
    if number:
        return Ref(dataset=dataset, number=int(number[1]))
    digest = at.removeprefix("b3:")
    if re.fullmatch(r"[0-9a-f]{6,64}", digest):
        return Ref(dataset=dataset, digest=digest)
    if until := _moment(at):
        return Ref(dataset=dataset, until=until)
    if TAG.fullmatch(at):
        return Ref(dataset=dataset, tag=at)
    raise Invalid(
        f"{at!r} is no version of {dataset!r}",
        hint="after the @ stands v3, latest, passed, newest, a tag, a day, or at least 6 digits of a digest",
    )


def _moment(text: str) -> datetime | None:
    if not re.match(r"\d{4}-\d{2}-\d{2}", text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) == 10:
        return datetime.combine(moment.date(), time.max, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def check_tag(name: str) -> None:
    """Refuse a tag that could be read as another kind of reference.

    Raises:
        Invalid: Saying which names can be used.
    """
    parsed = parse_ref(f"d@{name}") if TAG.fullmatch(name) else None
    if parsed is None or parsed.tag is None:
        raise Invalid(
            f"{name!r} cannot be a tag",
            hint="a letter, then letters, digits and . _ -; not v3, latest, a day or six hex digits",
        )


def check_one_digest(prefix: str, found: Collection[str]) -> None:
    """Refuse the beginning of a digest that fits several contents."""
    if len(found) > 1:
        raise Invalid(f"the digest {prefix!r} fits more than one version", hint="write more of its digits")


def missing_version(ref: Ref, newest: DataVersion | None) -> NotFound:
    """Why a reference finds nothing, and what there is instead."""
    at = f"v{ref.number}" if ref.number is not None else ref.digest or ref.tag or ref.word
    if ref.until is not None:
        at = f"of {ref.until:%Y-%m-%d %H:%M} or before"
    if newest is None:
        hint = f"{ref.dataset} has no versions yet: `pomona data commit {ref.dataset} FILE`"
    elif ref.tag is not None:
        hint = f"`pomona data tags {ref.dataset}` lists its tags"
    elif ref.until is not None:
        hint = f"`pomona data versions {ref.dataset}` shows when each was committed"
    elif ref.word != "newest" and ref.number is None and ref.digest is None:
        is_so = "is quarantined" if ref.word == "latest" else "failed its checks"
        hint = f"every version {is_so}; the newest of all is {ref.dataset}@v{newest.number}"
    else:
        hint = f"the newest is {ref.dataset}@v{newest.number}"
    return NotFound(f"no version {at} of {ref.dataset}", hint=hint)
