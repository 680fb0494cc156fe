"""The two commands as people run them: files, pipes, folders, exit statuses, and what they say when something is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import HEADLINE, PROSE, ROOT, page, rule

from cleaner.cli import FORMATS

pty = pytest.importorskip("pty", reason="there are no terminals to pretend here")

TEXT = page(HEADLINE, "Zorp blick", *PROSE)
CLEAN = "\n\n".join([HEADLINE, *PROSE]) + "\n"
RULES = {"common.txt": rule("zorp", label="tools", is_="Zorp blick")}
MakeFolder = Callable[[dict[str, str]], Path]
Result = subprocess.CompletedProcess[str]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """An empty folder."""
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


@pytest.fixture
def zorp(rule_folder: MakeFolder) -> list[str]:
    """The options that add the rule for the text."""
    return ["--rules", str(rule_folder(RULES)), "--language", "en"]


def run(*args: str | Path, text: str | bytes = "", module: str = "cli", cwd: Path | None = None) -> Result:
    """Run a command with this standard input."""
    data = text.encode("utf-8") if isinstance(text, str) else text
    done = subprocess.run(
        [sys.executable, "-m", f"cleaner.{module}", *map(str, args)],
        input=data,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


def write(folder: Path, name: str, text: str | bytes = TEXT) -> Path:
    """Write a file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return path


# -- input and output -------------------------------------------------------------------------


@pytest.mark.parametrize("args", [[], ["-"]])
def test_standard_input_comes_out_clean(args: list[str], zorp: list[str]) -> None:
    done = run(*zorp, *args, text=TEXT)
    assert (done.returncode, done.stdout, done.stderr) == (0, CLEAN, "")


def test_a_file_comes_out_clean(here: Path, zorp: list[str]) -> None:
    done = run(*zorp, write(here, "a.txt"))
    assert (done.returncode, done.stdout, done.stderr) == (0, CLEAN, "")


def test_several_files_come_out_in_order_with_a_blank_line_between(here: Path, zorp: list[str]) -> None:
    other = TEXT.replace("Old bridge", "New bridge")
    done = run(*zorp, write(here, "b.txt", other), write(here, "a.txt"), "-", text=TEXT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == CLEAN.replace("Old bridge", "New bridge") + "\n" + CLEAN + "\n" + CLEAN


def test_output_can_go_to_a_file(here: Path, zorp: list[str]) -> None:
    done = run(*zorp, write(here, "a.txt"), "-o", here / "out.txt")
    assert (done.returncode, done.stdout) == (0, "")
    assert (here / "out.txt").read_text(encoding="utf-8") == CLEAN


@pytest.mark.parametrize("style", [style for style in FORMATS if style != "parquet"])
def test_output_of_several_inputs_goes_to_a_folder_one_file_each(here: Path, zorp: list[str], style: str) -> None:
    done = run(*zorp, "--format", style, write(here, "a.txt"), write(here, "b.article.txt"), "-", "-o", here / "new" / "out", text=TEXT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(p.name for p in (here / "new" / "out").iterdir()) == sorted(name + FORMATS[style] for name in ("a", "b.article", "stdin"))


def test_a_folder_that_is_there_takes_a_single_output_too(here: Path, zorp: list[str]) -> None:
    (here / "out").mkdir()
    assert run(*zorp, write(here, "a.txt"), "-o", here / "out").returncode == 0
    assert (here / "out" / "a.txt").read_text(encoding="utf-8") == CLEAN


def test_two_inputs_of_one_name_do_not_overwrite_each_other(here: Path, zorp: list[str]) -> None:
    inputs = [write(here, f"{n}/a.txt", TEXT.replace("Old", str(n))) for n in (1, 2, 3)]
    assert run(*zorp, *inputs, "-o", here / "out").returncode == 0
    got = {p.name: p.read_text(encoding="utf-8").split(" ", 1)[0] for p in (here / "out").iterdir()}
    assert len(got) == 3
    assert sorted(got.values()) == ["1", "2", "3"]


def test_inputs_whose_names_look_numbered_do_not_overwrite_each_other_either(here: Path, zorp: list[str]) -> None:
    inputs = [write(here, name, TEXT.replace("Old", str(n))) for n, name in enumerate(("1/a.txt", "1/a-2.txt", "2/a.txt", "2/a-2.txt"))]
    assert run(*zorp, *inputs, "-o", here / "out").returncode == 0
    assert sorted(p.read_text(encoding="utf-8").split(" ", 1)[0] for p in (here / "out").iterdir()) == ["0", "1", "2", "3"]


def test_an_input_is_not_overwritten_by_its_own_output_without_being_named(here: Path, zorp: list[str]) -> None:
    source = write(here, "a.txt")
    run(*zorp, source, "-o", here / "out")
    assert source.read_text(encoding="utf-8") == TEXT


# -- formats ---------------------------------------------------------------------------------------


def test_json_says_everything_and_names_its_source(here: Path, zorp: list[str]) -> None:
    source = write(here, "a.txt")
    data = json.loads(run(*zorp, "--format", "json", "--url", "https://example.org/1", source).stdout)
    assert (data["source"], data["headline"], data["paragraphs"], data["url"], data["language"]) == (str(source), HEADLINE, list(PROSE), "https://example.org/1", "en")
    assert [(r["text"], r["label"], r["rule"]) for r in data["removed"]] == [("Zorp blick", "tools", "common/zorp")]


def test_jsonl_is_one_line_an_article(here: Path, zorp: list[str]) -> None:
    done = run(*zorp, "--format", "jsonl", write(here, "a.txt", TEXT + "\n\u2028\u0085été"), write(here, "b.txt", ""), "-", text=TEXT)
    lines = done.stdout.removesuffix("\n").split("\n")
    assert [json.loads(line)["headline"] for line in lines] == [HEADLINE, None, HEADLINE]
    assert json.loads(lines[2])["source"] == "<stdin>"


def test_markdown_marks_headline_crosshead_quote_and_list(zorp: list[str]) -> None:
    quote = "“We were told nothing about any of this, and neither was anybody else on our side.”"
    text = page(HEADLINE, PROSE[0], "A ferry in the meantime", quote, "• A first point that the council made.", *PROSE[1:])
    done = run(*zorp, "--format", "markdown", text=text)
    assert done.stdout == "\n\n".join([f"# {HEADLINE}", PROSE[0], "## A ferry in the meantime", f"> {quote}", "- A first point that the council made.", *PROSE[1:]]) + "\n"


def test_nothing_in_gives_nothing_out_and_a_warning() -> None:
    done = run(text="")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "clean-article: <stdin>: the text is empty\n")


# -- explain ------------------------------------------------------------------------------------------


def test_explain_marks_what_goes_and_tells_rule_and_place(zorp: list[str]) -> None:
    done = run(*zorp, "--explain", text=TEXT)
    assert f"[headline: {HEADLINE}]\n[-Zorp blick-]\n{PROSE[0]}" in done.stdout
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("tools")]
    assert row.split() == ["tools", "common/zorp", f"{zorp[1]}/common.txt:1", "Zorp", "blick"]
    assert "\x1b" not in done.stdout


