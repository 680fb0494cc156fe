"""`fold` makes two wordings alike; it keeps lines where they are, and positions can be traced back."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cleaner.fold import fold, fold_with_offsets, spellings, tidy, without_accents

SCRIPTS = st.text(st.sampled_from("aZéÉßİıﬁǰ'’` \t\xa0\u3000-–—:!?;…«»\u200b\u200f\xad\u0301\u0327\ufe0fاأإآىةـًّکیгЙΣς中文ＡＢ：！ก็한글ﷺ½①0٣"), max_size=40)
ALL_UNICODE = st.text(max_size=40)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("LIRE AUSSI", "lire aussi"),
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("ISPARTA ısparta", "isparta isparta"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("a\u00a0b", "a b"),
        ("a\tb", "a b"),
        ("a\u202f\u2009 \u3000b", "a b"),
        ("l’article", "l'article"),
        ("l‘article", "l`article"),
        ("2019–2020", "2019-2020"),
        ("2019—2020", "2019‑2020"),
        ("e\u0301te\u0301", "été"),
        ("La suite…", "La suite..."),
        ("ﬁn", "fin"),
        ("ＡＢＣ：１２", "abc:12"),
        ("co\xadopé\u200bration", "coopération"),
        ("✔\ufe0f lu", "✔ lu"),
    ],
)
def test_case_spaces_apostrophes_dashes_and_widths_do_not_count(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("مُدَرِّس", "مدرس"),  # harakat, and no alef in the word
        ("مدرســة", "مدرسة"),  # tatweel
        ("اقرأ أيضًا", "اقرا ايضا"),
        ("إقرأ", "أقرا"),
        ("آخر", "اخر"),
        ("على", "علي"),
        ("صفحة", "صفحه"),
        ("کتاب فارسی", "كتاب فارسي"),
        ("\u200fاقرأ\u200e", "اقرا"),
        ("ﻻ", "لا"),
    ],
)
def test_arabic_vowel_signs_tatweel_and_forms_of_letters_do_not_count(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("côté", "cote"), ("été", "étés"), ("Lire aussi", "Lireaussi"), ("12", "13"), ("a:b", "a b"), ("中文", "中又")])
def test_wordings_that_differ_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_runs_of_spaces_become_one() -> None:
    assert fold("a  \t \xa0 b") == "a b"


def test_a_line_break_is_never_added_or_taken_away() -> None:
    assert fold("A \n\n\tb\n") == "a \n\n b\n"


@given(st.lists(SCRIPTS, min_size=1, max_size=5))
@example(["مُدَرِّس", "alef: ا"])
def test_a_line_folds_the_same_alone_and_in_its_text(lines: list[str]) -> None:
    assert fold("\n".join(lines)).split("\n") == [fold(line) for line in lines]


@given(ALL_UNICODE)
def test_line_breaks_are_as_many_as_before_in_any_text(text: str) -> None:
    assert fold(text).count("\n") == text.count("\n")


@given(ALL_UNICODE | SCRIPTS)
@example("اقرأ أيضًا")
@example("İstanbul Straße ﬁn")
@example("e\u0301\u0327te")
def test_offsets_agree_with_fold_or_are_not_told(line: str) -> None:
    found = fold_with_offsets(line)
    if found is None:
        return
    folded, offsets = found
    assert folded == fold(line)
    assert len(offsets) == len(folded) + 1
    assert offsets == sorted(offsets)
    assert offsets[-1] == len(line)
    assert all(0 <= o < len(line) for o in offsets[:-1])


@given(
    st.lists(st.sampled_from(["Lire aussi", "été", "Straße", "İstanbul", "ﬁn", "l’article", "اقرأ أيضًا", "مُدَرِّس", "中文", " ", "  ", "e\u0301", "…", "हिन्दी", "ไทย"]), max_size=8)
)
def test_a_piece_is_found_back_at_its_offsets(pieces: list[str]) -> None:
    line = "".join(pieces)
    found = fold_with_offsets(line)
    assert found is not None, f"no offsets for {line!r}"
    folded, offsets = found
    for start in range(len(folded)):
        if folded[start] != " ":
            source = line[offsets[start] : next((o for o in offsets[start:] if o > offsets[start]), len(line))]
            assert folded[start] in fold(source), f"{folded[start]!r} is said to come from {source!r}"


@pytest.mark.parametrize("line", ["اقرأ أيضًا: مُدَرِّس جديد", "ألِف", "Straße  nach ﬁnal", "İzmir'de", "हिन्दी में पढ़ें", "e\u0301cole", "한글", "\u1112\u1161\u11ab"])
def test_offsets_are_told_for_the_scripts_of_the_press(line: str) -> None:
    assert fold_with_offsets(line) is not None


def test_a_letter_that_becomes_two_keeps_its_place() -> None:
    assert fold_with_offsets("Straße") == ("strasse", [0, 1, 2, 3, 4, 4, 5, 6])


def test_an_accent_written_apart_belongs_to_its_letter() -> None:
    assert fold_with_offsets("e\u0301t") == ("ét", [0, 2, 3])


def test_of_a_run_of_spaces_the_first_is_meant() -> None:
    assert fold_with_offsets("a   b") == ("a b", [0, 1, 4, 5])


@given(ALL_UNICODE)
def test_tidy_changes_no_position(text: str) -> None:
    assert len(tidy(text)) == len(text)


def test_tidy_keeps_case_and_accents() -> None:
    assert tidy("L’Été\u00a0–\u202fici") == "L'Été - ici"


def test_accents_are_taken_off_without_touching_other_signs() -> None:
    assert without_accents("à lire également, ño, ё") == "a lire egalement, no, е"


def test_a_phrase_is_spelt_with_all_some_and_no_accents() -> None:
    assert spellings("à lire également") == ["à lire également", "a lire également", "a lire egalement"]


def test_a_phrase_is_spelt_with_and_without_a_space_before_punctuation() -> None:
    assert set(spellings("lire aussi :")) == {"lire aussi:", "lire aussi :"}
    assert set(spellings("déjà lu ?")) == {f"{words}{space}?" for words in ("déjà lu", "deja lu") for space in ("", " ")}


def test_a_plain_phrase_has_one_spelling() -> None:
    assert spellings("share this") == ["share this"]
