"""Which answers are understood, and above all which are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.notices import NoticeStep
from microcrm.domain.reply_words import _MEANS, _SAID, BUTTONS, LONGEST, Intent, intent_of, normal, quick_replies

_I = Intent


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Yes", _I.CONFIRM), (" YES!! ", _I.CONFIRM), ("ok 👍🏽", _I.UNCLEAR), ("👍🏽", _I.CONFIRM), ("👍", _I.CONFIRM),
        ("1", _I.CONFIRM), ("१", _I.UNCLEAR),
        ("Haan ji.", _I.CONFIRM), ("हाँ", _I.CONFIRM), ("हां जी।", _I.CONFIRM), ("ठीक है", _I.CONFIRM), ("Haan, confirm", _I.CONFIRM),
        ("theek hai", _I.CONFIRM),
        ("ಹೌದು", _I.CONFIRM), ("\u202eYes\u202c", _I.CONFIRM), ("Y\u200bes", _I.UNCLEAR),
        ("Cancel", _I.CANCEL), ("Can’t come", _I.CANCEL), ("can't come", _I.CANCEL), ("nahi", _I.NO), ("no", _I.NO),
        ("2", _I.NO), ("रद्द करें", _I.CANCEL), ("ಬೇಡ", _I.NO), ("ರದ್ದು", _I.CANCEL),
        ("Reschedule", _I.CHANGE), ("time badlo", _I.CHANGE), ("समय बदलो", _I.CHANGE), ("ಬೇರೆ ಸಮಯ", _I.CHANGE),
        ("STOP", _I.STOP), ("stop.", _I.STOP), ("Stop All", _I.STOP), ("band karo", _I.STOP), ("मत भेजो", _I.STOP), ("ನಿಲ್ಲಿಸಿ", _I.STOP),
        ("Start", _I.START), ("शुरू करें", _I.START),
    ],
)  # fmt: skip
def test_a_whole_message_of_known_words_is_understood(text: str, meant: Intent) -> None:
    assert intent_of(text) is meant


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "?", "Do not cancel", "don't cancel!", "yes, but at five", "Yes or no?", "I want to stop by today",
        "cancel nahi karna",
        "Start at 5?", "no problem", "no worries", "stop sending my husband", "हाँ पर पाँच बजे", "yes " * 40, "1000", "2 people", "12",
        "a" * 10_000,
    ],
)  # fmt: skip
def test_anything_else_is_for_a_person(text: str) -> None:
    assert intent_of(text) is Intent.UNCLEAR


def test_a_button_says_more_than_its_words() -> None:
    assert intent_of("Haan, main aaungi", "confirm:81:3") is Intent.CONFIRM
    assert intent_of("Cancel", "change") is Intent.CHANGE
    assert intent_of("Yes", "somebody-elses-button") is Intent.CONFIRM
    assert intent_of("Buy now", "buy") is Intent.UNCLEAR
    assert intent_of("Buy now", "unclear") is Intent.UNCLEAR


@pytest.mark.parametrize("language", ["en", "hi", "kn", "te"])
def test_only_what_asks_has_buttons_and_each_of_them_is_understood(language: str) -> None:
    asking = {step for step in NoticeStep if quick_replies(step, language)}
    assert asking == {NoticeStep.ASK_TO_CONFIRM, NoticeStep.ASK_AGAIN}
    shown = quick_replies(NoticeStep.ASK_TO_CONFIRM, language)
    assert {intent_of("", key) for key, _ in shown} == {Intent.CONFIRM, Intent.CHANGE, Intent.CANCEL}
    assert all(key in BUTTONS and 0 < len(words) <= 20 for key, words in shown)


def test_no_sentence_means_two_things() -> None:
    said = [normal(words) for lines in _SAID.values() for words in lines.split("|")]
    assert "" not in said
    assert {words: said.count(words) for words in said if said.count(words) > 1 and len({
        intent for intent, lines in _SAID.items() if words in [normal(one) for one in lines.split("|")]
    }) > 1} == {}  # fmt: skip
    assert max(map(len, _MEANS)) <= LONGEST


@given(st.text(max_size=200))
def test_whatever_comes_is_read(text: str) -> None:
    assert intent_of(text) in Intent
    assert normal(normal(text)) == normal(text)


@given(st.sampled_from(sorted(_MEANS)), st.sampled_from(["", ".", "!", " ", "  ", "…", "\u200f", "।"]))
def test_marks_around_the_words_change_nothing(words: str, mark: str) -> None:
    assert intent_of(f"{mark}{words.upper()}{mark}") is _MEANS[words]
