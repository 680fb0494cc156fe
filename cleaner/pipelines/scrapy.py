"""Scrapy: items with a page or a text → items with the article.

    ITEM_PIPELINES = {"cleaner.pipelines.scrapy.ArticlePipeline": 300}

Needs ``scrapy`` (``pip install 'cleaner[scrapy]'``).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cleaner.pipelines import REMOVED, WARNINGS, Cleaned, Options, missing, url_of

try:
    from itemadapter import ItemAdapter
    from scrapy.exceptions import DropItem
except ImportError as error:
    raise missing("scrapy") from error

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

CONTENT = ("html", "text", "content", "body")
"""The fields in which an item's page or text is looked for, if none is named."""
SAID = ("text", "headline", "dateline", "authors", "published", "date", "language", WARNINGS, REMOVED)
"""What may be written to an item."""


class ArticlePipeline:
    """An item pipeline that puts the article where the page was; pages and texts are told apart by looking.

    Items are dictionaries, dataclasses, attrs classes, pydantic models or
    `scrapy.Item`. The text (headline, dateline and body, or the body alone)
    replaces the page; ``headline``, ``dateline``, ``authors``, ``published``,
    ``date`` and ``language`` go to the fields of these names that the item's class
    has (a dictionary takes all that are known) and that are empty. ``fields``
    names other fields: ``{"text": "article", "headline": "title"}``.

    An item in which there is no article passes unchanged, with the reason in the
    field ``cleaner_warnings`` if it has one, unless ``drop_empty`` is true: then it
    is dropped. An item without a page, or without the field for the text, passes
    untouched. The stats count ``cleaner/cleaned``, ``cleaner/empty`` (no article),
    ``cleaner/failed`` (could not be cleaned) and ``cleaner/skipped`` (untouched).

    Raises TypeError or ValueError for wrong options, the rule files' faults among them.
    """

    def __init__(
        self,
        rules: Sequence[str | os.PathLike[str]] = (),
        language: str | None = None,
        output: str = "text",
        keep_removed: bool = False,
        drop_empty: bool = False,
        content_field: str | None = None,
        url_field: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        self._options = Options.of(rules, language, output, keep_removed, drop_empty)
        self._content = (content_field,) if content_field else CONTENT
        self._url = url_field
        if unknown := set(fields or ()) - set(SAID):
            raise ValueError(f"fields names {', '.join(map(repr, sorted(unknown)))}; there are {', '.join(SAID)}")
        self._fields = {name: name for name in SAID[1:]} | dict(fields or {})
        self._stats: StatsCollector | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ArticlePipeline:
        """By the settings ``CLEANER_RULES``, ``CLEANER_LANGUAGE``, ``CLEANER_OUTPUT`` and so on: the options in capitals."""
        settings = crawler.settings
        made = cls(
            rules=settings.getlist("CLEANER_RULES"),
            language=settings.get("CLEANER_LANGUAGE"),
            output=settings.get("CLEANER_OUTPUT", "text"),
            keep_removed=settings.getbool("CLEANER_KEEP_REMOVED"),
            drop_empty=settings.getbool("CLEANER_DROP_EMPTY"),
            content_field=settings.get("CLEANER_CONTENT_FIELD"),
            url_field=settings.get("CLEANER_URL_FIELD"),
            fields=settings.getdict("CLEANER_FIELDS"),
        )
        made._stats = crawler.stats
        return made

    def process_item(self, item: Any, spider: Any = None) -> Any:
        """The item, changed in place. Raises DropItem if there is no article in it and such items are to be dropped.

        ``spider`` is what older versions of Scrapy pass; it is not used.
        """
        adapter = ItemAdapter(item)
        source = next((name for name in self._content if isinstance(adapter.get(name), (str, bytes))), None)
        target = self._fields.get("text") or source
        if source is None or target is None or not _has(adapter, target):
            self._count("skipped")
            return item
        url = adapter.get(self._url) if self._url else url_of(adapter)
        cleaned = self._options.clean(adapter[source], url if isinstance(url, str) else None)
        self._count(cleaned.error or "cleaned")
        if cleaned.error and self._options.drop_empty:
            raise DropItem(f"{url or 'an item without a URL'}: {cleaned.metadata[WARNINGS]}")
        if not cleaned.error:
            adapter[target] = cleaned.text
        self._note(adapter, cleaned)
        return item

    def _note(self, adapter: ItemAdapter, cleaned: Cleaned) -> None:
        """Write what the article says to the fields that are there for it."""
        for name, value in cleaned.metadata.items():
            field = self._fields[name]
            if field and _has(adapter, field) and (name in (WARNINGS, REMOVED) or adapter.get(field) in (None, "")):
                adapter[field] = value

    def _count(self, what: str) -> None:
        if self._stats:
            self._stats.inc_value(f"cleaner/{what}")


def _has(adapter: ItemAdapter, field: str) -> bool:
    """Whether an item may have this field."""
    return isinstance(adapter.item, dict) or field in adapter.field_names()
