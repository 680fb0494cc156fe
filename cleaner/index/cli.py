"""`clean-article index` and `clean-article search`: argument parsing and printing only."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from cleaner.batch.sources import jobs_for
from cleaner.index.document import Document, Hit, IndexProblem, in_batches
from cleaner.index.query import QueryError
from cleaner.index.read import EMPTY, Reading, documents, worker
from cleaner.index.sqlite import Index
from cleaner.model import RuleError

_BOLD = ("\x1b[1m", "\x1b[0m")
_STARS = ("**", "**")


def index_main(argv: Sequence[str] | None = None) -> int:
    """Clean inputs and put them into an index; returns the exit status: 0 all well, 1 some input failed, 2 wrong usage, faulty rule files or a bad database."""
    args = _index_parser().parse_intermixed_args(argv)
    counts: Counter[str] = Counter()
    status = 0
    try:
        worker(_reading(args))  # faulty rules are told before a database is made
        with Index(args.db) as index:
            try:
                for batch in in_batches(_documents(args, counts)):
                    added = index.add(batch)
                    counts.update(new=added.new, replaced=added.replaced)
            except IndexProblem as problem:
                print(f"clean-article: {problem}", file=sys.stderr)
                status = 2
            told = ", ".join(f"{counts[what]:,} {what}" for what in ("new", "replaced", "empty", "failed") if counts[what] or what in ("new", "replaced", "failed"))
            print(f"clean-article: {args.db}: {told}; {len(index):,} in all", file=sys.stderr)
    except IndexProblem as problem:
        print(f"clean-article: {problem}", file=sys.stderr)
        return 2
    except RuleError as error:
        for fault in error.problems:
            print(fault, file=sys.stderr)
        return 2
    return status or int(counts["failed"] > 0)


def search_main(argv: Sequence[str] | None = None) -> int:
    """Search an index and print what was found; returns the exit status: 0 something, 1 nothing, 2 wrong usage, query or database."""
    args = _search_parser().parse_intermixed_args(argv)
    query = " ".join(args.query)
    marks = _BOLD if args.format == "text" and sys.stdout.isatty() and not os.environ.get("NO_COLOR") else _STARS
    try:
        with Index(args.db, readonly=True) as index:
            hits = index.search(query, args.limit, args.newest, args.language, marks)
            count = index.count(query, args.language)
    except (IndexProblem, QueryError) as error:
        print(f"clean-article: {error}", file=sys.stderr)
        return 2
    if args.format == "json":
        _print(json.dumps({"query": query, "count": count, "hits": [_data(hit) for hit in hits]}, ensure_ascii=False, indent=2) + "\n")
    elif args.format == "jsonl":
        _print("".join(json.dumps(_data(hit), ensure_ascii=False) + "\n" for hit in hits))
    else:
        _print("\n".join(_shown(number, hit) for number, hit in enumerate(hits, 1)))
        print(f"{len(hits):,} of {count:,}", file=sys.stderr)
    return 0 if hits else 1


def _index_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="clean-article index",
        description="Clean news articles and put them into a search index; one that is there already is replaced.",
        epilog="Exit status: 0 all well, 1 some input failed, 2 wrong usage, faulty rule files or a bad database.",
    )
    parser.add_argument("files", nargs="*", default=["-"], metavar="FILE", help="whatever clean-article reads; also its own output of --format jsonl, which is taken as it is")
    parser.add_argument("--db", required=True, metavar="FILE", help="the index; made if it is not there")
    parser.add_argument("--input", choices=("auto", "html", "text"), default="auto", help="what the inputs are; told by looking if not said")
    parser.add_argument("--language", metavar="CODE", help="the inputs' language, such as fr, where they do not say; found out if not said")
    parser.add_argument("--rules", action="append", default=[], metavar="DIR", help="a folder of your own rule files, added to the others; may be said again")
    parser.add_argument("--jobs", type=_jobs, metavar="N", help="processes; as many as cores for folders, archives and more than a few files, else none but this one (0)")
    parser.add_argument("--raw", action="store_true", help="index the whole text of the inputs, boilerplate and all, for comparison")
    return parser


def _search_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="clean-article search",
        description="Search an index that clean-article index made.",
        epilog='QUERY: words that all must be there, "a phrase", a OR b, a NOT b, begin*, (groups). Exit status: 0 something found, 1 nothing, 2 wrong usage, query or database.',
    )
    parser.add_argument("query", nargs="+", metavar="QUERY", help="what to search for; put it in single quotes")
    parser.add_argument("--db", required=True, metavar="FILE", help="the index")
    parser.add_argument("--limit", type=_count, default=10, metavar="N", help="how many to show at most (10)")
    parser.add_argument("--newest", action="store_true", help="the latest first, not the best")
    parser.add_argument("--language", metavar="CODE", help="only articles in this language, such as fr")
    parser.add_argument("--format", choices=("text", "json", "jsonl"), default="text", help="text (the default), json, or jsonl (one line a hit)")
    return parser


def _jobs(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text}: a number of processes is meant")
    return int(text)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it is a number from 1")
    return number


def _reading(args: argparse.Namespace) -> Reading:
    return Reading(tuple(args.rules), args.language, args.input, args.raw)


def _documents(args: argparse.Namespace, counts: Counter[str]) -> Iterator[Document]:
    """What the inputs hold; what cannot be read or holds nothing is said and counted."""
    jobs = args.jobs if args.jobs is not None else jobs_for(args.files)
    for item in documents(args.files, _reading(args), jobs):
        if isinstance(item, Document):
            yield item
        else:
            print(f"clean-article: {item}", file=sys.stderr)
            counts["empty" if item.error == EMPTY else "failed"] += 1


def _data(hit: Hit) -> dict[str, Any]:
    """A hit, ready for JSON."""
    return {**dataclasses.asdict(hit), "date": hit.date.isoformat() if hit.date else None, "score": round(hit.score, 6)}


def _shown(number: int, hit: Hit) -> str:
    facts = " · ".join(fact for fact in (hit.date.isoformat() if hit.date else "", hit.language or "", hit.url or hit.key) if fact)
    return f"{number}. {hit.headline or '(no headline)'}\n   {facts}\n   {hit.snippet}\n"


def _print(text: str) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()
