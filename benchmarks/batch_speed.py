"""Documents a second of `clean-article` with one and two processes, beside plain use and trafilatura's own command; memory over a long run.

    python benchmarks/batch_speed.py [CORPORA] [--pages 1000] [--long 100000]

The pages are those of a corpus (``aeb``, ``fundus``, ``wcxb`` of ``benchmarks/corpora.py``), or the fixtures', repeated until there are enough, one file each, since
that is what trafilatura's command takes (``trafilatura --input-dir … --output-dir … --parallel N``). Seconds are of the whole command, start and rules
included. ``--long`` runs that many texts through two processes and prints the memory of the command and its processes as it goes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

ROOT = Path(__file__).resolve().parent.parent


def pages(corpora: Path | None) -> Iterator[bytes]:
    """Web pages: a corpus's, or the fixtures'."""
    if corpora is None:
        for path in sorted(ROOT.glob("fixtures/*/*/source.html")):
            yield path.read_bytes()
        return
    from pages import pages as of_corpus

    for name in ("aeb", "fundus", "wcxb"):
        yield from (data for _, data in itertools.islice(of_corpus(corpora, name), 400))


def timed(command: list[str], cwd: Path) -> float:
    """Seconds that a command takes; it must end well, or with failures that it tells."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return time.perf_counter() - start


def plain(folder: Path) -> float:
    """Seconds of a loop over the files in one process, with what a program of a few lines would do."""
    code = (
        "import pathlib, sys, cleaner\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
        "    pathlib.Path(sys.argv[2], path.stem + '.txt').write_text(cleaner.clean(path.read_bytes()).text, encoding='utf-8', errors='replace')\n"
    )
    (folder / "plain").mkdir()
    return timed([sys.executable, "-c", code, str(folder / "in"), str(folder / "plain")], ROOT)


def speed(corpora: Path | None, count: int) -> None:
    """The table of documents a second."""
    found = list(pages(corpora))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        for number, page in enumerate(itertools.islice(itertools.cycle(found), count)):
            # trafilatura leaves out what it has seen: a comment makes each page its own
            (folder / "in" / f"{number:06}.html").write_bytes(page + f"<!-- {number} -->".encode())
        bytes_in = sum(path.stat().st_size for path in (folder / "in").iterdir())
        print(f"{count} pages, {bytes_in / 1e6:.1f} MB, {os.cpu_count()} cores")
        ours = [sys.executable, "-m", "cleaner.cli", "in", "--format", "text"]
        theirs = [str(Path(sys.executable).parent / "trafilatura"), "--input-dir", "in", "--output-dir"]
        runs = {
            "a loop of cleaner.clean": lambda: plain(folder),
            "clean-article --jobs 0": lambda: timed([*ours, "-o", "ours0/", "--jobs", "0"], folder),
            "clean-article --jobs 1": lambda: timed([*ours, "-o", "ours1/", "--jobs", "1"], folder),
            "clean-article --jobs 2": lambda: timed([*ours, "-o", "ours2/", "--jobs", "2"], folder),
            "trafilatura --parallel 1": lambda: timed([*theirs, "theirs1", "--parallel", "1"], folder),
            "trafilatura --parallel 2": lambda: timed([*theirs, "theirs2", "--parallel", "2"], folder),
            "trafilatura --fast --parallel 2": lambda: timed([*theirs, "theirs3", "--parallel", "2", "--fast"], folder),
        }
        base = 0.0
        for label, run in runs.items():
            seconds = run()
            base = base or count / seconds
            print(f"{label:34s} {count / seconds:8.1f} documents a second  {count / seconds / base:5.2f} of the loop")


def memory(pid: int) -> float:
    """Megabytes that a process and its children hold (Linux)."""
    total = 0
    for one in [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]:
        for line in Path(f"/proc/{one}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total / 1024


def long_run(count: int) -> None:
    """The memory of a run over many texts."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("fixtures/*/*/source.txt"))]
    with tempfile.TemporaryDirectory() as name:
        process = subprocess.Popen(
            [sys.executable, "-m", "cleaner.cli", "-", "--format", "jsonl", "-o", "out.jsonl.gz", "--jobs", "2"],
            cwd=name, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert process.stdin

        def feed() -> None:
            assert process.stdin
            for number in range(count):
                process.stdin.write(json.dumps({"id": str(number), "text": f"{number}\n{texts[number % len(texts)]}"}).encode() + b"\n")
            process.stdin.close()

        feeder = threading.Thread(target=feed)
        feeder.start()
        manifest = Path(name, "out.jsonl.gz.parts/.clean-article/manifest.jsonl")
        every = max(1, count // 10)
        told = 0
        while process.poll() is None:
            time.sleep(0.5)
            done = sum(entry["documents"] for entry in map(json.loads, manifest.read_text().splitlines()) if "shard" in entry) if manifest.exists() else 0
            if done >= told + every:
                told = done
                print(f"{done:9,d} documents  {memory(process.pid):8.1f} MB")
        feeder.join()
        print(f"status {process.returncode}")


def main() -> None:
    """Both parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path, nargs="?")
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--long", type=int, default=0, metavar="TEXTS")
    args = parser.parse_args()
    if args.pages:
        speed(args.corpora, args.pages)
    if args.long:
        long_run(args.long)


if __name__ == "__main__":
    main()
