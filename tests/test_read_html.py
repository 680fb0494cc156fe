"""HTML → blocks: what separates them, what is no text, what is known of where they stand."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.read_html import read_html
from cleaner.sniff import looks_like_html


def lines(html: str) -> list[str]:
    return list(read_html(html)[0].lines)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Un mot en <b>gr</b>as <i>et</i> <span>un</span> autre", ["Un mot en gras et un autre"]),
        ("<p>un<br>deux<br/><br>trois</p>", ["un", "deux", "trois"]),
        ("<div>avant<p>dedans</p>après</div>", ["avant", "dedans", "après"]),
        ("<ul><li>un<li>deux</ul>", ["un", "deux"]),
        ("<a href=a>Accueil</a><a href=b>Monde</a>", ["Accueil Monde"]),
        ("<p>a<script>b</script><style>c</style><noscript>d</noscript><template>e</template>f", ["af"]),
        ("<p>a<!-- b -->c", ["ac"]),
        ("<p>  a \n\t b\xa0c  </p>", ["a b c"]),
        ("<select><option>a</select><textarea>b</textarea><video>c</video><p>d", ["d"]),
        ("<p>on lit<span class=sr-only>caché</span> ceci <span style='display: none'>pas cela</span>", ["on lit ceci"]),
        ("<div hidden><p>x</p></div><p>y", ["y"]),
        ("<title>t</title>", []),
        ("text &amp; &eacute;t&eacute;", ["text & été"]),
        ("<p>a<p>b<table><tr><td>c<td>d", ["a", "b", "c", "d"]),
        ("<ruby>漢<rt>kan</rt></ruby>", ["漢"]),
    ],
)
def test_blocks(html: str, expected: list[str]) -> None:
    assert lines(html) == expected


def test_text_that_scripts_will_show_is_read_where_the_page_shows_next_to_nothing() -> None:
    long = "Le maire a décidé d'élargir la forêt près de l'église où l'on fête la récolte depuis trois cents ans."
    assert lines(f"<p>Menu</p><div hidden><p>{long}</p></div>") == ["Menu", long]
    assert lines(f"<p>{long} Et plus encore.</p><div hidden><p>{long}</p></div>") == [f"{long} Et plus encore."]


def test_what_is_known_of_a_block() -> None:
    page, _ = read_html('<body><div class="main-text" id=a1><p>un <a href=#>lien</a> et du <b>gras</b></p></div>')
    markup = page.markup
    assert markup
    assert (markup.linked[0], markup.bold[0], markup.slanted[0]) == (4, 4, 0)
    tree = markup.tree
    assert tree.tag[markup.element[0]] == "p"
    around = tree.parent[markup.element[0]]
    assert tree.tag[around] == "div"
    assert tree.names[around] == "main-text a1"
    assert all(tree.parent[e] < e < tree.end[e] <= len(tree.tag) for e in range(1, len(tree.tag)))


def test_selectors_say_which_elements_they_select_inline_ones_too() -> None:
    page, _ = read_html("<p>un <em class=x>deux</em> trois", selectors=["em.x", "p.none"])
    assert list(page.lines) == ["un", "deux", "trois"]
    assert page.markup
    assert [page.markup.tree.tag[e] for e in page.markup.selected["em.x"]] == ["em"]
    assert not page.markup.selected["p.none"]


@pytest.mark.parametrize(
    ("source", "warning"),
    [
        ("", "the page is empty"),
        (b"%PDF-1.7 \xe2\xe3", "this is a PDF"),
        ('{"a": [1, 2]}', "this is JSON"),
        ("<?xml version='1.0'?><rss><channel><title>x</title></channel></rss>", "this is a feed"),
        (gzip.compress(b"<p>x").decode("latin-1"), "this is gzip read as text"),
        (gzip.compress(b"<p>un deux trois</p>"), "was gzip; unpacked"),
        (gzip.compress(b"<p>un deux trois</p>" * 99)[:40], "cut short"),
        (b"\x00\x01\x02" * 100, "binary"),
    ],
)
def test_what_is_no_page_is_told(source: str | bytes, warning: str) -> None:
    _, warnings = read_html(source)
    assert any(warning in w for w in warnings), warnings


def test_a_page_and_a_text_are_told_apart() -> None:
    for html in ("<!DOCTYPE html><p>x", "<html>", b"\xef\xbb\xbf<html>", "<p class=a>x</p>", "<html>".encode("utf-16"), b"%PDF-1"):
        assert looks_like_html(html), html
    for text in ("Un texte.", "2 < 3 et 4 > 1", "voir <https://example.org>", "", b"\xd8\xa7\xd9\x84\xd9\x86\xd8\xb5"):
        assert not looks_like_html(text), text


def test_the_readme_page_is_html_and_the_readme_text_is_not() -> None:
    root = Path(__file__).parent.parent / "fixtures"
    assert looks_like_html(next(root.glob("*/*/source.html")).read_bytes())
    assert not looks_like_html(next(root.glob("*/*/source.txt")).read_bytes())


@given(st.text(alphabet="<>/ab pdiv=\"'&;!-\n\x00", max_size=200))
def test_no_html_raises_and_no_block_is_blank(html: str) -> None:
    page, _ = read_html(html)
    assert all(line == " ".join(line.split()) and line for line in page.lines)
    assert page.text == "\n".join(page.lines)
