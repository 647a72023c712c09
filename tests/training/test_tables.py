"""Files that are tables show their first rows, whatever wrote them."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pomona.core.errors import Invalid
from pomona.training.rules.tables import first_rows


def test_parquet_tells_how_many_rows_there_are() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": range(5000), "big": [2**60] * 5000, "list": [[1, 2]] * 5000}), sink)
    found = first_rows("a/b.parquet", sink.getvalue(), 3)
    assert found.columns == ["id", "big", "list"]
    assert found.rows[2] == [2, str(2**60), "[1,2]"]  # no digit is lost on the way to a browser
    assert (len(found.rows), found.total) == (3, 5000)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", 'tree,pears\r\nnorth,130\r\n"so\nuth",140\r\n'),
        ("t.tsv", "tree\tpears\nnorth\t130\n\nsouth\t140\n"),
        ("t.jsonl", '{"tree":"north","pears":130}\n\n{"tree":"south","pears":140}\n'),
        ("t.json", '[{"tree":"north","pears":130},{"tree":"south","pears":140}]'),
        ("t.json", '{"columns":["tree","pears"],"data":[["north",130],["south",140]]}'),
    ],
)
def test_every_kind_of_text_is_the_same_table(name: str, text: str) -> None:
    found = first_rows(name, text.encode(), 1)
    assert (found.columns, found.total) == (["tree", "pears"], 2)
    assert [str(cell) for cell in found.rows[0]] == ["north", "130"]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("t.parquet", b"PAR1 nonsense"),
        ("t.parquet", b""),
        ("t.csv", b"\xff\xfe\x00"),
        ("t.json", b"{"),
        ("t.json", b'{"a": 1}'),
        ("t.json", b"[1, 2]"),
        ("t.jsonl", b"{\n"),
        ("t.pkl", b"..."),
    ],
)
def test_what_is_no_table_is_refused_with_a_hint(name: str, body: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        first_rows(name, body, 10)
    assert "download" in str(refused.value.hint)


def test_long_cells_are_cut_and_odd_rows_fit() -> None:
    found = first_rows("t.csv", f"a,b\n{'x' * 9000},1,2,3\n4\n".encode(), 10)
    assert [len(row) for row in found.rows] == [2, 2]
    assert len(str(found.rows[0][0])) == 501
    assert first_rows("t.csv", b"", 10).columns == []
    odd = first_rows("t.json", b'[{"a": 1e308}, {"b": null}]', 9)
    assert odd.rows == [["1e+308", None], [None, None]]
