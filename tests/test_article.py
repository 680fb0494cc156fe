"""What comes out: `Article`, frozen, picklable, plain data if asked; and one `Cleaner` for many threads."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest
from helpers import HEADLINE, PROSE, assert_tiles, page, rule, write_rules

import cleaner
from cleaner.model import KINDS

ONE, TWO, THREE, FOUR = PROSE
QUOTE = "“We were told nothing about any of this, and neither was anybody else on our side of the river.”"
TEXT = page(
    "Zorp blick",
    HEADLINE,
    "Author Jane Doe",
    "",
    "  Paris, 3 May 2021 (Zorp News) – " + ONE + "  ",
    "A ferry in the meantime",
    QUOTE,
    "• A first point that the council made about it.",
    TWO + " Read on: Cold weather returns. " + THREE,
    FOUR,
    "Zorp",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rules of a language of the test's own."""
    top = "language: xx\nagency: Zorp News\ndateline: {place}, {date} ({agency}) –\nfound: [[Paris, 3 May (Zorp News) –]] The\nnot-found: Paris (2-1)\nbyline: Author {name}\n"
    found = rule("zorp", label="tools", starts="Zorp") + rule("read-on", label="related", starts="Read on:", inline="yes") + rule("k", action="keep", is_="Zorp stays")
    return write_rules(tmp_path_factory.mktemp("rules"), {"lang/xx.txt": top + found})


@pytest.fixture(scope="module")
def made(folder: Path) -> cleaner.Cleaner:
    """A cleaner with them."""
    return cleaner.Cleaner(rules=[folder])


@pytest.fixture(scope="module")
def article(made: cleaner.Cleaner) -> cleaner.Article:
    """The text, cleaned."""
    return made.clean_text(TEXT, url="https://example.org/1", language="xx")


# -- its parts -----------------------------------------------------------------------------


def test_headline_dateline_and_byline_stand_apart(article: cleaner.Article) -> None:
    assert article.headline == HEADLINE
    assert article.dateline == cleaner.Dateline("Paris, 3 May 2021 (Zorp News) –", "Paris", "3 May 2021", datetime.date(2021, 5, 3), "Zorp News")
    assert article.byline == "Jane Doe"


def test_paragraphs_are_the_bodys_blocks_without_space_around_them(article: cleaner.Article) -> None:
    assert article.paragraphs == (ONE, "A ferry in the meantime", QUOTE, "• A first point that the council made about it.", f"{TWO} {THREE}", FOUR)


def test_body_and_text_are_joined_by_blank_lines(article: cleaner.Article) -> None:
    assert article.body == "\n\n".join(article.paragraphs)
    assert article.text == f"{HEADLINE}\n\nParis, 3 May 2021 (Zorp News) –\n\n{article.body}"


def test_what_is_not_there_leaves_no_blank_lines(made: cleaner.Cleaner) -> None:
    assert made.clean_text(page(ONE, TWO), language="xx").text == f"{ONE}\n\n{TWO}"
    assert made.clean_text("").text == ""


def test_blocks_say_what_kind_they_are(article: cleaner.Article) -> None:
    kinds = [b.kind for b in article.blocks]
    assert kinds == ["headline", "byline", "dateline", "paragraph", "crosshead", "quote", "list-item", "paragraph", "paragraph", "paragraph"]
    assert set(kinds) <= set(KINDS)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("– Mobiliser –", "crosshead"),
        ("A ferry in the meantime", "crosshead"),
        ("« Nous n'avons rien su de tout cela »", "quote"),
        ("« Nous n'avons rien su de tout cela ».", "quote"),
        ('"We knew nothing of all this."', "quote"),
        ("„Wir wussten von nichts“", "quote"),
        ("“We knew nothing”, he said.", "paragraph"),
        ("- A first point", "list-item"),
        ("– A first point", "list-item"),
        ("Non.", "paragraph"),
        ("What did they say?", "paragraph"),
    ],
)
def test_a_line_between_paragraphs_is_told_by_its_signs(made: cleaner.Cleaner, line: str, kind: str) -> None:
    result = made.clean_text(page(HEADLINE, ONE, TWO, line, THREE, FOUR), language="xx")
    assert [b.kind for b in result.blocks if b.text == line] == [kind]


