"""A whole run: inputs → records → processes → shards, so that it can be broken off at any moment and go on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleaner.batch.limits import Broken, Limits
from cleaner.batch.outlets import FOLDER, Exists, Files, Outlet, OutputProblem, Parts, Stream, check_packages, mark_begin, packing, told
from cleaner.batch.progress import Progress
from cleaner.batch.read import read
from cleaner.batch.records import Failure, Fields, Kind, Record, weight
from cleaner.batch.sources import Place, Source, sources
from cleaner.batch.work import Done, Options, worker
from cleaner.batch.write import STREAMS

if TYPE_CHECKING:
    from cleaner.batch.manifest import Manifest
    from cleaner.batch.pool import Pool

SHARD = 1000
"""Documents of a shard, ..."""
SHARD_BYTES = 64 << 20
"""... or bytes of its output: what a run that was broken off does again at most."""
PARTS = ".parts"
"""Ending of the folder of a single file's shards."""
_TOLD = 20
"""Warnings of articles that are told one by one."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a run is asked to do."""

    names: tuple[str, ...]
    """Files, folders, globs, URLs, ``-``."""
    output: Path | None = None
    """None for standard output."""
    folder: bool = False
    """Whether the output is a folder."""
    options: Options = field(default_factory=Options)
    fields: Fields = field(default_factory=Fields)
    kind: Kind = "auto"
    jobs: int = 0
    """Processes; 0 for none but this one, and no limits."""
    limits: Limits = field(default_factory=Limits)
    plain: bool = False
    """A few documents named one by one: one file each, and no manifest."""
    resume: bool = False
    overwrite: bool = False
    errors: Path | None = None
    progress: str = "auto"
    shard: int = SHARD

    @property
    def outputs(self) -> list[Path]:
        """What the run writes, which is none of its inputs."""
        output = [self.output, self.output.with_name(self.output.name + PARTS)] if self.output and self.output.name else []
        return [*output, *([self.errors] if self.errors else [])]


@dataclass(slots=True)
class Totals:
    """What a run did."""

    documents: int = 0
    failed: int = 0
    done_before: int = 0
    """Documents that this run had done before it was broken off, ..."""
    failed_before: int = 0
    """... and those that had failed."""
    warned: int = 0
    seconds: float = 0.0
    interrupted: int = 0
    """The signal that ended it, if one did."""


class Interrupted(KeyboardInterrupt):
    """A signal asks us to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class _Signals:
    """Ctrl-C and SIGTERM end a run between two documents, never in the middle of taking one in."""

    def __init__(self) -> None:
        self._held = False
        self._pending = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Signals:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._came) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *error: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _came(self, number: int, frame: object) -> None:
        if not self._held:
            raise Interrupted(number)
        self._pending = number

    @contextmanager
    def held(self) -> Iterator[None]:
        """What is done in here is done whole."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._pending:
            raise Interrupted(self._pending)


def run(job: Job) -> Totals:
    """Do a job. Raises `OutputProblem` where the output cannot be written and `RuleError` for faulty rules; what was finished stays."""
    totals = Totals()
    with told(job.output):
        course = _course(job, totals)
        if course is None:
            return totals
    start = time.monotonic()
    progress = Progress(job.progress, lambda: sum(source.size for source in sources(job.names, job.outputs) if isinstance(source, Source)))
    try:
        with told(job.output):
            course.go(totals, progress)
    finally:
        progress.close()
        course.close()
        totals.seconds = time.monotonic() - start
    return totals


