"""What a run knows of itself: what it was asked to do, and which shards are finished. A file of JSON lines in the output folder.

The first line says how the run was asked for, each further one that a shard is finished: its documents, failures, bytes in and out, seconds, and up to
where the inputs were read. Lines are written to the disk one by one; one that was broken off counts for nothing.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cleaner import catalog
from cleaner.batch.outlets import FOLDER, OutputProblem
from cleaner.batch.sources import Place
from cleaner.batch.work import Options

NAME = "manifest.jsonl"
VERSION = 1


def digest(options: Options, asked: Mapping[str, Any]) -> str:
    """What changes when options, rules or the package do."""
    content = hashlib.sha256(json.dumps([asdict(options), dict(asked)], sort_keys=True, default=str).encode())
    for folder in (catalog.shipped(), *catalog.user_folders(), *map(Path, options.rules)):
        for path, place in sorted(catalog.find(folder), key=lambda found: found[1]):
            content.update(place.encode() + b"\0" + path.read_bytes())
    content.update(package().encode())
    return content.hexdigest()[:32]


def package() -> str:
    """The version of this package."""
    try:
        return version("cleaner")
    except PackageNotFoundError:
        return "unknown"


class Manifest:
    """The manifest of one output folder, which no other run may have open at the same time."""

    def __init__(self, folder: Path, anew: bool = False) -> None:
        """Raises `OutputProblem` if another run has it open, or it is none; with ``anew`` what is in it does not matter."""
        self._path = folder / FOLDER / NAME
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = (self._path.parent / "lock").open("ab")
        try:
            import fcntl

            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass  # no locks on this system
        except OSError as error:
            self._lock.close()
            raise OutputProblem(f"{folder}: another run is writing here; wait for its end, or name another output") from error
        self.head: dict[str, Any] | None = None
        """How the run was asked for; None if there is none."""
        self.shards: int = 0
        self.documents = 0
        self.failed = 0
        self.last: dict[str, Any] | None = None
        """The line of the last finished shard."""
        self.finished = False
        if not anew:
            self._read()

    def _read(self) -> None:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        whole = data.rfind(b"\n") + 1
        for line in data[:whole].splitlines():
            try:
                entry = json.loads(line)
                if self.head is None:
                    self.head = {**entry, "manifest": entry["manifest"]}
                elif "finished" in entry:
                    self.finished = True
                else:
                    self._count(entry)
            except (ValueError, TypeError, KeyError) as error:
                raise OutputProblem(f"{self._path}: this is no manifest of a run ({error}); name another output, or start anew with --overwrite") from error
        if whole < len(data):
            with self._path.open("r+b") as file:
                file.truncate(whole)

    def _count(self, entry: dict[str, Any]) -> None:
        self.shards, self.last = entry["shard"] + 1, entry
        self.documents += entry["documents"]
        self.failed += entry["failed"]

    def begin(self, options: Options, asked: Mapping[str, Any]) -> None:
        """Start a new run; what there was of an older one is forgotten."""
        self._path.unlink(missing_ok=True)
        self.shards, self.documents, self.failed, self.last, self.finished = 0, 0, 0, None, False
        self.head = {
            "manifest": VERSION,
            "cleaner": package(),
            "digest": digest(options, asked),
            "started": _now(),
            "options": asdict(options),
            **asked,
        }
        self._append(self.head)

    def check(self, options: Options, asked: Mapping[str, Any]) -> None:
        """Raise `OutputProblem` if the run that is there was asked for otherwise."""
        assert self.head is not None
        if self.head.get("manifest") != VERSION:
            raise OutputProblem(f"{self._path}: the run was begun by another version of cleaner ({self.head.get('cleaner')}); start anew with --overwrite")
        if self.head["digest"] != digest(options, asked):
            was, now = {**self.head["options"], **{key: self.head.get(key) for key in asked}}, {**asdict(options), **asked}
            other = [f"{key} was {was[key]!r} and is {now[key]!r}" for key in now if key in was and json.dumps(was[key], default=str) != json.dumps(now[key], default=str)]
            why = "; ".join(other) or "the rules, or cleaner itself, have changed since"
            raise OutputProblem(f"{self._path.parent.parent}: the run that is to go on was asked for otherwise ({why}); ask for the same, or start anew with --overwrite")

    def add(self, entry: dict[str, Any]) -> None:
        """Take note that a shard is finished."""
        self._count(entry)
        self._append(entry)

    def finish(self, seconds: float) -> None:
        """Take note that all is done."""
        self.finished = True
        self._append({"finished": _now(), "documents": self.documents, "failed": self.failed, "seconds": round(seconds, 3)})

    def _append(self, entry: Mapping[str, Any]) -> None:
        with self._path.open("ab") as file:
            file.write(json.dumps(entry, ensure_ascii=True, default=str).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    @property
    def started(self) -> int:
        """When the run began, as the file system counts (nanoseconds): the files that it writes are younger."""
        return (self._path.parent / "begun").stat().st_mtime_ns

    @property
    def place(self) -> Place:
        """Up to where the inputs were read for the shards that are finished."""
        return Place(*self.last["read"]) if self.last else Place()

    def close(self) -> None:
        """Let another run have the folder."""
        self._lock.close()


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
