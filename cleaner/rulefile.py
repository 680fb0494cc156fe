"""One rule file → its rules, what it says at its top, and everything that is wrong with it.

The format is described for its writers in `rules/README.md`. Nothing is refused
in silence: a line that cannot be understood is a `Problem` with its place and a
remedy, and reading goes on, so that all faults of a file come at once.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import regex

from cleaner.dates import CALENDARS
from cleaner.literals import PLACEHOLDERS, braces, choices, pattern_literals, phrase_literals
from cleaner.model import LABELS, Phrase, Problem, Rule, Source

TEXT_KEYS = ("is", "starts", "ends", "contains", "matches")
ZONES = ("head", "body", "tail")
TAKES = ("block", "match", "section", "rest")
ACTIONS = ("drop", "keep")
SHAPES = ("spaced-run", "trail", "cut-headline", "headline-again", "said-again", "above-headline", "number-only", "zero-only",
          "symbols-only", "link-only", "hashtags", "titles", "worded-alike", "before-article", "after-article", "inside-article", "outside-article")  # fmt: skip
"""Names of the structural detectors; `cleaner/shapes.py` has them."""

TO_DO = "TODO"
"""What a value begins with that is still to be written, in a copy of ``rules/template.txt``."""
DEFAULT_MAX_WORDS = {"starts": 40, "matches": 40, "ends": 25, "contains": 25}
"""The longest block that a phrase may take if its rule does not say: a safety net."""

FIELDS = ("place", "PLACE", "date", "source", "agency", "name", "any")
PAGE_KEYS = ("tag", "named", "selector", "link-density")
"""Conditions that only a block of a web page can meet."""
_RULE_KEYS = (*TEXT_KEYS, *PAGE_KEYS, "shape", "label", "why", "action", "take", "inline", "zone", "sentence", "max-words",
              "min-words", "min-items", "after", "before", "drop", "keep")  # fmt: skip
SELECTOR_KEYS = ("headline", "byline", "body", "remove")
"""What a site file can say of its pages, as CSS selectors."""
_DATELINE_KEYS = ("agency", "dateline", "found", "not-found", "byline")
_TOP_KEYS = {
    "common": ("sentence-ends", "sentence-letters", "quotes", "always", "between-names", *_DATELINE_KEYS),
    "lang": ("language", "name", "same-as", "near", "words", "sentence-ends", "sentence-letters", "quotes", "date-locales", "date-words", "era", "calendar", *_DATELINE_KEYS),
    "site": ("hosts", "name", "language", "told-by", "allow", *SELECTOR_KEYS, "fixture", *_DATELINE_KEYS),
}
_LINE = re.compile(r"([A-Za-z][\w-]*)\s*:[ \t]*(.*)")
_BULLETS = " •·*-–—>»›|▶►→▪■●○◦"  # do not count at the ends of a phrase
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


_WORD = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}(?![a-z])|[^\W\d_A-Za-z]{2,}")


@lru_cache(maxsize=1 << 16)
def name_words(names: str) -> tuple[str, ...]:
    """The words that class, id and the like are made of: ``articleBody main-text2`` has article, body, main, text."""
    return tuple(word.lower() for word in _WORD.findall(names))


def findable(key: str, phrase: str) -> bool:
    """Whether a phrase or pattern can be looked for by a literal (or, being a whole line, in a dictionary)."""
    if key == "matches":
        return pattern_literals(phrase) is not None
    if key == "is" and not braces(phrase):
        return any(map(str.isalnum, phrase))
    return phrase_literals(phrase.strip(_BULLETS)) is not None


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A rule file as read. ``place`` is ``common``, ``lang/fr``, ``site/maghress.com``."""

    path: str
    place: str
    rules: tuple[Rule, ...] = ()
    top: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
    """What stands before the first rule, by key."""
    problems: tuple[Problem, ...] = ()

    def values(self, key: str) -> list[str]:
        """The values of a key at the top of the file."""
        return [phrase.text for phrase in self.top.get(key, ())]


