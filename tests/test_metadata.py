"""What a page says of itself, in every shape that publishers give it."""

from __future__ import annotations

import datetime
import json

import pytest

from cleaner.model import Said
from cleaner.printed import authors_of, read_time, without_site
from cleaner.read_html import read_html

ARTICLE = {"@type": "NewsArticle", "headline": "Le bac reste à quai", "datePublished": "2024-03-12T10:30:00+01:00", "author": {"@type": "Person", "name": "Anna Berg"}}


def said(html: str) -> Said:
    return read_html(html)[0].said


def ld(text: str) -> Said:
    return said(f'<script type="application/ld+json">{text}</script><p>x')


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ARTICLE),
        json.dumps([{"@type": "WebSite", "name": "x"}, ARTICLE]),
        json.dumps({"@graph": [{"@type": "Organization"}, ARTICLE]}),
        json.dumps({"@type": "WebPage", "mainEntity": ARTICLE}),
        json.dumps(ARTICLE | {"@type": ["Thing", "ReportageNewsArticle"]}),
        json.dumps(ARTICLE | {"author": [{"name": "Anna Berg"}]}),
        json.dumps(ARTICLE | {"author": "Anna Berg"}),
        json.dumps(ARTICLE)[:-1] + ",}",
        "<!-- " + json.dumps(ARTICLE) + " -->",
        "//<![CDATA[\n" + json.dumps(ARTICLE) + "\n//]]>",
        json.dumps(ARTICLE) + ";",
        json.dumps(ARTICLE) + json.dumps({"@type": "WebSite"}),
        json.dumps(ARTICLE).replace('quai"', 'quai"\n\t'),
    ],
)
def test_json_ld_of_every_shape(text: str) -> None:
    found = ld(text)
    assert found.headlines[:1] == ("Le bac reste à quai",)
    assert found.authors == ("Anna Berg",)
    assert found.published == ARTICLE["datePublished"]


def test_json_ld_that_cannot_be_read_gives_what_it_has() -> None:
    assert ld('{"@type": "NewsArticle", "headline": "Le bac \\"Ana\\" reste", "x": [1, 2, }').headlines == ('Le bac "Ana" reste',)
    assert ld('{"@type": "NewsArticle", ' + "[" * 5000).headlines == ()


def test_open_graph_meta_and_microdata_fill_what_json_ld_leaves() -> None:
    found = said(
        "<html lang=fr-FR><title>Le bac | Gazette</title><meta property=og:title content='Le bac'><meta property=og:site_name content=Gazette>"
        "<meta name=author content='Anna Berg'><meta property=article:modified_time content=2024-03-13><time itemprop=datePublished datetime=2024-03-12>hier</time>"
    )
    assert (found.title, found.headlines, found.site, found.language) == ("Le bac | Gazette", ("Le bac",), "Gazette", "fr-FR")
    assert (found.authors, found.published, found.modified) == (("Anna Berg",), "2024-03-12", "2024-03-13")


def test_a_page_for_subscribers_says_so() -> None:
    assert not ld(json.dumps(ARTICLE | {"isAccessibleForFree": "False"})).free
    assert ld(json.dumps(ARTICLE)).free


@pytest.mark.parametrize(
    ("line", "site", "expected"),
    [
        ("Le bac reste à quai - Gazette", "Gazette", "Le bac reste à quai"),
        ("Gazette | Le bac reste à quai", "Gazette", "Le bac reste à quai"),
        ("Le bac - la digue", "Gazette", "Le bac - la digue"),
        ("Gazette", "Gazette", "Gazette"),
    ],
)
def test_the_sites_name_is_no_part_of_a_headline(line: str, site: str, expected: str) -> None:
    assert without_site(line, Said(site=site)) == expected


def test_a_byline_is_split_into_names() -> None:
    assert authors_of(["Anna Berg et Ali Haddad (avec AFP)"], ["et"]) == ("Anna Berg", "Ali Haddad")
    assert authors_of(["Anna Berg, Ali Haddad", "Anna Berg"]) == ("Anna Berg", "Ali Haddad")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-12T10:30:00+01:00", "2024-03-12T10:30:00+01:00"),
        ("2024-03-12T10:30:00Z", "2024-03-12T10:30:00+00:00"),
        ("2024-03-12T10:30:00.5+0100", "2024-03-12T10:30:00.500000+01:00"),
        ("2024/03/12 10:30", "2024-03-12T10:30:00"),
        ("2024-03-12", "2024-03-12T00:00:00"),
        ("12 March 2024 10:30", "2024-03-12T10:30:00"),
    ],
)
def test_points_in_time(text: str, expected: str) -> None:
    found = read_time(text)
    assert isinstance(found, datetime.datetime)
    assert found.isoformat() == expected


def test_what_is_no_time_is_none() -> None:
    assert read_time("") is None
    assert read_time("bientôt") is None
    assert read_time("2 hours ago") is None
    assert read_time("9" * 100_000) is None
