"""Texts in many languages: which rules apply, and texts that crawlers and scanners have damaged."""

from __future__ import annotations

import textwrap
import unicodedata

import pytest
from helpers import ROOT

import cleaner

FILES = {path.stem: path for path in sorted((ROOT / "fixtures" / "languages").glob("*.txt"))}
UNSPACED = {"ja", "th", "zh"}


def said(code: str, key: str) -> list[str]:
    """What a file of lines says under a key."""
    lines = FILES[code].read_text(encoding="utf-8").split("\n")
    return [line[len(key) + 1 :].strip() for line in lines if line.startswith(key + ":")]


def article(code: str) -> list[str]:
    return [*said(code, "headline"), *said(code, "paragraph")]


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFC", text)))


@pytest.mark.parametrize("code", FILES)
def test_two_hundred_characters_of_news_tell_the_language(code: str) -> None:
    for paragraph in said(code, "paragraph"):
        for part in (paragraph[:200], paragraph[-200:]):
            assert cleaner.clean_text(part).language == code


@pytest.mark.parametrize("code", FILES)
def test_a_text_without_boilerplate_stays_whole(code: str) -> None:
    text = cleaner.clean_text("\n".join(article(code)))
    assert text.removed == ()
    assert text.warnings == ()


@pytest.mark.parametrize("code", FILES)
def test_line_breaks_of_a_scanner_lose_nothing_but_a_word(code: str) -> None:
    """The last word of a paragraph may be one that on a line of its own is a button (Swedish tillbaka, back)."""
    width = 30 if code in UNSPACED else 60
    text = "\n".join(line for paragraph in article(code) for line in textwrap.wrap(paragraph, width))
    lost = "".join(r.text for r in cleaner.clean_text(text).removed)
    assert len(letters(lost)) <= 0.01 * len(letters(text))


@pytest.mark.parametrize("code", FILES)
def test_a_text_without_any_line_break_stays_whole(code: str) -> None:
    assert cleaner.clean_text(" ".join(article(code))).removed == ()


@pytest.mark.parametrize("code", sorted(set(FILES) - UNSPACED))
def test_a_text_with_every_word_on_a_line_stays_whole_with_a_warning(code: str) -> None:
    found = cleaner.clean_text("\n".join(" ".join(article(code)).split()))
    assert found.removed == ()
    assert any("put each paragraph on a line of its own" in warning for warning in found.warnings)


@pytest.mark.parametrize("code", FILES)
def test_decomposed_letters_are_cleaned_like_composed_ones(code: str) -> None:
    """macOS file names and some archives write é as e and an accent, Korean syllables as their letters."""
    bad = [line for key in ("share", "comments", "copyright") for line in said(code, key)]
    text = "\n".join([*article(code)[:4], *bad, *article(code)[4:]])
    composed = cleaner.clean_text(text, language=code)
    decomposed = cleaner.clean_text(unicodedata.normalize("NFD", text), language=code)
    assert letters(decomposed.text) == letters(composed.text)


def test_a_text_in_two_languages_half_and_half_is_cleaned_by_the_rules_of_both() -> None:
    text = "\n".join([*article("fr"), "Partagez cet article", "© Tous droits réservés", *article("ar"), "شارك المقال", "جميع الحقوق محفوظة"])
    found = cleaner.clean_text(text)
    assert {r.text for r in found.removed} == {"Partagez cet article", "© Tous droits réservés", "شارك المقال", "جميع الحقوق محفوظة"}


def test_an_english_share_bar_on_a_page_in_another_language_goes() -> None:
    text = "\n".join([*article("ar")[:3], "Share on Facebook | Share on Twitter | Print", *article("ar")[3:]])
    assert [r.text for r in cleaner.clean_text(text).removed] == ["Share on Facebook | Share on Twitter | Print"]


