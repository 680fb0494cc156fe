"""Main content of a web page: which of its blocks are the article's, judged alone, then among neighbours and by place.

Alone: each block's shape (`cleaner.prose`), element, link density, place around
the running text and the words of class and id around it are looked up in tables
of log-odds (a logistic model of categories). Among neighbours: the scores of the
blocks around it, of its siblings (blocks in elements of the same name and class
within the same element), of each element that holds it, and where it stands to
the element that holds most of the article, are judged by small decision trees
(`cleaner.trees`). All numbers are data (``page_weights.json``), fitted by
``benchmarks/fit_page_weights.py``. Nothing is removed here: what is found to be
outside the article, the rules of ``common.txt`` remove.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.model import Page
from cleaner.prose import Shapes
from cleaner.rulefile import name_words
from cleaner.trees import Trees

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]
Numbers = Ints | Floats

TAGS = {
    "p": 1, "li": 2, "h1": 3, "h2": 4, "h3": 5, "h4": 6, "h5": 6, "h6": 6, "td": 7, "th": 7, "div": 8, "center": 8, "blockquote": 9, "figcaption": 10, "caption": 10, "figure": 10,
    "dt": 11, "dd": 11, "pre": 12, "button": 13, "label": 13, "legend": 13, "form": 13, "fieldset": 13, "article": 14, "section": 14, "main": 14, "header": 15, "footer": 16,
    "summary": 17, "body": 18, "html": 18, "address": 19, "aside": 20, "nav": 21,
}  # fmt: skip
"""Classes of the element that holds a block; 0 for all others."""
_T = 22
_ZONES = {"nav": 1, "menu": 1, "header": 2, "footer": 3, "aside": 4, "form": 5, "button": 5, "dialog": 6}
_INNER = {"li": 1, "ul": 1, "ol": 1, "table": 2, "figure": 3, "figcaption": 4, "blockquote": 5, "dl": 6, "details": 7, "pre": 8, "button": 9, "label": 9}
_ARTICLES = {"article": 1, "main": 2}
_TELLING = frozenset((*_ZONES, *_INNER, *_ARTICLES))
_FIRST_HEADING, _LAST_HEADING = TAGS["h1"], TAGS["h6"]
_MANY = 1 << 40
"""More than there are kinds of element on a page."""
_K = 9
"""Classes of a block's width (`cleaner.prose.WIDTHS`)."""
_L = 5
"""Classes of link density."""
_EDGE = 63 * _L
"""The code of what lies beyond the first and last block."""
HOPELESS = -4.5
"""Log-odds below which a block that was judged alone is not looked at again."""
_REMEMBERED = 50_000
"""How many class attributes' scores are remembered."""


def _link_classes(linked: Numbers, size: Numbers) -> Ints:
    share = linked / np.maximum(size, 1)
    return np.where(linked == 0, 0, 1 + np.searchsorted([0.2, 0.5, 0.9], share, side="right"))


