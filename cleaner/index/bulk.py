"""Elasticsearch and OpenSearch: the mapping of an index, and documents as bodies of bulk requests.

A text lies under its language (``"body": {"fr": "…"}``), so that each is stored once and analysed by
the analyzer that both products ship for it, without a plug-in, and once more without accents. Written for
Elasticsearch 8 and 9 and OpenSearch 2 and 3, after their references of the bulk API and of language analyzers.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cleaner.batch.sources import jobs_for
from cleaner.index.document import Document
from cleaner.index.read import Reading, documents

ANALYZERS = {
    "ar": "arabic", "bg": "bulgarian", "bn": "bengali", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish", "gl": "galician", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "ja": "cjk", "ko": "cjk", "lt": "lithuanian", "lv": "latvian", "nb": "norwegian",
    "nl": "dutch", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "th": "thai", "tr": "turkish", "zh": "cjk",
}
"""Languages (ISO 639-1) for which both products have an analyzer."""
OTHER = "other"
"""The field of texts in other languages."""
FOLDED = "folded"
"""The analyzer that knows no language, and the field within a field that it fills: no case, no accents, Chinese and Japanese in pairs of signs."""
_SAME = {"no": "nb", "nn": "nb"}
_LONGEST_ID = 512
"""Bytes, in both products."""
_LONGEST_KEYWORD = 8191
"""Characters: Lucene's longest term is 32,766 bytes, and a character has up to four."""
_NO_INDEX_NAME = re.compile(r'[\\/*?"<>| ,#:\s]|^[-_+]|^\.\.?$')


def mapping() -> dict[str, Any]:
    """Settings and mappings for ``PUT /articles``, ready for JSON."""
    filters = ["cjk_width", "lowercase", "decimal_digit", "arabic_normalization", "persian_normalization", "asciifolding", "cjk_bigram"]
    keyword = {"type": "keyword", "ignore_above": _LONGEST_KEYWORD}
    return {
        "settings": {"analysis": {"analyzer": {FOLDED: {"type": "custom", "tokenizer": "standard", "filter": filters}}}},
        "mappings": {
            "dynamic": "strict",
            "properties": {
                "key": keyword,
                "url": keyword,
                "date": {"type": "date", "format": "strict_date"},
                "language": {"type": "keyword"},
                "headline": {"properties": _texts()},
                "dateline": {"type": "text", "analyzer": FOLDED},
                "body": {"properties": _texts()},
            },
        },
    }


def query(text: str, language: str | None = None, limit: int = 10, newest: bool = False) -> dict[str, Any]:
    """The body of a search request: all words in the headline or all in the body, the best or with ``newest`` the latest first.

    With a ``language`` (ISO 639-1) only its documents are found, by its stems too; else those of all, without stems. The latter asks
    some 80 fields for each word, so that OpenSearch, which takes 1,024 in all, answers up to 12 words.
    """
    fields = _asked(field(language)) if language else [*_asked(f"*.{FOLDED}"), *_asked("th"), *_asked(OTHER)]
    match = {"multi_match": {"query": text, "fields": [*fields, "dateline"], "operator": "and"}}
    only = [{"term": {"language": language}}] if language else []
    return {
        "size": limit,
        "query": {"bool": {"must": [match], "filter": only}},
        "sort": [{"date": {"order": "desc", "missing": "_last"}}, "_score"] if newest else ["_score"],
        "highlight": {"fields": {"body.*": {"number_of_fragments": 1, "fragment_size": 200}}, "pre_tags": ["**"], "post_tags": ["**"]},
    }


def bulk(documents: Iterable[Document], index: str = "articles", size: int = 10_000_000) -> Iterator[bytes]:
    """Bodies for ``POST /_bulk``, ``Content-Type: application/x-ndjson``; sending a document again replaces it.

    Each holds whole documents and at most ``size`` bytes, or one document that is longer. Raises ValueError if
    ``index`` is no name that an index may have.
    """
    _check_name(index)
    return _bodies(documents, index, size)


def identifier(key: str, longest: int = _LONGEST_ID) -> str:
    """A key as an ``_id``: itself, or if it has more than ``longest`` bytes its beginning and a digest (SHA-256) of the whole."""
    data = key.encode("utf-8", "replace")
    if len(data) <= longest:
        return data.decode("utf-8")
    digest = hashlib.sha256(data).hexdigest()
    return data[: longest - len(digest) - 1].decode("utf-8", "ignore") + "#" + digest


