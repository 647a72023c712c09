"""A version described in Croissant, the JSON-LD vocabulary that catalogues of data sets read.

References:
    https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html
"""

from typing import Any

import pyarrow as pa

from pomona.core.records import Record
from pomona.data.records import Dataset, DataVersion

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_TABLE, _ROWS = "table", "rows"


class SharedFile(Record, frozen=True, kw_only=True):
    """The Parquet file that a description is about."""

    url: str
    size: int
    sha256: str


def croissant(dataset: Dataset, version: DataVersion, schema: pa.Schema, file: SharedFile) -> dict[str, Any]:
    """The description of one version whose rows are in one Parquet file."""
    name = f"{dataset.name}@v{version.number}"
    found: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": name,
        "description": dataset.description or f"{version.rows} rows of {dataset.name}.",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "identifier": f"blake3:{version.digest}",
        "url": file.url,
        "citeAs": f"{name}, BLAKE3 {version.digest}",
        "version": f"{version.number}.0.0",
        "dateCreated": dataset.created_at.isoformat(),
        "datePublished": version.created_at.isoformat(),
        "creator": {"@type": "sc:Person", "name": version.created_by},
        "keywords": list(dataset.purposes) or [dataset.name],
        "distribution": [_file(file)],
        "recordSet": [_record_set(dataset, version, schema)],
    }
    if version.since and version.until:
        found["temporalCoverage"] = f"{version.since.isoformat()}/{version.until.isoformat()}"
    return found


def _file(file: SharedFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": _TABLE,
        "name": _TABLE,
        "contentUrl": file.url,
        "contentSize": f"{file.size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": file.sha256,
    }


def _record_set(dataset: Dataset, version: DataVersion, schema: pa.Schema) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@type": "cr:RecordSet",
        "@id": _ROWS,
        "name": _ROWS,
        "description": version.note or f"The rows of {dataset.name}@v{version.number}.",
        "field": [_field(field) for field in schema],
    }
    if dataset.key:
        found["key"] = [{"@id": f"{_ROWS}/{column}"} for column in dataset.key]
    return found


def _field(field: pa.Field) -> dict[str, Any]:
    place = f"{_ROWS}/{field.name}"
    found: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": place,
        "name": place,
        "description": f"{field.name}: {str(field.type).replace('large_', '')}",
        "dataType": _data_type(field.type),
        "source": {"fileObject": {"@id": _TABLE}, "extract": {"column": field.name}},
    }
    if pa.types.is_large_list(field.type):
        found |= {"isArray": True, "arrayShape": "-1"}
    return found


def _data_type(kind: pa.DataType) -> str:
    types = pa.types
    if types.is_large_list(kind):
        return _data_type(kind.value_type)
    known = (
        (types.is_boolean, "sc:Boolean"),
        (types.is_integer, "sc:Integer"),
        (types.is_floating, "sc:Float"),
        (types.is_decimal, "sc:Float"),
        (types.is_date, "sc:Date"),
        (types.is_timestamp, "sc:DateTime"),
        (types.is_time, "sc:Time"),
        (types.is_duration, "sc:Integer"),
    )
    return next((word for is_of, word in known if is_of(kind)), "sc:Text")
