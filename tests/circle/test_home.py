"""The home page says of each stage what its own page says."""

from pathlib import Path

import pyarrow as pa

from pomona.app import open_app
from pomona.data.records import NewDataset


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
