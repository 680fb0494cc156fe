"""What a phrase or a pattern cannot match without: if this is wrong, a rule misses what it should find."""

from __future__ import annotations

import pytest
import regex
from hypothesis import assume, given
from hypothesis import strategies as st

from cleaner import matcher
from cleaner.fold import fold, tidy
from cleaner.literals import PLACEHOLDERS, braces, choices, pattern_literals, phrase_literals, weight
from cleaner.model import Phrase


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        (r"lire aussi", {"lire aussi"}),
        (r"LIRE Aussi", {"lire aussi"}),
        (r"^\s*lire\s+aussi", {"aussi"}),
        (r"\d+ partages?", {"partage"}),
        (r"partager|imprimer", {"partager", "imprimer"}),
        (r"(?:share|print) this", {"share", "print"}),
        (r"(?:share|on) this", {"this"}),
        (r"(?:facebook|twitter)", {"facebook", "twitter"}),
        (r"(?:share)?\s*comments", {"comments"}),
        (r"(share|print|send)", {"share", "print", "send"}),
        (r"[a-z]+ newsletter", {"newsletter"}),
        (r"(?<=by )reuters", {"reuters"}),
        (r"(?!share)print", {"print"}),
        (r"(?P<what>share)", {"share"}),
        (r"(?i:Share)", {"share"}),
        (r"(?>share)", {"share"}),
        (r"(?:abc){2}", {"abc"}),
        (r"abcd*e", {"abc"}),
        (r"abcd?", {"abc"}),
        (r"ab+c+def", {"cdef"}),
        (r"abcd{0,3}", {"abc"}),
        (r"abc{2}", {"abc"}),
        (r"a\.b\.c", {"a.b.c"}),
        (r"\(c\) reserved", {"(c) reserved"}),
        (r"\x41bc", {"abc"}),
        (r"\u00e9t\u00e9s", {"étés"}),
        (r"©", {"©"}),
        (r"\p{Lu}\w+ share", {"share"}),
        (r"阅读", {"阅读"}),
    ],
)
def test_the_literal_of_a_pattern(pattern: str, literals: set[str]) -> None:
    assert set(pattern_literals(pattern) or ()) == literals


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d+",
        r".*",
        r"[a-z]{3,}",
        r"ab",
        r"a|share",
        r"(?:share)?",
        r"(?:share)*",
        r"(?=share)",
        r"(?!share)",
        r"(?:share){0,2}",
        r"share|",
        r"(?:share|\d+)",
        r"a.b.c.d",
        r"\bab\b",
        r"(?#share)\d",
    ],
)
def test_a_pattern_that_can_match_without_any_fixed_piece_has_none(pattern: str) -> None:
    assert pattern_literals(pattern) is None


_WORDS = st.sampled_from(["share", "Lire", "été", "l'article", "a", "b", "c", "ab", " ", "-", "ß", "ﬁ", "中文", "اقرأ", "هذا", "o", "x"])
_ATOMS = st.one_of(
    _WORDS.map(regex.escape),
    st.sampled_from([r"\d", r"\s", r"\w", r".", "[abc]", "[^x]", r"[a\]b]", r"\b", r"\.", r"\(", r"(?=a)", r"(?!zz)", r"(?<!zz)", r"\x61", r"\u00e9", r"\p{L}", r"(?:)"]),
)
_QUANTIFIERS = st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{0,2}", "{1}", "{1,2}", "+?", "*+", "{,2}"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    sequence = st.lists(st.tuples(inner, _QUANTIFIERS), min_size=1, max_size=4).map(
        lambda parts: "".join(a if a.startswith((r"\b", "(?=", "(?!", "(?<")) else a + q for a, q in parts)
    )
    group = st.tuples(st.sampled_from(["(?:", "(", "(?>", "(?P<n>", "(?i:"]), st.lists(sequence, min_size=1, max_size=3)).map(lambda g: g[0] + "|".join(g[1]) + ")")
    return sequence | group


_PATTERNS = st.recursive(_ATOMS, _grown, max_leaves=10)
_TEXTS = st.lists(
    st.sampled_from(
        ["share", "LIRE", "lire", "Été", "l’article", "a", "b", "aa", "ab", "c", " ", "-", "–", "SS", "ss", "ß", "fi", "ﬁ", "中文", "اقرأ", "هذا", "1", "x", "o", ".", "(", "]"]
    ),
    min_size=1,
    max_size=8,
).map("".join)


