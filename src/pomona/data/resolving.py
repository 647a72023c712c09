"""From a reference to its dataset or version."""

from pomona.core.errors import NotFound
from pomona.core.ids import kind_of
from pomona.core.ports import Transaction
from pomona.data import references, store
from pomona.data.keeping import store as keeping
from pomona.data.records import Dataset, DataVersion


def find_dataset(tx: Transaction, ref: str) -> Dataset:
    """The dataset with this id or name.

    Raises:
        NotFound: If there is none.
    """
    if kind_of(ref) == "dat":
        return store.datasets.get(tx, ref)
    found = store.datasets.first(tx, store.datasets.c.name == ref)
    if found is None:
        raise NotFound(f"no dataset named {ref!r}", hint="`pomona data ls` lists them")
    return found


def find_version(tx: Transaction, ref: references.Ref) -> DataVersion:
    """The version that a reference means now.

    Raises:
        NotFound: If there is none.
        Invalid: If its digest fits several.
    """
    if ref.version_id:
        return store.versions.get(tx, ref.version_id)
    dataset = find_dataset(tx, ref.dataset)
    if ref.number is not None:
        found = store.numbered(tx, dataset.id, ref.number)
    elif ref.digest is not None:
        matches = store.by_digest(tx, dataset.id, ref.digest)
        references.check_one_digest(ref.digest, {match.digest for match in matches})
        found = matches[0] if matches else None
    elif ref.tag is not None:
        tag = keeping.tag_named(tx, dataset.id, ref.tag)
        found = store.versions.get(tx, tag.version) if tag else None
    elif ref.until is not None:
        found = _of_time(tx, dataset, ref)
    else:
        found = store.newest(tx, dataset.id, usable=ref.word == "latest", passed=ref.word == "passed")
    if found is None:
        raise references.missing_version(ref, store.newest(tx, dataset.id))
    return found


def _of_time(tx: Transaction, dataset: Dataset, ref: references.Ref) -> DataVersion | None:
    """The newest version, not quarantined, of which the source was so, and that was there, by then."""
    c = store.versions.c
    for version in store.versions.all(
        tx, c.dataset_id == dataset.id, c.quality != "critical", order_by=[c.number.desc()]
    ):
        if ref.until is not None and version.as_of <= ref.until:
            return version
    return None
