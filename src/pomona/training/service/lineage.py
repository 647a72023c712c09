"""How a run's tags and inputs tie it to hypothesis, data, code and environment in the ledger."""

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from pomona.business.service import BusinessService
from pomona.core.errors import PomonaError
from pomona.core.links import Relation
from pomona.data.filesets.records import FileSetVersion
from pomona.data.records import DataVersion
from pomona.data.rules import TRAINING
from pomona.training.records.runs import (
    CODE_TAG,
    DATA_VERSION_TAG,
    ENTRY_TAG,
    ENVIRONMENT_TAG,
    FILES_TAG,
    FORCE_TAG,
    HYPOTHESIS_TAG,
    PURPOSE_TAG,
    DatasetInput,
)

CONTEXT_TAG = "mlflow.data.context"
GIT_TAG = "mlflow.source.git.commit"
_VERSION_ID = re.compile(r"\b(?:ver|fsv)_[0-9a-z]{26}\b")
_ADDRESS = re.compile(r"\bpomona:(?://)?([\w./-]+@[\w]+)")
_DIGEST = re.compile(r"[0-9a-f]{12,64}")
EVALUATION = ("eval", "evaluation", "test", "testing", "validation", "holdout", "hold-out")

TagLinks = list[tuple[Relation, str]]


class FindsVersions(Protocol):
    """What tracking needs of the data stage."""

    def resolve(self, ref: str, /) -> DataVersion:
        """The data version that a reference names; raises NotFound."""
        ...

    def usable_for_training(
        self, ref: str, force_reason: str | None = None, purpose: str = TRAINING, /
    ) -> DataVersion:
        """As ``resolve``; raises Refused if it may not serve the purpose, or failed its checks."""
        ...


class FindsFileSets(Protocol):
    """What tracking needs of file sets."""

    def resolve(self, ref: str, /) -> FileSetVersion:
        """The version of a file set that a reference names; raises NotFound."""
        ...


class Lineage:
    """Recognises the records that a client's tags and inputs speak of."""

    def __init__(
        self, business: BusinessService, data: FindsVersions, files: FindsFileSets | None = None
    ) -> None:
        self._business = business
        self._data = data
        self._finders: list[FindsVersions | FindsFileSets] = [data, *([files] if files else [])]
        self._files = files

    def tags(self, tags: Mapping[str, str], *, known: Mapping[str, str] | None = None) -> dict[str, str]:
        """The tags with names of hypotheses and data versions replaced by their ids.

        Args:
            known: The tags that the run has already.

        Raises:
            NotFound: If a tag names one that does not exist.
            Refused: If the data failed its checks and no tag ``pomona.force`` says why it is used.
        """
        found = dict(tags)
        if name := tags.get(HYPOTHESIS_TAG):
            found[HYPOTHESIS_TAG] = self._business.hypothesis(name).id
        if ref := tags.get(DATA_VERSION_TAG):
            reason = tags.get(FORCE_TAG) or (known or {}).get(FORCE_TAG)
            purpose = _purpose(tags, known or {})
            found[DATA_VERSION_TAG] = self._data.usable_for_training(ref, reason, purpose).id
        if self._files is not None and (ref := tags.get(FILES_TAG)):
            found[FILES_TAG] = self._files.resolve(ref).id
        return found

    @staticmethod
    def links(tags: Mapping[str, str]) -> TagLinks:
        """The links of the ledger that resolved tags stand for."""
        relations: list[tuple[str, Relation, str]] = [
            (HYPOTHESIS_TAG, "tests", ""),
            (DATA_VERSION_TAG, "trained_on", ""),
            (FILES_TAG, "trained_on", ""),
            (ENTRY_TAG, "ran", ""),
            (CODE_TAG, "used_code", ""),
            (ENVIRONMENT_TAG, "used_environment", ""),
            (GIT_TAG, "used_code", "git:"),
        ]
        return [(relation, f"{kind}{tags[tag]}"[:64]) for tag, relation, kind in relations if tags.get(tag)]

    def recognise(self, inputs: Sequence[DatasetInput], *, known: Mapping[str, str]) -> list[DatasetInput]:
        """The inputs, each with the data version it is, where one can be found.

        Args:
            known: The tags of the run; the version they name was looked at when they were set.

        Raises:
            Refused: If one to train on failed its checks and no tag ``pomona.force`` says why it is used;
                or may not serve the purpose in the tag ``pomona.purpose`` (default ``training``).
        """
        found = self.identify(inputs)
        for item in found:
            if _is_to_be_judged(item, known):
                reason = item.tags.get(FORCE_TAG) or known.get(FORCE_TAG)
                purpose = _purpose(item.tags, known)
                self._data.usable_for_training(str(item.data_version), reason, purpose)
        return found

    def identify(self, inputs: Sequence[DatasetInput]) -> list[DatasetInput]:
        """As ``recognise``, for what was read elsewhere, long ago: nobody judges it any more."""
        return [msgspec.structs.replace(item, data_version=self._version(item)) for item in inputs]

    @staticmethod
    def input_links(inputs: Sequence[DatasetInput]) -> TagLinks:
        """Which versions the run was trained or evaluated on."""
        return [
            ("evaluated_on" if _is_evaluation(item) else "trained_on", found)
            for item in inputs
            if (found := item.data_version)
        ]

    def _version(self, item: DatasetInput) -> str | None:
        for ref in _references(item):
            for finder in self._finders:
                try:
                    return finder.resolve(ref).id
                except PomonaError:
                    continue  # not one of ours; it is shown as unversioned
        return None


def _is_to_be_judged(item: DatasetInput, known: Mapping[str, str]) -> bool:
    """A table to train on that was not looked at yet; file sets have no checks that could fail."""
    version = item.data_version or ""
    return version.startswith("ver_") and version != known.get(DATA_VERSION_TAG) and not _is_evaluation(item)


def _purpose(tags: Mapping[str, str], known: Mapping[str, str]) -> str:
    return tags.get(PURPOSE_TAG) or known.get(PURPOSE_TAG) or TRAINING


def _is_evaluation(item: DatasetInput) -> bool:
    return item.tags.get(CONTEXT_TAG, "").lower() in EVALUATION


def _references(item: DatasetInput) -> list[str]:
    refs = [item.tags[DATA_VERSION_TAG]] if item.tags.get(DATA_VERSION_TAG) else []
    refs += _VERSION_ID.findall(item.source) + _ADDRESS.findall(item.source)
    if _DIGEST.fullmatch(item.digest):
        refs.append(f"{item.name}@{item.digest}")
    return refs
