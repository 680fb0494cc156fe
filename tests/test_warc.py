"""Web archives as they are found: every record that is whole is given, and every place that is not is said."""

from __future__ import annotations

import gzip
import io
import json
import random
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cleaner
from cleaner.batch.read import read_all
from cleaner.batch.records import Failure, Record, clean_record

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PAGE = b"<html><body><p>A page.</p></body></html>"
HTTP = "application/http; msgtype=response"
PACK: dict[str, Callable[[bytes], bytes]] = {"plain": bytes, "gz": lambda data: gzip.compress(data, mtime=0), "zst": lambda data: bytes(zstd.compress(data))}
packings = pytest.mark.parametrize("packing", PACK)


def warc(kind: str, body: bytes, key: str | None = "0", url: str | None = "http://example.org/", length: object = ..., **headers: str) -> bytes:
    """A record as it stands in an archive; ``length`` is a wrong Content-Length, None for none."""
    said = {"WARC-Type": kind, "WARC-Date": "2026-01-02T03:04:05Z", "WARC-Record-ID": key and f"<urn:uuid:{key}>", "WARC-Target-URI": url}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    said["Content-Length"] = str(len(body)) if length is ... else None if length is None else str(length)
    return b"WARC/1.0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in said.items() if value is not None).encode() + b"\r\n" + body + b"\r\n\r\n"


def page(key: str = "0", body: bytes = PAGE, status: str = "200 OK", media: str | None = "text/html; charset=utf-8", url: str = "http://example.org/", **headers: str) -> bytes:
    """A record of a page as a server sent it."""
    said = {"Content-Type": media, **{name.replace("_", "-"): value for name, value in headers.items()}}
    answer = f"HTTP/1.1 {status}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in said.items() if value is not None) + "\r\n"
    return warc("response", answer.encode() + body, key, url, Content_Type=HTTP)


def numbered(key: str, size: int = 0) -> bytes:
    """A page that no other one is like, and that does not pack well."""
    return page(key, b"<html><p>" + random.Random(key).randbytes(size // 2).hex().encode() + b"</p>")


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., list[Record | Failure]]:
    """What is read from an archive that consists of these bytes."""

    def make(*parts: bytes, name: str = "a.warc") -> list[Record | Failure]:
        path = tmp_path / name
        path.write_bytes(b"".join(parts))
        return list(read_all([str(path)]))

    return make


Put = Callable[..., list[Record | Failure]]


def outcome(items: list[Record | Failure]) -> list[object]:
    """The ids of records, and the places and kinds of failures."""
    return [item.id.removeprefix("urn:uuid:") if isinstance(item, Record) else (item.record, item.error) for item in items]


def only(items: list[Record | Failure]) -> Record:
    """The one record that there is."""
    (item,) = items
    assert isinstance(item, Record), item
    return item


# -- what is in an archive ---------------------------------------------------------------------------


@packings
@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "archive", "a.bin"])
def test_an_archive_is_known_by_looking_however_it_is_packed(put: Put, packing: str, name: str) -> None:
    pack = PACK[packing]
    records = [numbered(str(n), 9000) for n in range(4)]
    for parts in ([pack(one) for one in records], [pack(b"".join(records))]):
        found = put(*parts, name=name)
        assert outcome(found) == ["0", "1", "2", "3"]
        assert all(isinstance(one, Record) and one.content.startswith(b"<html><p>") and len(one.content) > 9000 for one in found)


def test_a_record_says_where_it_comes_from(put: Put) -> None:
    one = only(put(page("abc", media="text/html; charset=ISO-8859-1")))
    assert (one.number, one.id, one.url, one.kind, one.encoding, one.content, one.name) == (1, "urn:uuid:abc", "http://example.org/", "html", "iso-8859-1", PAGE, "a/abc")
    assert one.extra == {"warc_date": "2026-01-02T03:04:05Z", "warc_record_id": "urn:uuid:abc"}


