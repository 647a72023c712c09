"""What the client alone can do: many batches, pages, artifacts in folders, deleting and restoring."""

import tempfile
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

client = MlflowClient()
experiment = client.create_experiment("client", tags={"a": "b"})
assert client.get_experiment_by_name("client").experiment_id == experiment
run = client.create_run(experiment, run_name="one").info.run_id
now = int(time.time() * 1000)
metrics = [Metric("loss", 1 / (i + 1), now + i, i) for i in range(900)]
client.log_batch(run, metrics, [Param("lr", "0.1")], [RunTag("team", "x")])
client.log_metric(run, "acc", float("nan"))
assert len(client.get_metric_history(run, "loss")) == 900
with pytest.raises(MlflowException, match="Changing param values") as caught:
    client.log_param(run, "lr", "0.2")
assert caught.value.error_code == "INVALID_PARAMETER_VALUE"

with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    (folder / "deep").mkdir()
    (folder / "big.bin").write_bytes(bytes(range(256)) * 40_000)
    (folder / "deep" / "x.txt").write_text("pear")
    client.log_artifacts(run, name, "files")
    assert [item.path for item in client.list_artifacts(run, "files")] == ["files/big.bin", "files/deep"]
    with tempfile.TemporaryDirectory() as to:
        got = Path(client.download_artifacts(run, "files", to))
        assert (got / "big.bin").read_bytes() == (folder / "big.bin").read_bytes()
        assert (got / "deep" / "x.txt").read_text() == "pear"

for index in range(5):
    client.create_run(experiment, run_name=f"more{index}")
page = client.search_runs([experiment], max_results=4)
rest = client.search_runs([experiment], max_results=4, page_token=page.token)
assert len(page) == 4
assert len(rest) == 2
client.set_terminated(run, "FAILED")
client.delete_run(run)
assert client.get_run(run).info.lifecycle_stage == "deleted"
client.restore_run(run)
assert client.get_run(run).info.status == "FAILED"
client.rename_experiment(experiment, "renamed")
client.delete_experiment(experiment)
client.restore_experiment(experiment)
assert [item.name for item in client.search_experiments(filter_string="name = 'renamed'")] == ["renamed"]
print("client script done")
