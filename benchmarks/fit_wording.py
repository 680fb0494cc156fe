"""Fit the weights of `cleaner.wording` on the rule files, one language at a time.

    python benchmarks/fit_wording.py [CODE ...] [--corpora CORPORA] [--write] [--without-fixtures]

What goes: the ``drop`` examples of a language's rules, ways in which their phrases can be worded, and the boilerplate lines of
``fixtures/languages``. What stays: the ``keep`` examples, the paragraphs and body lines of the fixtures, the short lines of
articles in ``fixtures/languages/short``, and short runs of words out of all of them. Logistic regression on hashed n-grams. Without ``--write`` nothing is
changed; with ``--without-fixtures`` the fixtures' lines (not their paragraphs) are left out, and the figures printed say what the model makes of them:
how many lines of boilerplate and of the body are above each threshold. Needs scipy and scikit-learn.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from pathlib import Path

import languages
import numpy as np
from corpora import documents
from fit_weights import labels
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from cleaner import catalog, language, wording
from cleaner.fold import UNSPACED_SIGN, fold
from cleaner.literals import braces, choices
from cleaner.shapes import SENTENCE_DOUBT, STRANGE

WAYS = 6
"""Wordings drawn of a phrase with choices."""
SPANS = 600
CORPORA = ("wcxb", "daniel", "lines")
"""Corpora whose articles' short lines are learnt from; the others show whether that is of use."""
LONGEST = 160
MOST = 3000
THRESHOLDS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)


def worded(phrase: str, chance: random.Random) -> list[str]:
    """Some of the ways in which a phrase can be worded."""
    found = []
    for _ in range(WAYS):
        text = phrase
        for match in reversed(braces(phrase)):
            options = choices(match[1])
            text = text[: match.start()] + (chance.choice(options) if options else "12" if match[1] == "number" else "") + text[match.end() :]
        found.append(" ".join(text.split()))
    return list(dict.fromkeys(found))


def runs(texts: list[str], many: int, unspaced: bool, chance: random.Random) -> list[str]:
    """Short runs of words out of texts."""
    found = []
    for _ in range(many if texts else 0):
        text = chance.choice(texts)
        words = list(text) if unspaced else text.split()
        size = chance.randint(4, 14) if unspaced else chance.randint(1, 7)
        at = chance.randrange(max(1, len(words) - size))
        found.append(("" if unspaced else " ").join(words[at : at + size]).strip(".,;:"))
    return found


