"""Datelines as the agencies write them: place, date and source of each, and sentences that only look like one."""

from __future__ import annotations

import datetime
import re

import pytest
from helpers import ROOT

import cleaner

EVENING = datetime.date(2026, 11, 22)


def sentences(code: str) -> list[str]:
    """Three sentences of news in a language."""
    lines = (ROOT / "fixtures" / "languages" / f"{code}.txt").read_text(encoding="utf-8").split("\n")
    paragraph = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("paragraph:"))
    long = [s for s in re.split(r"(?<=[.!?。।؟])\s*(?=[^\W\d_])", paragraph) if len(s) > 12]
    return long[:3]


LINES = [
    # agency, language, dateline, place, date as written, date, source
    ("AFP", "fr", "Paris, 22 nov. 2026 (AFP) –", "Paris", "22 nov. 2026", EVENING, "AFP"),
    ("AFP", "fr", "N'Djamena (AFP) -", "N'Djamena", None, None, "AFP"),
    ("AFP", "en", "Nairobi, Nov 22, 2026 (AFP) –", "Nairobi", "Nov 22, 2026", EVENING, "AFP"),
    ("AFP", "en", "Port-au-Prince (AFP) -", "Port-au-Prince", None, None, "AFP"),
    ("AFP", "de", "Paris (AFP) -", "Paris", None, None, "AFP"),
    ("AFP", "ar", "القاهرة (أ ف ب) -", "القاهرة", None, None, "أ ف ب"),
    ("Reuters", "en", "LONDON, Nov 22 (Reuters) -", "LONDON", "Nov 22", None, "Reuters"),
    ("Reuters", "en", "WASHINGTON/BEIJING, Nov 22 (Reuters) -", "WASHINGTON/BEIJING", "Nov 22", None, "Reuters"),
    ("Reuters", "en", "Nov 22 (Reuters) -", None, "Nov 22", None, "Reuters"),
    ("Reuters", "es", "SANTIAGO, 22 nov (Reuters) -", "SANTIAGO", "22 nov", None, "Reuters"),
    ("Reuters", "ar", "القاهرة 22 نوفمبر تشرين الثاني (رويترز) -", "القاهرة", "22 نوفمبر تشرين الثاني", None, "رويترز"),
    ("Reuters", "ja", "［東京 ２２日 ロイター］ -", "東京", "２２日", None, "ロイター"),
    ("AP", "en", "NAIROBI, Kenya (AP) —", "NAIROBI, Kenya", None, None, "AP"),
    ("AP", "en", "ST. PAUL, Minn. (AP) —", "ST. PAUL, Minn.", None, None, "AP"),
    ("AP", "es", "BUENOS AIRES (AP) —", "BUENOS AIRES", None, None, "AP"),
    ("dpa", "de", "Berlin (dpa) -", "Berlin", None, None, "dpa"),
    ("dpa", "de", "Frankfurt/Main (dpa/lhe) -", "Frankfurt/Main", None, None, "dpa/lhe"),
    ("EFE", "es", "Bogotá, 22 nov (EFE).-", "Bogotá", "22 nov", None, "EFE"),
    ("EFE", "es", "Santa Cruz de Tenerife (EFE).-", "Santa Cruz de Tenerife", None, None, "EFE"),
    ("ANSA", "it", "(ANSA) - ROMA, 22 NOV -", "ROMA", "22 NOV", None, "ANSA"),
    ("ANSA", "it", "(ANSA) - REGGIO CALABRIA, 22 NOV -", "REGGIO CALABRIA", "22 NOV", None, "ANSA"),
    ("Lusa", "pt", "Lisboa, 22 nov 2026 (Lusa) -", "Lisboa", "22 nov 2026", EVENING, "Lusa"),
    ("Lusa", "pt", "Viana do Castelo, 22 nov 2026 (Lusa) –", "Viana do Castelo", "22 nov 2026", EVENING, "Lusa"),
    ("Belga", "nl", "BRUSSEL (BELGA) =", "BRUSSEL", None, None, "BELGA"),
    ("Belga", "nl", "BRUSSEL 22/11 (BELGA) =", "BRUSSEL", "22/11", None, "BELGA"),
    ("Belga", "fr", "BRUXELLES 22/11 (BELGA) =", "BRUXELLES", "22/11", None, "BELGA"),
    ("TT", "sv", "STOCKHOLM. (TT)", "STOCKHOLM", None, None, "TT"),
    ("TT", "sv", "Göteborg (TT)", "Göteborg", None, None, "TT"),
    ("TT", "sv", "Göteborg (TT-Reuters)", "Göteborg", None, None, "TT-Reuters"),
    ("Ritzau", "da", "København /ritzau/ -", "København", None, None, "ritzau"),
    ("Ritzau", "da", "AARHUS (Ritzau) -", "AARHUS", None, None, "Ritzau"),
    ("NTB", "nb", "Oslo (NTB):", "Oslo", None, None, "NTB"),
    ("NTB", "nb", "London (NTB-Reuters):", "London", None, None, "NTB-Reuters"),
    ("STT", "fi", "Helsinki, 22.11. (STT)", "Helsinki", "22.11.", None, "STT"),
    ("STT", "fi", "HELSINKI (STT–Reuters)", "HELSINKI", None, None, "STT–Reuters"),
    ("PAP", "pl", "Warszawa, 22.11.2026 (PAP) -", "Warszawa", "22.11.2026", EVENING, "PAP"),
    ("PAP", "pl", "Zielona Góra (PAP) –", "Zielona Góra", None, None, "PAP"),
    ("ČTK", "cs", "Praha 22. listopadu (ČTK) -", "Praha", "22. listopadu", None, "ČTK"),
    ("ČTK", "cs", "Ústí nad Labem 22. listopadu 2026 (ČTK) -", "Ústí nad Labem", "22. listopadu 2026", EVENING, "ČTK"),
    ("MTI", "hu", "Budapest, 2026. november 22., vasárnap (MTI) -", "Budapest", "2026. november 22., vasárnap", EVENING, "MTI"),
    ("MTI", "hu", "Brüsszel, november 22. (MTI) –", "Brüsszel", "november 22.", None, "MTI"),
    ("Agerpres", "ro", "București, 22 nov /Agerpres/ -", "București", "22 nov", None, "Agerpres"),
    ("Agerpres", "ro", "Cluj-Napoca, 22 noiembrie 2026 (AGERPRES) –", "Cluj-Napoca", "22 noiembrie 2026", EVENING, "AGERPRES"),
    ("ΑΠΕ-ΜΠΕ", "el", "Αθήνα, 22 Νοεμβρίου 2026 (ΑΠΕ-ΜΠΕ) –", "Αθήνα", "22 Νοεμβρίου 2026", EVENING, "ΑΠΕ-ΜΠΕ"),
    ("ΑΠΕ-ΜΠΕ", "el", "ΒΡΥΞΕΛΛΕΣ (ΑΠΕ-ΜΠΕ) -", "ΒΡΥΞΕΛΛΕΣ", None, None, "ΑΠΕ-ΜΠΕ"),
    ("ТАСС", "ru", "МОСКВА, 22 ноября. /ТАСС/.", "МОСКВА", "22 ноября", None, "ТАСС"),
    ("ТАСС", "ru", "НИЖНИЙ НОВГОРОД, 22 ноября. /Корр. ТАСС Иван Лосев/.", "НИЖНИЙ НОВГОРОД", "22 ноября", None, "ТАСС"),
    ("TASS", "en", "MOSCOW, November 22. /TASS/.", "MOSCOW", "November 22", None, "TASS"),
    ("РИА Новости", "ru", "МОСКВА, 22 ноя — РИА Новости.", "МОСКВА", "22 ноя", None, "РИА Новости"),
    ("РИА Новости", "ru", "САНКТ-ПЕТЕРБУРГ, 22 ноя - РИА Новости, Анна Лосева.", "САНКТ-ПЕТЕРБУРГ", "22 ноя", None, "РИА Новости"),
    ("Укрінформ", "uk", "КИЇВ, 22 листопада. /Укрінформ/.", "КИЇВ", "22 листопада", None, "Укрінформ"),
    ("Укрінформ", "uk", "БІЛА ЦЕРКВА. 22 листопада 2026 року. УКРІНФОРМ.", "БІЛА ЦЕРКВА", "22 листопада 2026 року", EVENING, "УКРІНФОРМ"),
    ("БТА", "bg", "София, 22 ноември (БТА)", "София", "22 ноември", None, "БТА"),
    ("БТА", "bg", "Стара Загора, 22 ноември 2026 г. /Мария Колева, БТА/", "Стара Загора", "22 ноември 2026 г.", EVENING, "БТА"),
    ("Tanjug", "sr", "BEOGRAD, 22. novembra 2026. (Tanjug) -", "BEOGRAD", "22. novembra 2026", EVENING, "Tanjug"),
    ("Танјуг", "sr", "НОВИ САД, 22. новембра 2026. (Танјуг) –", "НОВИ САД", "22. новембра 2026", EVENING, "Танјуг"),
    ("Hina", "hr", "ZAGREB, 22. studenoga 2026. (Hina) -", "ZAGREB", "22. studenoga 2026.", EVENING, "Hina"),
    ("AA", "tr", "ANKARA (AA) -", "ANKARA", None, None, "AA"),
    ("AA", "tr", "İSTANBUL (AA) - DENİZ YILDIZ -", "İSTANBUL", None, None, "AA"),
    ("AA", "en", "ANKARA (AA) -", "ANKARA", None, None, "AA"),
    ("AA", "ar", "إسطنبول/ الأناضول", "إسطنبول", None, None, "الأناضول"),
    ("İHA", "tr", "ERZURUM (İHA) -", "ERZURUM", None, None, "İHA"),
    ("İHA", "tr", "KAHRAMANMARAŞ (İHA)-", "KAHRAMANMARAŞ", None, None, "İHA"),
    ("IRNA", "fa", "تهران - ایرنا -", "تهران", None, None, "ایرنا"),
    ("IRNA", "fa", "بندرعباس- ایرنا-", "بندرعباس", None, None, "ایرنا"),
    ("IRNA", "en", "Tehran, Nov 22, IRNA –", "Tehran", "Nov 22", None, "IRNA"),
    ("وام", "ar", "أبوظبي في 22 نوفمبر / وام /", "أبوظبي", "22 نوفمبر", None, "وام"),
    ("وام", "ar", "رأس الخيمة في 22 نوفمبر 2026/ وام /", "رأس الخيمة", "22 نوفمبر 2026", EVENING, "وام"),
    ("WAM", "en", "ABU DHABI, 22nd November, 2026 (WAM) --", "ABU DHABI", "22nd November, 2026", EVENING, "WAM"),
    ("واس", "ar", "الرياض 12 جمادى الآخرة 1448 هـ الموافق 22 نوفمبر 2026 م واس", "الرياض", "22 نوفمبر 2026", EVENING, "واس"),
    ("واس", "ar", "مكة المكرمة 22 نوفمبر 2026 م واس", "مكة المكرمة", "22 نوفمبر 2026", EVENING, "واس"),
    ("سبوتنيك", "ar", "موسكو - سبوتنيك.", "موسكو", None, None, "سبوتنيك"),
    ("سبوتنيك", "ar", "القاهرة – سبوتنيك –", "القاهرة", None, None, "سبوتنيك"),
    ("PTI", "en", "New Delhi, Nov 22 (PTI)", "New Delhi", "Nov 22", None, "PTI"),
    ("PTI", "en", "Thiruvananthapuram (Kerala), Nov 22 (PTI):", "Thiruvananthapuram", "Nov 22", None, "PTI"),
    ("PTI", "hi", "नयी दिल्ली, 22 नवंबर (भाषा)", "नयी दिल्ली", "22 नवंबर", None, "भाषा"),
    ("ANI", "en", "New Delhi [India], November 22 (ANI):", "New Delhi", "November 22", None, "ANI"),
    ("ANI", "hi", "नई दिल्ली [भारत], 22 नवंबर (एएनआई):", "नई दिल्ली", "22 नवंबर", None, "एएनआई"),
    ("Antara", "id", "Jakarta (ANTARA) -", "Jakarta", None, None, "ANTARA"),
    ("Antara", "id", "Labuan Bajo, NTT (ANTARA) -", "Labuan Bajo, NTT", None, None, "ANTARA"),
    ("Bernama", "ms", "KUALA LUMPUR, 22 Nov (Bernama) --", "KUALA LUMPUR", "22 Nov", None, "Bernama"),
    ("Bernama", "en", "KOTA KINABALU, Nov 22 (Bernama) --", "KOTA KINABALU", "Nov 22", None, "Bernama"),
    ("TTXVN", "vi", "Hà Nội (TTXVN 22/11)", "Hà Nội", "22/11", None, "TTXVN"),
    ("TTXVN", "vi", "Hà Nội, ngày 22/11/2026 (TTXVN) -", "Hà Nội", "22/11/2026", EVENING, "TTXVN"),
    ("新华社", "zh", "新华社北京11月22日电", "北京", "11月22日", None, "新华社"),
    ("新华社", "zh", "新华社乌鲁木齐11月22日电（记者李明、王芳）", "乌鲁木齐", "11月22日", None, "新华社"),
    ("新华社", "zh", "新华社北京2026年11月22日电 (记者 李明)", "北京", "2026年11月22日", EVENING, "新华社"),
    ("Xinhua", "en", "BEIJING, Nov. 22 (Xinhua) --", "BEIJING", "Nov. 22", None, "Xinhua"),
    ("中央社", "zh", "（中央社台北22日電）", "台北", "22日", None, "中央社"),
    ("中央社", "zh", "（中央社華盛頓22日綜合外電報導）", "華盛頓", "22日", None, "中央社"),
    ("中央社", "zh", "（中央社記者王小明台北22日電）", None, "22日", None, "中央社"),  # nothing says where the name ends and the place begins
    ("共同", "ja", "【北京共同】", "北京", None, None, "共同"),
    ("共同", "ja", "【ニューヨーク共同】", "ニューヨーク", None, None, "共同"),
    ("時事", "ja", "【ワシントン時事】", "ワシントン", None, None, "時事"),
    ("連合", "ja", "【ソウル聯合ニュース】", "ソウル", None, None, "聯合ニュース"),
    ("연합뉴스", "ko", "(서울=연합뉴스) 홍길동 기자 =", "서울", None, None, "연합뉴스"),
    ("연합뉴스", "ko", "(워싱턴=연합뉴스) 홍길동 특파원 =", "워싱턴", None, None, "연합뉴스"),
]


