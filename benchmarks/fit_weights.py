"""Fit `cleaner/weights.json` on the corpora, by sites, and say how good the fit is on sites left out.

    python benchmarks/fit_weights.py ../shared/corpora [--write]

Needs numpy, scipy and scikit-learn. A line counts as the article's if at least
half of its runs of four tokens stand in the gold text. Logistic regression on
the codes that `cleaner.prose` gives lines; every site weighs the square root
of its pages, every corpus and view the same. Figures are means over documents
of token precision and recall, on four folds of sites.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import regex
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parent))
from corpora import CORPORA, FOLDS, documents, fold_of

from cleaner import catalog
from cleaner import prose as P
from cleaner.read_text import read_text

TOKEN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]|[\w--\p{Han}--\p{Hiragana}--\p{Katakana}--\p{Thai}]+", regex.V1)


def labels(lines: list[str], gold: str) -> tuple[list[int], list[int]]:
    """For each line 1, 0 or -1 (no token), and its tokens."""
    tokens = TOKEN.findall(gold)
    known = {tuple(tokens[i : i + 4]) for i in range(len(tokens) - 3)}
    whole = {" ".join(TOKEN.findall(line)) for line in gold.split("\n")}
    answer, sizes = [], []
    for line in lines:
        t = TOKEN.findall(line)
        sizes.append(len(t))
        if not t:
            answer.append(-1)
        elif len(t) < 4:
            answer.append(int(" ".join(t) in whole))
        else:
            runs = [tuple(t[i : i + 4]) for i in range(len(t) - 3)]
            answer.append(int(sum(r in known for r in runs) * 2 >= len(runs)))
    return answer, sizes


# The parameters as one vector, in the layout of `prose.Weights`.
CODES = 9 * P._ENDS * P._STARTS * P._PAUSES
SMALL = 9 * P._ENDS + 1
LAYOUT = [("own", CODES), *[(f"near{i}", SMALL) for i in range(6)], ("before", 14), ("behind", 14), ("again", 6), ("rough", 9 * P._ENDS)]
OFFSET: dict[str, int] = {}
SIZE = 0
for _name, _size in LAYOUT:
    OFFSET[_name] = SIZE
    SIZE += _size


def columns(shapes: P.Shapes, kind: int) -> list[list[int]]:
    """For each line the numbers of the parameters that its score adds up."""
    small, count = shapes.small, len(shapes.small)
    total = sum(w for w, p in zip(shapes.widths, shapes.prose, strict=True) if p) or 1
    seen = Counter(shapes.lines)
    passed = 0
    rows = []
    for i in range(count):
        row = [OFFSET["own"] + shapes.full[i], OFFSET["rough"] + small[i]]
        for n, d in enumerate(P.NEIGHBOURS):
            row.append(OFFSET[f"near{n}"] + (small[i + d] if 0 <= i + d < count else SMALL - 1))
        long = 7 if small[i] >= 5 * P._ENDS else 0
        share = int(passed * 20 / total)
        row.append(OFFSET["before"] + long + (share if share < 5 else 6))
        passed += shapes.widths[i] if shapes.prose[i] else 0
        share = int((total - passed) * 20 / total)
        row.append(OFFSET["behind"] + long + (share if share < 5 else 6))
        if seen[shapes.lines[i]] > 1:
            row.append(OFFSET["again"] + min(5, small[i] // P._ENDS))
        rows.append([kind * SIZE + r for r in row])
    return rows


def load(side: Path) -> list[dict[str, Any]]:
    tell = P.Prose(catalog.load().signs("common"))
    docs = []
    for corpus in CORPORA:
        for url, view, text, gold in documents(side, corpus):
            lines = list(read_text(text).lines)
            shapes = tell.shapes(lines)
            kind = shapes.kind()
            answer, sizes = labels(lines, gold)
            site = catalog.host_of(url) or url
            doc = {"corpus": corpus, "view": view, "site": site, "fold": fold_of(url), "shapes": shapes, "kind": kind}
            docs.append(doc | {"rows": columns(shapes, kind), "labels": answer, "sizes": sizes})
    pages = Counter((d["corpus"], d["view"], d["site"]) for d in docs)
    totals: dict[tuple[str, str], float] = defaultdict(float)
    for d in docs:
        d["weight"] = pages[d["corpus"], d["view"], d["site"]] ** -0.5
        totals[d["corpus"], d["view"]] += d["weight"]
    for d in docs:
        d["weight"] /= totals[d["corpus"], d["view"]]
    return docs


def fit(docs: list[dict[str, Any]]) -> tuple[Any, float]:
    indices, pointers, answers, importance = [], [0], [], []
    for d in docs:
        whole = sum(max(n, 1) ** 0.7 for n in d["sizes"])
        for row, label, size in zip(d["rows"], d["labels"], d["sizes"], strict=True):
            if label >= 0:
                indices += row
                pointers.append(len(indices))
                answers.append(label)
                importance.append(d["weight"] * max(size, 1) ** 0.7 / whole)
    matrix = csr_matrix((np.ones(len(indices)), indices, pointers), shape=(len(answers), 3 * SIZE))
    share = np.array(importance)
    model = LogisticRegression(C=0.3, max_iter=300, tol=1e-3).fit(matrix, answers, sample_weight=share * len(share) / share.sum())
    return model.coef_[0], float(model.intercept_[0])


def as_weights(vector: Any, base: float, bias: list[float], switch: float) -> dict[str, Any]:
    def part(kind: int, name: str) -> list[float]:
        start = kind * SIZE + OFFSET[name]
        return [round(float(x), 3) for x in vector[start : start + dict(LAYOUT)[name]]]

    def own(kind: int) -> list[float]:
        rough = part(kind, "rough")
        per = P._STARTS * P._PAUSES
        return [round(x + rough[i // per], 3) for i, x in enumerate(part(kind, "own"))]

    kinds = range(3)
    return {
        "own": [own(k) for k in kinds],
        "near": [[part(k, f"near{n}") for n in range(6)] for k in kinds],
        "before": [part(k, "before") for k in kinds],
        "behind": [part(k, "behind") for k in kinds],
        "again": [part(k, "again") for k in kinds],
        "base": round(base, 3),
        "bias": bias,
        "switch": switch,
    }


def evaluate(docs: list[dict[str, Any]], keep: Any) -> dict[tuple[str, str], float]:
    figures: dict[tuple[str, str], tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for d in docs:
        kept = keep(d)
        right = sum(n for n, y, k in zip(d["sizes"], d["labels"], kept, strict=True) if k and y == 1)
        all_kept = sum(n for n, k in zip(d["sizes"], kept, strict=True) if k)
        gold = sum(n for n, y in zip(d["sizes"], d["labels"], strict=True) if y == 1)
        p, r = figures[d["corpus"], d["view"]]
        if all_kept:
            p.append(right / all_kept)
        r.append(right / gold if gold else 0.0)
    return {key: 2 * np.mean(p) * np.mean(r) / (np.mean(p) + np.mean(r)) for key, (p, r) in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--write", action="store_true", help="write cleaner/weights.json, fitted on all sites")
    parser.add_argument("--bias", type=float, nargs=3, default=[0.0, 2.0, 4.0], metavar=("PAGE", "MIXED", "EXTRACTED"))
    parser.add_argument("--switch", type=float, default=1.0)
    args = parser.parse_args()
    docs = load(args.corpora)
    untouched = evaluate(docs, lambda d: [True] * len(d["labels"]))
    for fold in range(FOLDS):
        vector, base = fit([d for d in docs if d["fold"] != fold])
        fold_weights = P.Weights(**as_weights(vector, base, args.bias, args.switch))
        P.weights = partial(lambda w: w, fold_weights)  # type: ignore[assignment]
        for d in docs:
            if d["fold"] == fold:
                d["kept"] = d["shapes"].article(d["kind"])
    print("token F1 on sites left out of the fit: untouched, by shape")
    by_shape = evaluate(docs, lambda d: d["kept"])
    for key, value in untouched.items():
        print(f"{key[0]:8} {key[1]:9} {value:.4f} {by_shape[key]:.4f}")
    if args.write:
        vector, base = fit(docs)
        command = f"python benchmarks/fit_weights.py CORPORA --write --bias {' '.join(map(str, args.bias))} --switch {args.switch}"
        path = Path(__file__).parent.parent / "cleaner" / "weights.json"
        data = {"fitted by": command, "weights": as_weights(vector, base, args.bias, args.switch)}
        path.write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
