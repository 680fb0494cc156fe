"""Which lines of a text are the article's, judged among their neighbours and by what rules found in them.

`cleaner.prose` scores each line by its shape and those of the lines beside it. Here
every line is looked at again with what is then known of the whole text: where the
likely stretches of the article are and how much stands before and behind, which words a
line has in common with the running text, which lines rules took nearby and for what (a
heading of comments, a pointer to other articles). Small decision trees with one
question a level (`cleaner.trees`) give each line its log-odds; they are data
(``line_weights.json``), fitted by ``benchmarks/fit_lines.py``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.fold import UNSPACED_LEADS
from cleaner.model import LABELS
from cleaner.prose import Shapes
from cleaner.trees import Trees

Floats = NDArray[np.float64]
_LABEL = {label: n for n, label in enumerate(LABELS, 1)}
_COUNTED = tuple(_LABEL[label] for label in ("comments", "related", "author-bio", "share"))
_FAR = 50
"""Lines beyond which a distance is all the same."""
_GAP = 4
"""Lines between two stretches of likely lines that are still one."""
_FUNCTION_WORDS = 25
"""The commonest words of a text's running text: they hold its sentences together."""
_WORD = re.compile(r"[^\W_]+")


@cache
def weights() -> Trees:
    """The trees shipped with the package."""
    return Trees.read(Path(__file__).parent / "line_weights.json")


def _words(folded: Sequence[str], unspaced: bool) -> list[list[str]]:
    """The words of each line; where a script has no spaces, pairs of signs."""
    found = list(map(_WORD.findall, folded))
    if unspaced:
        for n, line in enumerate(folded):
            if line.count(" ") * 8 < len(line):
                found[n] = [word[i : i + 2] for word in found[n] for i in range(max(1, len(word) - 1))]
    return found


def _common(words: Sequence[Sequence[str]], likely: Sequence[bool]) -> tuple[list[float], list[float], list[float]]:
    """For each line the share of its longer words that the running text has too, of its words that hold sentences together, and of those that no other line has.

    For running text itself the first is 1.
    """
    running = Counter(chain.from_iterable(w for w, yes in zip(words, likely, strict=True) if yes))
    lines = Counter(chain.from_iterable(map(set, words)))
    little = {word for word, count in running.most_common(_FUNCTION_WORDS) if count >= 3}
    telling = {word for word in running if len(word) > 3} - little
    single = {word for word, count in lines.items() if count == 1}
    shared, holding, alone = [], [], []
    for mine, yes in zip(words, likely, strict=True):
        many = len(mine) or 1
        long = 0 if yes else len({word for word in mine if len(word) > 3} - little)
        shared.append(len(telling.intersection(mine)) / long if long else float(yes))
        holding.append(sum(map(little.__contains__, mine)) / many)
        alone.append(sum(map(single.__contains__, mine)) / many)
    return shared, holding, alone


