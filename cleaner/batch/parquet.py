"""Tables of documents: Parquet files in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

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
    except pa.ArrowException as error:
        raise ReadProblem("damaged", f"this Parquet file cannot be read, perhaps because it is cut off: {error}") from error
    names = table.schema_arrow.names
    if fields.find("content", names) is None:
        raise ReadProblem("no-column", f"the table has none of the columns {', '.join(fields.content)}; it has {', '.join(names)}; name the one with the pages with --field")
    number = 0
    try:
        for batch in table.iter_batches(batch_size=_ROWS):
            for row in batch.to_pylist():
                number += 1
                yield record_of(row, number, source, fields, kind)
    except (pa.ArrowException, OSError) as error:
        raise ReadProblem("damaged", f"the table is damaged behind row {number}: {error}") from error
