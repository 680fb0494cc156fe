"""What a phrase or a regular expression cannot match without: its literals.

All literals of all rules are looked for in one pass over a text; only where one
is found is the rule itself tried. A pattern without a literal would have to be
tried on every line, so `rulefile` refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from cleaner.fold import UNSPACED, fold

# Scripts that set no space between a number and the word it counts, and Hangul, which sets none before a counter.
_CLINGING = UNSPACED + "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
PLACEHOLDERS = {
    # 12 · 1 204 · 1,204 · 3,5 K · ١٢ ; \d is any script's digit
    "number": rf"\d[\d.,' ]*(?:k|m|mio|mil|b|[万萬만千천])?(?![^\W_{_CLINGING}])",
    "any": r"\S[^\n]{0,58}?",
}
"""Regular expressions, for folded text, of the placeholders of a phrase."""

_BRACES = re.compile(r"\{([^{}]*)\}")


def braces(phrase: str) -> list[re.Match[str]]:
    """What stands in braces in a phrase: placeholders (``{number}``) and choices (``{story|article|}``), inside in group 1."""
    return list(_BRACES.finditer(phrase))


def choices(inside: str) -> list[str]:
    """The alternatives of a choice, or nothing for a placeholder."""
    return [choice.strip() for choice in inside.split("|")] if "|" in inside else []


_MOST_WAYS = 96


def expanded(phrase: str) -> list[str]:
    """All that a phrase with choices fits, if there are not too many; nothing where it has a placeholder."""
    ways = [""]
    at = 0
    for match in braces(phrase):
        options = choices(match[1])
        ways = [way + phrase[at : match.start()] + option for way in ways for option in options]
        if not options or len(ways) > _MOST_WAYS or any(option[-1:] in ("'", "’") for option in options):
            return []
        at = match.end()
    return [" ".join((way + phrase[at:]).split()) for way in ways]


@lru_cache(maxsize=65536)
def weight(literal: str) -> int:
    """How telling a literal is: letters of scripts with thousands of signs say more than Latin ones."""
    letters = sum(map(str.isalnum, literal))
    if literal.isascii():
        return letters
    return letters + sum(c > "\u2e00" and c.isalpha() for c in literal) + 3 * any(c > "\x7f" and not c.isalnum() for c in literal)


@lru_cache(maxsize=65536)
def phrase_literals(phrase: str) -> frozenset[str] | None:
    """Folded literals of which every text that fits a phrase holds one: its most telling fixed piece or choice.

    None if none has two letters.
    """
    sets = [frozenset([piece]) for part in _BRACES.split(phrase)[::2] if (piece := fold(part).strip())]
    for match in braces(phrase):
        options = [fold(choice) for choice in choices(match[1])]
        if options and all(options):
            sets.append(frozenset(options))
    best = _best(sets)
    return best if best and min(map(weight, best)) >= 2 else None


@lru_cache(maxsize=4096)
def pattern_literals(pattern: str) -> frozenset[str] | None:
    """Folded literals of which every match of the regular expression holds at least one.

    None where there is no such set of literals with three letters (two beyond
    ASCII, or one sign such as ``©``). Judged from the
    pattern's text; constructs that it does not know count as "anything".
    """
    found = _Reader(pattern).alternatives()
    return frozenset(found) if found and all(weight(x) >= (3 if x.isascii() else 2) for x in found) else None


def _best(candidates: Iterable[frozenset[str]]) -> frozenset[str]:
    """The set whose least telling literal tells most."""
    return max((c for c in candidates if c), key=lambda c: (min(map(weight, c)), -len(c)), default=frozenset())


class _Reader:
    """A reader of regular expressions that only wants to know what must be there."""

    _QUANTIFIER = re.compile(r"([*+?]|\{(\d*)(,?)(\d*)\})[?+]?")
    _GROUP = re.compile(r"\((?:\?(?:P?<\w+>|[a-zA-Z-]*:|>|\||[=!]|<[=!]|#[^)]*|[a-zA-Z-]+))?")

    _PLAIN = re.compile(r"(?:[^\\\[\](){}.^$|*+?](?![*+?{]))+")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def alternatives(self) -> frozenset[str]:
        """Up to the closing bracket or the end: the literals of all branches, empty if one has none."""
        branches = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            branches.append(self._sequence())
        return frozenset().union(*branches) if all(branches) else frozenset()

    def _peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _sequence(self) -> frozenset[str]:
        candidates: list[frozenset[str]] = []
        run = ""

        def close() -> None:
            literal = fold(run).strip()
            if literal:
                candidates.append(frozenset([literal]))

        while (char := self._peek()) and char not in "|)":
            plain = self._PLAIN.match(self.pattern, self.at)
            if plain:
                run += plain[0]
                self.at = plain.end()
                continue
            literal, inner = self._atom()
            least, exact = self._repeats()
            if literal is None:  # a class, a group, a dot: ends the run
                close()
                run = ""
                if least:
                    candidates.append(inner)
            elif not least:
                close()
                run = ""
            else:
                run += literal
                if not exact:
                    close()
                    run = literal
        close()
        return _best(candidates)

    def _atom(self) -> tuple[str | None, frozenset[str]]:
        char = self._peek()
        if char == "\\":
            named = re.compile(r"\\[pP]\{[^}]*\}|\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.", re.S).match(self.pattern, self.at)
            token = named[0] if named else char
            self.at += len(token)
            if token[:2] in ("\\x", "\\u"):
                return chr(int(token[2:], 16)), frozenset()
            return (None, frozenset()) if token[1:2].isalnum() else (token[1:], frozenset())
        if char == "[":
            end = re.compile(r"\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]", re.S).match(self.pattern, self.at)
            self.at = end.end() if end else len(self.pattern)
            return None, frozenset()
        if char == "(":
            opening = self._GROUP.match(self.pattern, self.at)
            assert opening
            self.at = opening.end()
            inner = self.alternatives()
            self.at += 1
            looks = re.search(r"\?(?:[=!#]|<[=!])", opening[0])
            return None, frozenset() if looks else inner
        self.at += 1
        return (None, frozenset()) if char in ".^$" else (char, frozenset())

    def _repeats(self) -> tuple[int, bool]:
        """How often at least, and whether exactly once."""
        quantifier = self._QUANTIFIER.match(self.pattern, self.at)
        if not quantifier or quantifier[0] == "{}":
            return 1, True
        self.at = quantifier.end()
        if quantifier[1] == "+":
            return 1, False
        if quantifier[1] in "*?":
            return 0, False
        return int(quantifier[2] or 0), quantifier[0] == "{1}"
