"""What comes again, event by event through the gate: dates are looked at first, then made together."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from microcrm.domain.permissions import Role
from microcrm.operations.book import BookService, book
from microcrm.operations.series import CreateSeries, SeriesWish, create
from microcrm.state.base import AppState
from microcrm.state.booking_card import Card
from microcrm.state.booking_move import MoveForm
from microcrm.state.booking_new import NewBooking
from microcrm.state.booking_new_times import NewTimes
from microcrm.state.calendar import Calendar
from microcrm.state.class_new import NewClass
from microcrm.state.series_edit import SeriesEdit
from microcrm.state.series_new import NewSeries
from microcrm.state.series_repeat import Repeats
from tests.conftest import act_as
from tests.pages.test_class_pages import class_service
from tests.support.desk import INDIA, wish
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in

FIRST = datetime.now(INDIA).date() + timedelta(days=3)


def week(number: int) -> str:
    return (FIRST + timedelta(weeks=number)).isoformat()


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


async def calendar(server: Server, shop: Shop, day: date = FIRST) -> Tab:
    tab = server.tab(sign_in(shop.users[Role.OWNER], shop.business_id), f"/calendar?date={day.isoformat()}")
    assert not (await tab.open(Calendar.load)).crashes
    return tab


async def begun(server: Server, shop: Shop) -> Tab:
    """The form of a new visit, four times weekly."""
    tab = await calendar(server, shop)
    await tab.send(NewBooking.begin, who="known", day=week(0), time="10:00", minutes=0, staff="")
    await tab.send(Repeats.pick_every, every="week")
    return tab


def form_of(shop: Shop, **changes: Any) -> dict[str, Any]:
    typed = {
        "customer_id": str(shop.customer_id),
        "service_id": str(shop.service_id),
        "member_id": str(shop.members[Role.MANAGER]),
        "day": week(0),
        "time": "10:00",
        "every": "week",
        "interval": "1",
        "ends": "count",
        "count": "4",
    }
    return typed | changes


async def starts(tab: Tab, number: int) -> list[tuple[str, list[list[str]]]]:
    """What stands on the board in that week: time and marks."""
    tab.path = f"/calendar?date={week(number)}"
    await tab.send(Calendar.load)
    return [(e["s"][11:], e.get("b", [])) for e in (await tab.state(Calendar)).events if "o" not in e]


async def test_dates_are_shown_first_and_then_booked_together(server: Server, a: Shop) -> None:
    tab = await begun(server, a)
    answer = await tab.send(NewSeries.save, form=form_of(a))
    repeats = await tab.state(Repeats)
    assert not answer.refusals and (await tab.state(NewBooking)).is_open
    assert ([row.day for row in repeats.rows], repeats.kept, repeats.clashes) == ([week(n) for n in range(4)], 4, 0)
    await tab.send(NewTimes.serve, services=[[str(a.service_id), str(a.members[Role.MANAGER])]])
    text = (await tab.state(NewTimes)).letter.text
    assert all(str((FIRST + timedelta(weeks=n)).day) in text for n in range(4)) and "The first of them" in text
    await tab.send(Repeats.toggle, place=2)
    assert (await tab.state(Repeats)).kept == 3
    assert len((await tab.state(NewTimes)).letter.text) < len(text)
    answer = await tab.send(NewSeries.save, form=form_of(a))
    assert not answer.refusals and not answer.crashes
    assert not (await tab.state(NewBooking)).is_open
    assert [len(await starts(tab, n)) for n in range(5)] == [1, 1, 0, 1, 0]
    notice = next(one for one in (await tab.state(AppState)).notices if one.undo)
    assert notice.text.endswith("4 times · 3 visits booked")
    await tab.send(AppState.undo, token=notice.undo)
    assert [len(await starts(tab, n)) for n in range(4)] == [0] * 4


async def test_what_clashes_is_marked_and_can_have_another_time(server: Server, a: Shop) -> None:
    act_as(a.actor(), book, wish(a, "10:15", day=week(1)))
    tab = await begun(server, a)
    await tab.send(NewSeries.save, form=form_of(a))
    repeats = await tab.state(Repeats)
    assert (repeats.kept, repeats.clashes) == (3, 1)
    clash = repeats.rows[1]
    assert "not free at 10:00 am" in clash.why and len(clash.nearest) == 3
    await tab.send(Repeats.toggle, place=1)
    assert not (await tab.state(Repeats)).rows[1].is_kept  # not as it is
    await tab.send(Repeats.use, place=1, day=week(1), time="03:00")
    assert (await tab.state(Repeats)).clashes == 1  # nobody offered that
    other = clash.nearest[-1]
    await tab.send(Repeats.use, place=1, day=other.day, time=other.time)
    repeats = await tab.state(Repeats)
    assert (repeats.kept, repeats.clashes, repeats.rows[1].is_other) == (4, 0, True)
    assert not (await tab.send(NewSeries.save, form=form_of(a))).refusals
    assert sorted(time for time, _ in await starts(tab, 1)) == sorted(["10:15", other.time])


async def test_other_dates_are_looked_at_anew(server: Server, a: Shop) -> None:
    tab = await begun(server, a)
    await tab.send(NewSeries.save, form=form_of(a))
    await tab.send(NewSeries.save, form=form_of(a, time="11:00"))
    assert [row.time for row in (await tab.state(Repeats)).rows] == ["11:00"] * 4
    assert await starts(tab, 0) == []
    await tab.send(Repeats.changed)
    assert (await tab.state(Repeats)).rows == []


async def test_outside_hours_a_reason_opens_every_date(server: Server, a: Shop) -> None:
    tab = await begun(server, a)
    await tab.send(NewSeries.save, form=form_of(a, time="06:00"))
    assert (await tab.state(Repeats)).kept == 0 and (await tab.state(NewBooking)).asks_reason
    await tab.send(Repeats.toggle, place=0)
    # The field for the reason has come into the form meanwhile: empty, it changes nothing.
    assert (await tab.send(NewSeries.save, form=form_of(a, time="06:00", reason=""))).codes == ["invalid"]
    early = form_of(a, time="06:00", reason="Before work")
    await tab.send(NewSeries.save, form=early)
    assert (await tab.state(Repeats)).kept == 4
    assert not (await tab.send(NewSeries.save, form=early)).refusals
    [(time, marks)] = await starts(tab, 3)
    assert time == "06:00" and ["Repeats", "plain"] in [list(mark) for mark in marks]


async def test_somebody_who_takes_a_date_meanwhile_shows_as_a_clash(server: Server, a: Shop) -> None:
    tab = await begun(server, a)
    await tab.send(NewSeries.save, form=form_of(a))
    act_as(a.actor(), book, wish(a, "10:00", day=week(3)))
    assert (await tab.send(NewSeries.save, form=form_of(a))).codes == ["slot_taken"]
    assert (await tab.state(Repeats)).clashes == 1 and (await tab.state(NewBooking)).is_open
    assert not (await tab.send(NewSeries.save, form=form_of(a))).refusals
    assert [len(await starts(tab, n)) for n in range(4)] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"count": ""}, "count"), ({"ends": "until", "until": ""}, "count"), ({"interval": "0"}, "interval"),
     ({"service_id": ""}, "service_id"), ({"every": "moon"}, "every"), ({"day": "soon"}, "day")],
)  # fmt: skip
async def test_mistakes_stay_at_their_fields(server: Server, a: Shop, wrong: dict[str, Any], field: str) -> None:
    tab = await begun(server, a)
    answer = await tab.send(NewSeries.save, form=form_of(a, **wrong))
    assert answer.codes == ["invalid"] and field in (await tab.state(AppState)).errors
    assert (await tab.state(Repeats)).rows == [] and (await tab.state(NewBooking)).is_open


async def test_a_class_is_scheduled_once_or_several_times(server: Server, a: Shop) -> None:
    service = class_service(a)
    tab = await calendar(server, a)
    await tab.send(NewBooking.begin, who="known", day=week(0), time="10:00", minutes=0, staff="")
    booking = await tab.state(NewBooking)
    assert booking.wanted.has_classes
    assert str(service) not in [one.value for one in booking.services]  # a class is not booked like a visit
    await tab.send(NewClass.instead_of_visit)
    form = await tab.state(NewClass)
    assert not (await tab.state(NewBooking)).is_open
    assert (form.start.day, form.start.time, form.start.service_id, form.start.seats) == (
        week(0),
        "10:00",
        str(service),
        "3",
    )
    typed = form_of(a, service_id=str(service), seats="5")
    assert not (await tab.send(NewClass.save, form=typed)).refusals
    assert await starts(tab, 0) == [("10:00", [])]
    await tab.send(NewClass.begin, day=week(0), time="12:00", staff="")
    await tab.send(Repeats.pick_every, every="week")
    act_as(a.actor(), book, wish(a, "12:00", day=week(2)))
    await tab.send(NewClass.save, form=typed | {"time": "12:00"})
    assert (await tab.state(Repeats)).clashes == 1
    assert not (await tab.send(NewClass.save, form=typed | {"time": "12:00"})).refusals
    assert not (await tab.state(NewClass)).is_open
    assert [len(await starts(tab, n)) for n in range(4)] == [2, 1, 1, 1]


async def test_a_class_that_cannot_be_had_offers_times_and_asks_for_a_reason(server: Server, a: Shop) -> None:
    service = class_service(a)
    act_as(a.actor(), book, wish(a, "10:00", day=week(0)))
    tab = await calendar(server, a)
    await tab.send(NewClass.begin, day=week(0), time="10:00", staff="")
    await tab.send(NewClass.save, form=form_of(a, service_id=str(service)))
    form = await tab.state(NewClass)
    assert form.is_open and len(form.nearest) == 3
    offered = form.nearest[0]
    await tab.send(NewClass.take, day=offered.day, time=offered.time)
    assert (await tab.state(NewClass)).start.time == offered.time
    await tab.send(NewClass.save, form=form_of(a, service_id=str(service), time="06:00"))
    assert (await tab.state(NewClass)).asks_reason
    assert not (
        await tab.send(NewClass.save, form=form_of(a, service_id=str(service), time="06:00", reason="Early birds"))
    ).refusals
    await tab.send(NewClass.begin, day=week(0), time="10:00", staff="")
    await tab.send(NewClass.as_visit)
    assert (await tab.state(NewBooking)).is_open and not (await tab.state(NewClass)).is_open


async def test_another_shop_s_services_are_not_found(server: Server, a: Shop, fresh_database: TwoShops) -> None:
    theirs = class_service(fresh_database.b)
    tab = await begun(server, a)
    answer = await tab.send(NewSeries.save, form=form_of(a, service_id=str(fresh_database.b.service_id)))
    assert answer.codes == ["not_found"]
    await tab.send(Repeats.clear)
    assert (await tab.send(NewClass.save, form=form_of(a, service_id=str(theirs)))).codes == ["not_found"]
    await tab.send(NewClass.begin, day=week(0), time="10:00", staff="")
    assert (await tab.state(NewClass)).services == []


async def test_turning_a_tablet_closes_no_form_and_loading_anew_does(server: Server, a: Shop) -> None:
    tab = await begun(server, a)
    await tab.send(Calendar.resized, size="desktop")
    await tab.send(NewClass.begin, day=week(0), time="10:00", staff="")
    await tab.send(NewBooking.begin, who="known", day=week(0), time="10:00", minutes=0, staff="")
    await tab.send(Calendar.resized, size="tablet")
    assert (await tab.state(NewBooking)).is_open and (await tab.state(NewClass)).is_open
    await tab.send(Calendar.resized, size="tablet")
    assert not (await tab.state(NewBooking)).is_open and not (await tab.state(NewClass)).is_open


async def card_of(server: Server, shop: Shop, number: int) -> Tab:
    """The card of that visit of four, weekly at ten."""
    haircut = BookService(shop.service_id, shop.members[Role.MANAGER])
    act_as(
        shop.actor(),
        create,
        CreateSeries(SeriesWish((haircut,), week(0), "10:00", count=4), customer_id=shop.customer_id),
    )
    tab = await calendar(server, shop, FIRST + timedelta(weeks=number))
    events = (await tab.state(Calendar)).events
    item = next(event["i"] for event in events if "o" not in event and event["s"].endswith("T10:00"))
    assert not (await tab.send(Card.open, item_id=item)).refusals
    return tab


async def times(tab: Tab) -> list[list[str]]:
    return [[time for time, _ in await starts(tab, n)] for n in range(4)]


async def test_the_card_tells_the_place_and_a_move_takes_those_that_follow(server: Server, a: Shop) -> None:
    tab = await card_of(server, a, 1)
    line = (await tab.state(Card)).card.series
    assert (line.place, line.move_following, line.move_all) == ("2 of 4", "3 visits", "4 visits")
    assert line.rule.startswith("Every week on ")
    await tab.send(SeriesEdit.begin, kind="move")
    await tab.send(SeriesEdit.pick_scope, scope="following")
    form = {"day": week(1), "time": "16:00", "member_id": str(a.members[Role.MANAGER]), "minutes": "60"}
    answer = await tab.send(SeriesEdit.save_move, form=form)
    assert not answer.refusals and not (await tab.state(SeriesEdit)).is_open
    assert await times(tab) == [["10:00"], ["16:00"], ["16:00"], ["16:00"]]
    await tab.send(AppState.undo, token=(await tab.state(AppState)).notices[-1].undo)
    assert await times(tab) == [["10:00"]] * 4


async def test_visits_whose_new_time_clashes_are_shown_and_stay(server: Server, a: Shop) -> None:
    act_as(a.actor(), book, wish(a, "16:15", day=week(2)))
    tab = await card_of(server, a, 0)
    await tab.send(SeriesEdit.begin, kind="move")
    await tab.send(SeriesEdit.pick_scope, scope="all")
    form = {"day": week(0), "time": "16:00", "member_id": str(a.members[Role.MANAGER]), "minutes": "45"}
    await tab.send(SeriesEdit.save_move, form=form)
    edit = await tab.state(SeriesEdit)
    assert edit.is_open and [row.day for row in edit.clashes] == [week(2)]
    assert await times(tab) == [["10:00"], ["10:00"], ["10:00", "16:15"], ["10:00"]]
    assert not (await tab.send(SeriesEdit.save_move, form=form)).refusals
    assert await times(tab) == [["16:00"], ["16:00"], ["10:00", "16:15"], ["16:00"]]


async def test_when_the_visit_itself_clashes_other_times_are_offered(server: Server, a: Shop) -> None:
    act_as(a.actor(), book, wish(a, "16:15", day=week(1)))
    tab = await card_of(server, a, 1)
    await tab.send(SeriesEdit.begin, kind="move")
    await tab.send(SeriesEdit.pick_scope, scope="following")
    form = {"day": week(1), "time": "16:00", "member_id": str(a.members[Role.MANAGER]), "minutes": "45"}
    await tab.send(SeriesEdit.save_move, form=form)
    edit = await tab.state(SeriesEdit)
    assert len(edit.nearest) == 3 and "time" in (await tab.state(AppState)).errors
    await tab.send(SeriesEdit.save_move, form=form | {"time": "06:00"})
    assert (await tab.state(SeriesEdit)).asks_reason
    assert not (await tab.send(SeriesEdit.save_move, form=form | {"time": "06:00", "reason": "Before work"})).refusals


@pytest.mark.parametrize(("scope", "left"), [("following", [1, 0, 0, 0]), ("all", [0, 0, 0, 0])])
async def test_cancelling_by_scope(server: Server, a: Shop, scope: str, left: list[int]) -> None:
    tab = await card_of(server, a, 1)
    await tab.send(SeriesEdit.begin, kind="cancel")
    await tab.send(SeriesEdit.pick_scope, scope=scope)
    assert not (await tab.send(SeriesEdit.save_cancel, form={"who": "customer", "reason": "Moves away"})).refusals
    assert [len(one) for one in await times(tab)] == left


async def test_only_this_visit_is_changed_as_any_other(server: Server, a: Shop, fresh_database: TwoShops) -> None:
    tab = await card_of(server, a, 1)
    await tab.send(SeriesEdit.begin, kind="move")
    await tab.send(SeriesEdit.only_this)
    assert (await tab.state(MoveForm)).is_open and not (await tab.state(SeriesEdit)).is_open
    single = await calendar(server, a)
    await single.send(Card.open, item_id=str(a.booking_item_id))
    assert (await single.send(SeriesEdit.begin, kind="move")).codes == ["not_found"]
    theirs = await calendar(server, fresh_database.b)
    theirs_edit = await theirs.send(SeriesEdit.save_cancel, form={"who": "customer"})
    assert theirs_edit.codes == ["invalid"] or theirs_edit.codes == ["not_found"]


async def test_the_letter_of_a_series_lists_every_date(server: Server, a: Shop) -> None:
    tab = await card_of(server, a, 1)
    await tab.send(SeriesEdit.begin, kind="move")
    await tab.send(SeriesEdit.pick_scope, scope="all")
    await tab.send(SeriesEdit.typed, name="time", value="16:00")
    text = (await tab.state(SeriesEdit)).letter.text
    assert "your visits have new times" in text and "4:00 pm" in text
    assert all(str((FIRST + timedelta(weeks=n)).day) in text for n in range(4))
    await tab.send(SeriesEdit.typed, name="time", value="soon")
    assert (await tab.state(SeriesEdit)).letter.text == text
    await tab.send(SeriesEdit.begin, kind="cancel")
    await tab.send(SeriesEdit.pick_scope, scope="following")
    assert "your visits are cancelled" in (await tab.state(SeriesEdit)).letter.text
