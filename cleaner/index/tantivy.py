"""tantivy: an index in a folder, for Python programs that want Rust's speed without a server.

The words are those of `cleaner.index.words`, split at spaces, and queries are those of `cleaner.index.query`, so it
finds what the SQLite index finds. The document itself is stored beside them as it is written.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cleaner.index.bulk import identifier
from cleaner.index.document import Added, Document, Hit, IndexProblem, in_batches
from cleaner.index.query import parse
from cleaner.index.snippet import snippet
from cleaner.index.words import FORM, as_words

VERSION = 1
"""Of the fields."""
_ABOUT = "cleaner.json"
"""The file in the folder that says of which form its words are."""
_WEIGHTS = {"headline": 5.0, "dateline": 1.0, "body": 1.0}
"""How much a word in each field counts, as in the SQLite index."""
_HEAP = 50_000_000
"""Bytes of memory that a writer fills before it writes."""
_LONGEST_KEY = 2000
_PAUSE = 0.05
_SIGNS = re.compile(r'"([^"]*)"( \*)?|[()]|AND|OR|NOT')


class Index:
    """An index in a folder, made if there is none. ``wait`` is how many seconds a writer waits for another one.

    Raises `IndexProblem` if the folder holds something else or an index of another form, and ImportError without tantivy.
    """

    def __init__(self, path: str | os.PathLike[str], *, wait: float = 60.0) -> None:
        self._tantivy = _module()
        self.path = Path(path)
        self._wait = wait
        self._schema = _schema(self._tantivy)
        if not self.path.exists() or (self.path.is_dir() and not any(self.path.iterdir())):
            self._make()
        self._check()
        with self._explained("open"):
            self._index = self._tantivy.Index.open(str(self.path))

    def __len__(self) -> int:
        return int(self._searcher().num_docs)

    def add(self, documents: Iterable[Document]) -> Added:
        """Put documents in; one whose key is there is replaced.

        Committed every 500 documents: whatever happens, whole batches are there and nothing is half there. Between two
        batches other writers have their turn. A key of more than 2,000 bytes ends in a digest. Raises `IndexProblem`.
        """
        new = replaced = 0
        for batch in in_batches(documents):
            fresh = {identifier(one.key, _LONGEST_KEY): one for one in batch}
            with self._writing() as writer:
                there = self._there(fresh)
                for key, one in fresh.items():
                    writer.delete_documents_by_term("key", key)
                    writer.add_document(self._written(key, one))
            new, replaced = new + len(fresh) - there, replaced + len(batch) - len(fresh) + there
        return Added(new, replaced)

    def remove(self, keys: Iterable[str]) -> int:
        """Take documents out; how many there were."""
        gone = {identifier(key, _LONGEST_KEY) for key in keys}
        with self._writing() as writer:
            there = self._there(gone)
            for key in gone:
                writer.delete_documents_by_term("key", key)
        return there

    def search(self, query: str, limit: int = 10, newest: bool = False, language: str | None = None, marks: tuple[str, str] = ("**", "**")) -> list[Hit]:
        """The best documents, or with ``newest`` the latest, at most ``limit``; those without a date come last then.

        ``language`` (ISO 639-1) leaves only its documents. ``marks`` are set around what was found in the snippets.
        Raises `QueryError` if the query cannot be understood (`cleaner.index.query` shows what can be written).
        """
        asked = parse(query)
        found = self._query(asked.match, language)
        searcher = self._searcher()
        with self._explained("search"):
            hits = searcher.search(found, limit, order_by_field="date" if newest else None).hits
        results = []
        for score, address in hits:
            said = json.loads(searcher.doc(address).get_first("document") or b"{}")
            worth = json.loads(found.explain(searcher, address).to_json())["value"] if newest else score
            date = datetime.date.fromisoformat(said["date"]) if said["date"] else None
            shown = snippet(said["body"], asked.wanted, marks=marks)
            results.append(Hit(said["key"], said["headline"], said["dateline"], shown, worth, said["url"], date, said["language"]))
        return results

    def count(self, query: str, language: str | None = None) -> int:
        """How many documents a search finds in all. Raises `QueryError`."""
        return int(self._searcher().search(self._query(parse(query).match, language), 1).count)

    def _make(self) -> None:
        """A new index, made aside and put in place whole, so that of two makers one wins and nobody sees half of one."""
        with self._explained("make"):
            aside = Path(tempfile.mkdtemp(prefix=f".{self.path.name}.", dir=self.path.parent))
            (aside / _ABOUT).write_text(json.dumps({"version": VERSION, "form": FORM}), encoding="utf-8")
            self._tantivy.Index(self._schema, str(aside))
            aside.chmod(0o755)
            try:
                aside.rename(self.path)
            except OSError:
                shutil.rmtree(aside)
                if not (self.path / _ABOUT).exists():
                    raise

    def _check(self) -> None:
        try:
            about = json.loads((self.path / _ABOUT).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise IndexProblem(f"{self.path}: is no index of cleaner; it was left as it is: name another folder") from error
        if about != {"version": VERSION, "form": FORM}:
            raise IndexProblem(f"{self.path}: was made by another version of cleaner ({about}; this one makes version {VERSION}, form {FORM}); index the inputs into a new folder")

    def _searcher(self) -> Any:
        with self._explained("read"):
            self._index.reload()
            return self._index.searcher()

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        """One commit, alone with the folder."""
        with self._explained("write"):
            writer = self._writer()
            try:
                yield writer
                writer.commit()
            except BaseException:
                writer.rollback()
                raise
            finally:
                writer.wait_merging_threads()

    def _writer(self) -> Any:
        until = time.monotonic() + self._wait
        while True:
            try:
                return self._index.writer(_HEAP, 1)
            except ValueError as error:
                if "LockBusy" not in str(error):
                    raise
                if time.monotonic() > until:
                    raise IndexProblem(f"{self.path}: another program has been writing to it all the time; wait until it is done and try again") from error
            time.sleep(_PAUSE)

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        """Errors of tantivy, said with the folder."""
        try:
            yield
        except IndexProblem:
            raise
        except (ValueError, OSError) as error:
            raise IndexProblem(f"{self.path}: tantivy could not {doing} it: {error}") from error

    def _there(self, keys: Iterable[str]) -> int:
        """How many of the keys have a document."""
        return int(self._searcher().search(self._tantivy.Query.term_set_query(self._schema, "key", list(keys)), 1).count)

    def _written(self, key: str, one: Document) -> Any:
        said = {name: getattr(one, name) for name in ("key", "headline", "dateline", "body", "url", "language")}
        written = self._tantivy.Document()
        written.add_text("key", key)
        written.add_text("language", (one.language or "").encode("utf-8", "replace").decode("utf-8"))
        for name in _WEIGHTS:
            written.add_text(name, as_words(said[name].encode("utf-8", "replace").decode("utf-8")))
        if one.date:
            written.add_date("date", datetime.datetime(one.date.year, one.date.month, one.date.day, tzinfo=datetime.UTC))
        data = {**said, "date": one.date.isoformat() if one.date else None}
        written.add_bytes("document", json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"))
        return written

    def _query(self, match: str, language: str | None) -> Any:
        """What tantivy is asked, from a query in FTS5's words as `cleaner.index.query` writes it."""
        Query, Occur = self._tantivy.Query, self._tantivy.Occur
        signs = _SIGNS.finditer(match)
        asked = self._group(signs)
        if language is None:
            return asked
        only = Query.boost_query(Query.term_query(self._schema, "language", language), 0.0)
        return Query.boolean_query([(Occur.Must, asked), (Occur.Must, only)])

    def _group(self, signs: Iterator[re.Match[str]]) -> Any:
        """What stands between two brackets, where all signs are the same: AND, OR, or one NOT."""
        Query, Occur = self._tantivy.Query, self._tantivy.Occur
        parts: list[Any] = []
        sign = ""
        for found in signs:
            if found[0] == ")":
                break
            if found[0] in ("AND", "OR", "NOT"):
                sign = found[0]
            else:
                parts.append(self._group(signs) if found[0] == "(" else self._wanted(found[1].split(), bool(found[2])))
        if len(parts) == 1:
            return parts[0]
        if sign == "NOT":
            return Query.boolean_query([(Occur.Must, parts[0]), (Occur.MustNot, parts[1])])
        return Query.boolean_query([(Occur.Should if sign == "OR" else Occur.Must, part) for part in parts])

    def _wanted(self, words: list[str], prefix: bool) -> Any:
        """A word or phrase, in any of the fields."""
        Query, Occur = self._tantivy.Query, self._tantivy.Occur
        fields = []
        for name, weight in _WEIGHTS.items():
            if prefix:
                query = Query.phrase_prefix_query(self._schema, name, [*words]) if len(words) > 1 else Query.regex_query(self._schema, name, re.escape(words[0]) + ".*")
            else:
                query = Query.phrase_query(self._schema, name, [*words]) if len(words) > 1 else Query.term_query(self._schema, name, words[0])
            fields.append((Occur.Should, Query.boost_query(query, weight)))
        return Query.boolean_query(fields)


def _module() -> Any:
    try:
        import tantivy
    except ImportError as error:
        raise ImportError("this index needs tantivy: pip install 'cleaner[tantivy]'") from error
    return tantivy


def _schema(module: Any) -> Any:
    builder = module.SchemaBuilder()
    for name in ("key", "language"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in _WEIGHTS:
        builder.add_text_field(name, tokenizer_name="whitespace")
    builder.add_date_field("date", fast=True)
    builder.add_bytes_field("document", stored=True)
    return builder.build()
