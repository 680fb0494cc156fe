"""Articles of Arrow tables: columns of all types, rows without a document, and documents that kill."""

from __future__ import annotations

import doctest
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import HEADLINE, PROSE, ROOT, page, rule

pytest.importorskip("pyarrow")

import pyarrow as pa

import cleaner
import cleaner.arrow
from cleaner.arrow import clean_batch, input_schema, output_schema
from cleaner.batch.pool import Limits
from cleaner.batch.records import Fields

URL = "https://apnews.com/article/grain-barges-river-00000000000000000000000000000002"
PAGE = (ROOT / "fixtures/apnews.com/wire-2023/source.html").read_text(encoding="utf-8")
TEXT = (ROOT / "fixtures/courrier-du-sud.example/retenues-d-eau/source.txt").read_text(encoding="utf-8")
SLOW = "".join(f"The council voted on day {day} to close the old bridge for repairs, and drivers will have to take the long way round.\n" for day in range(300_000))
"""Takes more than half a minute, and more than 150 MB."""
FEW = Limits(seconds=8, megabytes=0)
LITTLE = Limits(seconds=60, megabytes=150)
MakeFolder = Callable[[dict[str, str]], Path]


def test_the_docstring_s_example_runs() -> None:
    failures, tried = doctest.testmod(cleaner.arrow)
    assert (failures, tried > 2) == (0, True)


def test_a_row_is_what_the_article_says() -> None:
    found = clean_batch(pa.table({"id": ["a", "b"], "html": [PAGE, None], "text": [None, TEXT], "url": [URL, None]}))
    assert found.schema == output_schema()
    web, plain = found.to_pylist()
    article = cleaner.clean(PAGE, URL)
    assert (web["id"], web["url"], web["headline"], web["body"], web["text"]) == ("a", URL, article.headline, article.body, article.text)
    assert (web["authors"], web["site_name"], web["warnings"], web["error"]) == (list(article.authors), article.site_name, list(article.warnings), None)
    assert web["published"] == (article.published.isoformat() if article.published else None)
    told = cleaner.clean_text(TEXT)
    assert told.dateline
    line = told.dateline
    assert plain["dateline"] == {"text": line.text, "place": line.place, "date_text": line.date_text, "date": line.date, "source": line.source}
    assert (plain["byline"], plain["language"], plain["text"]) == (told.byline, "fr", told.text)


def test_a_record_batch_gives_a_record_batch_and_a_table_a_table() -> None:
    columns = {"text": [TEXT]}
    assert isinstance(clean_batch(pa.table(columns)), pa.Table)
    assert isinstance(clean_batch(pa.RecordBatch.from_pydict(columns)), pa.RecordBatch)
    assert clean_batch(pa.table(columns)).to_pylist() == clean_batch(pa.RecordBatch.from_pydict(columns)).to_pylist()


TYPES = [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view(), pa.dictionary(pa.int32(), pa.string())]


@pytest.mark.parametrize("kind", TYPES, ids=str)
@pytest.mark.parametrize("make", [pa.table, pa.RecordBatch.from_pydict], ids=["table", "batch"])
def test_strings_and_bytes_of_every_type_are_taken(kind: Any, make: Callable[..., Any]) -> None:
    value = PAGE.encode() if "binary" in str(kind) else PAGE
    found = clean_batch(make({"html": pa.array([value, None], kind), "url": pa.array([URL, URL], pa.large_string())}))
    assert found["text"].to_pylist() == [cleaner.clean(PAGE, URL).text, None]
    assert found["url"].to_pylist() == [URL, URL]


@pytest.mark.parametrize(
    ("values", "what"),
    [(pa.array([7]), "a int"), (pa.array([["a"]]), "a list"), (pa.nulls(1), "null"), (pa.array([{"a": 1}]), "a dict"), (pa.array([True]), "a bool")],
    ids=["integers", "lists", "nulls", "structs", "truths"],
)
def test_a_value_that_is_no_text_is_the_row_s_error(values: Any, what: str) -> None:
    assert clean_batch(pa.table({"id": ["a"], "text": values})).to_pylist() == [
        {**dict.fromkeys(output_schema().names), "id": "a", "error": f"no-text: the column text is {what}"},
    ]


