"""The news article, and only the article.

>>> import cleaner
>>> article = cleaner.clean_text("Lire aussi : Retraites, ce qui change")
>>> article.removed[0].rule
'lang/fr/lire-aussi'

The path of a text, each step one module: `read_text` → blocks → `judge` (with the
rules that `rulefile`, `catalog` and `matcher` made ready) → `article.assemble` → `Article`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from cleaner.article import Article
from cleaner.engine import Cleaner
from cleaner.model import KINDS, LABELS, Block, Dateline, Problem, Removed, Rule, RuleError, Source, Span, Verdict

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

__all__ = ["KINDS", "LABELS", "Article", "Block", "Cleaner", "Dateline", "Problem", "Removed", "Rule", "RuleError", "Source", "Span", "Verdict", "clean", "clean_text"]  # fmt: skip


@cache
def _default() -> Cleaner:
    return Cleaner()


def clean(html: str | bytes | BeautifulSoup, url: str | None = None, language: str | None = None, *, captions: bool = False) -> Article:
    """Clean a web page with the shipped rules and the user's own: see `Cleaner.clean`.

    Whatever the page, an `Article` comes back. Raises TypeError if an argument is
    of the wrong type, `RuleError` if the user's own rule files have faults.
    """
    return _default().clean(html, url, language, captions=captions)


def clean_text(text: str, url: str | None = None, language: str | None = None) -> Article:
    """Clean a plain text with the shipped rules and the user's own: see `Cleaner.clean_text`.

    Whatever the text, an `Article` comes back. Raises TypeError if an argument
    is of the wrong type, `RuleError` if the user's own rule files have faults.
    """
    return _default().clean_text(text, url, language)