def test_pages_and_texts_that_were_found_are_given_and_nothing_else(put: Put) -> None:
    found = put(
        warc("warcinfo", b"software: x\r\n", "info", None, Content_Type="application/warc-fields"),
        warc("request", b"GET / HTTP/1.1\r\n\r\n", "request", Content_Type="application/http; msgtype=request"),
        page("page"),
        warc("metadata", b"a: b", "metadata"),
        page("missing", status="404 Not Found"),
        page("moved", status="301 Moved Permanently", Location="http://example.org/2"),
        page("error", status="503 Service Unavailable"),
        page("picture", b"\x89PNG", media="image/png"),
        page("style", b"p {}", media="text/css"),
        page("data", b"{}", media="application/json"),
        page("xhtml", media="application/xhtml+xml"),
        page("capitals", media="TEXT/HTML"),
        page("plain", b"A text.", media="text/plain"),
        page("unsaid", media=None),
        warc("revisit", b"", "revisit", Content_Type=HTTP),
        warc("resource", PAGE, "resource", Content_Type="text/html"),
        warc("resource", b"\x89PNG", "logo", Content_Type="image/png"),
        warc("conversion", b"A text.", "conversion", Content_Type="text/plain"),
        warc("continuation", b"rest", "continuation"),
    )
    kinds = {one.id.removeprefix("urn:uuid:"): one.kind for one in found if isinstance(one, Record)}
    assert len(kinds) == len(found)
    assert kinds == {"page": "html", "xhtml": "html", "capitals": "html", "plain": "text", "unsaid": "auto", "resource": "html", "conversion": "text"}
    assert [one.number for one in found if isinstance(one, Record)] == [3, 11, 12, 13, 14, 16, 18]


def test_texts_of_several_languages_are_cleaned_each_in_its_own(put: Put, shipped: cleaner.Cleaner) -> None:
    texts = {
        "fra": "Le président a été réélu dimanche, a annoncé le ministère de l'Intérieur dans un communiqué publié dans la soirée à Paris.",
        "deu": "Der Präsident ist am Sonntag wiedergewählt worden, wie das Innenministerium am Abend in einer Mitteilung bekannt gab.",
        "rus": "Президент был переизбран в воскресенье, сообщило министерство внутренних дел в заявлении, опубликованном вечером.",
    }
    found = put(*(warc("conversion", text.encode(), key, Content_Type="text/plain", WARC_Identified_Content_Language=key) for key, text in texts.items()), name="a.warc.wet")
    assert [one.extra["warc_language"] for one in found if isinstance(one, Record)] == list(texts)
    articles = [clean_record(shipped, one) for one in found if isinstance(one, Record)]
    assert [article.language for article in articles] == ["fr", "de", "ru"]
    assert [article.body for article in articles] == list(texts.values())


@pytest.mark.parametrize("missing", ["key", "url"])
def test_a_record_without_an_id_or_a_url_is_read(put: Put, missing: str) -> None:
    one = only(put(warc("resource", PAGE, **{missing: None}, Content_Type="text/html")))  # type: ignore[arg-type]
    assert one.content == PAGE
    assert (one.id.endswith("a.warc#1"), one.name) == ((True, "a/1") if missing == "key" else (False, "a/0"))
    assert (one.url is None) == (missing == "url")


def test_a_url_in_angle_brackets_is_the_url(put: Put) -> None:
    assert only(put(page(url="<http://example.org/1>"))).url == "http://example.org/1"


def test_an_id_with_the_signs_of_a_path_is_no_path(put: Put) -> None:
    assert only(put(page("../../../etc/passwd"))).name == "a/etc-passwd"


