"""Words that a Parquet file holds in dictionaries: read as they are stored they take a third of the time."""

from collections import Counter

import pyarrow.parquet as pq

_WHOLE = 1 << 20  # bytes: a column that is smaller did not outgrow its dictionary
_PLAIN = 4  # bytes a word takes where it is spelled out, even an empty one


def repeating(metadata: pq.FileMetaData) -> list[str]:
    """Columns of words (none inside of another) that are stored in dictionaries throughout."""
    columns = [metadata.schema.column(index) for index in range(metadata.num_columns)]
    paths = Counter(column.path for column in columns)
    found = []
    for index, column in enumerate(columns):
        plain = column.path == column.name and paths[column.path] == 1 and not column.max_repetition_level
        if plain and column.logical_type.type == "STRING":
            chunks = [metadata.row_group(number).column(index) for number in range(metadata.num_row_groups)]
            found += [column.path] if all(_is_short(chunk) for chunk in chunks) else []
    return found


def _is_short(chunk: pq.ColumnChunkMetaData) -> bool:
    encoded = "RLE_DICTIONARY" in chunk.encodings
    return bool(encoded and chunk.total_uncompressed_size < max(_WHOLE, _PLAIN * chunk.num_values))