def samples(loaded: catalog.Catalog, code: str, fixtures: bool) -> tuple[list[str], list[int], list[float], bool]:
    """Lines, 1 for those that go, what each counts, and whether the script has no spaces."""
    chance = random.Random(1)
    lines: list[tuple[str, int, float]] = []
    for rule in loaded.rules(f"lang/{code}"):
        if rule.action != "drop":
            continue
        for example in rule.drops:
            lines += [(line, 1, 1.0) for some in re.findall(r"\[\[(.*?)\]\]", example.text) or [example.text] for line in some.split("\\n")]
        lines += [(line, 0, 1.0) for example in rule.keeps for line in example.text.split("\\n")]
        for key, phrases in rule.texts.items():
            if key != "matches":
                lines += [(text, 1, 0.5) for phrase in phrases for text in worded(phrase.text, chance)]
    keeps = [line for line, goes, _ in lines if not goes]
    path = languages.FIXTURES / f"{code}.txt"
    paragraphs: list[str] = []
    if path.exists():
        known = languages.read(path)
        paragraphs = known.paragraphs
        lines += [(sentence, 0, 1.0) for paragraph in paragraphs for sentence in re.split(r"(?<=[.!?。।])\s*", paragraph)]
        if fixtures:
            lines += [(line, 1, 1.0) for _, line in known.bad] + [(line, 0, 2.0) for line in known.body]
    briefly = languages.FIXTURES / "short" / f"{code}.txt"
    if briefly.exists():
        lines += [(line, 0, 1.0) for line in briefly.read_text(encoding="utf-8").split("\n") if line]
    unspaced = len(UNSPACED_SIGN.findall("".join(keeps))) > 0.3 * len("".join(keeps))
    lines += [(text, 0, 0.7) for text in runs(paragraphs or keeps, SPANS, unspaced, chance)]
    lines += [(text, 0, 0.4) for text in runs(keeps, SPANS // 2, unspaced, chance)]
    lines = [(line.strip(), goes, weight) for line, goes, weight in lines if line.strip()]
    return [line for line, _, _ in lines], [goes for _, goes, _ in lines], [weight for _, _, weight in lines], unspaced


def articles(side: Path) -> dict[str, list[str]]:
    """By language short lines of articles of the corpora: subheadings, items of lists, short sentences."""
    found: dict[str, set[str]] = {}
    for corpus in CORPORA:
        for _, view, text, gold in documents(side, corpus):
            code = language.detect(max(gold.split("\n"), key=len, default=""))
            if view != "leftover" or code is None:
                continue
            lines = [line for line in map(str.strip, text.split("\n")) if line]
            for line, yes in zip(lines, labels(lines, gold)[0], strict=True):
                if yes == 1 and len(line) <= LONGEST:
                    found.setdefault(code, set()).add(line)
    chance = random.Random(1)
    return {code: chance.sample(sorted(lines), min(MOST, len(lines))) for code, lines in found.items()}


def matrix(lines: list[str], shortest: int, longest: int) -> csr_matrix:
    """One row a line, one column a weight."""
    rows = []
    for line in lines:
        text = wording.signs([fold(line)])
        rows.append(np.concatenate([wording.hashes(text, size) for size in range(shortest, longest + 1)]))
    values = np.concatenate([np.full(len(row), 1 / np.sqrt(max(1, len(row)))) for row in rows])
    table = csr_matrix((values, np.concatenate(rows), np.cumsum([0, *map(len, rows)])), shape=(len(rows), 1 << wording.BITS))
    table.sum_duplicates()
    return table


def held(found: wording.Wording, lines: list[str]) -> np.ndarray:
    """The scores that lines must have to go, above the threshold for any line."""
    doubt = [SENTENCE_DOUBT * (line[-1] in ".!?。।؟") + 9 * (found.strange(fold(line)) > STRANGE) for line in lines]
    return found.scores([fold(line) for line in lines]) - doubt


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("codes", nargs="*")
    parser.add_argument("--corpora", type=Path, metavar="DIR", help="learn from short lines of the corpora's articles, too")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--without-fixtures", action="store_true")
    args = parser.parse_args()
    loaded = catalog.load()
    short = articles(args.corpora) if args.corpora else {}
    codes = args.codes or [code for code in loaded.languages if not loaded.top("same-as", f"lang/{code}")]
    path: Path = wording.FOLDER / "index.json"
    index = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    totals = np.zeros((len(THRESHOLDS), 2), dtype=int)
    for code in codes:
        lines, goes, weights, unspaced = samples(loaded, code, not args.without_fixtures)
        more = short.get(code, [])
        lines, goes, weights = [*lines, *more], [*goes, *([0] * len(more))], [*weights, *([0.5] * len(more))]
        shortest, longest = (1, 4) if unspaced else (2, 5)
        model = LogisticRegression(C=20, max_iter=500).fit(matrix(lines, shortest, longest), goes, sample_weight=weights)
        scale = float(np.abs(model.coef_[0]).max()) / 127
        small = np.round(model.coef_[0] / scale).astype(np.int8)
        entry = {"scale": round(scale, 6), "bias": round(float(model.intercept_[0]), 4), "shortest": shortest, "longest": longest}
        packed = wording.pack(small, {stem for line, yes in zip(lines, goes, strict=True) if yes for stem in wording.stems(fold(line))})
        if args.write:
            wording.FOLDER.mkdir(exist_ok=True)
            np.save(wording.FOLDER / f"{code}.npy", packed)
            index[code] = entry
        if (languages.FIXTURES / f"{code}.txt").exists():
            known_words = np.unpackbits(packed[1 << wording.BITS :].view(np.uint8))
            found = wording.Wording(small.astype(np.float32) * np.float32(scale), known_words, entry["bias"], shortest, longest)
            known = languages.read(languages.FIXTURES / f"{code}.txt")
            bad, body = (held(found, some) for some in ([line for _, line in known.bad], known.body))
            counts = np.array([[(bad > t).sum(), (body > t).sum()] for t in THRESHOLDS])
            totals += counts
            print(code, len(lines), "lines;", "  ".join(f"> {t}: {b} {g}" for t, (b, g) in zip(THRESHOLDS, counts, strict=True)), flush=True)
    print("all:", "  ".join(f"> {t}: {b} {g}" for t, (b, g) in zip(THRESHOLDS, totals, strict=True)))
    if args.write:
        path.write_text(json.dumps(dict(sorted(index.items())), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
