"""Web archives: WARC records of pages, WET records of text. What is cut off or damaged is said, and what lies behind it is still read."""

from __future__ import annotations

import contextlib
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
_LENGTH = re.compile(r"\s*\d{1,18}\s*")
_SWALLOWED = b"\r\n\r\nWARC/1."
"""How the next record begins in one whose Content-Length is too large."""
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
        self._shorter: Record | Failure | None = None
        """The last record if it ends where another one seems to begin in it; None if none does."""
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
        found = ArchiveIterator(self._file, parse_http=False)
        doubted: Record | Failure | None = None
        while True:
            try:
                record = next(found, None)
                if doubted is not None:
                    yield doubted
                    doubted = None
                if record is None:
                    break
                at, length = start + record.stream_pos, record.content_length
                last = at
                self._number += 1
                said = record.headers.get("Content-Length")
                if not _LENGTH.fullmatch(said or ""):
                    wrong = f"record {self._number} at byte {at} has " + (f"a Content-Length that is no number of bytes: {said[:40]!r}" if said else "no Content-Length")
                    yield self._failure(record, "damaged", f"{wrong}: it is damaged, or the file is cut off in the middle of it")
                    self.next_start = self._next(at + 1)
                    return
                body, rest = self._read(record, record.record_type in wanted)
                if rest:
                    wrong = f"record {self._number} at byte {at} should hold {length} bytes and is {rest} short"
                    yield self._failure(record, "truncated", f"{wrong}: the file is cut off, or the record's Content-Length is wrong")
                    self.next_start = self._next(at + 1)
                    return
                if body is not None and self._shorter is not None:
                    doubted = body
                elif body is not None:
                    yield body
            except (OSError, ValueError) as error:
                if doubted is not None and self._shorter is not None:
                    yield self._shorter
                kind = "truncated" if self._next(at + 1) is None and self._packed != "gz" else "damaged"
                where = f"behind record {self._number}, which begins at byte {at}" if self._number else f"at byte {at}"
                if not start or self._number > before:  # else the damage was named already, and goes on
                    yield Failure(self._source.shown, self._number + 1, None, kind, f"the archive is damaged {where} (or that record's Content-Length is wrong): {error}")
                self.next_start = self._next(max(at, last) + 1)
                return
        end = self._end(start, at, length) if self._number > before else start
        if end is not None and end < self._size:
            wrong = f"the archive stops in the middle of a record, at byte {end} of {self._size}"
            yield Failure(self._source.shown, self._number + 1, None, "truncated", f"{wrong}: it is cut off, or damaged from there on")
            self.next_start = self._next(end + 1)

    def _failure(self, record: Any, kind: str, message: str) -> Failure:
        return Failure(self._source.shown, self._number, _url(record), kind, message)

    def _read(self, record: Any, wanted: bool) -> tuple[Record | Failure | None, int]:
        """What a record holds, if it is wanted, and how many bytes of it are missing."""
        self._shorter = None
        if not wanted:
            return None, record.content_length - record.reader.consume()
        if record.content_length > LONGEST:
            size = record.content_length
            missing = size - record.reader.consume()
            return self._failure(record, "too-long", f"record {self._number} has {size >> 20} MB, as no article has; it is passed over"), missing
        length = record.content_length
        record.freeze()
        missing = length - record.content_length
        if missing:
            return None, missing
        raw = record.reader.read()
        place = raw.find(_SWALLOWED)
        self._shorter = self._record(record, raw[:place]) if place >= 0 else None
        return self._record(record, raw), 0

    def _record(self, record: Any, raw: bytes) -> Record | Failure | None:
        """The document of a record that holds these bytes; None where it is no page and no text that was found."""
        kind: Kind
        headers = record.headers
        encoding = None
        content = raw
        media = (headers.get("Content-Type") or "").lower()
        if media.startswith("application/http"):
            if not raw.startswith(b"HTTP/"):
                return self._failure(record, "no-http", f"record {self._number} should hold a server's answer and does not begin like one")
            answer, content = _answered(raw)
            if answer.http_headers is None or answer.http_headers.status_code != 200:
                return None
            media = (answer.http_content_type or "").lower()
            encoding = answer.http_charset
        if len(content) > LONGEST:
            return self._failure(record, "too-long", f"record {self._number} unpacks to more than {LONGEST >> 20} MB, as no article does; it is passed over")
        if media.startswith(_PAGES):
            kind = "html"
        elif media.startswith("text/plain") or headers.get("WARC-Type") == "conversion":
            kind = "text"
        elif not media:
            kind = "auto"
        else:
            return None
        key = (record.record_id or "").strip("<>") or f"{self._source.shown}#{self._number}"
        kept = (("warc_date", "WARC-Date"), ("warc_record_id", "WARC-Record-ID"), ("warc_language", "WARC-Identified-Content-Language"))
        extra = {name: value.strip("<>") for name, header in kept if (value := headers.get(header))}
        name = f"{self._source.name}/{file_name(key.removeprefix('urn:uuid:') if record.record_id else str(self._number))}"
        return Record(self._source.shown, self._number, key, content, kind, _url(record), None, encoding, extra, name)

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

    def _end(self, start: int, at: int, length: int) -> int | None:
        """Where the whole records end in a file that was read from ``start`` on, and whose last record begins at ``at``; None where that is known (zst)."""
        if self._packed == "zst":
            return None
        if self._packed == "gz":
            return self._end_of_members(at if self._opens(at) else start)
        self._file.seek(at)
        head = b""
        while b"\r\n\r\n" not in head and (chunk := self._file.read(4096)):
            head += chunk
        if b"\r\n\r\n" not in head:
            return at
        end = at + head.find(b"\r\n\r\n") + 4 + length
        self._file.seek(end)
        tail = self._file.read(CHUNK)
        return end + len(tail) - len(tail.lstrip(b"\r\n"))

    def _end_of_members(self, at: int) -> int:
        """Where the gzip members that begin here end: the end of the file, but for one that is cut off."""
        while at < self._size:
            self._file.seek(at)
            unpack = zlib.decompressobj(31)
            try:
                while not unpack.eof and (chunk := self._file.read(CHUNK)):
                    while chunk and not unpack.eof:
                        unpack.decompress(chunk, CHUNK)
                        chunk = unpack.unconsumed_tail
            except zlib.error:
                return at
            if not unpack.eof:
                return at
            at = self._file.tell() - len(unpack.unused_data)
            if not unpack.unused_data.strip(b"\0"):
                rest = self._file.read(CHUNK)
                at = self._size if not rest.strip(b"\0") else at
        return at


