"""What boilerplate does to a search index: the same pages indexed raw and cleaned, and what queries find in each.

    python benchmarks/search_demo.py [--pages 1000]      the fixtures and made-up pages in six languages
    python benchmarks/search_demo.py ../shared/corpora   pages of the corpora, newsletter and the like
    python benchmarks/search_demo.py --speed 100000      documents indexed a second, milliseconds a search

True hits are those in a third index, of the articles as they were before pages were made of them
(of the corpora: of the gold). `P@10` is the share of true ones among the first ten, newest first;
sizes are of compacted files.
"""

from __future__ import annotations

import argparse
import datetime
import html
import random
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cleaner.engine import Cleaner
from cleaner.index.document import Document, document
from cleaner.index.sqlite import Hit, Index

FIXTURES = Path(__file__).parent.parent / "fixtures"
LANGUAGES = ("en", "fr", "de", "es", "ar", "zh")
PLACES = "Alborea Brackwell Corvane Dunmere Estrella Farnholt Grevel Hallin Isenbruck Jarrow Kestrel Lussonne Marenne Norwick Osterby Pelham".split()
PROMPTS = {
    "en": ("Sign up to our newsletter", "Get our newsletter every morning. Unsubscribe any time."),
    "fr": ("Inscrivez-vous à notre newsletter", "Recevez notre newsletter chaque matin. Vous pouvez vous désinscrire à tout moment."),
    "de": ("Jetzt unseren Newsletter abonnieren", "Melden Sie sich für unseren Newsletter an. Abmeldung jederzeit möglich."),
    "es": ("Suscríbete a nuestra newsletter", "Recibe nuestra newsletter cada mañana. Puedes darte de baja cuando quieras."),
    "ar": ("اشترك في نشرتنا البريدية", "Newsletter"),
    "zh": ("订阅我们的电子报", "Newsletter"),
}
"""What asks for subscribers, beside what fixtures/languages has of it."""
ABSENT = "Zeppelin race ends in a vineyard"
"""A headline of tickers whose page is not among the pages."""


@dataclass(frozen=True)
class Made:
    """A page, and the article that it was made of."""

    page: str | bytes
    truth: Document


@dataclass(frozen=True)
class Found:
    """What a query finds in an index."""

    hits: int
    precision: float | None
    """Of the first ten, newest first; None where there are no hits."""
    newest: Hit | None


@dataclass(frozen=True)
class Row:
    """What a query finds in the three indexes."""

    query: str
    true: int
    raw: Found
    cleaned: Found


