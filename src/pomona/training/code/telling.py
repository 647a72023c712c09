"""Use case: a run's own process tells where it comes from."""

from collections.abc import Callable, Mapping

from pomona.core.errors import Invalid
from pomona.core.ports import Blobs
from pomona.training.code.records import NewRunOrigin, RunOrigin
from pomona.training.code.service import CodeService
from pomona.training.records.costs import MACHINE_TAGS
from pomona.training.records.runs import ENVIRONMENT_TAG

_MOST_PACKAGES = 10_000

SetTags = Callable[[str, Mapping[str, str]], None]
"""Sets tags on a run."""


class Origins:
    """Turns what a process says of itself into tags of its run.

    Args:
        tag: How tags are set on a run.
    """

    def __init__(self, blobs: Blobs, code: CodeService, tag: SetTags) -> None:
        self._blobs = blobs
        self._code = code
        self._tag = tag

    def tell(self, new: NewRunOrigin) -> RunOrigin:
        """Keep where a run comes from; the tags returned say it, and are set if the run is named.

        Raises:
            Invalid: If a part cannot be kept, or the run is deleted.
            NotFound: If there is no such run.
        """
        unknown = sorted(new.machine.keys() - MACHINE_TAGS)
        if unknown:
            raise Invalid(f"{unknown[0]!r} says nothing of a machine", hint=", ".join(sorted(MACHINE_TAGS)))
        if len(new.packages) > _MOST_PACKAGES:
            raise Invalid(f"{len(new.packages):,} packages", hint=f"at most {_MOST_PACKAGES:,} are kept")
        tags = dict(new.machine)
        if new.packages:
            tags[ENVIRONMENT_TAG] = self._blobs.put("\n".join(new.packages).encode())
        if new.git is not None:
            tags |= self._code.tags_of(new.git)
        if new.run is not None:
            self._tag(new.run, tags)
        return RunOrigin(tags=tags)
