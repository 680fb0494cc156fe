"""The compiled rule set: which rules' text conditions hold on which blocks.

Each rule gives literals of which one must be there (`cleaner.literals`). One
pass of an Aho-Corasick automaton over the folded text finds all of them;
phrases that must be a whole line are looked up in a dictionary. Only the blocks
found that way are confirmed, one rule on one line at a time. So ten thousand
rules cost about what a hundred do.
"""

from __future__ import annotations

import bisect
import contextlib
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial

import ahocorasick_rs
import regex

from cleaner.fold import UNSPACED_LEADS, UNSPACED_SIGN, fold, fold_with_offsets, leads, spellings, tidy
from cleaner.literals import PLACEHOLDERS, braces, choices, expanded, pattern_literals, phrase_literals, weight
from cleaner.model import Phrase, Problem, Rule, RuleError
from cleaner.phrases import ANY, PUNCTUATION, Start, start_of, starts_of
from cleaner.pieces import LONGEST, end_to_end, glued, mostly, parts
from cleaner.places import has_place
from cleaner.rulefile import findable

TIMEOUT = 0.2
"""Seconds that one regular expression may take on one block."""

_SIGNS = frozenset("\"“”«»„'#@$€£¥%+©&")  # in front of a phrase these mean something
_WORD_SIGN = "[0-9A-Za-z\u00aa-\u02ff\u0300-\u060b\u060d-\u061a\u061c-\u061e\u0620-\u06d3\u06d5-\u0963\u0966-\u0dff\u0e80-\u1fff]"
"""Letters, digits and vowel signs of scripts that part words by spaces, roughly, for regular expressions."""
_DECORATION = 24
"""Symbols that may stand around a phrase, at most, for it still to be looked for."""
_SPACED = re.compile("[:!?;]")  # signs that some write a space before
_OTHER = {"»": "«", "«": "»"}
_COMMON_DECORATION = " •·*->»›«‹|[](){}:;,.!?▶►→←▸▪■●○◦_"
_SET_OPERATION = re.compile(r"\[\[|--|&&|\|\||~~")  # `re` warns of these in classes: they mean more to `regex`
_SURROGATES = re.compile("[\ud800-\udfff]")
_SENTENCE_START = re.compile(r"(?:[.!?…。؟۔।։።][\"”»')\]]*\s+|[。！？]|^)[\W_]*\Z")
_SENTENCE_END = re.compile(r"[.!?…؟۔।։።][\"”»')\]]*(?=\s+[^\W\d_]|\s*\Z)|[。！？]")


def _is_word(char: str) -> bool:
    """Letters and digits, and the vowel signs of scripts that write them as marks."""
    return char.isalnum() or unicodedata.category(char)[0] == "M"


def words(line: str) -> int:
    """Words of a line; where a script has no spaces two characters count as one."""
    unspaced = len(UNSPACED_SIGN.findall(line)) if not line.isascii() else 0
    return line.count(" ") + 1 + unspaced // 2


def count_words(lines: Sequence[str], signs: frozenset[int]) -> list[int]:
    """`words` of each line of a text; `signs` are its `cleaner.fold.leads`."""
    return [line.count(" ") + 1 for line in lines] if signs.isdisjoint(UNSPACED_LEADS) else list(map(words, lines))


class Line:
    """One folded line, and what conditions want to know of it, worked out when asked."""

    __slots__ = ("_left", "_right", "_tidied", "folded", "text")

    def __init__(self, text: str, folded: str) -> None:
        self.text = text
        self.folded = folded
        self._left = self._right = -1
        self._tidied: str | None = None

    @property
    def left(self) -> int:
        """Where the line begins behind bullets, arrows and brackets."""
        if self._left < 0:
            if self.folded[:1].isalnum():
                self._left = 0
                return 0
            at = 0
            while at < len(self.folded) and not _is_word(self.folded[at]):
                if self.folded[at] in _SIGNS and _OTHER.get(self.folded[at], "") in self.folded:
                    break  # » or « alone is an arrow; both are quotation marks
                at += 1
            self._left = at
        return self._left

    @property
    def right(self) -> int:
        """Where it ends before symbols."""
        if self._right < 0:
            at = len(self.folded)
            while at > self.left and not _is_word(self.folded[at - 1]):
                at -= 1
            self._right = at
        return self._right

    @property
    def tidied(self) -> str:
        """The line for regular expressions: plain apostrophes, spaces and dashes."""
        if self._tidied is None:
            self._tidied = tidy(self.text)
        return self._tidied


