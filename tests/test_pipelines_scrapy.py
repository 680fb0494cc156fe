"""Articles in Scrapy: the item pipeline in real crawls of a local server, with every kind of item."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from helpers import HEADLINE, PROSE, ROOT, page, rule

pytest.importorskip("scrapy")
pytest.importorskip("pydantic")

import attrs
import pydantic
import scrapy
from scrapy.exceptions import DropItem
from scrapy.utils.test import get_crawler

import cleaner
from cleaner.pipelines.scrapy import ArticlePipeline

PAGE = (ROOT / "fixtures/apnews.com/wire-2023/source.html").read_text(encoding="utf-8")
URL = "https://apnews.com/article/grain-barges-river-00000000000000000000000000000002"
TEXT = (ROOT / "fixtures/courrier-du-sud.example/retenues-d-eau/source.txt").read_text(encoding="utf-8")
NOTHING = "<html><body><nav><a href='/'>Home</a></nav></body></html>"
MakeFolder = Callable[[dict[str, str]], Path]


@dataclasses.dataclass
class News:
    """An item as a dataclass."""

    html: str
    url: str | None = None
    headline: str | None = None
    date: str = ""


@attrs.define
class AttrsNews:
    """An item as an attrs class."""

    html: str
    url: str | None = None
    headline: str | None = None
    date: str = ""


class PydanticNews(pydantic.BaseModel):
    """An item as a pydantic model."""

    html: str
    url: str | None = None
    headline: str | None = None
    date: str = ""


class ScrapyNews(scrapy.Item):
    """An item as Scrapy has them."""

    html = scrapy.Field()
    url = scrapy.Field()
    headline = scrapy.Field()
    date = scrapy.Field()


# -- items -------------------------------------------------------------------------------------


def test_a_dictionary_gets_all_that_the_article_says() -> None:
    item = {"html": TEXT, "price": 3}
    article = cleaner.clean_text(TEXT)
    assert article.dateline
    said = {"headline": article.headline, "dateline": article.dateline.text, "authors": "Élise Montagnac", "date": "2024-03-14", "language": "fr"}
    assert ArticlePipeline().process_item(item) == {"html": article.text, "price": 3, **said}


@pytest.mark.parametrize("kind", [News, AttrsNews, PydanticNews, ScrapyNews])
def test_other_items_get_what_they_have_fields_for(kind: Any) -> None:
    article = cleaner.clean_text(TEXT)
    assert ArticlePipeline(keep_removed=True).process_item(kind(html=TEXT)) == kind(html=article.text, headline=article.headline, date="2024-03-14")


def test_fields_that_are_filled_already_stay() -> None:
    assert ArticlePipeline().process_item(News(TEXT, headline="Mine")).headline == "Mine"


def test_the_item_s_address_chooses_the_site_s_rules() -> None:
    text = cleaner.clean(PAGE, URL).text
    assert text != cleaner.clean(PAGE).text
    assert ArticlePipeline().process_item({"html": PAGE, "url": URL})["html"] == text
    assert ArticlePipeline(url_field="at").process_item({"html": PAGE.encode(), "at": URL})["html"] == text


def test_fields_may_have_other_names() -> None:
    made = ArticlePipeline(content_field="raw", fields={"text": "article", "headline": "title", "language": ""}, output="body")
    item = made.process_item({"raw": TEXT, "html": "x"})
    article = cleaner.clean_text(TEXT)
    assert (item["raw"], item["html"], item["article"], item["title"]) == (TEXT, "x", article.body, article.headline)
    assert not {"headline", "language"} & set(item)


def test_an_item_without_an_article_passes_unchanged_or_is_dropped() -> None:
    item = ArticlePipeline().process_item({"html": NOTHING, "a": 1})
    assert item.pop("cleaner_warnings").startswith("no article found")
    assert item == {"html": NOTHING, "a": 1}
    assert ArticlePipeline().process_item(News(NOTHING)) == News(NOTHING)
    with pytest.raises(DropItem, match=r"https://h\.example/: no article found"):
        ArticlePipeline(drop_empty=True).process_item({"html": NOTHING, "url": "https://h.example/"})


@pytest.mark.parametrize("item", [{"price": 3}, {"html": None}, {"html": 5, "price": 3}])
def test_an_item_without_a_page_passes_untouched(item: dict[str, Any]) -> None:
    assert ArticlePipeline(drop_empty=True).process_item(dict(item)) == item


def test_an_item_without_a_field_for_the_text_passes_untouched() -> None:
    assert ArticlePipeline(fields={"text": "article"}).process_item(News(TEXT)) == News(TEXT)


# -- settings ----------------------------------------------------------------------------------


def by(**settings: Any) -> ArticlePipeline:
    """A pipeline as a crawler with these settings makes it."""
    return ArticlePipeline.from_crawler(get_crawler(settings_dict=settings))


def test_the_settings_are_the_options_in_capitals(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": rule("zorp", is_="Zorp blick")})
    named = {"CLEANER_CONTENT_FIELD": "raw", "CLEANER_FIELDS": '{"text": "article"}'}
    made = by(CLEANER_RULES=[str(folder)], CLEANER_LANGUAGE="en", CLEANER_OUTPUT="body", CLEANER_KEEP_REMOVED=True, **named)
    item = made.process_item({"raw": page(HEADLINE, "Zorp blick", *PROSE)})
    assert item["article"] == "\n\n".join(PROSE)
    assert [r["text"] for r in item["cleaner_removed"]] == ["Zorp blick"]
    with pytest.raises(DropItem):
        by(CLEANER_DROP_EMPTY="1").process_item({"html": ""})


@pytest.mark.parametrize(
    "settings", [{"OUTPUT": "markdown"}, {"RULES": "no such folder"}, {"LANGUAGE": 5}, {"LANGUAGE": ""}, {"DROP_EMPTY": "perhaps"}, {"FIELDS": {"hedline": "x"}}]
)
def test_wrong_settings_are_refused_before_the_crawl(settings: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError), match=r"output|folder|language|boolean|hedline"):
        by(**{f"CLEANER_{name}": value for name, value in settings.items()})


# -- crawls ------------------------------------------------------------------------------------

SPIDER = """
import dataclasses, sys
import scrapy
from scrapy.crawler import CrawlerProcess

