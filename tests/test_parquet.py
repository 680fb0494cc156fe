"""Tables in: columns of every type, what is missing named, what is damaged said; and rows out as the schema has them."""

from __future__ import annotations

import datetime
import decimal
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import HEADLINE, PROSE

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

import cleaner  # noqa: E402
from cleaner.batch.read import read_all  # noqa: E402
from cleaner.batch.records import Failure, Fields, Record, clean_record  # noqa: E402
from cleaner.batch.rows import output_schema  # noqa: E402
from cleaner.batch.write import written  # noqa: E402

TEXT = "\n\n".join([HEADLINE, *PROSE])
Put = Callable[..., list[Record | Failure]]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """What is read from a file with this table or these bytes."""

    def make(table: Any, name: str = "t.parquet", **said: Any) -> list[Record | Failure]:
        path = tmp_path / name
        if isinstance(table, bytes):
            path.write_bytes(table)
        else:
            pq.write_table(table, path)
        return list(read_all([str(path)], **said))

    return make


def outcome(items: list[Record | Failure]) -> list[object]:
    """The contents of records, and the places and kinds of failures."""
    return [item.content if isinstance(item, Record) else (item.record, item.error) for item in items]


def test_a_row_is_a_record_with_its_fields_and_the_others_kept(put: Put) -> None:
    table = pa.table({"id": [7, 8], "html": ["<p>A", "<p>B"], "url": ["http://example.org/1", None], "language": ["fr", ""], "title": ["A", None]})
    for name in ("t.parquet", "table"):
        first, second = put(table, name)
        assert isinstance(first, Record)
        assert isinstance(second, Record)
        assert (first.number, first.id, first.content, first.kind, first.url, first.language, first.extra) == (1, "7", "<p>A", "html", "http://example.org/1", "fr", {"title": "A"})
        assert (second.number, second.id, second.url, second.language, second.extra) == (2, "8", None, None, {"title": None})
        assert first.name == f"{name.removesuffix('.parquet')}/7"


TYPES = [pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.dictionary(pa.int32(), pa.string()), pa.string_view(), pa.binary_view()]


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_pages_may_be_in_columns_of_every_type_that_holds_text_or_bytes(put: Put, shipped: cleaner.Cleaner, kind: Any) -> None:
    values = [TEXT, None, "Été", ""]
    column = pa.array(values).dictionary_encode() if pa.types.is_dictionary(kind) else pa.array([v.encode() if v and "binary" in str(kind) else v for v in values], kind)
    found = put(pa.table({"text": column}))
    assert [one.encode() if isinstance(one, str) else one for one in outcome(found)] == [TEXT.encode(), (2, "no-text"), "Été".encode(), b""]
    assert isinstance(found[0], Record)
    assert clean_record(shipped, found[0], language="en").paragraphs == PROSE


def test_addresses_may_be_bytes(put: Put) -> None:
    (one,) = put(pa.table({"text": ["A"], "url": [b"http://example.org/1"], "id": [b"x"]}))
    assert isinstance(one, Record)
    assert (one.url, one.id) == ("http://example.org/1", "x")


NO_TEXTS = [pa.array([["a"]]), pa.array([1]), pa.array([{"html": "a"}]), pa.nulls(1), pa.array([1.5]), pa.array([True])]


@pytest.mark.parametrize("column", NO_TEXTS, ids=lambda column: str(column.type))
def test_a_column_that_holds_no_text_is_a_failure_a_row(put: Put, column: Any) -> None:
    (one,) = put(pa.table({"text": column}))
    assert isinstance(one, Failure)
    assert (one.record, one.error) == (1, "no-text")
    assert "its field text is" in one.message


def test_a_table_without_the_column_is_one_failure_that_names_those_it_has(put: Put) -> None:
    (one,) = put(pa.table({"titre": ["a", "b"], "texte": ["A", "B"]}))
    assert isinstance(one, Failure)
    assert (one.record, one.error) == (None, "no-column")
    assert "none of the columns html, text, content, raw_content, body; it has titre, texte; name the one with the pages with --field" in one.message
    assert outcome(put(pa.table({"titre": ["a", "b"], "texte": ["A", "B"]}), fields=Fields.named(content="texte"))) == ["A", "B"]
    assert outcome(put(pa.table({"text": ["a"]}), fields=Fields.named(content="texte"))) == [(None, "no-column")]


def test_a_table_without_rows_is_nothing_and_one_without_columns_a_failure(put: Put) -> None:
    assert put(pa.table({"text": pa.array([], pa.string())})) == []
    assert outcome(put(pa.table({}))) == [(None, "no-column")]


def columns() -> dict[str, Any]:
    """Values of every type that a table may hold."""
    nan = float("nan")
    return {
        "date": [datetime.date(2026, 1, 2)],
        "time": [datetime.time(1, 2)],
        "zoned": [datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.timezone(datetime.timedelta(hours=3)))],
        "span": [datetime.timedelta(days=1)],
        "decimal": [decimal.Decimal("1.50")],
        "bytes": [b"\xff\0"],
        "nan": [nan],
        "infinite": [float("-inf")],
        "struct": [{"a": 1, "b": [nan, 1.0]}],
        "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        "odd map": pa.array([[(1, b"2")]], pa.map_(pa.int64(), pa.binary())),
        "words": pa.array(["a"]).dictionary_encode(),
        "late": pa.array([2**40], pa.timestamp("s")),
        "later": pa.array([2**30], pa.date32()),
        "small": pa.array([1], pa.timestamp("ns")),
        "null": pa.nulls(1),
    }


