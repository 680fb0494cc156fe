"""What a page prints of itself, made plain: the headline without the site's name, names of authors, points in time."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence

from cleaner.model import Said

_SITE_BEHIND = re.compile(r"\s+[-–—|•·»«:]+\s+")
_LONGEST_TIME = 80
"""Characters of a date that are looked at."""
_ROLE = re.compile(r"\s*(?:\(.*?\)|\[.*?\]|<.*?>)\s*")


def without_site(line: str, said: Said) -> str:
    """A printed headline without the site's name behind or before it."""
    for site in (said.site, said.site.split(".")[0]):
        if site and len(site) < len(line):
            pieces = _SITE_BEHIND.split(line)
            if len(pieces) > 1 and pieces[-1].casefold() == site.casefold():
                return line[: line.rindex(pieces[-1])].rstrip(" \t-–—|•·»«:")
            if len(pieces) > 1 and pieces[0].casefold() == site.casefold():
                return line[len(pieces[0]) :].lstrip(" \t-–—|•·»«:")
    return line


def unprinted_headline(said: Said) -> str | None:
    """The headline that a page says it has, where it prints none."""
    line = next(iter(said.headlines), "") or said.title
    return without_site(line.replace("\n", " "), said) or None


def authors_of(bylines: Iterable[str], between: Sequence[str] = ()) -> tuple[str, ...]:
    """The names in bylines: ``Anna Berg and Ali Haddad`` are two; `between` are the words that stand between names."""
    words = "|".join(map(re.escape, between))
    split = re.compile(r"\s*[,;/|&+、،，]\s*" + (rf"|\s+(?:{words})\s+" if words else ""))
    names = [name.strip(" .\n\t") for line in bylines for name in split.split(_ROLE.sub(" ", line))]
    return tuple(dict.fromkeys(name for name in names if name and not name.isdigit()))


def read_time(text: str) -> datetime.datetime | None:
    """A point in time as pages write it, ISO 8601 first; None if it cannot be read, or counts from today (``2 hours ago``)."""
    text = text[:_LONGEST_TIME].strip()
    if not text:
        return None
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        pass
    mended = re.sub(r"\s*([+-]\d\d):?(\d\d)$", r"\1:\2", text).replace("/", "-")
    try:
        return datetime.datetime.fromisoformat(mended)
    except ValueError:
        import dateparser

        found: datetime.datetime | None = dateparser.parse(text, settings={"PARSERS": ["absolute-time"], "REQUIRE_PARTS": ["year"]})
        return found
