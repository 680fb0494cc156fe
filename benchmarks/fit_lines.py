"""Fit the weights of `cleaner.prose` and `cleaner.lines` on the development corpora, and say how good they are on sites left out.

    python benchmarks/fit_lines.py CORPORA [--write] [--folds-to DIR]

First step: logistic regression on the codes that `cleaner.prose` gives lines (`fit_weights.py`). Second step:
trees (`cleaner.lines`) on what is then known of the whole text, the scores of the first step those
of a model that never saw the site. A line counts as the article's if at least half of its runs of four tokens stand in the gold text;
every site weighs the square root of its pages, every corpus and view the same. Figures are F1 of mean token precision and recall,
on four folds of sites. ``--write`` writes ``cleaner/line_weights.json``, fitted on all sites. Needs catboost.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import fit_weights as first
import numpy as np
from catboost import CatBoostClassifier
from corpora import CORPORA, FOLDS, documents

import cleaner
from cleaner import judge, lines, prose
from cleaner.fold import fold
from cleaner.places import has_place
from cleaner.read_text import read_text
from cleaner.shapes import Context
from cleaner.trees import Trees, as_data

TREES = {"depth": 6, "iterations": 300, "learning_rate": 0.12, "l2_leaf_reg": 6.0}


def found_by_words(made: cleaner.Cleaner, text: str) -> tuple[Context, list[str | None]]:
    """The lines of a text, and what the rules' words find each to be, no site known."""
    page = read_text(text)
    rules = made._rules_for(replace(page, language=made._language(page, None, [])))
    folded = fold("\n".join(page.lines))
    context = Context(page, folded.split("\n"), rules.prose)
    result = judge.Judgement([None] * len(page.lines))
    fired = judge._fire(rules.everywhere, context, folded, result)
    fired += judge._fire(rules.matcher, context, folded, result, context.in_question)
    judge._by_phrases(context, [(hit, rule) for hit, rule in fired if not has_place(rule) and not rule.link_density], result)
    return context, [cause.label if cause else None for cause in result.causes]


def load(side: Path) -> list[dict[str, Any]]:
    docs = first.load(side)
    made = cleaner.Cleaner()
    texts = [text for corpus in CORPORA for _, _, text, _ in documents(side, corpus)]
    for doc, text in zip(docs, texts, strict=True):
        context, doc["found"] = found_by_words(made, text)
        doc["folded"] = context.folded
        doc["shapes"] = context.shapes
    return docs


def second(docs: list[dict[str, Any]], scores: Any) -> None:
    """What the trees ask, with the scores of the first step."""
    for d in docs:
        z = [scores(d, row) for row in d["rows"]]
        d["z"] = z
        d["facts"] = lines.facts(d["shapes"], d["kind"], d["folded"], z, d["found"]) if z else np.zeros((0, 1), dtype=np.float32)


def grown(docs: list[dict[str, Any]]) -> CatBoostClassifier:
    docs = [d for d in docs if len(d["labels"])]
    table = np.concatenate([d["facts"] for d in docs])
    target = np.concatenate([d["labels"] for d in docs])
    weight = []
    for d in docs:
        size = np.array(d["sizes"], dtype=float)
        weight.append(np.minimum(size + 3, 200) / max(60.0, size[np.array(d["labels"]) == 1].sum()) * d["weight"])
    weights = np.concatenate(weight)
    used = (weights > 0) & (target >= 0)
    model = CatBoostClassifier(verbose=0, allow_writing_files=False, thread_count=2, random_seed=1, **TREES)
    return model.fit(table[used], target[used], sample_weight=(weights / weights[used].mean())[used])


def data_of(model: CatBoostClassifier) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        model.save_model(f"{folder}/model.json", format="json")
        return as_data(json.loads(Path(f"{folder}/model.json").read_text()))


def write(path: Path, data: dict[str, Any]) -> None:
    path.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in data.items()) + "\n}\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--folds-to", type=Path, metavar="DIR", help="write each fold's weights there: K.prose.json, K.lines.json")
    args = parser.parse_args()
    docs = load(args.corpora)
    for fold_number in range(FOLDS):
        vector, base = first.fit([d for d in docs if d["fold"] != fold_number])
        second([d for d in docs if d["fold"] == fold_number], lambda d, row, v=vector, b=base: b + v[row].sum())
        if args.folds_to:
            args.folds_to.mkdir(parents=True, exist_ok=True)
            shipped = prose.weights()
            weights = first.as_weights(vector, base, shipped.bias, shipped.switch)
            (args.folds_to / f"{fold_number}.prose.json").write_text(json.dumps({"weights": weights}), encoding="utf-8")
    for fold_number in range(FOLDS):
        model = data_of(grown([d for d in docs if d["fold"] != fold_number]))
        if args.folds_to:
            write(args.folds_to / f"{fold_number}.lines.json", model)
        trees = Trees.of(model)
        for d in docs:
            if d["fold"] == fold_number and d["z"]:
                d["score"] = trees.judge(d["facts"])
    untouched = first.evaluate(docs, lambda d: [True] * len(d["labels"]))
    print("token F1 on sites left out of the fit: untouched, by the trees at these thresholds")
    figures = [first.evaluate(docs, lambda d, t=t: [s > t for s in d.get("score", [])]) for t in (0, -0.5, -1.0, -1.5, -2.0)]
    for key, value in untouched.items():
        print(f"{key[0]:8} {key[1]:9} {value:.4f}   " + " ".join(f"{f[key]:.4f}" for f in figures))
    if args.write:
        write(Path(lines.__file__).parent / "line_weights.json", data_of(grown(docs)))


if __name__ == "__main__":
    main()