def test_strings_that_are_no_utf_8_are_read_all_the_same() -> None:
    data = b"Le pr\xe9sident a r\xe9pondu aux questions des d\xe9put\xe9s pendant plus de deux heures, mardi apr\xe8s-midi."
    broken = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer((0).to_bytes(4, sys.byteorder) + len(data).to_bytes(4, sys.byteorder)), pa.py_buffer(data)])
    (row,) = clean_batch(pa.table({"text": broken, "id": broken})).to_pylist()
    assert row["error"] is None
    assert row["body"].startswith("Le pr\ufffdsident a r\ufffdpondu")
    assert row["id"].startswith("Le pr\ufffdsident")


def test_ids_and_addresses_that_are_numbers_become_strings() -> None:
    (row,) = clean_batch(pa.table({"text": [TEXT], "id": [5], "url": [b"https://a.example/\xff"]})).to_pylist()
    assert (row["id"], row["url"]) == ("5", "https://a.example/\ufffd")


def test_lone_surrogates_that_a_page_hides_do_not_break_the_column() -> None:
    (row,) = clean_batch(pa.table({"html": ["<article><h1>A&#xD800;B</h1><p>" + " ".join(PROSE) + "</p></article>"]})).to_pylist()
    assert row["error"] is None
    assert row["body"].encode("utf-8")


def test_the_language_that_a_column_says_counts() -> None:
    found = clean_batch(pa.table({"text": [PROSE[0], PROSE[0]], "lang": ["fr", None]}))
    assert found["language"].to_pylist() == ["fr", "en"]


def test_columns_of_other_names_are_found_by_fields() -> None:
    found = clean_batch(pa.table({"seite": [TEXT], "adresse": [URL]}), fields=Fields.named(content="seite", url="adresse"))
    assert found["text"].to_pylist() == [cleaner.clean_text(TEXT, URL).text]


def test_the_first_content_that_is_not_null_counts() -> None:
    found = clean_batch(pa.table({"html": [None, PAGE], "text": [TEXT, TEXT]}))
    assert found["text"].to_pylist() == [cleaner.clean_text(TEXT).text, cleaner.clean(PAGE).text]


def test_what_is_said_of_the_kind_counts_more_than_the_look() -> None:
    markup = "<p>" + "</p><p>".join(PROSE) + "</p>"
    table = pa.table({"text": [markup]})
    assert clean_batch(table, kind="html")["body"].to_pylist() == [cleaner.clean(markup).body]
    assert clean_batch(table, kind="text")["body"].to_pylist() == [cleaner.clean_text(markup).body]


def test_columns_to_keep_stand_in_front_with_their_types() -> None:
    table = pa.table({"text": [TEXT, None], "score": pa.array([1, 2], pa.int16()), "tags": [["a"], []]})
    found = clean_batch(table, keep=["tags", "score"], removed=True)
    assert found.schema == output_schema(removed=True, keep=pa.schema([table.schema.field("tags"), table.schema.field("score")]))
    assert found.select(["tags", "score"]).to_pylist() == [{"tags": ["a"], "score": 1}, {"tags": [], "score": 2}]


def test_what_was_removed_comes_with_its_rule_where_it_is_asked_for() -> None:
    (row,) = clean_batch(pa.table({"text": [TEXT]}), removed=True).to_pylist()
    assert row["removed"] == [{"text": r.text, "start": r.start, "end": r.end, "label": r.label, "rule": r.rule} for r in cleaner.clean_text(TEXT).removed]
    assert row["removed"]
    assert "removed" not in clean_batch(pa.table({"text": [TEXT]})).schema.names


def test_captions_stay_where_they_are_asked_for() -> None:
    caption = "The old bridge in winter, seen from the east bank"
    html = f"<article><h1>{HEADLINE}</h1><p>{PROSE[0]}</p><figure><img src=a.jpg><figcaption>{caption}</figcaption></figure><p>{PROSE[1]}</p><p>{PROSE[2]}</p></article>"
    found = [clean_batch(pa.table({"html": [html]}), captions=captions)["body"][0].as_py() for captions in (False, True)]
    assert [caption in body for body in found] == [False, True]


@pytest.mark.parametrize("isolate", [False, True])
def test_a_table_without_rows_gives_one_without_rows(isolate: bool) -> None:
    found = clean_batch(pa.schema([("html", pa.string()), ("n", pa.int8())]).empty_table(), keep=["n"], isolate=isolate)
    assert (found.num_rows, found.schema.names) == (0, ["n", *output_schema().names])


