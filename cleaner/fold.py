"""Making two wordings comparable: `fold` for matching, `tidy` for regular expressions.

`fold` never adds or removes a line break, so line *n* of the folded text is line
*n* of the text; positions within a line are mapped only where a rule takes a
part of a line (`fold_with_offsets`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_APOSTROPHES = "’‘ʼ`´ʹ′＇"
_SPACES = "\t\xa0\u202f\u2009\u2007\u2002\u2003\u2005\u200a\u3000"
_DASHES = "–—‑‐―−"
# Letters that writers of one language use for one another: hamza carriers, final
# ya and ta marbuta in Arabic, Persian and Urdu forms of kaf and ya, dotless i.
_LETTERS = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك", "ı": "i"}
_ONE_TO_ONE = (
    [(c, "'") for c in _APOSTROPHES]
    + [(c, " ") for c in _SPACES]
    + [(c, "-") for c in _DASHES]
    + list(_LETTERS.items())
    + [("…", "...")]
    # Full-width punctuation, which NFKC would turn too, at the price of the whole text.
    + [(chr(c + 0xFEE0), chr(c)) for c in map(ord, "!#%&()+,-./:;<=>?@|~")]
)
# Signs that carry no letter: harakat and tatweel, soft hyphen, zero-width and
# directional marks, the dot that casefold leaves of a Turkish capital I.
def _signs(*ranges: tuple[int, int]) -> list[str]:
    return [chr(c) for low, high in ranges for c in range(low, high + 1)]


_SILENT = _signs((0xAD, 0xAD), (0x307, 0x307), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2069), (0xFE0E, 0xFE0F), (0xFEFF, 0xFEFF))
_SILENT_ARABIC = _signs((0x640, 0x640), (0x64B, 0x65F), (0x610, 0x61A), (0x670, 0x670))
_ALEF = "ا"  # no text in Arabic script is without it, a phrase or a few lines may be
_SHORT = 1000
_PUNCTUATION = re.compile(r" ?([:!?;])")
_MARKS = re.compile("[\u0300-\u036f]+")
_TIDY = str.maketrans({**dict.fromkeys(_APOSTROPHES, "'"), **dict.fromkeys(_SPACES, " "), **dict.fromkeys(_DASHES, "-")})


def fold(text: str) -> str:
    """Case, NFKC, spaces, apostrophes, dashes, silent signs: all made alike.

    Line breaks stay where they are; runs of spaces become one.
    """
    folded = text.casefold()
    if not folded.isascii():
        for old, new in _ONE_TO_ONE:
            if old in folded:
                folded = folded.replace(old, new)
        if not unicodedata.is_normalized("NFKC", folded):
            folded = unicodedata.normalize("NFKC", folded).casefold()
            for old, new in _LETTERS.items():
                folded = folded.replace(old, new)
        # One search a sign is several times as fast as one for the class of them.
        for sign in (*_SILENT, *_SILENT_ARABIC) if _ALEF in folded or len(folded) < _SHORT else _SILENT:
            if sign in folded:
                folded = folded.replace(sign, "")
    elif "\t" in folded or "`" in folded:
        folded = folded.replace("\t", " ").replace("`", "'")
    while "  " in folded:
        folded = folded.replace("  ", " ")
    return folded


_LOW = bytes(range(0xE0))


def leads(text: str) -> frozenset[int]:
    """The first bytes, in UTF-8, of a text's signs from U+0800 on.

    Many times as fast as a regular expression with a class of such signs.
    """
    return frozenset() if text.isascii() else frozenset(text.encode("utf-8", "replace").translate(None, _LOW))


UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Ranges, for a class of a regular expression, of the scripts that set no spaces between words, ..."""
UNSPACED_SIGN = re.compile(f"[{UNSPACED}]")
"""... and what finds a sign of them."""
WIDE_LEADS = frozenset((0xE1, *range(0xE3, 0xEE), 0xEF))
"""First bytes of Chinese, Japanese and Korean signs (and of some others)."""
UNSPACED_LEADS = frozenset((0xE0, 0xE1, *range(0xE3, 0xEA), 0xEF))
"""First bytes of the signs of scripts without spaces (and of some others): Thai, Lao, Burmese, Khmer, kana, Han."""


def tidy(text: str) -> str:
    """Apostrophes, spaces and dashes made plain, one code point for one, case kept."""
    return text.translate(_TIDY) if not text.isascii() or "`" in text or "\t" in text else text


def without_accents(folded: str) -> str:
    """Latin, Greek and Cyrillic letters without their marks: ``é`` is ``e``."""
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", folded)))


def spellings(folded: str) -> list[str]:
    """The ways a phrase is written where capitals or keyboards lose accents, or where habits of spacing differ.

    As it is; the first letter bare (``A lire également``); the first letters of
    all words bare (``A la une``, ``Ecoutez l'émission`` in capitals); all bare.
    Each with a space before ``: ! ? ;`` as in French, and without.
    """
    ways = [folded]
    bare = without_accents(folded)
    if bare != folded:
        initials = re.sub(r"(?<!\w)\w", lambda m: without_accents(m[0]), folded)
        ways += [without_accents(folded[:1]) + folded[1:], initials, bare]
    if _PUNCTUATION.search(folded):
        ways = [_PUNCTUATION.sub(space + r"\1", way) for way in ways for space in ("", " ")]
    return list(dict.fromkeys(ways))


def composed(line: str) -> tuple[str, list[int]]:
    """A line in NFC, with the offset in `line` of each of its code points, and behind them the length of `line`."""
    chars: list[str] = []
    offsets: list[int] = []
    for start, end in _clusters(line):
        made = unicodedata.normalize("NFC", line[start:end])
        chars.append(made)
        offsets += [start] * len(made)
    return "".join(chars), [*offsets, len(line)]


def _clusters(line: str) -> Iterator[tuple[int, int]]:
    """Each letter with its marks; Korean vowels and finals belong to the letter before."""
    start = 0
    while start < len(line):
        end = start + 1
        while end < len(line) and (unicodedata.combining(line[end]) or "\u1160" <= line[end] <= "\u11ff"):
            end += 1
        yield start, end
        start = end


def fold_with_offsets(line: str) -> tuple[str, list[int]] | None:
    """`fold` of one line, with the offset in `line` of each folded code point.

    The list has one entry more than the folded text: the length of `line`.
    None where the offsets cannot be told.
    """
    chars: list[str] = []
    offsets: list[int] = []
    for start, end in _clusters(line):
        for char in fold(line[start:end]):
            if char == " " and chars and chars[-1] == " ":
                continue
            chars.append(char)
            offsets.append(start)
    folded = "".join(chars)
    return (folded, [*offsets, len(line)]) if folded == fold(line) else None