def parse(text: str, path: str, place: str, *, checked: bool = False) -> RuleFile:
    """Read a rule file's text. Never raises; faults are in ``problems``.

    `checked` says that the file has passed the checker (shipped files have, in
    continuous integration): its phrases and patterns are not tried again.
    """
    return _Parser(path, place, checked).read(text)


class _Parser:
    def __init__(self, path: str, place: str, checked: bool) -> None:
        self.path = path
        self.place = place
        self.checked = checked
        self.tier = place.split("/", 1)[0]
        self.top: dict[str, list[Phrase]] = {}
        self.rules: dict[str, Rule] = {}
        self.ids: dict[str, int] = {}
        self.unwritten = False
        self.problems: list[Problem] = []
        self.draft: dict[str, list[Phrase]] | None = None

    def wrong(self, line: int, column: int, wrong: str, right: str) -> None:
        self.problems.append(Problem(self.path, line, column, wrong, right))

    def read(self, text: str) -> RuleFile:
        for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
            line = line.rstrip()
            if line and not line.lstrip().startswith("#"):
                self._line(number, line)
        self._close_rule()
        self._check_top()
        self.problems.sort(key=lambda p: (p.line, p.column))
        return RuleFile(self.path, self.place, tuple(self.rules.values()), {k: tuple(v) for k, v in self.top.items()}, tuple(self.problems))

    def _line(self, number: int, line: str) -> None:
        if control := _BIDI.search(line):
            name = unicodedata.name(control[0], "control")
            self.wrong(number, control.start() + 1, f"an invisible directional character ({name})", "delete it; right-to-left text needs none here")
            line = _BIDI.sub("", line)
        parsed = _LINE.fullmatch(line.strip())
        if not parsed:
            self.wrong(number, 1, f"not a 'key: value' line: {line.strip()[:40]!r}", "write a key, a colon and a value, or begin the line with #")
            return
        key, value = parsed[1], parsed[2].strip()
        phrase = Phrase(value, number, len(line) - len(line.lstrip()) + parsed.start(2) + 1)
        if key == "rule":
            self._close_rule()
            self.draft = {"rule": [phrase]}
            return
        known = _TOP_KEYS[self.tier] if self.draft is None else _RULE_KEYS
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            if self.draft is not None and key in _TOP_KEYS[self.tier]:
                right = f"move it to the top of the file, before the first rule ({self.draft['rule'][0].line})"
            elif self.draft is None and key in _RULE_KEYS:
                right = "begin a rule with 'rule: an-id' first"
            else:
                right = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(known)}"
            self.wrong(number, 1, f"unknown key '{key}'", right)
        elif not value:
            self.wrong(number, phrase.column, f"'{key}' has no value", "write one behind the colon, or delete the line")
        elif value.startswith(TO_DO):
            instead = "the line" if self.draft is None else "the rule"
            self.wrong(number, phrase.column, f"'{key}' is still to be written", f"write {value.removeprefix(TO_DO).strip()}; or delete {instead}")
            self.unwritten = self.unwritten or self.draft is not None
        elif self.draft is None:
            self.top.setdefault(key, []).append(phrase)
        else:
            self.draft.setdefault(key, []).append(phrase)

    # -- one rule ---------------------------------------------------------------

    def _close_rule(self) -> None:
        draft, self.draft = self.draft, None
        if draft is None:
            return
        head = draft["rule"][0]
        name = head.text
        if not _SLUG.fullmatch(name):
            self.wrong(head.line, head.column, f"'{name}' is no rule id", "use small letters a-z, digits and single hyphens")
            return
        unwritten, self.unwritten = self.unwritten, False
        if unwritten:  # what is missing has been said, line by line
            return
        if name in self.ids:
            self.wrong(head.line, head.column, f"the id '{name}' is used twice, first in line {self.ids[name]}", "give it another, or join the two rules")
            return
        faults = len(self.problems)
        self._examples_and_why(head, draft)
        texts = {key: self._phrases(key, draft) for key in TEXT_KEYS if key in draft}
        shape = self._one_of(draft, "shape", SHAPES)
        if len(texts) > 1 and not self.checked and not any(all(findable(key, p.text) for p in phrases) for key, phrases in texts.items()):
            self.wrong(head.line, head.column, f"rule '{name}' would have to be tried on every line", "give one of its keys only phrases with a piece of two letters")
        if not texts and not shape and not any(key in draft for key in PAGE_KEYS[:3]):
            self.wrong(head.line, head.column, f"rule '{name}' says nothing to look for", f"add one of {', '.join((*TEXT_KEYS, *PAGE_KEYS[:3]))}")
        for selector in draft.get("selector", ()):
            self._selector(selector)
            if self.tier == "lang":
                self.wrong(selector.line, selector.column, "a selector in a language's file would run on every page", "use 'tag' or 'named', or a site's file")
        for words in draft.get("named", ()):
            if words.text != " ".join(name_words(words.text)):
                right = "write small letters, words apart: 'read more' finds readMore and read-more-box"
                self.wrong(words.line, words.column, f"not the words of a class or id: {words.text!r}", right)
        action = self._one_of(draft, "action", ACTIONS) or "drop"
        label = self._one_of(draft, "label", tuple(LABELS))
        if not label and action == "drop" and "label" not in draft:
            self.wrong(head.line, head.column, f"rule '{name}' has no label", f"add 'label:' with one of {', '.join(LABELS)}")
        inline = self._one_of(draft, "inline", ("yes", "no")) == "yes"
        if inline and "starts" not in texts:
            line = draft["inline"][0]
            self.wrong(line.line, line.column, "'inline' needs 'starts' phrases", "delete the line, or write the phrases with 'starts'")
        limits = [DEFAULT_MAX_WORDS[key] for key in texts if key in DEFAULT_MAX_WORDS]
        default = None if "is" in texts or not limits else min(limits)
        rule = Rule(
            id=f"{self.place}/{name}",
            source=Source(self.path, head.line),
            label=label,
            why=draft["why"][0].text if "why" in draft else "",
            action=action,
            take=self._one_of(draft, "take", TAKES) or "block",
            inline=inline,
            texts=texts,
            shape=shape,
            tags=frozenset(p.text.lower() for p in draft.get("tag", ())),
            named=tuple(p.text for p in draft.get("named", ())),
            selectors=tuple(p.text for p in draft.get("selector", ())),
            link_density=self._share(draft, "link-density"),
            zones=frozenset(z.text for z in self._each_of(draft, "zone", ZONES)),
            sentence={"yes": True, "no": False, None: None}[self._one_of(draft, "sentence", ("yes", "no"))],
            max_words=self._number(draft, "max-words", default),
            min_words=self._number(draft, "min-words", 0) or 0,
            min_items=self._number(draft, "min-items", 0) or 0,
            after=tuple(self._rule_name(p) for p in draft.get("after", ())),
            before=tuple(self._rule_name(p) for p in draft.get("before", ())),
            drops=tuple(draft.get("drop", ())),
            keeps=tuple(draft.get("keep", ())),
            checked=self.checked,
            tier=list(_TOP_KEYS).index(self.tier),
        )
        self.ids[name] = head.line
        if len(self.problems) == faults:
            self.rules[name] = rule

    def _examples_and_why(self, head: Phrase, draft: dict[str, list[Phrase]]) -> None:
        for key, right in (
            ("why", "add 'why:' with one sentence: what this is and why it is not the article"),
            ("drop", "add 'drop:' with a text that the rule removes"),
            ("keep", "add 'keep:' with a near miss, a sentence that must stay"),
        ):
            if key == "drop" and any(p.text == "keep" for p in draft.get("action", ())):
                continue
            if key not in draft:
                self.wrong(head.line, head.column, f"rule '{head.text}' has no '{key}'", right)
        for example in draft.get("drop", ()):
            if example.text.count("[[") != example.text.count("]]"):
                self.wrong(example.line, example.column, "double brackets do not pair", "put [[ before and ]] behind the part that goes")

    def _phrases(self, key: str, draft: dict[str, list[Phrase]]) -> tuple[Phrase, ...]:
        phrases, texts = draft[key], [k for k in TEXT_KEYS if k in draft]
        if self.checked:
            return tuple(phrases)
        seen: dict[str, int] = {}
        for phrase in phrases:
            if phrase.text in seen:
                self.wrong(phrase.line, phrase.column, f"said already in line {seen[phrase.text]}: {phrase.text!r}", "delete the line")
            seen.setdefault(phrase.text, phrase.line)
            if key == "matches":
                self._pattern(phrase, len(texts) == 1)
            else:
                for brace in braces(phrase.text):
                    if not choices(brace[1]) and brace[1] not in PLACEHOLDERS:
                        self.wrong(phrase.line, phrase.column + brace.start(), f"unknown placeholder {brace[0]}", "use {number}, {any} or a choice such as {story|article}")
                if re.search(r"[{}]", re.sub(r"\{[^{}]*\}", "", phrase.text)):
                    self.wrong(phrase.line, phrase.column, f"braces that do not pair in {phrase.text!r}", "close each { with a }, and put none inside another")
                if not findable(key, phrase.text) and (len(texts) == 1 or not any(map(str.isalnum, phrase.text))):
                    self.wrong(phrase.line, phrase.column, f"no piece of two letters in {phrase.text!r}", "write a longer phrase, or add a second key with one")
        return tuple(phrases)

    def _pattern(self, phrase: Phrase, alone: bool) -> None:
        try:
            regex.compile(phrase.text, regex.IGNORECASE)
        except regex.error as error:
            self.wrong(phrase.line, phrase.column + (error.pos or 0), f"not a regular expression: {error.msg}", "mend it, or write it as a phrase")
            return
        if not pattern_literals(phrase.text) and alone:
            self.wrong(phrase.line, phrase.column, "a pattern without a fixed piece of three letters would be tried on every line",
                       "put such a piece in (in each branch of an alternation)")

    def _one_of(self, draft: dict[str, list[Phrase]], key: str, allowed: tuple[str, ...]) -> str | None:
        values = self._each_of(draft, key, allowed)
        for extra in values[1:]:
            self.wrong(extra.line, extra.column, f"'{key}' is said twice", "keep one of them")
        return values[0].text if values else None

    def _each_of(self, draft: dict[str, list[Phrase]], key: str, allowed: tuple[str, ...]) -> list[Phrase]:
        good = []
        for phrase in draft.get(key, ()):
            if phrase.text in allowed:
                good.append(phrase)
            else:
                near = difflib.get_close_matches(phrase.text, allowed, 1)
                right = f"did you mean '{near[0]}'?" if near else f"use one of {', '.join(allowed)}"
                self.wrong(phrase.line, phrase.column, f"unknown {key} '{phrase.text}'", right)
        return good

    def _number(self, draft: dict[str, list[Phrase]], key: str, default: int | None) -> int | None:
        value = default
        for phrase in draft.get(key, ()):
            if phrase.text.isdecimal() and int(phrase.text) > 0:
                value = int(phrase.text)
            else:
                self.wrong(phrase.line, phrase.column, f"'{key}' is no whole number above 0: {phrase.text!r}", "write one, such as 12")
        return value

    def _share(self, draft: dict[str, list[Phrase]], key: str) -> float:
        value = 0.0
        for phrase in draft.get(key, ()):
            if re.fullmatch(r"0?\.\d+|1(?:\.0)?", phrase.text):
                value = float(phrase.text)
            else:
                self.wrong(phrase.line, phrase.column, f"'{key}' is no share: {phrase.text!r}", "write a number between 0 and 1, such as 0.8")
        return value

    def _selector(self, phrase: Phrase) -> None:
        if self.checked:
            return
        from selectolax.lexbor import LexborHTMLParser, SelectolaxError

        try:
            LexborHTMLParser("<p>").css(phrase.text)
        except SelectolaxError:
            self.wrong(phrase.line, phrase.column, f"not a CSS selector: {phrase.text!r}", "mend it; the browser's console tries it with document.querySelectorAll")

    def _rule_name(self, phrase: Phrase) -> str:
        return phrase.text if "/" in phrase.text else f"{self.place}/{phrase.text}"

    # -- the top of the file ------------------------------------------------------

    def _check_top(self) -> None:
        for key in SELECTOR_KEYS:
            for phrase in self.top.get(key, ()) if self.tier == "site" else ():
                if "{name}" not in phrase.text:  # a form of byline
                    self._selector(phrase)
        for key in ("language", "name"):
            for extra in self.top.get(key, ())[1:]:
                self.wrong(extra.line, extra.column, f"'{key}' is said twice", "keep one of them")
        if self.tier == "lang" and [p.text for p in self.top.get("language", ())] != [self.place.split("/")[1]]:
            self.wrong(1, 1, "the file does not say its language", f"add 'language: {self.place.split('/')[1]}', the code of the file's name")
        if self.tier == "site" and not self.top.get("hosts"):
            self.wrong(1, 1, "the file does not say its hosts", f"add 'hosts: {self.place.split('/')[1]}'")
        for told in self.top.get("told-by", ()):
            if not phrase_literals(told.text):
                self.wrong(told.line, told.column, f"no piece of two letters in {told.text!r}", "write a longer phrase")
        for era in self.top.get("era", ()):
            if not re.fullmatch(r"\S.*\s[+-]?\d{1,4}", era.text):
                self.wrong(era.line, era.column, "an era without a name and the years to add", "write the era's name and what makes its years ours, such as: พ.ศ. -543")
        for calendar in self.top.get("calendar", ()):
            name, _, months = calendar.text.partition(" ")
            if name not in CALENDARS or months.count(",") != 11:
                what = f"a calendar must be {' or '.join(CALENDARS)} and its twelve months"
                self.wrong(calendar.line, calendar.column, what, "write the months behind its name with commas between, spellings of one month with | between")
        for key in ("dateline", "byline"):
            for form in self.top.get(key, ()):
                names = [m[1] for m in braces(form.text)]
                for match in braces(form.text):
                    if match[1] not in FIELDS and not (key == "dateline" and choices(match[1])):
                        self.wrong(form.line, form.column + match.start(), f"unknown field {match[0]}", "use one of " + ", ".join("{" + name + "}" for name in FIELDS))
                if key == "byline" and "name" not in names and self.tier != "site":
                    self.wrong(form.line, form.column, "a byline form without {name}", "put {name} where the author stands")
                if key == "dateline" and not re.search(r"\{(?:date|agency|PLACE|source)\}|\(|\[", form.text):
                    self.wrong(form.line, form.column, "this dateline form would match half of all sentences", "give it {agency}, {date}, {PLACE} or brackets")
        if self.top.get("dateline"):
            first = self.top["dateline"][0]
            for key in ("found", "not-found"):
                if key not in self.top:
                    self.wrong(first.line, first.column, f"dateline forms without a '{key}' example", f"add a '{key}:' line")
        for example in self.top.get("found", ()):
            if not re.fullmatch(r"[^\[\]]*\[\[.+\]\].*", example.text.replace("\\n", " ")):
                self.wrong(example.line, example.column, "an example of a dateline must show it in double brackets", "write [[Paris, 3 mai (AFP) –]] Le président …")
