"""Bytes out of compressed files: every truncation and damage is said, nothing is unpacked beyond what a reader asks for."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPED = tuple(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))
"""How a frame begins that a zstandard file may hold before the others, and whose content is none of the file's."""
CHUNK = 1 << 18
"""Bytes read at a time, and the most that are unpacked at a time."""
LONGEST = 64 << 20
"""Bytes of the longest document or line that is read; what is longer is a fault of the file, not an article."""
GIVE_UP = 1 << 30
"""Bytes of one document or line behind which nothing is looked for any more: a bomb."""


class ReadProblem(Exception):
    """An input cannot be read, or not to its end. ``kind`` goes into the error record."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def compression(start: bytes) -> str | None:
    """``gz``, ``zst`` or None, by a file's first bytes."""
    return "gz" if start.startswith(GZIP) else "zst" if start.startswith((ZSTD, *_SKIPPED)) else None


def some(file: BinaryIO, size: int) -> bytes:
    """What there is of a stream already, at most ``size`` bytes: a pipe is not waited for until it has more. Empty only at the end."""
    read: Callable[[int], bytes] = getattr(file, "read1", file.read)
    return read(size)


def beginning_of(file: BinaryIO, size: int) -> bytes:
    """How a stream begins: its first line, or ``size`` bytes of it."""
    start = b""
    while len(start) < size and b"\n" not in start and (more := some(file, size - len(start))):
        start += more
    return start


def unpacked(file: BinaryIO, packed: str | None) -> Iterator[bytes]:
    """The bytes of a file, in chunks; ``packed`` is what `compression` says. Raises `ReadProblem` where the file is cut off or damaged."""
    if packed is None:
        yield from iter(lambda: some(file, CHUNK), b"")
        return
    make = _gunzip if packed == "gz" else _unzstd()
    unpack, inside = make(), False
    at = 0
    while data := some(file, CHUNK):
        at += len(data)
        more = False
        while data or more:
            if unpack.eof:
                more = False
                if not data.strip(b"\0"):
                    break  # padding, as tapes and some archivers leave it
                unpack = make()
            inside = True
            try:
                out = unpack.decompress(data, CHUNK)
            except Exception as error:
                raise ReadProblem("damaged", f"the compressed data is damaged near byte {at} ({error}); what came before it was read") from error
            data = unpack.unused_data if unpack.eof else unpack.unconsumed_tail if packed == "gz" else b""
            inside = not unpack.eof
            more = inside and (len(out) >= CHUNK if packed == "gz" else not unpack.needs_input)
            if out:
                yield out
    if inside:
        raise ReadProblem("truncated", f"the compressed data stops in the middle, at byte {at}: the file is cut off; what came before was read")


def _gunzip() -> Any:
    return zlib.decompressobj(31)


def _unzstd() -> Callable[[], Any]:
    try:
        made: Callable[[], Any] = zstd().ZstdDecompressor
    except ImportError as error:
        raise ReadProblem("missing", "reading .zst needs a package that is not installed: pip install 'cleaner[zst]'") from error
    return made


def zstd() -> Any:
    """The module for zstandard: Python's own, or what stands in for it before 3.14. Raises ImportError."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd


def whole(chunks: Iterator[bytes]) -> bytes:
    """One document's bytes. Raises `ReadProblem` if they are more than `LONGEST`."""
    parts, size = [], 0
    for chunk in chunks:
        size += len(chunk)
        if size > LONGEST:
            raise ReadProblem("too-long", f"it is longer than {LONGEST >> 20} MB, as no article is (a bomb, or an archive under another name?)")
        parts.append(chunk)
    return b"".join(parts)


def lines(chunks: Iterator[bytes]) -> Iterator[bytes | None]:
    """Lines without their ends; None for one longer than `LONGEST`, which is passed over. Raises `ReadProblem` after `GIVE_UP` bytes without a line's end."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        first, *rest = chunk.split(b"\n")
        if size + len(first) <= LONGEST:
            held.append(first)
        size += len(first)
        if size > GIVE_UP:
            raise ReadProblem("too-long", f"a line has no end after {GIVE_UP >> 30} GB: this is no JSONL, or a bomb; the rest is not read")
        for piece in rest:
            yield b"".join(held) if size <= LONGEST else None
            held, size = [piece], len(piece)
    if size:
        yield b"".join(held) if size <= LONGEST else None