@dataclasses.dataclass
class News:
    url: str
    html: str
    headline: str = ""

class Spider(scrapy.Spider):
    name = "news"
    start_urls = [sys.argv[1] + path for path in sys.argv[4:]]

    def parse(self, response):
        yield News(response.url, response.text) if response.url.endswith("html") else {"url": response.url, "text": response.text}
        yield {"status": response.status}

process = CrawlerProcess({
    "ITEM_PIPELINES": {"cleaner.pipelines.scrapy.ArticlePipeline": 300},
    "CLEANER_OUTPUT": "body", "CLEANER_DROP_EMPTY": sys.argv[3] == "drop",
    "FEEDS": {sys.argv[2]: {"format": "jsonlines", "encoding": "utf8"}},
    "TELNETCONSOLE_ENABLED": False, "LOG_LEVEL": "WARNING", "STATS_DUMP": False,
})
crawler = process.create_crawler(Spider)
process.crawl(crawler)
process.start()
print(*(f"{key}={value}" for key, value in sorted(crawler.stats.get_stats().items()) if "cleaner" in key or "item_" in key or "error" in key.lower()), sep="\\n")
"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A server of the fixtures and of a page without an article."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "nothing.html").write_text(NOTHING, encoding="utf-8")
    (folder / "fixtures").symlink_to(ROOT / "fixtures")
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}/"
        made.shutdown()
        thread.join()


@pytest.mark.parametrize("mode", ["keep", "drop"])
def test_a_crawl_s_items_are_articles(server: str, tmp_path: Path, mode: str) -> None:
    names = ["fixtures/lemonde.fr/halage-de-verveine/source.html", "fixtures/apnews.com/wire-2023/source.html", "nothing.html"]
    out = tmp_path / "out.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", SPIDER, server, str(out), mode, *names, "fixtures/courrier-du-sud.example/retenues-d-eau/source.txt"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    items = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    found = {item["url"].removeprefix(server): item for item in items if "url" in item}
    for name in names[:2]:
        article = cleaner.clean((ROOT / name).read_bytes(), server + name)
        assert (found[name]["html"], found[name]["headline"]) == (article.body, article.headline)
    text = found["fixtures/courrier-du-sud.example/retenues-d-eau/source.txt"]
    assert (text["text"], text["date"]) == (cleaner.clean_text(TEXT).body, "2024-03-14")
    assert items.count({"status": 200}) == 4
    stats = dict(line.split("=") for line in done.stdout.splitlines())
    counted = {"cleaner/cleaned": "3", "cleaner/empty": "1", "cleaner/skipped": "4"}
    if mode == "keep":
        assert found["nothing.html"]["html"] == NOTHING
        assert stats == {**counted, "item_scraped_count": "8"}
    else:
        assert "nothing.html" not in found
        assert stats == {**counted, "item_scraped_count": "7", "item_dropped_count": "1", "item_dropped_reasons_count/DropItem": "1"}


def test_without_scrapy_the_error_names_the_extra() -> None:
    code = "import sys; sys.modules['scrapy'] = None; import cleaner.pipelines.scrapy"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "ImportError: cleaner.pipelines.scrapy needs a package that is not installed: pip install 'cleaner[scrapy]'" in done.stderr
