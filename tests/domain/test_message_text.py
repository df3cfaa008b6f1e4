"""Texts with places: what is read, refused and filled in, and what an SMS of it costs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.errors import MessageUnfit
from microcrm.domain.message_text import (
    MOST,
    NOTHING,
    VARIABLES,
    as_whatsapp_wants,
    clean_value,
    cost_paise,
    in_plain_letters,
    problems_of,
    render,
    segment_words,
    segments_of,
    whatsapp_problems,
)
from microcrm.domain.messenger import Channel

VALUES = {name: f"<{name}>" for name in VARIABLES}
SMS, WHATSAPP = Channel.SMS, Channel.WHATSAPP


def test_places_are_filled_in_wherever_they_stand() -> None:
    done = render("{shop}: see you, {Customer}. { link } {shop}", VALUES)
    assert done.text == "<shop>: see you, <customer>. <link> <shop>"
    assert done.content_values == ("<shop>", "<customer>", "<link>")
    assert as_whatsapp_wants("{shop}: {link} {shop}") == "{{1}}: {{2}} {{1}}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello {custmer}", "Did you mean {customer}?"),
        ("Hello {zzz}", "Take one from the list."),
        ("Hello {customer", "brace"),
        ("Hello customer}", "brace"),
        ("Hello {customer.__class__}", "brace"),
        ("Hello {customer!r:>9999}", "brace"),
        ("Hello {0}", "brace"),
        ("Hello {}", "brace"),
        ("Hello {{customer}}", "brace"),
        ("Your OTP {#var#}", "brace"),
    ],
)
def test_what_is_no_place_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(MessageUnfit, match=said.replace("{", r"\{").replace("?", r"\?")):
        render(text, VALUES)
    assert said in problems_of(text, VARIABLES)[0]


@given(st.text(), st.text(min_size=1))
def test_what_a_value_holds_is_never_read_as_a_place(value: str, other: str) -> None:
    done = render("a {customer} z", VALUES | {"customer": value + "{link}"})
    assert "<link>" not in done.text and "{link}" in done.text
    assert render("{shop}", {"shop": "{customer.__class__}", "customer": other}).text == "{customer.__class__}"


@given(st.text(max_size=80))
def test_a_value_is_one_line_that_nobody_can_turn_around(value: str) -> None:
    done = clean_value(value)
    assert clean_value(done) == done == done.strip() and "\n" not in done and "  " not in done
    assert not set(done) & set("\u202e\u2066\u200f\u200b\x00")


def test_a_name_in_indic_script_keeps_its_joiners() -> None:
    assert clean_value("ಸ್ಯಾಂಡಲ್\u200cವುಡ್") == "ಸ್ಯಾಂಡಲ್\u200cವುಡ್"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Thank you, {customer}. Bye", "Thank you. Bye"),
        ("Lotus: {customer}, it is time", "Lotus: it is time"),
        ("Happy birthday, {customer}!", "Happy birthday!"),
        ("Cancelled. {reason} Choose again", "Cancelled. Choose again"),
        ("{reason} Choose again", "Choose again"),
        ("Choose again {reason}", "Choose again"),
    ],
)
def test_what_has_no_value_leaves_no_hole(template: str, said: str) -> None:
    done = render(template, {})
    assert done.text == said and done.content_values == (NOTHING,)


def test_a_value_that_is_needed_and_missing_is_named() -> None:
    with pytest.raises(MessageUnfit, match="link"):
        render("See {link}", {"link": " \u200b"})
    with pytest.raises(MessageUnfit, match="empty"):
        render("{customer}", {})


@pytest.mark.parametrize("channel", list(Channel))
def test_a_text_has_a_most_on_each_channel(channel: Channel) -> None:
    room = MOST[channel]
    assert len(render("{shop}", {"shop": "a" * room}, channel).text) == room
    with pytest.raises(MessageUnfit, match="too long"):
        render("{shop}", {"shop": "a" * (room + 1)}, channel)


def test_what_an_owner_writes_is_judged_for_its_message() -> None:
    assert problems_of("Hi {customer} {link}", ("customer", "link"), ("link",)) == []
    assert problems_of("Hi {amount}", ("customer",)) == ["{amount} is not known in this message."]
    assert problems_of("Hi", ("link",), ("link",)) == ["{link} has to be in it: link."]
    assert problems_of("  ", ()) == ["Write a text."]
    assert problems_of("a" * 1_001, ()) == ["At most 1,000 characters."]


def test_whatsapp_registers_no_variable_at_an_edge_or_beside_another() -> None:
    assert whatsapp_problems("Hello {customer}, bye") == []
    assert len(whatsapp_problems("{customer}: hello {link}")) == 2
    assert whatsapp_problems("Hello {customer} {link} bye") == [
        "WhatsApp registers no text with two variables side by side. Put a word between them."
    ]


# --- segments -----------------------------------------------------------------------------------------------------------------------


def test_segments_are_those_of_the_worked_cases(vectors: dict[str, Any]) -> None:
    for case in vectors["sms_segments"]:
        found = segments_of(case["text"])
        assert (found.encoding, found.units, found.count) == (case["encoding"], case["units"], case["segments"]), case


def test_what_takes_two_units_is_never_cut_in_half() -> None:
    assert segments_of("a" * 152 + "€" + "b" * 153).count == 3  # 307 units; 2 * 153 would hold 306
    assert segments_of("a" * 152 + "€" + "b" * 150).count == 2
    assert segments_of("😀" * 66).count == 2 and segments_of("😀" * 67).count == 3  # 33 to a part of 67


PLAIN = st.text(alphabet="abcXYZ0189 .,:;!?'\"@£$¥èéÅ^{}[]~|€", max_size=700)


@given(PLAIN | st.text(max_size=300))
def test_segments_hold_the_text_and_no_more_than_needed(text: str) -> None:
    found = segments_of(text)
    lone, part = (160, 153) if found.encoding == "GSM-7" else (70, 67)
    if found.encoding == "UCS-2":
        assert found.units == len(text.encode("utf-16-le", "surrogatepass")) // 2
    assert found.count == 1 if found.units <= lone else found.count >= 2
    if found.count > 1:
        assert found.count * (part - 1) - part < found.units <= found.count * part
        assert 0 <= found.room < part
    assert segments_of(text + "a").units == found.units + 1


@given(st.text(max_size=200))
def test_plain_letters_never_cost_more(text: str) -> None:
    plain = in_plain_letters(text)
    assert segments_of(plain).count <= segments_of(text).count
    assert plain == text or segments_of(plain).encoding == "GSM-7"


def test_rupees_and_quotes_are_written_plainly_where_that_saves() -> None:
    assert in_plain_letters("It’s ₹500 – “now”…") == 'It\'s Rs.500 - "now"...'
    assert in_plain_letters("₹ 500") == "Rs.500"
    assert in_plain_letters("₹500 बाकी") == "₹500 बाकी"  # UCS-2 either way: one sign is shorter than three
    assert render("{amount} due", {"amount": "₹500.00"}, SMS).text == "Rs.500.00 due"
    assert render("{amount} due", {"amount": "₹500.00"}, WHATSAPP).text == "₹500.00 due"


def test_a_registered_text_changes_only_where_it_is_filled_in() -> None:
    done = render("It’s {amount} due", {"amount": "₹500.00"}, SMS, is_registered=True)
    assert done.text == "It’s Rs.500.00 due"


def test_a_count_is_said_in_words_and_a_price_in_paise() -> None:
    assert segment_words(segments_of("a" * 96)) == "1 SMS: 96 of 160 characters"
    assert segment_words(segments_of("a" * 200)) == "2 SMS: 200 characters, 106 left in the last"
    assert cost_paise(3, 1_250) == 38  # 12.5 paise each, half up
    assert cost_paise(1, 0) == 0