Found = tuple[int, int] | None
"""Where a condition holds: a range of the folded line, or of the line for ``matches``."""


def _boundary(text: str, at: int) -> bool:
    """Whether no word is cut at this place."""
    if not 0 < at < len(text):
        return True
    before, behind = text[at - 1], text[at]
    return not (_is_word(before) and _is_word(behind)) or bool(UNSPACED_SIGN.match(before) or UNSPACED_SIGN.match(behind))


class Test:
    """One phrase or pattern of a rule, ready to be tried on a line."""

    __slots__ = ("_checked", "_pattern", "_phrase", "first", "inline", "is_pattern", "key", "phrase", "variants")

    def __init__(self, key: str, phrase: Phrase, inline: bool = False, folded: str | None = None, checked: bool = False) -> None:
        """Make a test ready; `folded` is the folded phrase, if the caller has it (`plain_phrases`)."""
        self._checked = checked
        self.key = key
        self.phrase = phrase
        self.inline = inline
        self.variants: tuple[str, ...] = ()
        self._pattern: regex.Pattern[str] | None = None
        self._phrase: re.Pattern[str] | None = None
        self.is_pattern = key == "matches" or "{" in phrase.text
        self.first = starts_of(_without_symbols(phrase.text, True, key == "is"), key == "is") if key in ("is", "starts") and self.is_pattern and not inline else None
        """For a phrase with choices that begins a line: the words that it can begin with."""
        if not self.is_pattern:
            folded = fold(phrase.text) if folded is None else folded
            if not (folded[:1].isalnum() and folded[-1:].isalnum()):
                line = Line(phrase.text, folded)
                folded = folded[line.left if key in ("is", "starts") else 0 : line.right if key in ("is", "ends") else len(folded)].strip()
            self.variants = (folded,) if folded.isascii() and not _SPACED.search(folded) else tuple(spellings(folded))

    def literals(self) -> list[str]:
        """Folded literals of which every line that passes holds one."""
        if self.key == "matches":
            return sorted(pattern_literals(self.phrase.text) or ())
        if self.is_pattern:
            bare = (_without_symbols(literal, True, True) for literal in phrase_literals(self.phrase.text) or ())
            return sorted({way for literal in bare for way in spellings(literal)})
        return list(self.variants)

    @property
    def longest(self) -> int:
        """How much of a folded line the phrase can cover at most, decoration around it (`_DECORATION`) included."""
        if not self.is_pattern:
            return max(map(len, self.variants)) + _DECORATION
        if self.key == "matches":
            return _FAR
        size = len(fold(self.phrase.text)) + _DECORATION
        for brace in braces(self.phrase.text):
            size += max(map(len, choices(brace[1])), default=60)
        return size

    def _compile(self) -> None:
        """Make a ``matches`` pattern: with Python's own `re`, six times as fast, if the checker has tried it for runaway time and `re` knows all of it."""
        if self._checked and not _SET_OPERATION.search(self.phrase.text):
            with contextlib.suppress(re.error):
                self._phrase = _compiled(self.phrase.text, re.IGNORECASE)
        if self._phrase is None:
            self._pattern = regex.compile(self.phrase.text, regex.IGNORECASE)

    def find(self, line: Line) -> Found:
        """Where the condition holds on a line.

        Raises TimeoutError if a regular expression takes longer than `TIMEOUT`.
        """
        if self.key == "matches":
            if self._pattern is None and self._phrase is None:  # made when first needed: most rules never see their literal
                self._compile()
            if self._phrase:
                quick = self._phrase.search(line.tidied)
                return quick.span() if quick else None
            assert self._pattern
            found = self._pattern.search(line.tidied, timeout=TIMEOUT, concurrent=False)
            return found.span() if found else None
        if self.is_pattern:
            if self._phrase is None:
                self._phrase = _phrase_compiled(self.key, self.phrase.text)
            end = line.right if self.key in ("is", "ends") else len(line.folded)
            if self.key in ("is", "starts"):
                where = self._phrase.match(line.folded, line.left, end)
            else:
                where = self._phrase.search(line.folded, 0, end)
            return where.span() if where else None
        return _FINDERS[self.key](self, line)

    def _is(self, line: Line) -> Found:
        return (0, len(line.folded)) if line.folded[line.left : line.right] in self.variants else None

    def _starts(self, line: Line) -> Found:
        for variant in self.variants:
            end = line.left + len(variant)
            if line.folded.startswith(variant, line.left) and _boundary(line.folded, end):
                return line.left, end
        return None

    def _ends(self, line: Line) -> Found:
        for variant in self.variants:
            start = line.right - len(variant)
            if line.folded.endswith(variant, 0, line.right) and _boundary(line.folded, start):
                return start, line.right
        return None

    def _contains(self, line: Line) -> Found:
        for variant in self.variants:
            start = line.folded.find(variant)
            while start >= 0:
                if _boundary(line.folded, start) and _boundary(line.folded, start + len(variant)):
                    return start, start + len(variant)
                start = line.folded.find(variant, start + 1)
        return None

    def find_inline(self, line: Line) -> Found:
        """The sentence inside a line that begins with the phrase, in the folded line."""
        for start, stop in self._inside(line.folded):
            if _SENTENCE_START.search(line.folded[max(0, start - 12) : start]) and _boundary(line.folded, stop):
                end = _SENTENCE_END.search(line.folded, stop)
                return start, end.end() if end else len(line.folded)
        return None

    def _inside(self, folded: str) -> Iterator[tuple[int, int]]:
        """Where the phrase stands in a line behind its first character."""
        if self.is_pattern:
            if self._phrase is None:
                self._phrase = _phrase_compiled(self.key, self.phrase.text)
            yield from (found.span() for found in self._phrase.finditer(folded, 1))
        for variant in self.variants:
            start = folded.find(variant, 1)
            while start > 0:
                yield start, start + len(variant)
                start = folded.find(variant, start + 1)


