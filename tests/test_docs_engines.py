"""What docs/engines.md shows is what happens: each section runs, with its engine, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import ROOT

PAGE = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))
SETUP = SECTIONS["The pages of the examples"]
ARROW = "```python\n>>> from cleaner.arrow import clean_batch, output_schema\n\n```\n"
ENGINES = {
    "Arrow": "pyarrow",
    "Spark": "pyspark",
    "Ray Data": "ray",
    "datatrove": "datatrove",
    "Dask": "dask.dataframe",
    "Daft": "daft",
    "Polars": "polars",
    "DuckDB": "duckdb",
    "Hugging Face datasets": "datasets",
}
RUN = """
import doctest, sys

class Checker(doctest.OutputChecker):
    def check_output(self, want, got, flags):  # Ray's own processes may write among what is printed
        return super().check_output(want, "".join(line for line in got.splitlines(True) if "(raylet)" not in line), flags)

name = sys.argv[1]
runner = doctest.DocTestRunner(Checker())
runner.run(doctest.DocTestParser().get_doctest(open(name, encoding="utf-8").read(), {"__name__": "__main__"}, name, name, 0))
print(runner.tries)
sys.exit(runner.failures > 0)
"""


def test_every_section_with_a_snippet_is_run() -> None:
    assert {name for name, text in SECTIONS.items() if ">>>" in text} == {"The pages of the examples", *ENGINES}


@pytest.fixture
def short() -> Iterator[str]:
    """A folder with a short name, as Ray's sockets need it."""
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield folder


@pytest.mark.parametrize("section", ENGINES)
def test_the_snippets_of_a_section_run(section: str, tmp_path: Path, short: str) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip(ENGINES[section])
    path = tmp_path / "section.md"
    path.write_text(SETUP + ARROW + SECTIONS[section], encoding="utf-8")
    environment = {
        **os.environ,
        "TMPDIR": str(tmp_path),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_TMPDIR": short,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_OFFLINE": "1",
    }
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", RUN, str(path)], capture_output=True, text=True, timeout=300, cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[-1]) > SETUP.count(">>>") + ARROW.count(">>>")


def test_the_commands_and_modules_that_the_page_names_exist() -> None:
    extras = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for extra in re.findall(r"'cleaner\[([\w-]+)\]'", PAGE):
        assert re.search(rf"^{extra} = ", extras, re.M), extra
    for path in re.findall(r"`((?:tests|benchmarks)/[\w/]+\.py)", PAGE):
        assert (ROOT / path).is_file(), path