@pytest.mark.parametrize(("code", "line", "place", "written", "date", "source"), [row[1:] for row in LINES], ids=[f"{row[0]}-{row[1]}-{n}" for n, row in enumerate(LINES)])
@pytest.mark.parametrize("told", [True, False], ids=["told", "found"])
def test_an_agencys_dateline_is_split_into_place_date_and_source(
    code: str, line: str, place: str | None, written: str | None, date: datetime.date | None, source: str, told: bool
) -> None:
    first, *rest = sentences(code)
    gap = "" if line[-1] in "】）］" else " "
    article = cleaner.clean_text("\n".join([f"{line}{gap}{first}", *rest]), language=code if told else None)
    found = article.dateline
    assert found is not None
    assert (found.place, found.date_text, found.date, found.source) == (place, written, date, source)
    assert found.text == line
    assert article.paragraphs == (first, *rest)
    assert article.removed == ()


NEAR = [
    ("fr", "L'AFP – qui cite deux sources policières – parle de quatre blessés, dont un enfant."),
    ("fr", "Paris (AFP comprise) a perdu la moitié de ses agences de presse en trente ans."),
    ("en", "Reuters (the agency) – and AP after it – had reported four injured, one of them a child."),
    ("en", "London, 22 years (and two mayors) later, is still waiting for the bridge it was promised."),
    ("en", "PTI, Nov 22 or not, has yet to correct the figures that it sent out over the weekend."),
    ("de", "Die dpa (Berlin) – und nach ihr die AFP – sprach von vier Verletzten, darunter ein Kind."),
    ("es", "EFE (la agencia) - y después AP - habló de cuatro heridos, uno de ellos un niño."),
    ("it", "L'ANSA - e poi l'AGI - ha parlato di quattro feriti, tra cui un bambino."),
    ("pt", "A Lusa (a agência) – e depois a AFP – falou em quatro feridos, entre eles uma criança."),
    ("nl", "Belga (het persbureau) = de enige bron voor de vier gewonden in het ziekenhuis."),
    ("sv", "TT (nyhetsbyrån) skrev sent på kvällen att fyra personer hade skadats, varav ett barn."),
    ("da", "Ritzau - og siden AFP - skrev sent om aftenen, at fire personer var kommet til skade."),
    ("nb", "NTB (byrået): Fire personer ble skadet, skrev avisene dagen etter, og alle tok feil."),
    ("fi", "STT (Helsinki) kertoi myöhään illalla neljästä loukkaantuneesta, joista yksi on lapsi."),
    ("pl", "PAP – a za nią AFP – pisała późnym wieczorem o czterech rannych, w tym jednym dziecku."),
    ("cs", "ČTK – a po ní AFP – psala pozdě večer o čtyřech zraněných, mezi nimi jednom dítěti."),
    ("hu", "Az MTI (Budapest) – és utána az AFP – késő este négy sérültről írt, köztük egy gyerekről."),
    ("ro", "Agerpres (agenția) a scris târziu seara despre patru răniți, între care un copil."),
    ("el", "Το ΑΠΕ-ΜΠΕ (Αθήνα) – και μετά το AFP – έγραψε αργά το βράδυ για τέσσερις τραυματίες."),
    ("ru", "ТАСС (агентство) - а за ним и РИА Новости - писали поздно вечером о четырёх пострадавших."),
    ("ru", "Москва, 22 года спустя, всё ещё ждёт моста, который ей обещали два мэра подряд."),
    ("uk", "Укрінформ (агентство) пізно ввечері писав про чотирьох постраждалих, серед них одну дитину."),
    ("bg", "БТА (агенцията) писа късно вечерта за четирима ранени, сред които и едно дете."),
    ("sr", "Tanjug (agencija) je kasno uveče pisao o četvoro povređenih, među kojima je jedno dete."),
    ("hr", "Hina (agencija) je kasno navečer pisala o četvero ozlijeđenih, među kojima je jedno dijete."),
    ("tr", "AA (ajans) gece geç saatlerde aralarında bir çocuğun da bulunduğu dört yaralıdan söz etti."),
    ("fa", "ایرنا (خبرگزاری) شب گذشته از چهار زخمی خبر داد که یکی از آنان کودک است."),
    ("ar", "وام (الوكالة) كتبت في ساعة متأخرة من الليل عن أربعة جرحى بينهم طفل."),
    ("ar", "واس التي بثت الخبر في 22 نوفمبر عادت فصححت الأرقام بعد ساعة من نشرها."),
    ("hi", "भाषा (समाचार एजेंसी) ने देर रात चार घायलों की खबर दी, जिनमें एक बच्चा भी है।"),
    ("id", "Antara (kantor berita) menulis larut malam tentang empat orang terluka, salah satunya anak."),
    ("ms", "Bernama (agensi berita) menulis lewat malam tentang empat yang cedera, seorang daripadanya kanak-kanak."),
    ("vi", "TTXVN (hãng tin) viết vào đêm muộn về bốn người bị thương, trong đó có một trẻ em."),
    ("zh", "新华社北京分社的记者11月22日赶到现场时，电已经恢复，居民正在清扫街道。"),
    ("zh", "中央社台北總社22日電話不通，記者只能到現場去問，才知道四人受傷。"),
    ("ja", "共同（通信社）は22日夜、けが人は子ども1人を含む4人だと伝えた。"),
    ("ko", "연합뉴스(통신사)는 22일 밤 어린이 한 명을 포함해 네 명이 다쳤다고 전했다."),
]


@pytest.mark.parametrize(("code", "line"), NEAR)
def test_a_sentence_that_begins_like_a_dateline_stays_one(code: str, line: str) -> None:
    article = cleaner.clean_text("\n".join([line, *sentences(code)[1:]]), language=code)
    assert article.dateline is None
    assert article.paragraphs[0] == line
    assert article.removed == ()