def test_archives_of_other_writers_are_read(tmp_path: Path) -> None:
    from fastwarc.stream_io import GzipWriter
    from fastwarc.warc import WarcRecord, WarcRecordType

    path = tmp_path / "a.warc.gz"
    with path.open("wb") as file:
        writer = GzipWriter(file)
        for key in ("1", "2"):
            record = WarcRecord()
            record.init_headers(WarcRecordType.response, record_urn=f"urn:uuid:{key}".encode())
            record.headers["WARC-Target-URI"] = f"http://example.org/{key}"
            record.headers["Content-Type"] = HTTP
            record.set_bytes_content(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE)
            record.write(writer)
        writer.close()
    found = list(read_all([str(path)]))
    assert [(one.url, one.content) for one in found if isinstance(one, Record)] == [("http://example.org/1", PAGE), ("http://example.org/2", PAGE)]


# -- what servers send -----------------------------------------------------------------------------------


def chunked(data: bytes, size: int = 7) -> bytes:
    """As HTTP sends what it does not know the length of."""
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts) + b"0\r\n\r\n"


def brotli(data: bytes) -> bytes:
    """As brotli packs it."""
    from fastwarc.stream_io import BrotliWriter

    class Kept(io.BytesIO):
        """What a writer that closes its file leaves."""

        def close(self) -> None:
            return

    file = Kept()
    with BrotliWriter(file) as writer:
        writer.write(data)
    return file.getvalue()


CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": lambda data: zlib.compress(data)[2:-4],
    "br": brotli,
    "zstd": lambda data: bytes(zstd.compress(data)),
    "identity": bytes,
    "gzip, br": lambda data: brotli(gzip.compress(data)),
    "unheard-of": bytes,
}


@pytest.mark.parametrize("coding", CODINGS)
def test_a_page_is_unpacked_as_the_server_packed_it(put: Put, coding: str) -> None:
    data = CODINGS[coding](PAGE)
    found = put(page("1", data, Content_Encoding=coding), page("2", chunked(data), Content_Encoding=coding, Transfer_Encoding="chunked"), page("3"))
    assert [one.content for one in found if isinstance(one, Record)] == [PAGE] * 3


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate", "chunked"])
def test_a_page_that_was_unpacked_before_it_was_kept_is_given_as_it_is(put: Put, coding: str) -> None:
    found = put(page("1", Transfer_Encoding=coding) if coding == "chunked" else page("1", Content_Encoding=coding), page("2"))
    assert [one.content for one in found if isinstance(one, Record)] == [PAGE, PAGE]


def test_headers_of_a_server_may_end_their_lines_as_unix_does(put: Put) -> None:
    answer = b"HTTP/1.1 200 OK\nContent-Type: text/html; charset=koi8-r\n\n" + PAGE
    one = only(put(warc("response", answer, Content_Type=HTTP)))
    assert (one.content, one.encoding) == (PAGE, "koi8-r")


def test_a_response_that_is_no_answer_of_a_server_is_a_failure(put: Put) -> None:
    assert outcome(put(warc("response", PAGE, "1", Content_Type=HTTP), page("2"))) == [(1, "no-http"), "2"]


# -- damage --------------------------------------------------------------------------------------------------


@packings
def test_a_cut_at_any_byte_of_the_last_record_is_noticed_and_all_before_it_is_given(put: Put, packing: str) -> None:
    first, second, last = (PACK[packing](numbered(key)) for key in "abc")
    before = first + second
    assert outcome(put(before)) == ["a", "b"]
    for cut in range(1, len(last)):
        found = outcome(put(before, last[:cut]))
        assert found[:2] == ["a", "b"], cut
        noticed = [one for one in found[2:] if isinstance(one, tuple)]
        complete = packing == "plain" and cut >= len(last) - 4  # nothing but the empty lines behind it is missing
        assert len(noticed) == (0 if complete else 1), (cut, found)
        assert [one for one in found[2:] if isinstance(one, str)] in ([], ["c"]), cut
        assert not complete or found[2:] == ["c"]


