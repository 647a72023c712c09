"""An app with loans and payments in it, whose jobs and reactions run when told to."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from tests.databases import home_records

from pomona.app import App, open_app
from pomona.data.records import NewDataset
from pomona.worker import Housekeeper

FEATURES = """
select l.id, l.at, l.late, p.amount as last_paid
from "credit/loans" l
asof left join payments p on l.customer = p.customer and l.at >= p.paid_at
"""


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


LOANS = {
    "id": [1, 2, 3],
    "customer": [7, 7, 8],
    "at": [day(5), day(10), day(10)],
    "late": [False, True, False],
}
PAYMENTS = {
    "pid": [1, 2, 3],
    "customer": [7, 7, 8],
    "paid_at": [day(4), day(9), day(12)],
    "amount": [10.0, 20.0, 30.0],
}


class World:
    """An app whose jobs and reactions run when told to."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.marts = app.marts
        self.data = app.data
        self._house = Housekeeper(app)

    def settle(self) -> None:
        self._house.settle()

    def commit(self, dataset: str, columns: dict[str, Any]) -> str:
        return self.data.commit(dataset, pa.table(columns)).version.id

    def versions(self, dataset: str) -> int:
        return len([one for one in self.data.versions(dataset) if one.mode != "rebase"])


def prepare(home: Path) -> None:
    """Declare and fill both datasets."""
    app = open_app(home, address=home_records())
    app.data.create(
        NewDataset(name="credit/loans", key=("id",), time_column="at", purposes=("scoring", "research"))
    )
    app.data.create(
        NewDataset(name="payments", key=("pid",), time_column="paid_at", purposes=("scoring", "billing"))
    )
    found = World(app)
    found.commit("credit/loans", LOANS)
    found.commit("payments", PAYMENTS)
    app.close()
