"""`clean-article`: argument parsing and printing only."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cleaner.batch.write import ENDINGS as FORMATS

if TYPE_CHECKING:
    from cleaner.batch.records import Fields
    from cleaner.batch.run import Job, Totals


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status: 0 all well, 1 something failed, 2 wrong usage, 130 interrupted."""
    argv = sys.argv[1:] if argv is None else list(argv)
    if argv and argv[0] in ("index", "search"):
        from cleaner.index import cli as index

        return (index.index_main if argv[0] == "index" else index.search_main)(argv[1:])
    parser = _parser()
    args = parser.parse_intermixed_args(argv)
    from cleaner.model import RuleError

    try:
        if args.explain:
            return _explain(args, parser)
        job = _job(args, parser)
        from cleaner.batch.outlets import OutputProblem
        from cleaner.batch.run import run as do

        try:
            totals = do(job)
        except OutputProblem as wrong:
            _complain(str(wrong))
            return 1
    except RuleError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    _report(job, totals)
    return 128 + totals.interrupted if totals.interrupted else 1 if totals.failed or totals.failed_before else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="clean-article",
        description="Take news articles, web pages or their text, and leave headline, dateline and body. "
        "`clean-article index` and `clean-article search` make articles findable; each has a --help of its own.",
        epilog="Exit status: 0 all well, 1 some input failed or the output could not be written, 2 wrong usage or faulty rule files, 130 ended by Ctrl-C (143 by SIGTERM).",
    )
    inputs = "pages, texts, JSON lines, WARC, WET and Parquet files (also .gz and .zst), folders, globs, http and https URLs; - is standard input (the default)"
    parser.add_argument("files", nargs="*", metavar="FILE", help=inputs)
    parser.add_argument("--urls", metavar="LIST", help="a file of URLs, one a line, that are downloaded; - is standard input")
    what = parser.add_argument_group("what the inputs are")
    what.add_argument("--input", choices=("auto", "html", "text"), default="auto", help="what a document is; told by looking if not said")
    what.add_argument("--field", metavar="NAME", help="the field or column with the page or text; html, text, content, raw_content or body if not said")
    what.add_argument("--url-field", metavar="NAME", help="the field with the document's URL (url)")
    what.add_argument("--id-field", metavar="NAME", help="the field with its id (id)")
    what.add_argument("--language-field", metavar="NAME", help="the field with its language (language)")
    what.add_argument("--language", metavar="CODE", help="the inputs' language, such as fr; found out if not said")
    what.add_argument("--url", help="where the inputs come from; chooses a site's rules")
    how = parser.add_argument_group("how they are cleaned")
    how.add_argument("--rules", action="append", default=[], metavar="DIR", help="a folder of your own rule files, added to the others; may be said again")
    how.add_argument("--captions", action="store_true", help="keep the captions of a page's pictures")
    how.add_argument("--no-repair", action="store_true", help="do not repair mojibake")
    out = parser.add_argument_group("what comes out")
    formats = "by the ending of OUT, else text; jsonl and parquet hold many articles, xml (or tei) is TEI P5"
    out.add_argument("--format", choices=(*FORMATS, "tei"), help=formats)
    out.add_argument("-o", "--output", metavar="OUT", help="a file, or a folder: a file a document, in jsonl and parquet a file for many. OUT.jsonl.gz and .zst are compressed")
    out.add_argument("--removed", action=argparse.BooleanOptionalAction, help="write what was removed, and by which rule, with every article (json does if not told otherwise)")
    out.add_argument("--overwrite", action="store_true", help="replace outputs that are there")
    out.add_argument("--explain", action="store_true", help="show the text with what goes marked, then a table of what took it")
    many = parser.add_argument_group("many documents")
    many.add_argument("--jobs", metavar="N", help="processes; as many as cores for folders, archives and more than a few files, else none but this one (0)")
    many.add_argument("--resume", action="store_true", help="go on where an earlier run with the same options was broken off")
    many.add_argument("--errors", type=Path, metavar="FILE", help="write what failed there, a JSON line each: source, record, url, error, message")
    many.add_argument("--progress", choices=("auto", "always", "never"), default="auto", help="a line that shows how far it is; auto: on a terminal")
    size = "documents that are finished together (1000): what --resume does again at most, and what a file of a folder holds"
    many.add_argument("--shard-size", type=_positive, default=1000, metavar="N", help=size)
    many.add_argument("--time-limit", type=_limit, default=60.0, metavar="SECONDS", help="for one document, with --jobs (60; 0 for none)")
    many.add_argument("--memory-limit", type=_limit, default=2048, metavar="MB", help="for one document, with --jobs (2048; 0 for none)")
    return parser


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{value} is not 1 or more")
    return number


def _limit(value: str) -> float:
    number = float(value)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{value} is not 0 or more")
    return number