_compiled = lru_cache(maxsize=8192)(re.compile)
"""English rules run beside those of every language: their patterns are made once."""


@lru_cache(maxsize=16384)
def _phrase_compiled(key: str, phrase: str) -> re.Pattern[str]:
    return re.compile(_phrase_pattern(key, phrase))


def _first_and_longest(found: Iterable[Found]) -> Found:
    """Of several places the first, of several there the longest: whatever the order of the phrases."""
    return min((f for f in found if f), key=lambda f: (f[0], -f[1]), default=None)


_FINDERS = {"is": Test._is, "starts": Test._starts, "ends": Test._ends, "contains": Test._contains}


def _phrase_pattern(key: str, phrase: str) -> str:
    """A phrase with placeholders as a regular expression for the folded line."""
    bare_start, bare_end = key in ("is", "starts"), key in ("is", "ends")
    phrase = _without_symbols(phrase, bare_start, bare_end)
    parts = []
    at = 0
    loose = False  # beside a choice that may be empty, a mere sign, or end in an apostrophe, a space may be missing
    for match in [*braces(phrase), None]:
        options = choices(match[1]) if match else []
        piece = phrase[at : match.start() if match else len(phrase)]
        clings = any(not option[:1].isalnum() for option in options)
        parts.append(_fixed(piece, loose, clings))
        if match:
            bare = [_without_symbols(o, bare_start and match.start() == 0, bare_end and match.end() == len(phrase)) for o in options]
            parts.append("(?:" + "|".join(_fixed(o) for o in sorted(bare, key=len, reverse=True)) + ")" if options else PLACEHOLDERS[match[1]])
            at, loose = match.end(), any(option[-1:] in ("", "'", "’") for option in options)
    before = rf"(?<!{_WORD_SIGN})" if key not in ("is", "starts") and _is_word(phrase[0]) else ""
    behind = r"\Z" if key in ("is", "ends") else rf"(?!{_WORD_SIGN})" if phrase[-1] == "}" or _is_word(phrase[-1]) else ""
    return before + "".join(parts) + behind


def _without_symbols(phrase: str, start: bool, end: bool) -> str:
    """Without the symbols at its ends, which do not count, as in `Line.left` and `Line.right`."""
    if start:
        phrase = phrase[next((i for i, c in enumerate(phrase) if c == "{" or c in _SIGNS or _is_word(c)), 0) :]
    if end:
        phrase = phrase[: len(phrase) - next((i for i, c in enumerate(reversed(phrase)) if c == "}" or _is_word(c)), 0)]
    return phrase