class Facts:
    """What is known of a page's blocks and elements before any is judged, as arrays."""

    def __init__(self, page: Page, shapes: Shapes, headline: int | None, out: Sequence[bool]) -> None:
        """`out` says which blocks are known to be no part of the article."""
        assert page.markup
        markup = page.markup
        tree = markup.tree
        self.page, self.shapes, self.headline = page, shapes, headline
        self.count = len(page.lines)
        self.parent: Ints = np.array(tree.parent)
        self.parent[0] = 0
        self.end: Ints = np.array(tree.end)
        self.holder: Ints = np.array(markup.element)
        up = [self.holder]
        for _ in range(4):
            up.append(self.parent[up[-1]])
        self.up = up
        """For each block the element that holds it, the one around that, and so on."""
        self.small: Ints = np.array(shapes.small)
        self.kinds: Ints = self.small // 7
        self.widths: Floats = np.array(shapes.widths, dtype=float)
        self.sizes: Ints = np.array(list(map(len, page.lines)))
        self.linked: Ints = np.array(markup.linked)
        self.links = _link_classes(self.linked, self.sizes)
        self.out = np.array(out, dtype=bool)
        self.prose = np.array(shapes.prose) & (self.links < 3) & ~self.out
        self.tags: Ints = np.array([TAGS.get(tag, 0) for tag in tree.tag])
        size = len(tree.tag)
        self.zones, self.inner, self.articles = np.zeros(size, dtype=int), np.zeros(size, dtype=int), np.zeros(size, dtype=int)
        for element, tag in enumerate(tree.tag):  # what is within comes later and overrides
            if tag in _TELLING:
                within = slice(element, tree.end[element])
                if tag in _ZONES:
                    self.zones[within] = _ZONES[tag]
                if tag in _INNER:
                    self.inner[within] = _INNER[tag]
                if tag in _ARTICLES:
                    self.articles[within] |= _ARTICLES[tag]
        self.depth: Ints = np.cumsum(np.bincount(np.arange(size), minlength=size + 1) - np.bincount(self.end, minlength=size + 1))[:-1]
        names: dict[tuple[str, str], int] = {}
        kinds = [names.setdefault(kind, len(names)) for kind in zip(tree.tag, tree.names, strict=True)]
        self.kind_of_element: Ints = np.array(kinds)
        """For each element a number for its name and class, ..."""
        known: dict[str, int] = {}
        self.tags_by_name: Ints = np.array([known.setdefault(tag, len(known)) for tag in tree.tag])
        """... and one for its name alone."""
        self.number_of_articles = min(3, tree.tag.count("article"))

    def within(self, values: Numbers) -> Floats:
        """For each element the sum of a value over all blocks in it, whatever their depth."""
        own = np.bincount(self.holder, values, len(self.parent))
        running = np.concatenate(([0.0], np.cumsum(own)))
        sums: Floats = running[self.end] - running[:-1]
        return sums

    def codes(self) -> dict[str, Ints]:
        """The categories of each block, one column a table of weights."""
        page, markup, kinds, links, small = self.page, self.page.markup, self.kinds, self.links, self.small
        assert markup
        count = self.count
        lines = page.lines
        holder, around, beyond = self.up[:3]
        mass = self.within(np.where(self.prose, self.widths, 0.0))
        total = mass[0] or 1.0
        share = np.searchsorted([0.0, 0.05, 0.2, 0.5, 0.85], mass / total, side="left")
        half = mass * 2 >= total
        half[0] = True
        levels = np.zeros(count, dtype=int)  # from the block's surroundings up to an element with half of the running text
        at = around
        for _ in range(9):
            levels += ~half[at]
            at = np.where(half[at], at, self.parent[at])
        blocks, linked, sizes = self.within(np.ones(count)), self.within(self.linked), self.within(self.sizes)
        many = np.minimum(7, np.ceil(np.log2(blocks + 1))).astype(int)
        density = _link_classes(linked, sizes)
        passed = np.cumsum(np.where(self.prose, self.widths, 0.0))
        own = np.where(self.prose, self.widths, 0.0)
        before, behind = _shares((passed - own) / total), _shares((passed[-1] - passed) / total)
        place = np.zeros(count, dtype=int)
        if self.headline is not None:
            place[: self.headline] = 1
            place[self.headline] = 2
            place[self.headline + 1 :] = 3
        body = " ".join(page.said.body.split())
        said = np.zeros(count, dtype=int)
        if len(body) > 200:
            said = np.array([0 if len(line) < 12 else 1 if line[:40] in body or line[-40:] in body else 2 for line in lines])
        description = page.said.description[:40]
        described = np.array([line.startswith(description) for line in lines], dtype=int) if len(description) > 30 else np.zeros(count, dtype=int)
        seen = Counter(lines)
        again = np.minimum(np.array([seen[line] for line in lines]), 3) - 1
        tags, parent_tags = self.tags[holder], self.tags[around]
        signature = self.kind_of_element[holder]
        same = np.concatenate(([False], signature[1:] == signature[:-1], [False]))
        runs = 2 * same[:-1] + same[1:]
        bold, slanted = (np.where(n == 0, 0, np.where(n < 0.8 * self.sizes, 1, 2)) for n in (np.array(markup.bold), np.array(markup.slanted)))
        long = (kinds >= 5).astype(int)
        linkish = (links > 2) * 1 + (links > 0)
        mine = links * _K + kinds
        full_links = small * _L + links
        columns: dict[str, Ints] = {
            "shape": np.array(self.shapes.full),
            "shape, links": full_links,
            "tag": tags * _L * _K + mine,
            "tag, parent's tag": (tags * _T + parent_tags) * 2 + long,
            "zone": (self.zones[holder] * 4 + self.articles[holder]) * _L * _K + mine,
            "articles": (self.number_of_articles * 4 + self.articles[holder]) * _K + kinds,
            "inner": self.inner[holder] * _L * _K + mine,
            "before": (before * _K + kinds) * 3 + linkish,
            "behind": (behind * _K + kinds) * 3 + linkish,
            "share": (share[around] * 6 + share[beyond]) * _K + kinds,
            "levels": levels * _L * _K + mine,
            "place": (place * _K + kinds) * 8 + np.minimum(7, tags),
            "again": again * _K + kinds,
            "said": said * _K + kinds,
            "described": described * 4 + place,
            "runs": runs * _L * _K + mine,
            "emphasis": ((bold * 3 + slanted) * _K + kinds) * 7 + small % 7,
            "family": (many[around] * _L + density[around]) * _K + kinds,
            "clan": (many[beyond] * _L + density[beyond]) * _K + kinds,
            "broken": np.array(markup.broken) * _K + kinds,
        }
        padded = np.concatenate(([_EDGE] * 3, full_links, [_EDGE] * 3))
        for distance in (-3, -2, -1, 1, 2, 3):
            columns[f"neighbour {distance}"] = padded[3 + distance : 3 + distance + count]
        pairs = (tags[:-1] * _T + tags[1:]) * 2
        columns["tag before"] = np.concatenate(([0], pairs + long[1:]))
        columns["tag behind"] = np.concatenate((pairs + long[:-1], [0]))
        self._facts = [
            kinds, small % 7, np.array(self.shapes.full) // 3 % 5, tags, links, place, self.inner[holder], said, again, bold * 3 + slanted, runs, self.zones[holder],
            self.articles[holder], np.full(count, self.number_of_articles), many[around], density[around], many[beyond], density[beyond], levels, share[around], share[beyond],
        ]  # fmt: skip
        return columns

    def context(self, scores: Floats) -> NDArray[np.float32]:
        """What is known of each block once all have been judged alone, one row a block; `codes` comes first."""
        z = np.where(self.out, -8.0, np.clip(scores, -8, 8))
        count = self.count
        holder = self.holder
        size = np.maximum(self.widths / 6, 1.0)
        """Length in words, about."""
        chance = 1 / (1 + np.exp(-z))
        score, weight, mass = self.within(z * (size + 3)), self.within(size + 3), self.within(chance * size)
        total = max(mass[0], 1e-9)
        means, shares = score / np.maximum(weight, 1), mass / total
        features: list[NDArray[Any]] = [z]
        padded = np.concatenate(([-9.0] * 3, z, [-9.0] * 3))
        features += [padded[3 + d : 3 + d + count] for d in (-3, -2, -1, 1, 2, 3)]
        for level in self.up:
            features += [means[level], shares[level]]
        passed = np.cumsum(chance * size)
        features += [(passed - chance * size) / passed[-1], (passed[-1] - passed) / passed[-1]]
        position = np.arange(count)
        features += [position / count, np.full(count, count), np.log1p(size)]
        for reach in (3, 8):
            kernel = np.exp(-np.abs(np.arange(-3 * reach, 3 * reach + 1)) / reach)
            wide = np.concatenate((np.full(3 * reach, -4.0), z, np.full(3 * reach, -4.0)))
            features.append(np.convolve(wide, kernel / kernel.sum(), "valid"))
        features += [np.full(count, (z > 0).sum()), np.full(count, mass[0])]
        # siblings: same name and class within the same element, on the whole page, or same name only
        pull = np.minimum(size, 60) + 2
        parent, kind, tag = self.up[1], self.kind_of_element[holder], self.tags_by_name[holder]
        for keys in (parent * _MANY + kind, kind, parent * _MANY + tag):
            group = np.unique(keys, return_inverse=True)[1]
            members, pulls = np.bincount(group), np.bincount(group, pull)
            features += [(np.bincount(group, z * pull) / pulls)[group], members[group], (pulls / members)[group]]
        # the heading before, and the blocks around
        heading = (self.tags[holder] >= _FIRST_HEADING) & (self.tags[holder] <= _LAST_HEADING)
        last = np.maximum.accumulate(np.where(heading, position, -1))
        last = np.concatenate(([-1], last[:-1]))
        features += [np.where(last >= 0, z[last], -9.0), np.where(last >= 0, np.minimum(99, position - last), 99), heading]
        sums = np.concatenate(([0.0], np.cumsum(z)))
        ahead, back = np.minimum(count, position + 6), np.maximum(0, position - 5)
        features.append(np.where(position + 1 < count, (sums[ahead] - sums[position + 1]) / np.maximum(ahead - position - 1, 1), -9.0))
        features.append(np.where(position > 0, (sums[position] - sums[back]) / np.maximum(position - back, 1), -9.0))
        sure = np.where(z > 2, position, -1)
        before = np.concatenate(([-1], np.maximum.accumulate(sure)[:-1]))
        features.append(np.where(before >= 0, np.minimum(50, position - before), 50))
        # the element that holds most of the article, and which of its children this is in
        main = int(np.flatnonzero(mass >= 0.6 * total)[-1]) if total > 1e-9 else 0
        inside = (holder >= main) & (holder < self.end[main])
        children = np.flatnonzero(self.parent == main)
        children = children[children > main]
        branch = np.full(count, -1.0)
        if len(children):
            which = np.searchsorted(children, holder, side="right") - 1
            deep = inside & (holder != main)
            branch[deep] = shares[children[np.maximum(which, 0)]][deep]
        features += [inside, self.depth[holder] - self.depth[main], branch]
        features.append(np.full(count, -99) if self.headline is None else np.clip(position - self.headline, -50, 100))
        features += self._facts
        table: NDArray[np.float32] = np.stack(features, axis=1).astype(np.float32)
        return table


