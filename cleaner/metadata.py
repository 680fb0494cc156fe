"""What a web page says of itself → `Said`: JSON-LD, microdata, Open Graph, meta elements, title.

JSON-LD is read in every shape that publishers give it (one object, lists,
``@graph``, objects in objects) and mended where it is broken in the usual ways.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from cleaner.model import Said

_ARTICLE = re.compile(r"(?:Article|Posting|Report|Review|Advertisement|BlogPost)$|^Recipe$")
"""Types of schema.org that are articles (https://schema.org/Article and what is under it)."""
_WORTH_READING = re.compile(r"Article|Posting|Report|Review|Recipe|BlogPost|Advertisement")
_MICRODATA = "[itemprop=headline], [itemprop=author], [itemprop=datePublished], [itemprop=dateModified]"
_COMMENTS = re.compile(r"^\s*(?:<!--|/\*\s*<!\[CDATA\[\s*\*/|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|/\*\s*\]\]>\s*\*/|//\s*\]\]>|\]\]>)\s*;?\s*$")
_TRAILING = re.compile(r",(\s*[}\]])")
_FIELD = re.compile(r'"(headline|datePublished|dateModified|description|articleBody)"\s*:\s*"((?:[^"\\]|\\.)*)"')
_PUBLISHED = (
    "article:published_time item:datepublished datepublished og:published_time parsely-pub-date pubdate publishdate publish-date sailthru.date "
    "dc.date.issued dcterms.created dc.date dcterms.date article.published cxenseparse:recs:publishtime date"
).split()
"""Names of meta elements (and ``item:`` microdata) that give the time of publication, the surest first, ..."""
_MODIFIED = "article:modified_time og:updated_time item:datemodified datemodified dcterms.modified lastmod last-modified article.updated".split()
"""... and that of the last change."""
_LONGEST_NAME = 300
"""Characters of what is said of an author that are looked at."""
_DEEPEST = 12
_LARGEST = 2_000_000
"""Characters of a piece of JSON-LD beyond which it is not read."""


def read_said(tree: LexborHTMLParser, *, microdata: bool = True) -> Said:
    """All that a page says of itself; `microdata` says whether it can have any."""
    data: dict[str, Any] = {}
    for script in tree.css('script[type="application/ld+json" i]'):
        text = script.text() or ""
        article = _article(_parsed(text)) if _WORTH_READING.search(text) else {}
        if len(article) > len(data):
            data = article | {k: v for k, v in data.items() if k not in article}
        else:
            data |= {k: v for k, v in article.items() if k not in data}
    meta: dict[str, list[str]] = {}
    for node in tree.css("meta"):
        attributes = node.attributes
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
        value = attributes.get("content")
        if name and value and value.strip():
            meta.setdefault(name.lower(), []).append(value.strip())
    for node in tree.css(_MICRODATA) if microdata else ():
        attributes = node.attributes
        value = attributes.get("datetime") or attributes.get("content") or node.text(separator=" ")
        name = f"item:{attributes['itemprop']}".lower()
        if value and value.strip() and node.tag != "meta" and len(value) < 300:
            meta.setdefault(name, []).append(" ".join(value.split()))

    def first(*names: str) -> str:
        return next((_plain(meta[name][0]) for name in names if name in meta), "")

    title = tree.css_first("head title") or tree.css_first("title")
    root = tree.css_first("html")
    headlines = [_text(data.get("headline")), first("og:title"), first("item:headline"), first("twitter:title"), first("dc.title", "title", "parsely-title", "headline")]
    authors = list(_names(data.get("author"))) or list(_names(data.get("creator")))
    if not authors:
        said = next((meta[n] for n in ("author", "item:author", "article:author", "parsely-author", "dc.creator", "byl", "sailthru.author") if n in meta), [])
        authors = [_plain(a)[:_LONGEST_NAME] for a in said if "://" not in a]
    publisher = data.get("publisher")
    language = (root.attributes.get("lang") or root.attributes.get("xml:lang") or "") if root else ""
    return Said(
        title=" ".join((title.text() or "").split()) if title else "",
        headlines=tuple(dict.fromkeys(h for h in headlines if h)),
        site=first("og:site_name", "application-name") or next(_names(publisher), "") or first("apple-mobile-web-app-title"),
        authors=tuple(dict.fromkeys(authors)),
        published=_text(data.get("datePublished")) or first(*_PUBLISHED),
        modified=_text(data.get("dateModified")) or first(*_MODIFIED),
        description=first("og:description", "description", "twitter:description") or _text(data.get("description")),
        language=language or _text(data.get("inLanguage")) or first("og:locale", "content-language", "language", "dc.language"),
        body=_text(data.get("articleBody")),
        kind=_kind(data) or first("og:type"),
        free=str(data.get("isAccessibleForFree", "")).lower() not in ("false", "no", "0", "http://schema.org/false"),
    )


def _parsed(text: str) -> Any:
    """A piece of JSON-LD, mended where it can be; None if nothing can be read."""
    if not text.strip() or len(text) > _LARGEST:
        return None
    bare = _COMMENTS.sub("", _COMMENTS.sub("", text)).strip().rstrip(";")
    mends: tuple[Callable[[str], str], ...] = (str, lambda t: _TRAILING.sub(r"\1", t), lambda t: html.unescape(_TRAILING.sub(r"\1", t)))
    for mend in mends:
        try:
            return json.loads(mend(bare), strict=False)
        except (ValueError, RecursionError):
            continue
    try:  # two objects on end, or something behind the first
        return json.JSONDecoder(strict=False).raw_decode(bare)[0]
    except (ValueError, RecursionError):
        fields: dict[str, Any] = {}
        for name, value in _FIELD.findall(bare):
            try:
                fields.setdefault(name, json.loads(f'"{value}"', strict=False))
            except ValueError:
                continue
        return {"@type": "Article", **fields} if fields else None


def _article(data: Any) -> dict[str, Any]:
    """The object of a piece of JSON-LD that tells most of an article; empty if there is none."""
    best: dict[str, Any] = {}
    for item in _objects(data, 0):
        if _kind(item) and len(item) > len(best):
            best = item
    return best


def _objects(data: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(data, list):
        for item in data[:200]:
            yield from _objects(item, depth + 1)
    elif isinstance(data, dict):
        yield data
        for key, value in data.items():
            if isinstance(value, (dict, list)) and key not in ("author", "publisher", "image", "itemListElement", "comment", "isPartOf", "review"):
                yield from _objects(value, depth + 1)


def _kind(data: dict[str, Any]) -> str:
    kinds = data.get("@type", "")
    return next((k for k in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(k, str) and _ARTICLE.search(k)), "")


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = next((v for v in value if isinstance(v, (str, dict))), "")
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name") or value.get("alternateName") or ""
    return _plain(value) if isinstance(value, str) else ""


def _names(value: Any) -> Iterator[str]:
    for item in (value if isinstance(value, list) else [value])[:50]:
        name = _text(item)
        if name and "://" not in name:
            yield name[:_LONGEST_NAME]


def _plain(text: str) -> str:
    """A value without entities and spare space; line breaks stay."""
    if "&" in text:
        text = html.unescape(text)
    return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()
