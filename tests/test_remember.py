"""The cache of compiled rules: never a different answer, never a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

import cleaner
from cleaner.remember import KEPT, remembered

TEXT = "Lire aussi : Retraites, ce qui change\nLe barrage, fermé depuis deux ans à la suite d'une crue, a rouvert lundi à la visite du public."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLEANER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_was_made_once_is_read_the_next_time(folder: Path) -> None:
    assert remembered(b"x", lambda: [1, "a", {("b", "c"): (2, 3)}]) == [1, "a", {("b", "c"): (2, 3)}]
    assert remembered(b"x", lambda: pytest.fail("made again")) == [1, "a", {("b", "c"): (2, 3)}]
    assert remembered(b"y", lambda: [2]) == [2]


def test_the_answer_is_the_same_with_the_cache_cold_warm_and_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cold = cleaner.Cleaner().clean_text(TEXT).to_dict()
    assert list(folder.glob("*.tables"))
    warm = cleaner.Cleaner().clean_text(TEXT).to_dict()
    monkeypatch.setenv("CLEANER_CACHE", "off")
    off = cleaner.Cleaner().clean_text(TEXT).to_dict()
    assert cold == warm == off
    assert [r["rule"] for r in cold["removed"]] == ["lang/fr/lire-aussi"]


@pytest.mark.parametrize("damage", [b"", b"\x00\x01nonsense", b"("])
def test_a_damaged_file_is_made_anew(folder: Path, damage: bytes) -> None:
    remembered(b"x", lambda: [1])
    (file,) = folder.glob("*.tables")
    file.write_bytes(damage)
    assert remembered(b"x", lambda: [1]) == [1]
    assert file.read_bytes() != damage


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CLEANER_CACHE", str(tmp_path / "file" / "below"))
    assert remembered(b"x", lambda: [1]) == [1]


def test_the_oldest_files_go(folder: Path) -> None:
    for i in range(KEPT + 5):
        remembered(str(i).encode(), lambda: [0])
    assert len(list(folder.glob("*.tables"))) == KEPT
    assert not list(folder.glob("*.part"))
