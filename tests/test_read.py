"""Inputs are told apart by looking; one broken record is one failure, with its place, and everything else is read."""

from __future__ import annotations

import gzip
import json
import pickle
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import HEADLINE, PROSE
from hypothesis import given
from hypothesis import strategies as st

import cleaner
from cleaner.batch import read as reading
from cleaner.batch.read import looks_like_json_lines, read, read_all
from cleaner.batch.records import Failure, Fields, Record, clean_record, is_page
from cleaner.batch.sources import Source, sources
from cleaner.batch.write import written

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = "\n\n".join([HEADLINE, *PROSE])
PAGE = f"<!DOCTYPE html><html><body><h1>{HEADLINE}</h1>{''.join(f'<p>{p}</p>' for p in PROSE)}</body></html>"
Put = Callable[..., list[Record | Failure]]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """What is read from a file with these bytes or lines: ``put("a.jsonl", {"text": "…"})``."""

    def make(name: str, *content: Any, **said: Any) -> list[Record | Failure]:
        path = tmp_path / name
        data = [one if isinstance(one, bytes) else one.encode() if isinstance(one, str) else json.dumps(one).encode() for one in content]
        path.write_bytes(b"\n".join(data))
        return list(read_all([str(path)], **said))

    return make


def record(item: Record | Failure) -> Record:
    """What must be a record."""
    assert isinstance(item, Record), item
    return item


def failure(item: Record | Failure) -> Failure:
    """What must be a failure."""
    assert isinstance(item, Failure), item
    return item


def outcome(items: list[Record | Failure]) -> list[object]:
    """The contents of records, and the places and kinds of failures."""
    return [item.content if isinstance(item, Record) else (item.record, item.error) for item in items]


# -- pages and texts --------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress])
@pytest.mark.parametrize(("content", "is_html"), [(PAGE, True), (TEXT, False)])
def test_pages_and_texts_are_told_apart_by_looking_packed_or_not(put: Put, pack: Callable[[bytes], bytes], content: str, is_html: bool) -> None:
    (one,) = put("document", pack(content.encode()))
    assert record(one).content == content.encode()
    assert is_page(record(one)) == is_html


def test_a_text_in_utf_16_is_read(put: Put, shipped: cleaner.Cleaner) -> None:
    for encoding in ("utf-16", "utf-8-sig"):
        (one,) = put("text.txt", TEXT.encode(encoding))
        assert clean_record(shipped, record(one), language="en").paragraphs == PROSE


