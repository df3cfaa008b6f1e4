"""The queue and the waiting list at the desk, event by event through the gate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from microcrm.domain.permissions import Role
from microcrm.models.waiting import WaitlistEntry, WaitlistPreference
from microcrm.operations import queue
from microcrm.operations.booking_policy import ChangePolicy, change_policy
from microcrm.operations.queue import DrawTicket
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.waitlist import AddWaiting, WishedTime, add
from microcrm.state.base import AppState
from microcrm.state.place_panel import PlacePanel
from microcrm.state.queue import DrawPanel, QueuePage
from microcrm.state.waitlist import OfferText, WaitingForm, WaitlistPage
from tests.conftest import act_as
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in

DAY = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()  # both shops are open every day


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def tab_of(server: Server, shop: Shop, role: Role = Role.OWNER, path: str = "/queue") -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), path)


async def last_notice(tab: Tab) -> tuple[str, str]:
    notices = (await tab.state(AppState)).notices
    return (notices[-1].text, notices[-1].undo) if notices else ("", "")


def open_queue(shop: Shop) -> None:
    act_as(shop.actor(), change_policy, ChangePolicy(version=0, is_queue_on=True))


async def test_the_owner_switches_the_queue_on_and_nobody_else(server: Server, a: Shop) -> None:
    desk = tab_of(server, a, Role.FRONT_DESK)
    await desk.open(QueuePage.load)
    assert (await desk.send(QueuePage.switch, is_on=True)).codes == ["forbidden"]
    owner = tab_of(server, a)
    await owner.open(QueuePage.load)
    assert not (await owner.state(QueuePage)).head.is_on
    assert (await owner.send(QueuePage.switch, is_on=True)).codes == []
    assert (await owner.state(QueuePage)).head.is_on


async def test_a_number_is_drawn_called_and_given_back(server: Server, a: Shop, fresh_database: TwoShops) -> None:
    open_queue(a)
    open_queue(fresh_database.b)
    act_as(fresh_database.b.actor(), queue.draw, DrawTicket(fresh_database.b.service_id, name=f"{CANARY} Rao"))
    tab = tab_of(server, a, Role.FRONT_DESK)
    await tab.open(QueuePage.load)
    await tab.send(DrawPanel.begin)
    await tab.send(DrawPanel.pick_service, service=str(a.service_id))
    assert len((await tab.state(DrawPanel)).takers) == len(Role)
    answer = await tab.send(DrawPanel.save, form={"service_id": str(a.service_id), "name": "Kavya"})
    assert answer.codes == []
    drawn = (await tab.state(DrawPanel)).drawn
    assert drawn.number == "1" and "/q/shop-a/" in drawn.link and drawn.picture.startswith("data:image/svg+xml")
    row = (await tab.state(QueuePage)).waiting[0]
    assert (row.number, row.name) == ("1", "Kavya")
    await tab.send(QueuePage.call, ticket=row.id, version=row.version)
    assert [one.number for one in (await tab.state(QueuePage)).called] == ["1"]
    text, undo = await last_notice(tab)
    assert text == "Number 1 is called"
    answer = await tab.send(QueuePage.call, ticket=row.id, version=row.version)
    assert answer.codes == ["conflict"], "an older version is refused, not silently overwritten"
    await tab.send(AppState.undo, token=undo)
    await tab.send(QueuePage.load)
    state = await tab.state(QueuePage)
    assert [one.number for one in state.waiting] == ["1"] and state.called == []
    assert CANARY not in answer.text


async def test_a_draw_without_a_service_says_so_at_the_field(server: Server, a: Shop) -> None:
    open_queue(a)
    tab = tab_of(server, a)
    await tab.open(QueuePage.load)
    await tab.send(DrawPanel.begin)
    answer = await tab.send(DrawPanel.save, form={"name": "Kavya"})
    assert answer.codes == ["invalid"]
    assert set((await tab.state(DrawPanel)).errors) == {"service_id"}
    assert (await tab.state(DrawPanel)).is_open and not (await tab.state(DrawPanel)).is_saving


async def test_what_changes_elsewhere_shows(server: Server, a: Shop) -> None:
    open_queue(a)
    tab = tab_of(server, a)
    await tab.open(QueuePage.load)
    act_as(a.actor(), queue.draw, DrawTicket(a.service_id))
    await tab.send(QueuePage.heard, changes="customer 3")
    assert (await tab.state(QueuePage)).waiting == []
    await tab.send(QueuePage.heard, changes="queue 1")
    assert [one.number for one in (await tab.state(QueuePage)).waiting] == ["1"]


async def test_somebody_new_waits_with_two_times_that_suit(server: Server, a: Shop) -> None:
    tab = tab_of(server, a, Role.FRONT_DESK, "/waitlist")
    await tab.open(WaitlistPage.load)
    await tab.send(WaitingForm.begin)
    await tab.send(WaitingForm.pick_who, who="new")
    await tab.send(WaitingForm.add_wish)
    form = {
        "service_id": str(a.service_id), "name": "Kavya Rao", "phone": "98450 55555", "first_day_1": DAY,
        "first_day_2": DAY, "start_2": "16:00", "end_2": "16:10", "note": "",
    }  # fmt: skip
    answer = await tab.send(WaitingForm.save, form=form)
    assert answer.codes == ["invalid"] and set((await tab.state(WaitingForm)).errors) == {"end_2"}
    assert act_as(a.actor(), lambda uow: uow.session.scalars(select(WaitlistEntry)).all()) == []
    assert (await tab.send(WaitingForm.save, form=form | {"end_2": "20:00"})).codes == []
    page = await tab.state(WaitlistPage)
    assert [(row.name, len(row.wishes)) for row in page.rows] == [("Kavya Rao", 2)]
    assert page.rows[0].wishes[1].endswith("4:00 pm – 8:00 pm") and page.summary == "1 person waits"


def put_on_list(shop: Shop) -> int:
    command = AddWaiting(shop.service_id, (WishedTime(DAY, weekdays=()),), customer_id=shop.customer_id)
    return int(act_as(shop.actor(), add, command).entry_id)


async def test_a_time_is_offered_by_hand_and_their_yes_makes_the_visit(server: Server, a: Shop) -> None:
    entry = str(put_on_list(a))
    tab = tab_of(server, a, Role.FRONT_DESK, "/waitlist")
    await tab.open(WaitlistPage.load)
    await tab.send(PlacePanel.begin_wish, entry=entry)
    form = {"day": DAY, "time": "23:00", "member_id": str(a.members[Role.MANAGER])}
    assert (await tab.send(PlacePanel.save_wish, form=form)).codes == ["outside_hours"]
    assert (await tab.state(PlacePanel)).asks_reason
    assert (await tab.send(PlacePanel.save_wish, form=form | {"time": "11:00"})).codes == []
    row = (await tab.state(WaitlistPage)).rows[0]
    assert "11:00 am with Plain manager" in row.offer and "left to answer" in row.left
    await tab.send(WaitlistPage.answer, offer=row.offer_id, answer="accept")
    assert (await tab.state(WaitlistPage)).rows == []
    tab.path = "/waitlist?show=closed"
    await tab.send(WaitlistPage.load)
    assert [one.closed for one in (await tab.state(WaitlistPage)).rows] == ["Booked"]


async def test_an_offer_can_be_sent_by_hand_in_words_with_a_link(
    server: Server, a: Shop, fresh_database: TwoShops
) -> None:
    tab = tab_of(server, a, Role.FRONT_DESK, "/waitlist")
    await tab.open(WaitlistPage.load)
    await tab.send(PlacePanel.begin_wish, entry=str(put_on_list(a)))
    await tab.send(PlacePanel.save_wish, form={"day": DAY, "time": "11:00", "member_id": str(a.members[Role.MANAGER])})
    offer = (await tab.state(WaitlistPage)).rows[0].offer_id
    assert (await tab.send(OfferText.begin, offer=offer)).codes == []
    said = await tab.state(OfferText)
    assert said.is_open and "a time is free: Plain haircut" in said.text and "/w/" in said.text
    assert said.whatsapp.startswith("https://wa.me/91") and "/w/" in said.whatsapp
    theirs = tab_of(server, fresh_database.b, path="/waitlist")
    assert (await theirs.send(OfferText.begin, offer=offer)).codes == ["not_found"]
    await tab.send(WaitlistPage.answer, offer=offer, answer="decline")
    assert (await tab.send(OfferText.begin, offer=offer)).codes == ["conflict"]


async def test_changing_keeps_who_waits_and_saves_what_suits(server: Server, a: Shop) -> None:
    entry = str(put_on_list(a))
    tab = tab_of(server, a, path="/waitlist")
    await tab.open(WaitlistPage.load)
    await tab.send(WaitingForm.change, entry=entry)
    assert (await tab.state(WaitingForm)).wishes[0].first_day == DAY
    form = {"first_day_1": DAY, "start_1": "10:00", "end_1": "12:00", "note": "rings first", "is_first": "on"}
    assert (await tab.send(WaitingForm.save, form=form)).codes == []

    def stored(uow: UnitOfWork) -> tuple[int, int, int]:
        wish = WaitlistPreference
        query = select(WaitlistEntry.priority, wish.start_min, wish.end_min).join(
            wish, wish.entry_id == WaitlistEntry.id
        )
        return tuple(uow.session.execute(query).one())

    assert act_as(a.actor(), stored) == (1, 600, 720)


async def test_who_was_taken_off_by_mistake_is_put_back_with_one_press(server: Server, a: Shop) -> None:
    entry = str(put_on_list(a))
    tab = tab_of(server, a, path="/waitlist")
    await tab.open(WaitlistPage.load)
    [row] = (await tab.state(WaitlistPage)).rows
    await tab.send(WaitlistPage.withdraw, entry=entry, version=row.version)
    assert (await tab.state(WaitlistPage)).rows == []
    text, undo = await last_notice(tab)
    assert text == "Taken off the waiting list"
    await tab.send(AppState.undo, token=undo)
    assert [one.id for one in (await tab.state(WaitlistPage)).rows] == [entry]


async def test_nobody_without_the_right_sees_the_list(server: Server, a: Shop, fresh_database: TwoShops) -> None:
    theirs = str(put_on_list(fresh_database.b))
    staff = tab_of(server, a, Role.STAFF, "/waitlist")
    assert "forbidden" in (await staff.open(WaitlistPage.load)).codes
    owner = tab_of(server, a, path="/waitlist")
    answer = await owner.open(WaitlistPage.load)
    assert (await owner.state(WaitlistPage)).rows == [] and CANARY not in answer.text
    for handler, payload in (
        (WaitingForm.change, {"entry": theirs}),
        (PlacePanel.begin_wish, {"entry": theirs}),
        (WaitlistPage.withdraw, {"entry": theirs, "version": "1"}),
    ):
        assert (await owner.send(handler, **payload)).codes == ["not_found"]