def _last(yes: NDArray[np.bool_], position: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each line the nearest one before it of which something holds, or -1."""
    return np.concatenate(([-1], np.maximum.accumulate(np.where(yes, position, -1))[:-1]))


def facts(shapes: Shapes, kind: int, folded: Sequence[str], scores: Sequence[float], labels: Sequence[str | None]) -> NDArray[np.float32]:
    """What the trees ask of each line, one row a line.

    `scores` are those of `Shapes.scores`, `labels` what the rules' words found lines to be.
    """
    count = len(folded)
    z = np.clip(np.array(scores), -8, 8)
    small = np.array(shapes.small)
    kinds, ends = small // 7, small % 7
    full = np.array(shapes.full)
    widths = np.array(shapes.widths, dtype=float)
    size = np.maximum(widths / 6, 1)
    prose = np.array(shapes.prose)
    position = np.arange(count)
    columns: list[NDArray[np.float32]] = []

    def add(*some: Any) -> None:
        columns.extend(np.asarray(column, dtype=np.float32) for column in some)

    add(z)
    padded = np.concatenate(([-9.0] * 3, z, [-9.0] * 3))
    add(*(padded[3 + d : 3 + d + count] for d in (-3, -2, -1, 1, 2, 3)))
    mass = size / (1 + np.exp(-z))
    passed = np.cumsum(mass)
    total = passed[-1]
    before, behind = passed - mass, total - passed
    add(before / total, behind / total, before, behind, np.full(count, total))
    add(position / count, position, count - position, np.full(count, count), size)
    pull = z * np.minimum(size, 40) / 10
    for reach in (2, 5, 12):
        kernel = np.exp(-np.abs(np.arange(-3 * reach, 3 * reach + 1)) / reach)
        wide = np.concatenate((np.full(3 * reach, -4.0), pull, np.full(3 * reach, -4.0)))
        add(np.convolve(wide, kernel / kernel.sum(), "valid"))
    add(kinds, ends, full // 3 % 5, full % 3, prose)
    edged = np.concatenate(([-1], small, [-1]))
    add(edged[:-2] // 7, edged[2:] // 7, edged[:-2] % 7, edged[2:] % 7)
    # how far the likely lines are, and how much running text is near
    sure = z > 2
    last, following = _last(sure, position), count - 1 - _last(sure[::-1], position)[::-1]
    add(np.where(last >= 0, np.minimum(_FAR, position - last), _FAR), np.where(following < count, np.minimum(_FAR, following - position), _FAR))
    sums = np.concatenate(([0.0], np.cumsum(np.where(prose, widths, 0))))
    for reach in (5, 15):
        add(sums[np.minimum(count, position + reach + 1)] - sums[position + 1], sums[position] - sums[np.maximum(0, position - reach)])
    # the run of likely or unlikely lines that the line is in
    low = z <= 0
    run = np.cumsum(np.concatenate(([False], low[1:] != low[:-1])))
    lengths = np.bincount(run)
    running = np.bincount(run, np.where(prose, widths, 0))
    add(np.where(low, -1, 1) * lengths[run], running[run] / max(1, running.max()), (np.bincount(run, widths) / lengths)[run])
    # the stretches of likely lines, small gaps closed, the heaviest of them the article
    likely = np.flatnonzero(~low)
    inside, aside, ahead = np.zeros(count), np.zeros(count), np.zeros(count)
    if len(likely):
        stretch = np.concatenate(([0], np.cumsum(np.diff(likely) > _GAP)))
        weight = np.bincount(stretch, mass[likely])
        best = int(weight.argmax())
        first = likely[np.searchsorted(stretch, np.arange(len(weight)))]
        final = likely[np.searchsorted(stretch, np.arange(len(weight)), side="right") - 1]
        which = np.searchsorted(first, position, side="right") - 1
        held = (which >= 0) & (position <= final[which])
        inside[held] = (weight / weight[best])[which[held]]
        start, stop = first[best], final[best]
        aside = np.where(position < start, position - start, np.where(position > stop, position - stop, 0)).clip(-60, 60)
        ahead = np.where(position < first[0], position - first[0], 0).clip(-60, 0)
    add(inside, aside, ahead)
    words = _words(folded, not shapes.leads.isdisjoint(UNSPACED_LEADS))
    add(*_common(words, (z > 1).tolist()))
    add(list(map(len, words)))
    seen = Counter(folded)
    add([min(seen[line], 4) for line in folded])
    # what rules found nearby
    found = np.array([_LABEL.get(label or "", 0) for label in labels])
    hit = found > 0
    add(found, hit)
    last, following = _last(hit, position), count - 1 - _last(hit[::-1], position)[::-1]
    for other, away in ((last, position - last), (following, following - position)):
        there = (other >= 0) & (other < count)
        add(np.where(there, np.minimum(30, away), 30), np.where(there, found[np.clip(other, 0, count - 1)], 0))
    hits = np.concatenate(([0], np.cumsum(hit)))
    add(hits[np.minimum(count, position + 7)] - hits[np.maximum(0, position - 6)])
    add(*(np.cumsum(found == label) for label in _COUNTED))
    add(np.full(count, kind), np.full(count, (kinds < 4).mean()))
    return np.stack(columns, axis=1)


def judge(shapes: Shapes, kind: int, folded: Sequence[str], labels: Sequence[str | None], trees: Trees | None = None) -> list[float]:
    """For each line the log-odds that it is the article's."""
    scores: list[float] = (trees or weights()).judge(facts(shapes, kind, folded, shapes.scores(kind), labels)).tolist()
    return scores
