"""Articles as files: text, Markdown and JSON say what the article says, and whatever it holds can be written."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import json
import math
import uuid
from typing import Any

import pytest
from helpers import HEADLINE, PROSE, ROOT
from hypothesis import given
from hypothesis import strategies as st

import cleaner
from cleaner.article import Article
from cleaner.batch.records import Record
from cleaner.batch.write import ENDINGS, STREAMS, as_data, markdown, written

FILES = [style for style in ENDINGS if style != "parquet"]
TEXT = "\n\n".join([HEADLINE, "By Jane Doe", f"PARIS, Jan 2 (Reuters) - {PROSE[0]}", "What comes next", *PROSE[1:], "Subscribe to our newsletter"])
RECORD = Record("a.txt", 3, "a#3", TEXT, url="http://example.org/1", language="en")
ANY = st.text(st.characters(codec=None), max_size=20)


@pytest.fixture(scope="module")
def article() -> Article:
    """An article with headline, dateline, byline, crosshead and something removed."""
    return cleaner.clean_text(TEXT, "http://example.org/1", "en")


def as_text(article: Article, style: str, record: Record = RECORD, removed: bool = False) -> str:
    """An article as it stands in a file."""
    out = written(article, record, style, removed)
    assert isinstance(out, bytes)
    return out.decode("utf-8")


def strict(text: str) -> Any:
    """JSON, and nothing that only Python takes for JSON."""
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def bare(**said: Any) -> Article:
    """An article of which only this is known."""
    return Article(**({"headline": None, "dateline": None, "byline": None, "paragraphs": (), "language": None, "url": None} | said))


# -- text and Markdown ---------------------------------------------------------------------------------


def test_text_is_headline_dateline_and_body(article: Article) -> None:
    assert as_text(article, "text") == article.text + "\n"
    assert as_text(article, "text").split("\n\n")[:2] == [HEADLINE, "PARIS, Jan 2 (Reuters) -"]


@pytest.mark.parametrize("style", ["text", "markdown"])
def test_an_empty_article_is_an_empty_file(style: str) -> None:
    assert as_text(bare(), style) == ""


def test_markdown_marks_headline_dateline_and_crosshead(article: Article) -> None:
    assert as_text(article, "markdown") == "\n\n".join([f"# {HEADLINE}", "*PARIS, Jan 2 (Reuters) -*", PROSE[0], "## What comes next", *PROSE[1:]]) + "\n"


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("# is the sign of a hashtag.", "\\# is the sign of a hashtag."),
        ("#MeToo was the word of the year.", "#MeToo was the word of the year."),
        ("> 500 people came.", "\\> 500 people came."),
        ("- No, he said.", "\\- No, he said."),
        ("-5 degrees were measured.", "-5 degrees were measured."),
        ("* * *", "\\* * *"),
        ("1. FC Köln has won.", "1\\. FC Köln has won."),
        ("2024. That was the year.", "2024\\. That was the year."),
        ("2024 was the year.", "2024 was the year."),
        ("1.5 million came.", "1.5 million came."),
        ("=== Results ===", "\\=== Results ==="),
        ("---", "\\---"),
        ("```", "\\```"),
        ("<script>alert(1)</script>", "\\<script>alert(1)</script>"),
        ("<3 is a heart.", "<3 is a heart."),
        ("– No, he said.", "– No, he said."),
    ],
)
def test_what_only_looks_like_markup_where_a_paragraph_begins_is_text(paragraph: str, expected: str) -> None:
    assert markdown(bare(paragraphs=(paragraph,))) == expected + "\n"


@given(paragraphs=st.lists(st.text(st.sampled_from("#>-+*_=~`<1.) ab"), min_size=1, max_size=6).map(str.strip).filter(bool), max_size=4))
def test_markdown_leaves_every_sign_of_a_paragraph(paragraphs: list[str]) -> None:
    out = markdown(bare(paragraphs=tuple(paragraphs)))
    parts = out.removesuffix("\n").split("\n\n") if out else []
    assert [part.replace("\\", "", 1) for part in parts] == paragraphs


# -- JSON ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("removed", [False, True])
def test_json_and_json_lines_say_all_of_an_article_and_where_it_comes_from(article: Article, removed: bool) -> None:
    expected = {"source": "a.txt", "record": 3, "id": "a#3", **article.to_dict(removed)}
    if not removed:
        del expected["blocks"]
    assert strict(as_text(article, "json", removed=removed)) == strict(as_text(article, "jsonl", removed=removed)) == expected
    assert as_data(article, RECORD, removed) == expected
    assert ("removed" in expected) == removed
    assert not removed or expected["removed"][0]["rule"]


def test_with_what_was_removed_every_sign_of_the_source_has_its_place(article: Article) -> None:
    data = strict(as_text(article, "jsonl", removed=True))
    for one in data["blocks"] + data["removed"]:
        assert article.source_text[one["start"] : one["end"]] == one["text"]


def test_an_article_is_one_line_of_json_whatever_breaks_it_holds(article: Article) -> None:
    odd = dataclasses.replace(article, paragraphs=("a\nb\r\nc\u2028d\u2029e\x85f\x00g\x1eh",), headline='"\\\n')
    out = as_text(odd, "jsonl")
    assert out.count("\n") == 1
    assert out.endswith("\n")
    assert strict(out)["paragraphs"] == list(odd.paragraphs)


class Unheard:
    """A value of a type that nobody has heard of."""

    def __str__(self) -> str:
        return "unheard"


EXTRA: list[tuple[object, object]] = [
    (math.nan, None),
    (-math.inf, None),
    ({"a": [1.5, math.nan, {"b": math.inf}]}, {"a": [1.5, None, {"b": None}]}),
    (datetime.date(2026, 1, 2), "2026-01-02"),
    (datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC), "2026-01-02T03:04:00+00:00"),
    (datetime.time(1, 2), "01:02:00"),
    (decimal.Decimal("1.50"), "1.50"),
    (decimal.Decimal("NaN"), "NaN"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (b"caf\xc3\xa9 \xff", "café \ufffd"),
    ((1, 2), [1, 2]),
    ({1: "a", (2, 3): "b", None: b"c"}, {"1": "a", "(2, 3)": "b", "None": "c"}),
    ("\ud800", "?"),
    ({"\udfff": "a"}, {"?": "a"}),
    (2**70, 2**70),
    (Unheard(), "unheard"),
]


@pytest.mark.parametrize("style", ["json", "jsonl"])
@pytest.mark.parametrize(("value", "expected"), EXTRA, ids=lambda value: repr(value)[:30])
def test_fields_that_are_kept_are_written_whatever_they_hold(style: str, value: object, expected: object) -> None:
    found = strict(as_text(bare(), style, dataclasses.replace(RECORD, extra={"x": value})))
    assert found["extra"]["x"] == expected


def test_a_record_without_other_fields_has_none(article: Article) -> None:
    assert "extra" not in strict(as_text(article, "json"))


# -- whatever comes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", FILES)
@given(text=st.lists(ANY | st.sampled_from([*PROSE, "Subscribe to our newsletter", "• one", "“two”"]), max_size=5).map("\n\n".join), key=ANY, url=ANY)
def test_what_cleaning_gives_of_any_text_can_be_written_as_utf_8(shipped: cleaner.Cleaner, style: str, text: str, key: str, url: str) -> None:
    record = Record(key, 1, key, text, extra={key: url})
    article = shipped.clean_text(text, url, "en")
    for removed in (False, True):
        out = as_text(article, style, record, removed)
        if style in ("json", "jsonl"):
            assert strict(out)["body"] == article.body.encode("utf-8", "replace").decode()


def test_fixtures_are_written_in_every_format(shipped: cleaner.Cleaner) -> None:
    pages = sorted((ROOT / "fixtures").glob("*/*/source.*"))[:20]
    assert pages
    for path in pages:
        article = shipped.clean(path.read_bytes()) if path.suffix == ".html" else shipped.clean_text(path.read_text(encoding="utf-8"))
        for style in FILES:
            assert as_text(article, style, removed=True)
        assert as_text(article, "text") == article.text + "\n"


def test_every_format_has_an_ending_of_its_own() -> None:
    assert len(set(ENDINGS.values())) == len(ENDINGS)
    assert set(STREAMS) <= set(ENDINGS)
