"""Moves to days that are not safe: the form, the drag, the series each ask whoever may for a reason, and go past it with one."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from microcrm.domain.permissions import Role
from microcrm.operations.book import book
from microcrm.state.base import AppState
from microcrm.state.booking_again import AgainForm
from microcrm.state.booking_card import Card
from microcrm.state.booking_move import MoveForm
from microcrm.state.booking_new import NewBooking
from microcrm.state.booking_new_times import NewTimes
from microcrm.state.calendar import Calendar
from microcrm.state.calendar_drop import Drops
from microcrm.state.drop_ask import DropAsk
from microcrm.state.series_edit import SeriesEdit
from microcrm.state.series_new import NewSeries
from tests.conftest import act_as
from tests.pages.test_series_pages import FIRST, a, begun, calendar, card_of, form_of, starts, times, week
from tests.support.desk import wish
from tests.support.shops import Shop
from tests.support.tabs import Server, Tab

__all__ = ["a"]


def rests(shop: Shop, days: int) -> None:
    set_days = text("UPDATE services SET rest_days = :days WHERE id = :id")
    act_as(shop.actor(), lambda uow: uow.session.execute(set_days, {"days": days, "id": shop.service_id}))


async def near(server: Server, shop: Shop) -> tuple[Tab, str, str]:
    """A visit in the first week and one nine days later; the board of the first, its block, and a day too near to the second."""
    act_as(shop.actor(), book, wish(shop, "10:00", day=week(0)))
    act_as(shop.actor(), book, wish(shop, "15:00", day=(FIRST + timedelta(days=9)).isoformat()))
    rests(shop, 7)
    tab = await calendar(server, shop)
    events = (await tab.state(Calendar)).events
    item = next(event["i"] for event in events if "o" not in event and event["s"].endswith("T10:00"))
    return tab, item, (FIRST + timedelta(days=4)).isoformat()


async def test_the_form_asks_for_a_reason_and_goes_past_with_it(server: Server, a: Shop) -> None:
    tab, item, day = await near(server, a)
    await tab.send(Card.open, item_id=item)
    await tab.send(MoveForm.begin)
    form = {"day": day, "time": "10:00", "member_id": str(a.members[Role.MANAGER]), "minutes": "45"}
    assert (await tab.send(MoveForm.save, form=form)).codes == ["not_safe"]
    state = await tab.state(MoveForm)
    assert state.is_open and state.asks_safety and not state.asks_reason
    assert "the next one is on" in (await tab.state(AppState)).errors["day"]
    assert not (await tab.send(MoveForm.save, form=form | {"safety_reason": "Her doctor agrees"})).refusals
    assert not (await tab.state(MoveForm)).is_open
    await tab.send(Card.open, item_id=item)
    assert (await tab.state(Card)).card.day == day


def drag(item: str, day: str, shop: Shop) -> dict[str, object]:
    place = {"id": item, "start": f"{day}T10:00", "end": f"{day}T10:45", "staff": [str(shop.members[Role.MANAGER])]}
    return {**place, "old": {**place, "start": f"{week(0)}T10:00", "end": f"{week(0)}T10:45"}, "via": "mouse"}


async def test_a_drag_goes_back_and_asks_and_moves_with_a_reason(server: Server, a: Shop) -> None:
    tab, item, day = await near(server, a)
    answer = await tab.send(Drops.moved, change=drag(item, day, a))
    assert not answer.refusals and not answer.crashes
    ask = await tab.state(DropAsk)
    assert not ask.is_open and "the next one is on" in ask.unsafe and "10:00 am" in ask.to
    assert (await starts(tab, 0))[0][0] == "10:00", "it is back until somebody says why"
    await tab.send(DropAsk.move_anyway, form={"safety_reason": " "})
    assert "safety_reason" in (await tab.state(AppState)).errors
    assert not (await tab.send(DropAsk.move_anyway, form={"safety_reason": "Her doctor agrees"})).refusals
    assert (await tab.state(DropAsk)).unsafe == "" and not await starts(tab, 0)
    assert not (await tab.send(DropAsk.move_anyway, form={"safety_reason": "Twice"})).crashes


async def test_who_leaves_it_where_it_was_moves_nothing(server: Server, a: Shop) -> None:
    tab, item, day = await near(server, a)
    await tab.send(Drops.moved, change=drag(item, day, a))
    await tab.send(DropAsk.close)
    assert not (await tab.send(DropAsk.move_anyway, form={"safety_reason": "Late"})).crashes
    assert len(await starts(tab, 0)) == 1


async def test_a_drag_of_one_of_a_series_asks_which_and_then_why(server: Server, a: Shop) -> None:
    tab = await card_of(server, a, 1)
    rests(a, 7)
    item = (await tab.state(Card)).card.item_id
    near_day = (FIRST + timedelta(days=9)).isoformat()
    change = drag(item, near_day, a)
    change["old"] = {**change, "start": f"{week(1)}T10:00", "end": f"{week(1)}T10:45"}
    await tab.send(Drops.moved, change=change)
    assert (await tab.state(DropAsk)).is_open
    assert not (await tab.send(DropAsk.choose, value="visit")).crashes
    ask = await tab.state(DropAsk)
    assert not ask.is_open and "between sessions" in ask.unsafe
    assert not (await tab.send(DropAsk.move_anyway, form={"safety_reason": "Holiday"})).refusals
    assert [len(one) for one in await times(tab)] == [1, 0, 1, 1]
    await tab.send(Card.open, item_id=item)
    assert (await tab.state(Card)).card.day == near_day


async def test_a_new_series_asks_and_goes_past(server: Server, a: Shop) -> None:
    rests(a, 10)
    tab = await begun(server, a)
    await tab.send(NewSeries.save, form=form_of(a))
    assert (await tab.send(NewSeries.save, form=form_of(a))).codes == ["not_safe"]
    assert (await tab.state(NewBooking)).asks_safety
    assert not (await tab.send(NewSeries.save, form=form_of(a, safety_reason="Short sessions"))).refusals
    assert await times(tab) == [["10:00"]] * 4


async def test_an_edited_series_shows_what_stays_and_moves_it_with_a_reason(server: Server, a: Shop) -> None:
    tab = await card_of(server, a, 0)
    act_as(a.actor(), book, wish(a, "15:00", day=(FIRST + timedelta(days=26)).isoformat()))
    rests(a, 5)
    await tab.send(SeriesEdit.begin, kind="move")
    await tab.send(SeriesEdit.pick_scope, scope="all")
    day = (FIRST + timedelta(days=1)).isoformat()
    form = {"day": day, "time": "10:00", "member_id": str(a.members[Role.MANAGER]), "minutes": "45"}
    await tab.send(SeriesEdit.save_move, form=form)
    edit = await tab.state(SeriesEdit)
    assert edit.is_open and edit.asks_safety and len(edit.clashes) == 1 and "5 days" in edit.clashes[0].why
    await tab.send(SeriesEdit.save_move, form=form | {"safety_reason": "One short session"})
    assert not (await tab.send(SeriesEdit.save_move, form=form | {"safety_reason": "One short session"})).crashes
    assert not (await tab.state(SeriesEdit)).is_open


async def test_days_that_a_timer_stands_against_are_not_offered(server: Server, a: Shop) -> None:
    act_as(a.actor(), book, wish(a, "10:00", day=week(0)))
    rests(a, 4)
    tab = await calendar(server, a)
    day = (FIRST + timedelta(days=1)).isoformat()
    await tab.send(NewBooking.begin, who="known", day=day, time="10:00", minutes=0, staff="")
    await tab.send(NewTimes.typed, name="customer_id", value=str(a.customer_id))
    await tab.send(NewTimes.serve, services=[[str(a.service_id), str(a.members[Role.MANAGER])]])
    times = await tab.state(NewTimes)
    assert times.free_words.startswith("Not safe on ") and "safe from" in times.unsafe
    assert {one.day for one in times.free} == {(FIRST + timedelta(days=4)).isoformat()}
    await tab.send(NewTimes.typed, name="customer_id", value="")
    times = await tab.state(NewTimes)
    assert times.free_words.startswith("Free on ") and times.unsafe == "", "nobody in particular has rested"


async def test_without_any_test_nothing_is_offered_and_it_says_from_when(server: Server, a: Shop) -> None:
    set_days = text("UPDATE services SET patch_test_days = 180 WHERE id = :id")
    act_as(a.actor(), lambda uow: uow.session.execute(set_days, {"id": a.service_id}))
    tab = await calendar(server, a)
    await tab.send(NewBooking.begin, who="known", day=week(0), time="10:00", minutes=0, staff="")
    await tab.send(NewTimes.typed, name="customer_id", value=str(a.customer_id))
    await tab.send(NewTimes.serve, services=[[str(a.service_id), ""]])
    times = await tab.state(NewTimes)
    assert times.free == [] and times.free_words.startswith("Nothing is both safe and free on ")
    assert "With one today it is safe from" in times.unsafe


async def test_the_forms_of_a_visit_that_there_is_leave_such_days_out_too(server: Server, a: Shop) -> None:
    tab, item, day = await near(server, a)
    await tab.send(Card.open, item_id=item)
    await tab.send(MoveForm.begin)
    assert (await tab.state(MoveForm)).unsafe == ""
    await tab.send(MoveForm.typed, name="day", value=day)
    form = await tab.state(MoveForm)
    assert "the next one is on" in form.unsafe and form.free_words.startswith("Not safe on ")
    assert all(one.day >= (FIRST + timedelta(days=16)).isoformat() for one in form.free)
    await tab.send(AgainForm.begin)
    await tab.send(AgainForm.take, day=day, time="")
    again = await tab.state(AgainForm)
    assert "between sessions" in again.unsafe and again.free_words.startswith("Not safe on ")
    typed = {"day": day, "time": "10:00"}
    assert (await tab.send(AgainForm.save, form=typed)).codes == ["not_safe"]
    assert (await tab.state(AgainForm)).asks_safety
    assert not (await tab.send(AgainForm.save, form=typed | {"safety_reason": "Half a session"})).refusals
