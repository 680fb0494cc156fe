"""Bytes out of compressed files: nothing is lost before a cut, every cut is noticed, and a bomb does not fill the memory."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import random
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import PROSE
from hypothesis import given
from hypothesis import strategies as st

from cleaner.batch import streams
from cleaner.batch.streams import CHUNK, LONGEST, ReadProblem, compression, lines, unpacked, whole

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACK: dict[str, Callable[[bytes], bytes]] = {"gz": lambda data: gzip.compress(data, mtime=0), "zst": lambda data: bytes(zstd.compress(data))}
TEXT = "\n".join(PROSE).encode()
both = pytest.mark.parametrize("packed", PACK)


def read(data: bytes, packed: str | None) -> tuple[bytes, str | None]:
    """All that could be read, and the kind of problem that ended it."""
    parts = []
    try:
        for chunk in unpacked(io.BytesIO(data), packed):
            assert 0 < len(chunk) <= CHUNK
            parts.append(chunk)
    except ReadProblem as problem:
        return b"".join(parts), problem.kind
    return b"".join(parts), None


@both
def test_what_was_packed_comes_back(packed: str) -> None:
    data = random.Random(1).randbytes(3 * CHUNK) + b"\0" * (5 * CHUNK)
    assert compression(PACK[packed](data)) == packed
    assert read(PACK[packed](data), packed) == (data, None)


@both
@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 4 * CHUNK])
def test_sizes_around_a_chunk_come_back_whole(packed: str, size: int) -> None:
    data = (b"abcdefg\n" * (size // 8 + 1))[:size]
    assert read(PACK[packed](data), packed) == (data, None)


@both
@given(members=st.lists(st.binary(max_size=60), min_size=1, max_size=5), padding=st.integers(0, 40))
def test_several_members_are_one_stream_and_padding_is_none_of_it(packed: str, members: list[bytes], padding: int) -> None:
    data = b"".join(map(PACK[packed], members)) + b"\0" * padding
    assert read(data, packed) == (b"".join(members), None)


@both
def test_a_cut_at_any_byte_is_noticed_unless_it_falls_between_two_members(packed: str) -> None:
    first, second = PACK[packed](TEXT), PACK[packed](TEXT[::-1])
    data = first + second
    for cut in range(1, len(data)):
        got, problem = read(data[:cut], packed)
        assert (TEXT + TEXT[::-1]).startswith(got)
        assert len(got) >= (len(TEXT) if cut >= len(first) else 0)
        assert problem == (None if cut == len(first) else "truncated"), f"cut at byte {cut} of {len(data)}"


def test_what_stands_before_a_cut_in_a_member_is_given() -> None:
    data = random.Random(2).randbytes(4 * CHUNK)
    for packed, pack in PACK.items():
        whole_file = pack(data)
        got, problem = read(whole_file[: len(whole_file) // 2], packed)
        assert problem == "truncated"
        assert data.startswith(got)
        assert len(got) > CHUNK


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_in_a_gzip_file_never_goes_unnoticed(at: int, bit: int) -> None:
    data = bytearray(PACK["gz"](TEXT))
    at %= len(data)
    data[at] ^= 1 << bit
    got, problem = read(bytes(data), "gz")
    assert problem in ("damaged", "truncated") or got == TEXT


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_in_a_checksummed_zstandard_file_never_goes_unnoticed(at: int, bit: int) -> None:
    data = bytearray(zstd.compress(TEXT, options={zstd.CompressionParameter.checksum_flag: 1}))
    at %= len(data)
    data[at] ^= 1 << bit
    got, problem = read(bytes(data), "zst")
    assert problem in ("damaged", "truncated") or got == TEXT or compression(bytes(data)) is None or data[1:4] == b"\x2a\x4d\x18"


@both
@given(data=st.binary(max_size=300))
def test_bytes_of_any_kind_are_read_or_refused(packed: str, data: bytes) -> None:
    for start in (b"", PACK[packed](b"")[:6], PACK[packed](TEXT)[:30]):
        assert read(start + data, packed)[1] in (None, "damaged", "truncated")


def test_garbage_behind_a_member_is_said() -> None:
    for packed, pack in PACK.items():
        assert read(pack(TEXT) + b"no archive", packed) == (TEXT, "damaged")


def test_frames_that_zstandard_passes_over_are_passed_over() -> None:
    skipped = b"\x5d\x2a\x4d\x18\x04\0\0\0abcd"
    data = skipped + PACK["zst"](TEXT) + skipped
    assert compression(data) == "zst"
    assert read(data, "zst") == (TEXT, None)


def test_a_file_that_is_not_compressed_is_given_as_it_is() -> None:
    assert compression(TEXT) is None
    assert compression(b"") is None
    assert read(TEXT, None) == (TEXT, None)


# -- lines and documents ------------------------------------------------------------------------


@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=6))
def test_lines_are_those_that_split_gives_however_the_chunks_fall(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(data), *(min(cut, len(data)) for cut in cuts)})
    chunks = [data[start:end] for start, end in itertools.pairwise(places)]
    expected = data.split(b"\n")
    assert list(lines(iter(chunks))) == (expected[:-1] if not expected[-1] else expected)


def test_a_line_may_be_as_long_as_the_limit_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LONGEST", 20)
    assert list(lines(iter([b"a" * 19, b"b\nshort\n"]))) == [b"a" * 19 + b"b", b"short"]
    assert list(lines(iter([b"a" * 19, b"bc\nshort\n", b"d" * 21]))) == [None, b"short", None]


def test_a_document_may_be_as_long_as_the_limit_and_no_longer() -> None:
    part = b"a" * (LONGEST // 4)
    assert len(whole(iter([part] * 4))) == LONGEST
    with pytest.raises(ReadProblem, match="longer than 64 MB"):
        whole(iter([part] * 4 + [b"b"]))


# -- bombs ------------------------------------------------------------------------------------------


def bomb(path: Path, packed: str, unit: bytes, size: int) -> Path:
    """A file of a few kB (zst) or a few MB (gz) that unpacks to more than a memory should hold."""
    if packed == "zst":
        pack = zstd.ZstdCompressor(level=3)
        data = b"".join(pack.compress(unit) for _ in range(size // len(unit))) + pack.flush()
    else:
        once = zlib.compressobj(1, zlib.DEFLATED, 31)
        member = once.compress(unit) + once.flush()
        data = member * (size // len(unit))
    path.write_bytes(data)
    return path


_MEASURED = """
import json, sys
from pathlib import Path
from cleaner.batch.read import read_all
got = [[type(one).__name__, getattr(one, "error", None)] for one in read_all(sys.argv[1:])]
print(json.dumps([got, int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024]))
"""


def measured(*names: str) -> tuple[list[list[str | None]], float]:
    """What reading files gives in a process of its own, and the most memory that it took, in MB."""
    done = subprocess.run([sys.executable, "-c", _MEASURED, *names], capture_output=True, text=True, timeout=120, check=True)
    got, megabytes = json.loads(done.stdout)
    return got, megabytes


@both
def test_a_bomb_ends_as_a_failure_and_memory_stays_small(packed: str, tmp_path: Path) -> None:
    unit, size = b"a" * (8 << 20), 5 << 28  # 1.25 GB
    page = bomb(tmp_path / f"page.{packed}", packed, unit, size)
    table = bomb(tmp_path / f"lines.jsonl.{packed}", packed, unit, size)
    assert page.stat().st_size < size / 200
    found, megabytes = measured(str(page), str(table))
    assert found == [["Failure", "too-long"], ["Failure", "too-long"]]
    assert megabytes < 300


def test_a_line_of_100_mb_is_passed_over_and_the_next_is_read(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    with path.open("wb") as file:
        file.write(b'{"text": "before"}\n{"text": "')
        for _ in range(100):
            file.write(b"a" * (1 << 20))
        file.write(b'"}\n{"text": "behind"}')
    found, megabytes = measured(str(path))
    assert found == [["Record", None], ["Failure", "too-long"], ["Record", None]]
    assert megabytes < 300
