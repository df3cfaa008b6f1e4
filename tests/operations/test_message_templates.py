"""A shop's own words: kept beside the built-in ones, checked before they are kept, shown as they would arrive."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as options
from hypothesis import strategies as st
from sqlalchemy import select

from microcrm.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from microcrm.domain.messenger import Channel
from microcrm.domain.names import given_name
from microcrm.domain.notice_texts import built_in
from microcrm.domain.notices import NoticeStep
from microcrm.domain.permissions import Role
from microcrm.models.customers import Customer
from microcrm.models.message_plan import MessageTemplate
from microcrm.operations.messaging.steps import ChangePlan, change_plan
from microcrm.operations.messaging.templates import (
    WriteTemplate,
    own_templates,
    pick_template,
    preview_template,
    save_template,
    template_for,
    use_built_in,
    view_template,
)
from microcrm.operations.notice_preview import PreviewNotice, preview_notice
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.shops import Shop

SMS, WHATSAPP = Channel.SMS, Channel.WHATSAPP
REMINDER = NoticeStep.REMINDER
TEXT = "{shop}: hello {customer}, see you {when}. {link}"
MINE = WriteTemplate("reminder", "sms", "en", text=TEXT)
HX = "HX" + "0a" * 16
DLT_ID = "1107161234567890123"
DLT_TEXT = "{#alphanumeric#}: hello {#alphanumeric#}, see you {#alphanumeric#}. {#url#}"


@pytest.fixture
def owner(unit_of_work: Work, shop: Shop) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor()) as uow:
        yield uow


def text_of(uow: UnitOfWork, channel: Channel = SMS, language: str = "en") -> str:
    return template_for(uow, REMINDER, channel, language).text


def refused(uow: UnitOfWork, command: WriteTemplate) -> dict[str, str]:
    with pytest.raises(Invalid) as wrong:
        save_template(uow, command)
    shown = preview_template(uow, command)
    assert dict(shown.problems) == wrong.value.fields  # what a preview says is what saving would say
    return wrong.value.fields


def test_own_words_stand_for_one_step_channel_and_language(owner: UnitOfWork) -> None:
    undo = save_template(owner, MINE)
    assert text_of(owner) == TEXT
    assert text_of(owner, WHATSAPP) == built_in(REMINDER, WHATSAPP, "en")
    assert text_of(owner, SMS, "hi") == built_in(REMINDER, SMS, "hi")
    assert template_for(owner, NoticeStep.BOOKED, SMS, "en").text == built_in(NoticeStep.BOOKED, SMS, "en")
    assert text_of(owner, SMS, "fr") == TEXT
    take_back(owner, undo)
    assert text_of(owner) == built_in(REMINDER, SMS, "en")


def test_a_change_raises_the_version_and_can_be_taken_back(owner: UnitOfWork) -> None:
    save_template(owner, MINE)
    assert view_template(owner, "reminder", "sms", "en").version == 1
    undo = save_template(owner, replace(MINE, version=1, text="{when}"))
    assert text_of(owner) == "{when}"
    take_back(owner, undo)
    assert text_of(owner) == TEXT
    with pytest.raises(Conflict):
        save_template(owner, replace(MINE, version=1, text="{link}"))


def test_the_built_in_words_come_back_and_go_again(owner: UnitOfWork) -> None:
    save_template(owner, MINE)
    undo = use_built_in(owner, replace(MINE, version=1))
    assert owner.session.scalars(select(MessageTemplate)).all() == []
    take_back(owner, undo)
    assert text_of(owner) == TEXT
    with pytest.raises(NotFound):
        use_built_in(owner, WriteTemplate("booked", "sms", "en"))


def test_the_built_in_words_typed_again_are_not_kept_as_own(owner: UnitOfWork) -> None:
    built = built_in(REMINDER, WHATSAPP, "en")
    assert save_template(owner, WriteTemplate("reminder", "whatsapp", "en", text=built)) == ""
    save_template(owner, WriteTemplate("reminder", "whatsapp", "en", text=built, content_sid=HX))
    assert owner.session.scalars(select(MessageTemplate)).one().text == ""
    mine = view_template(owner, "reminder", "whatsapp", "en")
    assert (mine.text, mine.content_sid, mine.is_own) == (built, HX, True)


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"text": ""}, "text", "Write a text."),
        ({"text": "\u200b \u202e"}, "text", "cannot be saved"),
        ({"text": "Hi {custmer}"}, "text", "Did you mean {customer}?"),
        ({"text": "Hi {customer.__class__.__mro__}"}, "text", "brace"),
        ({"text": "{amount}"}, "text", "{amount} is not known in this message."),
        ({"text": "a" * 1_001}, "text", "at most"),
        ({"text": 7}, "text", "must be text"),
        ({"text": "a\x00b"}, "text", "cannot be saved"),
        ({"step": "offer", "text": "A time is free"}, "text", "{link} has to be in it"),
        ({"step": "birthday", "text": "Happy birthday"}, "text", "{stop} has to be in it"),
        ({"dlt_template_id": "12"}, "dlt_template_id", "number"),
        ({"dlt_template_id": DLT_ID}, "dlt_text", "Paste the text"),
        ({"dlt_text": DLT_TEXT}, "dlt_template_id", "Type the id"),
        ({"dlt_template_id": DLT_ID, "dlt_text": "Hi {#var#}"}, "dlt_text", "typed tags"),
        ({"dlt_template_id": DLT_ID, "dlt_text": DLT_TEXT + "!"}, "dlt_text", "not the text that is registered"),
        ({"dlt_template_id": DLT_ID, "dlt_text": DLT_TEXT.replace("#url", "#numeric")}, "dlt_text", "digits only"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(owner: UnitOfWork, typed: dict[str, Any], field: str, said: str) -> None:
    assert said in refused(owner, replace(MINE, **typed))[field]


def test_a_registered_text_that_fits_is_kept_with_every_blank(owner: UnitOfWork) -> None:
    text = TEXT.replace("see you", "see  you")
    registered = DLT_TEXT.replace("see you", "see  you")
    ids = {"dlt_template_id": DLT_ID, "dlt_text": registered}
    save_template(owner, replace(MINE, text=text, **ids))
    row = owner.session.scalars(select(MessageTemplate)).one()
    assert (row.text, row.dlt_text) == (text, registered) and row.dlt_on is not None
    assert "dlt_text" in refused(owner, replace(MINE, version=1, text=TEXT, **ids))


def test_an_old_registration_may_have_old_tags(owner: UnitOfWork) -> None:
    old = WriteTemplate(
        "reminder",
        "sms",
        "en",
        text="See you {when}",
        dlt_template_id=DLT_ID,
        dlt_text="See you {#var#}",
        dlt_on="2025-06-01",
    )
    assert save_template(owner, old)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"content_sid": "HX12"}, "content_sid"),
        ({"content_sid": HX}, "text"),  # begins and ends with a variable: WhatsApp cannot have it registered
    ],
)
def test_what_whatsapp_needs(owner: UnitOfWork, typed: dict[str, Any], field: str) -> None:
    assert field in refused(owner, replace(MINE, channel="whatsapp", **typed))


def test_a_whatsapp_text_without_a_registered_one_is_kept(owner: UnitOfWork) -> None:
    assert save_template(owner, replace(MINE, channel="whatsapp"))
    shown = preview_template(owner, replace(MINE, channel="whatsapp"))
    assert shown.to_register == "{{1}}: hello {{2}}, see you {{3}}. {{4}}" and shown.segments is None


def test_a_preview_has_names_of_the_shop_and_counts(owner: UnitOfWork) -> None:
    link = "https://lotus.example/m/" + "a" * 22
    shown = preview_template(owner, replace(MINE, link=link))
    assert shown.problems == {} and link in shown.text and "Asha" in shown.text and "4:15 pm" in shown.text
    assert shown.segments is not None and (shown.segments.encoding, shown.segments.count) == ("GSM-7", 1)
    assert shown.sms_price is None
    change_plan(owner, ChangePlan(0, ["sms"], "", "0.20"))
    assert preview_template(owner, MINE).sms_price == 2_000


def test_a_preview_says_when_it_is_written_more_plainly(owner: UnitOfWork) -> None:
    assert not preview_template(owner, MINE).is_plainer
    curly = preview_template(owner, replace(MINE, text="It’s time: {when}"))
    assert curly.is_plainer and curly.text.startswith("It's time") and curly.segments
    assert curly.segments.encoding == "GSM-7"
    dues = preview_template(owner, WriteTemplate("dues", "sms", "en", text="{shop}: {amount} {link}"))
    assert dues.is_plainer and "Rs.450.00" in dues.text


def test_a_preview_of_a_wrong_text_still_shows_what_it_can(owner: UnitOfWork) -> None:
    shown = preview_template(owner, replace(MINE, dlt_template_id="12"))
    assert "hello Asha" in shown.text and "dlt_template_id" in shown.problems
    assert preview_template(owner, replace(MINE, text="{nobody}")).text == ""


@pytest.mark.parametrize("step", list(NoticeStep))
@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("language", ["en", "hi", "kn"])
def test_every_built_in_text_has_a_preview_without_a_fault(
    owner: UnitOfWork, step: NoticeStep, channel: Channel, language: str
) -> None:
    shown = preview_template(owner, WriteTemplate(step, channel, language, text=built_in(step, channel, language)))
    assert shown.problems == {} and shown.text


def test_many_templates_are_read_at_once(owner: UnitOfWork) -> None:
    save_template(owner, MINE)
    save_template(owner, replace(MINE, language="hi"))
    own = own_templates(owner)
    assert set(own) == {(REMINDER, SMS, "en"), (REMINDER, SMS, "hi")}
    assert pick_template(own, REMINDER, SMS, "kn").text == built_in(REMINDER, SMS, "kn")


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ACCOUNTANT, Role.STAFF])
def test_only_who_may_change_the_business(unit_of_work: Work, shop: Shop, role: Role) -> None:
    with unit_of_work(shop.actor(role)) as other:
        for call in (
            lambda: view_template(other, "reminder", "sms", "en"),
            lambda: save_template(other, MINE),
            lambda: use_built_in(other, MINE),
            lambda: preview_template(other, MINE),
        ):
            with pytest.raises(Forbidden):
                call()


def test_a_neighbour_s_words_are_not_ours(owner: UnitOfWork, unit_of_work: Work, neighbour: Shop) -> None:
    save_template(owner, MINE)
    owner.session.flush()
    with unit_of_work(neighbour.actor()) as other:
        assert own_templates(other) == {}
        assert text_of(other) == built_in(REMINDER, SMS, "en")


ANYTHING = st.one_of(st.none(), st.text(max_size=60), st.integers(), st.lists(st.text(max_size=5), max_size=3))


@given(st.lists(ANYTHING, min_size=6, max_size=6), st.sampled_from(["sms", "whatsapp", "email"]))
@options(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
def test_nothing_typed_breaks_it(owner: UnitOfWork, typed: list[Any], channel: str) -> None:
    command = WriteTemplate("reminder", channel, "en", *typed)
    with owner.session.begin_nested() as inner:
        for call in (save_template, preview_template, use_built_in):
            with contextlib.suppress(DomainError):
                call(owner, command)
        inner.rollback()
    with pytest.raises(Invalid):
        preview_template(owner, replace(MINE, channel=typed[0] if isinstance(typed[0], int) else "pigeon"))


def test_the_desk_sees_the_shop_s_own_words_before_it_tells_a_customer(owner: UnitOfWork, shop: Shop) -> None:
    change_plan(owner, ChangePlan(0, ["sms", "email"]))
    moved = PreviewNotice(shop.booking_id, "moved", "2026-11-30", "16:30")
    assert preview_notice(owner, moved).text.startswith("Asha's Salon: your visit has a new time")
    text = "Dear {customer}, {staff} sees you {when}. {address} {link}"
    save_template(owner, WriteTemplate("moved", "sms", "en", text=text))
    name = given_name(owner.session.get_one(Customer, shop.customer_id).name)
    assert preview_notice(owner, moved).text == f"Dear {name}, (staff) sees you Mon 30 Nov, 4:30 pm. (address) (link)"
    save_template(owner, WriteTemplate("moved", "whatsapp", "en", text="Another way"))
    assert preview_notice(owner, moved).text.startswith("Dear ")
