"""What an exported file is called, and what it is."""

from typing import Literal

from pomona.core.errors import Invalid
from pomona.data.export.records import ExportFormat

FileFormat = Literal["parquet", "csv", "jsonl"]
MEDIA_TYPES: dict[ExportFormat, str] = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "delta-plain": "application/x-tar",
}
_ENDS: dict[ExportFormat, str] = {
    "parquet": ".parquet",
    "csv": ".csv",
    "jsonl": ".jsonl",
    "delta-plain": ".tar",
}


def file_name(dataset: str, number: int, form: ExportFormat) -> str:
    """What a browser calls the file.

    >>> file_name("nyc/flights", 3, "csv")
    'nyc-flights-v3.csv'
    """
    return f"{dataset.replace('/', '-')}-v{number}{_ENDS[form]}"


def format_of(name: str) -> ExportFormat:
    """The format that a file's name says.

    >>> format_of("out/loans.csv")
    'csv'

    Raises:
        Invalid: If it says none.
    """
    ends = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
    for end, form in ends.items():
        if name.lower().endswith(end):
            return form  # type: ignore[return-value]  # one of the literals above
    raise Invalid(
        f"{name} does not say in which format", hint="end it in .parquet, .csv or .jsonl, or name the format"
    )
