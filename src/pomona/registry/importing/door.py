"""The doors to an MLflow store elsewhere: what is in it, and the files that belong to it."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Protocol

from pomona.registry.importing.records import OldExperiment, OldFile, OldModel, OldRegistered, OldRun, Point
from pomona.registry.importing.rules import Address


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
        """Registered models with their versions."""
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
