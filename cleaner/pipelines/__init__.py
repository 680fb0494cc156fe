"""In other people's pipelines: LangChain, LlamaIndex, Haystack, Scrapy and spaCy, a module each.

What they share is here: the options, which have the same names everywhere, one
`Cleaner` a process, and what of an article goes into a document's metadata. No
framework is imported here; each module needs its own, and the extra of its name.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from cleaner.engine import Cleaner
from cleaner.sniff import looks_like_html

if TYPE_CHECKING:
    from cleaner.article import Article

Output = Literal["text", "body"]
"""What becomes a document's text: headline, dateline and body, or the body alone."""
WARNINGS = "cleaner_warnings"
"""The field of the metadata that says what a user should know, one sentence a line; not there if there is nothing to say."""
REMOVED = "cleaner_removed"
"""The field of the metadata with what was removed: a list of dictionaries with ``text``, ``label`` and ``rule``."""
URLS = ("url", "URL", "source_url", "source", "link")
"""The fields of the metadata in which a document's URL is looked for."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of one document."""

    text: str | bytes
    """The article; where there is none, what came in."""
    metadata: dict[str, Any]
    """What the article adds to the document's metadata."""
    error: str | None = None
    """Why there is no article: "empty", the document was read and none found; "failed", it could not be cleaned; else None."""

    def merged(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """A document's metadata with the article's: what is there already stays, but for an earlier `WARNINGS` and `REMOVED`."""
        kept = {key: value for key, value in metadata.items() if key not in (WARNINGS, REMOVED)}
        return {**kept, **{key: value for key, value in self.metadata.items() if key not in kept}}


@dataclass(frozen=True, slots=True)
class Options:
    """How documents are cleaned. Picklable; made by `of`, which checks them."""

    rules: tuple[str, ...] = ()
    """Folders of rule files, added to the shipped and the user's own."""
    language: str | None = None
    """ISO 639-1 code of all documents; found out for each if not said."""
    output: Output = "text"
    keep_removed: bool = False
    """Whether the metadata says what was removed."""
    drop_empty: bool = False
    """Whether a document in which there is no article, or that cannot be cleaned, is dropped. If not, it passes unchanged, with the reason in its `WARNINGS`."""

    @classmethod
    def of(cls, rules: Sequence[str | os.PathLike[str]] = (), language: str | None = None, output: str = "text", keep_removed: bool = False, drop_empty: bool = False) -> Options:
        """These options, checked; the rules are read.

        Raises TypeError or ValueError if one is wrong, `RuleError` (a ValueError)
        with every fault of the rule files.
        """
        if language is not None and not isinstance(language, str):
            raise TypeError(f"language is {type(language).__name__}, not str")
        if language == "":
            raise ValueError("language is empty; give an ISO 639-1 code such as 'fr', or None")
        if output not in get_args(Output):
            raise ValueError(f"output is {output!r}; it is one of {', '.join(map(repr, get_args(Output)))}")
        for name, value in (("keep_removed", keep_removed), ("drop_empty", drop_empty)):
            if not isinstance(value, bool):
                raise TypeError(f"{name} is {type(value).__name__}, not bool")
        options = cls(folders(rules), language, output, keep_removed, drop_empty)  # type: ignore[arg-type]
        options.warm_up()
        return options

    def warm_up(self) -> None:
        """Make this process's cleaner ready, if it is not yet."""
        _cleaner(self.rules)

    def digest(self) -> str:
        """A digest of the rules in use and of this package's version: where it changes, earlier results are stale."""
        return _digest(self.rules)

    def clean(self, content: str | bytes, url: str | None = None, encoding: str | None = None) -> Cleaned:
        """Clean a page or a text, told apart by looking. Never raises for what is in it.

        ``encoding`` is what the server's header said of the bytes of a page.
        """
        try:
            return self.clean_or_raise(content, url, encoding)
        except Exception as error:  # one document never stops a pipeline
            return Cleaned(content, {WARNINGS: f"not cleaned: {type(error).__name__}: {error}"}, "failed")

    def clean_or_raise(self, content: str | bytes, url: str | None = None, encoding: str | None = None) -> Cleaned:
        """As `clean`, for a process of its own: raises MemoryError, or whatever else a document causes."""
        article = self._article(content, url, encoding)
        if not article.paragraphs:
            return Cleaned(content, {WARNINGS: "\n".join(article.warnings) or "no article found"}, "empty")
        return Cleaned(article.text if self.output == "text" else article.body, self._metadata(article))

    def _article(self, content: str | bytes, url: str | None, encoding: str | None) -> Article:
        if not isinstance(content, (str, bytes)):
            raise TypeError(f"the content is {type(content).__name__}, not str or bytes")
        cleaner = _cleaner(self.rules)
        if looks_like_html(content):
            return cleaner.clean(content, url, self.language, encoding=encoding)
        return cleaner.clean_text(content.decode("utf-8-sig", "replace") if isinstance(content, bytes) else content, url, self.language)

    def _metadata(self, article: Article) -> dict[str, Any]:
        date = article.dateline.date if article.dateline and article.dateline.date else article.published
        found: dict[str, Any] = {
            "headline": article.headline,
            "dateline": article.dateline and article.dateline.text,
            "authors": ", ".join(article.authors),
            "published": article.published and article.published.isoformat(),
            "date": date and date.strftime("%Y-%m-%d"),
            "language": article.language,
            WARNINGS: "\n".join(article.warnings),
        }
        if self.keep_removed:
            found[REMOVED] = [{"text": r.text, "label": r.label, "rule": r.rule} for r in article.removed]
        return {key: value for key, value in found.items() if value}


def folders(rules: Sequence[str | os.PathLike[str]]) -> tuple[str, ...]:
    """Rule folders by their names. Raises TypeError if they are no list of paths."""
    if isinstance(rules, (str, bytes, os.PathLike)) or not isinstance(rules, Sequence):
        raise TypeError("rules is a list of folders; write rules=[folder]")
    return tuple(str(os.fspath(folder)) for folder in rules)


def url_of(metadata: Mapping[str, Any]) -> str | None:
    """The web address in a document's metadata (`URLS`), if there is one; a path is none."""
    values = (metadata.get(name) for name in URLS)
    return next((v for v in values if isinstance(v, str) and v[:8].lower().startswith(("http://", "https://"))), None)


def missing(extra: str) -> ImportError:
    """What to raise where a framework is not installed."""
    return ImportError(f"cleaner.pipelines.{extra.replace('-', '_')} needs a package that is not installed: pip install 'cleaner[{extra}]'")


@cache
def _cleaner(rules: tuple[str, ...]) -> Cleaner:
    """One a process."""
    return Cleaner(rules)


@cache
def _digest(rules: tuple[str, ...]) -> str:
    from importlib.metadata import version

    digest = hashlib.sha256(version("cleaner").encode())
    for path, place, _ in _cleaner(rules).catalog.paths:
        digest.update(f"\0{place}\0".encode() + Path(path).read_bytes())
    return digest.hexdigest()[:32]
