"""Finds an installed plugin by group and name, and loads it when it is used; the built-ins, too."""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pomona.core.errors import MissingExtra, NotFound


class UnknownPlugin(NotFound):
    """No plugin of this name is installed."""

    def __init__(self, group: str, name: str, known: list[str]) -> None:
        super().__init__(
            f"no plugin {name!r} in group {group!r}",
            hint=f"installed: {', '.join(known) or 'none'}; add more with pip",
        )


def load(group: str, name: str, *, extra: str | None = None) -> Any:
    """What the plugin's entry point names.

    Args:
        extra: Pomona's own extra that brings what the group's built-ins import.

    Raises:
        UnknownPlugin: If none of this name is installed.
        MissingExtra: If it needs a package that is not.
    """
    found = _found(group)
    if name not in found:
        raise UnknownPlugin(group, name, names(group))
    try:
        return found[name].load()
    except ModuleNotFoundError as error:
        if extra is None or error.name is None or error.name.startswith("pomona"):
            raise
        raise MissingExtra(error.name.partition(".")[0], extra) from error


def names(group: str) -> list[str]:
    """The plugins installed in a group."""
    return sorted(_found(group))


def _found(group: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=f"pomona.{group}")}
