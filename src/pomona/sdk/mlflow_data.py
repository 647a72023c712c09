"""A Pomona version as MLflow's ``log_input`` wants it: a name, a short digest, a source that names it."""

from typing import TYPE_CHECKING, Any

from mlflow.data.dataset_source import DatasetSource
from mlflow.data.meta_dataset import MetaDataset

if TYPE_CHECKING:
    from pomona.sdk.files.client import FilesVersion
    from pomona.sdk.versions import Version

DIGEST_CHARS = 36  # MLflow takes no more


class PomonaSource(DatasetSource):  # type: ignore[misc]  # MLflow has no types here
    """Where a dataset comes from: a version kept by Pomona, or a part of it."""

    def __init__(self, version: str, ref: str, selection: dict[str, str]) -> None:
        self.version = version
        self.ref = ref
        self.selection = selection

    @staticmethod
    def _get_source_type() -> str:
        return "pomona"

    def load(self) -> Any:
        """The rows, as an Arrow table; of a file set, a map dataset of its files."""
        from pomona.sdk.client import connect

        with connect() as client:
            if self.version.startswith("fsv_"):
                return client.files.dataset(self.version)
            return client.data.version(self.version).to_arrow()

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        return False  # it is made by `Version.to_mlflow`, never guessed from a path

    @classmethod
    def _resolve(cls, raw_source: Any) -> "PomonaSource":
        return cls.from_dict(raw_source)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"version": self.version, "ref": self.ref, "selection": self.selection}

    @classmethod
    def from_dict(cls, source_dict: dict[str, Any]) -> "PomonaSource":
        """Back from ``to_dict``."""
        return cls(**source_dict)


def dataset_of(version: "Version") -> MetaDataset:
    """The MLflow dataset that stands for a version."""
    selection = {name: value for name, value in version.selection.query().items() if value is not None}
    source = PomonaSource(version.id, version.ref, selection)
    return MetaDataset(source, name=version.record.dataset, digest=version.record.digest[:DIGEST_CHARS])


def files_dataset_of(version: "FilesVersion") -> MetaDataset:
    """The MLflow dataset that stands for a version of a file set."""
    source = PomonaSource(version.id, version.ref, {})
    return MetaDataset(source, name=version.record.file_set, digest=version.record.digest[:DIGEST_CHARS])
