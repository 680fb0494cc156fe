"""Tables of documents: Parquet files in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from cleaner.batch.records import Failure, Fields, Kind, Record
from cleaner.batch.sources import Source
from cleaner.batch.streams import ReadProblem

_ROWS = 64


def read_parquet(file: BinaryIO, source: Source, fields: Fields, kind: Kind) -> Iterator[Record | Failure]:
    """The rows of a table, a record each; every column that is not asked for by name is kept as `Record.extra`."""
    from cleaner.batch.read import record_of

    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ReadProblem("missing", "reading Parquet needs a package that is not installed: pip install 'cleaner[parquet]'") from error
    try:
        table = pq.ParquetFile(file)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ReadProblem("damaged", f"this Parquet file cannot be read, perhaps because it is cut off: {error}") from error
    names = table.schema_arrow.names
    if fields.find("content", names) is None:
        raise ReadProblem("no-column", f"the table has none of the columns {', '.join(fields.content)}; it has {', '.join(names)}; name the one with the pages with --field")
    number = 0
    try:
        for batch in table.iter_batches(batch_size=_ROWS):
            for row in _rows(batch):
                number += 1
                yield record_of(row, number, source, fields, kind)
    except (pa.ArrowException, OSError) as error:
        raise ReadProblem("damaged", f"the table is damaged behind row {number}: {error}") from error


def _rows(batch: Any) -> list[dict[str, Any]]:
    """The rows of a batch; a value that Python has none for comes as bytes or as text."""
    try:
        rows: list[dict[str, Any]] = batch.to_pylist()
    except (ValueError, OverflowError):
        rows = [{name: _value(column[at]) for name, column in zip(batch.schema.names, batch.columns, strict=True)} for at in range(batch.num_rows)]
    return rows


def _value(scalar: Any) -> object:
    """One value: text that is not UTF-8 as bytes, a time that Python cannot hold as text, and None where nothing helps."""
    import pyarrow as pa

    for convert in (scalar.as_py, lambda: scalar.as_buffer().to_pybytes(), lambda: scalar.cast(pa.string()).as_py()):
        with contextlib.suppress(ValueError, OverflowError, AttributeError, pa.ArrowException):
            value: object = convert()
            return value
    return None
