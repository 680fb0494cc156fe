"""Bytes → text: declarations, wrong ones, none at all."""

from __future__ import annotations

import codecs

import pytest

from cleaner.decode import decode

LATIN = "Le maire a décidé, à l'été, d'élargir la forêt près de l'église où l'on fête la récolte. " * 5
RUSSIAN = "Мэр города решил расширить парк возле старой церкви, где осенью празднуют урожай. " * 5
CHINESE = "市长决定扩建老教堂旁边的公园，那里每年秋天都会庆祝丰收，居民们对此表示欢迎。" * 5
JAPANESE = "市長は、秋に収穫を祝う古い教会のそばの公園を広げることを決め、住民はこれを歓迎した。" * 5
KOREAN = "시장은 가을마다 수확을 축하하는 오래된 교회 옆 공원을 넓히기로 했고 주민들은 환영했다. " * 5


def page(text: str, encoding: str, declared: str | None) -> bytes:
    meta = f'<meta charset="{declared}">' if declared else ""
    return f"<html><head>{meta}</head><body><p>{text}</p></body></html>".encode(encoding)


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        (LATIN, "cp1252", "iso-8859-1"),
        (LATIN, "iso-8859-15", "iso-8859-15"),
        (RUSSIAN, "cp1251", "windows-1251"),
        (RUSSIAN, "koi8-r", "KOI8-R"),
        (CHINESE, "gb18030", "gb2312"),
        (CHINESE, "gbk", "GBK"),
        (JAPANESE, "shift_jis", "Shift_JIS"),
        (JAPANESE, "euc-jp", "x-euc-jp"),
        (KOREAN, "euc-kr", "euc-kr"),
        ("市長決定擴建老教堂旁邊的公園，居民們對此表示歡迎。" * 5, "big5", "big5"),
        (LATIN, "utf-8", "utf-8"),
    ],
)
def test_a_declared_encoding_is_read(text: str, encoding: str, declared: str) -> None:
    got, _, warning = decode(page(text, encoding, declared))
    assert text in got
    assert warning is None


@pytest.mark.parametrize(("text", "encoding"), [(RUSSIAN, "cp1251"), (JAPANESE, "shift_jis"), (CHINESE, "gb18030")])
def test_an_encoding_that_nobody_declares_is_detected(text: str, encoding: str) -> None:
    assert text in decode(page(text, encoding, None))[0]


def test_utf_8_declared_as_something_else_is_utf_8_with_a_warning() -> None:
    got, encoding, warning = decode(page(LATIN, "utf-8", "iso-8859-1"))
    assert LATIN in got
    assert encoding == "utf-8"
    assert warning == "declared as cp1252, read as utf-8"


def test_a_wrong_declaration_of_utf_8_is_noticed() -> None:
    got, encoding, warning = decode(page(RUSSIAN, "cp1251", "utf-8"))
    assert RUSSIAN in got
    assert encoding == "cp1251"
    assert warning == "declared as utf-8, read as cp1251"


def test_a_bad_byte_in_utf_8_costs_one_letter() -> None:
    data = page(LATIN, "utf-8", "utf-8").replace("décidé".encode(), b"d\xe9cid\xc3\xa9", 1)
    got, encoding, _ = decode(data)
    assert encoding == "utf-8"
    assert "d\ufffdcidé" in got
    assert got.count("\ufffd") == 1


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE], ids=["8", "16le", "16be"])
def test_a_byte_order_mark_decides(mark: bytes) -> None:
    name = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}[mark]
    assert decode(mark + page(LATIN, name, "windows-1251"))[0].startswith("<html>")


def test_the_servers_word_counts_before_the_pages() -> None:
    assert RUSSIAN in decode(page(RUSSIAN, "koi8-r", "windows-1251"), "koi8-r")[0]


@pytest.mark.parametrize("data", [b"", b"\xff", bytes(range(256)), b"<meta charset=nonsense>\xe9", b"<meta charset=utf-16>\xc3\xa9"])
def test_nothing_raises(data: bytes) -> None:
    assert isinstance(decode(data)[0], str)
