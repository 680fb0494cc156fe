"""A web page → `Page`: one parse, one walk, blocks of visible text with where each stands.

What separates blocks is the element (HTML Living Standard, 15.3, "flow content"
is laid out in blocks) and ``<br>``. Inline markup separates nothing, so a word
half in bold stays one word; two links side by side are two words. What a browser
would not show (scripts, styles, hidden elements, fallbacks of players and frames)
is no text.
"""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import compress

from selectolax.lexbor import LexborHTMLParser, LexborNode

from cleaner.decode import decode
from cleaner.metadata import read_said
from cleaner.model import Markup, Page, Tree
from cleaner.sniff import LOOKED_AT, no_page

NOT_TEXT = frozenset(
    (
    "head script style noscript template svg iframe frame frameset noframes object embed applet audio video canvas select datalist textarea map math rp rt "
    "input img picture source meta link base title"
    ).split()
)
"""Elements that hold nothing to read, or what only a browser without scripts, frames or players would show."""
BLOCKS = frozenset(
    (
    "html body address article aside blockquote button caption center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 "
    "h6 header hgroup label legend li listing main menu nav ol optgroup p plaintext pre search section summary table tbody td tfoot th thead tr ul xmp"
    ).split()
)
"""Elements that begin and end a block."""
_TEXT, _SKIPPED, _BREAK, _BLOCK, _LINK, _BOLD, _SLANTED, _INLINE = range(8)
"""What an element is to the reader."""


class _Kinds(dict[str | None, int]):
    """What each name makes an element; a name with a hyphen is a custom element, which pages use as a box."""

    def __missing__(self, tag: str | None) -> int:
        self[tag] = kind = _SKIPPED if not tag or tag[0] in "-!" else _BLOCK if "-" in tag else _INLINE
        return kind


_KINDS = _Kinds(
    dict.fromkeys(BLOCKS, _BLOCK)
    | dict.fromkeys(NOT_TEXT, _SKIPPED)
    | {"-text": _TEXT, "br": _BREAK, "hr": _BREAK, "a": _LINK, "b": _BOLD, "strong": _BOLD, "i": _SLANTED, "em": _SLANTED}
)
_HIDDEN_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)
_HIDDEN_CLASS = re.compile(r"(?<![\w-])(?:sr-only|visually-?hidden|screen-?reader(?:-text|-only)?)(?![\w-])", re.I)
"""Names that style sheets give to text for screen readers only (Bootstrap's, WordPress', the BBC's)."""
_NAMES = frozenset(("class", "id", "role", "itemprop", "data-testid", "data-component", "data-module", "data-qa", "data-type", "aria-label", "name"))
"""Attributes whose words tell what an element is for."""

_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,40})(?:[^<>]{0,4000}>)?")
_NOT_NESTING = frozenset(
    "area base br col embed hr img input link meta param source track wbr p li dd dt td th tr tbody thead tfoot option optgroup colgroup rp rt script style".split()
)
"""Elements without content, or that end where the next of them begins."""
_DRAWING = frozenset(
    "svg g path circle rect line polyline polygon ellipse use defs symbol stop lineargradient radialgradient clippath mask filter image text tspan title desc".split()
)
"""Those of SVG, most of which pages close in their start tag."""
_SPACE = re.compile(r"\s+")
_LARGE = 300_000
"""Characters of a page from which the length of its tags is looked at, ..."""
_MANY_TAGS = 20_000
"""... and tags from which their depth is."""
_LONGEST_TAG = 100_000
_ENDLESS_TAG = re.compile(rf"<([a-zA-Z][\w-]{{0,40}})[^<>]{{{_LONGEST_TAG},}}>?")
_DEEPEST = 512
"""How deep elements may nest (Chromium's kMaximumHTMLParserDOMTreeDepth)."""
_LARGEST = 20_000_000
"""Bytes to which a packed page is unpacked."""
_NOWHERE = Markup((), (), (), (), (), Tree((-1,), (1,), ("html",), ("",)))
"""Where the blocks of a page without blocks stand."""
_ENDS_BLOCK, _ENDS_LINK, _ENDS_BOLD, _ENDS_SLANTED, _ENDS_HIDDEN, _ENDS_NOTHING = range(6)
"""What the end of an element ends."""
_LONG = 100
"""Characters from which a block is taken for running text when hidden and shown text are weighed."""


