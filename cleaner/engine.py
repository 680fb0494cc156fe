"""The whole path, once: text → reader → judge → assemble, with the rules that apply."""

from __future__ import annotations

import datetime
import heapq
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cleaner import catalog, language
from cleaner.article import Article, assemble
from cleaner.catalog import Catalog
from cleaner.dateline import Forms
from cleaner.dates import DateWords
from cleaner.fold import composed, fold
from cleaner.judge import Judgement, RuleSet, Site, judge, judge_page, mark_page
from cleaner.model import Page
from cleaner.mojibake import repair
from cleaner.prose import Prose, width
from cleaner.read_text import read_text

if TYPE_CHECKING:
    from bs4 import BeautifulSoup


class Cleaner:
    """Rules, compiled once, for any number of texts. Immutable, picklable, safe to share between threads.

    ``rules`` are folders of rule files added to the shipped and the user's own
    (`cleaner.catalog`); ``repair_mojibake`` runs ftfy on texts that show signs
    of wrong decoding; ``reference_date`` gives datelines without a year theirs.

    Raises `RuleError` (a `ValueError`) with every fault of every rule file, if
    there is any.
    """

    def __init__(self, rules: Sequence[str | os.PathLike[str]] = (), *, repair_mojibake: bool = True, reference_date: datetime.date | None = None) -> None:
        if isinstance(rules, (str, os.PathLike)):
            raise TypeError("rules is a list of folders; write rules=[folder]")
        self._options = {"rules": [str(r) for r in rules], "repair_mojibake": repair_mojibake, "reference_date": reference_date}
        self._repair = repair_mojibake
        self._reference = reference_date
        self._catalog = catalog.load(rules)
        self._always = [c for c in self._catalog.top("always", "common") if c in self._catalog.languages]
        self._rules: dict[tuple[str, ...], RuleSet] = {}
        self._sites: dict[str, Site] = {}
        self._forms: dict[tuple[str | None, str | None], Forms] = {}
        self._prose = Prose(self._catalog.signs("common"))
        self._between = tuple(self._catalog.top("between-names", "common"))
        self._selectors = frozenset(s for rule in self._catalog.rules("common") for s in rule.selectors)

    def __reduce__(self) -> tuple[Any, ...]:
        return _build, (self._options,)

    @property
    def catalog(self) -> Catalog:
        """The rule files in use."""
        return self._catalog

    def clean_text(self, text: str, url: str | None = None, language: str | None = None) -> Article:
        """Clean a plain text, one paragraph or page line a line.

        ``url`` chooses the site's rules, ``language`` (ISO 639-1) the language's rules and
        datelines; both may be left out. Whatever the text, an `Article` comes back. Raises
        TypeError if an argument is of the wrong type.
        """
        if not isinstance(text, str):
            raise TypeError(f"text is {type(text).__name__}, not str; decode bytes first, or use clean() for pages")
        for name, value in (("url", url), ("language", language)):
            if value is not None and not isinstance(value, str):
                raise TypeError(f"{name} is {type(value).__name__}, not str")
        warnings: list[str] = []
        if self._repair:
            text, changed = repair(text)
            if changed:
                warnings.append(f"mojibake repaired in {changed} lines; positions count in the repaired text")
        page = read_text(text, url)
        return self._finish(replace(page, language=self._language(page, language, warnings)), warnings)

    def clean(self, html: str | bytes | BeautifulSoup, url: str | None = None, language: str | None = None, *, captions: bool = False, encoding: str | None = None) -> Article:
        """Clean a web page: its bytes as they came, its decoded HTML, or a `BeautifulSoup` of it.

        ``url`` chooses the site's rules; ``language`` (ISO 639-1) the language's; both may
        be left out. With ``captions`` those of the article's pictures stay. ``encoding`` is
        what the server's header said of bytes. Whatever the page, an `Article` comes
        back. Raises TypeError if an argument is of the wrong type.
        """
        if not isinstance(html, (str, bytes)):
            if isinstance(html, (bytearray, memoryview)):
                html = bytes(html)
            elif hasattr(html, "find_all") and hasattr(html, "decode"):
                html = html.decode()
            else:
                raise TypeError(f"html is {type(html).__name__}, not str, bytes or BeautifulSoup")
        for name, value in (("url", url), ("language", language), ("encoding", encoding)):
            if value is not None and not isinstance(value, str):
                raise TypeError(f"{name} is {type(value).__name__}, not str")
        from cleaner.content import find_headline, judge_blocks
        from cleaner.read_html import read_html

        site = self._site(self._catalog.site_of(url))
        page, warnings = read_html(html, url, {*(site.asked if site else ()), *self._selectors}, encoding)
        if self._repair:
            text, changed = repair(page.text)
            if changed:
                warnings.append(f"mojibake repaired in {changed} lines; positions count in the repaired text")
                page = replace(page, text=text, lines=text.split("\n"))
        if not page.lines:
            return self._empty(page, warnings)
        shapes = self._prose.shapes(page.lines)
        page = replace(page, language=self._language_of_page(page, language, warnings))
        rules = self._rules_for(page)
        marked = mark_page(page, find_headline(page), rules, site)
        scores: Sequence[float] = ()
        if not marked.inside:
            scores = judge_blocks(page, shapes, marked.headline, [cause is not None for cause in marked.decided])
            if sum(len(line) for line, score in zip(page.lines, scores, strict=True) if score > 0) < _LITTLE and len(html) <= _ASKABLE:
                scores = self._second_opinion(html, page, scores, warnings)
        judgement = judge_page(marked, scores, rules, site, captions=captions)
        lengths = [width(line) for block, (line, cause) in enumerate(zip(page.lines, judgement.causes, strict=True)) if cause is None and block != judgement.headline]
        if not lengths:
            warnings.append("no article found: " + _kind_of_page(page))
        elif max(lengths) < _SENTENCE:
            warnings.append("no running text found: " + _kind_of_page(page))
        elif not page.said.free and sum(lengths) < _STUB:
            warnings.append("the page says that the article is for subscribers, and is short: perhaps only its beginning is here")
        forms = self._forms_of(page.language, judgement.site)
        return assemble(page, judgement, forms, self._reference, tuple(warnings), self._between)

    def _empty(self, page: Page, warnings: list[str]) -> Article:
        warnings = warnings or ["the page has no text"]
        return assemble(page, Judgement([]), self._forms_of(None, None), self._reference, tuple(warnings), self._between)

    def _second_opinion(self, html: str | bytes, page: Page, scores: Sequence[float], warnings: list[str]) -> Sequence[float]:
        """Scores by what trafilatura finds, where our own reader found next to nothing and it found something."""
        import trafilatura

        try:
            found = trafilatura.extract(html, include_comments=False) or ""
        except Exception:  # whatever it stumbles over, ours is the answer
            found = ""
        text = "".join(found.split())
        squeezed = ["".join(line.split()) for line in page.lines]
        assert page.markup
        theirs = [len(line) >= 20 and 2 * linked < len(line) and line in text for line, linked in zip(squeezed, page.markup.linked, strict=True)]
        if sum(len(line) for line, yes in zip(squeezed, theirs, strict=True) if yes) < _LITTLE:
            return scores
        warnings.append("second opinion: our reader found next to no article here; these are the paragraphs that trafilatura names")
        return [1.0 if yes else score for yes, score in zip(theirs, scores, strict=True)]

    def _language_of_page(self, page: Page, said: str | None, warnings: list[str]) -> str | None:
        """The caller's word, else the page's, if there are rules for it; English, which templates say of any page, is looked at."""
        if said:
            return self._language(page, said, warnings)
        code = self._catalog.same(language.normal(page.said.language)) if page.said.language else ""
        if code in self._catalog.languages and code not in self._always:
            return code
        longest = heapq.nlargest(3, page.lines, key=len)
        return self._detect(" ".join(line[:60] for line in longest)) or code or None

    def _detect(self, sample: str) -> str | None:
        """The language that a text looks like; of languages that are near to one another the one with most of its own words."""
        found = [(self._catalog.same(code), chance) for code, chance in language.candidates(sample, 4)]
        if not found:
            return None
        first = found[0][0]
        own = self._catalog.top("near", f"lang/{first}") if first in self._catalog.languages else []
        near = {first, *(code for value in own for code in value.split())}
        if sum(chance for code, chance in found if code in near) < language.SURE:
            return None
        if len(near) == 1:
            return first
        words = sample.casefold().split()
        told = {code: {word for value in self._catalog.top("words", f"lang/{code}") for word in value.split()} for code in near}
        own_words = {code: told[code].difference(*(told[other] for other in near - {code})) for code in near}
        return max(sorted(near), key=lambda code: (sum(word.strip(".,:;!?«»„“”") in own_words[code] for word in words), code == first))

    def _finish(self, page: Page, warnings: list[str]) -> Article:
        judged = page
        if not unicodedata.is_normalized("NFC", page.text):  # rules are written in composed letters
            judged = replace(page, lines=[composed(line)[0] for line in page.lines])
        known = self._catalog.site_of(page.url)
        judgement = judge(judged, fold("\n".join(judged.lines)), self._rules_for(judged), lambda told: self._site(known or min(told, default=None)))
        if judged is not page:
            for block, parts in judgement.parts.items():
                offsets = composed(page.lines[block])[1]
                judgement.parts[block] = [(offsets[start], offsets[end], rule) for start, end, rule in parts]
        if not page.lines:
            warnings.append("the text is empty")
        elif None not in judgement.causes:
            warnings.append("no article found: rules removed all of the text")
        forms = self._forms_of(page.language, judgement.site)
        return assemble(page, judgement, forms, self._reference, tuple(warnings), self._between)

    def _language(self, page: Page, said: str | None, warnings: list[str]) -> str | None:
        """The caller's word, else what the text looks like."""
        if said:
            code, found = self._catalog.same(language.normal(said)), ""
        else:
            detected = self._detect(_sample(page.lines))
            if not detected:
                return None
            code, found = detected, " (by the look of the text)"
        if code not in self._catalog.languages:
            there = ", ".join(self._catalog.languages)
            warnings.append(f"no rule file for language {said or code!r}{found}, only common rules apply; there are {there}")
        return code

    def _rules_for(self, page: Page) -> RuleSet:
        """The rules for a text: common ones, those of every text, of its language, and of another if half of it is in that; where no language is known only the first two."""
        own = sorted({page.language or "", self._second(page) or ""} & set(self._catalog.languages))
        codes = sorted({*own, *self._always})
        known = self._rules.get((*codes, "", *own))
        if known is None:
            places = ["common", *(f"lang/{c}" for c in codes)]
            rules = [*self._catalog.rules(*places), *self._catalog.told_by()]
            known = RuleSet.of(rules, self._catalog.signs(*places), self._catalog.content(*places), own)
            self._rules[(*codes, "", *own)] = known
        return known

    def _second(self, page: Page) -> str | None:
        """A second language that a good part of a text is in, if there are rules for it."""
        long = [line for line in page.lines if len(line) >= _TELLING]
        if len(long) < 2:
            return None
        half = len(long) // 2
        samples = [max(some, key=len)[: language.SAMPLE] for some in (long[:half], long[half:])]
        one, other = (set(sample.casefold().split()) for sample in samples)
        if len(one & other) >= _SHARED:
            return None  # the little words are the same: so is the language
        found = {self._catalog.same(code) for sample in samples if (code := language.detect(sample, _CERTAIN))}
        return min(found - {page.language, *self._always} & set(self._catalog.languages), default=None)

    def _site(self, place: str | None) -> Site | None:
        if place is None:
            return None
        known = self._sites.get(place)
        if known is None:
            removals, outside = self._catalog.site_rules(place)
            known = Site(place, RuleSet.of([*self._catalog.rules(place), *removals]), frozenset(self._catalog.top("allow", place)), self._catalog.selectors(place), outside)
            self._sites[place] = known
        return known

    def _forms_of(self, code: str | None, place: str | None) -> Forms:
        forms = self._forms.get((code, place))
        if forms is None:
            places = ["common", *(f"lang/{c}" for c in dict.fromkeys([code, *self._always])), *([place] if place else [])]
            top = self._catalog.top
            own = [f"lang/{code}"] if code else []
            dates = DateWords.of(top("date-locales", *own), top("date-words", *own), top("era", *own), top("calendar", *own))
            forms = Forms.of(top("dateline", *places), [b for b in top("byline", *places) if "{name}" in b], top("agency", *places), dates)
            self._forms[code, place] = forms
        return forms


