"""The home page says of each stage what its own page says."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from pomona.app import open_app
from pomona.circle.records import Balance
from pomona.data.records import NewDataset

_HOUR_MS = 3_600_000


def test_the_data_of_home_are_the_last_versions(tmp_path: Path) -> None:
    app = open_app(tmp_path)
    try:
        app.data.create(NewDataset(name="empty"))
        for name, most in (("pears", 3), ("apples", 1)):
            app.data.create(NewDataset(name=name, key=("id",)))
            for rows in range(1, most + 1):
                app.data.commit(name, pa.table({"id": list(range(rows))}))
        shown = next(stage for stage in app.circle.now().stages if stage.stage == "data")
        assert {fact.label: fact.value for fact in shown.facts} == {
            "datasets": "3",
            "versions": "4",
            "rows": "4",
        }
        assert shown.headline.startswith("apples v1: 1 rows")
    finally:
        app.close()


@pytest.mark.parametrize(
    ("prices", "shown"),
    [
        ("EUR:cpu=2", [Balance(currency="EUR", spent=Decimal("6.0000"))]),
        ("EUR:gpu=2", []),  # no run used one
        ("", []),
        ("what?", []),  # the pages of cost say what is wrong with it
    ],
)
def test_home_says_what_training_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prices: str, shown: list[Balance]
) -> None:
    monkeypatch.setenv("POMONA_PRICES", prices)
    app = open_app(tmp_path)
    try:
        run = app.tracking.start("0", tags={}, start_ms=0)
        app.tracking.update(run.id, status="FINISHED", end_ms=3 * _HOUR_MS)
        assert app.circle.now().money == shown
    finally:
        app.close()
