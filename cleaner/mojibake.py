"""Repair of text that was decoded wrongly once too often, by ftfy, where there are signs of it."""

from __future__ import annotations

import re

# A letter that begins a UTF-8 sequence, read as windows-1252 or Latin-1, followed by
# a sign that only a continuation byte gives: é as Ã©, ’ as â€™, и as Ð¸, ع as Ø¹.
_SIGNS = re.compile("(?:[ÃÂ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â[€\x80][\x80-\xbf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ¦]|[ÐÑØÙ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ])")
GATE = 2
"""Signs in a text from which it is worth asking ftfy."""


def repair(text: str) -> tuple[str, int]:
    """The text with mojibake repaired line by line, and the number of lines changed.

    Lines without a sign of it are never touched, and a text with fewer than
    `GATE` signs in its first two million characters is not looked at further.
    """
    if text.isascii() or (not any(letter in text for letter in "ÃÂÐÑØÙ") and "â€" not in text) or len(_SIGNS.findall(text, 0, 2_000_000)) < GATE:
        return text, 0
    import ftfy

    lines = text.split("\n")
    changed = 0
    for i, line in enumerate(lines):
        if not line.isascii() and _SIGNS.search(line):
            fixed = ftfy.fix_encoding(line).replace("\n", " ")
            if fixed != line:
                lines[i] = fixed
                changed += 1
    return "\n".join(lines), changed
