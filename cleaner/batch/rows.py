"""Articles as rows of a table, and the table's columns: what Parquet files and `cleaner.arrow` have in common."""

from __future__ import annotations

from typing import Any

from cleaner.article import Article


def output_columns(removed: bool = False) -> list[tuple[str, Any]]:
    """Names and Arrow types of an article's columns."""
    import pyarrow as pa

    text, many = pa.string(), pa.list_(pa.string())
    dateline = pa.struct([("text", text), ("place", text), ("date_text", text), ("date", pa.date32()), ("source", text)])
    gone = pa.list_(pa.struct([("text", text), ("start", pa.int64()), ("end", pa.int64()), ("label", text), ("rule", text)]))
    return [
        ("id", text),
        ("url", text),
        ("language", text),
        ("headline", text),
        ("dateline", dateline),
        ("byline", text),
        ("authors", many),
        ("published", text),
        ("site_name", text),
        ("body", text),
        ("text", text),
        ("warnings", many),
        *([("removed", gone)] if removed else []),
        ("error", text),
    ]


def output_schema(*, removed: bool = False, keep: Any = None) -> Any:
    """The columns that come back, after those of the Arrow schema ``keep``; ``published`` is ISO 8601, ``error`` null where all went well.

    Raises ValueError if a column to keep is called like one of them.
    """
    import pyarrow as pa

    columns = output_columns(removed)
    kept = [(field.name, field.type) for field in keep] if keep is not None else []
    twice = sorted({name for name, _ in kept} & {name for name, _ in columns})
    if twice:
        raise ValueError(f"columns to keep must have names of their own; {', '.join(twice)} are columns of the output")
    return pa.schema([*kept, *columns])


def row_of(article: Article, key: str | None, removed: bool = False) -> dict[str, Any]:
    """An article as a row of `output_schema`."""
    line = article.dateline
    row: dict[str, Any] = {
        "id": key,
        "url": article.url,
        "language": article.language,
        "headline": article.headline,
        "dateline": line and {"text": line.text, "place": line.place, "date_text": line.date_text, "date": line.date, "source": line.source},
        "byline": article.byline,
        "authors": list(article.authors),
        "published": article.published.isoformat() if article.published else None,
        "site_name": article.site_name,
        "body": article.body,
        "text": article.text,
        "warnings": list(article.warnings),
        "error": None,
    }
    if removed:
        row["removed"] = [{"text": r.text, "start": r.start, "end": r.end, "label": r.label, "rule": r.rule} for r in article.removed]
    return {name: _writable(value) for name, value in row.items()}


def _writable(value: Any) -> Any:
    """Without lone surrogates, which Arrow's strings cannot hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    if isinstance(value, list):
        return [_writable(one) for one in value]
    if isinstance(value, dict):
        return {name: _writable(one) for name, one in value.items()}
    return value
