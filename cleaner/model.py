"""The types that everything else speaks in. This module imports nothing of ours.

All positions are half-open ranges, counted in code points of the *reader's
text*: the input after decoding, with every kind of line break turned into one
``\\n`` (and, where asked for, mojibake repaired). They are not byte offsets.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

LABELS: Mapping[str, str] = {
    "navigation": "menus and lists of sections",
    "breadcrumb": "the path of sections to the page",
    "ticker": "other headlines run together",
    "share": "prompts and buttons to share the article",
    "follow": "invitations to follow the outlet elsewhere",
    "related": "pointers to other articles",
    "newsletter": "invitations to subscribe to letters and alerts",
    "donation": "requests for money",
    "subscription": "offers to subscribe, paywall notices",
    "cookies": "notices on cookies, consent and privacy",
    "comments": "comment counters, forms and the comments themselves",
    "login": "prompts to log in or register",
    "copyright": "rights reserved, legal lines",
    "source-link": "links to the original of the article",
    "tags": "keywords and topics",
    "app": "invitations to install an app",
    "ad": "advertisements and their markers",
    "media": "players' texts, galleries, image widgets",
    "timestamp": "when it was published, updated, how long it takes to read",
    "tools": "print, text size, report an error",
    "credit": "who took the picture, who owns it, captions",
    "author-bio": "who the author is, and the author line",
    "duplicate": "what the text has already said",
    "decoration": "lines of symbols",
    "error": "messages of the page's machinery",
    "other": "what fits no other label",
}
"""The fixed set of labels, with what each stands for."""

KINDS = ("headline", "dateline", "byline", "paragraph", "crosshead", "quote", "list-item", "caption")
"""What a kept block can be."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range ``[start, end)`` of code points of the reader's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule is written: ``file`` as given or shipped, ``line`` from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One value of a rule's text condition, and where it stands (line and column from 1)."""

    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a rule file; `rules/README.md` says what each key means."""

    id: str
    source: Source
    label: str | None
    why: str
    action: str = "drop"
    take: str = "block"
    inline: bool = False
    texts: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
    """Text conditions by key (``is``, ``starts``, ``ends``, ``contains``, ``matches``)."""
    shape: str | None = None
    """A structural condition, by the name of its detector."""
    tags: frozenset[str] = frozenset()
    """Page conditions: the element that holds the block, or one around it, has one of these names, ..."""
    named: tuple[str, ...] = ()
    """... one of these words in its class, id or role, ..."""
    selectors: tuple[str, ...] = ()
    """... and is selected by one of these."""
    link_density: float = 0.0
    """The least share of the block's characters that must be links'."""
    zones: frozenset[str] = frozenset()
    sentence: bool | None = None
    """Whether the block must end as a sentence does, or must not; None if that is all the same."""
    max_words: int | None = None
    min_words: int = 0
    min_items: int = 0
    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    drops: tuple[Phrase, ...] = ()
    keeps: tuple[Phrase, ...] = ()

    checked: bool = field(default=False, compare=False)
    """Whether it stands in a shipped file, which has passed the checker."""
    tier: int = 0
    """0 for common rules, 1 for a language's, 2 for a site's."""


@dataclass(frozen=True)
class Signs:
    """What the signs of a language say: which end a sentence, which quote, which letters may end one without a mark."""

    ends: frozenset[str]
    quotes: frozenset[str]
    letters: re.Pattern[str] | None = None

    @classmethod
    def of(cls, ends: Iterable[str] = (), quotes: Iterable[str] = (), letters: Iterable[str] = ()) -> Signs:
        """From the values of ``sentence-ends``, ``quotes`` and ``sentence-letters`` of rule files."""
        ranges = "".join(letters).replace(" ", "")
        return cls(
            frozenset("".join(ends).replace(" ", "")) or frozenset(".!?…"),
            frozenset("".join(quotes).replace(" ", "")) or frozenset("\"'“”‘’«»„"),
            re.compile(f"[{ranges}]") if ranges else None,
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of a rule file: where, what is wrong, and what would be right."""

    file: str
    line: int
    column: int
    wrong: str
    right: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.wrong}; {self.right}"


