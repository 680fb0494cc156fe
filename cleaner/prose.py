"""Running text and menus, told from the shape of lines: no word of any language is read.

Every line gets a small code (how long, how it begins and ends, pauses inside)
and a score: the log-odds that it is the article's, from its own code, its
neighbours' codes, and how much running text lies before and behind it. The
weights are data (`weights.json`, fitted by ``benchmarks/fit_weights.py``); the
stretches of article are then those with the best sum (Viterbi, two states).
This is a linear-chain model in the manner of Boilerplate detection with
shallow text features (Kohlschütter et al., WSDM 2010), on text instead of HTML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from operator import add
from pathlib import Path

from cleaner.fold import WIDE_LEADS, leads
from cleaner.model import Signs

_WIDE = re.compile("[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]")
BRACKETS = frozenset(")]}）】〕")
"""Brackets that, like quotation marks, may stand behind the mark that ends a sentence."""
_DASHES = frozenset("—–-―")
_PAUSE = re.compile("[;،、，；]")
_STOP = re.compile("[!?؟۔।։。！？]")

WIDTHS = (8, 16, 28, 45, 70, 110, 180, 320)
"""Where one class of width ends and the next begins, in Latin letters."""
_CLASS_OF_WIDTH = [sum(w <= n for w in WIDTHS) for n in range(WIDTHS[-1])]
UNMARKED = 3
"""Class of width from which on a line is a sentence where sentences end without a mark."""
_ENDS, _STARTS, _PAUSES = 7, 5, 3
SENTENCE, CUT, QUOTE, COLON, DIGIT, WORD, SIGN = range(_ENDS)
"""How a line ends."""
GAP = 6
"""Lines between two stretches of running text that may still be one article, ..."""
BRIDGE = 3
"""... if the second has so many paragraphs on end."""
NEIGHBOURS = (-3, -2, -1, 1, 2, 3)
_PROSE = [(k >= 7 and e != CUT) or (k >= 5 and e == SENTENCE) for k in range(len(WIDTHS) + 1) for e in range(_ENDS)]
_ODD = [e != WORD and begin > 1 for _ in range(len(WIDTHS) + 1) for e in range(_ENDS) for begin in range(_STARTS) for _ in range(_PAUSES)]
_SHORT = [k < 4 and e not in (SENTENCE, QUOTE) for k in range(len(WIDTHS) + 1) for e in range(_ENDS)]
_EDGE = (len(WIDTHS) + 1) * _ENDS
"""The code of what lies beyond the first and last line."""


def width(line: str) -> int:
    """Length in Latin letters: a sign of the Chinese, Japanese or Korean scripts says as much as three."""
    return len(line) if line.isascii() else len(line) + 2 * len(_WIDE.findall(line))


class _Ends(dict[str, int]):
    """How a line ends, by its last three characters, worked out once for each."""

    def __init__(self, signs: Signs) -> None:
        super().__init__()
        self.marks = signs.ends
        self.closing = signs.quotes | BRACKETS

    def __missing__(self, tail: str) -> int:
        last = tail[-1]
        if last == "…" or tail.endswith("..."):
            end = CUT
        elif last in self.marks:
            end = SENTENCE
        elif last in self.closing:
            bare = tail.rstrip("".join(self.closing) + " ")
            end = SENTENCE if bare and bare[-1] in self.marks else QUOTE
        elif last in ":：":
            end = COLON
        else:
            end = DIGIT if last.isdigit() else WORD if last.isalpha() else SIGN
        self[tail] = end
        return end


class _Begins(dict[str, int]):
    """How a line begins: capital or uncased letter, small letter, digit, quote or dash, other sign."""

    def __init__(self, signs: Signs) -> None:
        super().__init__()
        self.opening = signs.quotes | _DASHES

    def __missing__(self, first: str) -> int:
        if first.isalpha():
            begin = 1 if first.islower() else 0
        else:
            begin = 2 if first.isdigit() else 3 if first in self.opening else 4
        self[first] = begin
        return begin


@dataclass(frozen=True)
class Weights:
    """The fitted weights: for each kind of text a table by line code and one by neighbour."""

    own: list[list[float]]
    near: list[list[list[float]]]
    before: list[list[float]]
    behind: list[list[float]]
    again: list[list[float]]
    base: float
    bias: list[float]
    """Added to each line's score, by kind of text: extracted text gets the benefit of the doubt."""
    switch: float
    """What it costs to go from article to not-article or back."""


