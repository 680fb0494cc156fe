"""Fit the weights of `cleaner.content` on the development corpora.

    python benchmarks/fit_page_weights.py CORPORA [--write] [--folds 4]

Sites are split into folds; the figures printed are those of each page judged by
weights that never saw its site, blocks alone (no rules). ``--write`` then fits on all
sites and writes ``cleaner/page_weights.json``. Needs catboost, numpy and scipy.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sparse
from catboost import CatBoostClassifier
from pages import CORPORA, TOKEN, Score, fold_of, labels, pages, segment_labels, site
from scipy.optimize import minimize

from cleaner import content
from cleaner.catalog import load
from cleaner.judge import RuleSet, mark_page
from cleaner.read_html import read_html
from cleaner.rulefile import name_words
from cleaner.trees import as_data

WORTH = {"aeb": 2.5, "fundus": 2.5, "wcxb": 1.0, "daniel": 0.8, "magic": 2.5, "segments": 0.5}
"""What a page of a corpus counts: the small corpora of news count for more."""
SITES = 4
"""On so many sites a word of a class or id must be found to have a weight."""
L2 = 3.0
LEAST = 0.02
"""A word that says less is not written down."""
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


def sample(corpus: str, row: dict[str, Any], data: bytes, rules: RuleSet, folds: int) -> Sample | None:
    page, _ = read_html(data)
    if not page.lines or page.markup is None:
        return None
    marked = mark_page(page, content.find_headline(page), rules)
    facts = content.Facts(page, rules.prose.shapes(page.lines), marked.headline, [cause is not None for cause in marked.decided])
    found = labels(page.lines, row["body"]) if "body" in row else segment_labels(page.lines, row["with"], row["without"])
    target = np.array(found)
    size = np.array([len(TOKEN.findall(line)) for line in page.lines], dtype=float)
    weight = np.minimum(size + 3, 200) / max(60.0, size[target == 1].sum()) * WORTH[corpus]
    weight[(target < 0) | facts.out] = 0
    words = [sorted(set(name_words(names))) for names in page.markup.tree.names]
    return Sample(corpus, row, fold_of(row, folds), site(row), facts, facts.codes(), words, (target == 1).astype(float), weight)


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
    model = CatBoostClassifier(verbose=0, allow_writing_files=False, thread_count=2, random_seed=1, **TREES)
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
        kept = (scores[at : at + s.facts.count] > threshold) & ~s.facts.out
        at += s.facts.count
        figures.setdefault(s.corpus, Score()).add(s.row, "\n".join(line for line, keep in zip(s.facts.page.lines, kept, strict=True) if keep))
    print("  ".join(f"{corpus} {figure}" for corpus, figure in figures.items()), flush=True)


def write(path: Path, b: np.ndarray, model: CatBoostClassifier, tables: dict[str, tuple[int, int]], vocabulary: list[str]) -> None:
    """Write fitted weights in the form that `cleaner.content` reads."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_model(f"{folder}/model.json", format="json")
        forest = json.loads(Path(f"{folder}/model.json").read_text())
    width = sum(size for _, size in tables.values())
    words = {word: [round(float(v), 3) for v in b[width + 3 * i : width + 3 * i + 3]] for i, word in enumerate(vocabulary)}
    fitted = {
        "base": round(float(b[-1]), 4),
        "tables": {name: [round(float(v), 3) for v in b[start : start + size]] for name, (start, size) in tables.items()},
        "words": {word: values for word, values in words.items() if any(abs(v) >= LEAST for v in values)},
        **as_data(forest, BIAS),
    }
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False, separators=(',', ':'))}" for k, v in fitted.items())
    path.write_text("{\n" + lines + "\n}\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--write", action="store_true", help="fit on all sites and write the weights into the package")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--folds-to", type=Path, metavar="DIR", help="write each fold's weights there, as K.json")
    args = parser.parse_args()
    catalog = load()
    rules = RuleSet.of(catalog.rules("common"), catalog.signs("common"))
    samples = [s for corpus in CORPORA for row, data in pages(args.corpora, corpus) if (s := sample(corpus, row, data, rules, args.folds))]
    x, tables, vocabulary = matrix(samples)
    target, weight = np.concatenate([s.target for s in samples]), np.concatenate([s.weight for s in samples])
    fold = np.concatenate([np.full(s.facts.count, s.fold) for s in samples])
    print(len(samples), "pages,", *x.shape, "blocks and columns", file=sys.stderr)
    alone = np.zeros(len(target))
    firsts = []
    for k in range(args.folds):
        learn = (fold != k) & (weight > 0)
        firsts.append(logistic(x[learn], target[learn], weight[learn]))
        alone[fold == k] = x[fold == k] @ firsts[k][:-1] + firsts[k][-1]
    report(samples, alone, 0.0)
    around = context(samples, alone)
    among = np.zeros(len(target))
    for k in range(args.folds):
        learn = fold != k
        model = trees(around[learn], target[learn], weight[learn])
        among[~learn] = model.predict(around[~learn], prediction_type="RawFormulaVal")
        if args.folds_to:
            args.folds_to.mkdir(parents=True, exist_ok=True)
            write(args.folds_to / f"{k}.json", firsts[k], model, tables, vocabulary)
    report(samples, among, -BIAS)
    if args.write:
        learn = weight > 0
        write(Path(content.__file__).parent / "page_weights.json", logistic(x[learn], target[learn], weight[learn]), trees(around, target, weight), tables, vocabulary)


if __name__ == "__main__":
    main()