def _course(job: Job, totals: Totals) -> _Course | None:
    """How a job goes; None if there is nothing left to do."""
    output, options = job.output, job.options
    check_packages(options, packing(output) if output and not job.folder else "")
    errors = _Errors(job.errors)
    if output is None:
        errors.begin(job.overwrite)
        return _Course(job, Stream(options), None, errors)
    if output.exists() and not output.is_file() and not output.is_dir():  # a pipe or a device
        errors.begin(job.overwrite)
        return _Course(job, Stream(options, output), None, errors)
    if job.folder and output.is_file():
        raise OutputProblem(f"{output}: is a file, and several outputs need a folder; name another output")
    if job.plain and job.folder:
        errors.begin(job.overwrite)
        output.mkdir(parents=True, exist_ok=True)
        return _Course(job, Files(output, options, job.overwrite, mark_begin(output)), None, errors)
    if not job.folder:
        return _into_one_file(job, output, errors)
    from cleaner.batch.manifest import Manifest

    output.mkdir(parents=True, exist_ok=True)
    manifest = Manifest(output, anew=job.overwrite and not job.resume)
    goes_on = _begin(job, manifest, output)
    if manifest.finished:
        totals.done_before, totals.failed_before = manifest.documents, manifest.failed
        manifest.close()
        return None
    outlet: Files | Parts
    if options.format in STREAMS:
        outlet = Parts(output, options, first=not manifest.documents)
        if not goes_on:
            _clear_parts(output, job.overwrite)
    else:
        outlet = Files(output, options, job.overwrite, manifest.started)
        if goes_on:
            entry = outlet.finish_moves()
            if entry is not None and entry["shard"] == manifest.shards:
                manifest.add(entry)
        outlet.clear()
    errors.go_on(manifest) if goes_on else errors.begin(job.overwrite)
    return _Course(job, outlet, manifest, errors)


def _into_one_file(job: Job, output: Path, errors: _Errors) -> _Course | None:
    parts = output.with_name(output.name + PARTS)
    if output.exists() and not job.overwrite and not (job.resume and parts.exists()):
        if job.resume:
            return None  # finished: the parts are joined last
        raise OutputProblem(f"{output}: is there already; --overwrite replaces it, another -o leaves it")
    if not output.parent.is_dir():
        raise OutputProblem(f"{output}: there is no folder {output.parent}")
    if parts.exists() and not job.resume and not job.overwrite:
        raise OutputProblem(f"{parts}: holds a run that was broken off; --resume goes on with it, --overwrite starts anew")
    from cleaner.batch.manifest import Manifest

    parts.mkdir(exist_ok=True)
    manifest = Manifest(parts, anew=job.overwrite and not job.resume)
    goes_on = _begin(job, manifest, parts)
    outlet = Parts(parts, job.options, packing(output), one=output, first=not manifest.documents)
    if not goes_on:
        _clear_parts(parts, overwrite=True)
    errors.go_on(manifest) if goes_on else errors.begin(job.overwrite)
    return _Course(job, outlet, manifest, errors)


def _begin(job: Job, manifest: Manifest, folder: Path) -> bool:
    """Start a run, or go on with the one that is there; returns whether it goes on."""
    asked = {"names": list(job.names), "fields": asdict(job.fields), "kind": job.kind}
    asked = json.loads(json.dumps(asked))
    if manifest.head is not None and job.resume:
        manifest.check(job.options, asked)
        return True
    if manifest.head is not None:
        if not manifest.finished:
            raise OutputProblem(f"{folder}: holds a run that was broken off; --resume goes on with it, --overwrite starts anew")
        if job.options.format in STREAMS:
            raise OutputProblem(f"{folder}: holds a finished run; --overwrite replaces it, another -o leaves it")
    mark_begin(folder)
    manifest.begin(job.options, asked)
    return False


def _clear_parts(folder: Path, overwrite: bool) -> None:
    there = sorted(folder.glob("part-*"))
    if there and not overwrite:
        raise OutputProblem(f"{there[0]}: is there already; --overwrite replaces it, another -o leaves it")
    for part in there:
        part.unlink()


