"""The fields of each request of the protocol. Unknown fields are ignored, numbers may come as text."""

from msgspec import Struct


class Pair(Struct):
    """A tag or a param; a param may come without a value."""

    key: str
    value: str | None = None

    def item(self) -> tuple[str, str]:
        """Key and value."""
        return self.key, self.value or ""


class ExperimentForm(Struct):
    experiment_id: str | None = None
    experiment_name: str | None = None
    name: str | None = None
    new_name: str | None = None
    artifact_location: str | None = None
    tags: list[Pair] | None = None
    key: str | None = None
    value: str | None = None


class SearchForm(Struct):
    experiment_ids: list[str] | None = None
    filter: str | None = None
    order_by: list[str] | None = None
    max_results: int | None = None
    page_token: str | None = None
    view_type: str | int | None = None
    run_view_type: str | int | None = None


class RunForm(Struct):
    run_id: str | None = None
    run_uuid: str | None = None
    experiment_id: str | None = None
    user_id: str | None = None
    run_name: str | None = None
    start_time: int | None = None
    end_time: int | None = None
    status: str | int | None = None
    tags: list[Pair] | None = None
    key: str | None = None
    value: str | None = None
    path: str | None = None
    model_json: str | None = None


class MetricForm(Struct):
    key: str | None = None
    value: float | None = None
    timestamp: int | None = None
    step: int | None = None
    run_id: str | None = None
    run_uuid: str | None = None
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class BatchForm(Struct):
    run_id: str | None = None
    metrics: list[MetricForm] | None = None
    params: list[Pair] | None = None
    tags: list[Pair] | None = None


class HistoryForm(Struct):
    run_id: str | None = None
    run_uuid: str | None = None
    metric_key: str | None = None
    max_results: int | None = None
    page_token: str | None = None


class BulkHistoryForm(Struct):
    run_id: list[str] | None = None
    run_ids: list[str] | None = None
    metric_key: str | None = None
    start_step: int | None = None
    end_step: int | None = None
    max_results: int | None = None


class DatasetForm(Struct):
    name: str | None = None
    digest: str | None = None
    source_type: str | None = None
    source: str | None = None
    schema: str | None = None
    profile: str | None = None


class DatasetInputForm(Struct):
    dataset: DatasetForm | None = None
    tags: list[Pair] | None = None


class RunModelForm(Struct):
    model_id: str
    step: int | None = None


class InputsForm(Struct):
    run_id: str | None = None
    datasets: list[DatasetInputForm] | None = None
    models: list[RunModelForm] | None = None


class LoggedModelForm(Struct):
    model_id: str | None = None
    experiment_id: str | None = None
    name: str | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    params: list[Pair] | None = None
    tags: list[Pair] | None = None
    status: str | int | None = None
    artifact_directory_path: str | None = None
    artifact_file_path: str | None = None


class DatasetFilterForm(Struct):
    dataset_name: str | None = None
    dataset_digest: str | None = None


class ModelOrderForm(Struct):
    field_name: str | None = None
    ascending: bool | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class ModelSearchForm(Struct):
    experiment_ids: list[str] | None = None
    filter: str | None = None
    datasets: list[DatasetFilterForm] | None = None
    order_by: list[ModelOrderForm] | None = None
    max_results: int | None = None
    page_token: str | None = None


class RegistryForm(Struct):
    name: str | None = None
    new_name: str | None = None
    description: str | None = None
    version: str | None = None
    source: str | None = None
    run_id: str | None = None
    run_link: str | None = None
    model_id: str | None = None
    tags: list[Pair] | None = None
    key: str | None = None
    value: str | None = None
    alias: str | None = None
    stage: str | None = None
    stages: list[str] | None = None
    archive_existing_versions: bool | None = None
