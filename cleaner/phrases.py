"""The words that a phrase with choices can begin with.

A phrase such as ``{load|show|see} {more|all} {stories|articles}`` stands for dozens of
lines. Its choices are mostly common words, poor literals to look for anywhere in a
text; but what it fits begins with one of a few pairs of words, and few lines do.
"""

from __future__ import annotations

from collections.abc import Iterator

from cleaner.fold import UNSPACED_SIGN, fold, spellings
from cleaner.literals import braces, choices

Start = tuple[str, str]
"""The first two words of a line. The second is empty where the line has only one, ``ANY`` where it may be any."""
DIGIT = "{number}"
"""What stands for a number, however many words it is written in."""
ANY = "{any}"
PUNCTUATION = ":;,.!?"
"""Signs that may cling to a word's end."""

_MULTIPLES = frozenset(("k", "m", "b", "mio", "mil"))  # as in `literals.PLACEHOLDERS`
_MOST = 2000


def start_of(line: str) -> Start:
    """The first two words of a folded line, as `starts_of` has them."""
    words = line.split(" ", 6)[:6]
    found: list[str] = []
    for word in words:
        word = DIGIT if word[:1].isdigit() else word.rstrip(PUNCTUATION)
        if word and not (found == [DIGIT] and (word == DIGIT or word in _MULTIPLES)):
            found.append(word)
            if len(found) == 2:
                return found[0], found[1]
    return (found[0] if found else "", "")


def starts_of(phrase: str, whole: bool) -> frozenset[Start] | None:
    """The folded first two words of all that a phrase fits; None if they cannot be told.

    `whole` says that the phrase is a whole line. The words cannot be told where the
    phrase begins with ``{any}``, where a choice is part of a word, or in scripts
    without spaces.
    """
    places = _places(phrase)
    if places is None:
        return None
    found: set[Start] = set()
    for words in _walk(places, (), whole):
        if not words or words[0] == ANY:
            return None
        found.add((words[0], words[1] if len(words) > 1 else "" if whole else ANY))
        if len(found) > _MOST:
            return None
    return frozenset(found)


def _places(phrase: str) -> list[list[tuple[str, ...]]] | None:
    """What may stand at each place of a phrase, as words; ``(ANY,)`` and ``(DIGIT,)`` for placeholders."""
    if UNSPACED_SIGN.search(phrase):
        return None
    places: list[list[tuple[str, ...]]] = []
    at = 0
    for match in braces(phrase):
        before, behind = phrase[: match.start()][-1:], phrase[match.end() :][:1]
        options = choices(match[1])
        if (before + behind).strip() or any(option and (not any(map(str.isalnum, option)) or option[-1] in "'’") for option in options):
            return None  # a part of a word, or a sign that clings to one
        places += [_ways(phrase[at : match.start()])] if phrase[at : match.start()].strip() else []
        places.append([way for option in options for way in _ways(option)] if options else [(DIGIT if match[1] == "number" else ANY,)])
        at = match.end()
    return [*places, _ways(phrase[at:])] if phrase[at:].strip() else places


def _ways(text: str) -> list[tuple[str, ...]]:
    """The ways to write a fixed piece, as words; numbers and clinging signs as in `start_of`."""
    ways = (way.split() for way in spellings(fold(text).strip()))
    return [tuple(w for w in (DIGIT if word[:1].isdigit() else word.rstrip(PUNCTUATION) for word in way) if w) for way in ways]


def _walk(places: list[list[tuple[str, ...]]], words: tuple[str, ...], whole: bool) -> Iterator[tuple[str, ...]]:
    """All beginnings of two words, or fewer where the phrase ends first."""
    if words[:1] == (DIGIT,) and words[1:2] and (words[1] == DIGIT or words[1] in _MULTIPLES):
        words = (DIGIT, *words[2:])
    if len(words) >= 2 or ANY in words or not places:
        yield words[:2]
        return
    for way in dict.fromkeys(places[0]):
        yield from _walk(places[1:], words + way, whole)
