"""Datelines and author lines: the forms of the rule files, found at the beginning of a block, with their fields."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import HEADLINE, PROSE, assert_tiles, gone, page, rule
from hypothesis import given
from hypothesis import strategies as st

import cleaner
from cleaner.dateline import Forms, dateline
from cleaner.dates import parse_date

AGENCIES = ["AFP", "Reuters", "La Presse canadienne", "و م ع", "وكالات"]


def forms(*datelines: str) -> Forms:
    """These dateline forms, with a few agencies."""
    return Forms.of(datelines, [], AGENCIES)


def found(form: str, block: str) -> tuple[str, dict[str, str]] | None:
    """The dateline that a block begins with, and its fields."""
    hit = forms(form).dateline(block)
    return (block[hit[0] : hit[1]].strip(), hit[2]) if hit else None


# -- forms ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "block", "text", "fields"),
    [
        ("{place} ({agency}) –", "Paris (AFP) – Le président", "Paris (AFP) –", {"place": "Paris", "source": "AFP"}),
        ("{place} ({agency}) –", "Paris (AFP) - Le président", "Paris (AFP) -", {"place": "Paris", "source": "AFP"}),
        ("{place} ({agency}) –", "PARIS (AFP) — Le président", "PARIS (AFP) —", {"place": "PARIS", "source": "AFP"}),
        ("{place} ({agency}) –", "Paris\u00a0(AFP)\u00a0– Le président", "Paris\u00a0(AFP)\u00a0–", {"place": "Paris", "source": "AFP"}),
        ("{place} ({agency}) –", "Port-au-Prince (AFP) – Le président", "Port-au-Prince (AFP) –", {"place": "Port-au-Prince", "source": "AFP"}),
        ("{place} ({agency}) –", "Saint-Jean de Luz (AFP) – Le", "Saint-Jean de Luz (AFP) –", {"place": "Saint-Jean de Luz", "source": "AFP"}),
        ("{place} ({agency}) –", "N'Djamena (AFP) – Le", "N'Djamena (AFP) –", {"place": "N'Djamena", "source": "AFP"}),
        ("{place} ({agency}) –", "N’Djamena (AFP) – Le", "N’Djamena (AFP) –", {"place": "N’Djamena", "source": "AFP"}),
        ("{place} ({agency}) –", "Paris (AFP/Reuters) – Le", "Paris (AFP/Reuters) –", {"place": "Paris", "source": "AFP/Reuters"}),
        ("{place} ({agency}) –", "Montréal (La Presse canadienne) – Le", "Montréal (La Presse canadienne) –", {"place": "Montréal", "source": "La Presse canadienne"}),
        ("{place}, {date} ({source}) –", "Paris, 27 déc. (Cinktank.com) – Le", "Paris, 27 déc. (Cinktank.com) –", {"place": "Paris", "date": "27 déc.", "source": "Cinktank.com"}),
        (
            "{place} :, {date} ({source}) –",
            "Paris :, 27 déc. (Cinktank.com) –",
            "Paris :, 27 déc. (Cinktank.com) –",
            {"place": "Paris", "date": "27 déc.", "source": "Cinktank.com"},
        ),
        ("{place}, le {date} ({agency}) –", "Alger, le 3 mai 2021 (AFP) – Le", "Alger, le 3 mai 2021 (AFP) –", {"place": "Alger", "date": "3 mai 2021", "source": "AFP"}),
        ("Publié dans {source} le {date}", "Publié dans H24 Info le 20 - 10 - 2021", "Publié dans H24 Info le 20 - 10 - 2021", {"source": "H24 Info", "date": "20 - 10 - 2021"}),
        ("{PLACE}, {date} ({agency}) –", "NEW YORK, May 3 (Reuters) - Stocks", "NEW YORK, May 3 (Reuters) -", {"place": "NEW YORK", "date": "May 3", "source": "Reuters"}),
        (
            "({source} - {date})",
            "(پاکستان پوائنٹ نیوز / سبوتنيك - 22 يوليو 2021ء) أعلن",
            "(پاکستان پوائنٹ نیوز / سبوتنيك - 22 يوليو 2021ء)",
            {"source": "پاکستان پوائنٹ نیوز / سبوتنيك", "date": "22 يوليو 2021ء"},
        ),
        ("{place} ({agency})", "الرباط (و م ع)", "الرباط (و م ع)", {"place": "الرباط", "source": "و م ع"}),
        ("{place} {date} ({agency}) –", "Cap de Creus 3 mai (AFP) – Le", "Cap de Creus 3 mai (AFP) –", {"place": "Cap de Creus", "date": "3 mai", "source": "AFP"}),
        ("{PLACE}/{PLACE} ({agency}) –", "PARIS/ROME (AFP) – Le", "PARIS/ROME (AFP) –", {"place": "PARIS/ROME", "source": "AFP"}),
        ("{place} [{place}] ({agency}):", "Lille [France] (AFP): Le", "Lille [France] (AFP):", {"place": "Lille", "source": "AFP"}),
        ("{place} ({Radio|La Voix}) –", "Lille (La Voix) – Le", "Lille (La Voix) –", {"place": "Lille", "source": "La Voix"}),
        ("【{place}{agency}】", "【北京AFP】22日", "【北京AFP】", {"place": "北京", "source": "AFP"}),
        ("{place} - {agency} -", "القدس المحتلة - وكالات - أعلن", "القدس المحتلة - وكالات -", {"place": "القدس المحتلة", "source": "وكالات"}),
    ],
)
def test_a_dateline_is_found_with_its_fields(form: str, block: str, text: str, fields: dict[str, str]) -> None:
    assert found(form, block) == (text, fields)


@pytest.mark.parametrize(
    ("form", "block"),
    [
        ("{place} ({agency}) –", "Paris (2-1) – Nice : les Azuréens ont perdu."),
        ("{place} ({agency}) –", "Paris (XYZ) – Le président"),
        ("{place} ({agency}) –", "Le maire de Paris et tous ses adjoints (AFP) – Le"),
        ("{place} ({agency}) –", "paris (AFP) – Le président"),
        ("{place} ({agency}) –", "Il l'a dit à Paris (AFP) – Le président"),
        ("{place} ({agency}) –", "Paris AFP – Le président"),
        ("{place} ({agency}) –", "Paris (AFP) Le président"),
        ("{place} ({agency}) –", "Paris (AFP Sport) – Le"),
        ("{PLACE} ({agency}) –", "Paris (AFP) – Le président"),
        ("{place}, {date} ({source}) –", "Paris, mardi (Cinktank.com) – Le"),
        ("{place}, {date} ({source}) –", "Paris, 27 déc. – Le"),
        ("{PLACE} –", "OTAN – et l'Union après elle – annoncent"),
        ("{agency} –", "AFP – et Reuters après elle – annonce"),
        ("{PLACE} –", "AFP – Le président"),
        ("{place} ({source}) –", "Reuters (agence) – Le président"),
        ("{place} ({Radio|La Voix}) –", "Lille (Le Nord) – Le"),
        ("Publié dans {source} le {date}", "Publié dans une revue savante, l'article fait grand bruit."),
        ("Publié dans {source} le {date}", "Publié dans H24 Info le 20 octobre 2021, ce texte a fait grand bruit dans tout le pays."),
        ("{place} ({agency}) –", ""),
    ],
)
def test_a_near_miss_is_no_dateline(form: str, block: str) -> None:
    assert found(form, block) is None


def test_of_two_forms_that_fit_the_longer_counts_whatever_their_order() -> None:
    block = "Paris (AFP) – 3 mai – Le président"
    for order in (("{place} ({agency}) –", "{place} ({agency}) – {date} –"), ("{place} ({agency}) – {date} –", "{place} ({agency}) –")):
        hit = forms(*order).dateline(block)
        assert hit
        assert hit[2] == {"place": "Paris", "source": "AFP", "date": "3 mai"}


def test_of_two_forms_as_long_the_one_with_more_signs_of_its_own_counts() -> None:
    for order in (("{PLACE} ({agency})", "{PLACE}. ({agency})"), ("{PLACE}. ({agency})", "{PLACE} ({agency})")):
        hit = forms(*order).dateline("PARIS. (AFP) Le président")
        assert hit
        assert hit[2] == {"place": "PARIS", "source": "AFP"}


def test_without_agencies_no_form_with_one_fits() -> None:
    assert Forms.of(["{place} ({agency}) –"], [], []).dateline("Paris (AFP) – Le") is None


@given(st.text(max_size=200), st.sampled_from(["{place} ({agency}) –", "{place}, {date} ({source}) –", "({source} - {date})", "{PLACE}, {date} –", "{any} ({date})"]))
def test_any_block_has_a_dateline_inside_it_or_none(block: str, form: str) -> None:
    hit = forms(form).dateline(block)
    assert hit is None or 0 <= hit[0] < hit[1] <= len(block)


# -- dates -----------------------------------------------------------------------------------------


DAY = datetime.date(2021, 10, 20)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("20 - 10 - 2021", "fr"),
        ("20/10/2021", "fr"),
        ("20 octobre 2021", "fr"),
        ("20 oct. 2021", "fr"),
        ("mercredi 20 octobre 2021", "fr"),
        ("October 20, 2021", "en"),
        ("Oct 20, 2021", "en"),
        ("20 October 2021", "en"),
        ("2021-10-20", "en"),
        ("20 أكتوبر 2021", "ar"),
        ("20 أكتوبر 2021ء", "ar"),
        ("20 - 10 - 2021", "ar"),
        ("20.10.2021", "xx"),
        ("20 octobre 2021", None),
    ],
)
def test_a_whole_date_is_read_in_the_texts_language(text: str, language: str | None) -> None:
    assert parse_date(text, language) == DAY


@pytest.mark.parametrize("text", ["20 oct.", "20 octobre", "octobre 2021", "2021", "mercredi", "12 345", "0 0 0000", "le 99 octobre 2021"])
def test_a_date_with_a_part_missing_stays_text(text: str) -> None:
    assert parse_date(text, "fr") is None


@pytest.mark.parametrize(("reference", "date"), [("2021-10-25", "2021-10-20"), ("2021-10-20", "2021-10-20"), ("2022-01-05", "2021-10-20"), ("2021-10-19", "2020-10-20")])
def test_a_reference_gives_the_year_of_the_last_such_day(reference: str, date: str) -> None:
    assert parse_date("20 oct.", "fr", datetime.date.fromisoformat(reference)) == datetime.date.fromisoformat(date)


def test_a_reference_does_not_move_a_whole_date() -> None:
    assert parse_date("20 octobre 2021", "fr", datetime.date(2026, 1, 1)) == DAY


@given(st.text(st.sampled_from("0123456789 -/.,:octabrejanvy أكتوبر年月日"), max_size=30), st.sampled_from(["fr", "en", "ar", "zz", None]), st.sampled_from([None, DAY]))
def test_no_text_of_a_date_raises(text: str, language: str | None, reference: datetime.date | None) -> None:
    assert parse_date(text, language, reference) is None or isinstance(parse_date(text, language, reference), datetime.date)


def test_a_dateline_without_a_date_has_none() -> None:
    line = dateline({"place": "Paris", "source": "AFP"}, "Paris (AFP) –", "fr")
    assert (line.text, line.place, line.date_text, line.date, line.source) == ("Paris (AFP) –", "Paris", None, None, "AFP")


# -- author lines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "block", "name"),
    [
        ("Par {name}", "Par Marie Dupont", "Marie Dupont"),
        ("Par {name}", "PAR MARIE DUPONT", "MARIE DUPONT"),
        ("Par {name}", "Par Marie Dupont et Jean-Luc d'Arc", "Marie Dupont et Jean-Luc d'Arc"),
        ("Par {name}", "Par : Marie", None),
        ("Par {name}", "Par Marie Dupont, Jean Martin", "Marie Dupont, Jean Martin"),
        ("Par {name}", "Par ailleurs, le président a dit non à la réforme.", None),
        ("Par {name}", "Par marie", None),
        ("Par {name}", "Écrit par Marie Dupont", None),
        ("By {name}", "By Jane Doe -", "Jane Doe"),
        ("By {name}", "By J. R. Doe |", "J. R. Doe"),
        ("By {name}", "By the time he came, they were gone.", None),
        ("بقلم: {name}", "بقلم: محمد الحسن", "محمد الحسن"),
    ],
)
def test_an_author_line_is_told_by_its_form(form: str, block: str, name: str | None) -> None:
    assert Forms.of([], [form], []).byline(block) == name


def test_a_long_block_is_no_author_line() -> None:
    assert Forms.of([], ["Par {name}"], []).byline("Par Marie " + "Dupont " * 30) is None


# -- in an article ------------------------------------------------------------------------------------------


TOP = """language: xx
sentence-ends: . ! ?
agency: Zorp News
dateline: {place}, {date} ({source}) –
dateline: {place} ({agency}) –
byline: Author {name}
found: [[Paris, 3 May (Zorp News) –]] The
found: [[Paris (Zorp News) –]] The
not-found: Paris (2-1) – The
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], cleaner.Article]:
    """Clean a text in a language of the test's own."""
    folder: Path = tmp_path_factory.mktemp("rules")
    (folder / "lang").mkdir()
    (folder / "lang" / "xx.txt").write_text(TOP + rule("zorp", is_="Zorp blick"), encoding="utf-8")
    return lambda text: cleaner.Cleaner(rules=[folder]).clean_text(text, language="xx")


