"""Reminders and texts, through the gate: rules, words, what is wrong while it is typed, and a test to one's own phone."""

from __future__ import annotations

from typing import Any

import pytest

from microcrm.domain.notices import NEWS
from microcrm.domain.permissions import Role
from microcrm.state.base import AppState
from microcrm.state.settings_reminders import Reminders
from microcrm.state.settings_texts import MessageWords
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in

WAYS = {"channels": ""}
HX = "HX" + "0a" * 16


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def tab_of(server: Server, shop: Shop, role: Role = Role.OWNER) -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), "/settings/reminders")


async def opened(server: Server, shop: Shop) -> Tab:
    tab = tab_of(server, shop)
    assert (await tab.open(Reminders.load, MessageWords.load)).codes == []
    return tab


async def rules(tab: Tab) -> dict[str, tuple[str, bool]]:
    return {row.name: (row.about, row.is_on) for row in (await tab.state(Reminders)).rows}


async def test_the_plan_a_shop_starts_with_is_said_in_words(server: Server, shop: Shop) -> None:
    tab = await opened(server, shop)
    by, offers = "WhatsApp, then SMS, then e-mail", " · only to those who agreed to offers"
    assert await rules(tab) == {
        "Ask to confirm": (f"24 h before the visit · {by}", True),
        "Ask again": (f"The day before at 6:00 pm · {by}", False),
        "Reminder": (f"2 h before the visit · {by}", True),
        "Turn is near": (f"When two are before them · {by}", True),
        "Thanks and review": (f"2 h after the visit · {by}{offers}", False),
        "Time to come again": (f"When they are due, at 11:00 am · {by}{offers}", False),
        "Birthday": (f"On the day at 10:00 am · {by}{offers}", False),
        "Money due": (f"3 days after the bill at 11:00 am · {by}", False),
    }
    state = await tab.state(Reminders)
    assert {row.step for row in state.news} == NEWS and not any(row.is_changed for row in state.rows)


async def test_a_rule_is_changed_taken_back_and_put_back_as_it_was(server: Server, shop: Shop) -> None:
    tab = await opened(server, shop)
    await tab.send(Reminders.begin, key="reminder-", is_new=False)
    timing = (await tab.state(Reminders)).timing
    assert (timing.amount, timing.unit, timing.is_at_clock, timing.is_on) == ("2", "hours", False, True)
    form = {"is_on": True, "amount": "90", "unit": "minutes", "channels": "sms,email"}
    assert (await tab.send(Reminders.save, form=form)).codes == []
    assert (await rules(tab))["Reminder"] == ("1 h 30 min before the visit · SMS, then e-mail", True)
    token = (await tab.state(AppState)).notices[-1].undo
    await tab.send(AppState.undo, token=token)
    await tab.send(Reminders.load)
    assert (await rules(tab))["Reminder"][0].startswith("2 h before")
    await tab.send(Reminders.begin, key="reminder-", is_new=False)
    await tab.send(Reminders.choose_kind, kind="clock")
    timing = (await tab.state(Reminders)).timing
    assert (timing.is_at_clock, timing.days, timing.time) == (True, "1", "18:00")
    await tab.send(Reminders.save, form={"days": "2", "time": "19:30", **WAYS})
    assert (await rules(tab))["Reminder"] == ("2 days before at 7:30 pm · WhatsApp, then SMS, then e-mail", False)
    await tab.send(Reminders.start_again, key="reminder-")
    assert (await rules(tab))["Reminder"] == ("2 h before the visit · WhatsApp, then SMS, then e-mail", True)


