"""The index of tantivy: in a real folder, by several processes."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tantivy")

from helpers import ROOT

import cleaner
from cleaner.index import sqlite
from cleaner.index.document import Document, document
from cleaner.index.sqlite import IndexProblem, QueryError
from cleaner.index.tantivy import Index


def article(key: str, headline: str, body: str = "", language: str | None = None, day: str | None = None) -> Document:
    return Document(key, headline, "", body, None, datetime.date.fromisoformat(day) if day else None, language)


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "index")


def keys(index: Index, query: str, **options: Any) -> list[str]:
    return [hit.key for hit in index.search(query, **options)]


PRESS = (
    article("fr", "Les élections annulées à Évian", "Le préfet l’a annoncé dimanche.\n\nLes électeurs revoteront en juin.", "fr", "2024-05-01"),
    article("de", "Häuser am Fluß geräumt", "Die Feuerwehr brachte die Bewohner in Sicherheit.", "de", "2024-05-02"),
    article("ar", "ارتفاع أسعار النفط", "قال الوزير إن المكتبات ستفتح أبوابها.", "ar", "2024-05-03"),
    article("zh", "老城区内涝治理工程全面完工", "三万居民告别雨季看海。", "zh", "2024-05-04"),
    article("ja", "渡し舟が再開", "東京都の北側で再び運航する。", "ja"),
    article("th", "กรุงเทพมหานครเปิดห้องสมุด", "", "th"),
    article("en", "Old bridge closes", "Shopkeepers near the café want a ferry for COVID-19 patients.", "en", "2024-05-05"),
)
QUERIES = [
    *("elections", "ÉLECTIONS evian", "haus", "hauser fluss", "نفط", "اسعار النفط", "内涝", "涝内", "居民 工程", "东京", "東京", "京都の北", "ห้องสมุด", "cafe", '"old bridge"'),
    *("covid-19", '"bridge old"', "bridge OR 内涝", "bridge -cafe", "bridge NOT spoon", "elect*", '"old bri"*', "(bridge OR elections) (cafe OR evian)", "bridge NOT (x OR y)"),
]


@pytest.mark.parametrize("query", QUERIES)
def test_it_finds_what_the_index_in_sqlite_finds(index: Index, tmp_path: Path, query: str) -> None:
    index.add(PRESS)
    with sqlite.Index(tmp_path / "articles.db") as other:
        other.add(PRESS)
        found = other.search(query)
        assert other.count(query) == index.count(query) == len(found)
    hits = index.search(query)
    assert {(hit.key, hit.headline, hit.snippet, hit.date) for hit in hits} == {(hit.key, hit.headline, hit.snippet, hit.date) for hit in found}


def test_the_queries_of_this_file_find_something_and_not_everything(index: Index) -> None:
    index.add(PRESS)
    assert [query for query in QUERIES if not keys(index, query)] == ["haus", "涝内", "东京", '"bridge old"', "bridge -cafe"]
    assert max(index.count(query) for query in QUERIES) == 2


def test_a_language_leaves_only_its_documents(index: Index) -> None:
    index.add([article("a", "Paris", language="fr"), article("b", "Paris", language="en"), article("c", "Paris")])
    assert keys(index, "paris", language="en") == ["b"]
    assert index.count("paris") == 3


def test_a_hit_in_the_headline_comes_before_one_in_the_body(index: Index) -> None:
    index.add([article("body", "Ferries", "The bridge is old."), article("headline", "The bridge", "It is old.")])
    first, second = index.search("bridge")
    assert (first.key, second.key) == ("headline", "body")
    assert first.score > second.score > 0


def test_the_newest_come_first_and_those_without_a_date_last(index: Index) -> None:
    days = {"old": "1903-01-01", "new": "2024-06-01", "middle": "2020-01-01", "none": None}
    index.add([article(key, "Bridge", day=day) for key, day in days.items()])
    assert keys(index, "bridge", newest=True) == ["new", "middle", "old", "none"]
    assert keys(index, "bridge", newest=True, limit=2) == ["new", "middle"]
    assert len({hit.score for hit in index.search("bridge", newest=True)}) == 1


def test_a_query_that_cannot_be_understood_is_said_to_be_so(index: Index) -> None:
    with pytest.raises(QueryError, match="do not pair"):
        index.search('"bridge')


# -- writing ---------------------------------------------------------------------------------


def test_indexing_again_replaces_and_doubles_nothing(index: Index) -> None:
    assert index.add(PRESS) == (len(PRESS), 0)
    assert index.add([replace(PRESS[0], headline="Le scrutin est reporté"), article("new", "Bridge"), article("new", "Scrutin")]) == (1, 2)
    assert len(index) == len(PRESS) + 1
    assert sorted(keys(index, "scrutin")) == ["fr", "new"]
    assert keys(index, "elections") == []


def test_documents_are_taken_out_by_their_keys(index: Index) -> None:
    index.add(PRESS)
    assert index.remove(["fr", "zh", "nobody"]) == 2
    assert len(index) == len(PRESS) - 2
    assert keys(index, "内涝") == []


def test_an_index_is_there_when_it_is_opened_again(index: Index) -> None:
    index.add(PRESS)
    assert keys(Index(index.path), "bridge") == ["en"]


WRITER = """
import sys
from cleaner.index.document import Document
from cleaner.index.tantivy import Index
first, last = map(int, sys.argv[2:])
print(*Index(sys.argv[1]).add(Document(f"key {n}", f"Bridge number {n}", "", "") for n in range(first, last)))
"""


def test_two_processes_that_make_and_write_an_index_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    path = tmp_path / "index"
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*command, *map(str, span)], stdout=subprocess.PIPE, text=True) for span in ((0, 1200), (600, 1800))]
    told = [[int(number) for number in writer.communicate()[0].split()] for writer in writers]
    assert sum(new for new, _ in told) == len(Index(path)) == Index(path).count("bridge") == 1800
    assert [new + replaced for new, replaced in told] == [1200, 1200]
    assert [each.name for each in tmp_path.iterdir()] == ["index"]


def test_what_was_committed_stays_when_the_documents_break_off(index: Index) -> None:
    def broken() -> Iterator[Document]:
        yield from (article(f"key {n}", "Bridge") for n in range(700))
        raise RuntimeError("the source broke off")

    with pytest.raises(RuntimeError):
        index.add(broken())
    assert index.count("bridge") == 500
    assert index.add([article("next", "Bridge")]) == (1, 0)


def test_a_writer_that_waits_too_long_says_so(index: Index) -> None:
    held = threading.Event()
    asked = threading.Event()

    def hold() -> None:
        with index._writing():
            held.set()
            asked.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        held.wait()
        with pytest.raises(IndexProblem, match="another program"):
            Index(index.path, wait=0.1).add(PRESS)
    finally:
        asked.set()
        holder.join()
    assert Index(index.path, wait=0.1).add(PRESS) == (len(PRESS), 0)


# -- what is strange -------------------------------------------------------------------------


def test_a_folder_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear", encoding="utf-8")
    with pytest.raises(IndexProblem, match="is no index of cleaner"):
        Index(tmp_path)
    with pytest.raises(IndexProblem, match="is no index of cleaner"):
        Index(tmp_path / "letter.txt")
    assert [each.name for each in tmp_path.iterdir()] == ["letter.txt"]


def test_an_index_of_other_words_is_refused(index: Index) -> None:
    (index.path / "cleaner.json").write_text(json.dumps({"version": 1, "form": 99}), encoding="utf-8")
    with pytest.raises(IndexProblem, match="another version"):
        Index(index.path)


def test_an_index_where_nothing_can_be_made_says_so(tmp_path: Path) -> None:
    with pytest.raises(IndexProblem, match="could not make"):
        Index(tmp_path / "none" / "index")


def test_a_damaged_index_says_so(index: Index) -> None:
    (index.path / "meta.json").write_text("{", encoding="utf-8")
    with pytest.raises(IndexProblem, match="could not open"):
        Index(index.path)


def test_texts_that_cannot_be_written_are_mended(index: Index) -> None:
    strange = [article("nul", "Bridge\0one", "\ud800"), article("https://e.org/" + "é" * 90_000, "Bridge two"), article("\udc80", "Bridge three", language="\udc80")]
    assert index.add(strange) == (3, 0)
    assert index.add(strange) == (0, 3)
    assert index.count("bridge") == 3
    assert sorted(hit.headline for hit in index.search("bridge")) == ["Bridge\0one", "Bridge three", "Bridge two"]


def test_a_cleaned_page_is_found_by_its_article_and_not_by_its_boilerplate(index: Index) -> None:
    source = (ROOT / "fixtures/courrier-du-sud.example/retenues-d-eau/source.txt").read_text(encoding="utf-8")
    index.add([document(cleaner.clean_text(source), "retenues")])
    assert keys(index, "maraichers pecheurs") == ["retenues"]
    assert "newsletter" in source
    assert keys(index, "newsletter") == []


def test_without_tantivy_the_module_says_what_to_install() -> None:
    code = "import sys; sys.modules['tantivy'] = None; from cleaner.index.tantivy import Index; Index('none')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'cleaner[tantivy]'" in done.stderr
