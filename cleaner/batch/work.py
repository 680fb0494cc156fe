"""What a process does with a record: clean it, and write the article in the format that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cleaner.batch.records import Record, clean_record
from cleaner.batch.write import written
from cleaner.engine import Cleaner


@dataclass(frozen=True, slots=True)
class Options:
    """How records are cleaned and articles written. Whatever changes the output is here, and in the rules."""

    format: str = "jsonl"
    """One of `cleaner.batch.write.ENDINGS`."""
    rules: tuple[str, ...] = ()
    """Folders of rule files, added to the shipped and the user's own."""
    language: str | None = None
    """ISO 639-1, for records that do not say theirs."""
    url: str | None = None
    """For records that do not say theirs."""
    captions: bool = False
    repair: bool = True
    """Whether mojibake is repaired."""
    removed: bool = False
    """Whether what was removed is written too."""
    corpus: bool = False
    """Whether many articles go into one file, which in TEI has a root of its own."""


@dataclass(frozen=True, slots=True)
class Done:
    """A record's article, written."""

    data: bytes | dict[str, Any]
    """As it goes into a file; for Parquet a row."""
    warnings: tuple[str, ...] = ()


def worker(options: Options) -> Callable[[Record], Done]:
    """A function that cleans records. Raises `cleaner.RuleError` where rule files have faults."""
    cleaner = Cleaner(options.rules, repair_mojibake=options.repair)

    def work(record: Record) -> Done:
        article = clean_record(cleaner, record, captions=options.captions, url=options.url, language=options.language)
        return Done(written(article, record, options.format, options.removed, options.corpus), article.warnings)

    return work
