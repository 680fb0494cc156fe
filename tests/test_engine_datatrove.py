"""Articles in datatrove: the real executor, two tasks, and documents that kill."""

from __future__ import annotations

import gzip
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from helpers import HEADLINE, PROSE, ROOT, page, rule

pytest.importorskip("datatrove")

from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.filters import LambdaFilter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

import cleaner
from cleaner.batch.pool import Limits
from cleaner.engines.datatrove import ArticleCleaner

URL = "https://apnews.com/article/grain-barges-river-00000000000000000000000000000002"
PAGE = (ROOT / "fixtures/apnews.com/wire-2023/source.html").read_text(encoding="utf-8")
TEXT = (ROOT / "fixtures/courrier-du-sud.example/retenues-d-eau/source.txt").read_text(encoding="utf-8")
NOTHING = "<html><body><nav><a href='/'>Home</a></nav></body></html>"
LARGE = "".join(f"The council voted on day {day} to close the old bridge for repairs, and drivers will have to take the long way round.\n" for day in range(300_000))
"""Takes more than half a minute, and more than 150 MB."""
MakeFolder = Callable[[dict[str, str]], Path]


def cleaned(step: ArticleCleaner, *documents: Document) -> list[Document]:
    """What a step gives."""
    return list(step.run(iter(documents)))


def counts(step: ArticleCleaner) -> dict[str, int]:
    """What a step counted."""
    return {name: stat["total"] if isinstance(stat, dict) else stat for name, stat in step.stats.to_dict()["stats"].items() if name != "doc_len"}


