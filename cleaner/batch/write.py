"""Articles → what goes into files: text, Markdown, JSON, JSON lines, TEI, rows of a table."""

from __future__ import annotations

import datetime
import json
from typing import Any

from cleaner.article import Article
from cleaner.batch.records import Record

ENDINGS = {"text": ".txt", "markdown": ".md", "json": ".json", "jsonl": ".jsonl", "xml": ".xml", "parquet": ".parquet"}
"""Formats, with the ending of their files."""
STREAMS = ("jsonl", "parquet")
"""Formats of which one file holds many articles."""


def written(article: Article, record: Record, style: str, removed: bool = False, corpus: bool = False) -> bytes | dict[str, Any]:
    """An article as one of `ENDINGS`; for ``parquet`` a row of `columns`."""
    if style == "parquet":
        return row(article, record, removed)
    if style in ("json", "jsonl"):
        text = json.dumps(as_data(article, record, removed), ensure_ascii=False, indent=2 if style == "json" else None, default=_plain) + "\n"
    elif style == "xml":
        from cleaner.batch.tei import tei

        text = tei(article, removed, inner=corpus)
    else:
        text = markdown(article) if style == "markdown" else article.text + "\n" if article.text else ""
    return text.encode("utf-8", "replace")


def as_data(article: Article, record: Record, removed: bool) -> dict[str, Any]:
    """An article as plain data, with where it comes from; with ``removed`` also what went, and every stretch that stayed with its place."""
    data = {"source": record.source, "record": record.number, "id": record.id, **article.to_dict(removed)}
    if not removed:
        del data["blocks"]
    if record.extra:
        data["extra"] = dict(record.extra)
    return data


def _plain(value: object) -> object:
    """What JSON has no way to write, such as the dates and bytes of a table."""
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def markdown(article: Article) -> str:
    """Headline as heading, dateline in italics, crossheads, quotes and lists as such."""
    parts = [f"# {article.headline}"] if article.headline else []
    parts += [f"*{article.dateline.text}*"] if article.dateline else []
    kinds = {block.text: block.kind for block in article.blocks}
    marks = {"crosshead": "## ", "quote": "> "}
    parts += [marks.get(kinds.get(p, ""), "") + (p if kinds.get(p) != "list-item" else "- " + p[1:].lstrip()) for p in article.paragraphs]
    return "\n\n".join(parts) + "\n" if parts else ""


def row(article: Article, record: Record, removed: bool) -> dict[str, Any]:
    """An article as a row of `cleaner.batch.rows.output_schema`, with ``source`` and ``record``."""
    from cleaner.batch.rows import row_of

    return {"source": record.source, "record": record.number, **row_of(article, record.id, removed)}