def test_blocks_stand_where_they_say(article: cleaner.Article) -> None:
    for block in article.blocks:
        assert article.source_text[block.start : block.end] == block.text
    assert [b.start for b in article.blocks] == sorted(b.start for b in article.blocks)


def test_every_removal_names_its_rule_its_label_and_where_the_rule_is_written(article: cleaner.Article, folder: Path) -> None:
    assert [(r.text, r.label, r.rule) for r in article.removed] == [
        ("Zorp blick", "tools", "lang/xx/zorp"),
        ("Read on: Cold weather returns.", "related", "lang/xx/read-on"),
        ("Zorp", "tools", "lang/xx/zorp"),
    ]
    for removed in article.removed:
        file, line = removed.source.rsplit(":", 1)
        assert Path(file) == folder / "lang" / "xx.txt"
        written = Path(file).read_text(encoding="utf-8").split("\n")[int(line) - 1]
        assert written == f"rule: {removed.rule.rsplit('/', 1)[1]}"


def test_verdicts_tile_the_text(article: cleaner.Article) -> None:
    assert_tiles(article)
    assert article.source_text == TEXT
    assert {v.kind for v in article.verdicts} == {"headline", "dateline", "byline", "paragraph", "removed", "space"}


def test_an_exception_is_named_on_the_block_that_it_saved(made: cleaner.Cleaner) -> None:
    result = made.clean_text(page(ONE, "Zorp stays", TWO), language="xx")
    assert [(result.source_text[v.start : v.end], v.kind, v.rule.id) for v in result.verdicts if v.rule] == [("Zorp stays", "paragraph", "lang/xx/k")]


def test_language_and_url_are_those_of_the_call(article: cleaner.Article) -> None:
    assert (article.language, article.url) == ("xx", "https://example.org/1")


@pytest.mark.parametrize(("code", "language"), [("fr", "fr"), ("FR", "fr"), ("fr-CA", "fr"), ("fr_FR", "fr"), (" fr ", "fr")])
def test_a_language_code_may_carry_a_region(shipped: cleaner.Cleaner, code: str, language: str) -> None:
    result = shipped.clean_text(ONE, language=code)
    assert (result.language, result.warnings) == (language, ())


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Le président a annoncé lundi son départ, et le gouvernement se réunira demain matin à Paris.", "fr"),
        ("أعلن الرئيس يوم الاثنين أنه سيغادر منصبه في نهاية الشهر الجاري.", "ar"),
        (ONE, "en"),
        ("12 345", None),
        ("", None),
    ],
)
def test_the_language_is_detected_where_nobody_says_it(shipped: cleaner.Cleaner, text: str, language: str | None) -> None:
    assert shipped.clean_text(text).language == language


# -- plain data --------------------------------------------------------------------------------


def test_to_dict_survives_json_and_says_everything(article: cleaner.Article) -> None:
    data = json.loads(json.dumps(article.to_dict(), ensure_ascii=False))
    assert data == article.to_dict()
    assert data["headline"] == article.headline
    assert data["dateline"] == {"text": "Paris, 3 May 2021 (Zorp News) –", "place": "Paris", "date_text": "3 May 2021", "date": "2021-05-03", "source": "Zorp News"}
    assert data["byline"] == "Jane Doe"
    assert data["paragraphs"] == list(article.paragraphs)
    assert [b["text"] for b in data["blocks"]] == [b.text for b in article.blocks]
    assert (data["body"], data["text"]) == (article.body, article.text)
    assert (data["language"], data["url"], data["warnings"]) == ("xx", "https://example.org/1", [])
    assert [cleaner.Removed(**r) for r in data["removed"]] == list(article.removed)


def test_to_dict_can_leave_out_what_was_removed(article: cleaner.Article) -> None:
    assert "removed" not in article.to_dict(removed=False)