def test_a_table_in_chunks_keeps_the_order_of_its_rows() -> None:
    texts = [f"{HEADLINE} {n}\n{PROSE[n % 4]}" for n in range(30)]
    table = pa.table({"text": pa.chunked_array([texts[:1], texts[1:20], [], texts[20:]], pa.string()), "n": pa.chunked_array([list(range(30))])})
    found = clean_batch(table, keep=["n"])
    assert found["n"].to_pylist() == list(range(30))
    assert found["text"].to_pylist() == [cleaner.clean_text(text).text for text in texts]


def test_rows_beyond_the_number_that_is_worked_on_at_a_time_are_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaner.arrow, "_ROWS", 3)
    found = clean_batch(pa.table({"id": [str(n) for n in range(10)], "text": [TEXT, None] * 5}))
    assert found["id"].to_pylist() == [str(n) for n in range(10)]
    assert [error is None for error in found["error"].to_pylist()] == [True, False] * 5


# -- what is wrong with the table, not with a record ---------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"x": ["a"]}, {}, r"none of the columns html, text, content, raw_content, body; it has x; say fields"),
        ({"text": ["a"]}, {"fields": Fields.named(content="seite")}, r"none of the columns seite; it has text"),
        ({"text": ["a"]}, {"keep": ["day"]}, r"no column day to keep; it has text"),
        ({"text": ["a"], "body": ["b"]}, {"keep": ["body"]}, r"body are columns of the output"),
        ({"text": ["a"]}, {"kind": "pdf"}, r"kind is 'pdf', not one of auto, html, text"),
    ],
)
def test_a_table_s_fault_is_raised(columns: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        clean_batch(pa.table(columns), **options)


def test_two_columns_of_one_name_are_a_fault() -> None:
    with pytest.raises(ValueError, match="more than one column text"):
        clean_batch(pa.table([pa.array(["a"]), pa.array(["b"])], names=["text", "text"]))


@pytest.mark.parametrize(("batch", "options"), [({"text": ["a"]}, {}), (None, {"rules": "rules"}), (None, {"keep": "text"})])
def test_arguments_of_the_wrong_type_are_refused(batch: Any, options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"batch is dict|rules is a list|keep is a list"):
        clean_batch(batch or pa.table({"text": ["a"]}), **options)


@pytest.mark.parametrize("isolate", [False, True])
def test_faulty_rules_are_raised_also_from_another_process(isolate: bool, rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": "rule: x\nlabel: nonsense\n"})
    with pytest.raises(cleaner.RuleError, match="nonsense"):
        clean_batch(pa.table({"text": ["a"]}), rules=[folder], isolate=isolate)


@pytest.mark.parametrize("isolate", [False, True])
def test_rules_of_the_user_s_own_apply(isolate: bool, rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": rule("zorp", is_="Zorp blick")})
    found = clean_batch(pa.table({"text": [page(HEADLINE, "Zorp blick", *PROSE)], "language": ["en"]}), rules=[folder], isolate=isolate)
    assert found["text"].to_pylist() == ["\n\n".join([HEADLINE, *PROSE])]


def test_the_input_s_schema_is_one_that_is_taken() -> None:
    for kind in ("html", "text"):
        assert clean_batch(input_schema(kind).empty_table()).num_rows == 0


# -- documents that kill -----------------------------------------------------------------------------


def test_processes_of_our_own_give_what_this_process_gives() -> None:
    table = pa.table({"id": list("abcd"), "html": [PAGE, None, None, ""], "text": [None, TEXT, None, None], "url": [URL, None, None, None]})
    assert clean_batch(table, isolate=True, removed=True, jobs=2).equals(clean_batch(table, removed=True))


def test_a_document_that_takes_too_long_becomes_an_error_and_the_others_are_done() -> None:
    found = clean_batch(pa.table({"id": list("abc"), "text": [TEXT, SLOW, TEXT], "language": ["fr", "en", "fr"]}), isolate=True, limits=FEW)
    assert found["error"].to_pylist() == [None, "time: took more than 8 seconds, the limit of time", None]
    assert found["id"].to_pylist() == list("abc")
    assert found["text"].to_pylist() == [cleaner.clean_text(TEXT).text, None, cleaner.clean_text(TEXT).text]


def test_a_document_that_takes_too_much_memory_becomes_an_error_and_the_others_are_done() -> None:
    found = clean_batch(pa.table({"id": list("abc"), "text": [TEXT, SLOW, TEXT], "language": ["fr", "en", "fr"]}), isolate=True, limits=LITTLE)
    assert found["error"].to_pylist() == [None, "memory: needed more than 150 MB, the limit of memory", None]
    assert found["text"].to_pylist() == [cleaner.clean_text(TEXT).text, None, cleaner.clean_text(TEXT).text]


def children(parent: int) -> list[int]:
    """The processes of pools that a process started, in the order of their numbers."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status, command = (entry / "stat").read_text(), (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if int(status.rsplit(")", 1)[1].split()[1]) == parent and b"cleaner.batch.pool import serve" in command:
                found.append(int(entry.name))
    return sorted(found)


def test_a_process_killed_from_outside_costs_nothing() -> None:
    limits = Limits(seconds=59)
    before = set(children(os.getpid()))
    killed = []

    def kill() -> None:
        while not (mine := set(children(os.getpid())) - before):
            time.sleep(0.01)
        os.kill(min(mine), signal.SIGKILL)
        killed.append(min(mine))

    killer = threading.Thread(target=kill)
    killer.start()
    found = clean_batch(pa.table({"id": [str(n) for n in range(40)], "text": [TEXT] * 40}), isolate=True, limits=limits)
    killer.join()
    assert killed
    assert killed[0] not in children(os.getpid())
    assert found["id"].to_pylist() == [str(n) for n in range(40)]
    assert found["text"].to_pylist() == [cleaner.clean_text(TEXT).text] * 40


def test_the_processes_stay_for_the_next_batch() -> None:
    table = pa.table({"text": [TEXT]})
    clean_batch(table, isolate=True)
    before = children(os.getpid())
    clean_batch(table, isolate=True)
    assert before
    assert children(os.getpid()) == before


def test_threads_do_not_get_one_another_s_rows() -> None:
    results: dict[int, list[Any]] = {}

    def work(number: int) -> None:
        texts = [f"{HEADLINE} {number} {n}\n{PROSE[n % 4]}" for n in range(20)]
        results[number] = clean_batch(pa.table({"text": texts, "language": ["en"] * 20}), isolate=True)["headline"].to_pylist()

    threads = [threading.Thread(target=work, args=[number]) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: [f"{HEADLINE} {number} {n}" for n in range(20)] for number in range(3)}


def _in_a_fork(answers: Any) -> None:
    answers.put((clean_batch(pa.table({"text": [TEXT]}), isolate=True)["text"].to_pylist(), children(os.getpid())))


@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_fork_that_is_a_daemon_has_processes_of_its_own() -> None:
    clean_batch(pa.table({"text": [TEXT]}), isolate=True)
    mine = children(os.getpid())
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    process = context.Process(target=_in_a_fork, args=[answers], daemon=True)
    process.start()
    texts, theirs = answers.get()
    process.join()
    assert texts == [cleaner.clean_text(TEXT).text]
    assert len(theirs) == 1
    assert children(os.getpid()) == mine
    assert clean_batch(pa.table({"text": [TEXT]}), isolate=True)["text"].to_pylist() == texts


def test_a_script_without_a_guard_runs_once_and_leaves_no_process(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import os, pyarrow as pa\nfrom cleaner.arrow import clean_batch\n"
        "print(clean_batch(pa.table({'text': ['Lire aussi : Retraites, ce qui change']}), isolate=True, removed=True)['removed'][0][0]['rule'], os.getpid())\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, cwd=ROOT, check=False)
    assert done.stderr == ""
    rule_id, number = done.stdout.split()
    assert rule_id == "lang/fr/lire-aussi"
    assert children(int(number)) == []


def test_processes_end_when_the_one_that_made_them_is_killed(tmp_path: Path) -> None:
    code = (
        "import pyarrow as pa, time\nfrom cleaner.arrow import clean_batch\n"
        "clean_batch(pa.table({'text': ['Lire aussi : Retraites, ce qui change']}), isolate=True)\nprint('ready', flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        (child,) = children(process.pid)
        process.kill()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{child}").exists() and _state(child) != "Z" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{child}").exists() or _state(child) == "Z"


def _state(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"


def test_without_pyarrow_the_error_names_the_extra() -> None:
    code = "import sys; sys.modules['pyarrow'] = None; import cleaner.arrow"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "ImportError: cleaner.arrow needs the package pyarrow: pip install 'cleaner[arrow]'" in done.stderr
