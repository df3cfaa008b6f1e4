"""The dialogs above a booking: moving, calling off with its fee, not coming, booking again, telling the customer."""

from __future__ import annotations

from typing import Any

import pytest

from microcrm.domain.permissions import Role
from microcrm.operations.book import BookService
from microcrm.operations.booking_policy import ChangePolicy, FeeRung, change_policy
from microcrm.operations.booking_status import Step, step
from microcrm.operations.move import move
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.state.base import AppState
from microcrm.state.booking_again import AgainForm
from microcrm.state.booking_cancel import CancelForm
from microcrm.state.booking_card import Card
from microcrm.state.booking_fee import FeeForm
from microcrm.state.booking_move import MoveForm
from microcrm.state.booking_tell import Telling
from microcrm.state.calendar import Calendar
from microcrm.state.calendar_drop import Drops
from tests.conftest import act_as
from tests.pages.test_calendar_page import DAY, a, b, blocks, booked, calendar, dragged, notices
from tests.support.desk import move_to
from tests.support.notices import waiting
from tests.support.shops import Shop
from tests.support.tabs import Server, Tab

__all__ = ["a", "b"]
LATE = 60 * 24 * 7  # minutes before the visit: everything booked here is late


def charging(shop: Shop, **terms: Any) -> None:
    act_as(shop.actor(), change_policy, ChangePolicy(0, **terms))


def queued(shop: Shop) -> list[str]:
    """Steps of the messages that wait, in order."""

    def read(uow: Any) -> list[str]:
        return [one.step for one in waiting(uow)]

    steps: list[str] = act_as(shop.actor(), read)
    return steps


async def opened(server: Server, shop: Shop, done: BookingDone, role: Role = Role.OWNER) -> Tab:
    tab = await calendar(server, shop, role)
    await tab.send(Card.open, item_id=str(done.item_ids[0]))
    return tab


async def test_moving_onto_somebody_offers_times_and_keeps_the_form(server: Server, a: Shop) -> None:
    done = booked(a, "10:00")
    booked(a, "12:00")
    tab = await opened(server, a, done)
    await tab.send(MoveForm.begin)
    manager = str(a.members[Role.MANAGER])
    form = {"day": DAY, "time": "12:00", "member_id": manager, "minutes": "45"}
    await tab.send(MoveForm.save, form=form)
    state = await tab.state(MoveForm)
    assert state.is_open and len(state.nearest) == 3
    await tab.send(MoveForm.take, day=DAY, time="14:00")
    state = await tab.state(MoveForm)
    assert (state.start.time, state.nearest) == ("14:00", []) and "2:00 pm" in state.letter.text
    await tab.send(MoveForm.save, form=form | {"time": "14:00", "tell": "on"})
    assert not (await tab.state(MoveForm)).is_open and queued(a) == ["moved"]


async def test_the_move_form_shows_what_is_free_for_whom_it_would_be(server: Server, a: Shop) -> None:
    done = booked(a, "10:00")
    booked(a, "12:00")
    tab = await opened(server, a, done)
    await tab.send(MoveForm.begin)
    free = [one.time for one in (await tab.state(MoveForm)).free]
    assert "10:15" in free and "12:00" not in free and "19:15" in free
    await tab.send(MoveForm.typed, name="member_id", value=str(a.members[Role.STAFF]))
    assert "12:00" in [one.time for one in (await tab.state(MoveForm)).free]
    await tab.send(MoveForm.typed, name="day", value="0002-11-3")
    assert (await tab.state(MoveForm)).free == []


async def test_the_whole_visit_moves_from_any_of_its_services(server: Server, a: Shop) -> None:
    both = tuple(BookService(a.service_id, a.members[role]) for role in (Role.MANAGER, Role.STAFF))
    done = booked(a, "10:00", services=both)
    tab = await calendar(server, a)
    await tab.send(Card.open, item_id=str(done.item_ids[1]))
    await tab.send(MoveForm.begin)
    assert (await tab.state(MoveForm)).start.time == "10:45"
    await tab.send(MoveForm.save, form={"day": DAY, "time": "14:45", "whole": "on"})
    await tab.send(Calendar.refresh)
    assert [start for start, _, _ in (await blocks(tab)).values()] == ["14:00", "14:45"]
    await tab.send(Card.refresh)
    await tab.send(Card.shift, minutes=-15)
    await tab.send(Calendar.refresh)
    assert [start for start, _, _ in (await blocks(tab)).values()] == ["13:45", "14:30"]


