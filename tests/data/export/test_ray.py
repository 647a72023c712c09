"""Versions as Ray datasets; runs where Ray is installed."""

from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pytest

from pomona.core.errors import MissingExtra, Unavailable
from pomona.sdk.client import Client, connect
from pomona.sdk.http import HttpTransport
from pomona.server.embedded import listening

here = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")


@here
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_each_file_is_read_by_a_task_and_hidden_rows_are_left_out(tmp_path: Path) -> None:
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        with connect(home=tmp_path / "home") as own:
            own.data.create("d", key=["id"])
            own.data.commit("d", pa.table({"id": range(1000), "x": [1.0] * 1000}))
            own.data.commit("d", pa.table({"id": range(5000, 6000), "x": [2.0] * 1000}), mode="append")
            gone = {"id": [7, 5007], "x": [0.0, 0.0], "_deleted": [True, True]}
            version = own.data.commit("d", pa.table(gone), mode="delta")
            with pytest.raises(Unavailable, match="in this process"):
                version.to_ray()
            with listening(own.session.transport._embedded._app) as place:  # type: ignore[attr-defined]
                client = Client(HttpTransport(place.url, token=place.token))
                found = client.data.version("d").to_ray()
                assert found.count() == 1998
                assert found.sum("id") == sum(range(1000)) - 7 + sum(range(5000, 6000)) - 5007
                rows = found.to_pandas().sort_values("id")
                assert rows["id"].tolist() == sorted(version.to_arrow().column("id").to_pylist())
                part = client.data.version("d").select(["x"]).to_ray()
                assert part.columns() == ["x"]
                assert part.take(2) == [{"x": 1.0}, {"x": 1.0}]
    finally:
        ray.shutdown()


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_its_extra_is_named(tmp_path: Path) -> None:
    with connect(home=tmp_path / "home") as client:
        client.data.create("d")
        version = client.data.commit("d", pa.table({"x": [1]}))
        with pytest.raises(MissingExtra) as caught:
            version.to_ray()
    assert caught.value.hint == "pip install 'pomona[ray]'"
