"""Evaluation datasets by `mlflow.genai.datasets`, written for `mlflow server`."""

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.genai import datasets

here = mlflow.set_experiment("evaluating").experiment_id
made = datasets.create_dataset(name="questions", experiment_id=[here], tags={"a": "b"})
rows = [
    {"inputs": {"q": "1"}, "expectations": {"x": 1}, "tags": {"t": "1"}},
    {"inputs": {"q": "2"}, "outputs": {"o": [1]}},
]
made.merge_records(rows)
made.merge_records([{"inputs": {"q": "1"}, "expectations": {"y": 2}}])
found = datasets.get_dataset(dataset_id=made.dataset_id)
frame = found.to_df().set_index(found.to_df()["inputs"].map(lambda inputs: inputs["q"]))
assert frame.loc["1", "expectations"] == {"x": 1, "y": 2}
assert frame.loc["2", "outputs"] == {"o": [1]}
assert '"num_records": 2' in found.profile.replace(":2", ": 2")
assert found.digest != made.digest


@mlflow.trace
def answer(q: str) -> str:
    return q.upper()


answer("why")
mlflow.flush_trace_async_logging()
found.merge_records(mlflow.search_traces(return_type="list"))
traced = found.to_df()[found.to_df()["source_type"] == "TRACE"].iloc[0]
assert (traced["inputs"], traced["outputs"]) == ({"q": "why"}, "WHY")
assert traced["source_id"].startswith("tr-")

assert [
    item.name for item in datasets.search_datasets(filter_string="name = 'questions' AND tags.a = 'b'")
] == ["questions"]
assert len(datasets.search_datasets(experiment_ids=[here], order_by=["created_time DESC"])) == 1
datasets.set_dataset_tags(dataset_id=made.dataset_id, tags={"c": "d"})
datasets.delete_dataset_tag(dataset_id=made.dataset_id, key="a")
other = mlflow.create_experiment("other")
datasets.add_dataset_to_experiments(dataset_id=made.dataset_id, experiment_ids=[other])
datasets.remove_dataset_from_experiments(dataset_id=made.dataset_id, experiment_ids=[here])
again = datasets.get_dataset(dataset_id=made.dataset_id)
assert again.experiment_ids == [other]
assert again.tags["c"] == "d"
assert "a" not in again.tags
assert again.delete_records([again.to_df()["dataset_record_id"][0]]) == 1
assert len(datasets.get_dataset(dataset_id=made.dataset_id).to_df()) == 2
datasets.delete_dataset(dataset_id=made.dataset_id)
with pytest.raises(MlflowException, match="not found"):
    datasets.get_dataset(dataset_id=made.dataset_id)
print("evaluating script done")