@pytest.mark.parametrize("packing", ["gz", "zst"])
def test_a_cut_at_any_byte_of_an_archive_that_was_packed_as_a_whole_is_noticed(put: Put, packing: str) -> None:
    data = PACK[packing](b"".join(map(numbered, "abc")))
    for cut in range(1, len(data)):
        found = outcome(put(data[:cut], name=f"a.warc.{packing}"))
        assert sum(isinstance(one, tuple) for one in found) == 1, (cut, found)
        assert [one for one in found if isinstance(one, str)] in ([], ["a"], ["a", "b"], ["a", "b", "c"]), (cut, found)


LENGTHS = [("too long by a little", 60), ("too long by far", 10**6), ("too long by a thousand years", 10**30), ("too short", 10)]
LENGTHS += [("zero", 0), ("below zero", -5), ("text", "many"), ("empty", ""), ("missing", None)]  # type: ignore[list-item]


@packings
@pytest.mark.parametrize(("what", "length"), LENGTHS)
def test_a_wrong_length_is_said_and_all_other_records_are_given(put: Put, packing: str, what: str, length: object) -> None:
    pack = PACK[packing]
    wrong = warc("resource", PAGE, "wrong", length=length, Content_Type="text/html")
    found = put(pack(page("1")), pack(wrong), pack(page("2")), pack(page("3")))
    assert [one for one in outcome(found) if one != "wrong" and isinstance(one, str)] == ["1", "2", "3"]
    assert sum(isinstance(one, Failure) for one in found) == 1
    kept = [one.content for one in found if isinstance(one, Record) and one.id.endswith("wrong")]
    assert kept in ([], [PAGE[:10]], [b""], [PAGE])
    assert kept == [PAGE] or what != "too long by a little"


def test_a_page_about_archives_is_whole(put: Put) -> None:
    about = b"<html><pre>So a record begins:\r\n\r\nWARC/1.0\r\nWARC-Type: response\r\n\r\n</pre>"
    for parts in ([page("1", about), page("2")], [page("1", about)]):
        found = put(*parts)
        assert isinstance(found[0], Record)
        assert found[0].content == about
        assert len(found) == len(parts)


@packings
def test_garbage_between_records_is_said_once_and_what_lies_behind_it_is_read(put: Put, packing: str) -> None:
    first, second, third = (PACK[packing](page(key)) for key in "abc")
    for garbage in (b"garbage\r\n\r\n" * 30, b"\0" * 700 + b"x", random.Random(5).randbytes(3000)):
        found = put(first, garbage, second, third)
        assert [one for one in outcome(found) if isinstance(one, str)] == ["a", "b", "c"]
        assert sum(isinstance(one, Failure) for one in found) == 1
        assert "byte 0" in next(one.message for one in found if isinstance(one, Failure))


@packings
def test_garbage_at_either_end_is_said(put: Put, packing: str) -> None:
    data = PACK[packing](page("a"))
    assert [type(one) for one in put(b"garbage\r\n" * 9, data)] == [Failure, Record] or packing != "plain"
    assert [type(one) for one in put(data, b"garbage\r\n" * 9)] == [Record, Failure]


NO_ARCHIVES = [b"garbage", b"<html><p>This is no archive.</p>", b"WARC/", b"WARC/1.0", b"WARC/1.0\r\n", b"WARC/1.0\r\n\r\n", b"WARC/9.9\r\n\r\n\r\n\r\n", b"\r\n\r\n"]


@pytest.mark.parametrize("data", NO_ARCHIVES)
def test_what_is_called_an_archive_and_is_none_is_a_failure(put: Put, data: bytes) -> None:
    assert [type(one) for one in put(data, name="a.warc")] == [Failure]
    assert [type(one) for one in put(gzip.compress(data), name="a.warc.gz")] == [Failure]


