"""What is named on a command line → the files that are meant: names, folders, globs, standard input, URLs."""

from __future__ import annotations

import glob
import itertools
import mimetypes
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from cleaner.batch.records import Failure
from cleaner.download import is_url

STDIN = "<stdin>"
_PACKED = (".gz", ".zst")
_NO_ARTICLES = frozenset((".css", ".js", ".mjs", ".json", ".map", ".woff", ".woff2", ".ttf", ".eot", ".zip", ".pdf", ".swf"))
"""Endings of what lies beside pages in a folder and is none; files named one by one are read whatever they are called."""


FEW = 20
"""Inputs, named one by one, that are worked on in one process if nothing else is asked for."""
_HOLD_MANY = (".jsonl", ".ndjson", ".warc", ".wet", ".parquet", *_PACKED)


@dataclass(frozen=True, slots=True)
class Source:
    """One input: a file, standard input or a URL."""

    shown: str
    """What it is called in outputs, records of errors and the manifest."""
    path: Path | None = None
    """None for standard input and URLs."""
    name: str = ""
    """The path of its output below the output folder, without ending."""

    @property
    def size(self) -> int:
        """Bytes of the file; 0 where that cannot be told."""
        try:
            return self.path.stat().st_size if self.path else 0
        except OSError:
            return 0


@dataclass(frozen=True, slots=True)
class Place:
    """Up to where the inputs were read: so many of them whole, and so many records of the next."""

    source: int = 0
    record: int = 0
    seen: str = ""
    """A digest of the names and sizes of the inputs so far."""


def sources(names: Iterable[str], but: Iterable[Path] = ()) -> Iterator[Source | Failure]:
    """The inputs that are meant, in an order that is the same each time; what cannot be read or is not there comes as a `Failure`.

    ``but`` are files and folders that are passed over where a folder or pattern holds them: a run's own outputs.
    """
    top = _own_names()
    passed = frozenset(path.resolve() for path in but)
    for name in names:
        path = Path(name)
        if name == "-":
            yield Source(STDIN, None, top("stdin"))
        elif "\0" in name:
            yield Failure(name, None, None, "FileNotFoundError", "no file has a zero byte in its name")
        elif _is_url(name):
            yield Source(name, None, top(file_name(PurePath(name.split("?", maxsplit=1)[0].rstrip("/")).stem)))
        elif os.path.isdir(name):
            yield from _folder(path, top(path.resolve().name or "root"), passed)
        elif not glob.has_magic(name) or os.path.lexists(name):
            yield Source(name, path, top(stem(path.name)))
        else:
            yield from _globbed(name, top, passed)


def _is_url(name: str) -> bool:
    try:
        return is_url(name)
    except ValueError:
        return True  # asking for it says what is wrong


def _globbed(pattern: str, top: Callable[[str], str], passed: frozenset[Path]) -> Iterator[Source | Failure]:
    """The files that have a name like this, and those of the folders that do."""
    deep = "**" in pattern
    try:
        found = sorted(set(glob.glob(pattern, recursive=True)))
        closed = list(_closed(pattern, deep))
    except RecursionError:
        yield Failure(pattern, None, None, "RecursionError", "the folders lie too deep in each other to look for names in them; name the folder itself")
        return
    yield from closed
    if not found and not closed:
        yield Failure(pattern, None, None, "FileNotFoundError", "no file has a name like this")
    everything = PurePath(pattern).name in ("*", "**")
    for one in found:
        if passed and not passed.isdisjoint((path := Path(one).resolve(), *path.parents)):
            continue
        if os.path.isdir(one):
            if not deep:
                yield from _folder(Path(one), top(Path(one).name), passed)
        elif _is_file(one) and (may_hold_articles(one) or not everything):
            yield Source(one, Path(one), top(stem(Path(one).name)))