async def test_somebody_else_was_faster(server: Server, a: Shop) -> None:
    """The message says who did what; the second try goes through, with what was typed."""
    done = booked(a, "10:00")
    tab = await opened(server, a, done)
    await tab.send(MoveForm.begin)
    act_as(a.actor(), move, move_to(done, "11:00", day=DAY))
    form = {"day": DAY, "time": "15:00", "member_id": str(a.members[Role.MANAGER]), "minutes": "45"}
    await tab.send(MoveForm.save, form=form)
    assert "This booking was moved by Plain owner at" in (await notices(tab))[-1]
    assert (await tab.state(Card)).card.time == "11:00" and (await tab.state(MoveForm)).is_open
    await tab.send(MoveForm.save, form=form)
    assert not (await tab.state(MoveForm)).is_open


async def test_cancelling_late_shows_its_fee_and_needs_a_reason_to_waive_it(server: Server, a: Shop) -> None:
    charging(a, fee_ladder=(FeeRung(LATE, 50),))
    done = booked(a, "10:00")
    tab = await opened(server, a, done)
    await tab.send(CancelForm.begin, form="cancel", booking_id=str(done.booking_id))
    form = await tab.state(CancelForm)
    assert (form.fee, form.fee_share, form.suggested) == ("₹300.00", "50 % of the price", "late")
    assert form.letter.text.startswith("Asha's Salon: your visit is cancelled") and form.letter.is_usual
    await tab.send(CancelForm.type_reason, reason="Power cut")
    assert "Power cut" in (await tab.state(CancelForm)).letter.text
    typed = {"who": "late", "reason": "Fever", "is_waived": "on", "waiver": "", "tell": "on"}
    await tab.send(CancelForm.save, form=typed)
    assert (await tab.state(AppState)).errors == {"waiver": "Say why no fee is asked for."}
    await tab.send(CancelForm.save, form=typed | {"waiver": "First time"})
    assert (await notices(tab))[-1] == "Plain Iyer: Cancelled late, ₹300.00 waived"
    assert not (await tab.state(Card)).is_open and queued(a) == ["cancelled"]


async def test_a_cancellation_in_time_costs_nothing_and_tells_only_when_asked(server: Server, a: Shop) -> None:
    charging(a, fee_ladder=(FeeRung(60, 50),), is_telling_usual=False)
    done = booked(a, "10:00")
    tab = await opened(server, a, done)
    await tab.send(CancelForm.begin, form="cancel", booking_id=str(done.booking_id))
    form = await tab.state(CancelForm)
    assert (form.fee, form.suggested, form.letter.is_usual) == ("", "customer", False)
    await tab.send(CancelForm.save, form={"who": "customer"})
    notice = (await tab.state(AppState)).notices[-1]
    assert notice.text == "Plain Iyer: Cancelled by customer" and queued(a) == []
    await tab.send(Telling.offer, change=notice.tell)
    assert (await tab.state(Telling)).letter.reach.startswith("Message to +91")
    await tab.send(Telling.send)
    state = await tab.state(AppState)
    assert queued(a) == ["cancelled"] and [one.tell for one in state.notices if one.undo] == [""]


async def test_a_drag_offers_to_tell_and_an_undone_one_tells_nobody(server: Server, a: Shop) -> None:
    item = booked(a, "10:00").item_ids[0]
    tab = await calendar(server, a)
    await tab.send(Drops.moved, change=dragged(item, "14:00", "14:45", a.members[Role.MANAGER]))
    notice = (await tab.state(AppState)).notices[-1]
    assert notice.tell and queued(a) == []
    await tab.send(Telling.offer, change=notice.tell)
    assert "2:00 pm" in (await tab.state(Telling)).letter.text
    await tab.send(Telling.send)
    assert queued(a) == ["moved"]
    await tab.send(AppState.undo, token=notice.undo)
    assert queued(a) == []
    await tab.send(Telling.offer, change=notice.tell)
    refused = await tab.send(Telling.send)
    assert refused.codes == ["conflict"] and queued(a) == []


