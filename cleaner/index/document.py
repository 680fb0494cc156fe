"""What of an article goes into a search index, and what comes back."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cleaner.article import Article


@dataclass(frozen=True, slots=True)
class Document:
    """An article as search engines take it. ``key`` says which document it is: indexing it again replaces it."""

    key: str
    """The URL if there is one, else the record's id or the file's path."""
    headline: str
    dateline: str
    body: str
    """Paragraphs, joined by a blank line."""
    url: str | None = None
    date: datetime.date | None = None
    """The dateline's, else the day on which the page says that it was published."""
    language: str | None = None
    """ISO 639-1."""


class IndexProblem(ValueError):
    """An index that cannot be used: which file, what is wrong, what would mend it."""


class Added(NamedTuple):
    """What `Index.add` did."""

    new: int
    replaced: int
    """Documents whose key was there, also where they were the same."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that was found."""

    key: str
    headline: str
    dateline: str
    snippet: str
    """The passage that shows why, as it is written, with the hits marked."""
    score: float
    """BM25, headline weighted: more is better. Comparable only among the hits of one query."""
    url: str | None = None
    date: datetime.date | None = None
    language: str | None = None


def document(article: Article, key: str | None = None) -> Document:
    """What of an article is indexed; ``key`` is needed where it has no URL.

    Raises ValueError if there is neither.
    """
    name = article.url or key
    if not name:
        raise ValueError("an article without a URL needs a key of its own; pass key=, such as its path")
    line = article.dateline
    date = line.date if line and line.date else article.published.date() if article.published else None
    return Document(name, article.headline or "", line.text if line else "", article.body, article.url, date, article.language)


def in_batches(documents: Iterable[Document], size: int = 500, characters: int = 20_000_000) -> Iterator[list[Document]]:
    """Documents in lists of at most ``size``, ended earlier where their bodies reach so many ``characters``."""
    batch: list[Document] = []
    length = 0
    for one in documents:
        batch.append(one)
        length += len(one.body)
        if len(batch) >= size or length >= characters:
            yield batch
            batch, length = [], 0
    if batch:
        yield batch
