"""The languages of the public pages: every text in every catalogue, nothing lost in it, days and money as people write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Message
from starlette.requests import Request

from microcrm.domain.availability import FreeStart
from microcrm.domain.queue import Estimate
from microcrm.http.book.gathering import catalogues, gathered
from microcrm.http.book.queue import estimate_words
from microcrm.http.book.times import _parts
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
        ("hi", "सोम, 7 दिसंबर 2026", "सुबह 10:30", "दिसंबर 2026"),
        ("kn", "ಸೋಮ, 7 ಡಿಸೆಂಬರ್ 2026", "ಬೆಳಿಗ್ಗೆ 10:30", "ಡಿಸೆಂಬರ್ 2026"),
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


@pytest.mark.parametrize("code", ["en", "hi", "kn"])
@pytest.mark.parametrize("hour", [9, 12, 15, 16, 17, 20])
def test_a_time_stands_under_the_part_of_the_day_that_it_names(code: str, hour: int) -> None:
    tongue, start = tongues()[code], datetime(2026, 12, 7, hour, tzinfo=INDIA)
    [part] = _parts(tongue, INDIA, [FreeStart(start, (1,))])
    names = {tongue.say(name) for name in ("Morning", "Afternoon", "Evening")}
    said = {name for name in names if part.slots[0].label.startswith(name)}
    assert said <= {part.name}


@pytest.mark.parametrize(
    ("least", "most", "said"),
    [
        (None, None, ("Not today any more", "आज अब नहीं")),
        (0, 0, ("Right away", "तुरंत")),
        (0, 20, ("Up to 20 min", "20 मिनट तक")),
        (10, 20, ("About 10 to 20 min", "करीब 10 से 20 मिनट")),
        (50, 75, ("About 50 min to 1 h 15 min", "करीब 50 मि से 1 घं 15 मि")),
        (455, 455, ("About 7 h 35 min", "करीब 7 घं 35 मि")),
        (0, 90, ("Up to 1 h 30 min", "1 घं 30 मि तक")),
    ],
)
def test_a_wait_is_said_in_hours_when_it_is_long(least: int | None, most: int | None, said: tuple[str, str]) -> None:
    told = Estimate(0, least, most)
    assert (estimate_words(told, tongues()["en"]), estimate_words(told, tongues()["hi"])) == said
