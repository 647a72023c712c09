"""Finding models and versions: the search grammar of the MLflow protocol."""

from collections.abc import Sequence
from typing import Literal

from pomona.core.errors import Invalid
from pomona.core.ports import Database
from pomona.registry import store
from pomona.registry.prompts.rules import split
from pomona.registry.records import ModelVersion, RegisteredModel
from pomona.training.records.search import SortKey
from pomona.training.rules import filters
from pomona.training.rules.paging import check_page_size

_MODEL_ORDER = filters.Grammar(
    entities=("attribute",), texts=("name",), numbers=("timestamp", "last_updated_timestamp")
)
_VERSION_ORDER = filters.Grammar(
    entities=("attribute",),
    texts=("name",),
    numbers=("version_number", "creation_timestamp", "last_updated_timestamp"),
)


class Search:
    """Pages of models and versions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def models(
        self,
        *,
        filter: str = "",  # noqa: A002 (the protocol's word)
        order_by: Sequence[str] = (),
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[list[RegisteredModel], int | None]:
        """One page of models, by name, and the offset of the next page.

        Raises:
            Invalid: If filter, order or limit cannot be read.
        """
        check_page_size(limit, most=1000)
        _, conditions = split(filters.parse_filter(filter, filters.MODELS))
        order = _order(order_by, _MODEL_ORDER)
        found, more = self._database.read(
            lambda tx: store.search_models(tx, conditions, order, limit=limit, offset=offset)
        )
        return found, offset + limit if more else None

    def versions(
        self,
        *,
        filter: str = "",  # noqa: A002 (the protocol's word)
        order_by: Sequence[str] = (),
        limit: int = 10_000,
        offset: int = 0,
    ) -> tuple[list[ModelVersion], int | None]:
        """One page of versions, newest first, and the offset of the next page.

        Raises:
            Invalid: If filter, order or limit cannot be read.
        """
        check_page_size(limit, most=200_000)
        _, conditions = split(filters.parse_filter(filter, filters.MODEL_VERSIONS))
        order = _order(order_by, _VERSION_ORDER)
        found, more = self._database.read(
            lambda tx: store.search_versions(tx, conditions, order, limit=limit, offset=offset)
        )
        return found, offset + limit if more else None


def orders_of(order_by: Sequence[str], what: Literal["models", "versions"]) -> list[SortKey]:
    """The sort keys of a search.

    Raises:
        Invalid: If one cannot be read, or comes twice.
    """
    return _order(order_by, _MODEL_ORDER if what == "models" else _VERSION_ORDER)


def _order(order_by: Sequence[str], grammar: filters.Grammar) -> list[SortKey]:
    keys = [filters.parse_order(item, grammar) for item in order_by]
    if len({key.key for key in keys}) < len(keys):
        raise Invalid(f"`order_by` contains duplicate fields: {list(order_by)}")
    return keys
