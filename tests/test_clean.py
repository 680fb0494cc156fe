"""`cleaner.clean` as people use it, the laws on pages, and pages that are no pages."""

from __future__ import annotations

import gzip
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import cleaner
from cleaner.download import DownloadError, download

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "fixtures").glob("*/*/source.html"))
TEXT = (
    "Le maire a décidé d'élargir la digue près de l'église, où l'on fête la récolte depuis trois cents ans.",
    "Les pêcheurs, eux, demandent que le bac reste à quai tant que la crue n'est pas passée, et personne ne les contredit.",
    "Le conseil se prononcera jeudi, et les travaux pourraient commencer avant l'hiver si le préfet donne son accord.",
)
HTML = (
    "<html lang=fr><head><title>La digue sera élargie - Gazette</title><meta property=og:site_name content=Gazette></head><body>"
    "<nav><ul><li><a href=/>Accueil</a><li><a href=/monde>Monde</a></ul></nav><article><h1>La digue sera élargie</h1><p class=byline>Par Anna Berg</p>"
    f"<p>{TEXT[0]}</p><figure><img src=a.jpg><figcaption>La digue, mardi.</figcaption></figure><p>{TEXT[1]}</p>"
    f"<p>Lire aussi : <a href=/b>Le bac reste à quai</a></p><p>{TEXT[2]}</p></article>"
    "<div class=comments><p>Très bonne idée, merci !</p></div><footer><a href=/m>Mentions légales</a></footer></body></html>"
)


@pytest.mark.parametrize("html", [HTML, HTML.encode(), BeautifulSoup(HTML, "lxml")], ids=["str", "bytes", "soup"])
def test_a_page_comes_out_clean(html: str | bytes | BeautifulSoup) -> None:
    article = cleaner.clean(html)
    assert article.headline == "La digue sera élargie"
    assert article.paragraphs == TEXT
    assert article.byline == "Anna Berg"
    assert article.authors == ("Anna Berg",)
    assert (article.language, article.site_name, article.warnings) == ("fr", "Gazette", ())


def test_every_removal_names_a_rule_a_place_and_an_element() -> None:
    removed = {r.text: r for r in cleaner.clean(HTML).removed}
    assert removed["La digue, mardi."].rule == "common/page-caption"
    assert removed["Lire aussi : Le bac reste à quai"].rule == "lang/fr/lire-aussi"
    assert removed["Très bonne idée, merci !"].label == "comments"
    assert removed["Mentions légales"].path == "body > footer"
    assert all(r.source.rpartition(":")[2].isdecimal() for r in removed.values())


def test_captions_stay_if_they_are_wanted() -> None:
    article = cleaner.clean(HTML, captions=True)
    assert article.paragraphs == (TEXT[0], "La digue, mardi.", *TEXT[1:])
    assert "caption" in {b.kind for b in article.blocks}


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.parent.parent.name)
def test_nothing_is_lost(path: Path) -> None:
    article = cleaner.clean(path.read_bytes())
    assert "".join(article.source_text[v.start : v.end] for v in article.verdicts) == article.source_text
    assert all(v.rule for v in article.verdicts if v.kind == "removed")


def test_the_wrong_thing_raises() -> None:
    with pytest.raises(TypeError, match="html is int"):
        cleaner.clean(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="url is int"):
        cleaner.clean("<p>x", url=3)  # type: ignore[arg-type]


