"""How fast text is cleaned: megabytes a second and core, beside C4's line filter, in one run.

    python benchmarks/text_speed.py ../shared/corpora [--growth] [--memory]

Whole cleaning, all shipped rules, no URL, no language given: decode aside, all
that `clean_text` does, once asking for the body only and once for every removal
with its rule too. The corpora's texts are those of ``text.jsonl.gz`` (see
`benchmarks/README.md`). Times are process CPU times, the best of three passes
that take turns; machines differ and are noisy, so the ratio is what counts.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from corpora import CORPORA, documents

import cleaner

POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")


def c4(text: str) -> str:
    """C4's line filter (Raffel et al., JMLR 2020, section 2.2) without its document rules; more marks than C4 has may end a line."""
    kept = []
    for line in text.splitlines():
        line = line.strip()
        lower = line.lower()
        if len(line.split()) >= 5 and line.endswith((".", "!", "?", '"', "”", "»", "؟", "。")) and "javascript" not in lower and not any(p in lower for p in POLICY):
            kept.append(line)
    return "\n".join(kept)


def cpu(call: Callable[[str], object], texts: list[str]) -> float:
    start = time.process_time()
    for text in texts:
        call(text)
    return time.process_time() - start


def race(calls: dict[str, Callable[[str], object]], texts: list[str], rounds: int = 3) -> dict[str, float]:
    """Megabytes of UTF-8 a second of each call; they take turns, the best round counts."""
    size = sum(len(text.encode("utf-8", "replace")) for text in texts) / 1e6
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            best[name] = min(best[name], cpu(call, texts))
    return {name: size / seconds for name, seconds in best.items()}


def speed(side: Path) -> None:
    clean = cleaner.Cleaner()
    calls: dict[str, Callable[[str], object]] = {
        "c4": c4,
        "body": lambda text: clean.clean_text(text).body,
        "explained": lambda text: (a := clean.clean_text(text)).body + str(len(a.removed)),
    }
    print("corpus   view       MB/s: C4's filter  cleaner  cleaner with removals  ratio")
    for corpus in CORPORA:
        by_view: dict[str, list[str]] = {}
        for _, view, text, _ in documents(side, corpus):
            by_view.setdefault(view, []).append(text)
        for view, texts in by_view.items():
            for text in texts:
                clean.clean_text(text)
            figures = race(calls, texts)
            print(f"{corpus:8} {view:9} {figures['c4']:18.1f} {figures['body']:8.1f} {figures['explained']:22.1f} {figures['body'] / figures['c4']:6.2f}", flush=True)


def growth(side: Path) -> None:
    """Cost with 100, 1,000 and 10,000 rules, made of words that the corpora use."""
    texts = [text for corpus in ("aeb", "fundus", "magic") for _, _, text, _ in documents(side, corpus)]
    rng = random.Random(7)
    vocabulary = sorted({word for text in texts for word in text.casefold().split() if word.isalpha()})
    base = 0.0
    for number in (100, 1_000, 10_000):
        with tempfile.TemporaryDirectory() as folder:
            rules = "".join(
                f"rule: r{i}\nlabel: other\nwhy: made up\n{rng.choice(('is', 'starts', 'contains', 'contains'))}: {' '.join(rng.sample(vocabulary, 3))}\ndrop: x\nkeep: y\n\n"
                for i in range(number)
            )
            Path(folder, "common.txt").write_text("sentence-ends: . ! ? …\n\n" + rules, encoding="utf-8")
            seconds = float(subprocess.run([sys.executable, __file__, str(side), "--one", folder], check=True, capture_output=True, text=True).stdout)
        base = base or seconds
        print(f"{number:6} rules: {seconds:.3f} s, {seconds / base:.2f} times the cost of 100")


def one(side: Path, folder: str) -> None:
    """CPU seconds for the corpora's texts with the rules of one folder beside the shipped structure rules."""
    texts = [text for corpus in ("aeb", "fundus", "magic") for _, _, text, _ in documents(side, corpus)]
    from cleaner import catalog

    empty = Path(folder, "none")
    empty.mkdir()
    (empty / "common.txt").write_text((catalog.shipped() / "common.txt").read_text(encoding="utf-8"), encoding="utf-8")
    catalog.shipped = lambda: empty
    clean = cleaner.Cleaner([folder])
    for text in texts:
        clean.clean_text(text, language="xx")
    print(min(cpu(lambda text: clean.clean_text(text, language="xx").body, texts) for _ in range(5)))


def memory() -> None:
    """Peak memory of cleaning texts of 1, 10 and 50 MB, in processes of their own."""
    code = (
        "import cleaner, resource, sys; n = int(sys.argv[1]); "
        "line = 'Le président a annoncé hier à la presse que la séance serait reportée, faute de quorum.\\n'; "
        "cleaner.clean_text('Bonjour.'); before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; "
        "text = line * (n * 1_000_000 // len(line.encode())); a = cleaner.clean_text(text); a.removed; "
        "print(before // 1024, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    for megabytes in (1, 10, 50):
        before, peak = map(int, subprocess.run([sys.executable, "-c", code, str(megabytes)], check=True, capture_output=True, text=True).stdout.split())
        print(f"{megabytes:3} MB of text: {before} MB before, {peak} MB at the peak, {(peak - before) / megabytes:.1f} times the text")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--growth", action="store_true", help="only how the cost grows with the number of rules")
    parser.add_argument("--memory", action="store_true", help="only how much memory a text takes")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one(args.corpora, args.one)
    elif args.growth:
        growth(args.corpora)
    elif args.memory:
        memory()
    else:
        speed(args.corpora)


if __name__ == "__main__":
    main()
