"""Where articles go: a stream, one file a document, or shards that hold many. Everything is written aside and renamed."""

from __future__ import annotations

import contextlib
import errno
import gzip
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol

from cleaner.batch.records import Record
from cleaner.batch.streams import CHUNK, zstd
from cleaner.batch.work import Options
from cleaner.batch.write import ENDINGS

PACKED = ("", ".gz", ".zst")
FOLDER = ".clean-article"
"""What a run knows of itself lies in this folder of the output folder."""


class OutputProblem(Exception):
    """The output cannot be written: the message names it and the remedy. What was finished before stays."""


class Exists(Exception):
    """A document's file is there already, and is none of this run's."""


class Outlet(Protocol):
    """What a shard's articles are written to."""

    def add(self, record: Record, data: Any) -> int:
        """Take in an article; returns its bytes. Raises `Exists`."""

    def commit(self, shard: int, entry: dict[str, Any]) -> None:
        """Let everything that was added take its place; ``entry`` is the shard's line of the manifest, which outlets may add to."""

    def discard(self) -> None:
        """Forget what was added since the last commit."""

    def finish(self) -> None:
        """There is nothing more to come."""


def is_folder(output: Path, said: str, several: bool) -> bool:
    """Whether an output is meant to be a folder: it is one, is written with a slash, or has no ending of a format and there are several inputs."""
    if output.is_dir() or said.endswith(("/", os.sep)):
        return True
    return format_of(output) is None and several and not output.exists()


def format_of(output: Path) -> str | None:
    """The format that an output's name asks for."""
    name = output.name.lower()
    for ending in PACKED[1:]:
        name = name.removesuffix(ending)
    return next((style for style, ending in ENDINGS.items() if name.endswith(ending)), None)


def packing(output: Path) -> str:
    """``.gz``, ``.zst`` or nothing, by an output's name."""
    return next((ending for ending in PACKED[1:] if output.name.lower().endswith(ending)), "")


def check_packages(options: Options, packed: str = "") -> None:
    """Raise `OutputProblem` if a package is missing that the output needs: better now than after an hour."""
    if packed == ".zst":
        try:
            zstd()
        except ImportError as error:
            raise OutputProblem("writing .zst needs a package that is not installed: pip install 'cleaner[zst]'") from error
    if options.format == "parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise OutputProblem("writing Parquet needs a package that is not installed: pip install 'cleaner[parquet]'") from error


def packed_file(path: Path, packed: str) -> BinaryIO:
    """A new file whose content is compressed as its ending says."""
    if packed == ".gz":
        return gzip.open(path, "wb", compresslevel=6)  # type: ignore[return-value]
    if packed == ".zst":
        return zstd().open(path, "wb")  # type: ignore[no-any-return]
    return path.open("wb")


