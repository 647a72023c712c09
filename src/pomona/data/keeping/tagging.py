"""Tags and pins: names that keep a version, reasons that keep it, and records that need it."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from pomona.core.actors import current_actor
from pomona.core.errors import NotFound
from pomona.core.events import TagRemoved, VersionPinned, VersionTagged, VersionUnpinned
from pomona.core.ids import kind_of, new_id
from pomona.core.links import Relation
from pomona.core.ports import Clock, Database, Ledger, Transaction
from pomona.core.records import Link
from pomona.data import rules as data_rules
from pomona.data import store as version_store
from pomona.data.keeping import rules, store
from pomona.data.keeping.records import NewPin, NewTag, Pin, PinKind, Tag
from pomona.data.marts import store as marts
from pomona.data.marts.records import Mart
from pomona.data.records import DataVersion
from pomona.data.references import Ref, check_tag, missing_version, parse_ref
from pomona.data.resolving import find_version
from pomona.data.service import DataService
from pomona.jobs import store as jobs

NEEDS: tuple[Relation, ...] = ("trained_on", "evaluated_on", "evidence")
_VERSION_ID = re.compile(r"\bver_[0-9a-z]{26}\b")
_KINDS: dict[str, PinKind] = {"run": "run", "mv": "model", "gat": "model"}
_AT_ONCE = 500  # ids asked for in one query


class Tagger:
    """Names and keeps versions.

    Args:
        ledger: Whose links tell which records need a version.
    """

    def __init__(self, database: Database, clock: Clock, data: DataService, ledger: Ledger) -> None:
        self._database = database
        self._clock = clock
        self._data = data
        self._ledger = ledger

    # --- tags --------------------------------------------------------------------------------

    def tag(self, ref: str, new: NewTag) -> Tag:
        """Name a version; a tag of that name moves here from where it is.

        Raises:
            Invalid: If the name could be read as another kind of reference.
            NotFound: If the version was dropped, or never was.
        """
        check_tag(new.name)
        version = self._data.resolve(ref)
        data_rules.check_not_dropped(version)
        now = self._clock.now()

        def put(tx: Transaction) -> Tag:
            data_rules.check_not_dropped(version_store.versions.get(tx, version.id))
            before = store.tag_named(tx, version.dataset_id, new.name)
            if before is not None and before.version == version.id:
                return before
            tx.emit(
                VersionTagged(
                    subject=version.id,
                    dataset=version.dataset,
                    tag=new.name,
                    number=version.number,
                    was=before.number if before else None,
                    reason=new.reason,
                )
            )
            made = Tag(
                id=before.id if before else new_id("tag", now),
                dataset=version.dataset,
                dataset_id=version.dataset_id,
                name=new.name,
                version=version.id,
                number=version.number,
                at=now,
                by=current_actor(),
            )
            return store.tags.replace(tx, made) if before else store.tags.insert(tx, made)

        return self._database.write(put)

    def untag(self, dataset: str, name: str) -> Tag:
        """Remove a tag; the version stays until nothing keeps it any more.

        Raises:
            NotFound: If there is no such tag.
        """
        wanted = self._data.dataset(dataset)

        def take(tx: Transaction) -> Tag:
            found = store.tag_named(tx, wanted.id, name)
            if found is None:
                raise missing_version(Ref(dataset=wanted.name, tag=name), version_store.newest(tx, wanted.id))
            tx.emit(TagRemoved(subject=found.version, dataset=wanted.name, tag=name, number=found.number))
            store.tags.remove(tx, store.tags.c.id == found.id)
            return found

        return self._database.write(take)

    def tags(self, dataset: str) -> list[Tag]:
        """The tags of a dataset, by name."""
        wanted = self._data.dataset(dataset)
        c = store.tags.c
        return self._database.read(
            lambda tx: store.tags.all(tx, c.dataset_id == wanted.id, order_by=[c.name])
        )

    # --- pins --------------------------------------------------------------------------------

    def pin(self, ref: str, new: NewPin) -> Pin:
        """Keep a version whatever a garbage collection asks for.

        Raises:
            Refused: If no reason is given.
            NotFound: If the version was dropped, or never was.
        """
        reason = rules.check_reason(new.reason)
        version = self._data.resolve(ref)
        now = self._clock.now()
        made = Pin(
            kind="pin",
            id=new_id("pin", now),
            version=version.id,
            reason=reason,
            by=current_actor(),
            at=now,
        )

        def put(tx: Transaction) -> Pin:
            data_rules.check_not_dropped(version_store.versions.get(tx, version.id))
            tx.emit(
                VersionPinned(
                    subject=version.id, dataset=version.dataset, number=version.number, reason=reason
                )
            )
            return store.pins.insert(tx, made)

        return self._database.write(put)

    def unpin(self, ref: str) -> list[Pin]:
        """Take the pins off a version that people put there; returns them."""
        version = self._data.resolve(ref)

        def take(tx: Transaction) -> list[Pin]:
            found = store.pins.all(tx, store.pins.c.version == version.id)
            for pin in found:
                tx.emit(
                    VersionUnpinned(
                        subject=version.id,
                        dataset=version.dataset,
                        number=version.number,
                        reason=pin.reason,
                    )
                )
            store.pins.remove(tx, store.pins.c.version == version.id)
            return found

        return self._database.write(take)

    def pins(self, ref: str) -> list[Pin]:
        """Everything that keeps a version: pins, tags, runs, models, decisions, marts, jobs."""
        version = self._data.resolve(ref)
        return self.pins_of([version]).get(version.id, [])

    def pins_of(self, versions: Sequence[DataVersion]) -> dict[str, list[Pin]]:
        """What keeps each of these versions, by its id; one that nothing keeps is left out."""
        wanted = {version.id: version for version in versions}
        found: dict[str, list[Pin]] = defaultdict(list)
        for pin in self._database.read(lambda tx: _kept_by_people(tx, list(wanted))):
            found[pin.version].append(pin)
        for pin in self._linked(wanted):
            found[pin.version].append(pin)
        for pin in self._database.read(_asked_for):
            if pin.version in wanted:
                found[pin.version].append(pin)
        return dict(found)

    def _linked(self, wanted: dict[str, DataVersion]) -> list[Pin]:
        """Runs, models and decisions that a version stands behind; versions that marts made of it."""
        links = [link for ids in _batches(list(wanted)) for link in self._ledger.links(ids)]
        made = {
            link.source
            for link in links
            if link.relation == "derived_from" and link.target in wanted and kind_of(link.source) == "ver"
        }
        alive = self._database.read(lambda tx: _alive(tx, made - wanted.keys())) | {
            one.id: one for one in wanted.values() if one.dropped_at is None
        }
        pins = []
        for link in links:
            version = wanted.get(link.target)
            if version is None:
                continue
            if link.relation in NEEDS:
                pins.append(_needed(link))
            by = alive.get(link.source) if link.relation == "derived_from" else None
            if by is not None and by.dataset_id != version.dataset_id:
                reason = f"{by.dataset}@v{by.number} was built from it"
                pins.append(Pin(kind="mart", version=version.id, reason=reason, by=by.id, at=link.at))
        return pins


def _batches(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]


def _needed(link: Link) -> Pin:
    words = {"trained_on": "was trained on it", "evaluated_on": "was measured on it"}
    return Pin(
        kind=_KINDS.get(kind_of(link.source), "decision"),
        version=link.target,
        reason=f"{link.source} {words.get(link.relation, 'rests on it')}",
        by=link.source,
        at=link.at,
    )


def _kept_by_people(tx: Transaction, ids: list[str]) -> list[Pin]:
    found: list[Pin] = []
    for some in _batches(ids):
        found += store.pins.all(tx, store.pins.c.version.in_(some))
        for tag in store.tags.all(tx, store.tags.c.version.in_(some)):
            found.append(
                Pin(kind="tag", version=tag.version, reason=f"tagged {tag.name}", by=tag.by, at=tag.at)
            )
    return found


def _alive(tx: Transaction, ids: set[str]) -> dict[str, DataVersion]:
    c = version_store.versions.c
    found = [v for some in _batches(list(ids)) for v in version_store.versions.all(tx, c.id.in_(some))]
    return {version.id: version for version in found if version.dropped_at is None}


def _asked_for(tx: Transaction) -> list[Pin]:
    """Versions that open jobs speak of, and those that the SQL of a mart names by number or digest."""
    pins = []
    for job in jobs.open_jobs(tx):
        for version in set(_VERSION_ID.findall(msgspec.json.encode(job.payload).decode())):
            why = f"{job.kind} works with it"
            pins += [Pin(kind="job", version=version, reason=why, by=job.id)]
    for mart in marts.marts.all(tx):
        for name in mart.inputs:
            pins += _read_by(tx, mart, name)
    return pins


def _read_by(tx: Transaction, mart: Mart, name: str) -> list[Pin]:
    ref = parse_ref(name)
    if ref.number is None and ref.digest is None:
        return []
    try:
        version = find_version(tx, ref)
    except NotFound:
        return []  # its next build will say so
    return [Pin(kind="mart", version=version.id, reason=f"{mart.name} reads {name}", by=mart.id)]