def test_explain_reads_what_the_command_reads_and_overwrites_nothing_unasked(here: Path, zorp: list[str]) -> None:
    write(here, "a.jsonl", json.dumps({"seite": TEXT}) + "\n")
    args = [*zorp, "--explain", "a.jsonl", "--field", "seite"]
    assert "[-Zorp blick-]" in run(*args, cwd=here).stdout
    write(here, "out.txt", "mine")
    done = run(*args, "-o", "out.txt", cwd=here)
    assert (done.returncode, done.stderr) == (1, "clean-article: out.txt: is there already; --overwrite replaces it, another -o leaves it\n")
    assert (here / "out.txt").read_text(encoding="utf-8") == "mine"
    assert run(*args, "-o", "out.txt", "--overwrite", cwd=here).returncode == 0
    assert "[-Zorp blick-]" in (here / "out.txt").read_text(encoding="utf-8")


def test_explain_says_so_where_nothing_went(zorp: list[str]) -> None:
    assert run(*zorp, "--explain", text=page(HEADLINE, *PROSE)).stdout.endswith("Nothing was removed.\n")


def on_a_terminal(*args: str, env: dict[str, str] | None = None) -> str:
    """What a command writes to a terminal."""
    master, slave = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "cleaner.cli", *args], stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.DEVNULL, env={**os.environ, **(env or {})}
        )
        os.close(slave)
        slave = -1
        data = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # Linux says so where the other end is closed
                break
            if not piece:
                break
            data += piece
        process.wait(timeout=60)
    finally:
        os.close(master)
        if slave >= 0:
            os.close(slave)
    return data.decode("utf-8").replace("\r\n", "\n")