class _Columns:
    """The blocks found so far, one list a fact, and the text of the block that is being read."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.element: list[int] = []
        self.linked: list[int] = []
        self.bold: list[int] = []
        self.slanted: list[int] = []
        self.broken: list[bool] = []
        self.hidden: list[int] = []
        self.buffer: list[str] = []
        self.styles: list[tuple[int, str]] = []
        """Pieces of the buffer with markup of their own: 1 for a link, 2 for bold, 4 for italics."""

    def end(self, element: int, broken: bool, hidden: int) -> bool:
        """End the block that is being read; says whether there was one."""
        text = "".join(self.buffer)
        text = " ".join(text.split()) if len(text) < _LARGE else _SPACE.sub(" ", text).strip()  # a word list of so long a text would fill the memory
        self.buffer.clear()
        if text:
            self.lines.append(text)
            self.element.append(element)
            self.broken.append(broken)
            self.hidden.append(hidden)
            linked = bold = slanted = 0
            if self.styles:
                for style, piece in self.styles:
                    size = len(piece.strip())
                    if style & 1:
                        linked += size
                    if style & 2:
                        bold += size
                    if style & 4:
                        slanted += size
                self.styles.clear()
            self.linked.append(linked)
            self.bold.append(bold)
            self.slanted.append(slanted)
        else:
            self.styles.clear()
        return bool(text)


def read_html(source: str | bytes, url: str | None = None, selectors: Collection[str] = (), declared: str | None = None) -> tuple[Page, list[str]]:
    """The page that HTML shows, and warnings on what was found instead of HTML.

    `declared` is the encoding that the server's header named. Nothing raises.
    """
    warnings: list[str] = []
    html: str | bytes
    if isinstance(source, bytes):
        source = _unpacked(source, warnings)
        text, encoding, wrong = decode(source, declared)
        warnings += [wrong] if wrong else []
        html = source if encoding == "utf-8" and not source.startswith(codecs.BOM_UTF8) else text  # spares encoding it again
    else:
        html = text = source.removeprefix("\ufeff").encode("utf-8", "replace").decode("utf-8")  # lone surrogates
    strange = no_page(text)
    if strange:
        warnings.append(strange)
        if "\x00" in text[:LOOKED_AT] or text.startswith("%PDF"):
            return Page("", (), url, markup=_NOWHERE), warnings
    if "\x00" in text:
        html = text.replace("\x00", "\ufffd")
    if text.count("<") > _MANY_TAGS or (len(text) > _LARGE and max(map(len, text.split("<"))) > _LONGEST_TAG):
        html = _tamed(html if isinstance(html, str) else text)
    tree = LexborHTMLParser(html)
    return replace(read_tree(tree, url, selectors), said=read_said(tree, microdata="itemprop" in text)), warnings


def _tamed(html: str) -> str:
    """A page without what takes a parser time by the square of its number.

    Start tags that would nest deeper than `_DEEPEST` go, as in browsers; a tag of more than `_LONGEST_TAG` characters loses its attributes.
    """
    depth = 0
    html = _ENDLESS_TAG.sub(r"<\1>", html)

    def keep(tag: re.Match[str]) -> str:
        nonlocal depth
        name = tag[2].lower()
        if name in _NOT_NESTING or name in _DRAWING:
            return tag[0]
        if tag[1]:
            depth = max(0, depth - 1)
        else:
            depth += 1
            if depth > _DEEPEST:
                return " "
        return tag[0]

    return _ANY_TAG.sub(keep, html)


def _unpacked(data: bytes, warnings: list[str]) -> bytes:
    """Bytes without gzip around them."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    unpacker = zlib.decompressobj(31)
    try:
        plain = unpacker.decompress(data, _LARGEST)
    except zlib.error as error:
        warnings.append(f"begins like gzip, but cannot be unpacked ({error}); give the page itself")
        return b""
    warnings.append("was gzip; unpacked" if unpacker.eof else f"was gzip, cut short or larger than {_LARGEST // 1_000_000} MB; read as far as unpacked")
    return plain