def source(one: Document) -> dict[str, Any]:
    """What is stored of a document: the fields of the mapping; what it has not got is left out."""
    code = field(one.language)
    said = {"key": one.key, "url": one.url, "date": one.date.isoformat() if one.date else None, "language": one.language, "dateline": one.dateline}
    texts = {"headline": {code: one.headline} if one.headline else None, "body": {code: one.body} if one.body else None}
    return {name: value for name, value in (*said.items(), *texts.items()) if value}


def field(language: str | None) -> str:
    """Where the texts of a language lie: its code, or `OTHER`."""
    code = (language or "").lower().replace("_", "-").split("-")[0]
    code = _SAME.get(code, code)
    return code if code in ANALYZERS else OTHER


def _asked(code: str) -> list[str]:
    beside = [] if FOLDED in code or code == OTHER else [f"headline.{code}.{FOLDED}^5", f"body.{code}.{FOLDED}"]
    return [f"headline.{code}^5", f"body.{code}", *beside]


def _texts() -> dict[str, Any]:
    folded = {FOLDED: {"type": "text", "analyzer": FOLDED}}
    return {code: {"type": "text", "analyzer": name, "fields": folded} for code, name in ANALYZERS.items()} | {OTHER: {"type": "text", "analyzer": FOLDED}}


def _bodies(documents: Iterable[Document], index: str, size: int) -> Iterator[bytes]:
    lines: list[bytes] = []
    length = 0
    for one in documents:
        both = _line({"index": {"_index": index, "_id": identifier(one.key)}}) + _line(source(one))
        if lines and length + len(both) > size:
            yield b"".join(lines)
            lines, length = [], 0
        lines.append(both)
        length += len(both)
    if lines:
        yield b"".join(lines)


def _line(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def _check_name(index: str) -> None:
    """Elasticsearch's and OpenSearch's rules of index names."""
    if not index or index != index.lower() or _NO_INDEX_NAME.search(index) or len(index.encode("utf-8", "replace")) > 255:
        raise ValueError(f'{index!r} is no name for an index: lower case, at most 255 bytes, none of \\ / * ? " < > | , # : and space, and not beginning with - _ or +')


def main(argv: Sequence[str] | None = None) -> int:
    """Clean inputs and write bodies of bulk requests; returns the exit status: 0 all well, 1 some input failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m cleaner.index.bulk",
        description="Clean news articles and write them as bulk requests for Elasticsearch and OpenSearch, or write the mapping of their index.",
        epilog="Exit status: 0 all well, 1 some input failed, 2 wrong usage.",
    )
    parser.add_argument("files", nargs="*", default=["-"], metavar="FILE", help="whatever clean-article reads; - is standard input (the default)")
    parser.add_argument("--mapping", action="store_true", help="print the mapping and nothing else")
    parser.add_argument("--index", default="articles", metavar="NAME", help="the name of the index (articles)")
    parser.add_argument("--language", metavar="CODE", help="the inputs' language, such as fr, where they do not say; found out if not said")
    parser.add_argument("--size", type=int, default=10_000_000, metavar="BYTES", help="how long a request may be (10,000,000)")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="write one file a request there; else all goes to standard output")
    args = parser.parse_args(argv)
    if args.mapping:
        print(json.dumps(mapping(), indent=2))
        return 0
    failed: Counter[str] = Counter()
    try:
        bodies = bulk(_documents(args.files, args.language, failed), args.index, args.size)
        if args.output:
            args.output.mkdir(parents=True, exist_ok=True)
        for number, body in enumerate(bodies, 1):
            if args.output:
                (args.output / f"{args.index}-{number:05}.ndjson").write_bytes(body)
            else:
                sys.stdout.buffer.write(body)
        sys.stdout.flush()
    except (ValueError, OSError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    return int(bool(failed))


def _documents(files: Sequence[str], language: str | None, failed: Counter[str]) -> Iterator[Document]:
    """The articles of inputs; what cannot be read or holds none is said and counted."""
    for item in documents(files, Reading(language=language), jobs_for(files)):
        if isinstance(item, Document):
            yield item
        else:
            failed[item.source] += 1
            print(f"cleaner.index.bulk: {item}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