def test_binary_data_is_no_text(put: Put) -> None:
    assert outcome(put("picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + random.Random(1).randbytes(5000))) == [(None, "binary")]


def test_an_empty_file_is_a_text_with_a_warning(put: Put, shipped: cleaner.Cleaner) -> None:
    (one,) = put("empty.txt")
    assert clean_record(shipped, record(one)).warnings == ("the text is empty",)


@pytest.mark.parametrize("name", ["a.gz", "a.jsonl.zst", "a.warc.gz", "a.warc", "a.wet", "a.parquet", "a.html.gz"])
def test_an_archive_that_was_cut_off_where_it_begins_is_a_failure(put: Put, name: str) -> None:
    beginning = {"gz": b"\x1f\x8b", "st": b"\x28\xb5\x2f\xfd", "et": b"PAR1" if "parquet" in name else b"WARC/", "rc": b"WARC/"}[name[-2:]]
    for cut in range(len(beginning)):
        assert outcome(put(name, beginning[:cut])) == [(None, "truncated")]


# -- JSON lines ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress])
@pytest.mark.parametrize("name", ["lines.jsonl", "lines.ndjson", "lines.json", "lines", "lines.txt"])
def test_json_lines_are_known_by_their_name_or_by_looking(put: Put, name: str, pack: Callable[[bytes], bytes]) -> None:
    lines = "\n".join(json.dumps({"url": f"http://example.org/{n}", "html": PAGE, "noise": random.Random(n).randbytes(3000).hex()}) for n in range(20))
    found = put(name, pack(lines.encode()))
    assert [record(one).url for one in found] == [f"http://example.org/{n}" for n in range(20)]
    assert {record(one).kind for one in found} == {"html"}


def test_a_first_line_that_is_longer_than_what_is_looked_at_is_known_too(put: Put) -> None:
    assert outcome(put("lines", {"text": "a" * 400_000}, {"text": "b"})) == ["a" * 400_000, "b"]


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        ('{"text": "cut o', "broken-line", "line 2 is no JSON"),
        ("no JSON at all", "broken-line", "line 2 is no JSON"),
        (b'{"text": "\xff"}', "broken-line", "line 2 is no JSON"),
        ("[1, 2]", "broken-line", "line 2 is a list, not an object with fields"),
        ("null", "broken-line", "line 2 is null, not an object"),
        ("true", "broken-line", "line 2 is true or false, not an object"),
        ("7", "broken-line", "line 2 is a number, not an object"),
        ('"text"', "broken-line", "line 2 is a text, not an object"),
        ("[" * 100_000, "broken-line", "line 2 is no JSON"),
        ('{"a":' * 100_000, "broken-line", "line 2 is no JSON"),
        ('{"text": ' + "9" * 5000 + "}", "broken-line", "line 2 is no JSON"),
        ('{"text": null, "title": "A"}', "no-text", "its field text is null; name the field with --field"),
        ('{"text": 7}', "no-text", "its field text is a number"),
        ('{"text": ["a"]}', "no-text", "its field text is a list"),
        ('{"text": NaN}', "no-text", "its field text is null"),
        ('{"titre": "A", "texte": "B"}', "no-text", "it has none of the fields html, text, content, raw_content, body, but titre, texte; name the field with --field"),
        ("{}", "no-text", "but no field at all"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_broken_line_among_good_ones_is_a_failure_with_its_place_and_what_is_wrong(put: Put, line: str | bytes, kind: str, message: str) -> None:
    before, broken, behind = put("lines.jsonl", {"text": "before"}, line, {"text": "behind"})
    assert (record(before).content, record(before).number, record(behind).content, record(behind).number) == ("before", 1, "behind", 3)
    assert (failure(broken).record, failure(broken).error) == (2, kind)
    assert message in failure(broken).message


def test_a_failure_names_the_url_of_its_record(put: Put) -> None:
    (one,) = put("lines.jsonl", {"url": "http://example.org/1", "text": None})
    assert failure(one).url == "http://example.org/1"


def test_empty_lines_count_and_are_nothing_else(put: Put) -> None:
    found = put("lines.jsonl", b"\n  \n" + b'{"text": "a"}\r\n\r\n{"text": "b"}\n\n')
    assert [(record(one).content, record(one).number) for one in found] == [("a", 3), ("b", 5)]


def test_a_byte_order_mark_is_no_part_of_the_first_line(put: Put) -> None:
    for name in ("lines.jsonl", "lines"):
        assert outcome(put(name, b'\xef\xbb\xbf{"text": "a"}', {"text": "b"})) == ["a", "b"]


def test_fields_are_found_under_their_usual_names_and_the_others_are_kept(put: Put) -> None:
    (one,) = put("lines.jsonl", {"id": 7, "link": "http://example.org/1", "lang": "fr", "content": "A text.", "title": "A", "score": 0.5})
    said = record(one)
    assert (said.id, said.url, said.language, said.content, said.kind) == ("7", "http://example.org/1", "fr", "A text.", "auto")
    assert said.extra == {"title": "A", "score": 0.5}
    assert said.name == "lines/7"


def test_fields_may_be_named(put: Put) -> None:
    fields = Fields.named(content="texte", url="adresse", id="numéro", language="langue")
    line = {"texte": "A", "text": "B", "adresse": "http://example.org/1", "numéro": "x/1", "langue": "fr", "url": "http://example.org/2"}
    good, without = put("lines.jsonl", line, {"text": "B"}, fields=fields)
    assert (record(good).content, record(good).url, record(good).id, record(good).language) == ("A", "http://example.org/1", "x/1", "fr")
    assert record(good).extra == {"text": "B", "url": "http://example.org/2"}
    assert "none of the fields texte, but text; name the field with --field" in failure(without).message


def test_of_several_fields_the_first_that_holds_something_is_cleaned(put: Put) -> None:
    found = put("lines.jsonl", {"body": "B", "text": "T", "html": "<p>H"}, {"html": "", "text": "T"}, {"html": None, "text": "T"}, {"html": "", "text": ""})
    assert outcome(found) == ["<p>H", "T", "T", ""]


def test_records_without_an_id_are_called_after_their_place(put: Put) -> None:
    first, second = put("lines.jsonl", {"text": "a", "id": ""}, {"text": "b", "id": None})
    assert record(first).id.endswith("lines.jsonl#1")
    assert (record(first).name, record(second).name) == ("lines/1", "lines/2")


def test_of_a_field_that_is_said_twice_the_last_counts(put: Put) -> None:
    assert outcome(put("lines.jsonl", '{"text": "a", "text": "b"}')) == ["b"]


@pytest.mark.parametrize("style", ["json", "jsonl"])
def test_what_json_cannot_say_does_not_come_out_again(put: Put, shipped: cleaner.Cleaner, style: str) -> None:
    line = '{"text": "A \\ud800 text.", "url": "http://example.org/\\udfff", "id": "\\ud83d", "a": NaN, "b": [Infinity, -Infinity], "\\ud800": 1}'
    (one,) = put("lines.jsonl", line)
    out = written(clean_record(shipped, record(one)), record(one), style)
    assert isinstance(out, bytes)
    found = json.loads(out.decode("utf-8"), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert found["extra"] == {"a": None, "b": [None, None], "?": 1}


@pytest.mark.parametrize("depth", [50, 199, 200, 900, 985, 100_000])
def test_fields_that_lie_deep_in_each_other_are_handed_on_and_written_or_refused(put: Put, shipped: cleaner.Cleaner, depth: int) -> None:
    (one,) = put("lines.jsonl", '{"text": "A text.", "deep": ' + "[" * depth + "]" * depth + "}")
    if depth >= 200:
        assert failure(one).error in ("too-deep", "broken-line")
        return
    handed = pickle.loads(pickle.dumps(record(one)))
    assert handed == one
    for style in ("json", "jsonl"):
        out = written(clean_record(shipped, handed), handed, style)
        assert isinstance(out, bytes)
        assert json.loads(out)["extra"] == record(one).extra


def test_what_cleaning_gave_is_cleaned_again_by_its_text_and_stays_as_it_is(put: Put, shipped: cleaner.Cleaner) -> None:
    once = shipped.clean_text(TEXT, "http://example.org/1", "en")
    for style in ("json", "jsonl"):
        first = written(once, Record("a.txt", 1, "a", TEXT), style, removed=True)
        (one,) = put(f"out.{style}", first)
        again = clean_record(shipped, record(one))
        assert (record(one).content, record(one).url, record(one).id, record(one).language) == (once.text, "http://example.org/1", "a", "en")
        assert (again.headline, again.paragraphs) == (HEADLINE, PROSE)


# -- JSON documents -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x.json", "x", "x.json.gz"])
@pytest.mark.parametrize("indent", [2, None])
def test_a_json_document_is_one_record_however_it_is_printed(put: Put, name: str, indent: int | None) -> None:
    text = json.dumps({"id": "a1", "html": PAGE, "url": "http://example.org/1"}, indent=indent).encode()
    (one,) = put(name, gzip.compress(text) if name.endswith("gz") else text)
    assert (record(one).content, record(one).id, record(one).url, record(one).kind) == (PAGE, "a1", "http://example.org/1", "html")


def test_a_json_list_is_a_record_an_item(put: Put) -> None:
    found = put("x.json", json.dumps([{"text": "a"}, 7, {"text": "c"}, {"titre": "d"}], indent=1))
    assert outcome(found) == ["a", (2, "broken-line"), "c", (4, "no-text")]
    assert "item 2 of the list is a number" in failure(found[1]).message


def test_a_file_that_is_called_json_and_is_none_is_a_failure(put: Put) -> None:
    assert outcome(put("x.json", '{\n "text": "cut o')) == [(None, "broken-json")]
    assert outcome(put("x.json", '"a text"')) == [b'"a text"']


@pytest.mark.parametrize("text", ["[Reuters] The council voted.", "{placeholder} The council voted.", "[1]", '{"a" is the first letter}\nof the alphabet', "[", "{"])
def test_a_text_that_begins_with_a_bracket_is_a_text(put: Put, text: str) -> None:
    assert outcome(put("a.txt", text)) == [text.encode()]


# -- cut off, damaged ----------------------------------------------------------------------------------------


def test_what_stands_before_damage_in_a_packed_file_is_given_and_the_place_is_named(put: Put) -> None:
    lines = b"\n".join(json.dumps({"text": random.Random(n).randbytes(2000).hex()}).encode() for n in range(400))
    for pack in (gzip.compress, zstd.compress):
        data = pack(lines)
        *good, wrong = put("lines.jsonl.gz", data[: len(data) // 2])
        assert len(good) > 20
        assert [record(one).number for one in good] == list(range(1, len(good) + 1))
        assert (failure(wrong).error, failure(wrong).record) == ("truncated", len(good) + 1)


def test_a_file_that_vanishes_after_it_was_found_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    (source,) = sources([str(path)])
    path.unlink()
    assert isinstance(source, Source)
    assert outcome(list(read(source))) == [(None, "FileNotFoundError")]


def test_how_far_a_file_was_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text("\n".join(json.dumps({"text": "a" * 1000}) for _ in range(2000)))
    places: list[int] = []
    (source,) = sources([str(path)])
    assert isinstance(source, Source)
    assert len(list(read(source, told=places.append))) == len(places) == 2000
    assert places == sorted(places)
    assert places[0] < places[-1] == path.stat().st_size


# -- standard input ---------------------------------------------------------------------------------------------

_READS = "import sys; from cleaner.batch.read import read_all; print([getattr(one, 'content', None) or one.error for one in read_all(['-'])])"


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress])
@pytest.mark.parametrize("lines", [[b"A text."], [b'{"text": "a"}', b'{"text": "b"}']])
def test_standard_input_may_be_a_pipe_or_a_file_and_packed(tmp_path: Path, lines: list[bytes], pack: Callable[[bytes], bytes]) -> None:
    data = pack(b"\n".join(lines))
    expected = str([b"A text."] if len(lines) == 1 else ["a", "b"]) + "\n"
    path = tmp_path / "data"
    path.write_bytes(data)
    with path.open("rb") as file:
        assert subprocess.run([sys.executable, "-c", _READS], stdin=file, capture_output=True, text=True, check=True, timeout=60).stdout == expected
    assert subprocess.run([sys.executable, "-c", _READS], input=data, capture_output=True, check=True, timeout=60).stdout.decode() == expected


# -- whatever comes -----------------------------------------------------------------------------------------------


BEGINNINGS = [b"", b"{", b'{"text": "', b"WARC/1.0\r\n", b"PAR1", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"[{", b"<html>", b"\xff\xfe", b"\x5d\x2a\x4d\x18"]
PLAIN = st.none() | st.booleans() | st.floats() | st.text(max_size=9)
ANY = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=9)


@given(data=st.binary(max_size=200), start=st.sampled_from(BEGINNINGS))
def test_no_bytes_end_a_run(data: bytes, start: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "whatever"
    folder.mkdir(exist_ok=True)
    for ending in ("", ".jsonl", ".warc.gz", ".json"):
        path = folder / f"data{ending}"
        path.write_bytes(start + data)
        for item in read_all([str(path)]):
            assert isinstance(item, (Record, Failure))
            if isinstance(item, Failure):
                assert item.message


@given(ANY | st.dictionaries(st.sampled_from(["text", "html", "url", "id", "x"]), ANY, max_size=4))
def test_a_line_of_any_json_is_a_record_or_a_failure(value: object) -> None:
    line = json.dumps(value).encode()
    source = Source("lines.jsonl", Path("lines.jsonl"), "lines")
    (item,) = reading._json_lines(iter([line]), source, Fields(), "auto")
    assert isinstance(item, Record) == (isinstance(value, dict) and any(isinstance(value.get(name), str) for name in Fields().content))


def test_looking_at_a_beginning_tells_json_lines() -> None:
    assert looks_like_json_lines(b'{"a": 1}\n{"a"')
    assert looks_like_json_lines(b'{ "a": 1}')
    assert looks_like_json_lines(b'{"a": "cut')
    assert not looks_like_json_lines(b'{\n  "a": 1\n}')
    assert not looks_like_json_lines(b'{"a": broken\n')
    assert not looks_like_json_lines(b"[1]")
    assert looks_like_json_lines(b"", "a.JSONL.gz")
