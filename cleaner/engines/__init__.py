"""Articles in the engines that people run when one machine is too small, each as that engine does it.

One module an engine, none of which the others need: `spark` and `ray` clean tables with `cleaner.arrow.clean_batch`,
`datatrove` is a step of its pipelines. What is short enough to be a recipe (Dask, Daft, Polars, DuckDB, Hugging Face
datasets) is on the page docs/engines.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleaner.pipelines import Cleaned, Options


def missing(extra: str) -> ImportError:
    """What is raised where an engine is not installed."""
    return ImportError(f"cleaner.engines.{extra} needs a package that is not installed: pip install 'cleaner[{extra}]'")


def worker(options: Options) -> Callable[[tuple[str, str | None]], Cleaned]:
    """What a process of `cleaner.batch.pool.Pool` does with a document's text and URL. It needs no engine."""
    options.warm_up()
    return lambda document: options.clean_or_raise(*document)
