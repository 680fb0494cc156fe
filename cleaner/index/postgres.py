"""PostgreSQL: a table of articles, each analysed by the text search configuration of its language.

A text's words go through the stemmer twice: as they are written, in lower case, and in those lines where this
is not the same as `cleaner.index.words` writes them, without accents and Arabic articles. Chinese, Japanese and
Thai are split into characters. So nothing has to be installed in the database (such as ``unaccent``), rights on one
table are enough, and the database's locale does not matter.
"""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import regex

from cleaner.fold import UNSPACED
from cleaner.index.bulk import identifier
from cleaner.index.document import Added, Document, Hit, in_batches
from cleaner.index.query import Wanted
from cleaner.index.snippet import snippet
from cleaner.index.words import as_words, words

if TYPE_CHECKING:
    from psycopg import Connection

CONFIGURATIONS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "et": "estonian", "eu": "basque",
    "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}
"""The text search configurations of PostgreSQL 18 by language (ISO 639-1); where a server lacks one, and for other languages, it is ``simple``."""
_LONGEST_NAME = 50
"""Bytes; PostgreSQL cuts names at 63, and those of the indexes are longer than the table's."""
_LONGEST_KEY = 2000
"""Bytes; what a B-tree takes is 2,704."""
_LONGEST_TEXT = 200_000
"""Characters of a body that are indexed: a ``tsvector`` holds at most a megabyte."""
_MARKS = ("\x01", "\x02")
_HEADLINE = f'StartSel="{_MARKS[0]}", StopSel="{_MARKS[1]}", MaxFragments=2, MaxWords=25, MinWords=10, FragmentDelimiter=" … "'
_PART = regex.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_WORD = regex.compile(rf"[{UNSPACED}]\p{{M}}*|(?:[\p{{L}}\p{{N}}\p{{M}}](?<![{UNSPACED}]))+")
_SILENT = dict.fromkeys((0xAD, *range(0x200B, 0x2010), 0xFEFF))

_CREATE = """
CREATE TABLE IF NOT EXISTS {table} (
    key text PRIMARY KEY,
    headline text NOT NULL,
    dateline text NOT NULL,
    body text NOT NULL,
    url text,
    date date,
    language text,
    configuration text NOT NULL,
    words tsvector NOT NULL
);
CREATE INDEX IF NOT EXISTS {by_words} ON {table} USING gin (words);
CREATE INDEX IF NOT EXISTS {by_date} ON {table} (date);
"""
# ``configuration`` is text, not regconfig: pg_upgrade refuses databases with columns of that type.

_COLUMNS = "key, headline, dateline, body, url, date, language, configuration"
_STAGE = """
CREATE TEMPORARY TABLE cleaner_batch (
    key text, headline text, dateline text, body text, url text, date date, language text, configuration text,
    headline_words text, dateline_words text, body_words text
) ON COMMIT DROP
"""
_WORDS = " || ".join(f"setweight(to_tsvector(configuration::regconfig, {name}_words), '{weight}')" for name, weight in (("headline", "A"), ("dateline", "B"), ("body", "C")))
_UPSERT = f"""
INSERT INTO {{table}} ({_COLUMNS}, words)
SELECT {_COLUMNS}, {_WORDS} FROM cleaner_batch ORDER BY key
ON CONFLICT (key) DO UPDATE SET
    headline = excluded.headline, dateline = excluded.dateline, body = excluded.body, url = excluded.url, date = excluded.date,
    language = excluded.language, configuration = excluded.configuration, words = excluded.words
RETURNING xmax = 0
"""
# Rows come in the order of their keys, so that two writers of the same ones wait for each other and never lock each other up.

_ASKED = """
SELECT query::text, array_agg(configuration) FROM (
    SELECT cfgname::text AS configuration,
        (websearch_to_tsquery(oid::regconfig, %(wanted)s) || websearch_to_tsquery(oid::regconfig, %(plain_wanted)s))
        && !! (websearch_to_tsquery(oid::regconfig, %(unwanted)s) || websearch_to_tsquery(oid::regconfig, %(plain_unwanted)s)) AS query
    FROM pg_ts_config WHERE cfgnamespace = 'pg_catalog'::regnamespace
) AS asked WHERE numnode(query) > 0 GROUP BY query
"""
_FOUND = "SELECT article.*, {query} AS query FROM {table} AS article WHERE words @@ {query} AND configuration = ANY ({configurations}) {only}"
# One such SELECT for each of the few ways in which the stemmers of all languages read a query, as a constant, so that each uses the index.
_SEARCH = """
WITH best AS (
    SELECT *, ts_rank_cd(words, query, 1) AS score FROM ({found}) AS found ORDER BY {order} LIMIT {limit}
)
SELECT key, headline, dateline, body, url, date, language, configuration, score, ts_headline(configuration::regconfig, body, query, {headline}) FROM best ORDER BY {order}
"""
_COUNT = "SELECT count(*) FROM ({found}) AS found"
_STEMMED = """
SELECT word FROM unnest(%(there)s::text[]) AS word
WHERE tsvector_to_array(to_tsvector(%(configuration)s::regconfig, word)) && tsvector_to_array(to_tsvector(%(configuration)s::regconfig, %(wanted)s))
"""


