"""Articles as TEI P5 XML (https://tei-c.org/release/doc/tei-p5-doc/en/html/): `dateline`, `head` and `byline` are elements there."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from cleaner.article import Article

NAMESPACE = "http://www.tei-c.org/ns/1.0"
_MADE = "Made by cleaner from the web."
_CORPUS_HEADER = f"""\
<teiHeader>
  <fileDesc>
    <titleStmt>
      <title>Articles</title>
    </titleStmt>
    <publicationStmt>
      <p>{_MADE}</p>
    </publicationStmt>
    <sourceDesc>
      <p>Every article names its own.</p>
    </sourceDesc>
  </fileDesc>
</teiHeader>
"""
CORPUS = (f'<?xml version="1.0" encoding="UTF-8"?>\n<teiCorpus xmlns="{NAMESPACE}">\n{_CORPUS_HEADER}'.encode(), b"</teiCorpus>\n")
"""What stands before and after many articles in one file."""
_RUNNING = ("dateline", "p")
"""Elements in which a blank or line break would be text."""
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""


def tei(article: Article, removed: bool = False, *, inner: bool = False) -> str:
    """A TEI document of one article; with ``inner`` without what stands before its root, as it goes into a corpus."""
    root = ET.Element("TEI", {} if inner else {"xmlns": NAMESPACE})
    _header(ET.SubElement(root, "teiHeader"), article)
    text = _put(root, "text", "", **({"xml:lang": article.language} if article.language else {}))
    division = ET.SubElement(ET.SubElement(text, "body"), "div", type="article")
    if article.headline:
        _put(division, "head", article.headline)
    if article.dateline:
        _dateline(division, article)
    if article.byline:
        _put(division, "byline", article.byline)
    _paragraphs(division, article)
    if removed and article.removed:
        gone = ET.SubElement(ET.SubElement(text, "back"), "div", type="removed")
        for one in article.removed:
            _put(gone, "ab", one.text, type=one.label, n=one.rule)
    _indent(root)
    written = ET.tostring(root, encoding="unicode") + "\n"
    return written if inner else '<?xml version="1.0" encoding="UTF-8"?>\n' + written


def _put(parent: ET.Element, tag: str, text: str, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, {name: _writable(value) for name, value in attributes.items()})
    element.text = _writable(text)
    return element


def _writable(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


def _indent(element: ET.Element, level: int = 0) -> None:
    """Every element in a line of its own, but for those in running text."""
    if not len(element) or element.tag in _RUNNING:
        return
    element.text = "\n" + "  " * (level + 1)
    for child in element:
        _indent(child, level + 1)
        child.tail = "\n" + "  " * (level + 1)
    element[-1].tail = "\n" + "  " * level


def _header(header: ET.Element, article: Article) -> None:
    file = ET.SubElement(header, "fileDesc")
    title = ET.SubElement(file, "titleStmt")
    _put(title, "title", article.headline or "", type="main")
    for author in article.authors:
        _put(title, "author", author)
    published = ET.SubElement(file, "publicationStmt")
    _put(published, "p", _MADE)
    source = ET.SubElement(ET.SubElement(file, "sourceDesc"), "bibl")
    if article.site_name:
        _put(source, "publisher", article.site_name)
    if article.published:
        _put(source, "date", article.published.isoformat(), when=article.published.isoformat())
    if article.url:
        _put(source, "ref", article.url, target=re.sub(r"\s", "%20", article.url))
    if not len(source):
        source.text = "unknown"
    if article.language:
        _put(ET.SubElement(ET.SubElement(header, "profileDesc"), "langUsage"), "language", article.language, ident=article.language)


def _dateline(division: ET.Element, article: Article) -> None:
    """The dateline as it was printed, with its place, date and source marked in it."""
    line = article.dateline
    assert line is not None
    element = ET.SubElement(division, "dateline")
    marks: list[tuple[int, int, str, dict[str, str]]] = []
    for tag, said, attributes in (
        ("placeName", line.place, {}),
        ("date", line.date_text, {"when": line.date.isoformat()} if line.date else {}),
        ("orgName", line.source, {}),
    ):
        at = line.text.find(said) if said else -1
        if said and at >= 0 and not any(start < at + len(said) and at < end for start, end, *_ in marks):
            marks.append((at, at + len(said), tag, attributes))
    done, last = 0, None
    for start, end, tag, attributes in sorted(marks, key=lambda mark: mark[0]):
        between = _writable(line.text[done:start])
        if last is None:
            element.text = between
        else:
            last.tail = between
        last = _put(element, tag, line.text[start:end], **attributes)
        done = end
    rest = _writable(line.text[done:])
    if last is None:
        element.text = rest
    else:
        last.tail = rest


def _paragraphs(division: ET.Element, article: Article) -> None:
    kinds = {block.text: block.kind for block in article.blocks}
    items: ET.Element | None = None
    for paragraph in article.paragraphs:
        kind = kinds.get(paragraph, "paragraph")
        if kind == "list-item":
            items = ET.SubElement(division, "list") if items is None else items
            _put(items, "item", paragraph[1:].lstrip())
            continue
        items = None
        if kind == "crosshead":
            _put(division, "ab", paragraph, type="crosshead")
        elif kind == "quote":
            _put(ET.SubElement(division, "p"), "quote", paragraph)
        else:
            _put(division, "p", paragraph)
    if not article.paragraphs:
        ET.SubElement(division, "p")
