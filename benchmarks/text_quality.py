"""How good text is cleaned: F1 of the body, beside C4's line filter and the untouched text.

    python benchmarks/text_quality.py ../shared/corpora [--corpus fundus]

Mean precision and recall over documents of runs of four tokens, and their harmonic
mean, as the article-extraction-benchmark has it; a Chinese, Japanese or Thai sign is
a token. For ``lines``, whose gold has the headline, `Article.text` is measured, else
`Article.body`. ``again`` is the share of documents from whose cleaned text a second
cleaning removes nothing (law 4).
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter
from pathlib import Path

import regex

sys.path.insert(0, str(Path(__file__).parent))
from corpora import CORPORA, documents
from text_speed import c4

import cleaner

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--corpus", action="append", choices=CORPORA)
    args = parser.parse_args()
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
