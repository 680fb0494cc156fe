"""What a reader types → what FTS5 is asked, and what is marked in the snippets.

    oil price            both words, anywhere
    "oil price"          the phrase
    oil OR gas           either; AND binds tighter: a b OR c is (a b) OR c
    oil -price           the first without the second; also oil NOT price
    pric*                words that begin so
    (oil OR gas) price   groups

Words are folded as those of the index are. A Chinese, Japanese or Thai word
becomes the phrase of its characters, as does `covid-19` that of its two words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import regex

from cleaner.index.words import words

_TOKEN = regex.compile(r'"(?P<phrase>[^"]*)"(?P<star>\*?)|(?P<sign>[()]|-(?=["(\w]))|(?P<word>[^\s()"]+)')
_QUOTES = str.maketrans('“”„‟＂（）　', '"""""() ')
_ARTICLE = "ال"
"""Of a beginning it cannot be told whether it is the Arabic article, of a whole word `bare` can."""
_DEEPEST = 8
"""Groups within groups; FTS5's own parser ends at 10 of the worst."""
_LONGEST = 1000
"""Words of a query; more are no query but a text."""


class QueryError(ValueError):
    """A query that cannot be understood: what is wrong with it and what would mend it."""


class Wanted(NamedTuple):
    """A word or phrase that is searched for."""

    words: tuple[str, ...]
    """In the form in which they are indexed, one behind the other."""
    prefix: bool
    """Whether longer words that begin as the last one count too."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was understood."""

    match: str
    """For ``MATCH`` of an FTS5 table of words as `cleaner.index.words` makes them."""
    wanted: tuple[Wanted, ...]
    """What makes a hit, without what is excluded."""


def parse(text: str) -> Query:
    """Understand a query. Raises `QueryError`."""
    text = text.translate(_QUOTES)
    if text.count('"') % 2:
        raise QueryError(f'the quotation marks of {text!r} do not pair; close the phrase or leave the sign out')
    tokens = [token for found in _TOKEN.finditer(text) for token in _read(found.groupdict())]
    if sum(len(token.words) for token in tokens if isinstance(token, Wanted)) > _LONGEST:
        raise QueryError(f"the query has more than {_LONGEST} words; search for a few of them")
    parser = _Parser(text, tokens)
    match, wanted = parser.either(0)
    if parser.at < len(tokens):
        raise QueryError(f"the brackets of {text!r} do not pair: a ) without its (")
    return Query(match, tuple(dict.fromkeys(wanted)))


Part = tuple[str, list[Wanted]]
_Token = Wanted | str


def _read(found: dict[str, str | None]) -> list[_Token]:
    if found["sign"]:
        return [found["sign"]]
    if found["phrase"] is None and found["word"] in ("AND", "OR", "NOT"):
        return [found["word"]]
    said = found["phrase"] if found["phrase"] is not None else found["word"] or ""
    forms = tuple(words(said))
    prefix = bool(found["star"]) or said.endswith("*")
    if prefix and len(forms) == 1 and forms[0].startswith(_ARTICLE) and forms[0] != _ARTICLE:
        return ["(", Wanted(forms, True), "OR", Wanted((forms[0].removeprefix(_ARTICLE),), True), ")"]
    return [Wanted(forms, prefix)] if forms else []


class _Parser:
    """Recursive descent: either → both → excluded → one."""

    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self.text = text
        self.tokens = tokens
        self.at = 0

    def next(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def either(self, depth: int) -> Part:
        if depth > _DEEPEST:
            raise QueryError(f"the brackets of the query are nested more than {_DEEPEST} deep")
        parts = [self.both(depth)]
        while self.next() == "OR":
            self.at += 1
            parts.append(self.both(depth))
        return _joined(" OR ", parts)

    def both(self, depth: int) -> Part:
        wanted: list[Part] = []
        unwanted: list[str] = []
        while (token := self.next()) not in (None, ")", "OR"):
            self.at += token in ("AND", "NOT", "-")
            if token == "AND":
                continue
            match, marks = self.one(depth, str(token))
            if token in ("NOT", "-"):
                unwanted.append(match)
            else:
                wanted.append((match, marks))
        if not wanted:
            raise QueryError(self.empty(bool(unwanted)))
        match, marks = _joined(" AND ", wanted)
        return (f"({match} NOT ({' OR '.join(unwanted)}))" if unwanted else match), marks

    def one(self, depth: int, behind: str) -> Part:
        token = self.next()
        if isinstance(token, Wanted):
            self.at += 1
            return _asked(token), [token]
        if token != "(":
            raise QueryError(f"nothing that can be searched for stands behind {behind} in {self.text!r}; write a word there, or put {behind} in quotation marks")
        self.at += 1
        part = self.either(depth + 1)
        if self.next() != ")":
            raise QueryError(f"the brackets of {self.text!r} do not pair: a ( without its )")
        self.at += 1
        return part

    def empty(self, excludes: bool) -> str:
        if excludes:
            return f"{self.text!r} says only what is not wanted; add a word that is"
        if not any(isinstance(token, Wanted) for token in self.tokens):
            return f"{self.text!r} has no word to search for; write at least one letter or digit"
        return f"a word is missing in {self.text!r}, beside OR or between brackets; add it, or put OR in quotation marks to search for the word"


def _joined(sign: str, parts: list[Part]) -> Part:
    match = sign.join(match for match, _ in parts)
    return (f"({match})" if len(parts) > 1 else match), [wanted for _, some in parts for wanted in some]


def _asked(wanted: Wanted) -> str:
    """The words as an FTS5 phrase: they hold letters and digits only, so nothing in them needs escaping."""
    return f'"{" ".join(wanted.words)}"' + (" *" if wanted.prefix else "")
