"""Inputs → documents for an index, cleaned in as many processes as are asked for; what `clean-article` wrote already is taken as it is."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from cleaner.batch.pool import Broken, Limits, Pool
from cleaner.batch.read import read_all
from cleaner.batch.records import Failure, Kind, Record, clean_record, weight
from cleaner.batch.sources import STDIN
from cleaner.engine import Cleaner
from cleaner.index.document import Document, document

EMPTY = "no-article"
"""The `Failure.error` of an input in which there was none."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How inputs become documents."""

    rules: tuple[str, ...] = ()
    """Folders of rule files, added to the shipped and the user's own."""
    language: str | None = None
    """ISO 639-1, for records that do not say theirs."""
    kind: Kind = "auto"
    raw: bool = False
    """Whether the body is the whole text, boilerplate and all."""


def documents(names: Iterable[str], how: Reading | None = None, jobs: int = 0, limits: Limits | None = None) -> Iterator[Document | Failure]:
    """What the inputs hold, in order. What cannot be read, or holds no article, comes as a `Failure`; everything else goes on.

    ``jobs`` are processes, each document within ``limits``; 0 for none but this one. Raises `RuleError` for faulty rule files.
    """
    how = how or Reading()
    work = worker(how)  # faulty rules are told before anything is read
    items = read_all(names, kind=how.kind)
    if jobs:
        with Pool(jobs, worker, (how,), limits) as pool:
            for item, result in pool.map(items, weight):
                yield _failure(item, result.kind, str(result)) if isinstance(result, Broken) else result
        return
    for item in items:
        try:
            yield work(item)
        except Exception as error:  # one document in a million must not end the others
            yield _failure(item, type(error).__name__, str(error) or repr(error))


def worker(how: Reading) -> Callable[[Record | Failure], Document | Failure]:
    """A function that makes documents of records, and lets failures of reading pass."""
    cleaner = Cleaner(how.rules)

    def work(item: Record | Failure) -> Document | Failure:
        if isinstance(item, Failure):
            return item
        made = _document(cleaner, item, how)
        return made if made.headline or made.body else _failure(item, EMPTY, "no article was found in it; it is left out")

    return work


def _failure(item: Record | Failure, error: str, message: str) -> Failure:
    return Failure(item.source, item.number, item.url, error, message) if isinstance(item, Record) else item


def _document(cleaner: Cleaner, record: Record, how: Reading) -> Document:
    if how.kind == "auto" and not how.raw and isinstance(record.extra.get("paragraphs"), list) and "headline" in record.extra:
        return _cleaned(record)
    article = clean_record(cleaner, record, language=how.language)
    made = document(article, key_of(record))
    return dataclasses.replace(made, body=article.source_text) if how.raw else made


def _cleaned(record: Record) -> Document:
    """A line that `clean-article --format jsonl` wrote, as it is."""
    said = record.extra
    line = said["dateline"] if isinstance(said.get("dateline"), Mapping) else {}
    key = record.url or key_of(record)
    body = "\n\n".join(str(paragraph) for paragraph in said["paragraphs"])
    return Document(key, str(said["headline"] or ""), str(line.get("text") or ""), body, record.url, _day(line.get("date")) or _day(said.get("published")), record.language)


def _day(text: object) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text[:10]) if isinstance(text, str) else None
    except ValueError:
        return None


def key_of(record: Record) -> str:
    """The record's id; of what came through standard input without one its content says which it is."""
    if not record.id.startswith(STDIN):
        return record.id
    content = record.content if isinstance(record.content, bytes) else record.content.encode("utf-8", "replace")
    return f"{STDIN} {hashlib.sha256(content).hexdigest()[:16]}"
