"""The doors to an MLflow store elsewhere: what is in it, and the files that belong to it."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Protocol

from pomona.registry.importing.records import (
    OldEvaluation,
    OldExperiment,
    OldFile,
    OldModel,
    OldRegistered,
    OldRun,
    OldTrace,
    OldWebhook,
    Point,
)
from pomona.registry.importing.rules import Address
from pomona.training.evaluation.records import EvaluationRow
from pomona.training.traces.records import Span


class Origin(Protocol):
    """Reads a store, never writes into it. What it raises are kinds of PomonaError with a hint."""

    def experiments(self) -> list[OldExperiment]:
        """All of them, deleted ones too, with counts."""
        ...

    def runs(self, experiment: OldExperiment) -> Iterator[list[OldRun]]:
        """Its runs, deleted ones too, some hundred at a time."""
        ...

    def points(self, runs: Sequence[OldRun]) -> Iterator[list[Point]]:
        """Every metric value of these runs, in pieces; all of one run follow one another."""
        ...

    def models(self, experiment: OldExperiment) -> Iterator[list[OldModel]]:
        """Its logged models, some hundred at a time."""
        ...

    def registered(self) -> list[OldRegistered]:
        """Registered models and prompts with their versions."""
        ...


class Observed(Protocol):
    """Reads what a store holds of applications: traces, what they are judged by, and who is told."""

    def traces(self, experiment: OldExperiment) -> Iterator[list[OldTrace]]:
        """Its traces with their assessments, some hundred at a time."""
        ...

    def spans(self, trace: OldTrace, files: "Files | None") -> list[Span]:
        """All spans of a trace; those that lie in a file are read through ``files``.

        Raises:
            NotFound: If they are not to be found.
            Invalid: If they cannot be read.
        """
        ...

    def evaluations(self) -> list[OldEvaluation]:
        """Evaluation datasets without their rows."""
        ...

    def rows(self, dataset: OldEvaluation) -> Iterator[list[EvaluationRow]]:
        """The rows of one, some hundred at a time."""
        ...

    def webhooks(self) -> list[OldWebhook]:
        """Webhooks, without what was deleted."""
        ...


class Files(Protocol):
    """Files below runs and logged models."""

    def listed(self, address: Address) -> list[OldFile]:
        """Every file; none if nothing was logged.

        Raises:
            NotFound: If the place itself is not to be found.
            Refused: If it may not be read from here.
        """
        ...

    def open(self, address: Address, path: str) -> BinaryIO:
        """One file's bytes, as a stream that the caller closes."""
        ...
