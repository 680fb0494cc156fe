"""Quality and speed on web pages, beside the peers: the tables of the README.

    python benchmarks/page_quality.py CORPORA [--folds DIR] [--peers] [--corpus NAME] [--urls]

F1 of each corpus' pages without their URLs (no site rules); with ``--urls`` also
with them. ``--folds DIR`` judges each page by the weights that never saw its site
(``fit_page_weights.py --folds-to DIR``): that is what to expect of a page of a site
that nobody looked at. Times are CPU milliseconds a page, each extractor in a process of
its own, after a first pass over forty pages.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pages import CORPORA, Score, fold_of, pages

WARM_UP = 40
PEERS = ("trafilatura", "trafilatura-fast", "readability-lxml", "resiliparse")


def extractor(name: str, folds: Path | None) -> Callable[[dict[str, Any], bytes], str]:
    """What makes a body of a row and its bytes."""
    if name.startswith("cleaner"):
        import cleaner
        from cleaner import content

        fitted = [content.Weights.read(folds / f"{k}.json") for k in range(len(list(folds.glob("*.json"))))] if folds else []

        def ours(row: dict[str, Any], data: bytes) -> str:
            if fitted:
                chosen = fitted[fold_of(row, len(fitted))]
                content.weights = lambda: chosen  # type: ignore[assignment]
            return cleaner.clean(data, url=row.get("url") if name == "cleaner-urls" else None).body

        return ours
    if name.startswith("trafilatura"):
        import trafilatura

        extract = partial(trafilatura.extract, include_comments=False, fast=name.endswith("fast"))
        return lambda row, data: extract(data) or ""
    if name == "readability-lxml":
        import lxml.html
        import readability

        return lambda row, data: lxml.html.fromstring(readability.Document(data.decode("utf-8", "replace")).summary()).text_content()
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding

    return lambda row, data: extract_plain_text(bytes_to_str(data, detect_encoding(data)), main_content=True, alt_texts=False)


def measure(folder: Path, corpus: str, name: str, folds: Path | None) -> str:
    """One row: the score, and median and mean milliseconds."""
    extract = extractor(name, folds)
    for number, (row, data) in enumerate(pages(folder, corpus)):
        if number == WARM_UP:
            break
        extract(row, data)
    score, times = Score(), []
    for row, data in pages(folder, corpus):
        start = time.process_time()
        try:
            body = extract(row, data)
        except Exception:  # a crash counts as an empty answer
            body = ""
        times.append(1000 * (time.process_time() - start))
        score.add(row, body)
    return f"{score} | {statistics.median(times):.1f} | {statistics.mean(times):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--corpus", action="append")
    parser.add_argument("--folds", type=Path)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--urls", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(measure(args.corpora, args.corpus[0], args.one, args.folds))
        return
    versions = [f"{p} {importlib.metadata.version(p)}" for p in ("cleaner", "trafilatura", "selectolax", "numpy")]
    print(f"{datetime.date.today()}, Python {platform.python_version()}, {os.cpu_count()} cores {platform.machine()}; {', '.join(versions)}\n")
    print("| corpus | extractor | F1 | ms median | ms mean |\n| --- | --- | --- | --- | --- |")
    names = ["cleaner", *(["cleaner-urls"] if args.urls else []), *(PEERS if args.peers else [])]
    for corpus in args.corpus or CORPORA:
        for name in names:
            command = [sys.executable, __file__, str(args.corpora), "--corpus", corpus, "--one", name]
            command += ["--folds", str(args.folds)] if args.folds and name == "cleaner" else []
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            print(f"| {corpus} | {name} | {done.stdout.strip() or done.stderr.strip().splitlines()[-1]} |", flush=True)


if __name__ == "__main__":
    main()
