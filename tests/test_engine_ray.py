"""Articles in Ray Data: the real engine with two workers, one of them killed, and documents that kill."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import HEADLINE, PROSE, ROOT, page, rule
from killing import is_ours, one_killed

pytest.importorskip("ray")

import pyarrow as pa
import ray

import cleaner
from cleaner.arrow import output_schema
from cleaner.batch.pool import Limits
from cleaner.batch.records import Fields
from cleaner.engines.ray import clean

URL = "https://apnews.com/article/grain-barges-river-00000000000000000000000000000002"
PAGE = (ROOT / "fixtures/apnews.com/wire-2023/source.html").read_text(encoding="utf-8")
TEXT = (ROOT / "fixtures/courrier-du-sud.example/retenues-d-eau/source.txt").read_text(encoding="utf-8")
LARGE = "".join(f"The council voted on day {day} to close the old bridge for repairs, and drivers will have to take the long way round.\n" for day in range(300_000))
"""Takes more than half a minute, and more than 150 MB."""
MakeFolder = Callable[[dict[str, str]], Path]


@pytest.fixture(scope="module", autouse=True)
def _ray() -> Iterator[None]:
    """Ray with two workers, on this machine alone; rows come back in their order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
        ray.init(num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1", object_store_memory=300 << 20, log_to_driver=False, logging_level="error")
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        yield
        ray.shutdown()


def test_a_row_is_what_the_article_says() -> None:
    dataset = ray.data.from_arrow(pa.table({"id": ["a", "b"], "text": [PAGE, TEXT], "url": [URL, None]}))
    web, plain = clean(dataset).take_all()
    article, told = cleaner.clean(PAGE, URL), cleaner.clean_text(TEXT)
    assert (web["id"], web["url"], web["headline"], web["text"], web["error"]) == ("a", URL, article.headline, article.text, None)
    assert told.dateline
    assert (plain["dateline"]["date"], plain["text"]) == (told.dateline.date, told.text)


def test_the_columns_are_those_of_the_schema_and_those_that_are_kept() -> None:
    table = pa.table({"html": [PAGE.encode()], "n": pa.array([2], pa.int8())})
    found = clean(ray.data.from_arrow(table), keep=["n"], removed=True)
    (made,) = [ray.get(reference) for reference in found.to_arrow_refs()]
    assert made.schema.equals(output_schema(removed=True, keep=pa.schema([("n", pa.int8())])))
    assert [r["rule"] for r in made["removed"][0].as_py()] == [r.rule for r in cleaner.clean(PAGE.encode()).removed]


def test_rows_keep_their_order_where_ray_is_told_so() -> None:
    texts = [f"{HEADLINE} {n}\n{PROSE[n % 4]}" for n in range(40)]
    dataset = ray.data.from_arrow([pa.table({"text": texts[start : start + 10]}) for start in range(0, 40, 10)])
    assert [row["headline"] for row in clean(dataset, rows=3).take_all()] == [f"{HEADLINE} {n}" for n in range(40)]


def test_a_null_is_the_row_s_error_and_a_block_without_rows_is_none() -> None:
    dataset = ray.data.from_arrow(pa.table({"id": ["a", "b"], "text": [None, TEXT]})).filter(lambda row: row["id"] == "a").repartition(2)
    assert [row["error"] for row in clean(dataset).take_all()] == ["no-text: the column text is null"]


def test_rules_of_the_user_s_own_apply(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": rule("zorp", is_="Zorp blick")})
    dataset = ray.data.from_items([{"seite": page(HEADLINE, "Zorp blick", *PROSE), "language": "en"}])
    assert clean(dataset, rules=[folder], fields=Fields.named(content="seite")).take_all()[0]["text"] == "\n\n".join([HEADLINE, *PROSE])


def test_faulty_rules_fail_the_job_with_what_is_wrong(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": "rule: x\nlabel: nonsense\n"})
    with pytest.raises(Exception, match="nonsense"):
        clean(ray.data.from_items([{"text": "a"}]), rules=[folder]).take_all()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"fields": Fields.named(content="seite")}, ValueError, "none of the columns seite; it has text"),
        ({"keep": ["day"]}, ValueError, "no column day to keep"),
        ({"kind": "pdf"}, ValueError, "kind is 'pdf'"),
        ({"rules": "rules"}, TypeError, "rules is a list"),
    ],
)
def test_wrong_arguments_are_refused_before_the_job_begins(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        clean(ray.data.from_arrow(pa.table({"text": ["a"]})), **options)


# -- documents that kill, workers that are killed --------------------------------------------------------


def test_a_document_that_takes_too_much_memory_becomes_an_error_row() -> None:
    table = pa.table({"id": list("abc"), "text": [TEXT, LARGE, TEXT], "language": ["fr", "en", "fr"]})
    found = clean(ray.data.from_arrow(table), limits=Limits(seconds=60, megabytes=150)).take_all()
    assert [row["error"] for row in found] == [None, "memory: needed more than 150 MB, the limit of memory", None]
    assert [row["text"] for row in found] == [cleaner.clean_text(TEXT).text, None, cleaner.clean_text(TEXT).text]


def is_ray_s(command: str) -> bool:
    """Whether this is a worker of Ray."""
    return command.startswith("ray::")


def test_a_worker_that_is_killed_costs_neither_rows_nor_doubles(tmp_path: Path) -> None:
    """As soon as a process of ours appears for this job its worker is killed; a document that takes too much memory is there too.

    That the work was begun again is seen by the files that a step behind ours, in the same task, leaves: see `mark`.
    """
    tables = [
        pa.table({"id": ["large", *map(str, range(30))], "text": [LARGE, *(f"{HEADLINE} {n}\n{PROSE[n % 4]}" for n in range(30))], "language": ["en"] * 31}),
        pa.table({"id": list(map(str, range(30, 60))), "text": [f"{HEADLINE} {n}\n{PROSE[n % 4]}" for n in range(30, 60)], "language": ["en"] * 30}),
    ]

    def mark(table: pa.Table) -> pa.Table:
        (tmp_path / f"{table['id'][0].as_py()}-{os.getpid()}").touch()
        return table

    with one_killed(is_ray_s) as killed:
        found = clean(ray.data.from_arrow(tables).map_batches(mark, batch_format="pyarrow", batch_size=None), limits=Limits(megabytes=150), rows=None).take_all()
    assert killed, "no worker was killed"
    worker, child = killed[0]
    begun = sorted(path.name.rsplit("-", 1) for path in tmp_path.iterdir())
    assert len(begun) == 3, "each table once, and the killed worker's once more"
    assert str(worker) in {number for _, number in begun}, "the worker had no work when it was killed"
    assert sorted(row["id"] for row in found) == sorted(key for table in tables for key in table["id"].to_pylist())
    assert {row["id"]: row["error"] for row in found if row["error"]} == {"large": "memory: needed more than 150 MB, the limit of memory"}
    assert {row["id"]: row["headline"] for row in found if not row["error"]} == {str(n): f"{HEADLINE} {n}" for n in range(60)}
    assert not is_ours(child), "the killed worker's process is still there"


def test_without_ray_the_error_names_the_extra() -> None:
    code = "import sys; sys.modules['ray'] = None; import cleaner.engines.ray"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "ImportError: cleaner.engines.ray needs a package that is not installed: pip install 'cleaner[ray]'" in done.stderr