P = f"<p>{TEXT[0]}</p>"
HOSTILE = {
    "nested": "<div>" * 100_000 + P,
    "nested-and-closed": "<div>" * 50_000 + P + "</div>" * 50_000,
    "nested-inline": "<p>" + "<b><i>" * 50_000 + "x",
    "attributes": "<p " + " ".join(f"a{i}=1" for i in range(1_000_000)) + ">" + P,
    "long-text": "<p>" + "mot " * 500_000,
    "many-blocks": "<p>a</p>" * 20_000,
    "unclosed": "<html><body><div><p>a<p>b<table><tr><td>c<ul><li>d<span>" + P,
    "no-body": "<title>x</title>",
    "frames": "<html><frameset cols='50%,50%'><frame src=a><frame src=b></frameset></html>",
    "xhtml": "<?xml version='1.0'?><!DOCTYPE html><html xmlns='http://www.w3.org/1999/xhtml'><body><script>//<![CDATA[\nx\n//]]></script>" + P + "</body></html>",
    "entities": "<p>&amp &lt &nbsp" + "&" * 10_000 + "&#x" + "&#99999999999;" + P,
    "plaintext": "<p>a<plaintext><b>c</b>" + P,
    "nulls": "<p>a\0b\0</p>" + P,
    "utf-16": ("<html><body>" + P).encode("utf-16"),
    "gzip-as-text": gzip.compress(P.encode()).decode("latin-1"),
    "pdf": b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Type/Catalog>>endobj",
    "rss": "<?xml version='1.0'?><rss version='2.0'><channel><title>x</title></channel></rss>",
    "json": '{"a": "x", "b": [1, 2]}',
    "surrogate": "<p>a\ud800b</p>" + P,
    "deep-json": '<script type="application/ld+json">{"@type":"NewsArticle","x":' + "[" * 100_000 + "</script>" + P,
    "open-script": "<script>" + P,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_page_raises_or_loses_text(name: str) -> None:
    article = cleaner.clean(HOSTILE[name])
    assert "".join(article.source_text[v.start : v.end] for v in article.verdicts) == article.source_text
    if not article.body:
        assert article.warnings, "an empty article without a word on why"
    if isinstance(HOSTILE[name], str) and P in HOSTILE[name] and name not in ("plaintext", "open-script"):
        assert TEXT[0] in article.source_text


def test_every_kind_of_element_beside_every_other_is_fine() -> None:
    """Pairs of elements that no page had when the weights were fitted count for nothing, and do not raise."""
    tags = ("address", "aside", "nav", "summary", "pre", "dt", "caption", "legend", "footer", "blockquote", "h6", "main", "x-y")
    for one in tags:
        html = "".join(f"<{one}>{TEXT[0]}</{one}><{other}>{TEXT[1]}</{other}>" for other in tags)
        assert cleaner.clean(html).source_text


def test_a_body_selector_that_selects_nothing_with_text_is_stale(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "x.example.txt").write_text("hosts: x.example\nname: X\nbody: div.empty\n", encoding="utf-8")
    article = cleaner.Cleaner(rules=[tmp_path]).clean(HTML.replace("<footer>", "<div class=empty></div><footer>"), url="https://x.example/1")
    assert article.paragraphs == TEXT
    assert any("stale selector" in w for w in article.warnings)


def test_a_listing_and_a_stub_are_told() -> None:
    listing = "<html><body><ul>" + "".join(f"<li><a href=/{i}>Le bac reste à quai pour la {i}e fois</a>" for i in range(60)) + "</ul></body></html>"
    assert any("home page or a listing" in w for w in cleaner.clean(listing).warnings)
    stub = HTML.replace("<head>", '<head><script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false}</script>')
    assert any("for subscribers" in w for w in cleaner.clean(stub).warnings)


class Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = {"/missing": 404, "/moved": 302}.get(self.path, 200)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/page")
        self.send_header("Content-Type", "text/html; charset=koi8-r")
        self.end_headers()
        if status == 200:
            self.wfile.write(b"x" * 3_000_000 if self.path == "/large" else "<p>Мэр города решил расширить парк</p>".encode("koi8-r"))

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> object:
    with HTTPServer(("127.0.0.1", 0), Server) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_a_page_is_downloaded_with_its_encoding(server: str) -> None:
    got = download(f"{server}/moved")
    assert got.encoding == "koi8-r"
    assert got.url == f"{server}/page"
    assert "Мэр города" in cleaner.Cleaner().clean(got.data, url=got.url, encoding=got.encoding).source_text


@pytest.mark.parametrize(("path", "reason"), [("/missing", "404"), ("/large", "exceeds")])
def test_a_page_that_cannot_be_had_is_told(server: str, path: str, reason: str) -> None:
    with pytest.raises(DownloadError, match=reason):
        download(server + path, largest=1_000_000)


@pytest.mark.parametrize("url", ["ftp://example.org/a", "file:///etc/passwd", "http:///x"])
def test_only_http_is_downloaded(url: str) -> None:
    with pytest.raises(DownloadError, match="only http and https"):
        download(url)


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(DownloadError):
        download("http://127.0.0.1:9/", longest=20)
