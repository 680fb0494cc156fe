"""Runs of `clean-article` over many documents: what comes out, what is told, and that nothing is lost when they are broken off."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import pty
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from helpers import HEADLINE, PROSE, ROOT, page, rule, small_disk

from cleaner.batch.run import SHARD

TEXT = page(HEADLINE, "Zorp blick", *PROSE)
MakeFolder = Callable[[dict[str, str]], Path]
COMMAND = [sys.executable, "-m", "cleaner.cli"]


def environment() -> dict[str, str]:
    """Where commands find the package, and nobody's rules."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def zorp(rule_folder: MakeFolder) -> list[str]:
    """The options that add a rule for the text."""
    return ["--rules", str(rule_folder({"common.txt": rule("zorp", label="tools", is_="Zorp blick")})), "--language", "en"]


def run(*args: str | Path, cwd: Path, text: bytes = b"", status: int = 0) -> str:
    """Run the command, which must end with this status; returns what it says on standard error."""
    done = subprocess.run([*COMMAND, *map(str, args)], input=text, capture_output=True, cwd=cwd, env=environment(), timeout=300, check=False)
    said = done.stderr.decode()
    assert done.returncode == status, said
    assert "Traceback" not in said
    return said


def write_lines(path: Path, records: Iterable[Any]) -> Path:
    """Write JSON lines."""
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


def numbered(count: int) -> list[dict[str, Any]]:
    """Records, each a little different."""
    return [{"id": f"d{n}", "text": TEXT.replace("Old bridge", f"Bridge {n}"), "url": f"https://example.org/{n}", "desk": n % 7} for n in range(count)]


def lines_of(*paths: Path) -> list[Any]:
    """What is in files of JSON lines."""
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]


def parts(folder: Path) -> list[Path]:
    """A run's files, in order."""
    return sorted(folder.glob("part-*"))


def manifest(folder: Path) -> list[Any]:
    """The lines of a run's manifest."""
    return lines_of(folder / ".clean-article" / "manifest.jsonl")


# -- what comes out ---------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", ["0", "1", "2"])
def test_records_come_out_in_order_with_what_they_brought(tmp_path: Path, zorp: list[str], jobs: str) -> None:
    write_lines(tmp_path / "in.jsonl", numbered(30))
    said = run("in.jsonl", *zorp, "-o", "out.jsonl", "--jobs", jobs, "--shard-size", "7", cwd=tmp_path)
    assert said.startswith("clean-article: 30 documents in ")
    records = lines_of(tmp_path / "out.jsonl")
    assert [r["headline"] for r in records] == [HEADLINE.replace("Old bridge", f"Bridge {n}") for n in range(30)]
    assert all(r["paragraphs"] == list(PROSE) for r in records)
    assert [(r["source"], r["record"], r["id"], r["url"], r["extra"]) for r in records][3] == ("in.jsonl", 4, "d3", "https://example.org/3", {"desk": 3})
    assert "removed" not in records[0]
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "rules0") == ["in.jsonl", "out.jsonl"]


def test_what_was_removed_comes_with_every_record_on_request(tmp_path: Path, zorp: list[str]) -> None:
    write_lines(tmp_path / "in.jsonl", numbered(3))
    run("in.jsonl", *zorp, "-o", "out.jsonl", "--removed", "--jobs", "1", cwd=tmp_path)
    for record in lines_of(tmp_path / "out.jsonl"):
        assert [(r["text"], r["label"], r["rule"]) for r in record["removed"]] == [("Zorp blick", "tools", "common/zorp")]
    said = run("in.jsonl", "--removed", cwd=tmp_path, status=2)
    assert "json, jsonl, xml or parquet, not text" in said


