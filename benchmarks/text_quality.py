"""How good text is cleaned: F1 of the body, beside C4's line filter and the untouched text.

    python benchmarks/text_quality.py ../shared/corpora [--corpus fundus] [--folds DIR]

Mean precision and recall over documents of runs of four tokens, and their harmonic
mean, as the article-extraction-benchmark has it; a Chinese, Japanese or Thai sign is
a token. For ``lines``, whose gold has the headline, `Article.text` is measured, else
`Article.body`. ``again`` is the share of documents from whose cleaned text a second
cleaning removes nothing (law 4). With ``--folds`` each text is judged by weights that
never saw its site, those that ``fit_lines.py --folds-to`` wrote.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import regex

sys.path.insert(0, str(Path(__file__).parent))
from corpora import CORPORA, FOLDS, documents, fold_of
from text_speed import c4

import cleaner
from cleaner import lines, prose
from cleaner.trees import Trees

TOKEN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]|[\w--\p{Han}--\p{Hiragana}--\p{Katakana}--\p{Thai}]+", regex.V1)


def runs(text: str) -> Counter[tuple[str, ...]]:
    tokens = TOKEN.findall(text)
    return Counter(tuple(tokens[i : i + 4]) for i in range(max(1, len(tokens) - 3))) if tokens else Counter()


def f1(pairs: list[tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]]]]) -> float:
    precision, recall = [], []
    for gold, got in pairs:
        common = sum((gold & got).values())
        if got:
            precision.append(common / sum(got.values()))
        recall.append(common / sum(gold.values()) if gold else 0.0)
    p, r = statistics.mean(precision or [0.0]), statistics.mean(recall)
    return 2 * p * r / (p + r) if p + r else 0.0


def weights_of(folder: Path, number: int) -> tuple[prose.Weights, Trees]:
    """The weights that never saw a fold's sites."""
    data = json.loads((folder / f"{number}.prose.json").read_text(encoding="utf-8"))
    return prose.Weights(**data["weights"]), Trees.read(folder / f"{number}.lines.json")


def _same(value: Any) -> Any:
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--corpus", action="append", choices=CORPORA)
    parser.add_argument("--folds", type=Path, metavar="DIR", help="the weights of fit_lines.py --folds-to")
    args = parser.parse_args()
    use = [weights_of(args.folds, number) for number in range(FOLDS)] if args.folds else []
    clean = cleaner.Cleaner()
    print("corpus   view      untouched  C4's filter  cleaner  again")
    for corpus in args.corpus or CORPORA:
        views: dict[str, list[tuple[str, str, str]]] = {}
        for url, view, text, gold in documents(args.corpora, corpus):
            views.setdefault(view, []).append((url, text, gold))
        for view, rows in views.items():
            pairs: dict[str, list[tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]]]]] = {"as it is": [], "c4": [], "cleaner": []}
            stays = 0
            for url, text, body in rows:
                if use:
                    shapes, trees = use[fold_of(url)]
                    prose.weights, lines.weights = partial(_same, shapes), partial(_same, trees)  # type: ignore[assignment]
                article = clean.clean_text(text, url=url if "//" in url else None)
                gold = runs(body)
                pairs["as it is"].append((gold, runs(text)))
                pairs["c4"].append((gold, runs(c4(text))))
                pairs["cleaner"].append((gold, runs(article.text if corpus == "lines" else article.body)))
                stays += not clean.clean_text(article.text).removed
            figures = [f1(pairs[name]) for name in ("as it is", "c4", "cleaner")]
            print(f"{corpus:8} {view:9} {figures[0]:9.4f} {figures[1]:12.4f} {figures[2]:8.4f} {stays / len(rows):6.3f}", flush=True)


if __name__ == "__main__":
    main()
