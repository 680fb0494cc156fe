"""The embedded search index: one SQLite file, nothing to set up.

Two tables: ``documents`` holds articles as they are written, for display and
snippets; ``words`` is a full-text index (FTS5, without a text of its own) over
their words in the form of `cleaner.index.words`. A row of the second is taken
out by making its words once more from the first, so the two change together.
"""

from __future__ import annotations

import datetime
import os
import sqlite3
import struct
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType

from cleaner.index.document import Added, Document, Hit, IndexProblem, in_batches
from cleaner.index.query import Query, QueryError, parse
from cleaner.index.snippet import snippet
from cleaner.index.words import FORM, as_words

__all__ = ["Added", "Hit", "Index", "IndexProblem", "QueryError"]

__all__ = ["Added", "Hit", "Index", "IndexProblem", "QueryError"]

APPLICATION = 0x636C6E72
"""SQLite's ``application_id`` of our files: "clnr"."""
VERSION = 1
"""Of the tables, as ``user_version``."""
_WEIGHTS = "bm25(5.0, 1.0, 1.0)"
"""How much a word in headline, dateline and body counts."""
_SCHEMA = f"""
CREATE TABLE about (name TEXT PRIMARY KEY, value);
CREATE TABLE documents (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, date TEXT, language TEXT, url TEXT, headline TEXT NOT NULL, dateline TEXT NOT NULL, body TEXT NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (headline, dateline, body, content='', tokenize='ascii');
INSERT INTO words (words, rank) VALUES ('rank', '{_WEIGHTS}');
INSERT INTO about VALUES ('form', {FORM});
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
"""
_HEADER = 100
_MAGIC = b"SQLite format 3\0"


