"""Both models are judged on the same newest labelled rows."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from tests.loop.world import START, FakeData, FakeRegistry

from pomona.business.records import Payoffs
from pomona.core.errors import Invalid
from pomona.data.records import Dataset, DataVersion
from pomona.loop.evaluation import Evaluation
from pomona.loop.records import Recipe, RetrainPlan
from pomona.registry.records import ModelVersion
from pomona.releases.records import Endpoint

ENDPOINT = Endpoint(
    id="end_1",
    name="late",
    model="delay",
    payoffs=Payoffs(true_positive=Decimal(40), false_positive=Decimal(-15), threshold=0.9),
    threshold=0.4,
    created_at=START,
    created_by="ann",
)
DAYS = 40


def plan(**more: Any) -> RetrainPlan:
    recipe = Recipe(**({"entry": "gbt", "label": "late", "holdout_days": 7} | more))
    return RetrainPlan(
        reaction="rea_1", trigger="t", endpoint="late", recipe=recipe, data_version="ver_1", reason="x"
    )


class Rows(FakeData):
    """One row an hour for 40 days; the last two days have no label yet."""

    time_column: str | None = "at"

    def dataset(self, ref: str) -> Dataset:
        return Dataset(
            id="dat_1", name="flights", time_column=self.time_column, created_at=START, created_by="ann"
        )

    def resolve(self, ref: str) -> DataVersion:
        return msgspec.structs.replace(super().resolve(ref), until=START + timedelta(days=DAYS))

    def read(
        self,
        ref: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        purpose: str | None = None,
    ) -> pa.Table:
        hours = range(DAYS * 24)
        times = [START + timedelta(hours=hour) for hour in hours]
        late = [hour % 3 == 0 for hour in hours]
        known = (DAYS - 2) * 24
        table = pa.table(
            {
                "at": pa.array(times, pa.timestamp("us", tz="UTC")),
                "late": pa.array([*late[:known], *[None] * 48]),
                "mv_2": pa.array([0.6 if x else 0.2 for x in late]),
                "mv_1": pa.array([0.6] * len(late)),
            }
        )
        assert since is not None
        return table.filter(pa.array([at >= since for at in table.column("at").to_pylist()]))


class Scorer:
    """Each version's answers stand in a column of its name."""

    def score(self, version: ModelVersion, table: pa.Table, **_: Any) -> np.ndarray[Any, Any]:
        found: np.ndarray[Any, Any] = table.column(version.id).to_numpy()
        return found


def evaluation(data: Rows | None = None) -> Evaluation:
    return Evaluation(data or Rows(), Scorer())  # type: ignore[arg-type]


def compare(metric: str = "value_per_prediction", **more: Any) -> Any:
    registry = FakeRegistry()
    return evaluation().compare(
        ENDPOINT, registry.version("mv_2"), registry.version("mv_1"), plan=plan(**more), metric=metric
    )


def test_the_newest_labelled_days_are_the_hold_out() -> None:
    found = compare()
    assert found.rows == 7 * 24
    assert found.until == START + timedelta(days=DAYS - 2, hours=-1)
    assert found.since == found.until - timedelta(days=7) + timedelta(hours=1)


def test_what_a_script_is_given_ends_where_the_hold_out_begins() -> None:
    assert evaluation().boundary(ENDPOINT, plan()) == compare().since


def test_money_is_counted_at_the_threshold_the_endpoint_decides_by() -> None:
    found = compare()
    late = 56 / 168
    assert found.candidate.value == pytest.approx(40 * late)
    assert found.champion.value == pytest.approx(40 * late - 15 * (1 - late))
    assert found.candidate.standard_error == pytest.approx(15 * np.sqrt(late * (1 - late) / 167), rel=0.01)
    assert (found.candidate.data_version, found.candidate.rows) == ("ver_1", 168)


def test_any_metric_of_the_hypothesis_will_do() -> None:
    found = compare("roc_auc")
    assert (found.candidate.value, found.champion.value) == (1.0, 0.5)
    assert found.candidate.standard_error is None


def test_without_times_or_labels_nothing_can_be_judged() -> None:
    with pytest.raises(Invalid, match="no column 'lat'") as refused:
        compare(label="lat")
    assert "late" in str(refused.value.hint)
    data = Rows()
    data.time_column = None
    with pytest.raises(Invalid, match="time column"):
        evaluation(data).boundary(ENDPOINT, plan())