def create(connection: Connection[Any], table: str = "articles") -> None:
    """Make the table and its indexes if they are not there; the connection's schema is where.

    Raises ValueError if the table's name is empty or longer than 50 bytes, and psycopg's errors.
    """
    sql = _sql()
    names = {"table": _name(table), "by_words": _name(table, "_by_words"), "by_date": _name(table, "_by_date")}
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"cleaner {table}",))
        for statement in filter(str.strip, _CREATE.split(";")):
            connection.execute(sql(statement).format(**names))


def add(connection: Connection[Any], documents: Iterable[Document], table: str = "articles") -> Added:
    """Put documents in; one whose key is there is replaced.

    Committed every 500 documents, unless the connection is in a transaction already, which is left to the caller.
    Any number of writers may do this at once. Of a body the first 200,000 characters can be found; a key of more than
    2,000 bytes ends in a digest. Raises psycopg's errors; what was committed stays.
    """
    known = _known(connection)
    statement = _sql()(_UPSERT).format(table=_name(table))
    new = replaced = 0
    for batch in in_batches(documents):
        rows = {row[0]: row for row in (_row(one, known) for one in batch)}
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS pg_temp.cleaner_batch")
            cursor.execute(_STAGE)
            with cursor.copy("COPY cleaner_batch FROM STDIN") as copy:
                for row in rows.values():
                    copy.write_row(row)
            cursor.execute(statement)
            fresh = sum(is_new for (is_new,) in cursor)
        new, replaced = new + fresh, replaced + len(batch) - fresh
    return Added(new, replaced)


def search(
    connection: Connection[Any],
    query: str,
    language: str | None = None,
    limit: int = 10,
    newest: bool = False,
    table: str = "articles",
    marks: tuple[str, str] = ("**", "**"),
) -> list[Hit]:
    """The best documents, or with ``newest`` the latest, at most ``limit``; those without a date come last then.

    A query is what PostgreSQL's ``websearch_to_tsquery`` takes: words that all must be there, "a phrase", ``or``,
    ``-without``; each document is asked in its own language. ``language`` (ISO 639-1) leaves only its documents.
    ``marks`` are set around what was found in the snippets. Whatever the query, it is never an error.
    """
    sql, literal = _sql(), _literal()
    order = sql("date DESC NULLS LAST, score DESC, key" if newest else "score DESC, key")
    wanted = [Wanted(tuple(forms), False) for part in _PART.finditer(query) if not part["minus"] and (forms := words(part[0]))]
    with connection.transaction():
        found = _found(connection, query, language, table)
        if found is None:
            return []
        statement = sql(_SEARCH).format(found=found, order=order, limit=literal(limit), headline=literal(_HEADLINE))
        rows = connection.execute(statement, prepare=False).fetchall()
        return [
            Hit(key, headline, dateline, _marked(shown, marks) or snippet(body, _stemmed(connection, configuration, body, wanted), marks=marks), score, url, date, code)
            for key, headline, dateline, body, url, date, code, configuration, score, shown in rows
        ]


def count(connection: Connection[Any], query: str, language: str | None = None, table: str = "articles") -> int:
    """How many documents a search finds in all."""
    with connection.transaction():
        found = _found(connection, query, language, table)
        row = connection.execute(_sql()(_COUNT).format(found=found), prepare=False).fetchone() if found else None
    return int(row[0]) if row else 0


def _sql() -> Any:
    try:
        from psycopg.sql import SQL
    except ImportError as error:
        raise ImportError("PostgreSQL needs psycopg 3: pip install 'cleaner[postgres]'") from error
    return SQL


def _literal() -> Any:
    from psycopg.sql import Literal

    return Literal


