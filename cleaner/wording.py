"""Lines worded like those that a language's rules take.

No list of phrases holds every way to ask for a subscription. Here a line is compared
with all phrases and examples of the language's rules at once, by the short runs of
signs in it: a linear model on hashed n-grams (Weinberger et al., Feature hashing, ICML
2009), and with the words that they have. It is fitted by ``benchmarks/fit_wording.py`` on
what the rule files say goes and what they say stays, on the lines of ``fixtures/languages``
and, as lines that stay, on short lines of the corpora's articles. The weights are data
(``wording/CODE.npy``). What is found, the rule of ``common.txt`` with
``shape: worded-alike`` removes.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cleaner.fold import UNSPACED, UNSPACED_SIGN

FOLDER = Path(__file__).parent / "wording"
BITS = 15
"""Runs of signs are hashed into two to the power of so many weights."""
_MASK = np.uint64(0xFFFFFFFF)
_EDGE = "\n"
_PLACES = 1 << 16
_STEM = 6
_WORD = re.compile(rf"[{UNSPACED}]+|[^\W\d_{UNSPACED}]+")


def hashes(signs: NDArray[np.uint64], size: int) -> NDArray[np.intp]:
    """The number of the weight of each run of `size` signs."""
    many = len(signs) - size + 1
    found = np.zeros(max(0, many), dtype=np.uint64)
    for k in range(size if many > 0 else 0):
        found = (found * np.uint64(1000003) + signs[k : k + many] * np.uint64(2654435761)) & _MASK
    found = found * np.uint64(2 * size + 1)
    found ^= found >> np.uint64(15)
    found = (found * np.uint64(2246822519)) & _MASK
    found ^= found >> np.uint64(13)
    return (found & np.uint64((1 << BITS) - 1)).astype(np.intp)


def signs(folded: Iterable[str]) -> NDArray[np.uint64]:
    """The code points of folded lines, each line between two edges."""
    text = _EDGE + _EDGE.join(folded) + _EDGE
    return np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)


def stems(folded: str) -> list[str]:
    """The first letters of each word of a folded line; where a script has no spaces, pairs of signs."""
    found = []
    for word in _WORD.findall(folded):
        if UNSPACED_SIGN.match(word):
            found += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
        else:
            found.append(word[:_STEM])
    return found


def place(stem: str) -> int:
    """The bit that tells whether a stem is known."""
    return zlib.crc32(stem.encode("utf-8", "replace")) % _PLACES


def pack(weights: NDArray[np.int8], known: Iterable[str]) -> NDArray[np.int8]:
    """Weights and known stems as one array, as they are written."""
    bits = np.zeros(_PLACES, dtype=np.uint8)
    bits[[place(stem) for stem in known]] = 1
    return np.concatenate([weights, np.packbits(bits).view(np.int8)])


@dataclass(frozen=True)
class Wording:
    """What one language's rules have in common."""

    weights: NDArray[np.float32]
    known: NDArray[np.uint8]
    """For each `place` whether a word with that stem is in what rules take."""
    bias: float
    shortest: int
    """Signs of the shortest runs that are looked at, ..."""
    longest: int
    """... and of the longest."""

    def scores(self, folded: Sequence[str]) -> NDArray[np.float64]:
        """For each folded line the log-odds that it is worded like what rules take."""
        lengths = np.array([len(line) for line in folded], dtype=np.intp)
        text = signs(folded)
        starts = np.concatenate(([0], np.cumsum(lengths + 1)))[:-1]  # the edge before each line
        sums = np.zeros(len(folded))
        runs = np.zeros(len(folded))
        for size in range(self.shortest, self.longest + 1):
            values = np.concatenate(([0.0], np.cumsum(self.weights[hashes(text, size)], dtype=np.float64)))
            many = np.maximum(0, lengths + 2 - size + 1)
            sums += values[np.minimum(starts + many, len(values) - 1)] - values[np.minimum(starts, len(values) - 1)]
            runs += many
        scores: NDArray[np.float64] = self.bias + sums / np.sqrt(np.maximum(1, runs))
        return scores

    def strange(self, folded: str) -> float:
        """The share of a line's letters that are in words which nothing has that rules take."""
        words = stems(folded)
        size = sum(map(len, words))
        return sum(len(word) for word in words if not self.known[place(word)]) / size if size else 0.0


@cache
def _index() -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
    return found


@cache
def of(code: str) -> Wording | None:
    """The wording of a language, if it has been fitted."""
    entry = _index().get(code)
    if entry is None:
        return None
    data = np.load(FOLDER / f"{code}.npy")
    weights = data[: 1 << BITS].astype(np.float32) * np.float32(entry["scale"])
    return Wording(weights, np.unpackbits(data[1 << BITS :].view(np.uint8)), entry["bias"], int(entry["shortest"]), int(entry["longest"]))