def _shares(share: Floats) -> Ints:
    """Classes of how much of the running text stands before or behind: 0, 1 to 7 for each twentieth, 8 for half."""
    classes = np.where(share <= 1e-9, 0, np.where(share < 0.5, 1 + np.minimum(6, (share * 20).astype(int)), 8))
    return classes


class Words:
    """What the words of class, id and the like say of a block in that element, in its children, and further in."""

    def __init__(self, known: dict[str, tuple[float, float, float]]) -> None:
        self._known = known
        self._parts: dict[str, frozenset[str]] = {}
        self._memory: dict[str, tuple[float, float, float]] = {"": (0.0, 0.0, 0.0)}

    def of(self, names: Sequence[str]) -> list[tuple[float, float, float]]:
        """The three scores of each element."""
        memory = self._memory
        if len(memory) > _REMEMBERED:
            memory.clear()
        return [memory[name] if name in memory else self._score(name) for name in names]

    def _score(self, names: str) -> tuple[float, float, float]:
        parts, known = self._parts, self._known
        if len(parts) > _REMEMBERED:
            parts.clear()
        words: set[str] = set()
        for part in names.split():
            found = parts.get(part)
            if found is None:
                found = parts[part] = frozenset(word for word in name_words(part) if word in known)
            words |= found
        own = child = deep = 0.0
        for word in words:
            one, other, third = known[word]
            own += one
            child += other
            deep += third
        self._memory[names] = score = (own, child, deep)
        return score