class RuleError(ValueError):
    """Rule files with faults. ``problems`` holds all of them, of all files."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[Any, ...]:
        return RuleError, (self.problems,)


@dataclass(frozen=True, slots=True)
class Tree:
    """The elements of a web page that hold blocks, one column a fact; element 0 is the page itself."""

    parent: Sequence[int]
    """For each element the one around it; -1 for element 0. An element comes after the one around it, ..."""
    end: Sequence[int]
    """... and all that are in element ``e`` have the numbers from ``e`` to ``end[e] - 1``."""
    tag: Sequence[str]
    """Its name."""
    names: Sequence[str]
    """What its class, id, role and the like say, joined by spaces."""


@dataclass(frozen=True, slots=True)
class Markup:
    """Where the blocks of a web page stand: one column a fact, not one object a block."""

    element: Sequence[int]
    """For each block the element that holds it."""
    linked: Sequence[int]
    """How many of its characters are links', ..."""
    bold: Sequence[int]
    """... how many are in bold, ..."""
    slanted: Sequence[int]
    """... how many in italics."""
    broken: Sequence[bool]
    """Whether a line break (``<br>``) stands before or behind it in its element."""
    tree: Tree
    selected: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """For each CSS selector that was asked for the elements it selects."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a web page says of itself, as it says it: the first of JSON-LD, microdata, Open Graph and plain meta elements that has a word on it."""

    title: str = ""
    """The ``<title>``, site's name and all."""
    headlines: tuple[str, ...] = ()
    """What is called a headline or title elsewhere."""
    site: str = ""
    authors: tuple[str, ...] = ()
    published: str = ""
    modified: str = ""
    description: str = ""
    language: str = ""
    body: str = ""
    """The article's text, if the page repeats it for machines."""
    kind: str = ""
    """The type that schema.org or Open Graph is told, such as ``NewsArticle`` or ``website``."""
    free: bool = True
    """False if the page says that the article is for subscribers."""


@dataclass(frozen=True)
class Page:
    """What a reader returns: the text and its blocks.

    Blocks are a sequence of strings, not of objects, and their positions are
    worked out when asked for: an object a line would cost more than all the rules
    together (`docs/architecture.md`, "Speed").
    """

    text: str
    lines: Sequence[str]
    """The text of each block: one line, never blank, without space around it."""
    url: str | None = None
    language: str | None = None
    markup: Markup | None = None
    """Where each block stands in the page's tree; None for plain text."""
    said: Said = Said()

    @cached_property
    def starts(self) -> Sequence[int]:
        """Where each block starts in the text."""
        starts = []
        at = 0
        for line in self.lines:
            at = self.text.index(line, at)
            starts.append(at)
            at += len(line)
        return starts


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a stretch of the reader's text. Verdicts tile it exactly."""

    start: int
    end: int
    kind: str
    """One of `KINDS` if kept, ``"space"`` between blocks, ``"removed"``."""
    rule: Rule | None = None
    """The rule that took it; for a kept block, the exception that saved it."""


@dataclass(frozen=True, slots=True)
class Block:
    """A kept block: its text, where it stands, and its kind (one of `KINDS`)."""

    text: str
    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A removed stretch: ``text == reader_text[start:end]``, and the rule that took it."""

    text: str
    start: int
    end: int
    label: str
    rule: str
    """The rule's full id, such as ``lang/fr/lire-aussi``."""
    source: str
    """Where the rule is written, as ``file:line``."""
    path: str = ""
    """On a web page the element that holds it, as ``body > div.related > ul > li``."""


@dataclass(frozen=True, slots=True)
class Dateline:
    """Place, date and source that stand in front of the report."""

    text: str
    """As it stands in the text, ``Paris :, 27 déc. (Cinktank.com) –``."""
    place: str | None = None
    date_text: str | None = None
    date: datetime.date | None = None
    """The date, if the text gives day, month and year (or a reference date gave the year)."""
    source: str | None = None
    """Agency or outlet."""
