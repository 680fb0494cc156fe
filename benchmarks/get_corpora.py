"""Bring checkouts of public benchmarks to the form that the other scripts read.

    python benchmarks/get_corpora.py CHECKOUTS OUT

CHECKOUTS holds clones, by these names, of what is there:

    article-extraction-benchmark   https://github.com/scrapinghub/article-extraction-benchmark (MIT)
    web-content-extraction-benchmark   https://github.com/Murrough-Foley/web-content-extraction-benchmark (CC-BY-4.0)
    fundus                         https://github.com/flairNLP/fundus (MIT)

OUT gets ``aeb``, ``wcxb`` and ``fundus``: ``pages.jsonl`` (id, url, body, and title where there
is one) and ``html/ID.html.gz``. A checkout that is missing, or laid out otherwise than known
here, is named and left out; nothing is made up for it.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Rows = Iterator[tuple[dict[str, Any], bytes]]


def aeb(folder: Path) -> Rows:
    """``ground-truth.json`` (id → articleBody, url) beside ``html/ID.html.gz``."""
    for name, gold in json.loads((folder / "ground-truth.json").read_text(encoding="utf-8")).items():
        row = {"id": name, "url": gold.get("url"), "body": gold["articleBody"]}
        yield row, gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes())


def wcxb(folder: Path) -> Rows:
    """``dev/ground-truth/*.json`` with ``dev/html/*``, of the articles alone."""
    for path in sorted(folder.rglob("ground-truth/*.json")):
        gold = json.loads(path.read_text(encoding="utf-8"))
        found = sorted((path.parent.parent / "html").glob(f"{path.stem}.htm*"))
        page_type = gold.get("page_type") or gold.get("_internal", {}).get("page_type", {}).get("primary")
        truth = gold.get("ground_truth", gold)
        if found and page_type == "article":
            data = found[0].read_bytes()
            yield {"id": path.stem, "url": gold.get("url"), "title": truth.get("title"), "body": truth["main_content"]}, gzip.decompress(data) if found[0].suffix == ".gz" else data


def fundus(folder: Path) -> Rows:
    """``tests/resources/parser/test_data/COUNTRY/PUBLISHER.json`` (gold by version), the pages ``PUBLISHER_DATE.html.gz`` and ``meta.info`` (their URLs).

    A page is paired with its gold only where that is plain: the newest page with the newest version.
    """
    for path in sorted((folder / "tests/resources/parser/test_data").glob("*/*.json")):
        urls = json.loads((path.parent / "meta.info").read_text(encoding="utf-8"))
        named = sorted(name for name in urls if name.rsplit("_", 3)[0] == path.stem and (path.parent / name).exists())
        versions = list(json.loads(path.read_text(encoding="utf-8")).values())
        if not named or not versions or not versions[-1].get("body"):
            continue
        gold = versions[-1]
        parts = [*gold["body"].get("summary", ())]
        for section in gold["body"].get("sections", ()):
            parts += [*section.get("headline", ()), *section.get("paragraphs", ())]
        row = {"id": named[-1].removesuffix(".html.gz"), "url": urls[named[-1]]["url"], "title": gold.get("title"), "body": "\n\n".join(parts)}
        yield row, gzip.decompress((path.parent / named[-1]).read_bytes())


READERS = {"aeb": ("article-extraction-benchmark", aeb), "wcxb": ("web-content-extraction-benchmark", wcxb), "fundus": ("fundus", fundus)}


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    checkouts, out = map(Path, sys.argv[1:])
    missing = 0
    for corpus, (name, reader) in READERS.items():
        target = out / corpus
        rows = []
        try:
            for row, data in reader(checkouts / name):
                (target / "html").mkdir(parents=True, exist_ok=True)
                (target / "html" / f"{row['id']}.html.gz").write_bytes(gzip.compress(data))
                rows.append(json.dumps(row, ensure_ascii=False))
        except (OSError, KeyError, ValueError) as error:
            print(f"{corpus}: {checkouts / name}: {error}", file=sys.stderr)
        if rows:
            (target / "pages.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
        missing += not rows
        print(f"{corpus}: {len(rows)} pages")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
