"""Bulk requests, read as the references of Elasticsearch and OpenSearch say, and taken by a server that is as strict as they are."""

from __future__ import annotations

import datetime
import fnmatch
import json
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT

from cleaner.index.bulk import ANALYZERS, FOLDED, bulk, identifier, mapping, query, source
from cleaner.index.document import Document

# The analyzers and filters that both products ship without a plug-in: Elasticsearch's reference, "Language analyzers" and
# "Token filter reference"; OpenSearch's documentation, "Language analyzers" and "Token filters". Not in both: serbian, polish, ukrainian.
LANGUAGE_ANALYZERS = set(
    "arabic armenian basque bengali brazilian bulgarian catalan cjk czech danish dutch english estonian finnish french galician german greek hindi hungarian "
    "indonesian irish italian latvian lithuanian norwegian persian portuguese romanian russian sorani spanish swedish turkish thai".split()
)
FILTERS = set("arabic_normalization asciifolding cjk_bigram cjk_width decimal_digit lowercase persian_normalization".split())
FIELD_TYPES = {"text": {"type", "analyzer", "fields"}, "keyword": {"type", "ignore_above"}, "date": {"type", "format"}}
"""The types that we use, with those of their documented parameters that we use."""


class Refused(ValueError):
    """What a server answers with status 400."""


def check_mapping(body: dict[str, Any]) -> None:
    """Whether an index can be made so. Raises Refused."""
    if set(body) - {"settings", "mappings", "aliases"}:
        raise Refused(f"unknown key for create index: {set(body)}")
    own = body["settings"]["analysis"]["analyzer"]
    for analyzer in own.values():
        if analyzer["type"] != "custom" or analyzer["tokenizer"] != "standard" or set(analyzer["filter"]) - FILTERS or set(analyzer) != {"type", "tokenizer", "filter"}:
            raise Refused(f"analyzer {analyzer}")
    if body["mappings"]["dynamic"] not in (True, False, "strict", "runtime"):
        raise Refused("dynamic")
    for name, field in _fields(body["mappings"]["properties"]):
        if field["type"] not in FIELD_TYPES or set(field) - FIELD_TYPES[field["type"]]:
            raise Refused(f"{name}: {field}")
        if field.get("analyzer", "standard") not in LANGUAGE_ANALYZERS | {"standard"} | set(own):
            raise Refused(f"analyzer [{field['analyzer']}] has not been configured in mappings")


