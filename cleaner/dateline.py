"""Datelines and bylines: the forms of the rule files, made into regular expressions.

A form such as ``{place}, {date} ({source}) –`` is compared with the beginning of
a block after apostrophes, spaces and dashes were made plain (one code point for
one, so positions hold).
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex

from cleaner.dates import DateWords, parse_date
from cleaner.fold import tidy
from cleaner.literals import braces, choices
from cleaner.model import Dateline

_SMALL = r"\p{Ll}{1,3}(?!\p{L})(?:['\-][\p{L}\p{M}]+)?"
_WORD = r"[\p{L}\p{M}][\p{L}\p{M}.'\-]*"
_CAPITAL = r"(?:\p{Lu}|\p{Lt}|\p{Lo})[\p{L}\p{M}.'\-]*"
_FIELDS = {
    "place": rf"(?P<place>{_CAPITAL}(?:[ ,/]{{1,2}}{_WORD}){{0,3}}?)",
    "PLACE": r"(?P<place>\p{Lu}[\p{Lu}.'\-]+(?:[ ,/]{1,2}\p{Lu}[\p{Lu}.'\-]*){0,3}?)",
    "date": r"(?P<date>(?:[^\s()\[\]]+ ){0,5}?[^\s()\[\]]*\d[^\s()\[\]]*(?: [^\s()\[\]]+){0,5}?)",
    "source": r"(?P<source>[^\W\d_][^\s()\[\]]*(?: [^\s()\[\]]+){0,6}?)",
    # Small words in a name are short (de, van, und, al-); longer ones make a sentence of it, or a role behind a comma.
    "name": rf"(?P<name>{_CAPITAL}(?:(?:, | |/)(?:{_CAPITAL}|{_SMALL}|&)){{0,7}}?(?:, {_WORD}(?: {_WORD}){{0,4}}?)?)",
    "any": r"[^\n]{1,40}?",
}
_FIGURES = r"(?P<date>\d[^\s()\[\]]*(?: [^\s()\[\]]+){0,5}?)"
"""A date with nothing but a space between it and the place: without its figures in front, who knows where the place ends."""
_WEAK = regex.compile(r"[^(\[/|«]*(?:–|-)\s*")
_LETTER = regex.compile(r"[\p{L}\p{M}\d]")


class Form:
    """One form, with the signs that must be there; its regular expression is made when they first are."""

    __slots__ = ("_first", "_signs", "_whole", "letters", "text", "written")

    def __init__(self, text: str, whole: bool) -> None:
        self.text, self._whole = text, whole
        self._signs = [word for piece in regex.split(r"\{[^{}]*\}", tidy(text).casefold()) for word in piece.split()]
        self.letters = frozenset("".join(self._signs))
        """What a block must be made of for the form to fit."""
        self.written = sum(map(len, self._signs))
        """How much of it stands as written."""
        self._first = "" if text.startswith("{") or not self._signs else self._signs[0]

    def match(self, head: Head) -> regex.Match[str] | None:
        """The form at the beginning of a block."""
        if not head.folded.startswith(self._first) or not all(sign in head.folded for sign in self._signs):
            return None
        agencies = head.agencies if "{agency}" in self.text else ()
        if not agencies and "{agency}" in self.text:
            return None
        return _compile(self.text, agencies, self._whole).match(head.text)


class Head:
    """The beginning of a block, with plain spaces, dashes and apostrophes."""

    __slots__ = ("_agencies", "_known", "folded", "letters", "text")

    def __init__(self, block: str, known: Sequence[str]) -> None:
        self.text = tidy(block[:160])
        self.folded = self.text.casefold()
        self.letters = frozenset(self.folded)
        self._known = known
        self._agencies: tuple[str, ...] | None = None

    @property
    def agencies(self) -> tuple[str, ...]:
        """The known agencies that are named in it, longest first."""
        if self._agencies is None:
            self._agencies = tuple(name for name in self._known if name in self.text)
        return self._agencies


Groups = tuple[tuple[frozenset[str], tuple[Form, ...]], ...]
"""Forms by the letters and signs that they need."""


def _group(forms: Iterable[Form]) -> Groups:
    groups: dict[frozenset[str], list[Form]] = {}
    for form in forms:
        groups.setdefault(form.letters, []).append(form)
    return tuple((letters, tuple(group)) for letters, group in groups.items())


@dataclass(frozen=True)
class Forms:
    """The dateline and byline forms that apply to a text."""

    datelines: Groups
    bylines: Groups
    agencies: tuple[str, ...]
    dates: DateWords

    @classmethod
    def of(cls, datelines: Sequence[str], bylines: Sequence[str], agencies: Sequence[str], dates: DateWords | None = None) -> Forms:
        """Make ready forms as written in rule files; `agencies` fill ``{agency}``, `dates` says how the language writes dates."""
        return cls(
            _group(Form(form, whole=False) for form in sorted(set(datelines))),
            _group(Form(form, whole=True) for form in sorted(set(bylines))),
            tuple(sorted(map(tidy, set(agencies)), key=lambda a: (-len(a), a))),
            dates or DateWords(),
        )

    def dateline(self, block: str) -> tuple[int, int, dict[str, str]] | None:
        """The dateline that a block begins with, or is: start, end (code points of the block), fields.

        Of several forms that fit, the one that takes most text; of those, the
        one with most fields; of those, the one with most signs of its own. An agency is no place.
        """
        head = Head(block, self.agencies)
        fits = [(found, form.written) for letters, forms in self.datelines if letters <= head.letters for form in forms if (found := form.match(head))]
        for found, _ in sorted(fits, key=lambda fit: (fit[0].end(), len(fit[0].groupdict()), fit[1]), reverse=True):
            fields = {name: _field(found, name, block) for name, value in found.groupdict().items() if value}
            if fields.get("place") not in head.agencies:
                return 0, found.end(), fields
        return None

    def byline(self, block: str) -> str | None:
        """The author or authors, if a block is an author line."""
        if len(block) > 120:
            return None
        head = Head(block, self.agencies)
        found = next((m for letters, forms in self.bylines if letters <= head.letters for form in forms if (m := form.match(head))), None)
        return block[found.start("name") : found.end("name")].strip() if found else None


def _field(found: regex.Match[str], name: str, block: str) -> str:
    """What a field holds. Two places, two sources are one with what joins them; with a bracket between them the first place, the last source."""
    spans = found.spans(name)
    (start, end), last = spans[0], spans[-1]
    if name == "date" or (name == "source" and regex.search(r"[()\[\]]", block[end : last[0]])):
        start, end = last
    elif not regex.search(r"[()\[\]]", block[end : last[0]]):
        end = last[1]
    return block[start:end].strip(" ,")


@lru_cache(maxsize=4096)
def _compile(form: str, agencies: tuple[str, ...], whole: bool) -> regex.Pattern[str]:
    names = "|".join(map(regex.escape, agencies))
    agency = rf"(?P<source>(?:{names})(?:(?:/|, | - )(?:{names}))*)"
    parts: list[str] = []
    at = 0
    for match in braces(form):
        between = form[at : match.start()]
        parts.append(_fixed(between))
        if match[1] == "agency":
            parts.append(agency)
        elif choices(match[1]):
            parts.append(f"(?P<source>{'|'.join(regex.escape(tidy(name)) for name in choices(match[1]))})")
        elif match[1] == "date" and at and not between.strip() and form[:at].casefold().endswith("{place}"):
            parts.append(_FIGURES)
        else:
            parts.append(_FIELDS[match[1]])
        at = match.end()
    rest = form[at:]
    parts.append(_fixed(rest))
    if not whole and not rest and form.endswith("{agency}"):  # a closed list needs no mark behind it
        parts.append(r"(?=\s|\Z)")
    elif whole or not rest.strip():
        parts.append(r"[\s.:,|\-]*\Z")
    else:
        parts.append(r"(?![\p{L}\p{M}\d])" if _LETTER.search(rest.rstrip()[-1]) else "")
        parts.append(r"(?=\s|\Z|\p{L}|[\"“«'‘„「『《〈])" if rest.rstrip()[-1] not in "】］〕）" else "")
        if _WEAK.fullmatch(form) and "{date}" not in form:
            parts.append(r"(?!\s*\p{Ll})")  # a dash, and a small letter behind it: a sentence with something put in
    return regex.compile(r"\s*" + "".join(parts))


def _fixed(text: str) -> str:
    """What stands as written: spaces must be there only between two words."""
    tokens = tidy(text).split()
    if not tokens:
        return r"\s+" if text else ""
    body = _word(tokens[0])
    for last, token in itertools.pairwise(tokens):
        body += (r"\s+" if _LETTER.match(last[-1]) and _LETTER.match(token[0]) else r"\s*") + _word(token)
    before = (r"\s+" if _LETTER.match(tokens[0][0]) else r"\s*") if text[0].isspace() else ""
    behind = (r"\s+" if _LETTER.match(tokens[-1][-1]) else r"\s*") if text[-1].isspace() else ""
    return before + body + behind


def _word(token: str) -> str:
    return f"(?i:{regex.escape(token)})" if any(map(str.isalpha, token)) else regex.escape(token)


def dateline(fields: dict[str, str], text: str, language: str | None, reference: datetime.date | None = None, words: DateWords | None = None) -> Dateline:
    """A `Dateline` from its text and fields; the date is parsed if day, month and year are there."""
    date_text = fields.get("date")
    date = parse_date(date_text, language, reference, words) if date_text else None
    return Dateline(text, fields.get("place"), date_text, date, fields.get("source"))
