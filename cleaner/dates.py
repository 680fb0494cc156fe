"""Dates as words → dates: by the dateparser library, and what a language's file says of its calendars and eras."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial

import regex

from cleaner.fold import fold

CALENDARS = ("gregorian", "persian", "hijri")
"""Calendars that a language's file can name the months of; of the Gregorian, those names that dateparser lacks."""
_YEARS = {"gregorian": r"(?:19|20)\d\d", "persian": r"1[2-5]\d\d", "hijri": r"1[2-5]\d\d"}
_YEAR = re.compile(r"\d{4}")
_EARLIEST = 1800
"""What a year without its era's name must be in ours, at least, to be one of an era that began before ours."""


@dataclass(frozen=True)
class DateWords:
    """How a language writes dates, beside what dateparser knows: the values of its file's keys."""

    locales: tuple[str, ...] = ()
    """What dateparser calls the language; as the file if nothing is said."""
    dropped: tuple[str, ...] = ()
    """Words that say nothing: ``m.`` and ``d.`` behind year and day in Lithuanian."""
    eras: tuple[tuple[str, int], ...] = ()
    """Names of eras, and what is to be added to their years for ours."""
    calendars: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = ()
    """The names of calendars, and of each the spellings of its twelve months."""

    @classmethod
    def of(cls, locales: Iterable[str] = (), dropped: Iterable[str] = (), eras: Iterable[str] = (), calendars: Iterable[str] = ()) -> DateWords:
        """From the values of ``date-locales``, ``date-words``, ``era`` and ``calendar``, which the checker has seen."""
        months = []
        for value in calendars:
            name, _, rest = value.partition(" ")
            months.append((name, tuple(tuple(_plain(way.strip()) for way in month.split("|")) for month in rest.split(","))))
        ages = ((_plain(name.strip()), int(years)) for name, _, years in (era.rpartition(" ") for era in eras))
        return cls(
            tuple(word for value in locales for word in value.split()),
            tuple(word for value in dropped for word in value.split()),
            tuple(sorted(ages, key=lambda age: (-len(age[0]), age))),
            tuple(months),
        )

    def other_calendar(self, text: str) -> datetime.date | None:
        """The date of a text, as `_plain` has it, in one of the language's own calendars."""
        for calendar, months in self.calendars:
            number = {way: n for n, ways in enumerate(months, 1) for way in ways}
            names = "|".join(map(re.escape, sorted(number, key=len, reverse=True)))
            found = re.search(rf"(?P<day>\d{{1,2}})\W*(?P<month>{names})\W*(?P<year>{_YEARS[calendar]})(?!\d)", text)
            if found:
                return _gregorian(calendar, int(found["year"]), number[found["month"]], int(found["day"]))
        found = re.search(r"(?<!\d)(?P<year>1[2-5]\d\d)[/.\-](?P<month>\d\d?)[/.\-](?P<day>\d\d?)(?!\d)", text)
        found = found or re.search(r"(?<!\d)(?P<day>\d\d?)[/.\-](?P<month>\d\d?)[/.\-](?P<year>1[2-5]\d\d)(?!\d)", text)
        others = [calendar for calendar, _ in self.calendars if calendar != "gregorian"]
        if found and others:
            return _gregorian(others[0], *(int(found[part]) for part in ("year", "month", "day")))
        return None

    def our_years(self, text: str) -> str:
        """A text, as `_plain` has it, with years of other eras turned into ours."""
        for name, years in self.eras:
            text = re.sub(rf"{re.escape(name)}\s*(\d+|元)", partial(_added, years), text)
            if years < 0:
                text = re.sub(r"(?<!\d)(\d{4})(?!\d)", partial(_added, years, least=_EARLIEST - years), text)
        return text


def _added(years: int, found: re.Match[str], least: int = 0) -> str:
    """A year of another era as one of ours; as it is if it is less than `least`. 元 is the first year of an era."""
    year = 1 if found[1] == "元" else int(found[1])
    return str(year + years) if year > least else found[0]


def _gregorian(calendar: str, year: int, month: int, day: int) -> datetime.date | None:
    """A date of another calendar, or None if there is no such day. Hijri is that of Umm al-Qura, of the years 1343 to 1500."""
    try:
        if calendar == "gregorian":
            return datetime.date(year, month, day)
        if calendar == "persian":
            from convertdate import persian

            if not (1 <= month <= 12 and 1 <= day <= persian.month_length(year, month)):
                return None
            return datetime.date(*persian.to_gregorian(year, month, day))
        from hijridate import Hijri

        found = Hijri(year, month, day).to_gregorian()
        return datetime.date(found.year, found.month, found.day)
    except (ValueError, OverflowError):
        return None


def _figures(text: str) -> str:
    """Digits of every script as 0 to 9."""
    return text if text.isascii() else "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def _plain(text: str) -> str:
    """Digits of every script as 0 to 9, letters made alike (`cleaner.fold`), joiners as spaces."""
    return fold(_figures(text.replace("\u200c", " ")))


@lru_cache(maxsize=4096)
def parse_date(text: str, language: str | None, reference: datetime.date | None = None, words: DateWords | None = None) -> datetime.date | None:
    """A date as words → a date; None if a part is missing.

    Without a year the date is None, unless `reference` is given: then it is the
    last such day up to the reference. A letter that clings to the year
    (``2021ء``) is passed over.
    """
    words = words or DateWords()
    plain = words.our_years(_plain(text))
    other = words.other_calendar(plain) if words.calendars else None
    if other:
        return other
    ours = plain if words.eras else _figures(text)
    if not reference and not _YEAR.search(ours):
        return None
    for word in words.dropped:
        ours = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", " ", ours)
    ours = regex.sub(r"(?<=\d{4})\p{L}\b", "", ours).strip()
    return _parsed(ours, words.locales or ((language,) if language else ()), reference)


def _parsed(text: str, locales: tuple[str, ...], reference: datetime.date | None) -> datetime.date | None:
    import warnings

    import dateparser

    settings: dict[str, object] = {"REQUIRE_PARTS": ["day", "month", "year"], "RETURN_AS_TIMEZONE_AWARE": False, "PARSERS": ["absolute-time"]}
    if reference:
        settings |= {"REQUIRE_PARTS": ["day", "month"], "RELATIVE_BASE": datetime.datetime.combine(reference, datetime.time(23, 59)), "PREFER_DATES_FROM": "past"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = dateparser.parse(text, languages=list(locales) or None, settings=settings)
        except ValueError:  # a language that the library does not know: dates in figures are read all the same
            found = dateparser.parse(text, languages=["en"], settings=settings)
    return found.date() if found else None
