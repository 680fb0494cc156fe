"""datatrove: documents of pages or texts → documents of articles, as a step of its pipelines.

    LocalPipelineExecutor([WarcReader("crawl/"), ArticleCleaner(), JsonlWriter("articles/")], tasks=100).run()

Needs ``datatrove`` (``pip install 'cleaner[datatrove]'``).
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from itertools import islice
from typing import Any

from cleaner.batch.pool import Broken, Limits, Pool
from cleaner.engines import missing, worker
from cleaner.pipelines import WARNINGS, Cleaned, Options, Output, url_of

try:
    from datatrove.data import Document
    from datatrove.pipeline.base import PipelineStep
    from datatrove.pipeline.writers.disk_base import DiskWriter
    from datatrove.utils.typeshelper import StatHints
except ImportError as error:
    raise missing("datatrove") from error

_BATCH = 64
"""Documents that are worked on at a time, so that the time that reading takes is not counted as ours."""


class ArticleCleaner(PipelineStep):  # type: ignore[misc, unused-ignore]
    """Web pages or texts in, articles out; pages and texts are told apart by looking. It stands where an extractor would.

    The text becomes the article's. The metadata stays and gets what the article says: ``headline``, ``dateline``,
    ``authors``, ``published``, ``date``, ``language`` (strings, and only those that are known and not there already) and
    ``cleaner_warnings``; the web address in ``url`` chooses the rules of its site. Documents in which there is no article are
    dropped, to the ``exclusion_writer`` if there is one, with the reason in ``filter_reason``: ``empty`` (no article was
    found), ``failed``, or what its process died of (``time``, ``memory``, ``killed``).

    Raises TypeError or ValueError for wrong options, the rule files' faults among them.
    """

    name = "📰 Article"
    type = "🛢 - EXTRAC"

    def __init__(
        self,
        rules: Sequence[str | os.PathLike[str]] = (),
        language: str | None = None,
        output: Output = "text",
        keep_removed: bool = False,
        drop_empty: bool = True,
        isolate: bool = True,
        limits: Limits | None = None,
        exclusion_writer: DiskWriter | None = None,
    ) -> None:
        """Args:

        rules: folders of rule files, added to the shipped and the user's own
        language: ISO 639-1 code of all documents; found out for each if not said
        output: what becomes the text: headline, dateline and body ("text"), or the body alone ("body")
        keep_removed: whether the metadata says what was removed, in ``cleaner_removed``
        drop_empty: whether documents without an article are dropped; if not, they pass unchanged, with the reason in ``cleaner_warnings``
        isolate: whether the work is done in a process of its own, so that a document that kills it or takes too long does not end the task
        limits: what one document may use then
        exclusion_writer: a writer that saves the dropped documents
        """
        super().__init__()
        self.options = Options.of(rules, language, output, keep_removed, drop_empty)
        self.isolate = isolate
        self.limits = limits or Limits()
        self.exclusion_writer = exclusion_writer

    def run(self, data: Iterable[Document] | None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """The documents' articles, in their order. Never raises for what a document holds."""
        documents = iter(data or ())
        with (
            self.exclusion_writer or nullcontext() as writer,
            closing(Pool(1, worker, (self.options,), self.limits)) if self.isolate else nullcontext() as pool,
        ):
            while batch := list(islice(documents, _BATCH)):
                with self.track_time("batch"):
                    results = deque(self._cleaned(batch, pool))
                for document in batch:
                    self.stat_update(StatHints.total)
                    result, reason = results.popleft()
                    if reason and self.options.drop_empty:
                        self.stat_update(StatHints.dropped, f"dropped_{reason}")
                        if writer is not None:
                            document.metadata["filter_reason"] = reason
                            writer.write(document, rank)
                        continue
                    self.stat_update(StatHints.forwarded, reason or "extracted")
                    document.text = result.text
                    document.metadata = result.merged(document.metadata)
                    self.update_doc_stats(document)
                    yield document

    def _cleaned(self, batch: list[Document], pool: Pool[Any, Cleaned] | None) -> Iterator[tuple[Cleaned, str | None]]:
        """What became of each document, and why there is no article if there is none."""
        items = [(document.text, url_of(document.metadata)) for document in batch]
        found: Iterable[tuple[Any, Cleaned | Broken]]
        if pool is None:
            found = ((item, self.options.clean(*item)) for item in items)
        else:
            found = pool.map(items, lambda item: len(item[0]))
        for item, result in found:
            if isinstance(result, Broken):
                yield Cleaned(item[0], {WARNINGS: f"not cleaned: {result.kind}: {result}"}, "failed"), result.kind
            else:
                yield result, result.error