@given(_PATTERNS, _TEXTS)
def test_whatever_a_pattern_matches_holds_one_of_its_literals(pattern: str, text: str) -> None:
    try:
        compiled = regex.compile(pattern, regex.IGNORECASE)
    except regex.error:
        assume(False)
    literals = pattern_literals(pattern)
    assume(literals)
    assert literals
    if compiled.search(tidy(text), timeout=1):
        assert any(literal in fold(text) for literal in literals), f"{pattern!r} matches {text!r} without any of {set(literals)}"


@pytest.mark.parametrize(
    ("phrase", "literals"),
    [
        ("Lire aussi", {"lire aussi"}),
        ("{number} commentaires", {"commentaires"}),
        ("{number} of {number} comments", {"comments"}),
        ("Suivez {any} sur WhatsApp", {"sur whatsapp"}),
        ("read {more|further}", {"read"}),
        ("à {lire|écouter}", {"lire", "écouter"}),
        ("go to this {story|article|}", {"go to this"}),
        ("{share|send} it", {"share", "send"}),
        ("à {number}", None),
        ("{number}", None),
        ("{any}", None),
        ("{a|b}", None),
        ("{share|}", None),
        ("阅读 {number}", {"阅读"}),
    ],
)
def test_the_literal_of_a_phrase(phrase: str, literals: set[str] | None) -> None:
    assert phrase_literals(phrase) == literals


def test_braces_tell_placeholders_from_choices() -> None:
    assert [(m[1], choices(m[1])) for m in braces("{number} {story|article|} {any}")] == [("number", []), ("story|article|", ["story", "article", ""]), ("any", [])]


_FIXED = st.sampled_from(["lire", "Partager", "été", "aussi", "l’article", "اقرأ", "أيضًا", "中文", "déjà :", "via"])
_PIECES = st.lists(
    st.one_of(_FIXED, st.sampled_from(["{number}", "{any}"]), st.lists(_FIXED, min_size=2, max_size=3).map(lambda c: "{" + "|".join(c) + "}")), min_size=1, max_size=4
)
_NUMBERS = ("12", "1 204", "3,5 K", "١٢")


@given(_PIECES, st.data())
def test_a_phrase_is_found_in_every_text_that_fits_it_and_so_is_its_literal(pieces: list[str], data: st.DataObject) -> None:
    phrase = " ".join(pieces)
    literals = phrase_literals(phrase)
    assume(literals)
    written = []
    for piece in pieces:
        if piece == "{number}":
            written.append(data.draw(st.sampled_from(_NUMBERS)))
        elif piece == "{any}":
            written.append(data.draw(st.sampled_from(["RTL", "notre page", "x", "24 heures"])))
        elif piece.startswith("{"):
            written.append(data.draw(st.sampled_from(piece[1:-1].split("|"))))
        else:
            written.append(data.draw(st.sampled_from([piece, piece.upper(), piece.replace(" ", "\u00a0")])))
    text = " ".join(written)
    test = matcher.Test("is", Phrase(phrase, 1, 1))
    assert test.find(matcher.Line(text, fold(text))), f"{phrase!r} does not find {text!r}"
    assert any(literal in fold(text) for literal in test.literals()), f"{text!r} holds none of {test.literals()}"


@pytest.mark.parametrize("number", ["12", "1 204", "1,204", "1.204", "3,5 K", "3.5k", "2 M", "١٢", "१२", "1'204"])
def test_a_number_is_written_in_many_ways(number: str) -> None:
    assert regex.fullmatch(PLACEHOLDERS["number"], fold(number))


@pytest.mark.parametrize("word", ["douze", "k", "", "m12"])
def test_a_word_is_no_number(word: str) -> None:
    assert not regex.fullmatch(PLACEHOLDERS["number"], word)


def test_a_sign_of_a_script_with_thousands_says_more_than_a_letter() -> None:
    assert weight("abc") == 3
    assert weight("阅读") > weight("ab")
    assert weight("©") > weight("a")
