"""TEI that a TEI validator takes: dateline, byline, crossheads and what was removed are elements, and no text is changed."""

from __future__ import annotations

import dataclasses
import datetime

import pytest
from helpers import HEADLINE, PROSE, ROOT
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from trafilatura.xml import validate_tei

import cleaner
from cleaner.article import Article
from cleaner.batch.tei import CORPUS, NAMESPACE, tei
from cleaner.model import Dateline

QUOTE = "“Nobody told us anything, and now we shall have to walk for an hour to the next bridge every single morning.”"
TEXT = "\n\n".join(
    [
        HEADLINE,
        "By Jane Doe",
        f"PARIS, Jan 2 (Reuters) - {PROSE[0]}",
        "What comes next",
        PROSE[1],
        QUOTE,
        "• The ferry begins on the first of May.\n• The bridge is open again in April.",
        PROSE[2],
        "Subscribe to our newsletter",
    ]
)
ANY = st.text(st.characters(codec=None), max_size=12)


def parsed(text: str | bytes) -> etree._Element:
    """A document that must be well-formed and valid."""
    root = etree.fromstring(text.encode() if isinstance(text, str) else text)
    assert validate_tei(root), text
    return root


def find(root: etree._Element, path: str) -> list[etree._Element]:
    """Elements by their path, in the namespace of TEI."""
    return root.findall("." + "".join(f"//{{{NAMESPACE}}}{step}" if not step.startswith("[") else step for step in path.split()))


def texts(root: etree._Element, path: str) -> list[str]:
    """What elements say, with all that is in them."""
    return ["".join(element.itertext()) for element in find(root, path)]


@pytest.fixture(scope="module")
def article() -> Article:
    """An article with all that there is."""
    return cleaner.clean_text(TEXT, "http://example.org/a b?c=d&e=<f>", "en")


@pytest.mark.parametrize("removed", [False, True])
def test_an_article_with_all_that_there_is_is_valid_and_everything_has_its_element(article: Article, removed: bool) -> None:
    root = parsed(tei(article, removed))
    assert texts(root, "titleStmt title") == [HEADLINE]
    assert texts(root, "author") == ["Jane Doe"]
    assert texts(root, "body head") == [HEADLINE]
    assert texts(root, "body byline") == ["Jane Doe"]
    assert texts(root, "body ab") == ["What comes next"]
    assert texts(root, "quote") == [QUOTE]
    assert texts(root, "item") == ["The ferry begins on the first of May.", "The bridge is open again in April."]
    assert texts(root, "body p") == [PROSE[0], PROSE[1], QUOTE, PROSE[2]]
    assert texts(root, "language") == ["en"]
    assert find(root, "ref")[0].get("target") == "http://example.org/a%20b?c=d&e=<f>"
    assert [(one.text, one.get("type"), one.get("n")) for one in find(root, "back ab")] == ([(r.text, r.label, r.rule) for r in article.removed] if removed else [])
    assert not removed or article.removed


def test_place_date_and_source_are_marked_in_the_dateline_as_it_was_printed(article: Article) -> None:
    root = parsed(tei(article))
    assert article.dateline is not None
    assert texts(root, "dateline") == [article.dateline.text] == ["PARIS, Jan 2 (Reuters) -"]
    (line,) = find(root, "dateline")
    assert [(etree.QName(part).localname, part.text) for part in line] == [("placeName", "PARIS"), ("date", "Jan 2"), ("orgName", "Reuters")]


LINES = [
    Dateline("北京1月2日电", "北京", "1月2日", datetime.date(2026, 1, 2), None),
    Dateline("PARIS 2 JAN AFP", "PARIS", "2 JAN", datetime.date(2026, 1, 2), "AFP"),
    Dateline("Reuters, Reuters", "Reuters", None, None, "Reuters"),
    Dateline("a\x00b", "a\x00b", None, None, None),
    Dateline("(AP)", None, None, None, "AP"),
    Dateline("PARIS", "LONDON", "1", None, "2"),
    Dateline("", "", "", None, ""),
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.text)
def test_no_dateline_is_changed_by_its_marks(article: Article, line: Dateline) -> None:
    root = parsed(tei(dataclasses.replace(article, dateline=line)))
    assert texts(root, "dateline") == [line.text.replace("\x00", "\ufffd")]


@given(text=ANY, place=st.none() | ANY, date=st.none() | ANY, source=st.none() | ANY)
def test_datelines_of_any_kind_are_written_whole(text: str, place: str | None, date: str | None, source: str | None) -> None:
    line = Dateline(f"{place or ''}{text}{date or ''}{source or ''}", place, date, None, source)
    root = parsed(tei(Article(None, line, None, (), None, None)))
    readable = "".join(sign if sign in "\t\n\r" or " " <= sign <= "\ud7ff" or "\ue000" <= sign <= "\ufffd" or sign > "\uffff" else "\ufffd" for sign in line.text)
    assert texts(root, "dateline") == [readable.replace("\r\n", "\n").replace("\r", "\n")]


ARTICLES = st.builds(
    Article,
    headline=st.none() | ANY,
    dateline=st.none(),
    byline=st.none() | ANY,
    paragraphs=st.lists(ANY.filter(bool)).map(tuple),
    language=st.none() | ANY,
    url=st.none() | ANY,
    authors=st.lists(ANY).map(tuple),
    site_name=st.none() | ANY,
)


@given(ARTICLES)
def test_articles_of_any_signs_are_valid(article: Article) -> None:
    for removed in (False, True):
        root = parsed(tei(article, removed))
        assert len(find(root, "body p")) == max(1, len(article.paragraphs))


@given(text=st.lists(ANY | st.sampled_from(PROSE) | st.just("Subscribe to our newsletter"), max_size=6).map("\n".join))
def test_what_cleaning_gives_of_any_text_is_valid(shipped: cleaner.Cleaner, text: str) -> None:
    parsed(tei(shipped.clean_text(text, language="en"), True))


def test_an_empty_article_is_valid() -> None:
    parsed(tei(cleaner.clean_text(""), True))


def test_an_article_of_a_page_says_its_site_and_when_it_was_published(shipped: cleaner.Cleaner) -> None:
    head = '<meta property="og:site_name" content="The Post"><meta property="article:published_time" content="2026-01-02T03:04:05+01:00">'
    page = f"<html lang=en><head>{head}</head><body><article><h1>{HEADLINE}</h1>{''.join(f'<p>{p}</p>' for p in PROSE)}</article></body></html>"
    root = parsed(tei(shipped.clean(page)))
    assert texts(root, "publisher") == ["The Post"]
    assert [one.get("when") for one in find(root, "bibl date")] == ["2026-01-02T03:04:05+01:00"]


def test_a_corpus_of_articles_is_one_valid_document(article: Article) -> None:
    root = parsed(CORPUS[0] + tei(article, True, inner=True).encode() + tei(article, inner=True).encode() + CORPUS[1])
    assert root.tag == f"{{{NAMESPACE}}}teiCorpus"
    assert len(find(root, "TEI")) == 2
    assert texts(root, "body head") == [HEADLINE] * 2


PAGES = sorted((ROOT / "fixtures").glob("*/*/source.*"))[:40]


def test_fixtures_are_valid(shipped: cleaner.Cleaner) -> None:
    assert PAGES
    for path in PAGES:
        data = path.read_bytes()
        article = shipped.clean(data) if path.suffix == ".html" else shipped.clean_text(data.decode("utf-8"))
        root = parsed(tei(article, True))
        assert len(find(root, "back ab")) == len(article.removed), path
