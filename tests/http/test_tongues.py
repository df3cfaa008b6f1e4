"""The languages of the public pages: every text in every catalogue, nothing lost in it, days and money as people write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Message
from starlette.requests import Request

from microcrm.http.book.gathering import catalogues, gathered
from microcrm.http.book.tongues import SOURCE, tongue_of, tongues

PLACEHOLDER = re.compile(r"%\(\w+\)s|%%")
OTHERS = dict(catalogues())
every_other = pytest.mark.parametrize("code", OTHERS)
INDIA = ZoneInfo("Asia/Kolkata")


def texts(message: Message) -> tuple[list[str], list[str]]:
    """What is said in English, and in the other language."""
    source = list(message.id) if isinstance(message.id, tuple) else [message.id]
    spoken = list(message.string) if isinstance(message.string, tuple | list) else [message.string]
    return source, spoken


def test_there_are_the_languages_that_are_promised() -> None:
    assert {"en", "hi", "kn"} <= set(tongues()) and next(iter(tongues())) == SOURCE
    assert [tongue.name for tongue in tongues().values()][:3] == ["English", "हिन्दी", "ಕನ್ನಡ"]


@every_other
def test_each_catalogue_has_every_text_and_no_other(code: str) -> None:
    wanted = {(message.context, str(message.id)) for message in gathered() if message.id}
    found = {(message.context, str(message.id)) for message in OTHERS[code] if message.id}
    assert (wanted - found, found - wanted) == (set(), set())
    assert len(wanted) > 150


@every_other
def test_nothing_is_left_untranslated_or_doubtful(code: str) -> None:
    unsaid = [m.id for m in OTHERS[code] if m.id and (m.fuzzy or not all(texts(m)[1]))]
    assert unsaid == []
    same = [m.id for m in OTHERS[code] if m.id and m.context is None and texts(m)[0] == texts(m)[1]]
    assert same == [], "as in English"


@every_other
def test_placeholders_survive(code: str) -> None:
    wrong = []
    for message in OTHERS[code]:
        source, spoken = texts(message)
        if message.id and any(
            set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(source[-1])) for text in spoken
        ):
            wrong.append(message.id)
    assert wrong == []


@every_other
def test_each_is_written_in_its_own_letters(code: str) -> None:
    """No text got into the wrong file."""
    script = {"hi": "\u0900-\u097f", "kn": "\u0c80-\u0cff"}
    if code in script:
        other = "".join(letters for name, letters in script.items() if name != code)
        for message in OTHERS[code]:
            assert not re.search(f"[{other}]", "".join(texts(message)[1]).replace("\u0964", "")), message.id


@pytest.mark.parametrize(
    ("code", "day", "clock", "month"),
    [
        ("en", "Mon, 7 Dec 2026", "10:30 am", "December 2026"),
        ("hi", "सोम, 7 दिस॰ 2026", "सुबह 10:30", "दिसंबर 2026"),
        ("kn", "ಸೋಮ, 7 ಡಿಸೆಂ 2026", "ಬೆಳಗ್ಗೆ 10:30", "ಡಿಸೆಂಬರ್ 2026"),
    ],
)
def test_days_and_times(code: str, day: str, clock: str, month: str) -> None:
    tongue = tongues()[code]
    assert (tongue.day(date(2026, 12, 7)), tongue.clock(time(10, 30)), tongue.month(date(2026, 12, 7))) == (
        day,
        clock,
        month,
    )
    assert tongue.time(datetime(2026, 12, 7, 5, 0, tzinfo=UTC), INDIA) == clock


@pytest.mark.parametrize("code", ["en", "hi", "kn"])
def test_rupees_have_indian_groups(code: str) -> None:
    tongue = tongues()[code]
    assert tongue.rupees(1_23_456_00) == "₹1,23,456"
    assert tongue.rupees(1_23_456_05) == "₹1,23,456.05"
    assert tongue.rupees(0) == "₹0"


def test_lengths_and_lists() -> None:
    english, hindi = tongues()["en"], tongues()["hi"]
    assert [english.minutes(n) for n in (45, 60, 75)] == ["45 min", "1 h", "1 h 15 min"]
    assert english.list(["a", "b", "c"]) == "a, b and c"
    assert hindi.list(["a", "b"]) == "a और b"


def test_plurals_follow_the_language() -> None:
    kannada = tongues()["kn"]
    assert kannada.count("%(num)s day", "%(num)s days", 1) != kannada.count("%(num)s day", "%(num)s days", 2)
    assert tongues()["en"].count("%(num)s day", "%(num)s days", 1) == "1 day"


def asking(language: str = "", query: str = "") -> Request:
    headers = [(b"accept-language", language.encode("latin-1"))] if language else []
    return Request({"type": "http", "headers": headers, "query_string": query.encode(), "path": "/b/x"})


@pytest.mark.parametrize(
    ("language", "query", "expected"),
    [
        ("", "", "en"),
        ("hi-IN,hi;q=0.9,en;q=0.8", "", "hi"),
        ("en-IN,kn;q=0.9", "", "en"),
        ("ta,kn;q=0.5,en;q=0.3", "", "kn"),
        ("fr-FR,fr;q=0.9", "", "en"),
        ("kn_IN", "", "kn"),
        ("hi", "lang=kn", "kn"),
        ("hi", "lang=xx", "hi"),
        ("hi", "lang=../../etc", "hi"),
        ("hi;q=0,kn;q=0.1", "", "kn"),
        ("*;q=abc,;;,,hi;q=1.2.3", "", "en"),
        ("hi" * 5_000, "", "en"),
    ],
)
def test_which_language_is_spoken(language: str, query: str, expected: str) -> None:
    assert tongue_of(asking(language, query)).code == expected
