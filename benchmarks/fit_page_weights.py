"""Fit the weights of `cleaner.content` on the development corpora.

    python benchmarks/fit_page_weights.py CORPORA [--write] [--folds 4]

Sites are split into folds; the figures printed are those of each page judged by
weights that never saw its site, blocks alone (no rules). ``--write`` then fits on all
sites and writes ``cleaner/page_weights.json``. Needs catboost, numpy and scipy.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sparse
from catboost import CatBoostClassifier
from pages import CORPORA, TOKEN, Score, labels, pages, segment_labels, site
from scipy.optimize import minimize
from selectolax.lexbor import LexborHTMLParser

from cleaner import content
from cleaner.catalog import load
from cleaner.decode import decode
from cleaner.metadata import read_said
from cleaner.prose import Prose
from cleaner.read_html import read_tree
from cleaner.rulefile import name_words

WORTH = {"aeb": 2.5, "fundus": 2.5, "wcxb": 1.0, "daniel": 0.8, "magic": 2.5, "segments": 0.5}
"""What a page of a corpus counts: the small corpora of news count for more."""
SITES = 4
"""On so many sites a word of a class or id must be found to have a weight."""
L2 = 3.0
TREES = {"depth": 6, "iterations": 300, "learning_rate": 0.12, "l2_leaf_reg": 6.0}
BIAS = 0.1
"""Added to every block's log-odds: leaving a good sentence out is worse than leaving a bad line in."""


@dataclass
class Sample:
    """A page, ready to be learnt from."""

    corpus: str
    row: dict[str, Any]
    fold: int
    site: str
    facts: content.Facts
    codes: dict[str, Any]
    words: list[list[str]]
    target: np.ndarray
    weight: np.ndarray


def sample(corpus: str, row: dict[str, Any], data: bytes, prose: Prose, folds: int) -> Sample | None:
    tree = LexborHTMLParser(decode(data)[0])
    page = replace(read_tree(tree), said=read_said(tree))
    if not page.lines or page.markup is None:
        return None
    facts = content.Facts(page, prose.shapes(page.lines), content.find_headline(page))
    found = labels(page.lines, row["body"]) if "body" in row else segment_labels(page.lines, row["with"], row["without"])
    target = np.array(found)
    size = np.array([len(TOKEN.findall(line)) for line in page.lines], dtype=float)
    weight = np.minimum(size + 3, 200) / max(60.0, size[target == 1].sum()) * WORTH[corpus]
    weight[target < 0] = 0
    place = site(row)
    fold = int(hashlib.md5(place.encode()).hexdigest(), 16) % folds
    return Sample(corpus, row, fold, place, facts, facts.codes(), [sorted(set(name_words(n))) for n in page.markup.tree.names], (target == 1).astype(float), weight)


def matrix(samples: list[Sample]) -> tuple[sparse.csr_matrix, dict[str, tuple[int, int]], list[str]]:
    """One row a block, one column a code or word."""
    spread: dict[str, set[str]] = defaultdict(set)
    for s in samples:
        for word in {w for words in s.words for w in words}:
            spread[word].add(s.site)
    vocabulary = sorted(w for w, sites in spread.items() if len(sites) >= SITES)
    number = {word: i for i, word in enumerate(vocabulary)}
    tables: dict[str, tuple[int, int]] = {}
    width = 0
    for name in samples[0].codes:
        size = max(int(s.codes[name].max()) for s in samples) + 1
        tables[name] = (width, size)
        width += size
    rows: list[int] = []
    ends = [0]
    for s in samples:
        numbers = [[number[w] for w in words if w in number] for words in s.words]
        parent = s.facts.parent
        deep: list[list[int]] = [[]]
        for element in range(1, len(numbers)):
            deep.append(deep[parent[element]] + numbers[element])
        columns = [s.codes[name] + start for name, (start, _) in tables.items()]
        for block in range(s.facts.count):
            holder, around, beyond = (int(up[block]) for up in s.facts.up[:3])
            rows += [int(column[block]) for column in columns]
            rows += [width + 3 * n for n in numbers[holder]]
            rows += [width + 3 * n + 1 for n in numbers[around]] if holder else []
            rows += [width + 3 * n + 2 for n in deep[beyond]] if around else []
            ends.append(len(rows))
    size = width + 3 * len(vocabulary)
    return sparse.csr_matrix((np.ones(len(rows), dtype=np.float32), np.array(rows, dtype=np.int32), np.array(ends)), shape=(len(ends) - 1, size)), tables, vocabulary


