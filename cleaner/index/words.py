"""Text → the words that are indexed and asked for, alike for all ways of writing them.

Accents fall (``é`` is ``e``), and case, width, the letters that Arabic, Persian and
Urdu writers use for one another, harakat and tatweel, the article and what is
joined to it (``النفط`` is ``نفط``); digits of every script are ``0`` to ``9``.
Scripts without spaces between words are split into characters, marks left on
their letter: a word of them is found as the phrase of its characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import regex

from cleaner.fold import UNSPACED, fold, without_accents

FORM = 1
"""Which form of words this module makes. Raise it when any text's words change: indexes made with another form are then made anew."""
_ALONE = UNSPACED + "\u3005\u3006\u31f0-\u31ff\U00020000-\U0003ffff"
_SILENT = "\u00ad\u034f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff"
_WORD = regex.compile(rf"(?!\p{{Nd}})[{_ALONE}][\p{{M}}{_SILENT}]*|(?:(?![{_ALONE}])[\p{{L}}\p{{N}}\p{{M}}\p{{Co}}{_SILENT}\u3300-\u33ff]|\p{{Nd}})+")
_FOLDED_WORD = regex.compile(rf"[{_ALONE}]\p{{M}}*|(?:[\p{{L}}\p{{N}}\p{{M}}\p{{Co}}](?<![{_ALONE}]))+")
_SPACED_WORD = regex.compile(r"[\p{L}\p{N}\p{M}\p{Co}]+")
_ASCII_WORD = regex.compile(r"[a-z0-9]+")
_ALONE_SIGN = regex.compile(f"[{_ALONE}]")
_OTHER_DIGIT = regex.compile(r"(?![0-9])\p{Nd}")
_POINTS = regex.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]+")
_ARABIC = regex.compile(r"[\u0620-\u06ff]")
_TRADE = "™℠№"
"""What NFKC would make letters of, joined to the word beside."""
# What has no accent to lose but is typed without its stroke, as in Unicode's Latin-ASCII.
_STROKES = (("ø", "o"), ("ł", "l"), ("đ", "d"), ("ð", "d"), ("ħ", "h"), ("ŧ", "t"), ("þ", "th"), ("æ", "ae"), ("œ", "oe"), ("ŋ", "n"))
_AM = (("\u0e4d\u0e32", "\u0e33"), ("\u0ecd\u0eb2", "\u0eb3"))  # Thai and Lao vowels that NFKC takes apart
# Urdu and Persian letters, as in Lucene's PersianNormalizer; those of `fold` are alike already.
_NEAR = (("ے", "ي"), ("ۓ", "ي"), ("ہ", "ه"), ("ھ", "ه"), ("ۀ", "ه"), ("ۂ", "ه"), ("ۃ", "ه"), ("ە", "ه"))
# The prefixes of Larkey's light10 stemmer that hold the article; the letters that must be left are ours.
_PREFIXES = (("وال", 3), ("بال", 3), ("كال", 3), ("فال", 3), ("ولل", 3), ("لل", 3), ("ال", 2))
_NO_PREFIX = frozenset("الله الذي التي الان الات الاف اليك اليه اليها اليهم الينا المانيا الماني المانيه البانيا الباني البانيه".split())
"""Common words whose first letters are no article."""


class Word(NamedTuple):
    """A word of a text as it is indexed, and where it stands."""

    form: str
    start: int
    """Code points of the text, ..."""
    end: int
    """... the end not included."""


def words(text: str) -> list[str]:
    """The words of a text as they are indexed, in order.

    >>> words("L’Élysée, le 3 août")
    ['l', 'elysee', 'le', '3', 'aout']
    >>> words("أسعار النفط") == words("اسعار نفط")
    True
    >>> words("北京の天気")
    ['北', '京', 'の', '天', '気']
    """
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())  # type: ignore[no-any-return]
    folded = _folded(text)
    if folded.isascii():
        return _ASCII_WORD.findall(folded)  # type: ignore[no-any-return]
    found: list[str] = (_FOLDED_WORD if _ALONE_SIGN.search(folded) else _SPACED_WORD).findall(folded)
    return [bare(word) for word in found] if _ARABIC.search(folded) else found


def as_words(text: str) -> str:
    """The words of a text with a space between two: what an engine that splits at spaces is given."""
    return " ".join(words(text))


def places(text: str) -> Iterator[Word]:
    """The words of a text with their places, for marking them in the text as it was written."""
    if text.isascii():
        for found in _ASCII_WORD.finditer(text.lower()):
            yield Word(found[0], *found.span())
        return
    for found in _WORD.finditer(text):
        for form in _forms(found[0]):
            yield Word(form, *found.span())


@lru_cache(maxsize=50_000)
def _forms(word: str) -> tuple[str, ...]:
    return tuple(words(word))


def _folded(text: str) -> str:
    for sign in _TRADE:
        text = text.replace(sign, " ")
    folded = without_accents(fold(text))
    if folded.isascii():
        return folded
    for old, new in (*_STROKES, *_AM):
        folded = folded.replace(old, new)
    if _OTHER_DIGIT.search(folded):
        folded = _OTHER_DIGIT.sub(lambda found: str(int(found[0])), folded)
    if _ARABIC.search(folded):
        for old, new in _NEAR:
            folded = folded.replace(old, new)
    return str(_POINTS.sub("", folded))


@lru_cache(maxsize=100_000)
def bare(word: str) -> str:
    """A folded word without the Arabic article and what is joined before it, where enough of it is left."""
    if word in _NO_PREFIX:
        return word
    for prefix, least in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= least:
            return word[len(prefix) :]
    return word