class Many:
    """A file that holds many articles, in one of the formats: what `Stream` and `Parts` write to."""

    def __init__(self, file: IO[bytes], options: Options, first: bool = True) -> None:
        self._file, self._style, self._first = file, options.format, first
        self._table: Any = None
        self._rows: list[dict[str, Any]] = []
        self._removed = options.removed

    def add(self, data: Any) -> int:
        """Write an article; returns its bytes, of a row those of its text."""
        if self._style == "parquet":
            self._rows.append(data)
            if len(self._rows) >= 500:
                self._write_rows()
            return len(data.get("text") or "")
        if self._style in ("text", "markdown") and not self._first:
            data = b"\n" + data
        self._first = False
        self._file.write(data)
        return len(data)

    def _write_rows(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        from cleaner.batch.rows import output_schema

        schema = output_schema(removed=self._removed, keep=pa.schema([("source", pa.string()), ("record", pa.int64())]))
        if self._table is None:
            self._table = pq.ParquetWriter(self._file, schema, compression="zstd")
        if self._rows:
            self._table.write_batch(pa.RecordBatch.from_pylist(self._rows, schema=schema))
            self._rows = []

    def close(self) -> None:
        """Write what is left, and close the file."""
        if self._style == "parquet":
            self._write_rows()
            self._table.close()
        self._file.close()


class Stream:
    """Standard output, a pipe or a device: written as it comes."""

    def __init__(self, options: Options, path: Path | None = None) -> None:
        if options.format == "parquet" and path is None and sys.stdout.isatty():
            raise OutputProblem("Parquet is no text for a terminal; name a file with -o")
        self._many = Many(path.open("wb") if path else _Kept(sys.stdout.buffer), options)  # type: ignore[arg-type]
        self._corpus = options.corpus
        if self._corpus:
            from cleaner.batch.tei import CORPUS

            self._many.add(CORPUS[0])

    def add(self, record: Record, data: Any) -> int:
        return self._many.add(data)

    def commit(self, shard: int, entry: dict[str, Any]) -> None:
        return

    def discard(self) -> None:
        return

    def finish(self) -> None:
        if self._corpus:
            from cleaner.batch.tei import CORPUS

            self._many.add(CORPUS[1])
        self._many.close()


class _Kept:
    """Standard output, which is flushed after every article and not closed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._at = 0
        self.closed = False

    def write(self, data: Any) -> int:
        sys.stdout.flush()
        size = self._file.write(data)
        self._file.flush()
        self._at += size
        return size

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.flush()

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False


class Parts:
    """Shards in a folder: ``part-00000.jsonl`` and so on. With ``one`` they become a single file at the end."""

    def __init__(self, folder: Path, options: Options, packed: str = "", one: Path | None = None, first: bool = True) -> None:
        """``first`` says that no shard before has an article."""
        self._folder, self._options, self._packed, self._one, self._first = folder, options, packed, one, first
        self._ending = ENDINGS[options.format] + packed
        self._aside = folder / FOLDER / "shard.part"
        self._many: Many | None = None

    def add(self, record: Record, data: Any) -> int:
        if self._many is None:
            self._many = Many(packed_file(self._aside, self._packed), self._options, first=self._first)
        return self._many.add(data)

    def commit(self, shard: int, entry: dict[str, Any]) -> None:
        if self._many is None:  # nothing but failures
            return
        self._many.close()
        self._many = None
        to_disk(self._aside)
        name = f"part-{shard:05}{self._ending}"
        os.replace(self._aside, self._folder / name)
        entry["file"] = name
        entry["bytes_out"] = (self._folder / name).stat().st_size
        self._first = False

    def discard(self) -> None:
        if self._many is not None:
            with contextlib.suppress(Exception):
                self._many.close()
            self._many = None
        self._aside.unlink(missing_ok=True)

    def finish(self) -> None:
        if self._one is None:
            return
        aside = self._folder / FOLDER / "joined.part"
        parts = sorted(self._folder.glob(f"part-*{self._ending}"), key=lambda part: (len(part.name), part.name))
        try:
            if self._options.format == "parquet":
                _join_tables(parts, aside, self._options)
            else:
                _join(parts, aside, self._packed, self._options.corpus)
        except OSError:
            aside.unlink(missing_ok=True)  # the parts stay, and a disk that is full gets room again
            raise
        to_disk(aside)
        os.replace(aside, self._one)
        shutil.rmtree(self._folder)


def _join(parts: list[Path], target: Path, packed: str, corpus: bool) -> None:
    """Put files end to end, as gzip and zstandard allow too."""
    from cleaner.batch.tei import CORPUS

    before, after = CORPUS if corpus else (b"", b"")
    with packed_file(target, packed) as file:
        file.write(before)
    with target.open("ab") as file:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, file, CHUNK)
    if after:
        rest = target.with_suffix(".rest")
        with packed_file(rest, packed) as file:
            file.write(after)
        with target.open("ab") as file:
            file.write(rest.read_bytes())
        rest.unlink()


def _join_tables(parts: list[Path], target: Path, options: Options) -> None:
    import pyarrow.parquet as pq

    with target.open("wb") as file:
        many = Many(file, options)
        for part in parts:
            for batch in pq.ParquetFile(part).iter_batches(batch_size=500):
                for data in batch.to_pylist():
                    many.add(data)
        many.close()


class Files:
    """One file a document, named after its input's path or its record's id.

    A shard's files are written into a folder of their own, then listed, then moved: where that
    is broken off, `finish_moves` completes it from the list.
    """

    def __init__(self, folder: Path, options: Options, overwrite: bool, started: int | None) -> None:
        self._folder, self._ending, self._overwrite = folder, ENDINGS[options.format], overwrite
        self._options = options
        self._started = started
        self._stage = folder / FOLDER / "shard"
        self._moves: list[tuple[str, str]] = []
        self._taken: set[str] = set()

    def add(self, record: Record, data: Any) -> int:
        target = self._target(record)
        self._stage.mkdir(parents=True, exist_ok=True)
        aside = self._stage / f"{len(self._moves):06}"
        if self._options.format == "parquet":
            with aside.open("wb") as file:
                many = Many(file, self._options)
                many.add(data)
                many.close()
        else:
            aside.write_bytes(data)
        self._moves.append((aside.name, target))
        self._taken.add(target)
        return aside.stat().st_size

    def _target(self, record: Record) -> str:
        """The path of a document's file; a record whose id another one has too gets its number."""
        base = record.name or f"record-{record.number}"
        name = base + self._ending
        for name in (base + self._ending, f"{base}-{record.number}{self._ending}"):
            path = self._folder / name
            if name in self._taken or (self._is_ours(path) and path.exists()):
                continue
            if path.exists() and not self._overwrite:
                raise Exists(f"{path} is there already; --overwrite replaces it, another -o leaves it")
            return name
        raise Exists(f"{self._folder / name} is there already, for another record of the same id")

    def _is_ours(self, path: Path) -> bool:
        """Whether a file was written by this run: it is younger than the run's manifest."""
        try:
            return self._started is not None and path.stat().st_mtime_ns >= self._started
        except OSError:
            return False

    def commit(self, shard: int, entry: dict[str, Any]) -> None:
        if self._moves:
            listed = self._stage / "list.part"
            listed.write_text(json.dumps({"entry": entry, "moves": self._moves}), encoding="utf-8", errors="surrogateescape")
            to_disk(listed)
            os.replace(listed, self._stage / "list")
        self.finish_moves()
        self._moves, self._taken = [], set()

    def finish_moves(self) -> dict[str, Any] | None:
        """Move the files of a shard that is complete to their places; returns its entry of the manifest, None if there is no such shard."""
        try:
            data = json.loads((self._stage / "list").read_text(encoding="utf-8", errors="surrogateescape"))
        except (OSError, ValueError):
            return None
        for name, target in data["moves"]:
            if (self._stage / name).exists():
                (self._folder / target).parent.mkdir(parents=True, exist_ok=True)
                os.replace(self._stage / name, self._folder / target)
        entry: dict[str, Any] = data["entry"]
        return entry

    def clear(self) -> None:
        """Take the empty folder of a shard away."""
        shutil.rmtree(self._stage, ignore_errors=True)

    def discard(self) -> None:
        self._moves, self._taken = [], set()
        self.clear()

    def finish(self) -> None:
        self.clear()


def mark_begin(folder: Path) -> int:
    """Take note of the time, as the file system counts it (nanoseconds)."""
    path = folder / FOLDER / "begun"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path.stat().st_mtime_ns


def to_disk(path: Path) -> None:
    """Wait until a file is on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextlib.contextmanager
def told(output: Path | None) -> Iterator[None]:
    """Say what is wrong with the output in words that name it and the remedy."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        name = str(error.filename or output or "<stdout>")
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutputProblem(f"{name}: the disk is full; what was finished before stays: make room, then go on with --resume") from error
        raise OutputProblem(f"{name}: {error.strerror or error}") from error
