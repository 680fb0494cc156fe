"""What goes into a batch and what comes out of it: `Record`, `Failure`, and the names of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from cleaner.sniff import looks_like_html

if TYPE_CHECKING:
    from cleaner.article import Article
    from cleaner.engine import Cleaner

Kind = Literal["auto", "html", "text"]


@dataclass(frozen=True, slots=True)
class Fields:
    """What the fields of a JSON line or the columns of a table are called; of several names the first that is there counts."""

    content: tuple[str, ...] = ("html", "text", "content", "raw_content", "body")
    """Of these the first that holds something."""
    url: tuple[str, ...] = ("url", "source_url", "link")
    id: tuple[str, ...] = ("id", "_id", "uuid", "warc_record_id")
    language: tuple[str, ...] = ("language", "lang")

    @classmethod
    def named(cls, content: str | None = None, url: str | None = None, id: str | None = None, language: str | None = None) -> Fields:
        """The defaults, but for those that are said."""
        return cls(**{key: (value,) for key, value in (("content", content), ("url", url), ("id", id), ("language", language)) if value})

    def find(self, field: str, names: object) -> str | None:
        """Which of a field's names is among the names of a record or a table."""
        return next((name for name in getattr(self, field) if name in names), None)  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class Record:
    """One document to clean, and where it comes from."""

    source: str
    """The input that it was read from: a path, a URL, or ``<stdin>``."""
    number: int
    """Its place in the source, from 1."""
    id: str
    """Its own name: the archive's or line's id, else the source, with ``#number`` where the source holds several."""
    content: str | bytes
    """A page or a text; bytes are decoded as pages are, or as UTF-8."""
    kind: Kind = "auto"
    url: str | None = None
    language: str | None = None
    encoding: str | None = None
    """What the server's header said of the bytes of a page."""
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """The other fields of a JSON line or an archive's header, to be kept."""
    name: str = ""
    """The path of its output below the output folder, without ending; "" where it has none of its own."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A document that could not be cleaned, or an input that could not be read (to its end)."""

    source: str
    record: int | None
    """Its place in the source, from 1; None if the input itself failed."""
    url: str | None
    error: str
    """What kind: the name of an exception, or ``killed``, ``time``, ``memory``, ``truncated`` and what else docs/batches.md lists."""
    message: str
    """What is wrong, where, and what would mend it."""

    def __str__(self) -> str:
        return f"{self.source}: {self.message}" if self.record is None else f"{self.source}: record {self.record}: {self.message}"

    def to_dict(self) -> dict[str, Any]:
        """Ready for a line of JSON."""
        return {"source": self.source, "record": self.record, "url": self.url, "error": self.error, "message": self.message}


def weight(item: Record | Failure) -> int:
    """The bytes that an item takes on its way to a process, near enough."""
    return len(item.content) if isinstance(item, Record) else 0


def is_page(record: Record) -> bool:
    """Whether a record is a web page; told by looking if it is not said."""
    if record.kind != "auto":
        return record.kind == "html"
    content = record.content
    return looks_like_html(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))


def clean_record(cleaner: Cleaner, record: Record, *, captions: bool = False, url: str | None = None, language: str | None = None) -> Article:
    """The article of one record. ``url`` and ``language`` are for records that do not say theirs. Never raises for what the record holds."""
    url, language, content = record.url or url, record.language or language, record.content
    if is_page(record):
        return cleaner.clean(content, url, language, captions=captions, encoding=record.encoding)
    if isinstance(content, str):
        return cleaner.clean_text(content, url, language)
    try:
        return cleaner.clean_text(content.decode("utf-8-sig"), url, language)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        article = cleaner.clean_text(content.decode("utf-8-sig", "replace"), url, language)
        warning = f"line {line} is not UTF-8; bytes that cannot be read are replaced by U+FFFD"
        return replace(article, warnings=(warning, *article.warnings))