def _name(table: str, ending: str = "") -> Any:
    """A table's name, quoted, for a statement that is executed without values (else psycopg would take a ``%`` for a place of one)."""
    from psycopg.sql import Identifier

    if not 0 < len(table.encode("utf-8", "replace")) <= _LONGEST_NAME or "\0" in table:
        raise ValueError(f"{table!r} is no name for a table of articles: it needs one to {_LONGEST_NAME} bytes")
    return Identifier(table + ending)


def _found(connection: Connection[Any], query: str, language: str | None, table: str) -> Any:
    """The SELECT of all that a query finds, each document with the query in its own language; None if the query has no word."""
    sql, literal = _sql(), _literal()
    only = sql("AND language = {}").format(literal(_writable(language))) if language else sql("")
    asked = connection.execute(_ASKED, _values(query)).fetchall()
    parts = [
        sql(_FOUND).format(query=sql("{}::tsquery").format(literal(text)), table=_name(table), configurations=literal(configurations), only=only)
        for text, configurations in asked
    ]
    return sql(" UNION ALL ").join(parts) if parts else None


def _known(connection: Connection[Any]) -> frozenset[str]:
    """The text search configurations that the server ships."""
    with connection.transaction():
        return frozenset(name for (name,) in connection.execute("SELECT cfgname FROM pg_ts_config WHERE cfgnamespace = 'pg_catalog'::regnamespace"))


def _row(one: Document, known: frozenset[str]) -> tuple[str | datetime.date | None, ...]:
    """A document as it is copied: its fields, its configuration, and the words of its texts."""
    configuration = CONFIGURATIONS.get((one.language or "").lower().split("-")[0], "simple")
    texts = tuple(_writable(text) for text in (one.headline, one.dateline, one.body))
    key, url, language = (text and _writable(text) for text in (one.key, one.url, one.language))
    indexed = (_both(text[:_LONGEST_TEXT]) for text in texts)
    return (identifier(key or "", _LONGEST_KEY), *texts, url, one.date, language, configuration if configuration in known else "simple", *indexed)


def _both(text: str) -> str:
    """The words of a text as they are written, and of the lines where it makes a difference also in the form of `cleaner.index.words`."""
    lines = [_written(line) for line in text.split("\n")]
    plain = [form for line, written in zip(text.split("\n"), lines, strict=True) if (form := as_words(line)) != written]
    return "\n".join([*lines, *plain])


def _written(text: str) -> str:
    """The words of a text in lower case, accents and all, with a space between two."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", text.translate(_SILENT).lower())))


def _values(query: str) -> dict[str, str]:
    """What is wanted and not wanted, as it is written and in the form of `cleaner.index.words`, each for ``websearch_to_tsquery``."""
    parts: dict[str, list[str]] = {"wanted": [], "plain_wanted": [], "unwanted": [], "plain_unwanted": []}
    for part in _PART.finditer(_writable(query)):
        said = part["phrase"] if part["phrase"] is not None else part["word"]
        which = "unwanted" if part["minus"] else "wanted"
        if said.lower() == "or" and part["phrase"] is None and not part["minus"]:
            parts["wanted"].append("or")
            parts["plain_wanted"].append("or")
            continue
        between = ["or"] if part["minus"] and parts[which] else []
        parts[which] += [*between, f'"{_written(said)}"']
        parts[f"plain_{which}"] += [*between, f'"{as_words(said)}"']
    return {name: " ".join(said) for name, said in parts.items()}


def _stemmed(connection: Connection[Any], configuration: str, body: str, wanted: Sequence[Wanted]) -> list[Wanted]:
    """What is wanted, and the words of a text that the server's stemmer takes for the same, to be marked in it."""
    single = " ".join(one.words[0] for one in wanted if len(one.words) == 1)
    values = {"there": sorted(set(words(body))), "configuration": configuration, "wanted": single}
    return [*wanted, *(Wanted((word,), False) for (word,) in connection.execute(_STEMMED, values))]


def _marked(shown: str, marks: Sequence[str]) -> str:
    """A snippet of the server with our marks; "" if it marked nothing."""
    if _MARKS[0] not in shown:
        return ""
    return " ".join(shown.replace(_MARKS[0], marks[0]).replace(_MARKS[1], marks[1]).split())


def _writable(text: str) -> str:
    """Text as PostgreSQL takes it: lone surrogates become ``?``, NUL and the signs of `_MARKS` spaces."""
    return text.encode("utf-8", "replace").decode("utf-8").translate({0: " ", 1: " ", 2: " "})
