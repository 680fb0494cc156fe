"""The passage of a text that shows best why it was found, in the words of the text itself, hits marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from cleaner.index.query import Wanted
from cleaner.index.words import Word, places

_LOOKED_AT = 1_000_000
_MANY = 1000


class _Hit(NamedTuple):
    start: int
    end: int
    which: int
    """Its place among what is wanted."""


def snippet(text: str, wanted: Sequence[Wanted], length: int = 200, marks: tuple[str, str] = ("**", "**")) -> str:
    """About ``length`` code points of a text around the most of what is wanted; its beginning if nothing of that is there.

    Line breaks become spaces, ``…`` stands where the text was cut, and what was found stands between the two marks.
    """
    hits = find(text, wanted)
    first, last = _best(hits, length)
    spare = max(0, length - (last - first))
    start = _border(text, max(0, min(first - spare // 3, len(text) - length)), 1, first) if hits else 0
    end = _border(text, min(len(text), max(last, start + length)), -1, last)
    shown = []
    at = start
    for hit in hits:
        if at <= hit.start and hit.end <= end:
            shown += [text[at : hit.start], marks[0], text[hit.start : hit.end], marks[1]]
            at = hit.end
    shown.append(text[at:end])
    return ("… " if start else "") + " ".join("".join(shown).split()) + (" …" if end < len(text.rstrip()) else "")


def find(text: str, wanted: Sequence[Wanted]) -> list[_Hit]:
    """Where words and phrases stand in a text, in its order, without overlap: the first thousand in its first million code points."""
    there = list(places(text[:_LOOKED_AT]))
    beginnings: dict[str, list[int]] = {}
    prefixes = [(one.words[0], which) for which, one in enumerate(wanted) if one.prefix and len(one.words) == 1]
    for which, one in enumerate(wanted):
        beginnings.setdefault(one.words[0], []).append(which)
    hits: list[_Hit] = []
    at = 0
    for place, word in enumerate(there):
        tried = beginnings.get(word.form, [])
        if prefixes:
            tried = [*tried, *(which for prefix, which in prefixes if word.form.startswith(prefix))]
        fits = [which for which in tried if _stands(there, place, wanted[which])] if tried and word.start >= at else []
        if fits:
            which = max(fits, key=lambda w: len(wanted[w].words))
            at = there[place + len(wanted[which].words) - 1].end
            hits.append(_Hit(word.start, at, which))
            if len(hits) == _MANY:
                break
    return hits


def _stands(there: Sequence[Word], place: int, one: Wanted) -> bool:
    forms = [word.form for word in there[place : place + len(one.words)]]
    if len(forms) < len(one.words) or tuple(forms[:-1]) != one.words[:-1]:
        return False
    return forms[-1].startswith(one.words[-1]) if one.prefix else forms[-1] == one.words[-1]


def _best(hits: Sequence[_Hit], length: int) -> tuple[int, int]:
    """Start and end of the stretch of hits, at most ``length`` long, with the most of what is wanted, then the most hits."""
    best = (0, 0), (0, 0)
    inside: Counter[int] = Counter()
    first = 0
    for last, hit in enumerate(hits):
        inside[hit.which] += 1
        while first < last and hit.end - hits[first].start > length:
            inside[hits[first].which] -= 1
            first += 1
        worth = sum(count > 0 for count in inside.values()), last - first + 1
        if worth > best[0]:
            best = worth, (hits[first].start, hit.end)
    return best[1]


def _border(text: str, at: int, step: int, limit: int) -> int:
    """The nearest place between words, looked for in one direction and not beyond ``limit``; ``at`` where there is none within 30 signs."""
    if at in (0, len(text)):
        return at
    for place in range(at, at + 30 * step, step):
        if (place - limit) * step > 0:
            break
        if text[place - 1].isspace() or text[place].isspace():
            return place
    return at
