"""Two versions side by side."""

import io
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.registry.test_service import MLMODEL

from pomona.core.errors import Invalid, NotFound
from pomona.core.ports import Ledger
from pomona.data.comparison.service import ComparisonService
from pomona.data.diff.service import DiffService
from pomona.data.records import DataVersion
from pomona.data.service import DataService
from pomona.data.shelf import Shelf
from pomona.registry.comparing.rules import metrics_between, packages_in, values_between
from pomona.registry.comparing.service import Comparer, better
from pomona.registry.records import ModelVersion, NewVersion
from pomona.registry.service import RegistryService
from pomona.storage.files import FileBlobs
from pomona.training.records.runs import Metric
from pomona.training.rules.paths import ArtifactAddress
from pomona.training.service.tracking import TrackingService

TEXTS = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=8)
NUMBERS = st.dictionaries(st.sampled_from(["rmse", "test_roc_auc", "epochs", "loss"]), st.floats(-9, 9))


@pytest.fixture
def comparer(
    registry: RegistryService, tracking: TrackingService, blobs: FileBlobs, data: DataService, ledger: Ledger
) -> Comparer:
    shelf = Shelf(data, blobs, data._tables)
    return Comparer(registry, tracking, blobs, DiffService(shelf, ComparisonService(data)).diff)


def trained(
    tracking: TrackingService, registry: RegistryService, *, auc: float, data: str | None, **about: Any
) -> ModelVersion:
    tags = {"pomona.data_version": data} if data else {}
    run = tracking.start(tags=tags | {"mlflow.source.git.commit": about.get("commit", "a" * 40)})
    metrics = [Metric(key="test_roc_auc", value=auc, timestamp=1), Metric(key="epochs", value=3, timestamp=1)]
    tracking.log(run.id, metrics=metrics, params=list(about.get("params", {}).items()))
    files = {"MLmodel": MLMODEL, "requirements.txt": about.get("packages", b"numpy==2.1\n"), "w": b"w"}
    for name, body in (files | about.get("files", {})).items():
        tracking.artifacts.put(ArtifactAddress(root=run.id, path=f"model/{name}"), io.BytesIO(body))
    return registry.register("late", NewVersion(run_id=run.id))


def test_everything_in_which_two_versions_differ(
    comparer: Comparer,
    registry: RegistryService,
    tracking: TrackingService,
    data: DataService,
    version: DataVersion,
) -> None:
    rows = data.resolve(version.id).rows
    schema = data.resolve(version.id).schema
    newer = data.commit("flights", pa.table({"id": [1, 900], **more_columns(schema)}))
    trained(tracking, registry, auc=0.7, data=version.id, params={"depth": "3", "rate": "0.1"})
    trained(
        tracking,
        registry,
        auc=0.8,
        data=newer.version.id,
        params={"depth": "5", "rate": "0.1", "seed": "1"},
        packages=b"numpy==2.2\npolars>=1\n",
        files={"w": b"other", "extra.txt": b"x"},
        commit="b" * 40,
    )
    found = comparer.diff("late/1", "late/2")
    assert (found.before.number, found.after.number, found.same_files, found.same_code) == (
        1,
        2,
        False,
        False,
    )
    assert {item.path: item.change for item in found.files} == {
        "MLmodel": "same", "requirements.txt": "changed", "w": "changed", "extra.txt": "added",
    }  # fmt: skip
    assert {item.name: (item.before, item.after) for item in found.params if item.change != "same"} == {
        "depth": ("3", "5"), "seed": (None, "1"),
    }  # fmt: skip
    auc = next(item for item in found.metrics if item.name == "test_roc_auc")
    assert (auc.verdict, auc.delta) == ("better", pytest.approx(0.1))
    assert auc.relative == pytest.approx(1 / 7)
    assert next(item for item in found.metrics if item.name == "epochs").verdict == "same"
    assert {item.name: item.change for item in found.packages} == {"numpy": "changed", "polars": "added"}
    assert found.data.added is not None
    assert found.data.removed is not None
    assert rows + found.data.added - found.data.removed == 2
    assert found.data.before_ref == "flights@v1"


def more_columns(schema: Any) -> dict[str, list[None]]:
    kinds = {"int64": pa.int64(), "double": pa.float64(), "string": pa.string()}
    return {
        field.name: pa.nulls(2, kinds.get(field.type, pa.int64())) for field in schema if field.name != "id"
    }


def test_a_version_is_the_same_as_itself(
    comparer: Comparer, registry: RegistryService, tracking: TrackingService, version: DataVersion
) -> None:
    trained(tracking, registry, auc=0.7, data=version.id)
    found = comparer.diff("late/1", "late@latest")
    assert found.same_files
    assert found.same_code
    assert found.data.same
    parts = (*found.files, *found.params, *found.flavors, *found.signature, *found.packages)
    assert {item.change for item in parts} == {"same"}
    assert {item.verdict for item in found.metrics} == {"same"}


def test_unversioned_data_and_unknown_versions_are_said(
    comparer: Comparer, registry: RegistryService, tracking: TrackingService, version: DataVersion
) -> None:
    trained(tracking, registry, auc=0.7, data=version.id)
    trained(tracking, registry, auc=0.7, data=None)
    assert "unversioned" in comparer.diff("late/1", "late/2").data.note
    assert "neither" in comparer.diff("late/2", "late/2").data.note
    with pytest.raises(NotFound):
        comparer.diff("late/1", "late/9")
    with pytest.raises(Invalid):
        comparer.diff("late/1", "")


@given(TEXTS, TEXTS)
def test_a_difference_backwards_is_the_difference_turned_round(
    one: dict[str, str], two: dict[str, str]
) -> None:
    turned = {"added": "removed", "removed": "added", "changed": "changed", "same": "same"}
    forth, back = values_between(one, two), values_between(two, one)
    assert [(item.name, turned[item.change]) for item in forth] == [(item.name, item.change) for item in back]
    assert {item.name for item in forth} == one.keys() | two.keys()


@given(NUMBERS, NUMBERS)
def test_what_is_better_forth_is_worse_back(one: dict[str, float], two: dict[str, float]) -> None:
    turned = {"better": "worse", "worse": "better", "same": "same", "unknown": "unknown"}
    forth, back = metrics_between(one, two, better), metrics_between(two, one, better)
    assert [turned[item.verdict] for item in forth] == [item.verdict for item in back]


def test_packages_of_conda_and_of_pip() -> None:
    conda = "channels:\n- x-forge\ndependencies:\n- python=3.11\n- pip:\n  - mlflow==3.4\n  - A.b_c>=1\n"
    assert packages_in(conda) == {"python": "=3.11", "mlflow": "==3.4", "a-b-c": ">=1"}