def read_tree(tree: LexborHTMLParser, url: str | None = None, selectors: Collection[str] = ()) -> Page:
    """The text of a parsed page, block by block, and which elements the CSS `selectors` select.

    An element that is selected begins and ends a block, whatever it is.
    """
    asked: dict[int, list[str]] = {}
    for selector in selectors:
        for found in tree.css(selector):
            asked.setdefault(found.mem_id, []).append(selector)
    selected: dict[str, set[int]] = {selector: set() for selector in selectors}
    columns = _Columns()
    buffer, styles, kinds = columns.buffer, columns.styles, _KINDS
    parents, closed, tags, names = [-1], [0], ["html"], [""]
    element = links = bolds = slants = hidden = style = 0
    broken = after_link = False
    stack: list[tuple[LexborNode | None, int]] = []
    node: LexborNode | None
    node = tree.body or tree.root
    while True:
        while node is None and stack:
            node, ends = stack.pop()
            if ends == _ENDS_BLOCK:
                if buffer:
                    columns.end(element, broken, hidden)
                broken = False
                closed[element] = len(tags)
                element = parents[element]
            elif ends != _ENDS_NOTHING:
                if ends == _ENDS_LINK:
                    links -= 1
                    after_link = True
                elif ends == _ENDS_BOLD:
                    bolds -= 1
                elif ends == _ENDS_SLANTED:
                    slants -= 1
                else:
                    hidden -= 1
                style = (links > 0) + 2 * (bolds > 0) + 4 * (slants > 0)
        if node is None:
            break
        tag = node.tag
        kind = kinds[tag]
        if kind == _TEXT:
            text = node.text_content or ""
            if buffer or not text.isspace():
                buffer.append(text)
                after_link = False
                if style:
                    styles.append((style, text))
            node = node.next
            continue
        if kind == _SKIPPED:
            node = node.next
            continue
        if kind == _BREAK:
            if buffer and columns.end(element, True, hidden):
                broken = True
            node = node.next
            continue
        attributes = node.attributes
        following: LexborNode | None = node.next
        if asked and (picked := asked.get(node.mem_id)):
            kind = _BLOCK
        if attributes:
            classes = attributes.get("class")
            if classes and ("idden" in classes or "sr-only" in classes or "creen" in classes) and _HIDDEN_CLASS.search(classes):
                node = following
                continue
            if ("style" in attributes and _HIDDEN_STYLE.search(attributes["style"] or "")) or "hidden" in attributes:
                if kind != _BLOCK:
                    node = following
                    continue
                hidden += 1
                stack.append((following, _ENDS_HIDDEN))
                following = None
        if kind == _BLOCK:
            if buffer:
                columns.end(element, broken, hidden)
            broken = False
            parents.append(element)
            element = len(tags)
            tags.append(tag or "")
            closed.append(0)
            if asked and picked:
                for selector in picked:
                    selected[selector].add(element)
            names.append(" ".join([value for name, value in attributes.items() if value and name in _NAMES]) if attributes else "")
            stack.append((following, _ENDS_BLOCK))
        elif kind == _LINK:
            if after_link and buffer:
                buffer.append(" ")
            links += 1
            style |= 1
            stack.append((following, _ENDS_LINK))
        elif kind == _BOLD:
            bolds += 1
            style |= 2
            stack.append((following, _ENDS_BOLD))
        elif kind == _SLANTED:
            slants += 1
            style |= 4
            stack.append((following, _ENDS_SLANTED))
        else:
            stack.append((following, _ENDS_NOTHING))
        node = node.first_child
    if buffer:
        columns.end(element, broken, hidden)
    closed[0] = len(tags)
    return _page(columns, Tree(parents, closed, tags, names), {s: frozenset(found) for s, found in selected.items()}, url)


def _page(columns: _Columns, tree: Tree, selected: Mapping[str, frozenset[int]], url: str | None) -> Page:
    """The page of these blocks: those that are shown, or all where most of the running text waits for a script to show it."""
    hidden = columns.hidden
    keep = [True] * len(hidden)
    if any(hidden):
        long = [(len(line), bool(h)) for line, h in zip(columns.lines, hidden, strict=True) if len(line) >= _LONG]
        if sum(size for size, h in long if h) <= sum(size for size, h in long if not h):
            keep = [not h for h in hidden]
    lines = list(compress(columns.lines, keep))
    linked, bold, slanted = (list(compress(column, keep)) for column in (columns.linked, columns.bold, columns.slanted))
    markup = Markup(list(compress(columns.element, keep)), linked, bold, slanted, list(compress(columns.broken, keep)), tree, selected)
    return Page("\n".join(lines), lines, url, markup=markup)
