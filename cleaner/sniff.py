"""What an input is, by how it begins: a page, a text, or something that is neither."""

from __future__ import annotations

import json
import re

from cleaner.decode import decode

_TAG = re.compile(r"<[a-zA-Z!/]")
_PAGE = re.compile(r"\A\s*(?:<\?xml|<rss|<feed)|<(?:!doctype\s+html|html|head|body|article|main|div|section|table|meta|p|h1)\b[^<>]{0,2000}>", re.I)
_FEED = re.compile(r"<(?:rss|feed|rdf:RDF)[\s>]", re.I)
LOOKED_AT = 4096
"""Characters by which something that is no page is known."""


def looks_like_html(data: str | bytes) -> bool:
    """Whether this is a page rather than plain text: it begins like one, or has a page's elements near its beginning."""
    if isinstance(data, bytes):
        if data.startswith((b"\x1f\x8b", b"%PDF")):
            return True
        data = decode(data[: 4 * LOOKED_AT])[0]
    return _PAGE.search(data[: 4 * LOOKED_AT]) is not None


def no_page(text: str) -> str | None:
    """What this is, if it begins like something that is no web page."""
    start = text[:LOOKED_AT].lstrip("\ufeff \t\r\n")
    if not start:
        return "the page is empty"
    if start.startswith("%PDF"):
        return "this is a PDF, not HTML; extract its text first and use clean_text()"
    if start.startswith(("\x1f\x8b", "\x1f\ufffd")):
        return "this is gzip read as text; give its bytes, or unpack it first"
    if start[0] in "{[" and not _TAG.search(start) and _is_json(text):
        return "this is JSON, not HTML; give the field that holds the page"
    if _FEED.search(start[:1000]):
        return "this is a feed, not a page; give the pages that it names"
    if start.count("\x00") + start.count("\ufffd") > 0.1 * len(start):
        return "this is binary data, not HTML"
    return None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