def _fixed(text: str, loose_before: bool = False, loose_behind: bool = False) -> str:
    """A fixed piece, in all its spellings, with space before or behind where it has some."""
    ways = []
    for way in spellings(fold(text)):
        pattern = regex.escape(way, special_only=True, literal_spaces=True)
        if loose_before and pattern.startswith(" "):
            pattern = " ?" + pattern[1:]
        if loose_behind and pattern.endswith(" "):
            pattern = pattern[:-1] + " ?"
        ways.append(pattern)
    return ways[0] if len(ways) == 1 else "(?:" + "|".join(ways) + ")"


def _shifted(zone: Callable[[int], str], by: int, block: int) -> str:
    return zone(block + by)


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule's text conditions hold on a block; ``span`` is the part that ``take: match`` takes."""

    block: int
    rule: int
    span: tuple[int, int] | None = None
    """Code points of the block's text; None where the whole block is meant."""


Tables = tuple[list[tuple[int, str, int]], list[dict[str, list[int]]], dict[str, list["_Owner"]], dict[Start, list["_Owner"]], dict[str, list["_Owner"]]]
"""Compiled rules as plain data: the tests (rule, key, phrase, by their numbers); for each rule the tests beside those that it
is looked for by; and what to look for: whole lines, first words, literals."""


def compile_rules(rules: Sequence[Rule], few: bool = False) -> Tables:
    """The tables of rules. `few` rules are looked for by literals alone, without a look at the beginning of every line.

    Raises `RuleError` if a rule cannot be looked for; the checker finds that first.
    """
    numbered: list[tuple[int, str, int]] = []
    others: list[dict[str, list[int]]] = []
    whole: dict[str, list[_Owner]] = {}
    first: dict[Start, list[_Owner]] = {}
    literals: dict[str, list[_Owner]] = {}
    folded = plain_phrases(rules)
    for number, rule in enumerate(rules):
        tests = {key: [Test(key, phrase, rule.inline, folded.get(phrase.text), rule.checked) for phrase in phrases] for key, phrases in rule.texts.items()}
        anchor = next(iter(tests)) if len(tests) == 1 else max(tests, key=lambda key: (min(map(_worth, tests[key])), -_ANCHORS.index(key)))
        others.append({})
        for key, some in tests.items():
            if key != anchor:
                others[-1][key] = list(range(len(numbered), len(numbered) + len(some)))
                numbered += [(number, key, i) for i in range(len(some))]
        for i, test in enumerate(tests[anchor]):
            longest = test.longest
            reach = longest if anchor in ("is", "starts") and not test.inline else _FAR
            most_words = _FAR if rule.max_words is None or rule.inline or rule.take == "match" else rule.max_words
            owner = (number, len(numbered), reach, longest if anchor == "is" else _FAR, most_words)
            numbered.append((number, anchor, i))
            if test.first and not (few and test.literals()):
                for start in test.first:
                    first.setdefault(start, []).append(owner)
                continue
            table = whole if anchor == "is" and not test.is_pattern and not few else literals
            keys: Sequence[str] = test.variants if table is whole else test.literals()
            if anchor == "is" and test.is_pattern and not few and (ways := expanded(test.phrase.text)):
                table, keys = whole, [w for way in ways for w in spellings(fold(_without_symbols(way, True, True)).strip())]
            if not keys:
                raise RuleError([Problem(rule.source.file, test.phrase.line, test.phrase.column, "nothing to look for it by", "run clean-article-rules check")])
            for variant in dict.fromkeys(keys):
                table.setdefault(variant, []).append(owner)
    return numbered, others, whole, first, literals


