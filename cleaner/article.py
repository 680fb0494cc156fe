"""Verdicts → `Article`: headline, dateline, byline, body, and every removal with its rule."""

from __future__ import annotations

import bisect
import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from cleaner.dateline import Forms, dateline
from cleaner.judge import Judgement
from cleaner.model import Block, Dateline, Page, Removed, Rule, Verdict
from cleaner.places import path
from cleaner.printed import authors_of, read_time, unprinted_headline, without_site

_BULLETS = "•·*‣◦▪●○■–-"
_QUOTES = {'"': '"', "“": "”", "«": "»", "„": "“”", "‘": "’", "「": "」", "『": "』"}
_LOOK_FOR_DATELINE = 3
"""How many blocks of running text are looked at for dateline and byline, ..."""
_NEAR = 12
"""... and how many before the first of them."""


Head = tuple[tuple[int, int, int], int]
"""Where the dateline is (block, start and end in it) and in which block the byline; -1 for nowhere."""


@dataclass(frozen=True)
class Article:
    """A news article, and only the article. Immutable.

    ``blocks``, ``removed`` and ``verdicts`` are worked out when first asked for.
    All positions count code points of ``source_text``.
    """

    headline: str | None
    dateline: Dateline | None
    byline: str | None
    paragraphs: tuple[str, ...]
    """The body's blocks, crossheads, quotes and list items among them."""
    language: str | None
    """ISO 639-1 code: the caller's, the page's or detected; None if it cannot be told."""
    url: str | None
    warnings: tuple[str, ...] = ()
    """What a caller should know: one sentence each."""
    site: str | None = None
    """The place of the site's rule file (``site/maghress.com``), if one applied."""
    authors: tuple[str, ...] = ()
    """Who wrote it, one name each: as the page says, else as the byline does."""
    site_name: str | None = None
    """What the outlet calls itself, if the page says."""
    _page: Page = field(default=Page("", ()), repr=False, compare=False)
    _judgement: Judgement = field(default_factory=lambda: Judgement([]), repr=False, compare=False)
    _head: Head = field(default=((-1, 0, 0), -1), repr=False, compare=False)

    @property
    def body(self) -> str:
        """The paragraphs, joined by a blank line."""
        return "\n\n".join(self.paragraphs)

    @property
    def text(self) -> str:
        """Headline, dateline and body, joined by blank lines."""
        parts = [self.headline, self.dateline.text if self.dateline else None, self.body]
        return "\n\n".join(p for p in parts if p)

    @property
    def source_text(self) -> str:
        """The reader's text, in which all positions count."""
        return self._page.text

    @cached_property
    def published(self) -> datetime.datetime | None:
        """When the page says that the article was published, with its time zone if it gives one; None if it does not say."""
        return read_time(self._page.said.published)

    @cached_property
    def modified(self) -> datetime.datetime | None:
        """When the page says that the article was last changed."""
        return read_time(self._page.said.modified)

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What became of every stretch of ``source_text``; they tile it without gap or overlap."""
        tiles: list[Verdict] = []
        at = 0
        for start, end, kind, rule in _stretches(self._page, self._judgement, self._head):
            if start > at:
                tiles.append(Verdict(at, start, "space"))
            tiles.append(Verdict(start, end, kind, rule))
            at = end
        if at < len(self._page.text):
            tiles.append(Verdict(at, len(self._page.text), "space"))
        return tuple(tiles)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """What was kept, in the order of the text, each with its kind."""
        text = self._page.text
        kept = [v for v in self.verdicts if v.kind not in ("removed", "space")]
        return tuple(Block(text[v.start : v.end], v.start, v.end, _finer(text[v.start : v.end]) if v.kind == "paragraph" else v.kind) for v in kept)

    @cached_property
    def removed(self) -> tuple[Removed, ...]:
        """What was removed, in the order of the text, each with its label and rule."""
        text = self._page.text
        gone = [(v, v.rule) for v in self.verdicts if v.kind == "removed"]
        markup, starts = self._page.markup, self._page.starts if self._page.markup else ()

        def where(at: int) -> str:
            return path(markup, markup.element[bisect.bisect_right(starts, at) - 1]) if markup else ""

        return tuple(Removed(text[v.start : v.end], v.start, v.end, rule.label or "other", rule.id, str(rule.source), where(v.start)) for v, rule in gone if rule)

    def to_dict(self, removed: bool = True) -> dict[str, Any]:
        """The article as plain data, ready for JSON; dates are ISO 8601."""
        line = self.dateline
        data: dict[str, Any] = {
            "headline": self.headline,
            "dateline": line
            and {"text": line.text, "place": line.place, "date_text": line.date_text, "date": line.date.isoformat() if line.date else None, "source": line.source},
            "byline": self.byline,
            "authors": list(self.authors),
            "published": self.published.isoformat() if self.published else None,
            "modified": self.modified.isoformat() if self.modified else None,
            "site_name": self.site_name,
            "blocks": [{"text": b.text, "start": b.start, "end": b.end, "kind": b.kind} for b in self.blocks],
            "paragraphs": list(self.paragraphs),
            "body": self.body,
            "text": self.text,
            "language": self.language,
            "url": self.url,
            "warnings": list(self.warnings),
        }
        if removed:
            data["removed"] = [
                {"text": r.text, "start": r.start, "end": r.end, "label": r.label, "rule": r.rule, "source": r.source} | ({"path": r.path} if r.path else {})
                for r in self.removed
            ]
        return data


def _finer(text: str) -> str:
    """What kind of paragraph a kept block is."""
    first = text[0]
    if first in _QUOTES and len(text) > 2 and text.rstrip(".,;!?")[-1:] in _QUOTES[first]:
        return "quote"
    if first in _BULLETS and text[1:2].isspace() and not text.rstrip().endswith(first):
        return "list-item"
    if len(text) <= 100 and text[-1] not in ".!?…。！？؟।۔:;,\"”»’）)" and any(map(str.isalpha, text)):
        return "crosshead"
    return "paragraph"


def assemble(page: Page, judgement: Judgement, forms: Forms, reference: datetime.date | None = None, warnings: tuple[str, ...] = (), between: Sequence[str] = ()) -> Article:
    """Put the kept blocks of a page together as an `Article`."""
    lines = page.lines
    found, byline = _find_head(page, judgement, forms)
    if judgement.bylines:
        names = [(forms.byline(lines[b]) or lines[b]).strip(" ,;|") for b in judgement.bylines]
        byline = judgement.bylines[0], ", ".join(dict.fromkeys(names))
    recovered = {found[0] if found else -1, byline[0] if byline else -1}
    causes = [None if block in recovered else cause for block, cause in enumerate(judgement.causes)]
    judgement = replace(judgement, causes=causes)
    kept = [b for b, cause in enumerate(causes) if cause is None]
    head: Head = ((found[0], found[1], found[2]) if found else (-1, 0, 0), byline[0] if byline else -1)
    apart = {judgement.headline, head[0][0], head[1]}
    paragraphs = []
    for block in kept:
        if block not in apart and block not in judgement.parts:
            paragraphs.append(lines[block])
        elif block not in (judgement.headline, head[1]):
            pieces = [lines[block][s:e] for s, e, kind, _ in _pieces(lines[block], block, judgement, head) if kind == "paragraph"]
            paragraphs += [" ".join(pieces)] if pieces else []
    line = None
    if found:
        block, first, last, fields = found
        line = dateline(fields, lines[block][first:last].strip(), page.language, reference, forms.dates)
    return Article(
        headline=unprinted_headline(page.said) if judgement.headline is None else without_site(lines[judgement.headline], page.said),
        dateline=line,
        byline=byline[1] if byline else ", ".join(page.said.authors) or None,
        authors=authors_of([byline[1]] if byline and (judgement.bylines or not page.said.authors) else page.said.authors, between),
        site_name=page.said.site or None,
        paragraphs=tuple(paragraphs),
        language=page.language,
        url=page.url,
        warnings=(*warnings, *judgement.warnings),
        site=judgement.site,
        _page=page,
        _judgement=judgement,
        _head=head,
    )


Found = tuple[int, int, int, dict[str, str]]
_Stretch = tuple[int, int, str, Rule | None]


def _find_head(page: Page, judgement: Judgement, forms: Forms) -> tuple[Found | None, tuple[int, str] | None]:
    """Where dateline and byline are, among the blocks around the beginning of the article.

    A line there that was taken for its shape alone may be either, if it is nothing else.
    """
    found: Found | None = None
    byline: tuple[int, str] | None = None
    top = -1 if judgement.headline is None else judgement.headline
    looked = 0
    for block in range(max(top + 1, judgement.first - _NEAR), len(page.lines)):
        cause, line = judgement.causes[block], page.lines[block]
        if cause is not None and (cause.shape is None or len(line) > 120):
            continue
        if found is None and (place := forms.dateline(line)) and (cause is None or not line[place[1] :].strip()):
            found = (block, *place)
        elif byline is None and len(line) <= 120 and (name := forms.byline(line)):
            byline = (block, name)
            continue
        if block >= judgement.first:
            looked += 1
        if looked >= _LOOK_FOR_DATELINE or (found and byline):
            break
    return found, byline


def _stretches(page: Page, judgement: Judgement, head: Head) -> Iterator[_Stretch]:
    """What became of each block or part of one, in code points of the text."""
    for block, start in enumerate(page.starts):
        for first, last, kind, rule in _pieces(page.lines[block], block, judgement, head):
            yield start + first, start + last, kind, rule


def _pieces(line: str, block: int, judgement: Judgement, head: Head) -> Iterator[_Stretch]:
    """What became of each part of a block, in code points of the block."""
    cause = judgement.causes[block]
    whole = len(line)
    if cause is not None:
        yield 0, whole, "removed", cause
    elif block == judgement.headline:
        yield 0, whole, "headline", None
    elif block == head[1]:
        yield 0, whole, "byline", None
    else:
        at = 0
        kind = "caption" if block in judgement.captions else "paragraph"
        if block == head[0][0]:
            _, first, at = head[0]
            yield first, at, "dateline", None
        for start, end, rule in _disjoint(judgement.parts.get(block, [])):
            start, end = _trimmed(line, max(start, at), end)
            if start < end:
                before = _trimmed(line, at, start)
                if before[0] < before[1]:
                    yield *before, kind, judgement.saved.get(block)
                yield start, end, "removed", rule
                at = end
        start, end = _trimmed(line, at, whole)
        if start < end:
            yield start, end, kind, judgement.saved.get(block)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _disjoint(parts: list[tuple[int, int, Rule]]) -> Iterator[tuple[int, int, Rule]]:
    """Parts in order; where two overlap the earlier and longer one comes first and the other gets the rest."""
    at = 0
    for start, end, rule in sorted(parts, key=lambda p: (p[0], -p[1], p[2].id)):
        if end > at:
            yield max(start, at), end, rule
            at = end