@pytest.mark.parametrize("style", ["json", "jsonl"])
@pytest.mark.parametrize("column", columns())
def test_other_columns_of_every_type_are_kept_and_written_as_json(put: Put, shipped: cleaner.Cleaner, column: str, style: str) -> None:
    (one,) = put(pa.table({"text": ["A text."], "x": columns()[column]}))
    assert isinstance(one, Record)
    out = written(clean_record(shipped, one), one, style)
    assert isinstance(out, bytes)
    kept = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))["extra"]["x"]
    expected = {"date": "2026-01-02", "time": "01:02:00", "decimal": "1.50", "bytes": "\ufffd\0", "nan": None, "infinite": None, "struct": {"a": 1, "b": [None, 1.0]}}
    expected |= {"map": [["k", 1]], "odd map": [[1, "2"]], "words": "a", "null": None}
    assert kept == expected.get(column, kept)
    if column in ("late", "later", "small", "zoned", "span"):
        assert kept


def test_text_that_is_not_utf_8_does_not_end_a_table(put: Put, shipped: cleaner.Cleaner) -> None:
    latin = pa.StringArray.from_buffers(3, pa.py_buffer(b"\0\0\0\0\1\0\0\0\6\0\0\0\7\0\0\0"), pa.py_buffer(b"ac\xe9b\xe9dz"), None)
    found = put(pa.table({"text": latin, "title": latin}))
    assert outcome(found) == ["a", b"c\xe9b\xe9d", "z"]
    assert isinstance(found[1], Record)
    assert found[1].extra == {"title": b"c\xe9b\xe9d"}
    assert clean_record(shipped, found[1]).warnings[0].startswith("line 1 is not UTF-8")


def test_a_value_that_is_longer_than_any_article_is_passed_over(put: Put) -> None:
    assert outcome(put(pa.table({"text": ["a" * (65 << 20), "b"]}))) == [(1, "too-long"), "b"]


# -- damage ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A table of ten groups of rows."""
    path = tmp_path_factory.mktemp("large") / "t.parquet"
    pq.write_table(pa.table({"text": [os.urandom(500).hex() for _ in range(1000)]}), path, row_group_size=100, use_dictionary=False, compression="gzip")
    return path.read_bytes()


def test_a_cut_anywhere_is_said(put: Put, large: bytes) -> None:
    for cut in (*range(12), len(large) // 2, *range(len(large) - 12, len(large))):
        (one,) = put(large[:cut])
        assert isinstance(one, Failure)
        assert one.error in ("damaged", "truncated")


@pytest.mark.parametrize("data", [b"PAR1" + b"x" * 100, b"PAR1" + b"x" * 100 + b"PAR1", b"PAR1\xff\xff\xff\x7fPAR1", b"PAR1\0\0\0\0PAR1", b"PAR1PAR1PAR1"])
def test_what_begins_like_a_table_and_is_none_is_a_failure(put: Put, data: bytes) -> None:
    assert outcome(put(data, "table")) == [(None, "damaged")]


def test_damage_in_the_middle_is_said_with_its_place_and_what_stands_before_it_is_given(put: Put, large: bytes) -> None:
    data = bytearray(large)
    data[len(data) // 2 : len(data) // 2 + 2000] = b"\xff" * 2000
    found = put(bytes(data))
    *good, wrong = found
    assert isinstance(wrong, Failure)
    assert len(good) >= 384
    assert all(isinstance(one, Record) for one in good)
    assert (wrong.record, wrong.error) == (len(good) + 1, "damaged")


def test_a_packed_table_is_a_failure_that_says_so(put: Put, large: bytes) -> None:
    import gzip

    assert outcome(put(gzip.compress(large), "t.parquet.gz")) == [(None, "packed")]


def test_a_table_may_come_through_standard_input(large: bytes) -> None:
    reads = "from cleaner.batch.read import read_all; print(sum(len(one.content) == 1000 for one in read_all(['-'])))"
    assert subprocess.run([sys.executable, "-c", reads], input=large, capture_output=True, timeout=60, check=True).stdout == b"1000\n"


# -- rows out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("removed", [False, True])
def test_rows_are_as_the_schema_says_and_come_back(shipped: cleaner.Cleaner, tmp_path: Path, removed: bool) -> None:
    text = f"{HEADLINE}\n\nPARIS, Jan 2 (Reuters) - {TEXT}\n\nSubscribe to our newsletter\n\n\ud800 lone"
    record = Record("a.txt", 1, "a", text, url="http://example.org/\udfff")
    row = written(clean_record(shipped, record, language="en"), record, "parquet", removed)
    assert isinstance(row, dict)
    schema = output_schema(removed=removed, keep=pa.schema([("source", pa.string()), ("record", pa.int64())]))
    assert sorted(row) == sorted(schema.names)
    table = pa.Table.from_pylist([row], schema=schema)
    table.validate(full=True)
    pq.write_table(table, tmp_path / "out.parquet")
    (back,) = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert back == row
    assert (back["headline"], back["error"], back["url"]) == (HEADLINE, None, "http://example.org/?")
    assert back["dateline"]["source"] == "Reuters"
    assert not removed or "Subscribe to our newsletter" in [one["text"] for one in back["removed"]]