def test_a_folder_gets_a_file_for_each_document_named_after_its_path(tmp_path: Path, zorp: list[str]) -> None:
    for name in ("news/fr/a.txt", "news/fr/a.html", "news/b.txt", "news/.hidden.txt", "news/logo.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(TEXT, encoding="utf-8")
    write_lines(tmp_path / "more.jsonl", [{"id": "<urn:uuid:7/8>", "text": TEXT}, {"text": TEXT}, {"id": "same", "text": TEXT}, {"id": "same", "text": TEXT}])
    run("news", "more.jsonl", *zorp, "-o", "out/", "--jobs", "1", cwd=tmp_path)
    got = {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.txt")}
    assert got == {"news/fr/a.txt", "news/fr/a-2.txt", "news/b.txt", "more/urn-uuid-7-8.txt", "more/2.txt", "more/same.txt", "more/same-4.txt"}
    assert (tmp_path / "out/more/same-4.txt").read_text(encoding="utf-8") == "\n\n".join([HEADLINE, *PROSE]) + "\n"


def test_two_folders_of_the_same_name_do_not_mix(tmp_path: Path, zorp: list[str]) -> None:
    for name in ("x/news/a.txt", "y/news/a.txt"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(TEXT.replace("Old", f"{name[0].upper()}-side"), encoding="utf-8")
    run("x/news", "y/news", *zorp, "-o", "out", cwd=tmp_path)
    assert (tmp_path / "out/news/a.txt").read_text(encoding="utf-8").startswith("X-side bridge")
    assert (tmp_path / "out/news-2/a.txt").read_text(encoding="utf-8").startswith("Y-side bridge")


@pytest.mark.parametrize("inputs", [["."], ["*"], ["**/*"]])
@pytest.mark.parametrize("output", ["clean/", "clean.jsonl"])
def test_what_a_run_writes_is_none_of_its_inputs(tmp_path: Path, zorp: list[str], inputs: list[str], output: str) -> None:
    shutil.rmtree(tmp_path / "here", ignore_errors=True)
    (tmp_path / "here" / "news").mkdir(parents=True)
    for n in range(12):
        (tmp_path / "here" / "news" / f"{n}.txt").write_text(TEXT, encoding="utf-8")
    said = run(*inputs, *zorp, "-o", output, "--errors", "failed.jsonl", "--shard-size", "2", "--jobs", "1", cwd=tmp_path / "here")
    assert said.startswith("clean-article: 12 documents in ")
    said = run(*inputs, *zorp, "-o", output, "--errors", "failed.jsonl", "--shard-size", "2", "--jobs", "1", "--overwrite", cwd=tmp_path / "here")
    assert said.startswith("clean-article: 12 documents in ")


def test_a_folder_of_lines_gets_numbered_parts(tmp_path: Path, zorp: list[str]) -> None:
    write_lines(tmp_path / "in.jsonl", numbered(25))
    run("in.jsonl", *zorp, "-o", "out/", "--format", "jsonl", "--shard-size", "10", "--jobs", "2", cwd=tmp_path)
    assert [p.name for p in parts(tmp_path / "out")] == ["part-00000.jsonl", "part-00001.jsonl", "part-00002.jsonl"]
    assert [len(lines_of(p)) for p in parts(tmp_path / "out")] == [10, 10, 5]
    head, *shards, end = manifest(tmp_path / "out")
    assert head["names"] == ["in.jsonl"]
    assert len(head["digest"]) == 32
    assert [(s["shard"], s["documents"], s["failed"]) for s in shards] == [(0, 10, 0), (1, 10, 0), (2, 5, 0)]
    assert sum(s["bytes_in"] for s in shards) == (tmp_path / "in.jsonl").stat().st_size
    assert all(s["bytes_out"] == (tmp_path / "out" / s["file"]).stat().st_size and s["seconds"] >= 0 for s in shards)
    assert (end["documents"], end["failed"]) == (25, 0)


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_output_is_compressed_as_its_name_says(tmp_path: Path, zorp: list[str], ending: str) -> None:
    write_lines(tmp_path / "in.jsonl", numbered(25))
    run("in.jsonl", *zorp, "-o", f"out.jsonl{ending}", "--shard-size", "10", "--jobs", "1", cwd=tmp_path)
    run(f"out.jsonl{ending}", *zorp, "-o", "again.jsonl", "--field", "text", cwd=tmp_path)
    assert [r["id"] for r in lines_of(tmp_path / "again.jsonl")] == [f"d{n}" for n in range(25)]
    if ending == ".gz":
        assert len(gzip.decompress((tmp_path / "out.jsonl.gz").read_bytes()).splitlines()) == 25


def test_a_table_in_one_file_and_in_parts(tmp_path: Path, zorp: list[str]) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    write_lines(tmp_path / "in.jsonl", numbered(25))
    run("in.jsonl", *zorp, "-o", "out.parquet", "--shard-size", "10", "--jobs", "1", "--removed", cwd=tmp_path)
    run("in.jsonl", *zorp, "-o", "out/", "--format", "parquet", "--shard-size", "10", "--removed", cwd=tmp_path)
    table = pq.read_table(tmp_path / "out.parquet")
    assert table["id"].to_pylist() == [f"d{n}" for n in range(25)]
    assert table["removed"].to_pylist()[0][0]["rule"] == "common/zorp"
    assert pq.read_table(tmp_path / "out" / "part-00001.parquet").equals(table.slice(10, 10))
    run("out.parquet", *zorp, "--field", "text", "-o", "again.jsonl", cwd=tmp_path)
    assert [r["extra"]["source"] for r in lines_of(tmp_path / "again.jsonl")] == ["in.jsonl"] * 25


def test_texts_in_one_file_have_a_blank_line_between_them(tmp_path: Path, zorp: list[str]) -> None:
    write_lines(tmp_path / "in.jsonl", numbered(5))
    run("in.jsonl", *zorp, "-o", "out.txt", "--shard-size", "2", cwd=tmp_path)
    articles = ["\n\n".join([HEADLINE.replace("Old bridge", f"Bridge {n}"), *PROSE]) + "\n" for n in range(5)]
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "\n".join(articles)


def test_where_the_first_shards_hold_nothing_but_failures_the_text_begins_with_the_first_article(tmp_path: Path, zorp: list[str]) -> None:
    write_lines(tmp_path / "in.jsonl", [{"id": "a"}, {"id": "b"}, *numbered(2)])
    run("in.jsonl", *zorp, "-o", "out.txt", "--shard-size", "1", cwd=tmp_path, status=1)
    articles = ["\n\n".join([HEADLINE.replace("Old bridge", f"Bridge {n}"), *PROSE]) + "\n" for n in range(2)]
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "\n".join(articles)


def test_tei_in_one_file_is_a_corpus(tmp_path: Path, zorp: list[str]) -> None:
    from lxml import etree

    write_lines(tmp_path / "in.jsonl", numbered(5))
    run("in.jsonl", *zorp, "-o", "out.xml", "--shard-size", "2", cwd=tmp_path)
    root = etree.parse(tmp_path / "out.xml").getroot()
    assert root.tag == "{http://www.tei-c.org/ns/1.0}teiCorpus"
    assert [child.tag.rsplit("}", 1)[1] for child in root] == ["teiHeader", *["TEI"] * 5]
    piped = subprocess.run([*COMMAND, "in.jsonl", *zorp, "--format", "tei"], capture_output=True, cwd=tmp_path, env=environment(), check=True).stdout
    assert piped == (tmp_path / "out.xml").read_bytes()


# -- what fails -----------------------------------------------------------------------------------


def test_what_fails_is_a_record_of_its_own_and_everything_else_is_done(tmp_path: Path, zorp: list[str]) -> None:
    lines = [json.dumps(record) for record in numbered(6)]
    lines[2] = lines[2][:50]
    lines[4] = '{"id": "x", "url": "https://example.org/x", "title": "no text"}'
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    said = run("missing.txt", "in.jsonl", *zorp, "-o", "out.jsonl", "--errors", "errors.jsonl", "--jobs", "2", cwd=tmp_path, status=1)
    assert said.startswith("clean-article: 4 documents, 3 failed (see errors.jsonl) in ")
    assert [r["id"] for r in lines_of(tmp_path / "out.jsonl")] == ["d0", "d1", "d3", "d5"]
    missing, broken, empty = lines_of(tmp_path / "errors.jsonl")
    assert missing == {"source": "missing.txt", "record": None, "url": None, "error": "FileNotFoundError", "message": "No such file or directory"}
    assert (broken["record"], broken["error"]) == (3, "broken-line")
    assert broken["message"].startswith("line 3 is no JSON: ")
    assert (empty["record"], empty["url"], empty["error"]) == (5, "https://example.org/x", "no-text")
    assert "id, url, title; name the field with --field" in empty["message"]


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_a_document_that_takes_too_much_memory_or_time_is_an_error_and_the_others_are_done(tmp_path: Path, zorp: list[str]) -> None:
    records = numbered(6)
    records[2]["text"] = "".join(f"The council voted on day {n} to close the old bridge, and drivers will have to take the long way round.\n" for n in range(300_000))
    write_lines(tmp_path / "in.jsonl", records)
    run("in.jsonl", *zorp, "-o", "a.jsonl", "--errors", "a.errors", "--jobs", "1", "--memory-limit", "150", "--time-limit", "0", cwd=tmp_path, status=1)
    run("in.jsonl", *zorp, "-o", "b.jsonl", "--errors", "b.errors", "--jobs", "1", "--memory-limit", "0", "--time-limit", "8", cwd=tmp_path, status=1)
    for name, error in (("a", "memory"), ("b", "time")):
        assert [r["id"] for r in lines_of(tmp_path / f"{name}.jsonl")] == ["d0", "d1", "d3", "d4", "d5"]
        assert [(e["record"], e["error"]) for e in lines_of(tmp_path / f"{name}.errors")] == [(3, error)]


@pytest.mark.parametrize("way", ["file", "folder of files", "folder of lines", "errors"])
def test_what_is_there_is_not_overwritten_unless_that_is_asked_for(tmp_path: Path, zorp: list[str], way: str) -> None:
    write_lines(tmp_path / "in.jsonl", numbered(3))
    args = {
        "file": ["-o", "out.jsonl"],
        "folder of files": ["-o", "out/", "--format", "text"],
        "folder of lines": ["-o", "out/", "--format", "jsonl"],
        "errors": ["--errors", "errors.jsonl"],
    }[way]
    there = {"file": "out.jsonl", "folder of files": "out/in/d1.txt", "folder of lines": "out/part-00000.jsonl", "errors": "errors.jsonl"}[way]
    (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / there).write_text("mine", encoding="utf-8")
    said = run("in.jsonl", *zorp, *args, cwd=tmp_path, status=1)
    assert f"{there}: is there already; --overwrite replaces it" in said or f"{there} is there already; --overwrite replaces it" in said
    assert (tmp_path / there).read_text(encoding="utf-8") == "mine"
    if way == "folder of files":
        assert (tmp_path / "out/in/d0.txt").exists(), "the others are written"
    run("in.jsonl", *zorp, *args, "--overwrite", cwd=tmp_path)
    assert (tmp_path / there).read_text(encoding="utf-8") != "mine"


def test_a_finished_run_is_not_done_again(tmp_path: Path, zorp: list[str]) -> None:
    write_lines(tmp_path / "in.jsonl", numbered(3))
    for args, said in ((["-o", "out.jsonl"], "out.jsonl: is there already"), (["-o", "out/", "--format", "jsonl"], "out: holds a finished run")):
        run("in.jsonl", *zorp, *args, cwd=tmp_path)
        assert said in run("in.jsonl", *zorp, *args, cwd=tmp_path, status=1)
        before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.jsonl")}
        run("in.jsonl", *zorp, *args, "--resume", cwd=tmp_path)
        assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.jsonl")} == before


def test_a_run_does_not_go_on_with_other_options_rules_or_inputs(tmp_path: Path, zorp: list[str]) -> None:
    write_lines(tmp_path / "in.jsonl", numbered(30))
    broken_off(["in.jsonl", *zorp, "-o", "out/", "--format", "jsonl", "--shard-size", "5", "--jobs", "1"], tmp_path)
    go_on = ["in.jsonl", *zorp, "-o", "out/", "--format", "jsonl", "--shard-size", "5", "--resume"]
    assert "removed was False and is True" in run(*go_on, "--removed", cwd=tmp_path, status=1)
    assert "names was ['in.jsonl'] and is ['in.jsonl', 'more.jsonl']" in run(*go_on, "more.jsonl", cwd=tmp_path, status=1)
    rules = Path(zorp[1]) / "common.txt"
    was = rules.read_text(encoding="utf-8")
    rules.write_text(was.replace("Zorp blick", "Zorp blickt"), encoding="utf-8")
    assert "the rules, or cleaner itself, have changed since" in run(*go_on, cwd=tmp_path, status=1)
    rules.write_text(was, encoding="utf-8")
    run(*go_on, cwd=tmp_path)
    assert len(lines_of(*parts(tmp_path / "out"))) == 30


def test_inputs_that_have_changed_are_noticed(tmp_path: Path, zorp: list[str]) -> None:
    write_lines(tmp_path / "a.jsonl", numbered(10))
    write_lines(tmp_path / "b.jsonl", numbered(30))
    args = ["a.jsonl", "b.jsonl", *zorp, "-o", "out/", "--format", "jsonl", "--shard-size", "4", "--jobs", "1"]
    broken_off(args, tmp_path, shards=4)
    write_lines(tmp_path / "a.jsonl", numbered(11))
    assert "the inputs have changed since this run was broken off (before b.jsonl)" in run(*args, "--resume", cwd=tmp_path, status=1)


def broken_off(args: list[str], cwd: Path, shards: int = 2, by: signal.Signals = signal.SIGKILL) -> int:
    """Start a run and end it by a signal when some shards are finished; returns its status."""
    out = cwd / args[args.index("-o") + 1]
    process = subprocess.Popen([*COMMAND, *args], cwd=cwd, env=environment(), stderr=subprocess.DEVNULL)
    path = (out if out.suffix == "" else out.with_name(out.name + ".parts")) / ".clean-article" / "manifest.jsonl"
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        if path.exists() and path.read_bytes().count(b"\n") > shards:
            break
        time.sleep(0.005)
    assert process.poll() is None, "the run was over before it could be broken off"
    process.send_signal(by)
    return process.wait(timeout=60)


# -- broken off -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("output", "style"), [("out", "jsonl"), ("out", "text"), ("one.jsonl.gz", "jsonl")])
def test_a_run_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing(tmp_path: Path, zorp: list[str], output: str, style: str) -> None:
    records: list[Any] = numbered(200)
    for n in range(0, 200, 25):
        records[n] = {"id": f"d{n}", "title": "no text"}
    write_lines(tmp_path / "in.jsonl", records)
    options = ["in.jsonl", *zorp, "--format", style, "--shard-size", "9", "--jobs", "2"]
    run(*options, "-o", f"whole/{output}" if output == "out" else f"whole-{output}", "--errors", "whole.errors", cwd=tmp_path, status=1)
    args = [*options, "-o", output, "--errors", "errors.jsonl", "--resume"]
    chance = random.Random(5)
    records_of = (tmp_path / output if output == "out" else tmp_path / f"{output}.parts") / ".clean-article" / "manifest.jsonl"
    statuses: list[int] = []
    while True:
        before = finished_shards(records_of)
        process = subprocess.Popen([*COMMAND, *args], cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL)
        while process.poll() is None and finished_shards(records_of) == before:
            time.sleep(0.005)
        try:
            statuses.append(process.wait(timeout=0.2 * chance.random()))
            break
        except subprocess.TimeoutExpired:
            process.send_signal(chance.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
            statuses.append(process.wait(timeout=60))
            if statuses[-1] == 1:
                break  # it was done before the signal came
    assert statuses[-1] == 1 or (statuses[-1] == 0 and output != "out"), "some documents have failed, in one run or another"
    assert len(statuses) > 2, "it was broken off more than once"
    at_the_very_end = {-signal.SIGINT, -signal.SIGTERM}  # when all is done and Python only has to end
    assert set(statuses[:-1]) <= {130, 143, -signal.SIGKILL} | at_the_very_end
    if output == "out":
        whole, again = tmp_path / "whole/out", tmp_path / "out"
        assert joined(again) == joined(whole)
        counts = [entry for entry in manifest(again) if "shard" in entry]
        assert [entry["shard"] for entry in counts] == list(range(len(counts)))
        assert (sum(entry["documents"] for entry in counts), sum(entry["failed"] for entry in counts)) == (192, 8)
    else:
        read: Callable[[bytes], bytes] = gzip.decompress if output.endswith(".gz") else bytes
        assert read((tmp_path / output).read_bytes()) == read((tmp_path / f"whole-{output}").read_bytes())
        assert not (tmp_path / f"{output}.parts").exists()
    assert lines_of(tmp_path / "errors.jsonl") == lines_of(tmp_path / "whole.errors")


def finished_shards(path: Path) -> int:
    """How many lines a manifest has."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def joined(folder: Path) -> list[tuple[str, bytes]]:
    """What is in a folder, however it is cut into parts (one that was ended early is shorter)."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and ".clean-article" not in p.parts]
    if all(p.name.startswith("part-") for p in files):
        return [("parts", b"".join(p.read_bytes() for p in files))]
    return [(str(p.relative_to(folder)), p.read_bytes()) for p in files]


@pytest.mark.parametrize(("by", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_cleanly_and_what_was_done_stays(tmp_path: Path, zorp: list[str], by: signal.Signals, status: int) -> None:
    write_lines(tmp_path / "in.jsonl", numbered(2000))
    args = ["in.jsonl", *zorp, "-o", "out/", "--format", "jsonl", "--shard-size", "10", "--jobs", "2"]
    assert broken_off(args, tmp_path, by=by) == status
    done = lines_of(*parts(tmp_path / "out"))
    assert 10 <= len(done) < 2000
    assert [r["id"] for r in done] == [f"d{n}" for n in range(len(done))]
    assert not (tmp_path / "out/.clean-article/shard.part").exists()


def test_standard_input_that_never_ends_can_be_interrupted(tmp_path: Path, zorp: list[str]) -> None:
    process = subprocess.Popen([*COMMAND, "-", *zorp, "--format", "jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    assert process.stdin
    assert process.stdout
    for record in numbered(3):
        process.stdin.write((json.dumps(record) + "\n").encode())
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["id"] == "d0"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in said


def test_two_runs_cannot_write_to_one_folder_at_the_same_time(tmp_path: Path, zorp: list[str]) -> None:
    write_lines(tmp_path / "in.jsonl", numbered(2000))
    args = ["in.jsonl", *zorp, "-o", "out/", "--format", "jsonl", "--shard-size", "10", "--jobs", "1"]
    process = subprocess.Popen([*COMMAND, *args], cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL)
    try:
        while not (tmp_path / "out/part-00000.jsonl").exists():
            assert process.poll() is None
            time.sleep(0.01)
        assert "out: another run is writing here" in run(*args, "--resume", cwd=tmp_path, status=1)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("output", "style", "kilobytes"), [("disk/out/", "jsonl", 150), ("disk/out/", "text", 150), ("disk/out.jsonl", "jsonl", 150), ("disk/out.jsonl", "jsonl", 1100)]
)
def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(tmp_path: Path, zorp: list[str], output: str, style: str, kilobytes: int) -> None:
    write_lines(tmp_path / "in.jsonl", numbered(400))
    command = " ".join([*COMMAND, "in.jsonl", *zorp, "-o", output, "--format", style, "--shard-size", "20", "--jobs", "1", "--errors", "disk/errors"])
    done = small_disk(
        tmp_path,
        kilobytes,
        f"""
        {command} && exit 9
        test $? = 1
        cat disk/out*/.clean-article/manifest.jsonl | grep shard > before
        test -z "$(ls disk/out*/.clean-article/*.part 2>/dev/null)"
        mount -o remount,size=20m disk
        {command} --resume
        cp -r disk copy
        """,
        environment(),
    )
    assert done.returncode == 0, done.stderr
    assert "the disk is full; what was finished before stays: make room, then go on with --resume" in done.stderr
    assert "Traceback" not in done.stderr
    before = sum(entry["documents"] for entry in lines_of(tmp_path / "before"))
    if kilobytes > 150:
        assert before == 400, "in the larger one only the joined file has no room"
    else:
        assert 0 < before < 400
    assert f"({before} were done before)" in done.stderr
    copy = tmp_path / "copy"
    if style == "text":
        assert len(list(copy.glob("out/in/*.txt"))) == 400
    else:
        got = lines_of(copy / "out.jsonl") if output.endswith("l") else lines_of(*parts(copy / "out"))
        assert [r["id"] for r in got] == [f"d{n}" for n in range(400)]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="rights are tried as root, who can give them up")
def test_a_file_and_a_folder_without_rights_among_many_are_told_and_the_rest_is_done(tmp_path: Path, zorp: list[str]) -> None:
    for n in range(50):
        (tmp_path / "news").mkdir(exist_ok=True)
        (tmp_path / "news" / f"{n:02}.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "news" / "closed").mkdir()
    (tmp_path / "news" / "20.txt").chmod(0)
    (tmp_path / "news" / "closed").chmod(0)
    for folder in (tmp_path, *tmp_path.parents):
        if Path(tempfile.gettempdir()) in folder.parents:
            folder.chmod(0o755)
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(0o777)
    (tmp_path / "warm.txt").write_text(TEXT, encoding="utf-8")
    # once with all rights, so that every module is loaded: a user without any may not even read the standard library
    code = "import os, sys; from cleaner.cli import main; main(['warm.txt', '-o', 'warm/', '--shard-size', '1', '--resume']); os.setuid(65534); sys.exit(main(sys.argv[1:]))"
    args = ["news", *zorp, "-o", "out/", "--errors", "out/errors.jsonl", "--jobs", "0"]
    alone = {**environment(), "CLEANER_CACHE": "off", "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code, *args], cwd=tmp_path, env=alone, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert (tmp_path / "out" / "errors.jsonl").exists(), done.stderr
    errors = lines_of(tmp_path / "out" / "errors.jsonl")
    assert [(e["source"], e["error"]) for e in errors] == [("news/20.txt", "PermissionError"), ("news/closed", "PermissionError")]
    assert len(list((tmp_path / "out" / "news").glob("*.txt"))) == 49


def test_an_output_folder_without_rights_is_told(tmp_path: Path, zorp: list[str]) -> None:
    write_lines(tmp_path / "in.jsonl", numbered(3))
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert f"{Path('file/out')}: Not a directory" in run("in.jsonl", *zorp, "-o", "file/out/", "--format", "jsonl", cwd=tmp_path, status=1)
    assert "file: is a file, and several outputs need a folder" in run("in.jsonl", *zorp, "-o", "file/", cwd=tmp_path, status=1)
    assert "there is no folder none" in run("in.jsonl", *zorp, "-o", "none/out.jsonl", cwd=tmp_path, status=1)


def test_a_manifest_that_is_none_is_told(tmp_path: Path, zorp: list[str]) -> None:
    write_lines(tmp_path / "in.jsonl", numbered(3))
    (tmp_path / "out/.clean-article").mkdir(parents=True)
    args = ["in.jsonl", *zorp, "-o", "out/", "--format", "jsonl"]
    for rubbish in ("rubbish", "5", "[]", "{}", '{"manifest": 1}\n{"shard": 0}'):
        (tmp_path / "out/.clean-article/manifest.jsonl").write_text(rubbish + "\n", encoding="utf-8")
        assert "this is no manifest of a run" in run(*args, "--resume", cwd=tmp_path, status=1)
    run(*args, "--overwrite", cwd=tmp_path)
    assert len(lines_of(*parts(tmp_path / "out"))) == 3


# -- progress and usage ----------------------------------------------------------------------------


def test_progress_is_shown_on_a_terminal_only(tmp_path: Path, zorp: list[str]) -> None:
    write_lines(tmp_path / "in.jsonl", numbered(200))
    args = ["in.jsonl", *zorp, "-o", "out.jsonl", "--jobs", "1", "--overwrite"]
    assert "%|" not in run(*args, cwd=tmp_path)
    assert "200 documents, " in run(*args, "--progress", "always", cwd=tmp_path)
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    process = subprocess.Popen([*COMMAND, *args], cwd=tmp_path, env=environment(), stderr=slave)
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    assert process.wait(timeout=60) == 0
    last = [line for line in shown.decode().split("\r") if "%|" in line][-1]
    assert last.startswith("100%|")
    assert "200 documents, " in last
    assert " a second [" in last


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (["--jobs", "many"], "--jobs many: a number of processes is meant, or auto"),
        (["--resume"], "--resume needs -o"),
        (["--shard-size", "0"], "--shard-size"),
        (["--time-limit", "-1"], "-1 is not 0 or more"),
        (["--memory-limit", "nan"], "nan is not 0 or more"),
        (["index", "--db", "a.db", "--jobs", "-1"], "--jobs"),
        (["--urls", "none.txt"], "none.txt"),
    ],
)
def test_wrong_usage_says_what_is_right(tmp_path: Path, args: list[str], named: str) -> None:
    assert named in run(*args, cwd=tmp_path, status=2)


@pytest.mark.parametrize(
    ("output", "package", "extra"), [("out.parquet", "pyarrow", "parquet"), ("out/", "pyarrow", "parquet"), ("out.jsonl.zst", "backports", "zst")]
)
def test_a_package_that_the_output_needs_and_is_not_there_is_told_before_anything_begins(tmp_path: Path, output: str, package: str, extra: str) -> None:
    write_lines(tmp_path / "in.jsonl", numbered(3))
    modules = "'pyarrow', 'pyarrow.parquet'" if package == "pyarrow" else "'backports', 'backports.zstd', 'compression.zstd'"
    code = f"import sys; sys.modules.update(dict.fromkeys([{modules}])); from cleaner.cli import main; sys.exit(main(sys.argv[1:]))"
    args = ["in.jsonl", "-o", output, *(["--format", "parquet"] if extra == "parquet" else [])]
    done = subprocess.run([sys.executable, "-c", code, *args], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"pip install 'cleaner[{extra}]'" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_list_of_urls_is_downloaded(tmp_path: Path, zorp: list[str]) -> None:
    import functools
    import http.server
    import threading

    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "a.txt").write_text(TEXT, encoding="utf-8")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "site"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        base = f"http://127.0.0.1:{server.server_port}"
        (tmp_path / "urls.txt").write_text(f"# my list\n{base}/a.txt\n\n{base}/missing.txt\n")
        run("--urls", "urls.txt", *zorp, "-o", "out.jsonl", "--errors", "errors.jsonl", "--jobs", "1", cwd=tmp_path, status=1)
    finally:
        server.shutdown()
    assert [(r["url"], r["headline"]) for r in lines_of(tmp_path / "out.jsonl")] == [(f"{base}/a.txt", HEADLINE)]
    (error,) = lines_of(tmp_path / "errors.jsonl")
    assert error["source"] == f"{base}/missing.txt"
    assert "404" in error["message"]


def test_a_shard_is_what_the_help_says() -> None:
    assert f"({SHARD})" in subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, env=environment(), check=True).stdout