def lines(folder: Path) -> list[dict[str, Any]]:
    """What stands in the files of a JSON lines writer, by id."""
    rows = [json.loads(line) for path in sorted(folder.glob("*.jsonl.gz")) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    return sorted(rows, key=lambda row: row["id"])


@pytest.mark.parametrize("isolate", [False, True])
def test_the_text_becomes_the_article_s_and_the_metadata_stays(isolate: bool) -> None:
    step = ArticleCleaner(isolate=isolate)
    web, plain = cleaned(step, Document(PAGE, "a", metadata={"url": URL, "dump": "CC-NEWS"}), Document(TEXT, "b"))
    article, told = cleaner.clean(PAGE, URL), cleaner.clean_text(TEXT)
    assert (web.text, web.id, web.metadata["url"], web.metadata["dump"]) == (article.text, "a", URL, "CC-NEWS")
    assert web.metadata["headline"] == article.headline
    assert web.metadata["language"] == "en"
    assert told.dateline
    assert (plain.text, plain.metadata["dateline"], plain.metadata["language"]) == (told.text, told.dateline.text, "fr")
    assert counts(step) == {"total": 2, "forwarded": 2, "extracted": 2}


def test_documents_without_an_article_are_dropped_and_counted(tmp_path: Path) -> None:
    step = ArticleCleaner(isolate=False, exclusion_writer=JsonlWriter(str(tmp_path)))
    (kept,) = cleaned(step, Document(NOTHING, "a"), Document(TEXT, "b"), Document("", "c"))
    assert kept.id == "b"
    assert counts(step) == {"total": 3, "dropped": 2, "dropped_empty": 2, "forwarded": 1, "extracted": 1}
    assert [(row["id"], row.get("text", ""), row["metadata"]) for row in lines(tmp_path)] == [
        ("a", NOTHING, {"filter_reason": "empty"}),
        ("c", "", {"filter_reason": "empty"}),
    ]


def test_documents_without_an_article_pass_unchanged_if_that_is_asked_for() -> None:
    step = ArticleCleaner(drop_empty=False, isolate=False)
    (passed,) = cleaned(step, Document(NOTHING, "a", metadata={"k": 1}))
    assert (passed.text, passed.metadata["k"]) == (NOTHING, 1)
    assert passed.metadata["cleaner_warnings"].startswith("no article found")
    assert counts(step) == {"total": 1, "forwarded": 1, "empty": 1}


@pytest.mark.parametrize("isolate", [False, True])
def test_more_documents_than_are_worked_on_at_a_time_keep_their_order(isolate: bool) -> None:
    found = cleaned(ArticleCleaner(isolate=isolate, language="en"), *(Document(f"{HEADLINE} {n}\n{PROSE[n % 4]}", str(n)) for n in range(150)))
    assert [(document.id, document.metadata["headline"]) for document in found] == [(str(n), f"{HEADLINE} {n}") for n in range(150)]


def test_rules_of_the_user_s_own_apply_and_the_body_alone_comes_out_if_asked_for(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": rule("zorp", is_="Zorp blick")})
    (found,) = cleaned(ArticleCleaner(rules=[folder], language="en", output="body", keep_removed=True), Document(page(HEADLINE, "Zorp blick", *PROSE), "a"))
    assert found.text == "\n\n".join(PROSE)
    assert found.metadata["cleaner_removed"] == [{"text": "Zorp blick", "label": "other", "rule": "common/zorp"}]


@pytest.mark.parametrize("options", [{"output": "markdown"}, {"rules": "my-rules"}, {"rules": ["no such folder"]}, {"language": 5}, {"drop_empty": "perhaps"}])
def test_wrong_options_are_refused_when_it_is_made(options: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError), match=r"output|rules|folder|language|drop_empty"):
        ArticleCleaner(**options)


def test_it_can_be_copied_and_pickled_as_executors_do() -> None:
    step = ArticleCleaner(language="fr", limits=Limits(seconds=9))
    for made in (deepcopy(step), pickle.loads(pickle.dumps(step))):
        assert (made.options, made.limits) == (step.options, step.limits)
        assert repr(made) == "🛢 - EXTRAC: 📰 Article"


def test_documents_that_kill_are_dropped_and_the_others_are_done(tmp_path: Path) -> None:
    step = ArticleCleaner(language="en", limits=Limits(megabytes=150), exclusion_writer=JsonlWriter(str(tmp_path)))
    found = cleaned(step, Document(page(HEADLINE, *PROSE), "a"), Document(LARGE, "b"), Document(page(HEADLINE, *PROSE), "c"))
    assert [document.id for document in found] == ["a", "c"]
    assert counts(step) == {"total": 3, "forwarded": 2, "extracted": 2, "dropped": 1, "dropped_memory": 1}
    assert [(row["id"], row["metadata"]["filter_reason"]) for row in lines(tmp_path)] == [("b", "memory")]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_pipeline_of_two_tasks_reads_cleans_and_writes(tmp_path: Path, workers: int) -> None:
    (tmp_path / "in").mkdir()
    documents = [("page", PAGE, URL), ("text", TEXT, "https://a.example/1"), ("nothing", NOTHING, "https://a.example/2")]
    documents += [(str(n), f"{HEADLINE} {n}\n{PROSE[n % 4]}", f"https://b.example/{n}") for n in range(20)]
    for part in range(2):
        rows = [json.dumps({"id": key, "text": text, "url": url}) for key, text, url in documents[part::2]]
        (tmp_path / "in" / f"{part}.jsonl").write_text("\n".join(rows), encoding="utf-8")
    executor = LocalPipelineExecutor(
        [
            JsonlReader(str(tmp_path / "in")),
            ArticleCleaner(exclusion_writer=JsonlWriter(str(tmp_path / "dropped"))),
            LambdaFilter(lambda document: len(document.text) > 20),
            JsonlWriter(str(tmp_path / "out")),
        ],
        tasks=2,
        workers=workers,
        logging_dir=str(tmp_path / "logs"),
    )
    stats = executor.run()
    found = {row["id"]: row for row in lines(tmp_path / "out")}
    assert set(found) == {key for key, _, _ in documents} - {"nothing"}
    assert len(lines(tmp_path / "out")) == 22
    assert found["page"]["text"] == cleaner.clean(PAGE, URL).text
    assert found["page"]["metadata"]["url"] == URL
    assert found["7"]["metadata"]["headline"] == f"{HEADLINE} 7"
    assert [row["id"] for row in lines(tmp_path / "dropped")] == ["nothing"]
    assert (stats.stats[1].stats["total"].total, stats.stats[1].stats["dropped_empty"].total) == (23, 1)


def test_without_datatrove_the_error_names_the_extra() -> None:
    code = "import sys; sys.modules['datatrove'] = None; import cleaner.engines.datatrove"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "ImportError: cleaner.engines.datatrove needs a package that is not installed: pip install 'cleaner[datatrove]'" in done.stderr


def test_an_archive_of_the_web_goes_through_with_its_addresses(tmp_path: Path) -> None:
    """datatrove's own reader, which wants libmagic on the system."""
    pytest.importorskip("warcio")
    pytest.importorskip("magic", exc_type=ImportError)
    from datatrove.pipeline.readers import WarcReader

    records = []
    for number, url in enumerate((URL, "https://news.example/2")):
        http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + PAGE.encode()
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{number}>\r\nWARC-Date: 2024-05-01T10:00:00Z\r\nWARC-Target-URI: {url}\r\n"
            f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
        )
        records.append(gzip.compress(head.encode() + http + b"\r\n\r\n"))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.warc.gz").write_bytes(b"".join(records))
    steps = [WarcReader(str(tmp_path / "in"), glob_pattern="*.warc.gz"), ArticleCleaner(), JsonlWriter(str(tmp_path / "out"))]
    LocalPipelineExecutor(steps, tasks=1, logging_dir=str(tmp_path / "logs")).run()
    found = lines(tmp_path / "out")
    assert [row["text"] for row in found] == [cleaner.clean(PAGE, URL).text, cleaner.clean(PAGE, "https://news.example/2").text]
    assert [row["metadata"]["url"] for row in found] == [URL, "https://news.example/2"]