def test_a_dateline_on_a_line_of_its_own_is_no_paragraph(made: Callable[[str], cleaner.Article]) -> None:
    article = made(page(HEADLINE, "Paris, 3 May 2021 (Zorp News) –", *PROSE))
    assert article.dateline == cleaner.Dateline("Paris, 3 May 2021 (Zorp News) –", "Paris", "3 May 2021", datetime.date(2021, 5, 3), "Zorp News")
    assert article.paragraphs == PROSE
    assert [b.kind for b in article.blocks[:3]] == ["headline", "dateline", "paragraph"]
    assert_tiles(article)


def test_a_dateline_before_the_first_sentence_is_cut_off_it(made: Callable[[str], cleaner.Article]) -> None:
    article = made(page(HEADLINE, f"Paris (Zorp News) – {PROSE[0]}", *PROSE[1:]))
    assert article.dateline
    assert article.dateline.text == "Paris (Zorp News) –"
    assert article.paragraphs == PROSE
    assert article.text == "\n\n".join([HEADLINE, "Paris (Zorp News) –", *PROSE])
    assert_tiles(article)


def test_a_dateline_deep_in_the_article_is_none(made: Callable[[str], cleaner.Article]) -> None:
    article = made(page(HEADLINE, *PROSE, f"Paris (Zorp News) – {PROSE[0]}"))
    assert article.dateline is None
    assert article.paragraphs[-1].startswith("Paris (Zorp News)")


