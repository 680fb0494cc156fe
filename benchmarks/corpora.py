"""The corpora's texts, read from the folders that `benchmarks/README.md` describes."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from cleaner.catalog import host_of

FOLDS = 4
CORPORA = ("aeb", "fundus", "wcxb", "daniel", "magic", "lines")


def documents(side: Path, corpus: str) -> Iterator[tuple[str, str, str, str]]:
    """(url or id, view, text, gold body) of a corpus."""
    if corpus == "lines":
        for line in (side / "lines" / "wac.jsonl").read_text(encoding="utf-8").rstrip("\n").split("\n"):
            doc = json.loads(line)
            view = "full" if doc["id"].endswith("html") else "leftover"
            yield doc["url"], view, "\n".join(t for _, t in doc["lines"]), "\n".join(t for k, t in doc["lines"] if k)
        return
    rows = [json.loads(x) for x in (side / corpus / "pages.jsonl").read_text(encoding="utf-8").rstrip("\n").split("\n")]
    gold = {row["id"]: row for row in rows}
    for line in gzip.decompress((side / corpus / "text.jsonl.gz").read_bytes()).decode().rstrip("\n").split("\n"):
        texts = json.loads(line)
        row = gold[texts["id"]]
        for view in ("full", "leftover"):
            if view in texts:
                yield row.get("url") or row["id"], view, texts[view], row["body"]


def fold_of(url: str) -> int:
    """Which of `FOLDS` folds a text's site is in."""
    return int(hashlib.md5((host_of(url) or url).encode()).hexdigest(), 16) % FOLDS
