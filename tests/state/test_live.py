"""Which open tabs are told of a change, how often, and in what words."""

from __future__ import annotations

import asyncio

import pytest

from microcrm.adapters.listener import Listener
from microcrm.state.calendar import Calendar
from microcrm.state.live import ALL, MOST_AT_ONCE, Screens, Tab, ids_of, kinds_of
from microcrm.state.today import TodayPage


class Bell:
    """Notes what was delivered; tabs in ``gone`` are no longer here."""

    def __init__(self) -> None:
        self.rung: list[tuple[str, str, str]] = []
        self.gone: set[str] = set()

    async def ring(self, token: str, tab: Tab, changes: str) -> bool:
        self.rung.append((token, tab.handler.rpartition(".")[2], changes))
        return token not in self.gone


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def screens(bell: Bell) -> Screens:
    return Screens(Listener(lambda: ""), bell.ring, pause=0.01)


async def settle() -> None:
    await asyncio.sleep(0.05)


async def test_a_burst_is_told_once_and_only_to_its_business(screens: Screens, bell: Bell) -> None:
    screens.show("one", 3, Calendar.heard)
    screens.show("two", 3, TodayPage.heard)
    screens.show("other", 4, Calendar.heard)
    for notice in ("3 booking 17", "3 booking 17", "3 booking 18", "5 booking 1"):
        screens.changed(notice)
    await settle()
    words = "booking 17, booking 18"
    assert sorted(bell.rung) == [("one", "heard", words), ("two", "heard", words)]
    screens.changed("4 hours 9")
    await settle()
    assert bell.rung[-1] == ("other", "heard", "hours 9")


async def test_too_much_at_once_means_everything(screens: Screens, bell: Bell) -> None:
    screens.show("one", 3, Calendar.heard)
    for booking in range(MOST_AT_ONCE + 1):
        screens.changed(f"3 booking {booking}")
    await settle()
    assert [changes for _, _, changes in bell.rung] == [ALL]


async def test_after_a_gap_all_read_again(screens: Screens, bell: Bell) -> None:
    screens.show("one", 3, Calendar.heard)
    screens.show("other", 4, Calendar.heard)
    screens.missed()
    await settle()
    assert sorted(bell.rung) == [("one", "heard", ALL), ("other", "heard", ALL)]


async def test_tabs_that_left_are_forgotten(screens: Screens, bell: Bell) -> None:
    screens.show("one", 3, Calendar.heard)
    screens.show("two", 3, Calendar.heard)
    screens.show("visitor", None, Calendar.heard)
    bell.gone.add("one")
    screens.leave("two")
    for _ in range(2):
        screens.changed("3 booking 1")
        await settle()
    assert [token for token, _, _ in bell.rung] == ["one"]


async def test_a_bell_rings_for_its_member_alone_and_pages_hear_none(screens: Screens, bell: Bell) -> None:
    screens.show("page", 3, Calendar.heard)
    screens.ring("page", 3, 7, Calendar.refresh)
    screens.ring("other", 3, 70, Calendar.refresh)
    screens.ring("elsewhere", 4, 7, Calendar.refresh)
    screens.ring("visitor", None, None, Calendar.refresh)
    for notice in ("3 bell 7", "3 bell 7", "3 bell 8", "3 booking 1"):
        screens.changed(notice)
    await settle()
    assert sorted(bell.rung) == [("page", "heard", "booking 1"), ("page", "refresh", "bell 7")]
    screens.leave("page")
    screens.changed("3 bell 7")
    await settle()
    assert bell.rung[-1] == ("page", "refresh", "bell 7"), "on the next page it rings on"
    bell.gone.add("page")
    bell.rung.clear()
    for _ in range(2):
        screens.changed("3 bell 7")
        await settle()
    assert len(bell.rung) == 1


async def test_messages_are_told_to_pages_that_show_them(screens: Screens, bell: Bell) -> None:
    screens.show("board", 3, Calendar.heard, has_messages=True)
    screens.show("today", 3, TodayPage.heard)
    screens.ring("board", 3, 7, Calendar.refresh)
    screens.changed("3 message 12")
    screens.changed("3 booking 12")
    await settle()
    assert sorted(bell.rung) == [("board", "heard", "message 12, booking 12"), ("today", "heard", "booking 12")]


async def test_after_a_gap_every_bell_is_read_again(screens: Screens, bell: Bell) -> None:
    screens.ring("one", 3, 7, Calendar.refresh)
    screens.missed()
    await settle()
    assert bell.rung == [("one", "refresh", ALL)]
    assert not screens.rings("one", 3, 7), "nobody listens here, so nothing would be heard"


async def test_bells_of_tabs_that_went_are_forgotten(bell: Bell) -> None:
    screens = Screens(Listener(lambda: ""), bell.ring, pause=0.01, is_here=lambda token: token == "t0")
    for number in range(502):
        screens.ring(f"t{number}", 3, 7, Calendar.refresh)
    screens.changed("3 bell 7")
    await settle()
    assert {token for token, _, _ in bell.rung} <= {"t0", "t501"} and ("t0", "refresh", "bell 7") in bell.rung


@pytest.mark.parametrize(
    ("changes", "bookings", "kinds"),
    [
        ("booking 12, class 3, booking 13", {12, 13}, {"booking", "class"}),
        (ALL, set(), {ALL}),
        ("", set(), set()),
        ("booking x, booking -1, booking 99999999999999999999, booking", set(), {"booking"}),
    ],
)
def test_words_are_read_with_care(changes: str, bookings: set[int], kinds: set[str]) -> None:
    assert ids_of(changes, "booking") == bookings
    assert kinds_of(changes) == kinds