def test_an_author_line_is_neither_paragraph_nor_removal(made: Callable[[str], cleaner.Article]) -> None:
    article = made(page(HEADLINE, "Author Jane Doe", "Paris (Zorp News) –", *PROSE))
    assert (article.byline, article.paragraphs, article.removed) == ("Jane Doe", PROSE, ())
    assert article.dateline
    assert "byline" in [b.kind for b in article.blocks]
    assert_tiles(article)


def test_a_dateline_between_headline_and_author_line_is_not_taken_for_a_menu(made: Callable[[str], cleaner.Article]) -> None:
    article = made(page("Zorp blick", HEADLINE, "Paris, 3 May 2021 (Zorp News) –", "Author Jane Doe", PROSE[0], "A ferry in the meantime", *PROSE[1:], "Zorp blick"))
    assert article.dateline, gone(article)


def test_a_text_without_them_has_none(made: Callable[[str], cleaner.Article]) -> None:
    article = made(page(HEADLINE, *PROSE))
    assert (article.headline, article.dateline, article.byline) == (HEADLINE, None, None)


def test_a_cleaners_reference_date_dates_a_line_without_a_year() -> None:
    text = page("La Russie annonce un soutien militaire à son voisin", "Paris :, 27 déc. (Cinktank.com) –", *PROSE)
    without = cleaner.Cleaner().clean_text(text, url="https://cinktank.com/1", language="fr").dateline
    dated = cleaner.Cleaner(reference_date=datetime.date(2022, 1, 2)).clean_text(text, url="https://cinktank.com/1", language="fr").dateline
    assert without
    assert dated
    assert (without.date_text, without.date) == ("27 déc.", None)
    assert dated.date == datetime.date(2021, 12, 27)