@given(at=st.integers(0, 10_000), value=st.integers(0, 255), packing=st.sampled_from(sorted(PACK)))
def test_one_wrong_byte_costs_its_record_at_most(at: int, value: int, packing: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    parts = [PACK[packing](numbered(key)) for key in "abcd"]
    data = bytearray(b"".join(parts))
    at = at % len(data)
    data[at] = value
    hit = next(n for n in range(4) if at < sum(map(len, parts[: n + 1])))
    path = tmp_path_factory.getbasetemp() / f"wrong.warc{'' if packing == 'plain' else '.' + packing}"
    path.write_bytes(data)
    found = list(read_all([str(path)]))
    contents = [one.content for one in found if isinstance(one, Record)]
    for n, key in enumerate("abcd"):
        if n < hit:
            assert any(numbered(key).endswith(content + b"\r\n\r\n") for content in contents), (key, at, found)
    others = [key for n, key in enumerate("abcd") if n > hit + 1]
    for key in others:
        assert any(one.id == f"urn:uuid:{key}" for one in found if isinstance(one, Record)), (key, at, found)


# -- sizes --------------------------------------------------------------------------------------------------------

_MEASURED = """
import json, sys
from pathlib import Path
from cleaner.batch.read import read_all
got = [getattr(one, "error", None) or len(one.content) for one in read_all(sys.argv[1:])]
print(json.dumps([got, int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024]))
"""


def measured(path: Path) -> list[object]:
    """The sizes of records and the kinds of failures, read in a process of its own that must not take more than 300 MB."""
    done = subprocess.run([sys.executable, "-c", _MEASURED, str(path)], capture_output=True, text=True, timeout=120, check=True)
    got, megabytes = json.loads(done.stdout)
    assert megabytes < 300
    return list(got)


@pytest.mark.parametrize("packing", ["plain", "gz"])
def test_a_record_of_70_mb_is_passed_over_and_the_next_is_read(tmp_path: Path, packing: str) -> None:
    path = tmp_path / "a.warc"
    pack = (lambda data: gzip.compress(data, 1)) if packing == "gz" else PACK[packing]
    path.write_bytes(pack(page("1", b"a" * (70 << 20))) + pack(page("2")))
    assert measured(path) == ["too-long", len(PAGE)]


@pytest.mark.parametrize("coding", ["gzip", "zstd", "br"])
def test_a_page_that_unpacks_to_hundreds_of_megabytes_is_passed_over_and_the_next_is_read(tmp_path: Path, coding: str) -> None:
    unit = b"a" * (8 << 20)
    if coding == "zstd":
        pack = zstd.ZstdCompressor()
        bomb = b"".join(pack.compress(unit) for _ in range(128)) + pack.flush()
    elif coding == "gzip":
        squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
        bomb = b"".join(squeeze.compress(unit) for _ in range(64)) + squeeze.flush()
    else:
        bomb = brotli(b"a" * (100 << 20))
    path = tmp_path / "a.warc"
    path.write_bytes(page("1", bomb, Content_Encoding=coding) + page("2"))
    assert measured(path) == ["too-long", len(PAGE)]


# -- standard input -----------------------------------------------------------------------------------------------


@packings
def test_an_archive_may_come_through_standard_input(packing: str) -> None:
    data = PACK[packing](page("1")) + PACK[packing](numbered("2", 400_000)) + PACK[packing](page("3"))[:-3]
    reads = "from cleaner.batch.read import read_all; print([getattr(one, 'error', None) or len(one.content) for one in read_all(['-'])])"
    done = subprocess.run([sys.executable, "-c", reads], input=data, capture_output=True, timeout=60, check=True)
    sizes = done.stdout.decode().strip("[]\n").split(", ")
    assert int(sizes[0]) == len(PAGE)
    assert int(sizes[1]) > 400_000
    assert sizes[2:] in ([[str(len(PAGE))]] if packing == "plain" else [["'truncated'"], [str(len(PAGE)), "'truncated'"], ["'damaged'"]])