def test_a_language_without_a_file_gets_common_rules_and_a_warning() -> None:
    welsh = [
        "Cyngor yn cau pont y pentref am y gaeaf",
        "Mae'r cyngor sir wedi penderfynu cau pont y pentref tan y gwanwyn er mwyn ei hatgyweirio, a bydd rhaid i yrwyr deithio deng milltir ymhellach i gyrraedd y dref.",
        "Dywedodd yr arweinydd fod y gwaith wedi ei ohirio ers blynyddoedd lawer oherwydd diffyg arian, ac na allai neb warantu diogelwch y bont dros y gaeaf eleni.",
        "Bydd bws am ddim yn rhedeg bob awr rhwng y pentref a'r dref, ac mae siopwyr lleol yn gobeithio na fydd eu cwsmeriaid yn diflannu yn y cyfamser.",
    ]
    found = cleaner.clean_text("\n".join([*welsh, "****"]))
    assert [r.rule for r in found.removed] == ["common/symbols"]
    (warning,) = found.warnings
    assert "no rule file for language 'cy' (by the look of the text)" in warning


@pytest.mark.parametrize("code", FILES)
def test_a_wrong_guess_does_no_harm(code: str) -> None:
    """The body lines of every language under the rules of languages that might be taken for it."""
    near = {"ar": "fa", "fa": "ar", "ur": "fa", "ru": "uk", "uk": "ru", "bg": "ru", "sr": "bg", "hr": "sl", "sl": "hr", "cs": "sk", "sk": "cs", "da": "nb", "nb": "da", "sv": "nb"}
    other = near.get(code, {"es": "pt", "pt": "es", "ca": "es", "it": "es", "id": "ms", "ms": "id", "zh": "ja", "hi": "ur"}.get(code, "fr" if code != "fr" else "es"))
    text = article(code)
    for line in said(code, "body"):
        assert not [r for r in cleaner.clean_text("\n".join([*text[:3], line, *text[3:]]), language=other).removed if r.text in line]


SHARE = "Partager Imprimer Envoyer Facebook Twitter WhatsApp".split()


@pytest.mark.parametrize("many", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("sign", ["• ", ""])
def test_no_paragraph_goes_with_a_share_list_between_two(many: int, sign: str) -> None:
    headline, *paragraphs = article("fr")
    bar = [sign + word for word in SHARE[:many]]
    found = cleaner.clean_text("\n".join([headline, *paragraphs[:3], *bar, *paragraphs[3:]]), language="fr")
    assert set(paragraphs) <= set(found.paragraphs)


@pytest.mark.parametrize("code", FILES)
def test_a_short_last_paragraph_stays(code: str) -> None:
    text = article(code)
    for line in [line for line in said(code, "body") if line[-1] in ".。।؟"][:8]:
        assert cleaner.clean_text("\n".join([*text, line]), language=code).removed == ()


def test_marks_of_direction_and_embedded_latin_do_not_hide_a_phrase() -> None:
    text = "\n".join([*article("ar")[:3], "\u200fشارك المقال\u200e عبر\u202a Facebook\u202c", *article("ar")[3:]])
    assert len(cleaner.clean_text(text).removed) == 1


def test_full_width_latin_is_latin() -> None:
    text = "\n".join([*article("ja")[:3], "Ｓｈａｒｅ ｏｎ Ｆａｃｅｂｏｏｋ", *article("ja")[3:]])
    assert [r.text for r in cleaner.clean_text(text).removed] == ["Ｓｈａｒｅ ｏｎ Ｆａｃｅｂｏｏｋ"]


def test_burmese_in_an_old_font_is_left_alone() -> None:
    """Zawgyi puts other code points in other orders: nothing of it is repaired or taken."""
    line = "ျမန္မာႏိုင္ငံ ေတာင္ပိုင္းတြင္ မိုးသည္းထန္စြာ ရြာသြန္းမႈေၾကာင့္ လမ္းမ်ား ပ်က္စီးခဲ့ၿပီး ခရီးသြားမ်ား အခက္အခဲ ႀကံဳေတြ႕ေနရသည္ဟု ေဒသခံမ်ားက ေျပာသည္။"
    text = "\n".join([line, line.replace("ေတာင္", "ေျမာက္"), line.replace("မိုး", "ေလ")])
    found = cleaner.clean_text(text)
    assert found.text.replace("\n\n", "\n") == text
