"""Inputs → records: pages and texts, JSON lines, web archives and tables, told apart by looking."""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any, BinaryIO

from cleaner.batch.records import Failure, Fields, Kind, Record
from cleaner.batch.sources import STDIN, Source, sources
from cleaner.batch.streams import LONGEST, ReadProblem, compression, lines, unpacked, whole
from cleaner.sniff import looks_like_html

_LOOKED_AT = 1 << 12
_TEXTS = (str, bytes)


def read_all(names: Iterable[str], fields: Fields | None = None, kind: Kind = "auto") -> Iterator[Record | Failure]:
    """The records of everything that is named, in order. Never raises for what an input is; that comes as a `Failure`."""
    for source in sources(names):
        if isinstance(source, Failure):
            yield source
        else:
            yield from read(source, fields, kind)


def read(source: Source, fields: Fields | None = None, kind: Kind = "auto", told: Callable[[int], object] | None = None) -> Iterator[Record | Failure]:
    """The records of one input. What cannot be read comes as a `Failure`, after all that could be.

    ``told`` is called before each record with how many bytes of the file were read, where that is known.
    """
    number = 0
    try:
        with ExitStack() as stack:
            if source.path is None and source.shown != STDIN:
                yield _downloaded(source, kind)
                return
            file: BinaryIO = stack.enter_context(source.path.open("rb")) if source.path else sys.stdin.buffer
            for item in _records(file, source, fields or Fields(), kind, stack):
                number = (item.number if isinstance(item, Record) else item.record) or number
                if told and file.seekable():
                    told(file.tell())
                yield item
    except ReadProblem as problem:
        yield Failure(source.shown, number + 1 if number else None, None, problem.kind, str(problem))
    except OSError as error:
        yield Failure(source.shown, number + 1 if number else None, None, type(error).__name__, error.strerror or str(error))


def _records(file: BinaryIO, source: Source, fields: Fields, kind: Kind, stack: ExitStack) -> Iterator[Record | Failure]:
    start = _peeked(file) if file.seekable() else file.read(_LOOKED_AT)
    if not file.seekable():
        file = io.BufferedReader(_Again(start, file))
    packed = compression(start)
    inside = start if packed is None else _first(start, packed)
    if inside.startswith(b"PAR1"):
        from cleaner.batch.parquet import read_parquet

        yield from read_parquet(_on_disk(file, stack), source, fields, kind)
    elif inside.startswith(b"WARC/"):
        from cleaner.batch.warc import read_warc

        yield from read_warc(_on_disk(file, stack), packed, source)
    elif looks_like_json_lines(inside, source.shown):
        yield from _json_lines(unpacked(file, packed), source, fields, kind)
    else:
        yield _document(whole(unpacked(file, packed)), source, kind)


class _Again(io.RawIOBase):
    """A stream whose beginning was read already."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start, self._rest = start, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._start[: len(buffer)] or self._rest.read(len(buffer))
        self._start = self._start[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def _peeked(file: BinaryIO) -> bytes:
    start = file.read(_LOOKED_AT)
    file.seek(-len(start), io.SEEK_CUR)
    return start


def _first(start: bytes, packed: str) -> bytes:
    """How a compressed file begins when it is unpacked."""
    try:
        return next(unpacked(io.BytesIO(start), packed), b"")
    except ReadProblem as problem:
        if problem.kind == "missing":
            raise
        return b""


def _on_disk(file: BinaryIO, stack: ExitStack) -> BinaryIO:
    """A file that can be read from any place: standard input is put into one that vanishes at the end."""
    if file.seekable():
        return file
    copy = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
    shutil.copyfileobj(file, copy)
    copy.seek(0)
    return copy


def looks_like_json_lines(start: bytes, name: str = "") -> bool:
    """Whether a file holds a JSON object a line: it is called so, or its first line is one, or is the beginning of a long one."""
    base = name.lower().removesuffix(".gz").removesuffix(".zst")
    if base.endswith((".jsonl", ".ndjson")):
        return True
    first, end, _ = start.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    if not first.startswith(b'{"') or base.endswith(".json"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return not end


def _document(data: bytes, source: Source, kind: Kind) -> Record | Failure:
    """A file that is one page or text."""
    if kind != "html" and _is_binary(data):
        return Failure(source.shown, None, None, "binary", "this is neither a page nor a text, but binary data")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) and kind != "html":
        data = data.decode("utf-16", "replace").encode()
    return Record(source.shown, 1, source.shown, data, kind, name=source.name)


def _is_binary(data: bytes) -> bool:
    """Whether a tenth of a file's first signs are none, and there are zero bytes among them."""
    if b"\0" not in data[:_LOOKED_AT] or data.startswith((b"\xff\xfe", b"\xfe\xff")) or looks_like_html(data):
        return False
    start = data[:_LOOKED_AT].decode("utf-8", "replace")
    return start.count("\0") + start.count("\ufffd") > 0.1 * len(start)