@cache
def weights() -> Weights:
    """The weights shipped with the package."""
    return Weights(**json.loads((Path(__file__).parent / "weights.json").read_text(encoding="utf-8"))["weights"])


PAGE, MIXED, EXTRACTED = range(3)
"""Kinds of text: every line of a page; something between; what an extractor left."""


class Shapes:
    """The codes of a text's lines, and what follows from them."""

    def __init__(self, lines: Sequence[str], ends: _Ends, begins: _Begins, letters: re.Pattern[str] | None = None) -> None:
        self.lines = lines
        self.joined = joined = "\n".join(lines)
        self.leads = leads(joined)
        """`cleaner.fold.leads` of the text."""
        wide = not self.leads.isdisjoint(WIDE_LEADS) and _WIDE.search(joined) is not None
        self.widths = list(map(width, lines)) if wide else list(map(len, lines))
        top = WIDTHS[-1]
        classes = _CLASS_OF_WIDTH
        kinds = [classes[size] if size < top else 8 for size in self.widths]
        self.small = [kind * _ENDS + end for kind, end in zip(kinds, map(ends.__getitem__, [line[-3:] for line in lines]), strict=True)]
        if letters and letters.search(joined):  # a script whose sentences end without a mark
            for i, (line, kind) in enumerate(zip(lines, kinds, strict=True)):
                if kind >= UNMARKED and self.small[i] % _ENDS == WORD and letters.match(line[-1]):
                    self.small[i] = kind * _ENDS + SENTENCE
        if wide:
            pauses = [
                0 if kind < 3 else (", " in line or _PAUSE.search(line) is not None) + (". " in line or _STOP.search(line) is not None)
                for kind, line in zip(kinds, lines, strict=True)
            ]
        else:
            pauses = [0 if kind < 3 else (", " in line) + (". " in line) for kind, line in zip(kinds, lines, strict=True)]
        starts = map(begins.__getitem__, [line[0] for line in lines])
        self.full = [(code * _STARTS + start) * _PAUSES + pause for code, start, pause in zip(self.small, starts, pauses, strict=True)]
        self.prose = list(map(_PROSE.__getitem__, self.small))
        """Which lines are running text beyond doubt: very long, or long and ended like a sentence."""

    def _shares(self) -> tuple[list[int], list[int]]:
        """For each line how much of the running text stands before and behind it.

        As numbers of classes: 0 to 4 for each twentieth up to a quarter, 6 beyond, and 7 more for a long line.
        """
        total = sum(size for size, prose in zip(self.widths, self.prose, strict=True) if prose) or 1
        before: list[int] = []
        behind: list[int] = []
        passed = at = 0
        step = 20 / total
        for i in [*(i for i, prose in enumerate(self.prose) if prose), len(self.prose)]:
            share, rest = int(passed * step), int((total - passed) * step)
            before += [share if share < 5 else 6] * (i - at)
            behind += [rest if rest < 5 else 6] * (i - at)
            if i < len(self.prose):
                before.append(share if share < 5 else 6)
                passed += self.widths[i]
                rest = int((total - passed) * step)
                behind.append(rest if rest < 5 else 6)
            at = i + 1
        long = [7 if code >= 5 * _ENDS else 0 for code in self.small]
        return list(map(add, before, long)), list(map(add, behind, long))

    @cached_property
    def repeats(self) -> bool:
        """Whether some line stands twice."""
        return len(set(self.lines)) < len(self.lines)

    @property
    def first_prose(self) -> int:
        """The first line of running text; the number of lines if there is none."""
        return self.prose.index(True) if True in self.prose else len(self.prose)

    def end(self, line: int) -> int:
        """How a line ends: one of `SENTENCE`, `CUT`, `QUOTE`, `COLON`, `DIGIT`, `WORD`, `SIGN`."""
        return self.small[line] % _ENDS

    @cached_property
    def odd(self) -> list[int]:
        """Lines that neither begin nor end with a letter: among them all without letters."""
        return [i for i, code in enumerate(self.full) if _ODD[code]]

    @cached_property
    def cut(self) -> list[int]:
        """Lines that end in three dots."""
        return [i for i, code in enumerate(self.small) if code % _ENDS == CUT]

    def kind(self) -> int:
        """Whether this is a whole page's text, an extractor's, or something between.

        A whole page begins with its menu. List items and table rows as extractors
        write them (``- ``, ``| ``) are no menu.
        """
        count = len(self.small)
        short = [_SHORT[code] for code in self.small]
        if sum(short) >= 6:
            short = [s and not (line[0] in "-*|" and line[1:2] == " ") for s, line in zip(short, self.lines, strict=True)]
        many = sum(short)
        if sum(short[:10]) >= 4 and ((self.first_prose > 7 and many >= 8) or (many > 25 and many > 0.5 * count)):
            return PAGE
        return MIXED if many >= 6 and many > 0.25 * count else EXTRACTED

    def scores(self, kind: int) -> list[float]:
        """For each line the log-odds that it is the article's."""
        w = weights()
        own = w.own[kind]
        small = self.small
        padded = [_EDGE] * 3 + small + [_EDGE] * 3
        count = len(small)
        tables = w.near[kind]
        columns = [map(table.__getitem__, padded[3 + d : 3 + d + count]) for d, table in zip(NEIGHBOURS, tables, strict=True)]
        base = w.base
        shares_before, shares_behind = self._shares()
        before, behind = w.before[kind], w.behind[kind]
        sums = [
            base + own[code] + a + b + c + d + e + f + before[x] + behind[y]
            for code, a, b, c, d, e, f, x, y in zip(self.full, *columns, shares_before, shares_behind, strict=True)
        ]
        if self.repeats:
            seen: dict[str, int] = {}
            for i, line in enumerate(self.lines):
                other = seen.setdefault(line, i)
                if other != i:
                    sums[i] += w.again[kind][min(5, small[i] // _ENDS)]
                    if other >= 0:
                        sums[other] += w.again[kind][min(5, small[other] // _ENDS)]
                        seen[line] = -1
        return sums

    def article(self, kind: int) -> list[bool]:
        """Which lines are the article's, by shape and neighbours.

        Where there is running text some of it is the article: a page with little
        of it gets the benefit of the doubt until one paragraph stays.
        """
        w = weights()
        scores, bias = self.scores(kind), w.bias[kind]
        path = _best_path(scores, bias, w.switch)
        while True in self.prose and not any(p and k for p, k in zip(self.prose, path, strict=True)):
            bias += 0.5
            path = _best_path(scores, bias, w.switch)
        if kind == PAGE:
            self._extend(path)
        return path

    def _extend(self, path: list[bool]) -> None:
        """Running text beside the article's running text is the article's too, a few lines between them or not.

        Across a gap it takes three paragraphs on end: one or two may be a comment or a teaser.
        """
        runs: list[tuple[int, int]] = []
        for i in [i for i, prose in enumerate(self.prose) if prose]:
            if runs and runs[-1][1] == i:
                runs[-1] = (runs[-1][0], i + 1)
            else:
                runs.append((i, i + 1))
        for order in (runs, runs[::-1]):
            last: tuple[int, int] | None = None
            for start, end in order:
                if any(path[start:end]) or (last and end - start >= BRIDGE and max(start - last[1], last[0] - end) <= GAP):
                    path[start:end] = [True] * (end - start)
                    last = (start, end)


def _best_path(scores: Sequence[float], bias: float, switch: float) -> list[bool]:
    """Viterbi's best path of two states, in the article or out of it."""
    lead = 0.0
    """How much better the best path that ends inside is than the one that ends outside."""
    steps: list[int] = []
    note = steps.append
    for score in scores:
        if lead > switch:  # the best path outside came from inside
            note(1)
            lead = switch
        elif lead < -switch:  # the best path inside came from outside
            note(2)
            lead = -switch
        else:
            note(0)
        lead += score + bias
    state = lead > 0
    path = []
    for step in reversed(steps):
        path.append(state)
        if step:
            state = step == 1
    path.reverse()
    return path


class Prose:
    """Tells running text by the signs of the loaded languages."""

    def __init__(self, signs: Signs | None = None) -> None:
        self.signs = signs or Signs.of()
        self._ends = _Ends(self.signs)
        self._begins = _Begins(self.signs)

    def shapes(self, lines: Sequence[str]) -> Shapes:
        """The shapes of a text's lines."""
        if len(self._ends) > 50_000:  # a table of all tails of a crawl would grow without bound
            self._ends = _Ends(self.signs)
        return Shapes(lines, self._ends, self._begins, self.signs.letters)