# -- calendars and eras -----------------------------------------------------------------------------------

EVENING = datetime.date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("۱ آذر ۱۴۰۵", "fa"),
        ("یکشنبه ۱ آذر ۱۴۰۵", "fa"),
        ("1405/09/01", "fa"),
        ("۲۲ نوامبر ۲۰۲۶", "fa"),
        ("12 جمادى الآخرة 1448 هـ", "ar"),
        ("١٢ جمادى الآخرة ١٤٤٨", "ar"),
        ("12/6/1448", "ar"),
        ("الأحد 22 نوفمبر 2026", "ar"),
        ("22 تشرين الثاني 2026", "ar"),
        ("12 جمادی الثانی 1448ھ", "ur"),
        ("22 نومبر 2026ء", "ur"),
        ("22 พฤศจิกายน 2569", "th"),
        ("22 พฤศจิกายน พ.ศ. 2569", "th"),
        ("๒๒ พฤศจิกายน ๒๕๖๙", "th"),
        ("22 พ.ย. 2026", "th"),
        ("22 พ.ย. 2569", "th"),
        ("22 נוב׳ 2026", "he"),
        ("令和8年11月22日", "ja"),
        ("令和８年１１月２２日", "ja"),
        ("2026年11月22日", "ja"),
        ("民國115年11月22日", "zh"),
        ("中華民國115年11月22日", "zh"),
        ("2026年11月22日", "zh"),
        ("2026 m. lapkričio 22 d.", "lt"),
        ("22. novembar 2026.", "sr"),
        ("22. новембар 2026.", "sr"),
        ("22. novembra 2026.", "sr"),
        ("22. новембра 2026.", "sr"),
        ("22. novembra 2026", "sl"),
        ("22 नवंबर 2026", "hi"),
        ("२२ नवंबर २०२६", "hi"),
        ("22 נובמבר 2026", "he"),
        ("22 Kasım 2026", "tr"),
        ("22 november 2026", "ms"),
        ("22 Novemba 2026", "sw"),
    ],
)
def test_dates_are_read_in_the_languages_own_months_digits_calendars_and_eras(text: str, language: str) -> None:
    words = cleaner.Cleaner()._forms_of(language, None).dates
    assert parse_date(text, language, None, words) == EVENING


@pytest.mark.parametrize(("text", "language"), [("31 اسفند 1404", "fa"), ("12 رمضان 1600", "ar"), ("99 آذر 1405", "fa"), ("令和99999年11月22日", "ja"), ("1448/13/45", "ar")])
def test_days_that_no_calendar_has_are_none(text: str, language: str) -> None:
    assert parse_date(text, language, None, cleaner.Cleaner()._forms_of(language, None).dates) is None


def test_a_persian_dateline_has_its_date() -> None:
    text = "توقف کار پل قدیمی شهر\nتهران، ۱ آذر ۱۴۰۵ (ایرنا) - شهردار امروز گفت که پل قدیمی شهر تا بهار بسته می‌ماند و رانندگان باید از راه دیگری بروند.\n"
    line = cleaner.clean_text(text * 1, language="fa").dateline
    assert line is not None
    assert (line.place, line.date, line.source) == ("تهران", EVENING, "ایرنا")
