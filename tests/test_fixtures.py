"""The fixtures: whole texts, and what must come out of them, as people wrote it down.

``fixtures/SITE/SLUG/`` holds ``source.txt`` (the text as a crawler made it) or ``source.html`` (a page),
``page.toml`` (headline, dateline, byline, and why the fixture is there),
``expected.txt`` (the body) and ``removed.txt`` (a line for each removal: its
label, a tab, its text). No URL and no language is passed unless ``page.toml``
gives a ``url``.
"""

from __future__ import annotations

import datetime
import difflib
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import cleaner
from cleaner.model import LABELS

ROOT = Path(__file__).resolve().parent.parent / "fixtures"
FILES = {"page.toml", "expected.txt", "removed.txt"}
DATELINE = {"text": str, "place": str, "date_text": str, "date": datetime.date, "source": str}
PAGE = {"why": str, "language": str, "headline": str, "byline": str, "url": str, "dateline": dict}
FOLDERS = sorted(path.parent for path in ROOT.glob("*/*/page.toml"))
TEXTS = [folder for folder in FOLDERS if (folder / "source.txt").exists()]
PAGES = [folder for folder in FOLDERS if (folder / "source.html").exists()]
each_fixture = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
each_text = pytest.mark.parametrize("folder", TEXTS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
each_page = pytest.mark.parametrize("folder", PAGES, ids=lambda folder: f"{folder.parent.name}/{folder.name}")


def read(folder: Path, name: str) -> str:
    """A file of a fixture, its line ends and odd spaces as they are."""
    return (folder / name).read_bytes().decode("utf-8")


def page_of(folder: Path) -> dict[str, Any]:
    return tomllib.loads(read(folder, "page.toml"))


def cleaned(folder: Path) -> cleaner.Article:
    """A fixture's text or page, cleaned."""
    url = page_of(folder).get("url")
    if (folder / "source.html").exists():
        return cleaner.clean((folder / "source.html").read_bytes(), url=url)
    return cleaner.clean_text(read(folder, "source.txt"), url=url)


def removals(folder: Path) -> list[tuple[str, str]]:
    """``(label, text)`` for each line of ``removed.txt``; a tab inside the text is part of it."""
    rows = read(folder, "removed.txt").split("\n")
    assert rows.pop() == "", "removed.txt must end with a newline (or be empty)"
    return [(label, text) for label, _, text in (row.partition("\t") for row in rows)]


def differences(expected: Sequence[str], got: Sequence[str]) -> list[str]:
    """The lines that differ, marked ``missing`` (expected, not got) and ``too much``."""
    names = {"-": "missing ", "+": "too much"}
    return [f"    {names[line[0]]} {line[2:]}" for line in difflib.ndiff(expected, got) if line[0] in names]


@each_fixture
def test_comes_out_as_expected(folder: Path) -> None:
    page = page_of(folder)
    article = cleaned(folder)
    faults: list[str] = []

    dateline = page.get("dateline", {})
    pairs = [(name, page.get(name), getattr(article, name)) for name in ("language", "headline", "byline")]
    pairs += [(f"dateline.{name}", dateline.get(name), getattr(article.dateline, name, None)) for name in DATELINE]
    for name, expected, got in pairs:
        if expected != got:
            faults.append(f"{name}:\n    expected {expected!r}\n    got      {got!r}")

    body = read(folder, "expected.txt")
    if article.body + "\n" != body:
        lines = differences([p for p in body.split("\n") if p], [p for p in article.body.split("\n") if p])
        faults.append("\n".join(["body:", *(lines or ["    the paragraphs agree, the space around them does not"])]))

    expected_rows = [f"{label}: {text!r}" for label, text in removals(folder)]
    got_rows = [f"{r.label}: {r.text!r}" for r in article.removed]
    if expected_rows != got_rows:
        causes = [f"    {r.label}: {r.rule} ({r.source}) took {r.text[:60]!r}" for r in article.removed if f"{r.label}: {r.text!r}" not in expected_rows]
        faults.append("\n".join(["removed:", *differences(expected_rows, got_rows), *causes]))

    assert not faults, f"{folder.parent.name}/{folder.name} ({page['why']})\n" + "\n".join(faults)


@each_fixture
def test_cleaning_again_removes_nothing(folder: Path) -> None:
    page = page_of(folder)
    article = cleaned(folder)
    again = cleaner.clean_text(article.text, url=page.get("url"))
    taken = [f"    {r.label}: {r.text!r}, by {r.rule} ({r.source})" for r in again.removed]
    assert not taken, "cleaning the clean text took:\n" + "\n".join(taken)
    assert again.text == article.text, "\n".join(["the clean text changed:", *differences(article.text.split("\n"), again.text.split("\n"))])


@each_fixture
def test_is_well_formed(folder: Path) -> None:
    page = page_of(folder)
    assert {path.name for path in folder.iterdir()} in (FILES | {"source.txt"}, FILES | {"source.html"})
    assert {"why", "language", "headline"} <= page.keys()
    assert {key: type(value) for key, value in page.items()} == {key: PAGE.get(key) for key in page}
    dateline = page.get("dateline", {"text": ""})
    assert {key: type(value) for key, value in dateline.items()} == {key: DATELINE.get(key) for key in dateline}
    assert page["why"].endswith(".")

    source, body = cleaned(folder).source_text, read(folder, "expected.txt")
    if (folder / "source.txt").exists():
        source = read(folder, "source.txt")
        assert page["headline"] in [line.strip() for line in source.split("\n")]
        assert page.get("byline", "") in source
    assert dateline["text"] in source

    assert body.endswith("\n")
    assert not body.endswith("\n\n")
    paragraphs = body[:-1].split("\n\n")
    assert all(p and p == p.strip() and "\n" not in p for p in paragraphs), "expected.txt: one line a paragraph, a blank line between"

    at = 0
    for label, text in removals(folder):
        assert label in LABELS, f"removed.txt: no such label as {label!r}"
        assert text
        assert text == text.strip()
        found = source.find(text, at)
        assert found >= 0, f"removed.txt: not in source.txt, or not in this order: {text!r}"
        at = found + len(text)


@each_text
def test_nothing_is_left_out(folder: Path) -> None:
    """Headline, dateline, byline, body and removals are all of the source: none is forgotten or said twice."""
    page = page_of(folder)
    source = read(folder, "source.txt")
    parts = [page["headline"], page.get("dateline", {}).get("text", ""), page.get("byline", ""), read(folder, "expected.txt")]
    parts += [text for _, text in removals(folder)]
    wanted = sorted("".join(re.findall(r"\w+", part)) for part in parts)
    assert len("".join(wanted)) <= len("".join(re.findall(r"\w+", source))) <= len("".join(wanted)) + 12, "a byline's first word is all that may be over"


@each_page
def test_a_site_file_fits_its_fixture(folder: Path) -> None:
    """The site's selectors find what they are for, and the site's file names a fixture that there is."""
    article = cleaned(folder)
    assert not article.warnings
    assert article.site, "no site file applies to the fixture's URL"
    named = cleaner.Cleaner().catalog.top("fixture", article.site)
    assert named
    assert all((ROOT / name / "source.html").exists() for name in named), named


def test_there_are_fixtures() -> None:
    assert len(TEXTS) >= 20
    assert len({folder.parent for folder in PAGES}) >= 40