@dataclass(frozen=True)
class Weights:
    """The fitted numbers."""

    base: float
    table: Floats
    """All tables of the first step on end, and a nought for what no page had when they were fitted, ..."""
    starts: Ints
    """... where each begins, ..."""
    lengths: Ints
    """... and how long it is."""
    words: Words
    """For each word of a class or id what it says of a block in that element, in its children and further in."""
    trees: Trees
    """What asks of the columns of `Facts.context`."""

    @classmethod
    def read(cls, path: Path) -> Weights:
        """The weights of a file that ``benchmarks/fit_page_weights.py`` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        lengths = np.array([len(values) for values in data["tables"].values()])
        starts = np.cumsum(lengths) - lengths
        table = [value for values in data["tables"].values() for value in values] + [0.0]
        words = Words({word: (own, child, deep) for word, (own, child, deep) in data["words"].items()})
        return cls(data["base"], np.array(table), starts, lengths, words, Trees.of(data))


@cache
def weights() -> Weights:
    """The weights shipped with the package."""
    return Weights.read(Path(__file__).parent / "page_weights.json")


def alone(facts: Facts, fitted: Weights) -> Floats:
    """The log-odds of each block, judged alone."""
    assert facts.page.markup
    codes = np.stack(list(facts.codes().values()))
    places = np.where(codes < fitted.lengths[:, None], codes + fitted.starts[:, None], len(fitted.table) - 1)
    scores: Floats = fitted.table[places].sum(axis=0) + fitted.base
    tree = facts.page.markup.tree
    own, child, deep = np.array(fitted.words.of(tree.names)).T
    # summed along the way down: what an element adds holds up to its end
    steps = np.concatenate((deep, [0.0])) - np.bincount(facts.end, deep, len(deep) + 1)
    further = np.cumsum(steps)[:-1]
    holder, around, beyond = facts.up[:3]
    said: Floats = own[holder] + np.where(holder > 0, child[around], 0.0) + np.where(around > 0, further[beyond], 0.0)
    return scores + said


def among(facts: Facts, scores: Floats, fitted: Weights) -> Floats:
    """The log-odds of each block, judged among its neighbours and by its place; `scores` are those of `alone`."""
    likely = np.flatnonzero((scores > HOPELESS) & ~facts.out)
    result: Floats = np.minimum(scores, HOPELESS)
    result[likely] = fitted.trees.judge(facts.context(scores)[likely])
    return result


def find_headline(page: Page) -> int | None:
    """The block that is the page's headline: what the page says of itself, as it is printed."""
    assert page.markup
    elements, tree, linked = page.markup.element, page.markup.tree, page.markup.linked
    said = {h.casefold() for h in page.said.headlines}
    title = page.said.title.casefold()
    best, best_score = None, 1.0
    for block, line in enumerate(page.lines):
        size = len(line)
        if not 8 <= size <= 300:
            continue
        tag = tree.tag[elements[block]]
        low = line.casefold()
        if low in said:
            score = 3.0
        elif size * 2 > len(title) and low in title:
            score = 2.0
        elif size > 15 and any(low in h or h in low for h in said):
            score = 1.5
        else:
            score = 0.0
        if tag == "h1":
            score += 2.0
        elif score and tag in ("h2", "h3"):
            score += 1.0
        if linked[block] * 2 > size:
            score -= 0.5
        if score > best_score:
            best, best_score = block, score
    return best


def judge_blocks(page: Page, shapes: Shapes, headline: int | None, out: Sequence[bool], fitted: Weights | None = None) -> Sequence[float]:
    """For each block the log-odds that it is the article's; `out` says which are known not to be."""
    fitted = fitted or weights()
    facts = Facts(page, shapes, headline, out)
    scores: list[float] = among(facts, alone(facts, fitted), fitted).tolist()
    return scores
