"""Plain text → Page: one block a line that is not blank."""

from __future__ import annotations

import re

from cleaner.model import Page

_SIGNS = "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def read_text(text: str, url: str | None = None) -> Page:
    """Read plain text. Every kind of line break becomes ``\\n``; positions count in that text."""
    if any(sign in text for sign in _SIGNS):
        text = _BREAKS.sub("\n", text)
    return Page(text, [line for line in map(str.strip, text.split("\n")) if line], url)
