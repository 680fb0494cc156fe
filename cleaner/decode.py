"""Bytes of a web page → text: what a browser would try, then detection.

The order is the HTML Living Standard's (13.2.3, "sniffing"): byte order mark,
what the server or the page declares, and only then a guess; with one change,
because crawled pages are often declared wrongly: bytes that are valid UTF-8 and
not plain ASCII are UTF-8, whatever is declared (a legacy encoding that happens
to be valid UTF-8 over a whole page is next to impossible).
"""

from __future__ import annotations

import codecs
import logging
import re
from functools import lru_cache

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']?\s*([\w.:-]+)|<meta[^>]{0,300}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.I)
_LOOKED_AT = 8192
"""Bytes in which a declaration is looked for; browsers look at 1024, many pages need more."""
_BROWSERS = {
    "iso-8859-1": "cp1252", "latin-1": "cp1252", "ascii": "cp1252", "iso8859-1": "cp1252", "iso-8859-9": "cp1254", "iso8859-9": "cp1254", "iso-8859-11": "cp874",
    "tis-620": "cp874", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "euc-kr": "cp949", "shift_jis": "cp932", "big5": "big5hkscs", "x-sjis": "cp932",
    "x-gbk": "gb18030", "ks_c_5601-1987": "cp949", "iso-8859-8-i": "cp1255", "x-mac-roman": "mac-roman", "x-euc-jp": "euc-jp", "x-big5": "big5hkscs",
}  # fmt: skip
"""What browsers read for a declared encoding (Encoding Standard, section 4.2): the larger set that holds it."""
_TOLERATED = 0.002
"""The share of characters that may fail to decode before a declaration counts as wrong."""
_DEFAULT = "cp1252"


def decode(data: bytes, declared: str | None = None) -> tuple[str, str, str | None]:
    """The text of a page, the encoding it was read in, and a warning if the declaration was wrong.

    `declared` is what the server's header said. Nothing raises: bytes that fit
    no encoding become U+FFFD.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace"), name, None
    if data[:1] == b"<" and data[1:2] == b"\0":
        return data.decode("utf-16-le", "replace"), "utf-16-le", None
    if data[:2] == b"\0<":
        return data.decode("utf-16-be", "replace"), "utf-16-be", None
    said = _known(declared) or _declaration(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        wrong = said not in (None, "utf-8") and not data.isascii()
        if data.isascii() and said in ("iso2022_jp", "hz", "utf-7"):
            return data.decode(said, "replace"), said, None
        return text, "utf-8", f"declared as {said}, read as utf-8" if wrong else None
    if said:
        try:
            return data.decode(said), said, None
        except UnicodeDecodeError:
            text = data.decode(said, "replace")
            if text.count("\ufffd") - data.count(b"\xef\xbf\xbd") <= max(3, _TOLERATED * len(text)):
                return text, said, None
    found = _detect(data)
    text = data.decode(found, "replace")
    return text, found, f"declared as {said}, read as {found}" if said and said != found else None


def _declaration(data: bytes) -> str | None:
    match = _DECLARED.search(data[:_LOOKED_AT])
    name = _known((match[1] or match[2]).decode("ascii", "replace")) if match else None
    return "utf-8" if name and name.startswith("utf-16") else name  # could not be read if it were so


@lru_cache(maxsize=256)
def _known(name: str | None) -> str | None:
    """Python's name of an encoding as browsers read it, if there is one."""
    if not name:
        return None
    name = name.strip().lower()
    try:
        standard = codecs.lookup(_BROWSERS.get(name, name)).name
    except LookupError:
        return None
    return codecs.lookup(_BROWSERS.get(standard, standard)).name


def _detect(data: bytes) -> str:
    from bs4.dammit import UnicodeDammit

    logging.getLogger("bs4.dammit").setLevel(logging.ERROR)  # what it could not decode is ours to say
    sample = data[:200_000]
    found = _known(UnicodeDammit(sample, is_html=True).original_encoding)
    if found in (None, "utf-8", "ascii"):  # its last resort, known by now not to fit
        from charset_normalizer import from_bytes

        best = from_bytes(sample).best()
        found = _known(best.encoding) if best else None
    return found or _DEFAULT
