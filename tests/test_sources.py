"""What is named on a command line is what is read: every file once, in the same order, and nothing is left out in silence."""

from __future__ import annotations

import http.server
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.batch.read import read_all
from cleaner.batch.records import Failure, Record
from cleaner.batch.sources import STDIN, Source, may_hold_articles, sources, stem

PAGE = b"<html><body><p>A page.</p></body></html>"


def make(folder: Path, *names: str) -> Path:
    """Files with these paths, and the folders that they need."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PAGE)
    return folder


def listed(*names: str | Path) -> list[tuple[str, str]]:
    """The inputs that names mean, each with the name of its output; of what cannot be read the kind of failure."""
    return [(one.shown, one.name) if isinstance(one, Source) else (one.source, one.error) for one in sources(map(str, names))]


# -- folders --------------------------------------------------------------------------------------


def test_a_folder_is_its_files_and_those_of_its_folders_in_order(tmp_path: Path) -> None:
    root = make(tmp_path / "news", "b.html", "a.txt", "a/2.htm", "a/1.htm", "c/d/e.jsonl.gz", "without")
    expected = ["a/1.htm", "a/2.htm", "a.txt", "b.html", "c/d/e.jsonl.gz", "without"]
    assert listed(root) == [(f"{root}/{name}", f"news/{stem_of}") for name, stem_of in zip(expected, ["a/1", "a/2", "a", "b", "c/d/e", "without"], strict=True)]


def test_what_lies_beside_pages_is_passed_over(tmp_path: Path) -> None:
    beside = ["style.css", "app.js", "data.json", "logo.PNG", "film.mp4", "font.woff2", "paper.pdf", ".hidden.html", ".git/page.html", "photo.jpg.gz"]
    root = make(tmp_path / "site", "page.html", *beside)
    assert listed(root) == [(f"{root}/page.html", "site/page")]


def test_links_to_files_are_followed_links_to_folders_are_not_and_those_that_lead_nowhere_are_said(tmp_path: Path) -> None:
    root = make(tmp_path / "news", "a/page.html")
    (root / "again.html").symlink_to("a/page.html")
    (root / "folder").symlink_to("a")
    (root / "loop").symlink_to("loop")
    (root / "round").symlink_to("..")
    (root / "nowhere.html").symlink_to("gone.html")
    found = list(read_all([str(root)]))
    assert [one.source.removeprefix(f"{root}/") for one in found] == ["a/page.html", "again.html", "loop", "nowhere.html"]
    assert [one.error for one in found if isinstance(one, Failure)] == ["OSError", "FileNotFoundError"]


def test_pipes_and_sockets_in_a_folder_are_passed_over_and_nothing_waits_for_them(tmp_path: Path) -> None:
    root = make(tmp_path / "news", "page.html")
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "socket"))
        assert listed(root) == [(f"{root}/page.html", "news/page")]
        assert listed(f"{root}/*") == [(f"{root}/page.html", "page")]


def test_files_that_differ_in_their_ending_alone_have_outputs_of_their_own(tmp_path: Path) -> None:
    root = make(tmp_path / "news", "a.html", "a.txt", "a-2.html", "a.jsonl", "a.jsonl.gz", "a.htm")
    found = listed(root)
    assert len(found) == 6
    assert len({name for _, name in found}) == 6


def test_an_empty_folder_is_nothing_at_all(tmp_path: Path) -> None:
    assert listed(tmp_path) == []


def test_a_file_whose_name_is_not_utf_8_is_read(tmp_path: Path) -> None:
    name = os.path.join(os.fsencode(tmp_path), b"caf\xe9.html")
    with open(name, "wb") as file:
        file.write(PAGE)
    (one,) = read_all([str(tmp_path)])
    assert isinstance(one, Record)
    assert (one.content, os.fsencode(one.source)) == (PAGE, name)


def test_folders_may_lie_deeper_in_each_other_than_python_calls_functions(tmp_path: Path) -> None:
    depth, here = 1100, os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(depth):
            os.mkdir("d")
            os.chdir("d")
        Path("page.html").write_bytes(PAGE)
    finally:
        os.chdir(here)
    (one,) = read_all([str(tmp_path)])
    assert isinstance(one, Record)
    assert one.name.endswith("/d" * depth + "/page")
    (globbed,) = sources([f"{tmp_path}/**/*.html"])
    assert isinstance(globbed, Source) or globbed.error == "RecursionError"
    subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


def test_a_path_that_is_longer_than_the_system_takes_is_a_failure_and_the_rest_is_read(tmp_path: Path) -> None:
    here = os.getcwd()
    make(tmp_path, "z.html")
    try:
        os.chdir(tmp_path)
        for _ in range(20):
            os.mkdir("d" * 250)
            os.chdir("d" * 250)
    finally:
        os.chdir(here)
    found = list(read_all([str(tmp_path)]))
    assert [type(one) for one in found] == [Failure, Record]
    assert isinstance(found[0], Failure)
    assert "File name too long" in found[0].message
    subprocess.run(["rm", "-rf", *map(str, tmp_path.glob("d*"))], check=True)


_AS_NOBODY = """
import os, sys
import cleaner.batch.read, cleaner.batch.sources
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
for one in cleaner.batch.read.read_all(sys.argv[1:]):
    print(one.source, getattr(one, "error", "read"), sep="\\t")