def logistic(x: sparse.csr_matrix, target: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weights and base of a logistic model with a quadratic penalty."""
    weight = weight / weight.mean()
    turned = x.T.tocsr()

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ b[:-1] + b[-1]
        slope = weight * (1 / (1 + np.exp(-z)) - target)
        value = (weight * np.logaddexp(0, -(2 * target - 1) * z)).sum() + 0.5 * L2 * (b[:-1] ** 2).sum()
        return value, np.concatenate([turned @ slope + L2 * b[:-1], [slope.sum()]])

    return minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 120, "maxcor": 8}).x


def trees(x: np.ndarray, target: np.ndarray, weight: np.ndarray) -> CatBoostClassifier:
    used = weight > 0
    model = CatBoostClassifier(verbose=0, thread_count=2, random_seed=1, **TREES)
    return model.fit(x[used], target[used], sample_weight=(weight / weight[used].mean())[used])


def context(samples: list[Sample], scores: np.ndarray) -> np.ndarray:
    rows, at = [], 0
    for s in samples:
        rows.append(s.facts.context(scores[at : at + s.facts.count]))
        at += s.facts.count
    return np.concatenate(rows)


def report(samples: list[Sample], scores: np.ndarray, threshold: float) -> None:
    figures: dict[str, Score] = {}
    at = 0
    for s in samples:
        kept = scores[at : at + s.facts.count] > threshold
        at += s.facts.count
        figures.setdefault(s.corpus, Score()).add(s.row, "\n".join(line for line, keep in zip(s.facts.page.lines, kept, strict=True) if keep))
    print("  ".join(f"{corpus} {figure}" for corpus, figure in figures.items()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--dump", type=Path)
    args = parser.parse_args()
    prose = Prose(load(defaults=True).top("sentence-ends", "common"))
    samples = [s for corpus in CORPORA for row, data in pages(args.corpora, corpus) if (s := sample(corpus, row, data, prose, args.folds))]
    x, tables, vocabulary = matrix(samples)
    target, weight = np.concatenate([s.target for s in samples]), np.concatenate([s.weight for s in samples])
    fold = np.concatenate([np.full(s.facts.count, s.fold) for s in samples])
    print(len(samples), "pages,", *x.shape, "blocks and columns", file=sys.stderr)
    alone = np.zeros(len(target))
    for k in range(args.folds):
        learn = (fold != k) & (weight > 0)
        b = logistic(x[learn], target[learn], weight[learn])
        alone[fold == k] = x[fold == k] @ b[:-1] + b[-1]
    report(samples, alone, 0.0)
    around = context(samples, alone)
    among = np.zeros(len(target))
    for k in range(args.folds):
        learn = fold != k
        model = trees(around[learn], target[learn], weight[learn])
        among[~learn] = model.predict(around[~learn], prediction_type="RawFormulaVal")
    for threshold in (-0.4, -0.1, 0.2):
        report(samples, among, threshold)
    if args.dump:
        np.savez(args.dump, alone=alone, among=among)
    if not args.write:
        return
    learn = weight > 0
    b = logistic(x[learn], target[learn], weight[learn])
    model = trees(around, target, weight)
    model.save_model("/tmp/page-model.json", format="json")
    forest = json.loads(Path("/tmp/page-model.json").read_text())
    width = sum(size for _, size in tables.values())
    words = {word: [round(float(v), 3) for v in b[width + 3 * i : width + 3 * i + 3]] for i, word in enumerate(vocabulary)}
    floats = [f["feature_index"] if "feature_index" in f else f["flat_feature_index"] for f in forest["features_info"]["float_features"]]
    fitted = {
        "base": round(float(b[-1]), 4),
        "tables": {name: [round(float(v), 3) for v in b[start : start + size]] for name, (start, size) in tables.items()},
        "words": {word: values for word, values in words.items() if any(abs(v) >= 0.02 for v in values)},
        "question": [[floats[split["float_feature_index"]] for split in tree["splits"]] for tree in forest["oblivious_trees"]],
        "threshold": [[round(split["border"], 5) for split in tree["splits"]] for tree in forest["oblivious_trees"]],
        "leaf": [[round(v * forest["scale_and_bias"][0], 4) for v in tree["leaf_values"]] for tree in forest["oblivious_trees"]],
        "bias": round(forest["scale_and_bias"][1][0] + BIAS, 4),
    }
    path = Path(content.__file__).parent / "page_weights.json"
    path.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False, separators=(',', ':'))}" for k, v in fitted.items()) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
