"""How fast it starts: import, the command on a short file, cold and with compiled rules remembered.

    python benchmarks/start.py

Wall-clock milliseconds, the middle of nine runs, each in a process of its own; a bare
``python -c pass`` beside them.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLE = Path(__file__).parent.parent / "fixtures" / "quotidien-des-lecteurs.example" / "bibliotheque-de-rue" / "source.txt"


def milliseconds(command: list[str], cache: str, rounds: int = 9) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "CLEANER_CACHE": cache})
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def main() -> None:
    python = sys.executable
    with tempfile.TemporaryDirectory() as cache:
        bare = milliseconds([python, "-c", "pass"], cache)
        command = [python, "-m", "cleaner.cli", str(EXAMPLE)]
        print(f"python -c pass            {bare:5.0f} ms")
        print(f"import cleaner            {milliseconds([python, '-c', 'import cleaner'], cache) - bare:5.0f} ms beside that")
        print(f"clean-article, cold       {milliseconds(command, 'off'):5.0f} ms")
        milliseconds(command, cache, 1)
        print(f"clean-article, remembered {milliseconds(command, cache):5.0f} ms")


if __name__ == "__main__":
    main()