def _build(options: dict[str, Any]) -> Cleaner:
    return Cleaner(**options)


_TELLING = 100
"""Characters of a line that shows its language, ..."""
_SHARED = 3
"""... how many words two samples share at least if they are in one language, ..."""
_CERTAIN = 0.8
"""... and the probability above which a second language is believed."""
_LITTLE = 140
"""Characters of article below which trafilatura is asked."""
_ASKABLE = 300_000
"""Characters or bytes of a page up to which it is asked: on made-up pages its parser takes time by the square."""
_SENTENCE = 80
"""Latin letters that the longest paragraph of an article has at least."""
_STUB = 1500
"""Latin letters of article below which a subscribers' page is likely to be cut."""


def _kind_of_page(page: Page) -> str:
    """What a page without an article seems to be."""
    assert page.markup
    size = sum(map(len, page.lines))
    if size < 400:
        return "the page has next to no text; perhaps scripts would fill it in a browser"
    if sum(page.markup.linked) > 0.5 * size:
        return "most of the page is links; it looks like a home page or a listing"
    if not page.said.free:
        return "the page says that the article is for subscribers"
    return "the page has text, but none that looks like an article's"


def _sample(lines: Sequence[str]) -> str:
    """The longest line, likeliest to be a sentence, or the first ones if all are short."""
    longest = max(lines, key=len, default="")
    return longest if len(longest) >= 60 else " ".join(lines[:20])