@pytest.mark.parametrize("change", ["", "1", "x:y:z", "1:1:shouted", "::", "999999:1:moved"])
async def test_notices_of_nothing_are_refused(server: Server, a: Shop, change: str) -> None:
    tab = await calendar(server, a)
    answer = await tab.send(Telling.offer, change=change)
    assert answer.refusals and not answer.crashes


async def test_not_coming_is_asked_about_only_when_it_costs(server: Server, a: Shop) -> None:
    free = booked(a, "10:00")
    tab = await opened(server, a, free)
    await tab.send(FeeForm.miss, booking_id=str(free.booking_id))
    assert (await notices(tab))[-1] == "Plain Iyer: Did not come" and not (await tab.state(FeeForm)).form
    charging(a, no_show_percent=30)
    dear = booked(a, "14:00")
    await tab.send(FeeForm.miss, booking_id=str(dear.booking_id))
    form = await tab.state(FeeForm)
    assert (form.form, form.fee) == ("missed", "₹180.00")
    await tab.send(FeeForm.save, form={"is_waived": "on", "waiver": "Her train was late"})
    assert (await notices(tab))[-1] == "Plain Iyer: Did not come, ₹180.00 waived"
    await tab.send(Card.open, item_id=str(dear.item_ids[0]))
    assert (await tab.state(Card)).card.fee == "Fee of ₹180.00 waived: Her train was late"
    await tab.send(FeeForm.restore)
    await tab.send(Card.refresh)
    assert (await tab.state(Card)).card.fee == "Fee to be paid: ₹180.00"
    await tab.send(FeeForm.waive)
    await tab.send(FeeForm.save, form={"waiver": " "})
    assert (await tab.state(AppState)).errors == {"waiver": "A reason is needed."}
    await tab.send(FeeForm.save, form={"waiver": "A good customer"})
    await tab.send(Card.refresh)
    assert "A good customer" in (await tab.state(Card)).card.fee


async def test_the_same_again_some_weeks_later(server: Server, a: Shop) -> None:
    done = booked(a, "10:00")
    act_as(a.actor(), step, Step(done.booking_id, "finished"))
    tab = await opened(server, a, done)
    assert (await tab.state(Card)).card.rebook == "button"
    await tab.send(AgainForm.begin)
    form = await tab.state(AgainForm)
    later = next(one.day for one in form.start.weeks if one.weeks == "4")
    assert (form.start.day, form.start.time) == (later, "10:00") and "10:00" in [one.time for one in form.free]
    await tab.send(AgainForm.take, day=form.start.weeks[0].day, time="")
    await tab.send(AgainForm.save, form={"day": form.start.weeks[0].day, "time": "11:00", "tell": "on"})
    assert (await notices(tab))[-1].endswith("11:00 am with Plain manager") and queued(a) == ["booked"]
    await tab.send(AgainForm.save, form={"day": form.start.weeks[0].day, "time": "11:00"})
    assert len((await tab.state(AgainForm)).nearest) == 3


async def test_forms_without_a_visit_do_nothing(server: Server, a: Shop, b: Shop) -> None:
    tab = await calendar(server, a)
    for handler in (MoveForm.begin, AgainForm.begin, FeeForm.waive, FeeForm.restore):
        assert (await tab.send(handler)).codes == ["not_found"]
    foreign = {"booking_id": str(b.booking_id)}
    assert (await tab.send(CancelForm.begin, form="cancel", **foreign)).codes == ["not_found"]
    assert (await tab.send(FeeForm.miss, **foreign)).codes == ["not_found"]
    own = await tab.send(CancelForm.begin, form="cancel", booking_id=str(a.booking_id))
    assert not own.refusals and (await tab.state(CancelForm)).form == "cancel"