class Matcher:
    """Text conditions of many rules, compiled together. Safe to share between threads."""

    def __init__(self, rules: Iterable[Rule], *, few: bool = False, tables: Tables | None = None) -> None:
        """Make rules ready, by their `tables` if the caller has them; for `few` see `compile_rules`."""
        self.rules = tuple(rules)
        self._numbered, self._rest, self._whole, self._first, owners = compile_rules(self.rules, few) if tables is None else tables
        self._tests: list[Test | None] = [None] * len(self._numbered)
        self._simple = [rule.take != "match" and not rule.inline for rule in self.rules]
        """Whether all that matters of a rule's conditions is that they hold, not where."""
        self._screens: dict[tuple[int, str], tuple[re.Pattern[str] | None, list[int]]] = {}
        self._most_words = max((min(o[3], o[4]) for table in (self._first, self._whole) for some in table.values() for o in some), default=0)
        """Of lines with more words none is looked at for phrases that begin it or are all of it."""
        self._first_words = frozenset(word for word, _ in self._first)
        self._owners = list(owners.values())
        self._literals = list(owners)
        self._seen = 0
        self._few = self._quick = few
        self._automaton = ahocorasick_rs.AhoCorasick(self._literals, implementation=_IMPLEMENTATION[not few]) if owners else None

    def _any(self, number: int, key: str, view: Line) -> bool:
        """Whether one of a rule's conditions of this key holds on a line.

        Phrases that the line does not have at all are passed over together.
        """
        screen = self._screens.get((number, key))
        if screen is None:
            plain = [i for i in self._rest[number][key] if not self._test(i).is_pattern]
            variants = {re.escape(variant) for i in plain for variant in self._test(i).variants}
            screen = (re.compile("|".join(sorted(variants))) if variants else None, plain)
            self._screens[number, key] = screen
        pattern, plain = screen
        alternatives = self._rest[number][key]
        if pattern and not pattern.search(view.folded):
            alternatives = [i for i in alternatives if i not in plain]
        return any(self._test(i).find(view) for i in alternatives)

    def _test(self, number: int) -> Test:
        """A test by its number, made when first needed."""
        test = self._tests[number]
        if test is None:
            rule_number, key, index = self._numbered[number]
            rule = self.rules[rule_number]
            test = self._tests[number] = Test(key, rule.texts[key][index], rule.inline, checked=rule.checked)
        return test

    def find(
        self,
        lines: Sequence[str],
        folded: str,
        folded_lines: Sequence[str],
        blocks: Sequence[int] | None = None,
        zone: Callable[[int], str] = lambda block: "",
        counts: Sequence[int] | None = None,
        whole: bool = True,
    ) -> tuple[list[Hit], list[str]]:
        """All hits on these blocks, and warnings on rules that had to be stopped.

        `folded` is `fold` of the lines joined by line breaks, `folded_lines` the
        same split again; `blocks` are those to look at (all if None). `zone` says in
        which zone a block is; the empty zone fits all rules. `counts` are the words of
        each line, if the caller has them. With `whole` false lines are not looked at as
        made of pieces.
        """
        if counts is None:
            counts = count_words(folded_lines, leads(folded))
        if blocks is not None:
            chosen = [folded_lines[b] for b in blocks]
            places = dict(enumerate(blocks))
            hits, stops = self.find([lines[b] for b in blocks], "\n".join(chosen), chosen, zone=lambda b: zone(places[b]), counts=[counts[b] for b in blocks])
            return [replace(hit, block=places[hit.block]) for hit in hits], stops
        if len(lines) > _BATCH:  # so that what is noted on the way stays small, whatever the text's size
            hits, stops = [], []
            for start in range(0, len(lines), _BATCH):
                end = min(start + _BATCH, len(lines))
                some = folded_lines[start:end]
                more = self.find(lines[start:end], "\n".join(some), some, zone=partial(_shifted, zone, start), counts=counts[start:end])
                hits += [replace(hit, block=hit.block + start) for hit in more[0]]
                stops += [w for w in more[1] if w not in stops]
            return hits, stops
        hits = []
        views: dict[int, Line] = {}
        done: set[tuple[int, int]] = set()
        stopped: set[int] = set()
        for block, number, which in self._candidates(folded, folded_lines, counts):
            if number in stopped or (block, number) in done:
                continue
            rule = self.rules[number]
            if (rule.zones and (place := zone(block)) and place not in rule.zones) or counts[block] < rule.min_words:
                continue
            view = views.get(block)
            if view is None:
                view = views[block] = Line(lines[block], folded_lines[block])
            test = self._test(which)
            try:
                if self._simple[number]:
                    holds = test.find(view) and all(self._any(number, key, view) for key in self._rest[number])
                    hit = Hit(block, number) if holds else None
                else:
                    too_long = rule.max_words is not None and counts[block] > rule.max_words
                    hit = self._confirm(rule, test, view, Hit(block, number), too_long)
            except TimeoutError:
                stopped.add(number)
                continue
            if hit:
                hits.append(hit)
                if hit.span is None:
                    done.add((block, number))
        if whole:
            hits += self._of_pieces(lines, folded_lines, {hit.block for hit in hits if hit.span is None})
        stops = [
            f"{rule.source}: rule {rule.id} was stopped after {TIMEOUT} s on one block and did nothing; simplify its regular expression"
            for rule in (self.rules[number] for number in sorted(stopped))
        ]
        return [h for h in hits if h.rule not in stopped], stops

    def _of_pieces(self, lines: Sequence[str], folded_lines: Sequence[str], taken: set[int]) -> list[Hit]:
        """Hits on lines that are made of pieces (`cleaner.pieces`), each of which some rule takes as a line: the rule of the longest takes all."""
        if not self._whole or self._few:
            return []
        found = []
        beginnings = self._beginnings
        parted: dict[int, list[str]] = {}
        for block, (line, folded) in enumerate(zip(lines, folded_lines, strict=True)):
            if len(line) > LONGEST or block in taken or (len(line) > _SHORT and line[-1] in _FULL_STOPS):
                continue
            start = folded.strip(_COMMON_DECORATION)
            if start.split(" ", 1)[0].rstrip(PUNCTUATION) in beginnings or start[:1] in beginnings or glued(line):
                made_of = end_to_end(line, self._whole_line)
                if made_of:
                    rule = max(made_of, key=lambda piece: (len(piece[1]), piece))[0]
                    found.append(Hit(block, rule, (0, len(line))))
                    continue
            pieces = parts(line)
            if len(pieces) > 1:
                parted[block] = pieces
        if parted:
            pieces = [piece for some in parted.values() for piece in some]
            folded_pieces = [fold(piece) for piece in pieces]
            hits, _ = self.find(pieces, "\n".join(folded_pieces), folded_pieces, whole=False)
            causes: dict[int, int] = {}
            for hit in hits:
                if hit.span is None and not has_place(self.rules[hit.rule]) and not self.rules[hit.rule].after and not self.rules[hit.rule].before:
                    causes[hit.block] = min(hit.rule, causes.get(hit.block, hit.rule))
            at = 0
            for block, some in parted.items():
                mine = {n - at: causes[n] for n in range(at, at + len(some)) if n in causes}
                at += len(some)
                longest = mostly(some, mine)
                if longest is not None:
                    found.append(Hit(block, mine[longest], (0, len(lines[block]))))
        return found

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        """The first words of all whole-line phrases; for scripts without spaces the first signs."""
        words = {key.split(" ", 1)[0].rstrip(PUNCTUATION) for key in self._whole} | {word for word, _ in self._first}
        return frozenset(words | {key[0] for key in self._whole if UNSPACED_SIGN.match(key)})

    def _whole_line(self, folded: str) -> int | None:
        """The rule that takes a folded text as a whole line, whatever its zone."""
        number: int
        for owner in self._whole.get(folded, ()):
            number = owner[0]
            if self._sets_end_to_end(number):
                return number
        start = start_of(folded)
        for owner in (*self._first.get(start, ()), *self._first.get((start[0], ANY), ())):
            number, which = owner[:2]
            if self._sets_end_to_end(number):
                test = self._test(which)
                if test.key == "is" and test.find(Line(folded, folded)):
                    return number
        return None

    def _sets_end_to_end(self, number: int) -> bool:
        """Whether a rule's whole-line phrases may be pieces: it has no other condition on the line's words or place."""
        rule = self.rules[number]
        return not (self._rest[number] or rule.after or rule.before or rule.sentence or has_place(rule) or rule.link_density)

    def _candidates(self, folded: str, folded_lines: Sequence[str], counts: Sequence[int]) -> list[tuple[int, int, int]]:
        """Block, rule and test, by their numbers, wherever something that the test needs was found and the block is not too long.

        `counts` are the words of each block.
        """
        found: list[tuple[int, int, int]] = []
        note = found.append
        whole, first = self._whole, self._first
        if whole or first:
            starters = self._first_words
            keys = [line[:_HEAD].strip(_COMMON_DECORATION) for line in folded_lines]
            likely = [
                block
                for block, key in enumerate(keys)
                if key and (key in whole or key.split(" ", 1)[0].rstrip(PUNCTUATION) in starters or not (key[0].isalpha() and key[-1].isalnum()))
            ]
            for block in likely:
                count = counts[block]
                if count > self._most_words:
                    continue
                key, size = keys[block], len(folded_lines[block])
                if not (key[0].isalnum() and key[-1].isalnum()):  # rarer symbols around it
                    view = Line(key, key)
                    key = key[view.left : view.right]
                if key in whole and size <= _HEAD:
                    for number, test, *_ in whole[key]:
                        note((block, number, test))
                start = start_of(key)
                for number, test, _, most, most_words in (*first.get(start, ()), *first.get((start[0], ANY), ())):
                    if size <= most and count <= most_words:
                        note((block, number, test))
        if self._automaton:
            starts = [0, *itertools.accumulate([len(line) + 1 for line in folded_lines])]
            owners = self._owners
            block, begin, end = -1, 0, 0
            self._seen += len(folded)
            if self._seen > _WORTHWHILE and not self._quick:
                self._quick = True
                self._automaton = ahocorasick_rs.AhoCorasick(self._literals, implementation=ahocorasick_rs.Implementation.DFA)
            try:
                matches = self._automaton.find_matches_as_indexes(folded, overlapping=True)
            except UnicodeEncodeError:  # lone surrogates, which no literal has
                matches = self._automaton.find_matches_as_indexes(_SURROGATES.sub("\ufffd", folded), overlapping=True)
            for literal, at, _ in matches:
                if not begin <= at < end:
                    block = bisect.bisect_right(starts, at) - 1
                    begin, end = starts[block], starts[block + 1]
                for number, test, reach, most, most_words in owners[literal]:
                    if at - begin <= reach and end - begin <= most and counts[block] <= most_words:
                        note((block, number, test))
        return found

    def _confirm(self, rule: Rule, test: Test, view: Line, hit: Hit, too_long: bool) -> Hit | None:
        """The hit, if all of a rule's conditions hold on a line; `test` is the one whose literal was found."""
        where: Found = None
        anchor = test.key
        inline = False
        rest = ((key, map(self._test, numbers)) for key, numbers in self._rest[hit.rule].items())
        for key, some in ((test.key, [test]), *rest):
            alternatives = list(some)
            found = _first_and_longest(t.find(view) for t in alternatives)
            if key == "starts" and rule.inline and (not found or too_long):
                found = _first_and_longest(t.find_inline(view) for t in alternatives)
                inline = found is not None
            if not found:
                return None
            if where is None or key in ("starts", "matches"):
                where, anchor = found, key
        if rule.take != "match" and not inline:
            return hit
        assert where
        start, end = where
        if inline and rule.max_words is not None and words(view.folded[start:end]) > rule.max_words:
            return None
        if anchor != "matches":
            mapped = fold_with_offsets(view.text)
            if not mapped:
                return None
            start, end = mapped[1][start], mapped[1][end]
        return Hit(hit.block, hit.rule, (start, end))