def _closed(pattern: str, deep: bool) -> Iterator[Failure]:
    """The folders in which names like this cannot be looked for; `glob` says nothing of them."""
    parts = PurePath(pattern).parts
    root = PurePath(*itertools.takewhile(lambda part: not glob.has_magic(part), parts))
    wrong: list[OSError] = []
    for _, below, _ in os.walk(root, onerror=wrong.append):
        below[:] = sorted(one for one in below if not one.startswith(".")) if deep else []
    for error in wrong:
        if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
            yield Failure(os.fspath(error.filename), None, None, type(error).__name__, f"{error.strerror or error}: what is in this folder is not read")


def _own_names() -> Callable[[str], str]:
    """A function that gives every name back as one that it has not given yet."""
    taken: dict[str, int] = {}

    def own(name: str) -> str:
        taken[name] = taken.get(name, 0) + 1
        return name if taken[name] == 1 else own(f"{name}-{taken[name]}")

    return own


def stem(name: str) -> str:
    """A file's name without the endings that say what it is, and not so long that an output has no room for its own."""
    path = PurePath(name)
    while path.suffix and (path.suffix.lower() in (*_PACKED, ".jsonl", ".ndjson", ".warc", ".wet", ".parquet") or path == PurePath(name)):
        path = path.with_suffix("")
    return _short(path.name or name, 200)


def file_name(key: str) -> str:
    """A record's id or a URL as the name of a file: its letters, digits, dots and hyphens; never hidden, never longer than file systems take."""
    return _short("".join(sign if sign.isalnum() or sign in "._-" else "-" for sign in key.strip("<>")).strip(".-") or "record", 120)


def _short(name: str, longest: int) -> str:
    """No more of a name than this many bytes."""
    return name.encode("utf-8", "surrogatepass")[:longest].decode("utf-8", "ignore") if len(name) > longest // 4 else name


def _folder(folder: Path, name: str, passed: frozenset[Path]) -> Iterator[Source | Failure]:
    """The files of a folder and of the folders in it, sorted; hidden ones, style sheets, scripts, media, pipes and devices are passed over."""
    waiting: list[Iterator[Source | Failure | tuple[Path, str]]] = [iter([(folder, name)])]
    while waiting:
        item = next(waiting[-1], None)
        if item is None:
            waiting.pop()
        elif isinstance(item, tuple):
            waiting.append(_in_folder(*item, passed))
        else:
            yield item


def _in_folder(folder: Path, name: str, passed: frozenset[Path]) -> Iterator[Source | Failure | tuple[Path, str]]:
    """What one folder holds: files, and folders with the name that they have in the output."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        yield Failure(str(folder), None, None, type(error).__name__, f"{error.strerror or error}: what is in this folder is not read")
        return
    own = _own_names()
    names = {path.name for path in passed}
    for entry in found:
        if entry.name.startswith(".") or (entry.name in names and Path(entry.path).resolve() in passed):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield Path(entry.path), f"{name}/{entry.name}"
        elif _is_file(entry.path) and may_hold_articles(entry.name):
            yield Source(entry.path, Path(entry.path), f"{name}/{own(stem(entry.name))}")


def _is_file(path: str) -> bool:
    """Whether this is a file or a link that leads nowhere, which reading it says; no folder (what a link leads to has its own place), pipe or device."""
    return os.path.isfile(path) or not os.path.exists(path)


def may_hold_articles(name: str) -> bool:
    """Whether a file of a folder is looked at, by its name."""
    ending = PurePath(name).suffix.lower()
    kind = mimetypes.guess_type(name, strict=False)[0] or ""
    return ending not in _NO_ARTICLES and kind.split("/")[0] not in ("image", "audio", "video", "font")


def holds_many(name: str) -> bool:
    """Whether a name on a command line means many documents: an archive or table, a folder, a glob."""
    return name.lower().endswith(_HOLD_MANY) or Path(name).is_dir() or (glob.has_magic(name) and not is_url(name) and not os.path.lexists(name))


def jobs_for(names: Sequence[str]) -> int:
    """How many processes are started if nothing is said: as many as there are cores for what means many documents, none for a few."""
    return cores() if len(names) > FEW or any(map(holds_many, names)) else 0


def cores() -> int:
    """How many processes can run at the same time."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