@pytest.mark.parametrize(("env", "colour"), [({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)])
def test_explain_is_in_colour_on_a_terminal_unless_colour_is_unwanted(here: Path, zorp: list[str], env: dict[str, str], colour: bool) -> None:
    shown = on_a_terminal(*zorp, "--explain", str(write(here, "a.txt")), env=env)
    assert ("\x1b[31;9mZorp blick\x1b[0m" in shown) is colour
    assert ("[-Zorp blick-]" in shown) is not colour


def test_without_explain_a_terminal_gets_plain_text(here: Path, zorp: list[str]) -> None:
    assert on_a_terminal(*zorp, str(write(here, "a.txt")), env={"NO_COLOR": ""}) == CLEAN


# -- what goes wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (["--format", "pdf"], "pdf"),
        (["--nonsense"], "--nonsense"),
        (["--language"], "--language"),
    ],
)
def test_wrong_usage_is_status_2_and_says_what(args: list[str], named: str) -> None:
    done = run(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert named in done.stderr


def test_help_is_status_0_and_tells_the_exit_statuses() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "Exit status: 0" in done.stdout


def test_one_bad_input_is_told_in_one_line_and_the_others_come_out(here: Path, zorp: list[str]) -> None:
    done = run(*zorp, here / "missing.txt", write(here, "a.txt"), here / "none-*.txt", "--jobs", "0")
    assert (done.returncode, done.stdout) == (1, CLEAN)
    lines = done.stderr.splitlines()
    assert len(lines) == 3, done.stderr
    assert lines[0] == f"clean-article: {here / 'missing.txt'}: No such file or directory"
    assert lines[1] == f"clean-article: {here / 'none-*.txt'}: no file has a name like this"
    assert lines[2].startswith("clean-article: 1 documents, 2 failed in ")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_must_not_be_read_is_told(here: Path, zorp: list[str]) -> None:
    secret = write(here, "secret.txt")
    secret.chmod(0)
    done = run(*zorp, secret)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert str(secret) in done.stderr


def test_a_file_that_is_not_utf_8_is_read_all_the_same_with_a_warning(here: Path, zorp: list[str]) -> None:
    source = write(here, "a.txt", TEXT.encode() + b"\ncaf\xe9 du coin")
    done = run(*zorp, source)
    assert done.returncode == 0
    assert f"{source}: line 7 is not UTF-8" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "caf\ufffd du coin" in done.stdout


def test_a_byte_order_mark_is_no_text(here: Path, zorp: list[str]) -> None:
    assert run(*zorp, write(here, "a.txt", b"\xef\xbb\xbf" + TEXT.encode())).stdout == CLEAN


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are text")
@pytest.mark.parametrize("output", [[], ["-o", "out.json"], ["-o", "."]])
def test_a_file_whose_name_is_not_utf_8_is_cleaned_too(here: Path, zorp: list[str], output: list[str]) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    write(here, name)
    done = run(*zorp, "--format", "json", name, *output, cwd=here)
    assert (done.returncode, done.stderr) == (0, "")


def test_output_that_cannot_be_written_is_told(here: Path, zorp: list[str]) -> None:
    target = here / "no" / "such" / "folder.txt"
    done = run(*zorp, write(here, "a.txt"), "-o", target)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert str(target) in done.stderr


def test_a_file_where_a_folder_is_needed_is_told(here: Path, zorp: list[str]) -> None:
    target = write(here, "out.txt", "mine")
    done = run(*zorp, write(here, "a.txt"), write(here, "b.txt"), "-o", target)
    assert done.returncode == 1
    assert str(target) in done.stderr
    assert target.read_text(encoding="utf-8") == "mine"


def test_faulty_rules_are_status_2_with_all_faults_and_no_output(here: Path, rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": "oops\n" + rule("a", is_="Zorp", label="shar"), "lang/fr.txt": rule("b", matches="(")})
    done = run("--rules", folder, write(here, "a.txt"))
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert len(lines) == 4, done.stderr
    assert all(line.startswith(f"{folder}/") and ";" in line for line in lines)


def test_a_missing_rules_folder_is_status_2(here: Path) -> None:
    done = run("--rules", here / "none", text=TEXT)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{here / 'none'}:1:1: no such folder" in done.stderr


def test_an_unknown_language_is_a_warning() -> None:
    done = run("--language", "tlh", text=TEXT)
    assert done.returncode == 0
    assert done.stderr.startswith("clean-article: <stdin>: no rule file for language 'tlh'")
    assert done.stderr.count("\n") == 1
    assert HEADLINE in done.stdout


def test_a_reader_that_goes_away_early_is_no_error(here: Path, zorp: list[str]) -> None:
    files = [write(here, f"{n}.txt", page(HEADLINE, *PROSE * 200)) for n in range(20)]
    process = subprocess.Popen([sys.executable, "-m", "cleaner.cli", *zorp, *map(str, files)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline().decode().strip() == HEADLINE
    process.stdout.close()
    error = process.stderr.read().decode()
    process.stderr.close()
    process.wait(timeout=60)
    assert error == "", "no traceback, no complaint"


def test_mojibake_is_repaired_unless_that_is_unwanted() -> None:
    text = page(*PROSE, "Le président a été réélu à Évian, déclare-t-il, après un été très animé.").encode().decode("cp1252", "replace")
    assert "a été réélu" in run(text=text).stdout
    assert "a été réélu" not in run("--no-repair", text=text).stdout


# -- clean-article-rules check -----------------------------------------------------------------------------


def check(*args: str | Path) -> Result:
    """Run ``clean-article-rules check``."""
    return run("check", *args, module="rules_cli")


GOOD = "rule: zorp\nlabel: tools\nwhy: A button of the page.\nis: Zorp blick\ndrop: Zorp blick\nkeep: He said zorp blick twice.\n"


def test_good_rules_are_status_0(rule_folder: MakeFolder) -> None:
    done = check(rule_folder({"common.txt": GOOD, "site/example.org.txt": "hosts: example.org\n" + GOOD.replace("blick", "krull")}))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "2 rules, 0 problems\n"


def test_every_fault_is_told_with_its_place_and_the_status_is_1(rule_folder: MakeFolder) -> None:
    folder = rule_folder(
        {
            "common.txt": GOOD.replace("tools", "tool"),
            "lang/fr.txt": "language: fr\n" + GOOD.replace("drop: Zorp blick", "drop: Something else"),
            "site/example.org.txt": GOOD,
        }
    )
    done = check(folder)
    assert done.returncode == 1
    told = {line.removeprefix(f"{folder}/").split(": ", 1)[0] for line in done.stdout.splitlines()}
    assert told == {"common.txt:2:8", "site/example.org.txt:1:1", "lang/fr.txt:6:7"}, done.stdout
    assert done.stderr == "2 rules, 3 problems\n"


def test_a_single_file_can_be_checked(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": "oops\n", "lang/fr.txt": "language: fr\n" + GOOD})
    assert check(folder / "lang" / "fr.txt").returncode == 0
    assert check(folder / "common.txt").returncode == 1


@pytest.mark.parametrize("name", ["none", "none.txt"])
def test_a_path_that_is_not_there_is_told(here: Path, name: str) -> None:
    done = check(here / name)
    assert done.returncode != 0
    assert name in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_without_rules_is_told(here: Path) -> None:
    done = check(here)
    assert done.returncode == 1
    assert "no rule files in this folder" in done.stdout


def test_wrong_usage_of_the_rules_command_is_status_2() -> None:
    assert run("chekc", module="rules_cli").returncode == 2
    assert run(module="rules_cli").returncode == 2


# -- clean-article-rules list, show ---------------------------------------------------------------------------


def test_list_shows_one_rule_a_line(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"site/example.org.txt": "hosts: example.org\n" + GOOD})
    done = run("list", "--rules", folder, "--site", "www.example.org", "--label", "tools", module="rules_cli")
    assert done.returncode == 0
    assert "site/example.org/zorp\ttools\tA button of the page." in done.stdout.splitlines()
    assert all(line.split("\t")[1] == "tools" for line in done.stdout.splitlines())


@pytest.mark.parametrize("args", [["--site", "nowhere.example"], ["--language", "tlh"]])
def test_list_of_what_is_not_there_is_status_1_and_says_what_there_is(args: list[str]) -> None:
    done = run("list", *args, module="rules_cli")
    assert (done.returncode, done.stdout) == (1, "")
    assert args[1] in done.stderr


def test_show_prints_a_rule_as_it_is_written(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"site/example.org.txt": "hosts: example.org\n\n" + GOOD + "\n# the next\n" + GOOD.replace("rule: zorp", "rule: other")})
    done = run("show", "--rules", folder, "site/example.org/zorp", module="rules_cli")
    assert done.returncode == 0
    assert done.stdout == f"# site/example.org/zorp, {folder}/site/example.org.txt:3\n{GOOD}"


def test_show_of_an_unknown_rule_suggests_the_nearest(rule_folder: MakeFolder) -> None:
    done = run("show", "--rules", rule_folder({"site/example.org.txt": "hosts: example.org\n" + GOOD}), "site/example.org/zorb", module="rules_cli")
    assert (done.returncode, done.stdout) == (1, "")
    assert "did you mean site/example.org/zorp" in done.stderr
