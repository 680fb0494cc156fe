"""The corpora's pages: reading them, scoring what came out, labelling blocks by the gold.

The measure is that of the article-extraction-benchmark: 4-token shingles, the
mean over pages of precision and of recall, and their harmonic mean; `exact` is
the share of pages whose tokens equal the gold's. For ``segments`` it is the
trafilatura evaluation's: wanted segments found, unwanted ones absent.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from statistics import mean
from typing import Any
from urllib.parse import urlsplit

import regex

CORPORA = ("aeb", "fundus", "wcxb", "daniel", "magic", "segments")
TOKEN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]|[\w--\p{Han}--\p{Hiragana}--\p{Katakana}--\p{Thai}]+", regex.V1)


def pages(folder: Path, corpus: str) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Each page of a corpus: its row (id, url, gold) and its bytes."""
    for line in (folder / corpus / "pages.jsonl").read_text(encoding="utf-8").rstrip("\n").split("\n"):
        row = json.loads(line)
        yield row, gzip.decompress((folder / corpus / "html" / f"{row['id']}.html.gz").read_bytes())


def site(row: dict[str, Any]) -> str:
    """The registered domain of a page, or what its id begins with."""
    host = urlsplit(row.get("url") or "").hostname
    if not host:
        return str(row["id"]).split("_")[0]
    labels = host.split(".")
    short = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in ("co", "com", "org", "gov", "net", "ac", "edu")
    return ".".join(labels[-3 if short else -2 :])


def fold_of(row: dict[str, Any], folds: int) -> int:
    """Which fold a page's site is in."""
    return int(hashlib.md5(site(row).encode()).hexdigest(), 16) % folds


def shingles(tokens: Sequence[str]) -> Counter[tuple[str, ...]]:
    """The 4-token shingles of a text."""
    return Counter(tuple(tokens[i : i + 4]) for i in range(max(1, len(tokens) - 3))) if tokens else Counter()


@lru_cache(maxsize=4000)
def _gold(body: str) -> tuple[Counter[tuple[str, ...]], list[str]]:
    tokens = TOKEN.findall(body)
    return shingles(tokens), tokens


class Score:
    """The figures of one corpus, page by page."""

    def __init__(self) -> None:
        self.precision: list[float] = []
        self.recall: list[float] = []
        self.exact: list[bool] = []
        self.segments: Counter[str] = Counter()

    def add(self, row: dict[str, Any], body: str) -> float:
        """Note a page; returns its own F1."""
        if "body" not in row:
            text = " ".join(body.split())
            for key in ("with", "without"):
                wanted = [" ".join(segment.split()) for segment in row[key]]
                self.segments[key] += len(wanted)
                self.segments["found" if key == "with" else "false"] += sum(segment in text for segment in wanted)
            return 0.0
        gold, tokens = _gold(row["body"])
        found = TOKEN.findall(body)
        got = shingles(found)
        both = (gold & got).total()
        if got:
            self.precision.append(both / got.total())
        self.recall.append(both / gold.total() if gold else 0.0)
        self.exact.append(found == tokens)
        return 2 * both / (gold.total() + got.total()) if gold or got else 1.0

    @property
    def f1(self) -> float:
        """F1 over pages, or over segments."""
        if self.segments:
            true, false, missed = self.segments["found"], self.segments["false"], self.segments["with"] - self.segments["found"]
            return 2 * true / (2 * true + false + missed)
        p, r = mean(self.precision or [0.0]), mean(self.recall)
        return 2 * p * r / (p + r) if p + r else 0.0

    def __str__(self) -> str:
        if self.segments:
            return f"{self.f1:.4f}"
        return f"{self.f1:.4f} (P {mean(self.precision or [0.0]):.3f} R {mean(self.recall):.3f} exact {mean(self.exact):.3f})"


def labels(lines: Sequence[str], gold: str) -> list[int]:
    """For each block of a page 1 if it is the gold's, else 0.

    A block of four tokens or more is the gold's if half of its shingles are; of
    blocks that the page has more often than the gold, those that stand beside their
    neighbours of the gold; a shorter one if the gold has it right beside one that was found.
    """
    tokens = TOKEN.findall(gold)
    places: dict[str, list[int]] = {}
    where: dict[tuple[str, ...], list[int]] = {}
    for i, token in enumerate(tokens):
        places.setdefault(token, []).append(i)
    for i in range(len(tokens) - 3):
        where.setdefault(tuple(tokens[i : i + 4]), []).append(i)
    words = [TOKEN.findall(line) for line in lines]
    begins: list[list[int] | None] = [None] * len(lines)
    ends: list[list[int]] = [[] for _ in lines]
    for block, word in enumerate(words):
        some = [tuple(word[j : j + 4]) for j in range(len(word) - 3)]
        hits = [j for j, shingle in enumerate(some) if shingle in where]
        if some and len(hits) >= 0.5 * len(some):
            first, last = hits[0], hits[-1]
            begins[block] = [p - first for p in where[some[first]]]
            ends[block] = [p - last + len(word) for p in where[some[last]]]

    def nearest(block: int, step: int, reach: int) -> int | None:
        other = block + step
        while 0 <= other < len(lines) and abs(other - block) < reach:
            if begins[other] is not None:
                return other
            other += step
        return None

    def beside(block: int) -> int:
        before, behind = nearest(block, -1, 6), nearest(block, 1, 6)
        near = before is not None and any(abs(b - e) <= 3 for b in begins[block] or () for e in ends[before])
        return near + (behind is not None and any(abs(b - e) <= 3 for e in ends[block] for b in begins[behind] or ()))

    same: dict[tuple[str, ...], list[int]] = {}
    for block, word in enumerate(words):
        if begins[block] is not None:
            same.setdefault(tuple(word), []).append(block)
    for group in same.values():
        most = len(begins[group[0]] or ())
        if len(group) > most:
            for block in sorted(group, key=lambda b: (-beside(b), b))[most:]:
                begins[block] = None
    for blocks in (range(len(lines)), range(len(lines) - 1, -1, -1)) * 2:
        for block in blocks:
            word = words[block]
            if begins[block] is not None or not 0 < len(word) < 7:
                continue
            found = [p for p in places.get(word[0], ()) if tokens[p : p + len(word)] == word]
            before, behind = nearest(block, -1, 25), nearest(block, 1, 25)
            follows = before is not None and any(0 <= p - e <= 1 for p in found for e in ends[before])
            leads = behind is not None and any(0 <= b - p - len(word) <= 1 for p in found for b in begins[behind] or ())
            if follows or leads:
                begins[block], ends[block] = found, [p + len(word) for p in found]
    return [int(b is not None) for b in begins]


def segment_labels(lines: Sequence[str], wanted: Sequence[str], unwanted: Sequence[str]) -> list[int]:
    """For each block 1 if a wanted segment lies in it, 0 if an unwanted one does, -1 if neither."""
    found = [-1] * len(lines)
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line) + 1
    joined = " ".join(lines)
    for value, segments in ((0, unwanted), (1, wanted)):
        for segment in segments:
            segment = " ".join(segment.split())
            place = joined.find(segment) if segment else -1
            while place >= 0:
                for block, start in enumerate(starts):
                    if start < place + len(segment) and start + len(lines[block]) > place:
                        found[block] = value
                place = joined.find(segment, place + 1)
    return found