def _fields(properties: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in properties.items():
        if "properties" in field:
            yield from _fields(field["properties"], f"{path}{name}.")
        else:
            yield path + name, field
            yield from _fields(field.get("fields", {}), f"{path}{name}.")


def parse_bulk(body: bytes, default: str | None = None) -> list[tuple[str, str, dict[str, Any]]]:
    """The (index, id, source) of a bulk request's ``index`` actions. Raises Refused for whatever the references do not allow."""
    if not body.endswith(b"\n"):
        raise Refused("The bulk request must be terminated by a newline [\\n]")
    lines = body[:-1].split(b"\n")
    if len(lines) % 2:
        raise Refused("an action without its source")
    found = []
    for action_line, source_line in zip(lines[::2], lines[1::2], strict=True):
        action, said = json.loads(action_line), json.loads(source_line)
        if not isinstance(action, dict) or list(action) != ["index"]:
            raise Refused(f"Malformed action/metadata line, expected one of [create, delete, index, update] but found {action_line!r}")
        meta = action["index"]
        if set(meta) - {"_index", "_id", "routing", "version", "version_type", "if_seq_no", "if_primary_term", "pipeline", "require_alias", "dynamic_templates"}:
            raise Refused(f"Action/metadata line contains an unknown parameter: {meta}")
        if len(meta["_id"].encode()) > 512 or not meta["_id"]:
            raise Refused(f"id is too long, must be no longer than 512 bytes but was: {len(meta['_id'].encode())}")
        if not isinstance(said, dict):
            raise Refused("the source is no object")
        found.append((meta.get("_index") or default or "", meta["_id"], said))
    return found


def check_source(said: dict[str, Any], properties: dict[str, Any], path: str = "") -> None:
    """Whether a document fits a strict mapping. Raises Refused."""
    for name, value in said.items():
        if name not in properties:
            raise Refused(f"mapping set to strict, dynamic introduction of [{path}{name}] is not allowed")
        field = properties[name]
        if "properties" in field:
            check_source(value, field["properties"], f"{path}{name}.")
        elif field["type"] == "date":
            datetime.datetime.strptime(value, "%Y-%m-%d")
        elif not isinstance(value, str):
            raise Refused(f"failed to parse field [{path}{name}] of type [{field['type']}]")


class Server(ThreadingHTTPServer):
    """What stands in for a cluster: indexes with their mappings and documents, by name."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mappings: dict[str, dict[str, Any]] = {}
        self.documents: dict[tuple[str, str], dict[str, Any]] = {}
        self.kinds: list[str] = []
        """The content types of the bulk requests: the references ask for the first, and opensearch-py sends the last."""
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *said: object) -> None:
        pass

    def answer(self, status: int, data: dict[str, Any]) -> None:
        body = json.dumps(data).encode()
        kind = "application/vnd.elasticsearch+json;compatible-with=9" if "vnd.elasticsearch" in self.headers.get("Accept", "") else "application/json"
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), ("X-Elastic-Product", "Elasticsearch")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def handle_request(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.headers.get("Content-Type", "").split(";")[0]
        path = self.path.split("?")[0].strip("/")
        try:
            with self.server.lock:
                if self.command == "PUT" and kind in ("application/json", "application/vnd.elasticsearch+json"):
                    check_mapping(json.loads(body))
                    self.server.mappings[path] = json.loads(body)["mappings"]
                    return self.answer(200, {"acknowledged": True, "shards_acknowledged": True, "index": path})
                if self.command not in ("POST", "PUT") or path.split("/")[-1] != "_bulk":
                    return self.answer(404, {"error": f"no handler found for uri [{self.path}] and method [{self.command}]", "status": 404})
                if kind not in ("application/x-ndjson", "application/vnd.elasticsearch+x-ndjson", "application/json"):
                    return self.answer(406, {"error": f"Content-Type header [{kind}] is not supported", "status": 406})
                self.server.kinds.append(kind)
                items = [self.put(*one) for one in parse_bulk(body, path.removesuffix("_bulk").strip("/"))]
            return self.answer(200, {"took": 1, "errors": any("error" in item["index"] for item in items), "items": items})
        except Refused as error:
            return self.answer(400, {"error": {"type": "illegal_argument_exception", "reason": str(error)}, "status": 400})

    def put(self, index: str, name: str, said: dict[str, Any]) -> dict[str, Any]:
        meta = {"_index": index, "_id": name}
        try:
            check_source(said, self.server.mappings[index]["properties"])
        except (Refused, ValueError) as error:
            return {"index": {**meta, "status": 400, "error": {"type": "document_parsing_exception", "reason": str(error)}}}
        there = (index, name) in self.server.documents
        self.server.documents[index, name] = said
        return {"index": {**meta, "_version": 1 + there, "result": "updated" if there else "created", "status": 200 if there else 201}}

    do_POST = do_PUT = do_GET = do_HEAD = handle_request


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def article(key: str, headline: str = "Bridge", body: str = "", language: str | None = None, day: str | None = None) -> Document:
    return Document(key, headline, "", body, None, datetime.date.fromisoformat(day) if day else None, language)


# -- mapping ---------------------------------------------------------------------------------


def test_the_mapping_is_one_that_an_index_can_be_made_with() -> None:
    check_mapping(mapping())
    json.dumps(mapping())


def test_every_language_has_its_analyzer_and_one_without_accents_beside_it() -> None:
    fields = dict(_fields(mapping()["mappings"]["properties"]))
    assert fields["body.fr"]["analyzer"] == "french"
    assert fields["body.th"]["analyzer"] == "thai"
    assert {fields[f"body.{code}"]["analyzer"] for code in ("zh", "ja", "ko")} == {"cjk"}
    assert {fields[f"{name}.{code}.folded"]["analyzer"] for name in ("headline", "body") for code in ANALYZERS} == {FOLDED}
    assert fields["body.other"]["analyzer"] == FOLDED


def test_an_index_stays_far_below_the_limit_of_a_thousand_fields() -> None:
    assert len(list(_fields(mapping()["mappings"]["properties"]))) < 200


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("settings", "analysis", "analyzer", "folded", "filter"), ["icu_folding"]),
        (("mappings", "properties", "dateline", "analyzer"), "polish"),
        (("mappings", "properties", "date", "type"), "day"),
    ],
)
def test_the_check_of_mappings_refuses_what_is_not_there(place: tuple[str, ...], wrong: object) -> None:
    body: Any = mapping()
    at = body
    for name in place[:-1]:
        at = at[name]
    at[place[-1]] = wrong
    with pytest.raises(Refused):
        check_mapping(body)


# -- documents -------------------------------------------------------------------------------


def test_a_document_is_an_action_line_and_a_source_line() -> None:
    one = Document("https://e.org/1", "Élections", "Évian, 1 mai", "Un\n\nDeux", "https://e.org/1", datetime.date(2024, 5, 1), "fr")
    (body,) = bulk([one])
    ((index, name, said),) = parse_bulk(body)
    assert (index, name) == ("articles", "https://e.org/1")
    assert said == {
        "key": "https://e.org/1", "url": "https://e.org/1", "date": "2024-05-01", "language": "fr", "dateline": "Évian, 1 mai",
        "headline": {"fr": "Élections"}, "body": {"fr": "Un\n\nDeux"},
    }
    assert body.count(b"\n") == 2


@pytest.mark.parametrize(("language", "field"), [("fr", "fr"), ("nn", "nb"), ("no", "nb"), ("pt-BR", "pt"), ("hr", "other"), (None, "other"), ("body", "other")])
def test_a_text_lies_under_its_language(language: str | None, field: str) -> None:
    assert source(article("a", "Bridge", "Old", language))["body"] == {field: "Old"}


def test_what_breaks_lines_breaks_none_of_the_format() -> None:
    evil = 'a\nb\r\nc\u2028d\u2029e\x85f\x00"\\\ud800'
    (body,) = bulk([Document(evil, evil, evil, evil, evil, None, evil)])
    ((_, name, said),) = parse_bulk(body)
    assert name == evil.replace("\ud800", "?")
    assert said["body"] == {"other": evil.replace("\ud800", "?")}


def test_requests_hold_whole_documents_and_stay_below_the_size() -> None:
    many = [article(f"key {n}", "é" * n) for n in range(200)]
    bodies = list(bulk(many, size=5000))
    assert max(map(len, bodies)) <= 5000
    assert min(map(len, bodies[:-1])) > 4000
    assert [name for body in bodies for _, name, _ in parse_bulk(body)] == [one.key for one in many]


def test_a_document_longer_than_the_size_goes_alone() -> None:
    bodies = list(bulk([article("a"), article("b", "long " * 1000), article("c")], size=1000))
    assert [[name for _, name, _ in parse_bulk(body)] for body in bodies] == [["a"], ["b"], ["c"]]


def test_nothing_is_no_request() -> None:
    assert list(bulk([])) == []


def test_long_keys_become_ids_of_at_most_512_bytes_that_differ() -> None:
    long = ["https://e.org/" + "é" * 300 + str(n) for n in range(100)]
    names = [name for body in bulk(map(article, long)) for _, name, _ in parse_bulk(body)]
    assert len(set(names)) == 100
    assert identifier("é" * 256) == "é" * 256
    assert identifier("é" * 257) != "é" * 257
    assert names == [identifier(key) for key in long]


@pytest.mark.parametrize("name", ["", "Articles", "a b", "-a", "_a", "+a", ".", "..", "a/b", 'a"b', "a*", "a?", "a,b", "a#b", "a:b", "a\nb", "é" * 128])
def test_a_name_that_no_index_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no name for an index"):
        bulk([], name)


@pytest.mark.parametrize("name", ["articles", "articles-2024.05", ".hidden", "новости"])
def test_a_name_that_an_index_can_have_is_taken(name: str) -> None:
    ((index, _, _),) = parse_bulk(next(bulk([article("a")], name)))
    assert index == name


def expanded(body: dict[str, Any]) -> list[str]:
    """The fields that a query asks, patterns read."""
    names = [name for name, _ in _fields(mapping()["mappings"]["properties"])]
    patterns = [field.partition("^")[0] for field in body["query"]["bool"]["must"][0]["multi_match"]["fields"]]
    assert all(fnmatch.filter(names, pattern) for pattern in patterns), "a pattern that fits no field"
    return sorted({name for pattern in patterns for name in fnmatch.filter(names, pattern)})


def test_a_query_in_a_language_asks_its_fields_and_leaves_its_documents() -> None:
    asked = query("bridge", "fr")
    assert expanded(asked) == ["body.fr", "body.fr.folded", "dateline", "headline.fr", "headline.fr.folded"]
    assert asked["query"]["bool"]["filter"] == [{"term": {"language": "fr"}}]
    assert expanded(query("bridge", "hr")) == ["body.other", "dateline", "headline.other"]


def test_a_query_in_no_language_asks_all_and_leaves_room_for_twelve_words() -> None:
    asked = expanded(query("bridge"))
    assert {"body.fr.folded", "body.th", "body.other", "headline.ar.folded"} < set(asked)
    assert "body.fr" not in asked
    assert 12 * len(asked) < 1024


def test_the_newest_first_are_asked_for_by_date() -> None:
    assert query("bridge", newest=True)["sort"][0] == {"date": {"order": "desc", "missing": "_last"}}
    assert query("bridge")["sort"] == ["_score"]


# -- a server --------------------------------------------------------------------------------

PAGES = sorted(map(str, (ROOT / "fixtures").glob("courrier*/*/source.txt"))) + sorted(map(str, (ROOT / "fixtures").glob("a*/*/source.txt")))


def test_the_official_clients_send_what_bulk_writes(server: Server) -> None:
    opensearch = pytest.importorskip("opensearchpy").OpenSearch(server.url)
    elastic = pytest.importorskip("elasticsearch").Elasticsearch(server.url)
    opensearch.indices.create(index="o", body=mapping())
    elastic.indices.create(index="e", **mapping())
    many = [article(f"key {n}", f"Bridge\u2028{n}", "Old", "en", "2024-05-01") for n in range(50)]
    for _ in range(2):
        for body in bulk(many, "o", 1000):
            assert not opensearch.bulk(body=body)["errors"]
        for body in bulk(many, "e", 1000):
            assert not elastic.bulk(operations=body)["errors"]
    assert len(server.documents) == 100
    assert len(server.kinds) > 20
    assert {said["headline"]["en"] for said in server.documents.values()} == {one.headline for one in many}


def test_the_helpers_of_the_clients_send_our_sources(server: Server) -> None:
    helpers = pytest.importorskip("opensearchpy").helpers
    client = pytest.importorskip("opensearchpy").OpenSearch(server.url)
    client.indices.create(index="articles", body=mapping())
    many = [article(f"key {n}", "Bridge", "Old", "en") for n in range(1200)]
    actions = ({"_index": "articles", "_id": identifier(one.key), "_source": source(one)} for one in many)
    assert helpers.bulk(client, actions) == (1200, [])
    done = list(helpers.parallel_bulk(client, ({"_index": "articles", "_id": identifier(one.key), "_source": source(one)} for one in many), thread_count=2))
    assert [ok for ok, _ in done] == [True] * 1200
    assert len(server.documents) == 1200


GOOD = b'{"index":{"_id":"a"}}\n{}\n'


@pytest.mark.parametrize("body", [GOOD[:-1], GOOD[:-3], b"{}\n{}\n", GOOD.replace(b'"a"', b'"a","x":1'), GOOD.replace(b"a", b"a" * 513), GOOD.replace(b"index", b"put")])
def test_the_server_of_these_tests_is_strict(body: bytes) -> None:
    assert parse_bulk(GOOD) == [("", "a", {})]
    with pytest.raises(Refused):
        parse_bulk(body)


def test_a_document_that_does_not_fit_the_mapping_is_told_by_the_server(server: Server) -> None:
    properties = mapping()["mappings"]["properties"]
    for said in ({"headline": {"xx": "a"}}, {"key": 1}, {"body": {"fr": None}}, {"title": "a"}):
        with pytest.raises(Refused):
            check_source(said, properties)
    with pytest.raises(ValueError, match="does not match"):
        check_source({"date": "1 May"}, properties)


# -- the command -----------------------------------------------------------------------------


def run(*args: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "cleaner.index.bulk", *args], capture_output=True, check=False, **options)


def test_the_command_writes_requests_and_says_what_failed(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")
    done = run(*PAGES, str(tmp_path / "none.txt"), str(tmp_path / "empty.txt"), "--language", "fr", "--index", "press")
    found = parse_bulk(done.stdout)
    assert (done.returncode, {index for index, _, _ in found}, len(found)) == (1, {"press"}, len(PAGES))
    assert b"none.txt" in done.stderr
    assert b"empty.txt: record 1: no article" in done.stderr


def test_the_command_writes_one_file_a_request(tmp_path: Path) -> None:
    done = run(*PAGES, "--size", "100", "-o", str(tmp_path / "out"))
    assert (done.returncode, done.stdout) == (0, b"")
    files = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in files[:2]] == ["articles-00001.ndjson", "articles-00002.ndjson"]
    assert sum(len(parse_bulk(file.read_bytes())) for file in files) == len(PAGES)


def test_the_command_prints_the_mapping() -> None:
    assert json.loads(run("--mapping").stdout) == mapping()


def test_the_command_refuses_a_wrong_name() -> None:
    done = run(PAGES[0], "--index", "Press")
    assert done.returncode == 2
    assert b"is no name for an index" in done.stderr


def test_the_commands_of_the_documentation_fill_an_index(server: Server, tmp_path: Path) -> None:
    text = (ROOT / "docs/search-engines.md").read_text(encoding="utf-8")
    (commands,) = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    commands = commands.replace("python -m", f"{shlex.quote(sys.executable)} -m").replace("http://localhost:9200", server.url)
    (tmp_path / "pages").mkdir()
    for number, name in enumerate(PAGES):
        (tmp_path / "pages" / f"{number}.txt").write_bytes(Path(name).read_bytes())
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"errors": true' not in done.stdout
    assert len(server.documents) == len(PAGES)
    assert set(server.kinds) == {"application/x-ndjson"}
