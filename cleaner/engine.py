"""The whole path, once: text → reader → judge → assemble, with the rules that apply."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cleaner import catalog, language
from cleaner.article import Article, assemble
from cleaner.catalog import Catalog
from cleaner.dateline import Forms
from cleaner.fold import fold
from cleaner.judge import RuleSet, Site, judge
from cleaner.model import Page
from cleaner.mojibake import repair
from cleaner.read_text import read_text


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

    def _finish(self, page: Page, warnings: list[str]) -> Article:
        folded = fold("\n".join(page.lines))
        known = self._catalog.site_of(page.url)
        rules = self._rules_for(page.language)
        judgement = judge(page, folded, rules, lambda told: self._site(known or min(told, default=None)))
        if not page.lines:
            warnings.append("the text is empty")
        elif None not in judgement.causes:
            warnings.append("no article found: rules removed all of the text")
        forms = self._forms_of(page.language, judgement.site)
        return assemble(page, judgement, forms, self._reference, tuple(warnings))

    def _language(self, page: Page, said: str | None, warnings: list[str]) -> str | None:
        if not said:
            return language.detect(_sample(page.lines))
        code = language.normal(said)
        if code not in self._catalog.languages:
            warnings.append(f"no rule file for language {said!r}, only common rules apply; there are {', '.join(self._catalog.languages)}")
        return code

    def _rules_for(self, code: str | None) -> RuleSet:
        """The rules for a text in this language; for one in no known language those of all."""
        codes = self._catalog.languages if code is None else sorted({code, *self._always} & set(self._catalog.languages))
        known = self._rules.get(tuple(codes))
        if known is None:
            places = ["common", *(f"lang/{c}" for c in codes)]
            rules = [*self._catalog.rules(*places), *self._catalog.told_by()]
            known = RuleSet.of(rules, self._catalog.top("sentence-ends", *places), self._catalog.content(*places))
            self._rules[tuple(codes)] = known
        return known

    def _site(self, place: str | None) -> Site | None:
        if place is None:
            return None
        known = self._sites.get(place)
        if known is None:
            known = Site(place, RuleSet.of(self._catalog.rules(place)), frozenset(self._catalog.top("allow", place)))
            self._sites[place] = known
        return known

    def _forms_of(self, code: str | None, place: str | None) -> Forms:
        forms = self._forms.get((code, place))
        if forms is None:
            places = ["common", *(f"lang/{c}" for c in dict.fromkeys([code, *self._always])), *([place] if place else [])]
            top = self._catalog.top
            forms = Forms.of(top("dateline", *places), top("byline", *places), top("agency", *places))
            self._forms[code, place] = forms
        return forms


def _build(options: dict[str, Any]) -> Cleaner:
    return Cleaner(**options)


def _sample(lines: Sequence[str]) -> str:
    """The longest line, likeliest to be a sentence, or the first ones if all are short."""
    longest = max(lines, key=len, default="")
    return longest if len(longest) >= 60 else " ".join(lines[:20])
