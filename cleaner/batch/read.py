"""Inputs → records: pages and texts, JSON lines, web archives and tables, told apart by looking."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, BinaryIO

from cleaner.batch.records import Failure, Fields, Kind, Record
from cleaner.batch.sources import STDIN, Source, file_name, sources
from cleaner.batch.streams import LONGEST, ReadProblem, beginning_of, compression, lines, some, unpacked, whole
from cleaner.sniff import looks_like_html

_LOOKED_AT = 1 << 12
_BLOCK = 1 << 18
"""Bytes in which a zstandard file's first block ends, which is unpacked as a whole."""
_DEEPEST = 200
"""Levels of lists and objects in each other: about what can be handed from process to process and written again."""
_TEXTS = (str, bytes)
_BEGINNINGS = {".gz": b"\x1f\x8b", ".zst": b"\x28\xb5\x2f\xfd", ".warc": b"WARC/", ".wet": b"WARC/", ".parquet": b"PAR1"}
"""How files begin that are called so: one that is shorter was cut off at once."""


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
    except (OSError, UnicodeEncodeError) as error:
        yield Failure(source.shown, number + 1 if number else None, None, type(error).__name__, getattr(error, "strerror", None) or str(error))


def _records(file: BinaryIO, source: Source, fields: Fields, kind: Kind, stack: ExitStack) -> Iterator[Record | Failure]:
    start = file.read(_LOOKED_AT) if file.seekable() else beginning_of(file, _LOOKED_AT)
    packed = compression(start)
    if packed == "zst":
        start += file.read(_BLOCK)
    if file.seekable():
        file.seek(-len(start), io.SEEK_CUR)
    else:
        file = io.BufferedReader(_Again(start, file))
    name = source.shown.lower()
    for ending, beginning in _BEGINNINGS.items():
        if source.path and name.endswith(ending) and len(start) < len(beginning) and beginning.startswith(start):
            raise ReadProblem("truncated", f"it is called {ending} and holds {len(start)} bytes: it was cut off where it begins, or never written")
    inside = start if packed is None else _first(start, packed)
    if inside.startswith(b"PAR1"):
        if packed:
            raise ReadProblem("packed", f"this is a Parquet file inside a .{packed}, which can only be read as a whole; unpack it first")
        from cleaner.batch.parquet import read_parquet

        yield from read_parquet(_on_disk(file, stack), source, fields, kind)
    elif inside.startswith(b"WARC/") or name.removesuffix(".gz").removesuffix(".zst").endswith((".warc", ".wet")):
        from cleaner.batch.warc import read_warc

        if not inside.strip().startswith(b"WARC/"):  # the beginning is damaged
            packed = packed or ("gz" if name.endswith(".gz") else "zst" if name.endswith(".zst") else None)
        yield from read_warc(_on_disk(file, stack), packed, source)
    elif looks_like_json_lines(inside, source.shown):
        yield from _json_lines(unpacked(file, packed), source, fields, kind)
    else:
        data = whole(unpacked(file, packed))
        found = _json(data, source)
        if isinstance(found, dict):
            record = record_of(found, 1, source, fields, kind)
            yield replace(record, name=source.name) if isinstance(record, Record) else record
        elif found is None:
            yield _document(data, source, kind)
        for number, one in enumerate(found if isinstance(found, list) else (), 1):
            yield record_of(one, number, source, fields, kind) if isinstance(one, dict) else _no_object(one, number, source, f"item {number} of the list")


