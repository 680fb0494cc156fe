"""What docs/integrations.md shows is what happens."""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from helpers import ROOT

pytest.importorskip("langchain_core")
pytest.importorskip("llama_index.core")
pytest.importorskip("haystack")
pytest.importorskip("scrapy")
pytest.importorskip("spacy")

import cleaner
from cleaner import pipelines
from cleaner.pipelines.scrapy import ArticlePipeline

PAGE = ROOT / "docs" / "integrations.md"
TEXT = PAGE.read_text(encoding="utf-8")


def block(name: str) -> str:
    """The fenced block behind a ``<!-- name -->`` mark."""
    found = re.search(rf"<!-- {re.escape(name)} -->\n```\w+\n(.*?)```", TEXT, re.S)
    assert found, f"there is no block <!-- {name} -->"
    return found[1]


def test_python_examples_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failures, tried = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert tried == TEXT.count("\n>>> ")
    assert not failures


def test_the_spider_runs_with_the_command_that_is_shown(tmp_path: Path) -> None:
    (tmp_path / "news.py").write_text(block("news.py"), encoding="utf-8")
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-euc", block("crawl")], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    items = [json.loads(line) for line in (tmp_path / "articles.jsonl").read_text(encoding="utf-8").splitlines()]
    pages = sorted(ROOT.glob("fixtures/le*.fr/*/source.html"))
    articles = [cleaner.clean(page.read_bytes()) for page in pages]
    assert len(items) == len(pages) > 1
    assert {(item["html"], item["headline"]) for item in items} == {(a.body, a.headline) for a in articles}


def test_every_snippet_of_the_page_is_run_by_a_test() -> None:
    run = {block("news.py"), block("crawl")}
    for language, code in re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.S | re.M):
        assert language == "text" or code in run or (language == "python" and code.startswith(">>> ")), code


def test_the_extras_that_are_shown_are_those_that_the_errors_name() -> None:
    shown = set(re.findall(r"pip install 'cleaner\[([\w-]+)\]'", TEXT))
    asked = {found[1] for path in (ROOT / "cleaner" / "pipelines").glob("*.py") if (found := re.search(r'missing\("([\w-]+)"\)', path.read_text(encoding="utf-8")))}
    assert shown == asked
    assert shown <= set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"])


def test_every_option_every_setting_and_every_address_field_is_named() -> None:
    for name in pipelines.Options.__dataclass_fields__:
        assert f"| `{name}` |" in TEXT, name
        assert f"CLEANER_{name.upper()}" in TEXT, name
    for name in set(ArticlePipeline.__init__.__annotations__) - {"return"}:
        assert f"`CLEANER_{name.upper()}`" in TEXT, name
    for name in (*pipelines.URLS, pipelines.WARNINGS, pipelines.REMOVED):
        assert f"`{name}`" in TEXT, name