def _downloaded(source: Source, kind: Kind) -> Record:
    from cleaner.download import download

    got = download(source.shown)
    return Record(source.shown, 1, got.url or source.shown, got.data, kind, url=got.url or source.shown, encoding=got.encoding, name=source.name)


def _json_lines(chunks: Iterator[bytes], source: Source, fields: Fields, kind: Kind) -> Iterator[Record | Failure]:
    for number, line in enumerate(lines(chunks), 1):
        if line is None:
            yield Failure(source.shown, number, None, "too-long", f"line {number} is longer than {LONGEST >> 20} MB, as no article is; it is passed over")
        elif line.strip():
            yield _json_record(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line, number, source, fields, kind)


def _json_record(line: bytes, number: int, source: Source, fields: Fields, kind: Kind) -> Record | Failure:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Failure(source.shown, number, None, "broken-line", f"line {number} is no JSON: {error}")
    if not isinstance(data, dict):
        return Failure(source.shown, number, None, "broken-line", f"line {number} is a JSON {type(data).__name__}, not an object with fields")
    return record_of(data, number, source, fields, kind)


def record_of(data: Mapping[str, Any], number: int, source: Source, fields: Fields, kind: Kind) -> Record | Failure:
    """The record that a JSON object or a table's row holds."""
    said: dict[str, str | None] = {}
    used = set()
    for field in ("url", "id", "language"):
        name = fields.find(field, data)
        value = data[name] if name else None
        said[field] = str(value) if isinstance(value, (str, int)) and value != "" else None
        used.add(name)
    name = next((n for n in fields.content if isinstance(data.get(n), _TEXTS)), None)
    if name is None:
        there = fields.find("content", data)
        missing = f"it has none of the fields {', '.join(fields.content)}, but {', '.join(map(str, data)) or 'no field at all'}"
        wrong = f"its field {there} is {_a(data[there])}" if there else missing
        return Failure(source.shown, number, said["url"], "no-text", f"record {number} has no page and no text: {wrong}; name the field with --field")
    extra = {key: value for key, value in data.items() if key != name and key not in used}
    of_kind: Kind = kind if kind != "auto" else "html" if name == "html" else "auto"
    key = said["id"] or f"{source.shown}#{number}"
    return Record(source.shown, number, key, data[name], of_kind, said["url"], said["language"], extra=extra, name=f"{source.name}/{file_name(said['id'] or str(number))}")


def _a(value: object) -> str:
    return "null" if value is None else f"a {type(value).__name__}"


def file_name(key: str) -> str:
    """A record's id as the name of a file: its letters, digits, dots and hyphens; never hidden, never longer than file systems take."""
    name = "".join(sign if sign.isalnum() or sign in "._-" else "-" for sign in key.strip("<>")).strip(".-") or "record"
    while len(name.encode()) > 120:
        name = name[: len(name) - 8]
    return name
