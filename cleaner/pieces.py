"""Lines that are made of pieces, each of which a rule takes when it is a line by itself.

Pages without tags run their buttons together: ``ShareTweetCopy link``, ``Log in Forgot
your password? Register`` (whole-line phrases set end to end), ``Updated 12:30 | 3 minutes'
read | Print`` (any lines, with bars or bullets between). No rule is written for the many
orders in which they come.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import regex

from cleaner.fold import UNSPACED, fold

_CAPITALS = "".join(c for c in map(chr, (*range(0x41, 0x590), *range(0x1E00, 0x2000))) if c.isupper())
_CAPITAL = re.compile(rf"(?<=[^\W_{_CAPITALS}])[{_CAPITALS}]")
"""A capital behind a small letter or a number, or behind a sign of a script without capitals."""
_GLUE = re.compile(rf"(?<=[^\W_{_CAPITALS}])(?=[{_CAPITALS}])|(?<=\))(?=[^\W_])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
"""Where two pieces stand without a space between."""
_MARK = "\x1f"
_TOKEN = regex.compile(rf"[{UNSPACED}]|\d+(?:[.,:/]\d+)*|[^\W\d_{_MARK}{UNSPACED}][\p{{L}}\p{{M}}]*")
_PLAIN = frozenset(" '’-.")
"""What may stand between two words of a text; anything else sets pieces apart."""
LONGEST = 300
"""Characters of a line that is looked at."""
_MOST = 60
"""Words (signs, in scripts without spaces) of one."""
_REACH = 14
"""Words or signs of one piece."""
_UNKNOWN = 0.12
"""Share of a line's letters that may belong to no piece, if there are three pieces."""


_BARS = re.compile(r"\s*[|•·▪●■◦‣›»→▸►▶▼☰✚✉⋅∙＞>]+\s*|\s{3,}|\s+[-–—]\s+")
_MOSTLY = 0.6
"""Share of a line's letters that must be in pieces that rules take, ..."""
_LONG = 30
"""... and letters of a piece that none takes, at most."""


def glued(line: str) -> bool:
    """Whether two pieces may stand in a line without a space between."""
    return _CAPITAL.search(line) is not None


def parts(line: str) -> list[str]:
    """The pieces between bars, bullets, arrows, dashes and wide spaces that have a letter."""
    return [piece for piece in _BARS.split(line) if any(map(str.isalpha, piece))]


def mostly(pieces: Sequence[str], taken: Collection[int]) -> int | None:
    """The longest of the taken pieces, if those make up most of the line and none of the others is long."""
    letters = [sum(map(str.isalpha, piece)) for piece in pieces]
    most = sum(letters[n] for n in taken)
    if not taken or len(pieces) < 2 or most < _MOSTLY * sum(letters) or any(size > _LONG for n, size in enumerate(letters) if n not in taken):
        return None
    return max(taken, key=lambda n: (letters[n], -n))


@dataclass(frozen=True)
class _Way:
    """A way to cover the beginning of a line."""

    unknown: int
    """Letters that belong to no piece."""
    pieces: tuple[tuple[int, int, int], ...]
    """For each piece its first token, the one behind its last, and the rule that takes it."""


def end_to_end(line: str, known: Callable[[str], int | None]) -> list[tuple[int, str]] | None:
    """The rules and folded texts of the pieces, if a line is nothing but such; `known` gives the number of the rule that takes a folded text as a whole line."""
    folded = fold(_GLUE.sub(_MARK, line))
    tokens = [m.span() for m in _TOKEN.finditer(folded)]
    if not 2 <= len(tokens) <= _MOST:
        return None
    letters = sum(end - start for start, end in tokens if not folded[start].isdigit())
    least = [_Way(0, ())] + [_Way(letters + 1, ())] * len(tokens)
    for i, (start, end) in enumerate(tokens):
        way = least[i]
        if way.unknown > _UNKNOWN * letters:
            continue
        if folded[start].isdigit():
            step = way.unknown
        else:
            step = way.unknown + end - start
            if not way.pieces:
                step = letters + 1  # the first word begins a piece
        if step < least[i + 1].unknown:
            least[i + 1] = _Way(step, way.pieces)
        for j in range(min(len(tokens), i + _REACH), i, -1):
            text = folded[start : tokens[j - 1][1]]
            rule = known(text.replace(_MARK, ""))
            if rule is not None:
                other = least[j]
                if (way.unknown, len(way.pieces) + 1) < (other.unknown, len(other.pieces) or _MOST):
                    least[j] = _Way(way.unknown, (*way.pieces, (i, j, rule)))
    best = least[-1]
    if best.unknown > _UNKNOWN * letters or not _telling(folded, tokens, best):
        return None
    return [(rule, folded[tokens[i][0] : tokens[j - 1][1]].replace(_MARK, "")) for i, j, rule in best.pieces]


def _telling(folded: str, tokens: list[tuple[int, int]], way: _Way) -> bool:
    """Whether there are three pieces, or two that signs, numbers or a missing space set apart."""
    count = len(way.pieces)
    if count >= 3:
        return True
    if way.unknown or not count:
        return False
    breaks = [folded[tokens[j - 1][1] : tokens[j][0]] for _, j, _ in way.pieces if j < len(tokens)]
    apart = any(not set(gap) <= _PLAIN for gap in breaks) or any(j < len(tokens) and folded[tokens[j][0]].isdigit() for _, j, _ in way.pieces)
    return apart if count == 2 else any(gap == _MARK for gap in breaks)
