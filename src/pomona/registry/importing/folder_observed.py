"""Traces in a folder of MLflow: what it says of each in YAML, spans in its artifacts."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from pomona.registry.importing.door import Files
from pomona.registry.importing.folder import FolderOrigin
from pomona.registry.importing.observed import in_file
from pomona.registry.importing.records import OldEvaluation, OldExperiment, OldTrace, OldWebhook
from pomona.registry.importing.trace_shapes import old_trace_from, trace_from
from pomona.training.evaluation.records import EvaluationRow
from pomona.training.traces.records import ARTIFACTS_TAG, Span

_PAGE = 200


class FolderObserved:
    """See ``Observed``. MLflow keeps evaluation datasets and webhooks in databases only."""

    def __init__(self, origin: FolderOrigin) -> None:
        self._origin = origin

    def traces(self, experiment: OldExperiment) -> Iterator[list[OldTrace]]:
        folders = self._origin.trace_folders(experiment)
        for start in range(0, len(folders), _PAGE):
            yield [self._trace(folder) for folder in folders[start : start + _PAGE]]

    def _trace(self, folder: Path) -> OldTrace:
        about, tags, metadata = self._origin.about_trace(folder)
        tags = {ARTIFACTS_TAG: str(folder / "artifacts")} | tags
        if "trace_id" in about:
            return trace_from(about | {"tags": tags, "trace_metadata": metadata})
        found = old_trace_from({"request_id": folder.name} | about | {"tags": None, "request_metadata": None})
        return msgspec.structs.replace(
            found, info=msgspec.structs.replace(found.info, tags=tags, metadata=metadata)
        )

    def spans(self, trace: OldTrace, files: Files | None) -> list[Span]:
        return in_file(trace, files)

    def evaluations(self) -> list[OldEvaluation]:
        return []

    def rows(self, dataset: OldEvaluation) -> Iterator[list[EvaluationRow]]:
        return iter(())

    def webhooks(self) -> list[OldWebhook]:
        return []