def _url(record: Any) -> str | None:
    """The page's URL; some write it in angle brackets."""
    url: str | None = record.headers.get("WARC-Target-URI")
    return url.strip().strip("<>") if url else None


def _answered(raw: bytes) -> tuple[Any, bytes]:
    """A server's answer, and what it sent: unpacked, but no more than a little over `LONGEST`."""
    from fastwarc.warc import WarcRecord, WarcRecordType

    content = b""
    for decode in ("transfer", "none"):
        answer = WarcRecord()
        answer.init_headers(WarcRecordType.response, content_length=len(raw))
        answer.is_http = True
        answer.set_bytes_content(raw)
        with contextlib.suppress(OSError, ValueError):
            answer.parse_http(auto_decode=decode, quirks_mode=True)
            content = answer.reader.read()
            break
    else:
        return answer, b""
    for coding in reversed((answer.http_headers.get("Content-Encoding") or "").lower().split(",")):
        with contextlib.suppress(OSError, ValueError, zlib.error):
            content = _decoded(content, coding.strip())
    return answer, content


def _decoded(content: bytes, coding: str) -> bytes:
    """What was packed in one of HTTP's ways, and no more of it than a little over `LONGEST`.

    Raises zlib.error, OSError or ValueError where it was not packed so: archivers often unpack it and leave the header.
    """
    from fastwarc.stream_io import BrotliReader, ZstdReader

    if coding in ("gzip", "x-gzip"):
        return zlib.decompressobj(31).decompress(content, LONGEST + 1)
    if coding == "deflate":
        with_header = content[:1] == b"\x78"
        return zlib.decompressobj(zlib.MAX_WBITS if with_header else -zlib.MAX_WBITS).decompress(content, LONGEST + 1)
    if coding not in ("br", "zstd"):
        return content
    reader = (BrotliReader if coding == "br" else ZstdReader)(io.BytesIO(content))
    parts, size = [], 0
    while size <= LONGEST and (part := reader.read(CHUNK)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)