class _Errors:
    """The file of error records; what an unfinished shard wrote to it is taken back."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def begin(self, overwrite: bool) -> None:
        """Begin the file."""
        if self.path is None:
            return
        if not overwrite and self.path.exists() and self.path.stat().st_size:
            raise OutputProblem(f"{self.path}: is there already; --overwrite replaces it, another --errors leaves it")
        self.path.write_bytes(b"")

    def go_on(self, manifest: Manifest) -> None:
        """Take back what was written after the last finished shard."""
        if self.path is None:
            return
        size = manifest.last.get("errors_bytes", 0) if manifest.last else 0
        with self.path.open("ab") as file:
            file.truncate(min(size, file.seek(0, os.SEEK_END)))

    def write(self, failures: Iterable[Failure]) -> int:
        """Add records; returns how long the file is then."""
        assert self.path is not None
        with self.path.open("ab") as file:
            for failure in failures:
                file.write(json.dumps(failure.to_dict(), ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            file.flush()
            os.fsync(file.fileno())
            return file.tell()


@dataclass(slots=True)
class _Read:
    """Up to where the inputs were read when an item was taken, and by how many bytes that is more than before."""

    place: Place
    size: int


class _Course:
    """One run, from its first record to its last."""

    def __init__(self, job: Job, outlet: Outlet, manifest: Manifest | None, errors: _Errors) -> None:
        self._job, self._outlet, self._manifest, self._errors = job, outlet, manifest, errors
        self._reads: deque[_Read] = deque()
        self._failures: list[Failure] = []
        self._documents = 0
        self._bytes_in = self._bytes_out = 0
        self._since = time.monotonic()
        self._last = manifest.place if manifest else Place()

    def go(self, totals: Totals, progress: Progress) -> None:
        """Do what is left to do."""
        if self._manifest:
            totals.done_before, totals.failed_before = self._manifest.documents, self._manifest.failed
        try:
            with self._worked() as results, _Signals() as signals:
                try:
                    for item, result in results(self._items()):
                        with signals.held():
                            self._take_in(item, result, totals, progress)
                except Interrupted as error:
                    totals.interrupted = error.number
                with suppress(Interrupted), signals.held():
                    if self._documents or self._failures:
                        self._commit()
        except BaseException:
            self._outlet.discard()
            raise
        if totals.interrupted:
            return
        if self._manifest:
            self._manifest.finish(time.monotonic() - self._since)
        self._outlet.finish()

    def _take_in(self, item: Record | Failure, result: Done | Failure | Broken, totals: Totals, progress: Progress) -> None:
        read = self._reads.popleft()
        self._take(item, result, totals, progress)
        self._last = read.place
        self._bytes_in += read.size
        progress.went_on(read.size)
        if self._documents + len(self._failures) >= self._job.shard or self._bytes_out >= SHARD_BYTES:
            self._commit()

    def _items(self) -> Iterator[Record | Failure]:
        """Everything that is left to do, with note taken of up to where the inputs are read."""
        start = self._last
        seen = ""
        for number, source in enumerate(sources(self._job.names, self._job.outputs)):
            shown = source.shown if isinstance(source, Source) else source.source
            size = source.size if isinstance(source, Source) else 0
            now = blake2b(f"{seen}\0{shown}\0{size}".encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()
            if number == start.source and start.seen and seen != start.seen:
                raise OutputProblem(f"{self._job.output}: the inputs have changed since this run was broken off (before {shown}); start anew with --overwrite")
            if number < start.source:
                seen = now
                continue
            skip = start.record if number == start.source else 0
            if isinstance(source, Failure):
                self._reads.append(_Read(Place(number + 1, 0, now), 0))
                yield source
            else:
                yield from self._records(source, number, skip, seen, now)
            seen = now

    def _records(self, source: Source, number: int, skip: int, before: str, after: str) -> Iterator[Record | Failure]:
        """The records of an input; the last of them says that it is read to its end."""
        at = [0, 0]  # bytes read, and those of them that are counted

        def tell(place: int) -> None:
            at[0] = max(at[0], place)

        held: Record | Failure | None = None
        count = 0
        for item in read(source, self._job.fields, self._job.kind, tell):
            if held is not None and count > skip:
                self._reads.append(_Read(Place(number, count, before), at[0] - at[1]))
                at[1] = at[0]
                yield held
            held, count = item, count + 1
        if held is not None and count > skip:
            self._reads.append(_Read(Place(number + 1, 0, after), max(0, source.size - at[1])))
            yield held

    def _worked(self) -> AbstractContextManager[Callable[[Iterable[Record | Failure]], Iterator[tuple[Record | Failure, Done | Failure | Broken]]]]:
        """What works on items: processes, or this one."""
        job = self._job
        if not job.jobs:
            return nullcontext(_here(job.options))
        return _Processes(job)

    def _take(self, item: Record | Failure, result: Done | Failure | Broken, totals: Totals, progress: Progress) -> None:
        if isinstance(item, Failure):
            result = item
        elif isinstance(result, Broken):
            result = Failure(item.source, item.number, item.url, result.kind, str(result))
        if isinstance(result, Done):
            assert isinstance(item, Record)
            try:
                self._bytes_out += self._outlet.add(item, result.data)
            except Exists as error:
                result = Failure(item.source, item.number, item.url, "exists", str(error))
            else:
                self._documents += 1
                totals.documents += 1
                self._warn(item, result, totals, progress)
                return
        totals.failed += 1
        self._failures.append(result)
        if self._errors.path is None:
            progress.say(f"clean-article: {result}")

    def _warn(self, record: Record, done: Done, totals: Totals, progress: Progress) -> None:
        for warning in done.warnings:
            totals.warned += 1
            if self._job.plain or totals.warned <= _TOLD:
                progress.say(f"clean-article: {_place(record)}: {warning}")
            elif totals.warned == _TOLD + 1:
                progress.say("clean-article: more warnings are not told here; json, jsonl and parquet have them all")

    def _commit(self) -> None:
        """A shard is finished: let it take its place, and take note of it."""
        entry: dict[str, Any] = {
            "shard": self._manifest.shards if self._manifest else 0,
            "documents": self._documents,
            "failed": len(self._failures),
            "bytes_in": self._bytes_in,
            "bytes_out": self._bytes_out,
            "seconds": round(time.monotonic() - self._since, 3),
            "read": list(asdict(self._last).values()),
        }
        if self._errors.path is not None:
            entry["errors_bytes"] = self._errors.write(self._failures)
        self._outlet.commit(entry["shard"], entry)
        if self._manifest:
            self._manifest.add(entry)
        if isinstance(self._outlet, Files):
            self._outlet.clear()
        self._documents, self._failures, self._bytes_in, self._bytes_out, self._since = 0, [], 0, 0, time.monotonic()

    def close(self) -> None:
        """Let other runs have the output."""
        if self._manifest:
            self._manifest.close()
        elif self._job.plain and self._job.folder and self._job.output:
            shutil.rmtree(self._job.output / FOLDER, ignore_errors=True)


def _here(options: Options) -> Callable[[Iterable[Record | Failure]], Iterator[tuple[Record | Failure, Done | Failure | Broken]]]:
    work = worker(options)

    def results(items: Iterable[Record | Failure]) -> Iterator[tuple[Record | Failure, Done | Failure | Broken]]:
        for item in items:
            try:
                yield item, work(item) if isinstance(item, Record) else item
            except Exception as error:
                yield item, Broken(type(error).__name__, str(error) or repr(error))

    return results


class _Processes:
    """A pool, for the time of a run."""

    def __init__(self, job: Job) -> None:
        from cleaner.batch.pool import Pool

        worker(job.options)  # faulty rules are told before anything begins
        self._pool: Pool[Record | Failure, Done | Failure] = Pool(job.jobs, _passing, (job.options,), job.limits)

    def __enter__(self) -> Callable[[Iterable[Record | Failure]], Iterator[tuple[Record | Failure, Done | Failure | Broken]]]:
        return lambda items: self._pool.map(items, weight)

    def __exit__(self, *error: object) -> None:
        self._pool.close()


def _passing(options: Options) -> Callable[[Record | Failure], Done | Failure]:
    """A worker that lets failures of reading pass, so that all keeps its order."""
    work = worker(options)
    return lambda item: work(item) if isinstance(item, Record) else item


def _place(record: Record) -> str:
    return record.source if record.id == record.source or record.number == 1 else f"{record.source}: record {record.number}"