def lines_of(language: str) -> dict[str, list[str]]:
    """The lines of fixtures/languages by their labels."""
    found: dict[str, list[str]] = {}
    for line in (FIXTURES / "languages" / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        label, _, text = line.partition(": ")
        found.setdefault(label, []).append(text)
    return found


def fixture_pages() -> Iterator[Made]:
    """The repository's fixtures, with the texts that are expected of them."""
    for folder in sorted(path.parent for path in FIXTURES.glob("*/*/expected.txt")):
        told = tomllib.loads((folder / "page.toml").read_text(encoding="utf-8"))
        source = next(folder.glob("source.*"))
        key = told.get("url") or str(folder.relative_to(FIXTURES))
        text = (folder / "expected.txt").read_text(encoding="utf-8")
        data = source.read_bytes() if source.suffix == ".html" else source.read_text(encoding="utf-8")
        yield Made(data, Document(key, "", "", text, told.get("url"), language=told.get("language")))


def made_pages(count: int) -> list[Made]:
    """Made-up pages in turn in the six languages; the same each time. Every eightieth is truly about newsletters."""
    chance = random.Random(5)
    told = {language: lines_of(language) for language in LANGUAGES}
    articles = [_article(number, LANGUAGES[number % len(LANGUAGES)], told, chance) for number in range(count)]
    return [Made(_page(one, articles, told[one.language or "en"], chance), one) for one in articles]


def _article(number: int, language: str, told: dict[str, dict[str, list[str]]], chance: random.Random) -> Document:
    subject = number % 80 == 0
    language = "en" if subject else language
    long = 20 if language == "zh" else 60
    sentences = [line for line in told[language]["body"] if len(line) >= long and "newsletter" not in line.lower()]
    some = chance.sample(sentences, 7)
    place = PLACES[number % len(PLACES)]
    start = some[0][:16] if language == "zh" else " ".join(some[0].split()[:7]).rstrip(".,;:")
    headline = f"{place} {number}: {start}"
    paragraphs = [" ".join(some[1:3]), " ".join(some[3:5]), " ".join(some[5:7])]
    if subject:
        headline = f"{place} {number}: a village newsletter turns forty"
        paragraphs.insert(1, "The newsletter, typed on a borrowed machine, was passed from hand to hand during the strike, and a museum has now asked for the first copies.")
    url = f"https://www.{place.lower()}.example/{language}/{number}"
    return Document(url, headline, "", "\n\n".join(paragraphs), url, datetime.date(2020, 1, 1) + datetime.timedelta(number), language)


def _page(one: Document, articles: Sequence[Document], told: dict[str, list[str]], chance: random.Random) -> str:
    """A web page around an article: menu, prompts in its middle, most read beside it, comments and small print below."""
    others = [other.headline for other in chance.sample(articles, min(4, len(articles))) if other.key != one.key]
    others += [other.headline for other in articles[:1] if other.key != one.key] + [ABSENT]
    language = one.language or "en"

    def some(label: str) -> str:
        return html.escape(chance.choice(told[label]))

    paragraphs = [f"<p>{html.escape(text)}</p>" for text in one.body.split("\n\n")]
    paragraphs.insert(2, f'<div class="box"><p>{PROMPTS[language][0]}</p></div>')
    paragraphs.insert(1, f"<p>{some('related')}</p>")
    ticker = "".join(f'<li><a href="/{n}">{html.escape(text)}</a></li>' for n, text in enumerate(others))
    return f"""<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{html.escape(one.headline)}</title>
<meta property="og:title" content="{html.escape(one.headline)}"><meta property="article:published_time" content="{one.date}T06:00:00+00:00"></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/newsletter">Newsletter</a></li><li><a href="/a">{some("navigation")}</a></li></ul></nav>
<div class="cookies"><p>{some("cookies")}</p><a href="/privacy">Privacy policy</a></div>
<main><article><h1>{html.escape(one.headline)}</h1><p>{some("share")}</p>{"".join(paragraphs)}<p>{some("follow")}</p><p>{PROMPTS[language][1]}</p></article>
<aside><h3>{some("ticker")}</h3><ul>{ticker}</ul></aside></main>
<section><p>{some("comments")}</p></section><footer><p>{some("copyright")}</p><a href="/privacy">Privacy policy</a> <a href="/newsletter">Newsletter</a></footer></body></html>"""


def corpus_pages(folder: Path) -> Iterator[Made]:
    """The pages of the corpora that have a gold body."""
    from pages import CORPORA, pages

    for corpus in CORPORA:
        if (folder / corpus / "pages.jsonl").exists():
            for row, data in pages(folder, corpus):
                if "body" in row:
                    yield Made(data, Document(f"{corpus}/{row['id']}", row.get("title") or "", "", row["body"], row.get("url")))


def build(folder: Path, made: Iterable[Made], cleaner: Cleaner) -> tuple[Index, Index, Index]:
    """Indexes of the true articles, of the pages' whole text, and of the cleaned pages, under the same keys and dates; in new files in a folder."""
    truth, raw, cleaned = [], [], []
    for one in made:
        if isinstance(one.page, str) and not one.page.startswith("<!"):
            article = cleaner.clean_text(one.page, one.truth.url, one.truth.language)
        else:
            article = cleaner.clean(one.page, one.truth.url, one.truth.language)
        ours = replace(document(article, one.truth.key), key=one.truth.key)
        truth.append(replace(one.truth, date=ours.date))
        raw.append(replace(ours, body=article.source_text))
        cleaned.append(ours)
    indexes = Index(folder / "truth.db"), Index(folder / "raw.db"), Index(folder / "cleaned.db")
    for index, documents in zip(indexes, (truth, raw, cleaned), strict=True):
        index.add(documents)
        index.compact()
    return indexes


def compare(query: str, truth: Index, raw: Index, cleaned: Index) -> Row:
    """What a query finds in each."""
    true = {hit.key for hit in truth.search(query, 1_000_000)}
    return Row(query, len(true), _found(query, raw, true), _found(query, cleaned, true))


def _found(query: str, index: Index, true: set[str]) -> Found:
    top = index.search(query, 10, newest=True)
    return Found(index.count(query), sum(hit.key in true for hit in top) / len(top) if top else None, top[0] if top else None)


def report(rows: Sequence[Row], truth: Index, raw: Index, cleaned: Index) -> str:
    """The table, as Markdown."""
    shown = ["| query | true hits | raw: hits | P@10 | cleaned: hits | P@10 |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    shown += [f"| `{row.query}` | {row.true} | {row.raw.hits} | {_share(row.raw)} | {row.cleaned.hits} | {_share(row.cleaned)} |" for row in rows]
    shown += ["", "What the newest hit shows:", "", "| query | raw | cleaned |", "| --- | --- | --- |"]
    shown += [f"| `{row.query}` | {_passage(row.raw)} | {_passage(row.cleaned)} |" for row in rows]
    sizes = [index.path.stat().st_size for index in (raw, cleaned)]
    shown += ["", f"{len(truth):,} pages; index of {sizes[0] / 1e6:.2f} MB raw, {sizes[1] / 1e6:.2f} MB cleaned ({sizes[1] / sizes[0]:.0%})."]
    return "\n".join(shown) + "\n"


def _share(found: Found) -> str:
    return "–" if found.precision is None else f"{found.precision:.1f}"


def _passage(found: Found) -> str:
    if not found.newest:
        return "–"
    shown = found.newest.snippet
    start = max(0, shown.find("**") - 40)
    return ("…" if start else "") + shown[start : start + 110].replace("|", "\\|") + "…"


def speed(count: int, folder: Path) -> str:
    """Documents indexed a second, and milliseconds a search, on short documents in forty languages."""
    chance = random.Random(1)
    told = [(path.stem, text) for path in sorted((FIXTURES / "languages").glob("*.txt")) for text in lines_of(path.stem)["paragraph"]]
    documents = []
    for number in range(count):
        language, text = chance.choice(told)
        documents.append(Document(f"https://a.example/{number}", text[:60], "", f"{text} {number}", None, datetime.date(2020, 1, 1) + datetime.timedelta(number % 2000), language))
    shown = []
    with Index(folder / "speed.db") as index:
        start, cpu = time.perf_counter(), time.process_time()
        index.add(documents)
        took, cpu = time.perf_counter() - start, time.process_time() - cpu
        size = index.path.stat().st_size
        mean = sum(len(one.body.encode()) for one in documents) / count
        shown.append(f"{count:,} documents of {mean:,.0f} bytes: {count / took:,.0f} a second ({count / cpu:,.0f} a second of processor time), a file of {size / 1e6:,.0f} MB")
        for query in ("harbour", '"de la"', "居民", "القرية", "a*"):
            start = time.perf_counter()
            index.search(query)
            best = time.perf_counter()
            index.search(query, newest=True)
            newest = time.perf_counter()
            shown.append(f"{query:12} {index.count(query):7,} hits: the best {1000 * (best - start):4.0f} ms, the newest {1000 * (newest - best):4.0f} ms")
    return "\n".join(shown) + "\n"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="?", type=Path, help="a folder of corpora; made-up pages if not said")
    parser.add_argument("--pages", type=int, default=1000, metavar="N", help="how many pages to make up (1000)")
    parser.add_argument("--query", action="append", help="ask this; may be said again")
    parser.add_argument("--speed", type=int, metavar="N", help="only measure how fast N documents are indexed and searched")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if args.speed:
            sys.stdout.write(speed(args.speed, folder))
            return
        made = list(corpus_pages(args.corpora)) if args.corpora else [*fixture_pages(), *made_pages(args.pages)]
        asked = ["newsletter", "subscribe", '"privacy policy"', "cookies"] if args.corpora else queries(made)
        indexes = build(folder, made, Cleaner())
        sys.stdout.write(report([compare(query, *indexes) for query in args.query or asked], *indexes))
        for index in indexes:
            index.close()


def queries(made: Sequence[Made]) -> list[str]:
    """A word that prompts are full of, a headline that stands in all pages' tickers, one whose page is not there, and small print."""
    first = next(one.truth.headline for one in made if one.truth.headline)
    return ["newsletter", f'"{first}"', f'"{ABSENT}"', '"privacy policy"']


if __name__ == "__main__":
    main()
