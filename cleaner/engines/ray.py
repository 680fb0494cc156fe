"""Ray Data: a Dataset of pages or texts → a Dataset of articles.

    from cleaner.engines.ray import clean

    clean(ray.data.read_parquet("s3://…/pages"), keep=["host"]).write_parquet("s3://…/articles")

The workers need the package too (a runtime environment, see docs/engines.md). Needs ``ray[data]``
(``pip install 'cleaner[ray]'``).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from cleaner.batch.pool import Limits
from cleaner.batch.records import Fields, Kind
from cleaner.engines import missing

try:
    import pyarrow as pa
    from ray.data import Dataset
except ImportError as error:
    raise missing("ray") from error

from cleaner.arrow import check, clean_batch

_ROWS = 256


def clean(
    dataset: Dataset,
    *,
    fields: Fields | None = None,
    kind: Kind = "auto",
    rules: Sequence[str | os.PathLike[str]] = (),
    captions: bool = False,
    removed: bool = False,
    keep: Sequence[str] = (),
    isolate: bool = True,
    limits: Limits | None = None,
    rows: int | None = _ROWS,
    **ray_options: Any,
) -> Dataset:
    """The articles of a Dataset, a row each: the columns to ``keep``, then those of `cleaner.arrow.output_schema`.

    The arguments are those of `cleaner.arrow.clean_batch`; ``rules`` are folders on the workers. At most ``rows`` are
    worked on at a time. Other arguments (``num_cpus``, ``concurrency``, ...) are those of Ray's ``map_batches``. With
    ``isolate``, as it is if nothing is said, each of Ray's workers has one process of its own that does the work: a document
    that kills it or takes too long becomes an ``error``; without, Ray would try its task again and again, without end.
    Raises TypeError and ValueError for wrong arguments (at once, where Ray knows the columns); faulty rule files fail the job.
    """
    fields = fields or Fields()
    known = dataset.schema(fetch_if_missing=False)
    if known is not None:
        check(known.names, fields, kind, rules, keep)
    options = {"fields": fields, "kind": kind, "rules": tuple(map(str, rules)), "captions": captions, "removed": removed, "keep": tuple(keep), "isolate": isolate, "limits": limits}
    return dataset.map_batches(_table, fn_kwargs=options, batch_format="pyarrow", batch_size=rows, zero_copy_batch=True, **ray_options)


def _table(table: pa.Table, **options: Any) -> pa.Table:
    return clean_batch(table, **options) if table.num_columns else table  # a block without rows has no columns, either