def _job(args: argparse.Namespace, parser: argparse.ArgumentParser) -> Job:
    """What is asked for."""
    from cleaner.batch.limits import Limits
    from cleaner.batch.outlets import format_of, is_folder
    from cleaner.batch.run import Job
    from cleaner.batch.sources import FEW, holds_many
    from cleaner.batch.work import Options

    names = _names(args, parser)
    many = len(names) > FEW or any(map(holds_many, names))
    jobs = _jobs(args.jobs, many, parser)
    output = Path(args.output) if args.output else None
    style = "xml" if args.format == "tei" else args.format or (output and format_of(output)) or "text"
    if args.resume and output is None:
        parser.error("--resume needs -o: standard output cannot be gone on with")
    folder = output is not None and is_folder(output, args.output, many or len(names) > 1)
    if args.removed and style in ("text", "markdown"):
        parser.error(f"--removed needs a format that has a place for it: json, jsonl, xml or parquet, not {style}")
    removed = args.removed if args.removed is not None else style == "json"
    plain = not many and not args.jobs and not args.resume
    options = Options(style, tuple(args.rules), args.language, args.url, args.captions, not args.no_repair, removed, style == "xml" and not folder and (many or len(names) > 1))
    limits = Limits(args.time_limit, int(args.memory_limit))
    return Job(tuple(names), output, folder, options, _fields(args), args.input, jobs, limits, plain, args.resume, args.overwrite, args.errors, args.progress, args.shard_size)


def _fields(args: argparse.Namespace) -> Fields:
    from cleaner.batch.records import Fields

    return Fields.named(args.field, args.url_field, args.id_field, args.language_field)


def _names(args: argparse.Namespace, parser: argparse.ArgumentParser) -> list[str]:
    names = list(args.files)
    if args.urls:
        try:
            text = sys.stdin.read() if args.urls == "-" else Path(args.urls).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            parser.error(f"--urls {args.urls}: {error}")
        names += [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return names or (["-"] if not args.urls else [])


def _jobs(said: str | None, many: bool, parser: argparse.ArgumentParser) -> int:
    if said is None or said == "auto":
        from cleaner.batch.sources import cores

        return cores() if many else 0
    if not said.isdecimal():
        parser.error(f"--jobs {said}: a number of processes is meant, or auto")
    return int(said)


def _explain(args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Show what goes, for a few documents."""
    from cleaner.batch.read import read_all
    from cleaner.batch.records import Failure, clean_record
    from cleaner.engine import Cleaner
    from cleaner.explain import explain

    if args.output is not None and Path(args.output).is_file() and not args.overwrite:
        _complain(f"{args.output}: is there already; --overwrite replaces it, another -o leaves it")
        return 1
    cleaner = Cleaner(args.rules, repair_mojibake=not args.no_repair)
    colour = args.output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    shown, failed = [], False
    for item in read_all(_names(args, parser), _fields(args), args.input):
        if isinstance(item, Failure):
            _complain(str(item))
            failed = True
            continue
        article = clean_record(cleaner, item, captions=args.captions, url=args.url, language=args.language)
        for warning in article.warnings:
            _complain(f"{item.source}: {warning}")
        shown.append(explain(article, colour))
        if args.output is None:
            _print(shown[-1], apart=len(shown) > 1)
    if args.output is not None:
        try:
            Path(args.output).write_text("\n".join(shown), encoding="utf-8", errors="replace")
        except OSError as error:
            _complain(f"{args.output}: {error.strerror or error}")
            failed = True
    return 1 if failed else 0


def _print(text: str, apart: bool) -> None:
    """Write to standard output; characters that cannot be written anywhere (lone surrogates) become ``?``."""
    sys.stdout.flush()
    sys.stdout.buffer.write((("\n" if apart else "") + text).encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def _report(job: Job, totals: Totals) -> None:
    """Say what a long run did."""
    if job.plain and not totals.interrupted:
        return
    before = f" ({totals.done_before:,} were done before)" if totals.done_before else ""
    rate = f", {totals.documents / totals.seconds:,.1f} a second" if totals.documents and totals.seconds else ""
    failed = f", {totals.failed:,} failed" + (f" (see {job.errors})" if job.errors else "") if totals.failed else ""
    goes_on = job.output and not (job.plain and job.folder)
    ended = ("; ended early: the same command with --resume goes on" if goes_on else "; ended early") if totals.interrupted else ""
    _complain(f"{totals.documents:,} documents{before}{failed} in {totals.seconds:,.1f} s{rate}{ended}")


def _complain(message: str) -> None:
    print(f"clean-article: {message}", file=sys.stderr)


def run() -> None:
    """The console script: `main`, ending quietly where the reader of a pipe has gone."""
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    run()