def test_to_dict_of_nothing_is_plain_data_too(made: cleaner.Cleaner) -> None:
    data = json.loads(json.dumps(made.clean_text("").to_dict()))
    assert (data["headline"], data["dateline"], data["body"], data["blocks"], data["removed"]) == (None, None, "", [], [])


# -- frozen and picklable ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["headline", "paragraphs", "language", "warnings"])
def test_an_article_cannot_be_changed(article: cleaner.Article, name: str) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(article, name, "x")


def test_its_parts_cannot_be_changed_either(article: cleaner.Article) -> None:
    part: Any
    for part in (article.dateline, article.blocks[0], article.removed[0], article.verdicts[0]):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(part, dataclasses.fields(part)[0].name, "x")
    assert isinstance(article.paragraphs, tuple)
    assert isinstance(article.removed, tuple)


def test_an_article_survives_pickling_whole(article: cleaner.Article, made: cleaner.Cleaner) -> None:
    for looked_at in (article, made.clean_text(TEXT, language="xx")):
        again = pickle.loads(pickle.dumps(looked_at))
        assert again == looked_at
        assert again.to_dict() == looked_at.to_dict()
        assert again.verdicts == looked_at.verdicts
    assert copy.deepcopy(article).to_dict() == article.to_dict()


def test_a_cleaner_survives_pickling_with_its_options(folder: Path) -> None:
    made = cleaner.Cleaner(rules=[folder], repair_mojibake=False, reference_date=datetime.date(2021, 6, 1))
    again = pickle.loads(pickle.dumps(made))
    text = page(HEADLINE, "Paris, 3 May (Zorp News) –", ONE, "caf\u00c3\u00a9 \u00c3\u00a0 \u00c3\u00a9t\u00c3\u00a9", "Zorp")
    assert again.clean_text(text, language="xx").to_dict() == made.clean_text(text, language="xx").to_dict()
    assert again.clean_text(text, language="xx").dateline.date == datetime.date(2021, 5, 3)
    assert "Ã©" in again.clean_text(text, language="xx").text


def test_the_same_text_gives_the_same_article(made: cleaner.Cleaner, article: cleaner.Article) -> None:
    assert made.clean_text(TEXT, url="https://example.org/1", language="xx") == article


# -- threads ---------------------------------------------------------------------------------------------


def test_eight_threads_with_one_cleaner_get_what_one_gets(folder: Path) -> None:
    texts = [
        (page(HEADLINE, f"Zorp {n}", *PROSE[: n % 4 + 1], *(["Read on: it goes on."] * (n % 3)), "Partager" if n % 2 else "اقرأ أيضًا: خبر"), ("xx", "fr", "ar", "en", None)[n % 5])
        for n in range(120)
    ]

    def clean(made: cleaner.Cleaner, case: tuple[str, str | None]) -> dict[str, Any]:
        return made.clean_text(case[0], language=case[1]).to_dict()

    alone = cleaner.Cleaner(rules=[folder])
    shared = cleaner.Cleaner(rules=[folder])
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda case: clean(shared, case), texts))
    assert together == [clean(alone, case) for case in texts]


# -- arguments ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [b"bytes", None, 12, ["a"], Path("x")])
def test_what_is_no_text_is_a_wrong_argument(made: cleaner.Cleaner, text: Any) -> None:
    with pytest.raises(TypeError, match="not str"):
        made.clean_text(text)


@pytest.mark.parametrize("option", ["url", "language"])
def test_options_of_the_wrong_type_are_wrong_arguments(made: cleaner.Cleaner, option: str) -> None:
    with pytest.raises(TypeError, match=f"{option} is int, not str"):
        made.clean_text("x", **cast(dict[str, Any], {option: 12}))


def test_the_function_does_what_a_cleaner_does(shipped: cleaner.Cleaner) -> None:
    text = page(HEADLINE, *PROSE, "Share this article")
    assert cleaner.clean_text(text, language="en") == shipped.clean_text(text, language="en")


def test_everything_that_the_package_names_is_there() -> None:
    for name in cleaner.__all__:
        assert getattr(cleaner, name).__doc__ or isinstance(getattr(cleaner, name), (tuple, dict))