class Index:
    """An index in a file, made if there is none. Close it, or use it in a ``with`` statement.

    With ``readonly`` nothing is made or written, and the file may lie where one may not write. ``wait`` is
    how many seconds a writer waits for another one. For each thread and process its own `Index`.

    Raises `IndexProblem` if the file is no index, is one of a newer version, or cannot be read or written.
    A file that is not an index is never touched.
    """

    def __init__(self, path: str | os.PathLike[str], *, readonly: bool = False, wait: float = 60.0) -> None:
        self.path = Path(path)
        self._readonly = readonly
        if not self.path.exists():
            if readonly:
                raise IndexProblem(f"{self.path}: there is no such file; make the index first: clean-article index FILES --db {self.path}")
            _make(self.path)
        _look(self.path, readonly)
        with self._explained("open"):
            self._connection = _connect(self.path, readonly, wait)
        try:
            with self._explained("open"):
                self._form = self._check()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Index:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. Nothing is lost without it; but a second file, ``…-wal``, may stay beside the first until the next use."""
        self._connection.close()

    def __len__(self) -> int:
        with self._explained("read"):
            (count,) = self._connection.execute("SELECT count(*) FROM documents").fetchone()
        return int(count)

    def add(self, documents: Iterable[Document]) -> Added:
        """Put documents in; one whose key is there is replaced.

        Committed every 500 documents: whatever happens, whole batches are there and nothing is half there.
        Raises `IndexProblem`, such as for a full disk; what was committed stays.
        """
        new = replaced = 0
        for batch in in_batches(documents):
            with self._writing():
                there = sum(self._put(one) for one in batch)
            new, replaced = new + len(batch) - there, replaced + there
        return Added(new, replaced)

    def remove(self, keys: Iterable[str]) -> int:
        """Take documents out; how many there were."""
        count = 0
        with self._writing():
            for key in keys:
                row = self._connection.execute("SELECT id, headline, dateline, body FROM documents WHERE key = ?", (_writable(key),)).fetchone()
                if row:
                    self._forget(*row)
                    self._connection.execute("DELETE FROM documents WHERE id = ?", row[:1])
                    count += 1
        return count

    def search(self, query: str, limit: int = 10, newest: bool = False, language: str | None = None, marks: tuple[str, str] = ("**", "**")) -> list[Hit]:
        """The best documents, or with ``newest`` the latest, at most ``limit``; those without a date come last then.

        ``language`` (ISO 639-1) leaves only its documents. ``marks`` are set around what was found in the snippets.
        Raises `QueryError` if the query cannot be understood (`cleaner.index.query` shows what can be written).
        """
        if limit < 1:
            raise ValueError(f"limit is {limit}; it is a number of documents, from 1")
        asked = parse(query)
        order = "date DESC, score, id" if newest else "score, id"
        best = f"SELECT documents.id, date, words.rank AS score {_found(language)} ORDER BY {order} LIMIT ?"
        columns = "key, headline, dateline, body, score, url, documents.date, language"
        with self._explained("read"):
            rows = self._connection.execute(
                f"WITH best AS ({best}) SELECT {columns} FROM best JOIN documents USING (id) ORDER BY {order.replace('date', 'best.date')}",
                (*_values(asked, language), limit),
            ).fetchall()
        return [
            Hit(key, headline, dateline, snippet(body, asked.wanted, marks=marks), -score, url, datetime.date.fromisoformat(date) if date else None, code)
            for key, headline, dateline, body, score, url, date, code in rows
        ]

    def count(self, query: str, language: str | None = None) -> int:
        """How many documents a search finds in all. Raises `QueryError`."""
        asked = parse(query)
        with self._explained("read"):
            (count,) = self._connection.execute(f"SELECT count(*) {_found(language)}", _values(asked, language)).fetchone()
        return int(count)

    def compact(self) -> None:
        """Make the file as small and quick as it gets; worth it after many were added or removed. Takes a while and twice the room."""
        with self._writing():
            self._connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        with self._explained("compact"):
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def verify(self) -> None:
        """Read all of the file. Raises `IndexProblem` if anything in it is damaged."""
        with self._explained("verify"):
            (found,) = self._connection.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise IndexProblem(f"{self.path}: damaged ({' '.join(found.split())}); {_ANEW}")
            if not self._readonly:
                self._connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
            (apart,) = self._connection.execute("SELECT (SELECT count(*) FROM words_docsize) <> (SELECT count(*) FROM documents)").fetchone()
            if apart:
                raise IndexProblem(f"{self.path}: damaged (its two tables do not hold the same documents); {_ANEW}")

    def _put(self, one: Document) -> bool:
        """Write a document, words and all; whether its key was there."""
        texts = tuple(_writable(text) for text in (one.headline, one.dateline, one.body))
        key, url, language = (text and _writable(text) for text in (one.key, one.url, one.language))
        date = one.date.isoformat() if one.date else None
        run = self._connection.execute
        row = run("SELECT id, headline, dateline, body FROM documents WHERE key = ?", (key,)).fetchone()
        if row is None:
            number = run("INSERT INTO documents (key, date, language, url, headline, dateline, body) VALUES (?, ?, ?, ?, ?, ?, ?)", (key, date, language, url, *texts)).lastrowid
        else:
            number = row[0]
            run("UPDATE documents SET date = ?, language = ?, url = ?, headline = ?, dateline = ?, body = ? WHERE id = ?", (date, language, url, *texts, number))
            if row[1:] == texts:
                return True
            self._forget(*row)
        run("INSERT INTO words (rowid, headline, dateline, body) VALUES (?, ?, ?, ?)", (number, *map(as_words, texts)))
        return row is not None

    def _forget(self, number: int, *texts: str) -> None:
        """Take a document's words out, which must be the words that were put in."""
        self._connection.execute("INSERT INTO words (words, rowid, headline, dateline, body) VALUES ('delete', ?, ?, ?, ?)", (number, *map(as_words, texts)))

    def _check(self) -> int:
        """What an open file says of itself; the form of its words."""
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        (form,) = self._connection.execute("SELECT value FROM about WHERE name = 'form'").fetchone()
        _compare(self.path, application, version, form)
        return int(form)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, alone with the file; words of another form are made anew first."""
        with self._explained("write"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                if self._form != FORM:
                    self._make_words_anew()
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    with suppress(sqlite3.Error):
                        self._connection.execute("ROLLBACK")
                raise
            self._form = FORM

    def _make_words_anew(self) -> None:
        if self._check() == FORM:
            return
        run = self._connection.execute
        run("INSERT INTO words (words) VALUES ('delete-all')")
        for number, *texts in run("SELECT id, headline, dateline, body FROM documents"):
            run("INSERT INTO words (rowid, headline, dateline, body) VALUES (?, ?, ?, ?)", (number, *map(as_words, texts)))
        run("UPDATE about SET value = ? WHERE name = 'form'", (FORM,))

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        """Errors of SQLite, said with the file, the fault and the remedy."""
        try:
            yield
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.Error as error:
            raise IndexProblem(f"{self.path}: {_explain(error, doing)}") from error


_ANEW = "delete the file, also the -wal and -shm beside it, and index the inputs again"
_PLAIN_CODE = 0xFF
_REMEDIES = {
    sqlite3.SQLITE_FULL: "the disk is full; what was committed before stays: make room and index again, what is there is only replaced",
    sqlite3.SQLITE_IOERR: "the disk cannot be read or written, or is full; what was committed before stays: look at the disk and index again",
    sqlite3.SQLITE_BUSY: "another program has been writing to it all the time; wait until it is done and try again",
    sqlite3.SQLITE_LOCKED: "another program has been writing to it all the time; wait until it is done and try again",
    sqlite3.SQLITE_READONLY: "the file or its folder may not be written to; change its rights or write the index elsewhere",
    sqlite3.SQLITE_CANTOPEN: "the file, or the -wal and -shm beside it, cannot be opened; look at the rights of the file and of its folder",
    sqlite3.SQLITE_PERM: "the file may not be opened; change its rights",
    sqlite3.SQLITE_CORRUPT: f"damaged; {_ANEW}",
    sqlite3.SQLITE_NOTADB: f"damaged; {_ANEW}",
    sqlite3.SQLITE_TOOBIG: "a document is too big for SQLite (one thousand million bytes); leave it out",
}


def _explain(error: sqlite3.Error, doing: str) -> str:
    if "no such module: fts5" in str(error):
        return "this Python's SQLite was built without FTS5; use a Python from python.org, conda or a current distribution"
    code = getattr(error, "sqlite_errorcode", None)
    remedy = _REMEDIES.get(code & _PLAIN_CODE) if code is not None else None
    return f"{remedy} (SQLite: {error})" if remedy else f"SQLite could not {doing} it: {error}; if this stays so, {_ANEW}"


def _found(language: str | None) -> str:
    return "FROM words JOIN documents ON documents.id = words.rowid WHERE words MATCH ?" + (" AND language = ?" if language else "")


def _values(asked: Query, language: str | None) -> tuple[str, ...]:
    return (asked.match, _writable(language)) if language else (asked.match,)


def _writable(text: str) -> str:
    """Text as SQLite takes it: lone surrogates become ``?``."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _connect(path: Path, readonly: bool, wait: float) -> sqlite3.Connection:
    where = path.absolute().as_uri() + ("?mode=ro" if readonly else "?mode=rw")
    if readonly and not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists():
        where += "&immutable=1"  # else SQLite would make a file beside it
    connection = sqlite3.connect(where, uri=True, timeout=wait, isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _make(path: Path) -> None:
    """A new index, made aside and put in place whole, so that nobody ever sees half of one."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise IndexProblem(f"{path}: cannot be made: {error.strerror}; name a folder that exists and may be written to") from error
    try:
        with closing(sqlite3.connect(name, isolation_level=None)) as connection:
            connection.executescript(f"BEGIN; {_SCHEMA} COMMIT; PRAGMA journal_mode = WAL;")
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        with suppress(FileExistsError):  # another writer was quicker
            os.link(name, path)
    except sqlite3.Error as error:
        raise IndexProblem(f"{path}: {_explain(error, 'make')}") from error
    except OSError:
        os.replace(name, path)  # a file system without links
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _look(path: Path, readonly: bool) -> None:
    """Read a file's first bytes, before SQLite is let near it. Raises `IndexProblem`."""
    if not path.is_file():
        raise IndexProblem(f"{path}: is {'a folder' if path.is_dir() else 'no ordinary file'}; name a file")
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
    except OSError as error:
        raise IndexProblem(f"{path}: cannot be read: {error.strerror}; change its rights") from error
    if len(header) < _HEADER or not header.startswith(_MAGIC):
        kind = "is empty" if not header else "is no SQLite database"
        raise IndexProblem(f"{path}: {kind}; it was left as it is: name another file, or delete it if nobody needs it")
    version, application = struct.unpack(">I4xI", header[60:72])
    _compare(path, application, version, FORM)
    if not readonly and not os.access(path, os.W_OK):
        raise IndexProblem(f"{path}: may not be written to; change its rights, or write to another file")
    if not readonly and not os.access(path.absolute().parent, os.W_OK):
        raise IndexProblem(f"{path}: its folder may not be written to, where SQLite puts a second file; change its rights, or write to another folder")


def _compare(path: Path, application: int, version: int, form: int) -> None:
    if application != APPLICATION:
        raise IndexProblem(f"{path}: is a database of another program; it was left as it is: name another file")
    if version > VERSION or form > FORM:
        raise IndexProblem(f"{path}: was made by a newer version of cleaner (tables {version}, words {form}; known are {VERSION} and {FORM}); update cleaner, or use another file")
