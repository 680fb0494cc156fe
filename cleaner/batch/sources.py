"""What is named on a command line → the files that are meant: names, folders, globs, standard input, URLs."""

from __future__ import annotations

import glob
import mimetypes
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from cleaner.batch.records import Failure
from cleaner.download import is_url

STDIN = "<stdin>"
_PACKED = (".gz", ".zst")
_NO_ARTICLES = frozenset((".css", ".js", ".mjs", ".json", ".map", ".woff", ".woff2", ".ttf", ".eot", ".zip", ".pdf", ".swf"))
"""Endings of what lies beside pages in a folder and is none; files named one by one are read whatever they are called."""


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


def sources(names: Iterable[str]) -> Iterator[Source | Failure]:
    """The inputs that are meant, in an order that is the same each time; what cannot be read or is not there comes as a `Failure`."""
    tops: dict[str, int] = {}

    def top(name: str) -> str:
        """A name that nothing else at the top of the output folder has."""
        tops[name] = tops.get(name, 0) + 1
        return name if tops[name] == 1 else top(f"{name}-{tops[name]}")

    for name in names:
        path = Path(name)
        if name == "-":
            yield Source(STDIN, None, top("stdin"))
        elif is_url(name):
            yield Source(name, None, top(PurePath(name.split("?", maxsplit=1)[0].rstrip("/")).stem or "page"))
        elif path.is_dir():
            yield from _folder(path, path, top(path.resolve().name or "root"))
        elif _exists(path) or not glob.has_magic(name):
            yield Source(name, path, top(stem(path.name)))
        else:
            found = sorted(glob.glob(name, recursive=True))
            if not found:
                yield Failure(name, None, None, "FileNotFoundError", "no file has a name like this")
            for one in found:
                if os.path.isdir(one):
                    if "**" not in name:
                        yield from _folder(Path(one), Path(one), top(Path(one).name))
                else:
                    yield Source(one, Path(one), top(stem(Path(one).name)))


def stem(name: str) -> str:
    """A file's name without the endings that say what it is."""
    path = PurePath(name)
    while path.suffix and (path.suffix.lower() in (*_PACKED, ".jsonl", ".ndjson", ".warc", ".wet", ".parquet") or path == PurePath(name)):
        path = path.with_suffix("")
    return path.name or name


def _exists(path: Path) -> bool:
    try:
        return path.exists() or path.is_symlink()
    except OSError:
        return True  # reading it says what is wrong


def _folder(folder: Path, root: Path, name: str) -> Iterator[Source | Failure]:
    """The files of a folder and of the folders in it, sorted; hidden ones, style sheets, scripts and media are passed over."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Failure(str(folder), None, None, type(error).__name__, f"{error.strerror or error}: what is in this folder is not read")
        return
    taken: dict[str, int] = {}
    for entry in entries:
        if entry.name.startswith("."):
            continue
        try:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not is_folder and entry.is_dir():
                continue  # a link to a folder: what it holds has its own place
        except OSError:
            is_folder = False
        if is_folder:
            yield from _folder(Path(entry.path), root, f"{name}/{entry.name}")
        elif may_hold_articles(entry.name):
            base = stem(entry.name)
            taken[base] = taken.get(base, 0) + 1
            yield Source(entry.path, Path(entry.path), f"{name}/{base}" + (f"-{taken[base]}" if taken[base] > 1 else ""))


def may_hold_articles(name: str) -> bool:
    """Whether a file of a folder is looked at, by its name."""
    ending = PurePath(name).suffix.lower()
    kind = mimetypes.guess_type(name, strict=False)[0] or ""
    return ending not in _NO_ARTICLES and kind.split("/")[0] not in ("image", "audio", "video", "font")
