"""Apache Spark: a DataFrame of pages or texts → a DataFrame of articles.

    from cleaner.engines.spark import clean

    pages = spark.read.parquet("s3a://…/pages")
    clean(pages, keep=["host"]).write.parquet("s3a://…/articles")

The executors need the package too (``spark.archives``, see docs/engines.md). Needs ``pyspark``
(``pip install 'cleaner[spark]'``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from cleaner.batch.pool import Limits
from cleaner.batch.records import Fields, Kind
from cleaner.engines import missing

try:
    import pyarrow as pa
    from pyspark.sql import DataFrame
    from pyspark.sql.pandas.types import from_arrow_schema
    from pyspark.sql.types import StructType
except ImportError as error:
    raise missing("spark") from error

from cleaner.arrow import check, clean_batch, output_schema


def clean(
    frame: DataFrame,
    *,
    fields: Fields | None = None,
    kind: Kind = "auto",
    rules: Sequence[str | os.PathLike[str]] = (),
    captions: bool = False,
    removed: bool = False,
    keep: Sequence[str] = (),
    isolate: bool = True,
    limits: Limits | None = None,
) -> DataFrame:
    """The articles of a DataFrame, a row each: the columns to ``keep``, then those of `cleaner.arrow.output_schema`.

    Partitions stay as they are, and so do the rows of each. The arguments are those of `cleaner.arrow.clean_batch`;
    ``rules`` are folders on the executors, and relative ones are looked for in the folder that a task runs in, where
    Spark puts its archives. With ``isolate``, as it is if nothing is said, each of Spark's Python workers has one
    process of its own that does the work: a document that kills it or takes too long becomes an ``error``; without, it
    would take the task, after some tries the job. Raises TypeError and ValueError for wrong arguments at once; faulty
    rule files fail the job.
    """
    fields = fields or Fields()
    check(frame.columns, fields, kind, rules, keep)
    options = {"fields": fields, "kind": kind, "rules": tuple(map(str, rules)), "captions": captions, "removed": removed, "keep": tuple(keep), "isolate": isolate, "limits": limits}
    work: Any = partial(_batches, options)
    return frame.mapInArrow(work, schema(frame, removed=removed, keep=keep))


def schema(frame: DataFrame, *, removed: bool = False, keep: Sequence[str] = ()) -> StructType:
    """The columns that `clean` gives for a DataFrame. Raises ValueError if a column to keep is named as one of ours."""
    ours = from_arrow_schema(output_schema(removed=removed, keep=pa.schema([(name, pa.null()) for name in keep])))
    return StructType([frame.schema[name] if name in keep else ours[name] for name in ours.names])


def _batches(options: dict[str, Any], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield clean_batch(batch, **options)