async def test_one_service_has_a_rule_of_its_own(server: Server, shop: Shop) -> None:
    tab = await opened(server, shop)
    await tab.send(Reminders.begin, key="reminder-", is_new=True)
    form = {"is_on": True, "amount": "1", "unit": "days", **WAYS}
    assert (await tab.send(Reminders.save, form=form)).codes == ["invalid"]
    state = await tab.state(Reminders)
    assert set(state.errors) == {"service_id"} and state.is_open and not state.is_saving
    service = state.services[0]
    assert (await tab.send(Reminders.save, form={**form, "service_id": service.value})).codes == []
    name = f"Reminder · {service.label}"
    assert (await rules(tab))[name][0].startswith("24 h before") and (await rules(tab))["Reminder"][0].startswith("2 h")
    await tab.send(Reminders.start_again, key=f"reminder-{service.value}")
    assert name not in await rules(tab)


async def test_mistakes_of_a_rule_stand_at_their_fields(server: Server, shop: Shop) -> None:
    tab = await opened(server, shop)
    await tab.send(Reminders.begin, key="reminder-", is_new=False)
    assert (await tab.send(Reminders.save, form={"amount": "soon", "unit": "hours"})).codes == ["invalid"]
    state = await tab.state(Reminders)
    assert set(state.errors) == {"amount"} and state.is_open
    for odd in ("nobody", "", "reminder-999999999"):
        await tab.send(Reminders.close)
        assert (await tab.send(Reminders.begin, key=odd, is_new=False)).codes == []
        assert not (await tab.state(Reminders)).is_open


async def test_how_messages_are_sent(server: Server, shop: Shop) -> None:
    tab = await opened(server, shop)
    form = {"channels": "sms,email", "review_url": "https://g.page/r/lotus", "sms_price": "0.18"}
    assert (await tab.send(Reminders.save_plan, form=form)).codes == []
    plan = (await tab.state(Reminders)).plan
    assert (plan.ways, plan.review_url, plan.sms_price) == (*form.values(),)
    assert (await rules(tab))["Reminder"][0].endswith("SMS, then e-mail")
    assert (await tab.send(Reminders.save_plan, form={**form, "review_url": "reviews"})).codes == ["invalid"]
    assert set((await tab.state(Reminders)).errors) == {"review_url"}
    for ways in ("", "pigeon", "sms,pigeon", "," * 1_000, 7, ["sms"]):
        assert (await tab.send(Reminders.save_plan, form={**form, "channels": ways})).codes == ["invalid"]
        assert set((await tab.state(Reminders)).errors) == {"channels"}


async def test_words_are_shown_while_they_are_typed(server: Server, shop: Shop) -> None:
    tab = await opened(server, shop)
    await tab.send(MessageWords.begin, step="reminder")
    await tab.send(MessageWords.pick_channel, channel="sms")
    state = await tab.state(MessageWords)
    assert state.is_open and state.words.text.startswith("{shop}:") and state.wrong == {}
    assert state.shown.count.startswith("1 SMS: ") and not state.shown.is_long
    assert "service" in [place.value for place in state.words.places]
    await tab.send(MessageWords.put, name="text", value="Dear {custmer}")
    state = await tab.state(MessageWords)
    assert "Did you mean {customer}?" in state.wrong["text"] and state.shown.lines == ()
    await tab.send(MessageWords.put, name="text", value="नमस्ते {customer}, {when}\n{link}")
    state = await tab.state(MessageWords)
    assert state.wrong == {} and len(state.shown.lines) == 2 and "70 characters" in state.shown.count


async def test_what_was_typed_stays_while_one_looks_at_another_language(server: Server, shop: Shop) -> None:
    tab = await opened(server, shop)
    await tab.send(MessageWords.begin, step="reminder")
    await tab.send(MessageWords.put, name="text", value="Hello {customer}!")
    await tab.send(MessageWords.pick_language, language="hi")
    assert "याद" in (await tab.state(MessageWords)).words.text
    await tab.send(MessageWords.pick_language, language="en")
    state = await tab.state(MessageWords)
    assert state.words.text == "Hello {customer}!" and state.shown.lines == ("Hello Asha!",)
    await tab.send(MessageWords.begin, step="reminder")
    assert (await tab.state(MessageWords)).words.text != "Hello {customer}!"