class _Again(io.RawIOBase):
    """A stream whose beginning was read already."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start, self._rest = start, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._start[: len(buffer)] or some(self._rest, len(buffer))
        self._start = self._start[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


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
    if not _OBJECT.match(first):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return not end


_OBJECT = re.compile(rb'\{[ \t]*"')


def _json(data: bytes, source: Source) -> dict[str, Any] | list[Any] | None:
    """What a file holds that is one JSON object or a list of them; None if it is neither. Raises `ReadProblem` if it is called so and is not."""
    named = source.shown.lower().removesuffix(".gz").removesuffix(".zst").endswith(".json")
    if not named and data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        found = json.loads(data.removeprefix(b"\xef\xbb\xbf"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        if not named:
            return None
        raise ReadProblem("broken-json", f"it is called .json and is no JSON: {error}") from error
    if isinstance(found, dict) or (isinstance(found, list) and (named or any(isinstance(one, dict) for one in found))):
        return found
    return None


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

    try:
        got = download(source.shown)
    except ValueError as error:
        raise ReadProblem("DownloadError", f"this is no URL: {error}") from error
    return Record(source.shown, 1, got.url or source.shown, got.data, kind, url=got.url or source.shown, encoding=got.encoding, name=source.name)


def _json_lines(chunks: Iterator[bytes], source: Source, fields: Fields, kind: Kind) -> Iterator[Record | Failure]:
    for number, line in enumerate(lines(chunks), 1):
        if line is None:
            yield Failure(source.shown, number, None, "too-long", f"line {number} is longer than {LONGEST >> 20} MB, as no article is; it is passed over")
        elif line.strip():
            yield _json_record(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line, number, source, fields, kind)


def _json_record(line: bytes, number: int, source: Source, fields: Fields, kind: Kind) -> Record | Failure:
    try:
        data = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        return Failure(source.shown, number, None, "broken-line", f"line {number} is no JSON: {error}")
    return record_of(data, number, source, fields, kind) if isinstance(data, dict) else _no_object(data, number, source, f"line {number}")


def _no_object(data: object, number: int, source: Source, place: str) -> Failure:
    return Failure(source.shown, number, None, "broken-line", f"{place} is {_a(data)}, not an object with fields")


def _no_number(name: str) -> None:
    """NaN and the infinities, which some write and JSON does not have, are no value."""


def record_of(data: Mapping[str, Any], number: int, source: Source, fields: Fields, kind: Kind) -> Record | Failure:
    """The record that a JSON object or a table's row holds."""
    said: dict[str, str | None] = {}
    used = set()
    for field in ("url", "id", "language"):
        name = fields.find(field, data)
        value = data[name] if name else None
        value = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        said[field] = str(value) if isinstance(value, (str, int)) and value != "" else None
        used.add(name)
    texts = [n for n in fields.content if isinstance(data.get(n), _TEXTS)]
    name = next((n for n in texts if data[n]), texts[0] if texts else None)
    if name is None:
        there = fields.find("content", data)
        missing = f"it has none of the fields {', '.join(fields.content)}, but {', '.join(map(str, data)) or 'no field at all'}"
        wrong = f"its field {there} is {_a(data[there])}" if there else missing
        return Failure(source.shown, number, said["url"], "no-text", f"record {number} has no page and no text: {wrong}; name the field with --field")
    if len(data[name]) > LONGEST:
        return Failure(source.shown, number, said["url"], "too-long", f"record {number} has a {name} of {len(data[name]) >> 20} MB, as no article has; it is passed over")
    extra = {key: value for key, value in data.items() if key != name and key not in used}
    if _is_deep(extra):
        return Failure(source.shown, number, said["url"], "too-deep", f"record {number} has fields that lie more than {_DEEPEST} levels deep in each other, as no article has")
    of_kind: Kind = kind if kind != "auto" else "html" if name == "html" else "auto"
    key = said["id"] or f"{source.shown}#{number}"
    return Record(source.shown, number, key, data[name], of_kind, said["url"], said["language"], extra=extra, name=f"{source.name}/{file_name(said['id'] or str(number))}")


def _is_deep(value: object) -> bool:
    """Whether lists and objects lie deeper in each other than `_DEEPEST`."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one) if isinstance(inner, (dict, list, tuple))]  # type: ignore[attr-defined]
        if not level:
            return False
    return True


def _a(value: object) -> str:
    """What a value is called in JSON and in tables."""
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return "null" if value is None else names.get(type(value), f"a {type(value).__name__}")
