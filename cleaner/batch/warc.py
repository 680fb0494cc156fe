"""Web archives: WARC records of pages, WET records of text. What is cut off or damaged is said, and what lies behind it is still read."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from cleaner.batch.records import Failure, Kind, Record
from cleaner.batch.sources import Source, file_name
from cleaner.batch.streams import CHUNK, LONGEST, ReadProblem

_RECORD = {None: re.compile(rb"WARC/[01]\.\d\r?\n"), "gz": re.compile(rb"\x1f\x8b\x08[\x00-\x1f]"), "zst": re.compile(rb"\x28\xb5\x2f\xfd")}
"""How a record begins in a file that is packed in one of these ways."""
_PAGES = ("text/html", "application/xhtml")


def read_warc(file: BinaryIO, packed: str | None, source: Source) -> Iterator[Record | Failure]:
    """The pages (responses and resources that are HTML or text, with status 200) and texts (conversions) of an archive.

    ``file`` can be read from any place. A damaged stretch comes as a `Failure` with its
    place; reading goes on at the next record that can be found.
    """
    archive = _Archive(file, packed, source)
    at: int | None = 0
    while at is not None:
        yield from archive.records(at)
        at = archive.next_start


class _Archive:
    """An archive that is read from one damaged place to the next."""

    def __init__(self, file: BinaryIO, packed: str | None, source: Source) -> None:
        self._file, self._packed, self._source = file, packed, source
        self.next_start: int | None = None
        """Where the next record behind a damaged place begins; None at the end."""
        self._number = 0
        self._size = file.seek(0, io.SEEK_END)

    def records(self, start: int) -> Iterator[Record | Failure]:
        """Records from a place in the file on, up to the end or to damage."""
        try:
            from fastwarc.warc import ArchiveIterator, WarcRecordType
        except ImportError as error:
            raise ReadProblem("missing", "reading WARC needs a package that is not installed: pip install 'cleaner[warc]'") from error
        wanted = (WarcRecordType.response, WarcRecordType.resource, WarcRecordType.conversion)
        at, last, length = start, start - 1, 0
        before = self._number
        self.next_start = None
        self._file.seek(start)
        found = ArchiveIterator(self._file, parse_http=False, auto_decode="all")
        while True:
            try:
                record = next(found, None)
                if record is None:
                    break
                at, length = start + record.stream_pos, record.content_length
                last = at
                self._number += 1
                body, rest = self._read(record, record.record_type in wanted)
                if rest:
                    wrong = f"record {self._number} at byte {at} should hold {length} bytes and is {rest} short"
                    yield self._failure(record, "truncated", f"{wrong}: the file is cut off, or the record's Content-Length is wrong")
                    self.next_start = self._next(at + 1)
                    return
                if body is not None:
                    yield body
            except (OSError, ValueError) as error:
                kind = "truncated" if self._next(at + 1) is None and self._packed != "gz" else "damaged"
                where = f"behind record {self._number}, which begins at byte {at}" if self._number else f"at byte {at}"
                if not start or self._number > before:  # else the damage was named already, and goes on
                    yield Failure(self._source.shown, self._number + 1, None, kind, f"the archive is damaged {where} (or that record's Content-Length is wrong): {error}")
                self.next_start = self._next(max(at, last) + 1)
                return
        end = self._end(at, length) if self._number else None
        if end is not None and end < self._size:
            wrong = f"the archive stops in the middle of a record, at byte {end} of {self._size}"
            yield Failure(self._source.shown, self._number + 1, None, "truncated", f"{wrong}: it is cut off, or damaged from there on")
            self.next_start = self._next(end + 1)

    def _failure(self, record: Any, kind: str, message: str) -> Failure:
        return Failure(self._source.shown, self._number, record.headers.get("WARC-Target-URI"), kind, message)

    def _read(self, record: Any, wanted: bool) -> tuple[Record | Failure | None, int]:
        """What a record holds, if it is wanted, and how many bytes of it are missing."""
        if not wanted:
            return None, record.content_length - record.reader.consume()
        if record.content_length > LONGEST:
            size = record.content_length
            missing = size - record.reader.consume()
            return self._failure(record, "too-long", f"record {self._number} has {size >> 20} MB, as no article has; it is passed over"), missing
        length = record.content_length
        record.freeze()
        missing = length - record.content_length
        return (None, missing) if missing else (self._record(record), 0)

    def _record(self, record: Any) -> Record | Failure | None:
        kind: Kind
        headers = record.headers
        encoding = None
        media = (headers.get("Content-Type") or "").lower()
        if media.startswith("application/http"):
            record.parse_http(auto_decode="all")
            if record.http_headers is None or record.http_headers.status_code != 200:
                return None
            media = (record.http_content_type or "").lower()
            encoding = record.http_charset
        content = record.reader.read(LONGEST + 1)
        if len(content) > LONGEST:
            return self._failure(record, "too-long", f"record {self._number} unpacks to more than {LONGEST >> 20} MB, as no article does; it is passed over")
        if media.startswith(_PAGES):
            kind = "html"
        elif media.startswith("text/plain") or record.headers.get("WARC-Type") == "conversion":
            kind = "text"
        elif not media:
            kind = "auto"
        else:
            return None
        key = (record.record_id or "").strip("<>") or f"{self._source.shown}#{self._number}"
        extra = {name: value for name, value in (("warc_date", headers.get("WARC-Date")), ("warc_record_id", key)) if value}
        name = f"{self._source.name}/{file_name(key.removeprefix('urn:uuid:') if record.record_id else str(self._number))}"
        return Record(self._source.shown, self._number, key, content, kind, headers.get("WARC-Target-URI"), None, encoding, extra, name)

    def _next(self, at: int) -> int | None:
        """Where the next record begins in the file, from a place on."""
        begins = _RECORD[self._packed]
        self._file.seek(at)
        held = b""
        while chunk := self._file.read(CHUNK):
            window = held + chunk
            for found in begins.finditer(window):
                place = at - len(held) + found.start()
                if self._packed != "gz" or self._opens(place):
                    self._file.seek(place)
                    return place
            at += len(chunk)
            held = window[-16:]
            self._file.seek(at)
        return None

    def _opens(self, place: int) -> bool:
        """Whether a gzip member with a record begins here, rather than bytes that look like one."""
        self._file.seek(place)
        try:
            return zlib.decompressobj(31).decompress(self._file.read(4096), 5) == b"WARC/"
        except zlib.error:
            return False

    def _end(self, at: int, length: int) -> int | None:
        """Where the record that begins here ends in the file; None where that cannot be told (zst)."""
        if self._packed == "zst":
            return None
        self._file.seek(at)
        if self._packed is None:
            head = b""
            while b"\r\n\r\n" not in head and (chunk := self._file.read(4096)):
                head += chunk
            if b"\r\n\r\n" not in head:
                return at
            end = at + head.find(b"\r\n\r\n") + 4 + length
            self._file.seek(end)
            tail = self._file.read(CHUNK)
            return end + len(tail) - len(tail.lstrip(b"\r\n"))
        unpack = zlib.decompressobj(31)
        while chunk := self._file.read(CHUNK):
            data = chunk
            while data and not unpack.eof:
                unpack.decompress(data, CHUNK)
                data = unpack.unconsumed_tail
            if unpack.eof:
                return self._file.tell() - len(unpack.unused_data)
        return at
