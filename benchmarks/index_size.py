"""Room that the search indexes take: the same articles in SQLite, tantivy, PostgreSQL and bulk requests.

    python benchmarks/index_size.py [--articles 3000] [--postgres "host=… dbname=…"]

The articles are made of the paragraphs of ``fixtures/languages``, eight each, in forty languages, the same in each run. ``--postgres`` names a
database in which the table ``index_size`` may be made; it is dropped again.
"""

from __future__ import annotations

import argparse
import datetime
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cleaner.index.document import Document

ROOT = Path(__file__).resolve().parent.parent


def made(count: int) -> list[Document]:
    """Articles in forty languages."""
    texts = {}
    for path in sorted((ROOT / "fixtures" / "languages").glob("*.txt")):
        lines = path.read_text(encoding="utf-8").splitlines()
        texts[path.stem] = [line.split(": ", 1)[1] for line in lines if line.startswith(("paragraph: ", "headline: "))]
    chance = random.Random(1)
    found = []
    for number in range(count):
        code = chance.choice(sorted(texts))
        body = "\n\n".join(chance.choices(texts[code], k=8))
        day = datetime.date(2024, 1, 1) + datetime.timedelta(number % 300)
        found.append(Document(f"https://e.example/{number}", chance.choice(texts[code])[:80], "", body, None, day, code))
    return found


def in_sqlite(documents: list[Document], folder: Path) -> None:
    from cleaner.index.sqlite import Index

    with Index(folder / "articles.db") as index:
        index.add(documents)


def in_tantivy(documents: list[Document], folder: Path) -> None:
    from cleaner.index.tantivy import Index

    Index(folder / "articles").add(documents)


def in_ngrams(documents: list[Document], folder: Path) -> None:
    """The other way, which needs no splitting of ours: n-grams of two and three signs."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("key", tokenizer_name="raw", index_option="basic")
    for name in ("headline", "body"):
        builder.add_text_field(name, stored=True, tokenizer_name="ngrams")
    index = tantivy.Index(builder.build(), str(folder))
    analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.ngram(2, 3)).filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold()).build()
    index.register_tokenizer("ngrams", analyzer)
    writer = index.writer(50_000_000, 1)
    for one in documents:
        writer.add_document(tantivy.Document(key=one.key, headline=one.headline, body=one.body))
    writer.commit()
    writer.wait_merging_threads()


def in_requests(documents: list[Document], folder: Path) -> None:
    from cleaner.index.bulk import bulk

    (folder / "articles.ndjson").write_bytes(b"".join(bulk(documents)))


def in_postgres(documents: list[Document], address: str) -> tuple[float, float]:
    """Megabytes of the table with its indexes, and of the indexes."""
    import psycopg

    from cleaner.index import postgres

    with psycopg.connect(address, autocommit=True) as connection:
        postgres.create(connection, table="index_size")
        try:
            postgres.add(connection, documents, table="index_size")
            sizes: Any = connection.execute("SELECT pg_total_relation_size('index_size') / 1e6, pg_indexes_size('index_size') / 1e6").fetchone()
        finally:
            connection.execute("DROP TABLE index_size")
    return float(sizes[0]), float(sizes[1])


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=3000)
    parser.add_argument("--postgres", metavar="ADDRESS")
    args = parser.parse_args()
    documents = made(args.articles)
    print(f"{len(documents)} articles, {sum(len((one.headline + one.body).encode()) for one in documents) / 1e6:.1f} MB of text")
    ways: dict[str, Callable[[list[Document], Path], None]] = {"SQLite": in_sqlite, "tantivy, words": in_tantivy, "tantivy, n-grams": in_ngrams, "bulk requests": in_requests}
    for name, put in ways.items():
        with tempfile.TemporaryDirectory() as folder:
            put(documents, Path(folder))
            print(f"{name:20s} {sum(file.stat().st_size for file in Path(folder).rglob('*') if file.is_file()) / 1e6:6.1f} MB")
    if args.postgres:
        whole, indexes = in_postgres(documents, args.postgres)
        print(f"{'PostgreSQL':20s} {whole:6.1f} MB, of it {indexes:.1f} MB indexes")


if __name__ == "__main__":
    main()
