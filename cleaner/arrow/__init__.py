"""Articles of Arrow tables and record batches: what every engine calls.

>>> import pyarrow as pa
>>> from cleaner.arrow import clean_batch
>>> pages = pa.table({"id": ["1", "2"], "text": ["Lire aussi : Retraites, ce qui change", None]})
>>> articles = clean_batch(pages)
>>> articles["error"].to_pylist()
[None, 'no-text: the column text is null']

Nothing here raises for what a record holds: what is wrong with it stands in the column ``error``, and the other columns are null.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, get_args

from cleaner.batch.pool import Broken, Limits, Pool
from cleaner.batch.records import Fields, Kind, Record, clean_record, weight
from cleaner.batch.rows import output_schema, row_of
from cleaner.engine import Cleaner

try:
    import pyarrow as pa
except ImportError as error:
    raise ImportError("cleaner.arrow needs the package pyarrow: pip install 'cleaner[arrow]'") from error

__all__ = ["clean_batch", "input_schema", "output_schema", "row_of"]

Tabular = TypeVar("Tabular", bound="pa.RecordBatch | pa.Table")

_ROWS = 1000
"""Rows of a table that are worked on at a time."""


def input_schema(kind: str = "html") -> pa.Schema:
    """The columns that are asked for: ``html`` (bytes) or ``text``, and, where they are known, ``url``, ``id`` and ``language``.

    Other names are found by `cleaner.batch.records.Fields`; strings and binaries, large ones and views are all taken.
    """
    content = ("html", pa.binary()) if kind == "html" else ("text", pa.string())
    return pa.schema([("id", pa.string()), ("url", pa.string()), ("language", pa.string()), content])


@dataclass(frozen=True, slots=True)
class _Options:
    rules: tuple[str, ...]
    captions: bool
    removed: bool


def _worker(options: _Options) -> Callable[[Record], dict[str, Any]]:
    cleaner = Cleaner(options.rules)
    return lambda record: row_of(clean_record(cleaner, record, captions=options.captions), record.id or None, options.removed)


_in_process = cache(_worker)


_Key = tuple[int, _Options, int, Limits]
_free: dict[_Key, list[Pool[Record, dict[str, Any]]]] = {}
"""Pools that nobody uses now, by the process that made them (a fork must not use its parent's) and what they do."""
_lock = threading.Lock()


@contextmanager
def _pool(options: _Options, jobs: int, limits: Limits) -> Iterator[Pool[Record, dict[str, Any]]]:
    """A pool for one thread at a time; it stays for the next batch if all went well."""
    key = (os.getpid(), options, jobs, limits)
    with _lock:
        pool = _free[key].pop() if _free.get(key) else None
    if pool is None:
        pool = Pool(jobs, _worker, (options,), limits)
        atexit.register(pool.close)
    try:
        yield pool
    except BaseException:
        atexit.unregister(pool.close)
        pool.close()
        raise
    with _lock:
        _free.setdefault(key, []).append(pool)


def clean_batch(
    batch: Tabular,
    *,
    fields: Fields | None = None,
    kind: Kind = "auto",
    rules: Sequence[str | os.PathLike[str]] = (),
    captions: bool = False,
    removed: bool = False,
    keep: Sequence[str] = (),
    isolate: bool = False,
    jobs: int = 1,
    limits: Limits | None = None,
) -> Tabular:
    """The articles of a table or record batch, a row each and in the order of its rows, with the columns of `output_schema`.

    ``fields`` says what the columns are called, ``kind`` (``html``, ``text``) what they hold if looking does not tell;
    what stands in a column ``html`` is a page. ``rules`` are folders of rule files, added to the shipped and the user's own.
    With ``captions`` those of pictures stay, with ``removed`` there is a column of what went, by which rule, and ``keep``
    names the other columns that come back too, in front.

    With ``isolate`` the work is done in ``jobs`` processes of our own, which stay for the next batch, within ``limits``
    for each document: one that kills, hangs or takes all the memory becomes an ``error`` (``killed``, ``time``,
    ``memory``), and the engine's own process lives on. Threads may call this at the same time: each has processes of its
    own then, as has each fork.

    Raises TypeError and ValueError if an argument is wrong or the table lacks the columns (a table's fault, not a
    record's), and `RuleError` for faulty rule files.
    """
    fields = fields or Fields()
    if not isinstance(batch, (pa.RecordBatch, pa.Table)):
        raise TypeError(f"batch is {type(batch).__name__}, not a pyarrow.Table or pyarrow.RecordBatch")
    check(batch.schema.names, fields, kind, rules, keep)
    options = _Options(tuple(map(str, rules)), captions, removed)
    schema = output_schema(removed=removed, keep=pa.schema([batch.schema.field(name) for name in keep]))
    with _pool(options, jobs, limits or Limits()) if isolate else nullcontext() as pool:
        if isinstance(batch, pa.RecordBatch):
            one: Tabular = _cleaned(batch, schema, fields, kind, keep, options, pool)
            return one
        parts = [_cleaned(part, schema, fields, kind, keep, options, pool) for part in batch.to_batches(max_chunksize=_ROWS)]
        whole: Tabular = pa.Table.from_batches(parts, schema)
        return whole


def check(names: Sequence[str], fields: Fields, kind: str, rules: object, keep: Sequence[str]) -> None:
    """Whether a table with these columns can be cleaned in this way. Raises TypeError and ValueError if not, as `clean_batch` does."""
    if isinstance(rules, (str, os.PathLike)):
        raise TypeError("rules is a list of folders; write rules=[folder]")
    if isinstance(keep, str):
        raise TypeError("keep is a list of columns; write keep=[column]")
    if kind not in get_args(Kind):
        raise ValueError(f"kind is {kind!r}, not one of {', '.join(get_args(Kind))}")
    if fields.find("content", names) is None:
        raise ValueError(f"the table has none of the columns {', '.join(fields.content)}; it has {', '.join(names)}; say fields=Fields.named(content=...)")
    missing = [name for name in keep if name not in names]
    if missing:
        raise ValueError(f"the table has no column {', '.join(missing)} to keep; it has {', '.join(names)}")
    used = {*fields.content, *fields.url, *fields.id, *fields.language, *keep}
    twice = sorted({name for name in names if name in used and list(names).count(name) > 1})
    if twice:
        raise ValueError(f"the table has more than one column {', '.join(twice)}")


def _cleaned(
    batch: pa.RecordBatch, schema: pa.Schema, fields: Fields, kind: Kind, keep: Sequence[str], options: _Options, pool: Pool[Record, dict[str, Any]] | None
) -> pa.RecordBatch:
    """The articles of one record batch."""
    found = list(_records(batch, fields, kind))
    documents = [item for item in found if isinstance(item, Record)]
    if pool is not None:
        results = iter([result for _, result in pool.map(documents, weight)])
    else:
        results = map(_guarded(_in_process(options)), documents)
    rows = [_failed(item) if isinstance(item, _Bad) else _or_failed(next(results), item) for item in found]
    made = pa.RecordBatch.from_pylist(rows, schema=output_schema(removed=options.removed))
    return pa.RecordBatch.from_arrays([*(batch.column(name) for name in keep), *made.columns], schema=schema)


@dataclass(frozen=True, slots=True)
class _Bad:
    """A row without a document."""

    id: str | None
    url: str | None
    error: str


def _records(batch: pa.RecordBatch, fields: Fields, kind: Kind) -> Iterator[Record | _Bad]:
    """A record a row; only the columns that are asked for are read."""
    names = batch.schema.names
    asked = {field: fields.find(field, names) for field in ("url", "id", "language")}
    contents = [name for name in fields.content if name in names]
    columns = {name: _values(batch.column(name)) for name in {*contents, *filter(None, asked.values())}}
    for at in range(batch.num_rows):
        url, key, language = (None if name is None else columns[name][at] for name in (asked["url"], asked["id"], asked["language"]))
        url, key, language = (None if value is None or value == "" else _string(value) for value in (url, key, language))
        name = next((name for name in contents if isinstance(columns[name][at], (str, bytes))), None)
        if name is None:
            value = columns[contents[0]][at]
            yield _Bad(key, url, f"no-text: the column {contents[0]} is {'null' if value is None else 'a ' + type(value).__name__}")
            continue
        how: Kind = kind if kind != "auto" else "html" if name == "html" else "auto"
        yield Record("table", at + 1, key or "", columns[name][at], how, url, language)


def _values(column: pa.Array) -> list[Any]:
    """A column's values; strings that are no UTF-8, as bytes."""
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        values = column.cast(pa.large_binary() if pa.types.is_large_string(column.type) else pa.binary()).to_pylist()
    return values


def _string(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _guarded(work: Callable[[Record], dict[str, Any]]) -> Callable[[Record], dict[str, Any] | Broken]:
    def guarded(record: Record) -> dict[str, Any] | Broken:
        try:
            return work(record)
        except Exception as error:
            return Broken(type(error).__name__, str(error) or repr(error))

    return guarded


def _or_failed(result: dict[str, Any] | Broken, record: Record) -> dict[str, Any]:
    return _failed(_Bad(record.id or None, record.url, f"{result.kind}: {result}")) if isinstance(result, Broken) else result


def _failed(bad: _Bad) -> dict[str, Any]:
    return {"id": bad.id, "url": bad.url, "error": bad.error}