"""


def as_nobody(*names: str | Path) -> list[tuple[str, str]]:
    """What becomes of names for a user who has no rights but those that everybody has."""
    done = subprocess.run([sys.executable, "-c", _AS_NOBODY, *map(str, names)], capture_output=True, text=True, timeout=60, check=True)
    return [(source, outcome) for source, _, outcome in (line.partition("\t") for line in done.stdout.splitlines())]


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Path]:
    """A folder with pages, in which a folder and a file must not be read, and another may be listed and not entered."""
    root = make(tmp_path / "news", "a.html", "closed/b.html", "listed/c.html", "secret.html", "z.html")
    for path in (root, *root.parents):
        if Path(tempfile.gettempdir()) in path.parents:
            path.chmod(0o755)
    modes = {"closed": 0, "listed": 0o744, "secret.html": 0}
    for name, mode in modes.items():
        (root / name).chmod(0o700 if os.getuid() and mode else mode)
    yield root
    for name in modes:
        (root / name).chmod(0o700)


def test_a_folder_without_rights_and_a_file_without_are_failures_and_the_rest_is_read(guarded: Path) -> None:
    if not os.getuid():
        expected = [("a.html", "read"), ("closed", "PermissionError"), ("listed/c.html", "PermissionError"), ("secret.html", "PermissionError"), ("z.html", "read")]
    else:
        expected = [("a.html", "read"), ("closed", "PermissionError"), ("listed/c.html", "read"), ("secret.html", "PermissionError"), ("z.html", "read")]
    assert as_nobody(guarded) == [(f"{guarded}/{name}", outcome) for name, outcome in expected]


def test_globs_say_which_folders_they_could_not_look_into(guarded: Path) -> None:
    found = as_nobody(f"{guarded}/**/*.html")
    assert (f"{guarded}/closed", "PermissionError") in found
    assert [(f"{guarded}/{name}", "read") for name in ("a.html", "z.html")] == [one for one in found if one[1] == "read" and "listed" not in one[0]]
    assert as_nobody(f"{guarded}/closed/*.html") == [(f"{guarded}/closed", "PermissionError")]
    assert as_nobody(f"{guarded}/closed/b.html") == [(f"{guarded}/closed/b.html", "PermissionError")]


# -- names and globs -----------------------------------------------------------------------------------


def test_a_file_that_is_named_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    make(tmp_path, "style.css", ".hidden")
    assert listed(tmp_path / "style.css", tmp_path / ".hidden") == [(f"{tmp_path}/style.css", "style"), (f"{tmp_path}/.hidden", ".hidden")]


def test_globs_are_sorted_and_two_stars_go_down(tmp_path: Path) -> None:
    make(tmp_path, "b.html", "a.html", "x/c.html", "x/y/d.html", "x/y/e.txt", "x/y/f.css")
    assert [shown.removeprefix(f"{tmp_path}/") for shown, _ in listed(f"{tmp_path}/*.html")] == ["a.html", "b.html"]
    assert [shown.removeprefix(f"{tmp_path}/") for shown, _ in listed(f"{tmp_path}/**/*.html")] == ["a.html", "b.html", "x/c.html", "x/y/d.html"]
    assert [shown.removeprefix(f"{tmp_path}/") for shown, _ in listed(f"{tmp_path}/**")] == ["a.html", "b.html", "x/c.html", "x/y/d.html", "x/y/e.txt"]
    assert [name for _, name in listed(f"{tmp_path}/*")] == ["a", "b", "x/c", "x/y/d", "x/y/e"]


def test_a_glob_without_a_match_and_a_name_without_a_file_are_failures(tmp_path: Path) -> None:
    assert listed(f"{tmp_path}/*.html") == [(f"{tmp_path}/*.html", "FileNotFoundError")]
    (gone,) = read_all([f"{tmp_path}/gone.html"])
    assert isinstance(gone, Failure)
    assert (gone.error, gone.record, gone.message) == ("FileNotFoundError", None, "No such file or directory")


def test_a_file_whose_name_has_signs_of_a_glob_is_that_file(tmp_path: Path) -> None:
    make(tmp_path, "what[1].html", "what1.html", "who?.html", "all*.html")
    for name in ("what[1].html", "who?.html", "all*.html"):
        assert [shown for shown, _ in listed(tmp_path / name)] == [f"{tmp_path}/{name}"]


def test_the_same_name_twice_is_two_inputs_with_outputs_of_their_own(tmp_path: Path) -> None:
    make(tmp_path, "a.html", "x/a.html", "a-2.html")
    found = listed(tmp_path / "a.html", tmp_path / "x/a.html", tmp_path / "a-2.html", tmp_path / "a.html")
    assert len({name for _, name in found}) == len(found) == 4
    assert found[0] == (f"{tmp_path}/a.html", "a")


NO_NAMES = ["\0", "a\0b.html", "a" * 5000, "/" * 5000 + "a", "http://[broken", "[", "**[", "ftp://host/a", "file:///etc/passwd", "", "http://", "\ud800.html"]


@pytest.mark.parametrize("name", NO_NAMES)
def test_no_name_ends_a_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path, "page.html")
    found = list(read_all([name, "page.html"]))
    assert [type(one) for one in found] == [Failure, Record]


UGLY = st.sampled_from(["..", "a/../..", ".", "%2e%2e", "\ud800", "é" * 300])


@given(names=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12) | UGLY, max_size=4))
def test_outputs_of_names_of_any_kind_stay_below_the_output_folder(names: list[str]) -> None:
    found = [one for one in sources(f"http://host.invalid/{name}" for name in names) if isinstance(one, Source)]
    assert len({one.name for one in found}) == len(found) == len(names)
    for one in found:
        assert one.name
        assert "/" not in one.name
        assert not one.name.startswith(".")
        assert len(one.name.encode()) < 200


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.html", "a"),
        ("a.jsonl.gz", "a"),
        ("CC-1.warc.wet.gz", "CC-1"),
        ("a.b.html", "a.b"),
        ("a.zst", "a"),
        (".a", ".a"),
        ("a", "a"),
        ("x.parquet", "x"),
        ("1.5.txt", "1.5"),
        ("é" * 120, "é" * 100),
    ],
)
def test_a_name_without_the_endings_that_say_what_it_is(name: str, expected: str) -> None:
    assert stem(name) == expected


def test_names_by_which_nothing_can_be_told_may_hold_articles() -> None:
    assert all(map(may_hold_articles, ["a", "a.php", "a.html", "a.warc.gz", "data:x.html", "index.html?page=2", "a.unknown", "caf\udce9.html"]))


# -- standard input and URLs -----------------------------------------------------------------------------


def test_a_hyphen_is_standard_input() -> None:
    assert listed("-") == [(STDIN, "stdin")]


class _Pages(http.server.BaseHTTPRequestHandler):
    """A server with a page in Latin 1, one that is elsewhere, and none else."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(301)
            self.send_header("Location", "/page.html")
            self.end_headers()
            return
        self.send_response(200 if self.path.startswith("/page.html") else 404)
        self.send_header("Content-Type", "text/html; charset=iso-8859-1")
        self.end_headers()
        self.wfile.write("<html><body><p>Un café.</p></body></html>".encode("latin-1"))

    def log_message(self, *said: object) -> None:
        return


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server on this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as serving:
        thread = threading.Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


def test_a_url_is_downloaded_with_its_encoding_and_where_it_led_to(server: str) -> None:
    page, moved, missing = read_all([f"{server}/page.html?id=1", f"{server}/moved", f"{server}/none"])
    assert isinstance(page, Record)
    assert isinstance(moved, Record)
    assert isinstance(missing, Failure)
    assert (page.source, page.url, page.encoding, page.name) == (f"{server}/page.html?id=1", f"{server}/page.html?id=1", "iso-8859-1", "page")
    assert (moved.source, moved.url, moved.name) == (f"{server}/moved", f"{server}/page.html", "moved")
    assert (missing.error, "404" in missing.message) == ("DownloadError", True)