async def test_words_are_kept_and_the_built_in_ones_come_back(server: Server, shop: Shop) -> None:
    tab = await opened(server, shop)
    await tab.send(MessageWords.begin, step="reminder")
    text = "Dear {customer}, see you {when}. Until then!"
    await tab.send(MessageWords.put, name="text", value=text)
    form = {"text": text, "content_sid": HX}
    assert (await tab.send(MessageWords.save, form=form)).codes == []
    words = (await tab.state(MessageWords)).words
    assert (words.text, words.content_sid, words.is_own, words.version) == (text, HX, True, 1)
    await tab.send(Reminders.load)
    assert [row.name for row in (await tab.state(Reminders)).rows if row.has_own_words] == ["Reminder"]
    await tab.send(MessageWords.drop)
    words = (await tab.state(MessageWords)).words
    assert words.text.startswith("Hello from {shop}") and not words.is_own and words.content_sid == ""
    token = (await tab.state(AppState)).notices[-1].undo
    await tab.send(AppState.undo, token=token)
    await tab.send(MessageWords.begin, step="reminder")
    assert (await tab.state(MessageWords)).words.text == text


async def test_mistakes_of_the_words_stand_at_their_fields_and_nothing_is_kept(server: Server, shop: Shop) -> None:
    tab = await opened(server, shop)
    await tab.send(MessageWords.begin, step="birthday")
    await tab.send(MessageWords.pick_channel, channel="sms")
    assert (await tab.send(MessageWords.save, form={"text": "Happy birthday", "dlt_template_id": "7"})).codes == [
        "invalid"
    ]
    state = await tab.state(MessageWords)
    assert set(state.errors) == {"text", "dlt_template_id", "dlt_text"} and state.is_open and state.words.version == 0
    assert state.words.is_advertising


@pytest.mark.parametrize(
    ("handler", "payload"),
    [
        (MessageWords.begin, {"step": "shouted"}),
        (MessageWords.pick_channel, {"channel": "pigeon"}),
        (MessageWords.pick_language, {"language": "fr"}),
    ],
)
async def test_what_there_is_not_is_refused(server: Server, shop: Shop, handler: Any, payload: dict[str, str]) -> None:
    tab = await opened(server, shop)
    await tab.send(MessageWords.begin, step="reminder")
    before = (await tab.state(MessageWords)).words
    assert (await tab.send(handler, **payload)).codes == ["invalid"]
    assert (await tab.state(MessageWords)).words == before
    assert (await tab.send(MessageWords.put, name="version", value="9")).codes == []


async def test_a_test_needs_an_account_and_a_phone(server: Server, shop: Shop) -> None:
    tab = await opened(server, shop)
    await tab.send(MessageWords.begin, step="reminder")
    await tab.send(MessageWords.put, name="to", value="12")
    assert (await tab.send(MessageWords.send_test)).codes == ["invalid"]
    assert set((await tab.state(MessageWords)).errors) == {"to"}
    await tab.send(MessageWords.put, name="to", value="98450 12345")
    assert (await tab.send(MessageWords.send_test)).codes == ["conflict"]
    assert not (await tab.state(MessageWords)).is_trying


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ACCOUNTANT, Role.STAFF])
async def test_only_who_may_change_the_business(server: Server, shop: Shop, role: Role) -> None:
    tab = tab_of(server, shop, role)
    assert set((await tab.open(Reminders.load, MessageWords.load)).codes) == {"forbidden"}
    for handler, payload in (
        (MessageWords.begin, {"step": "reminder"}),
        (MessageWords.send_test, {}),
        (Reminders.save_plan, {"form": {}}),
    ):
        assert (await tab.send(handler, **payload)).codes == ["forbidden"]
    assert CANARY not in repr((await tab.state(Reminders)).rows)
