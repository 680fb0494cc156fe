"""The five texts that this project was born from come out exactly, with no URL and no language given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers import SHARED, assert_tiles, gone

import cleaner

pytestmark = pytest.mark.shared

GOLD = sorted((SHARED / "seeds").glob("*.gold.json")) if SHARED.is_dir() else []
Case = tuple[cleaner.Article, dict[str, Any]]


@pytest.fixture(scope="module", params=GOLD, ids=lambda path: path.name[:3])
def case(request: pytest.FixtureRequest, shipped: cleaner.Cleaner) -> Case:
    """A seed's article and its gold."""
    path: Path = request.param
    text = path.with_name(path.name.replace(".gold.json", ".txt")).read_text(encoding="utf-8")
    return shipped.clean_text(text), json.loads(path.read_text(encoding="utf-8"))


def test_there_are_five() -> None:
    assert len(GOLD) == 5


def test_the_headline(case: Case) -> None:
    article, gold = case
    assert article.headline == gold["headline"], gone(article)


def test_every_field_of_the_dateline_that_the_gold_gives(case: Case) -> None:
    article, gold = case
    if gold["dateline"] is None:
        assert article.dateline is None
        return
    assert article.dateline, gone(article)
    got = article.to_dict()["dateline"]
    assert {key: got[key] for key in gold["dateline"]} == gold["dateline"]


def test_every_paragraph_and_nothing_more(case: Case) -> None:
    article, gold = case
    assert list(article.paragraphs) == gold["body"], gone(article)


def test_every_line_that_must_go_goes_with_its_label(case: Case) -> None:
    article, gold = case
    wanted = [(r["text"].strip(), r["category"]) for r in gold["removed"]]
    assert [(r.text, r.label) for r in article.removed] == wanted, gone(article)


def test_the_language_is_found(case: Case) -> None:
    article, gold = case
    assert article.language == gold["lang"]


def test_there_is_nothing_to_warn_of(case: Case) -> None:
    assert case[0].warnings == ()


def test_the_site_is_known_by_its_words(case: Case) -> None:
    article, gold = case
    if gold["site"] == "cinktank.com":
        assert article.site == "site/cinktank.com"


def test_verdicts_tile_the_text(case: Case) -> None:
    assert_tiles(case[0])


def test_cleaning_again_removes_nothing(case: Case, shipped: cleaner.Cleaner) -> None:
    again = shipped.clean_text(case[0].text)
    assert again.removed == (), gone(again)