_Owner = tuple[int, int, int, int, int]
"""A rule's number, that of one of its tests, how far into the line its literal may begin, and how long the line may be in characters and words."""
_FAR = 1 << 60
_WORTHWHILE = 500_000
"""Characters after which the slower automaton, quick to make, is replaced by the faster one."""
_BATCH = 4000
"""Blocks that are looked at together."""
_FULL_STOPS = ".。।۔"
_SHORT = 60
"""Characters of a line beyond which none that ends in a full stop is looked at as made of pieces."""
_HEAD = 400
"""How much of a line is looked at for phrases that begin it or are all of it."""


def plain_phrases(rules: Iterable[Rule]) -> dict[str, str]:
    """All phrases without braces, folded in one go."""
    texts = list({p.text for rule in rules for key, phrases in rule.texts.items() if key != "matches" for p in phrases if "{" not in p.text})
    return dict(zip(texts, fold("\n".join(texts)).split("\n"), strict=True)) if texts else {}


# A DFA is twice as fast, and takes ten times as long to make (30 ms for 3,000 literals).
_IMPLEMENTATION = (ahocorasick_rs.Implementation.DFA, ahocorasick_rs.Implementation.ContiguousNFA)
_ANCHORS = ("is", "starts", "matches", "contains", "ends")
"""By which condition a rule is looked for, of two with literals that tell as much."""


def _worth(test: Test) -> int:
    """How telling the literals are by which a test is looked for; 0 if it cannot be looked for."""
    if test.first or (test.key == "is" and not test.is_pattern):
        return 1000  # a dictionary does it
    if not test.is_pattern:
        return weight(test.variants[0]) if weight(test.variants[0]) >= 2 else 0
    if not findable(test.key, test.phrase.text):
        return 0
    return min(map(weight, test.literals()), default=0)
