"""Articles → what goes into files: text, Markdown, JSON, JSON lines, TEI, rows of a table."""

from __future__ import annotations

import datetime
import json
import math
import re
from typing import Any

from cleaner.article import Article
from cleaner.batch.records import Record

ENDINGS = {"text": ".txt", "markdown": ".md", "json": ".json", "jsonl": ".jsonl", "xml": ".xml", "parquet": ".parquet"}
"""Formats, with the ending of their files."""
STREAMS = ("jsonl", "parquet")
"""Formats of which one file holds many articles."""


def written(article: Article, record: Record, style: str, removed: bool = False, corpus: bool = False) -> bytes | dict[str, Any]:
    """An article as one of `ENDINGS`; for ``parquet`` a `row`."""
    if style == "parquet":
        return row(article, record, removed)
    if style in ("json", "jsonl"):
        text = _json(as_data(article, record, removed), 2 if style == "json" else None) + "\n"
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


def _json(data: dict[str, Any], indent: int | None) -> str:
    try:
        return json.dumps(data, ensure_ascii=False, indent=indent, default=_plain, allow_nan=False)
    except (ValueError, TypeError):
        return json.dumps(_sayable(data), ensure_ascii=False, indent=indent, default=_plain, allow_nan=False)


def _sayable(value: Any) -> Any:
    """Without numbers that are none (NaN, the infinities) and with text as names, as JSON wants it."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name if isinstance(name, str) else str(name): _sayable(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_sayable(one) for one in value]
    return value


def _plain(value: object) -> object:
    """What JSON has no way to write, such as the dates and bytes of a table."""
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


_MARKUP = re.compile(r"#{1,6}\s|>|[+*-](?:\s|$)|[-*_=]{3}|[~`]{3}|<[a-zA-Z/!?]")
"""What Markdown would not take for text where a paragraph begins."""


def markdown(article: Article) -> str:
    """Headline as heading, dateline in italics, crossheads, quotes and lists as such; what only looks like markup is marked as text."""
    parts = [f"# {article.headline}"] if article.headline else []
    parts += [f"*{article.dateline.text}*"] if article.dateline else []
    kinds = {block.text: block.kind for block in article.blocks}
    marks = {"crosshead": "## ", "quote": "> ", "list-item": "- "}
    for paragraph in article.paragraphs:
        kind = kinds.get(paragraph, "")
        parts.append(marks.get(kind, "") + _text(paragraph[1:].lstrip() if kind == "list-item" else paragraph))
    return "\n\n".join(parts) + "\n" if parts else ""


def _text(paragraph: str) -> str:
    """A paragraph that Markdown takes for one, not for a heading, a list or HTML."""
    number = re.match(r"\d{1,9}(?=[.)](?:\s|$))", paragraph)
    if number:
        return f"{number[0]}\\{paragraph[number.end() :]}"
    return "\\" + paragraph if _MARKUP.match(paragraph) else paragraph


def row(article: Article, record: Record, removed: bool) -> dict[str, Any]:
    """An article as a row of `cleaner.batch.rows.output_schema`, with ``source`` and ``record``."""
    from cleaner.batch.rows import row_of

    return {"source": record.source, "record": record.number, **row_of(article, record.id, removed)}
