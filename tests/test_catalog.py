"""Which rule files there are: the shipped ones, the user's, the caller's; all of them without fault, or none."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import rule

import cleaner
from cleaner import catalog
from cleaner.catalog import Catalog, host_of
from cleaner.model import RuleError

MakeFolder = Callable[[dict[str, str]], Path]
SITE = "hosts: example.org\n"


def load(*folders: Path) -> Catalog:
    """The catalog of these folders alone."""
    return catalog.load(folders, defaults=False)


# -- sites -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.lemonde.fr/a/b.html?c=d", "lemonde.fr"),
        ("http://LeMonde.FR:8080/", "lemonde.fr"),
        ("lemonde.fr/article", "lemonde.fr"),
        ("//www.lemonde.fr", "lemonde.fr"),
        ("https://user:word@abonnes.lemonde.fr", "abonnes.lemonde.fr"),
        ("", ""),
        ("not a url", "not a url"),
        ("https://[bad/", ""),
    ],
)
def test_the_host_of_a_url(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://example.org/x", "site/example.org"),
        ("https://www.example.org/x", "site/example.org"),
        ("https://fr.news.example.org/x", "site/example.org"),
        ("https://sport.example.org/x", "site/sport.example.org"),
        ("https://live.sport.example.org/x", "site/sport.example.org"),
        ("https://EXAMPLE.ORG", "site/example.org"),
        ("https://sister.example/x", "site/example.org"),
        ("https://notexample.org/x", None),
        ("https://example.org.evil.example/x", None),
        ("https://org/x", None),
        ("", None),
        (None, None),
    ],
)
def test_a_subdomain_belongs_to_its_site_unless_it_has_a_file_of_its_own(rule_folder: MakeFolder, url: str | None, place: str | None) -> None:
    folder = rule_folder({"site/example.org.txt": SITE + "hosts: sister.example\n", "site/sport.example.org.txt": "hosts: Sport.Example.org\n"})
    assert load(folder).site_of(url) == place


# -- folders -------------------------------------------------------------------------------


def test_files_are_found_by_their_place(rule_folder: MakeFolder) -> None:
    folder = rule_folder(
        {"common.txt": "", "lang/fr.txt": "language: fr", "lang/ar.txt": "language: ar", "site/example.org.txt": SITE, "README.md": "nonsense", "lang/notes.md": "nonsense"}
    )
    loaded = load(folder)
    assert [file.place for file in loaded.files] == ["common", "lang/ar", "lang/fr", "site/example.org"]
    assert loaded.languages == ["ar", "fr"]
    assert loaded.sites == ["site/example.org"]


def test_the_shipped_rules_are_found_and_have_no_faults_of_form() -> None:
    loaded = catalog.load()
    assert {"ar", "en", "fr"} <= set(loaded.languages)
    assert {"site/cinktank.com", "site/maghress.com"} <= set(loaded.sites)
    assert loaded.rules("common")


def test_a_users_site_file_adds_to_the_shipped_one(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"site/maghress.com.txt": "hosts: mirror.example\nagency: Mine\n" + rule("mine", is_="Mine and mine alone")})
    loaded = catalog.load([folder])
    before = {r.id for r in catalog.load().rules("site/maghress.com")}
    assert {r.id for r in loaded.rules("site/maghress.com")} == before | {"site/maghress.com/mine"}
    assert loaded.site_of("https://www.maghress.com/x") == loaded.site_of("https://mirror.example/x") == "site/maghress.com"
    assert "Publié dans {source} le {date}" in loaded.top("dateline", "site/maghress.com")
    assert loaded.top("agency", "site/maghress.com") == ["Mine"]


def test_a_users_site_file_works_on_the_site_that_the_shipped_one_knows(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"site/maghress.com.txt": "hosts: maghress.com\n" + rule("mine", label="tools", is_="Mine and mine alone")})
    article = cleaner.Cleaner(rules=[folder]).clean_text("Mine and mine alone", url="https://www.maghress.com/x")
    assert [(r.rule, r.label) for r in article.removed] == [("site/maghress.com/mine", "tools")]


def test_a_rule_with_the_full_id_of_an_earlier_one_replaces_it(rule_folder: MakeFolder) -> None:
    one = rule_folder({"common.txt": rule("share", is_="One") + rule("other", is_="Other")})
    two = rule_folder({"common.txt": rule("share", is_="Two")})
    found = {r.id: r for r in load(one, two).rules()}
    assert set(found) == {"common/share", "common/other"}
    assert found["common/share"].texts["is"][0].text == "Two"
    assert found["common/share"].source.file == str(two / "common.txt")


def test_the_same_id_in_another_place_is_another_rule(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": rule("share", is_="One"), "lang/fr.txt": "language: fr\n" + rule("share", is_="Two")})
    assert {r.id for r in load(folder).rules()} == {"common/share", "lang/fr/share"}
    assert {r.id for r in load(folder).rules("lang/fr")} == {"lang/fr/share"}


def test_a_shipped_rule_can_be_replaced_by_a_users(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": "rule: symbols\nlabel: decoration\nwhy: Only plus signs are mine.\nis: plus plus\ndrop: plus plus\nkeep: plus\n"})
    article = cleaner.Cleaner(rules=[folder]).clean_text("Plus plus\n****************")
    assert [(r.text, r.rule) for r in article.removed] == [("Plus plus", "common/symbols")]


# -- where a user's folders are ----------------------------------------------------------------


@pytest.fixture
def mine(rule_folder: MakeFolder) -> Path:
    """A folder with one rule."""
    return rule_folder({"common.txt": rule("mine", is_="Mine and mine alone")})


def ids(loaded: Catalog) -> set[str]:
    """The ids of all rules."""
    return {r.id for r in loaded.rules()}


def test_folders_can_be_named_by_an_environment_variable(monkeypatch: pytest.MonkeyPatch, mine: Path, rule_folder: MakeFolder) -> None:
    second = rule_folder({"lang/xx.txt": "language: xx\n"})
    monkeypatch.setenv("CLEANER_RULES", os.pathsep.join([str(mine), "", str(second)]))
    loaded = catalog.load()
    assert "common/mine" in ids(loaded)
    assert "xx" in loaded.languages
    assert cleaner.Cleaner().clean_text("Mine and mine alone").removed[0].source == f"{mine / 'common.txt'}:1"


def test_an_empty_environment_variable_names_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEANER_RULES", "")
    assert catalog.load().rules()


def test_the_configuration_folder_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mine: Path) -> None:
    monkeypatch.setattr("platformdirs.user_config_path", lambda name: tmp_path / "config" / name)
    assert "common/mine" not in ids(catalog.load())
    (tmp_path / "config" / "cleaner").mkdir(parents=True)
    mine.rename(tmp_path / "config" / "cleaner" / "rules")
    assert "common/mine" in ids(catalog.load())


def test_later_folders_win_configuration_then_environment_then_caller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rule_folder: MakeFolder) -> None:
    folders = [rule_folder({"common.txt": rule("mine", why=f"Folder {n}.", is_="Mine")}) for n in range(3)]
    (tmp_path / "config" / "cleaner").mkdir(parents=True)
    folders[0].rename(tmp_path / "config" / "cleaner" / "rules")
    monkeypatch.setattr("platformdirs.user_config_path", lambda name: tmp_path / "config" / name)

    def why(*more: Path) -> str:
        return next(r.why for r in catalog.load(more).rules() if r.id == "common/mine")

    assert why() == "Folder 0."
    monkeypatch.setenv("CLEANER_RULES", str(folders[1]))
    assert why() == "Folder 1."
    assert why(folders[2]) == "Folder 2."


def test_a_catalog_of_its_own_takes_nobody_elses_rules(monkeypatch: pytest.MonkeyPatch, mine: Path, rule_folder: MakeFolder) -> None:
    monkeypatch.setenv("CLEANER_RULES", str(mine))
    assert ids(load(rule_folder({"common.txt": rule("only", is_="Only this")}))) == {"common/only"}


def test_a_file_that_changed_is_read_again(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": rule("one", is_="One")})
    assert ids(load(folder)) == {"common/one"}
    (folder / "common.txt").write_text(rule("two", is_="Two"), encoding="utf-8")
    assert ids(load(folder)) == {"common/two"}


# -- faults ----------------------------------------------------------------------------------


FIVE = {
    "common.txt": "rule: one\nlabel: shar\nwhy: x\nis: One\ndrop: One\nkeep: y\n",
    "lang/fr.txt": "language: de\n",
    "lang/ar.txt": "language: ar\nrule: two\nlabel: share\nwhy: x\nmatches: (\ndrop: z\nkeep: y\n",
    "site/example.org.txt": "rule: three\nlabel: share\nwhy: x\nis: Three\ndrop: Three\nkeep: y\n",
    "site/example.com.txt": "hosts: example.com\nstarts: Lire\n",
}


def test_five_faults_in_five_files_are_told_at_once_and_nothing_is_loaded(rule_folder: MakeFolder) -> None:
    folder = rule_folder({**FIVE, "lang/en.txt": "language: en\n" + rule("good", is_="Good")})
    with pytest.raises(RuleError) as caught:
        load(folder)
    told = {(Path(p.file).relative_to(folder).as_posix(), p.line, p.column) for p in caught.value.problems}
    assert told == {("common.txt", 2, 8), ("lang/fr.txt", 1, 1), ("lang/ar.txt", 5, 11), ("site/example.org.txt", 1, 1), ("site/example.com.txt", 2, 1)}, str(caught.value)
    assert str(caught.value).count("\n") == 4, "one line a fault"


def test_a_cleaner_with_faulty_rules_is_not_made(rule_folder: MakeFolder) -> None:
    with pytest.raises(RuleError) as caught:
        cleaner.Cleaner(rules=[rule_folder(FIVE)])
    assert len(caught.value.problems) == 5
    assert isinstance(caught.value, ValueError)


def test_faults_of_several_folders_are_told_together(rule_folder: MakeFolder, tmp_path: Path) -> None:
    with pytest.raises(RuleError) as caught:
        load(rule_folder({"common.txt": "oops"}), tmp_path / "missing", rule_folder({"lang/fr.txt": ""}))
    assert len(caught.value.problems) == 3, str(caught.value)


def test_a_rule_error_survives_pickling(rule_folder: MakeFolder) -> None:
    with pytest.raises(RuleError) as caught:
        load(rule_folder(FIVE))
    assert pickle.loads(pickle.dumps(caught.value)).problems == caught.value.problems


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"no such folder; name a folder with common\.txt"):
        load(tmp_path / "missing")


def test_a_folder_without_rule_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="no rule files in this folder"):
        load(tmp_path)


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "common.txt").write_text("", encoding="utf-8")
    with pytest.raises(RuleError, match="no such folder"):
        load(tmp_path / "common.txt")


def test_a_file_that_is_not_utf_8_is_told_with_its_line(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": ""})
    (folder / "common.txt").write_bytes(b"# one\n# two\n# \xe9t\xe9\n")
    with pytest.raises(RuleError) as caught:
        load(folder)
    assert str(caught.value) == f"{folder / 'common.txt'}:3:1: not UTF-8 (invalid continuation byte); save the file as UTF-8"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_must_not_be_read_is_told(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": ""})
    (folder / "common.txt").chmod(0)
    with pytest.raises(RuleError, match="cannot be read"):
        load(folder)


def test_a_single_folder_in_the_place_of_a_list_is_a_wrong_argument(mine: Path) -> None:
    with pytest.raises(TypeError, match=r"write rules=\[folder\]"):
        cleaner.Cleaner(rules=str(mine))
    with pytest.raises(TypeError):
        cleaner.Cleaner(rules=mine)  # type: ignore[arg-type]
