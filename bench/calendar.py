"""``cal-week``: ten people's week, in the server, over the socket, on the screen, and on two hundred screens at once."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import text

from bench import calendar_week as weeks
from bench import events, site
from bench.load import Kind, quantiles
from bench.report import Choice, Report
from bench.site import Ground, Site
from bench.wire import Tab, event_frame
from microcrm import settings as configuration
from microcrm.adapters.reachable import plain
from microcrm.domain.permissions import Role, permissions_of
from microcrm.launch.webserver import calm_collector
from microcrm.operations.calendar_range import calendar_range
from microcrm.operations.unit_of_work import Actor
from microcrm.processes import Failed
from microcrm.state.bridge import perform_now
from microcrm.state.calendar_board import columns_of, events_of, options_of
from microcrm.state.calendar_head import head_of

SCREENS = 200
USERS = 100
_APP = events._APP
_READ = '"is_read_rx_state_":true'
_CALENDAR = f"{_APP}.microcrm___state___calendar____calendar"
_OWNER = Actor(
    "member",
    user_id=1,
    business_id=weeks.BUSINESS,
    member_id=1,
    role=Role.OWNER,
    permissions=permissions_of(Role.OWNER),
)
_RAW = text("""
SELECT i.id, i.booking_id, i.member_id, i.starts_at, i.ends_at, b.version, b.status, c.name, s.name, s.colour
FROM booking_items i JOIN bookings b ON b.business_id = i.business_id AND b.id = i.booking_id
JOIN services s ON s.business_id = i.business_id AND s.id = i.service_id
LEFT JOIN customers c ON c.business_id = i.business_id AND c.id = b.customer_id
WHERE i.business_id = :b AND i.starts_at >= :s AND i.starts_at < :e ORDER BY i.starts_at
""")
# From the press of the arrow until the blocks of the other day have been painted.
_CLICK = """async () => {
  const title = document.querySelector(".toolbar h2").textContent;
  const began = performance.now();
  document.querySelector('[data-key="ArrowRight"]').click();
  while (document.querySelector(".toolbar h2").textContent === title) await new Promise((done) => setTimeout(done, 1));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - began;
}"""


def measure(choice: Choice) -> Report:
    figures: dict[str, Any] = {}
    limit: dict[str, Any] = {}
    with site.ground(choice) as ground:
        with psycopg.connect(plain(configuration.settings().database_owner_url), autocommit=True) as connection:
            choice.say("making the weeks of ten people, once")
            members = weeks.ensure(connection)
        calm_collector()  # as in a web worker
        for week in weeks.weeks():
            choice.say(f"{week.bookings} bookings, read and made ready")
            figures |= _server(week, members, 40 if choice.is_quick else 300)
            limit |= _raw(week, 40 if choice.is_quick else 300)
        with site.product() as ours:
            choice.say(f"{USERS} people, a week every two seconds each")
            figures |= _switching(ground, ours, 5.0 if choice.is_quick else 20.0)
            choice.say(f"{SCREENS} open screens hear of a change")
            figures |= asyncio.run(_live(ground, ours, members, 3 if choice.is_quick else 15))
            choice.say("click to paint, in Chromium")
            figures |= _painting(ground, ours, 8 if choice.is_quick else 25)
    return Report("cal-week", figures, goal=_goal(), limit=limit)


def _goal() -> dict[str, str]:
    goal = {"300_gz_kb": "<= 40", "paint_p95_ms": "<= 150", "live_p99_ms": "<= 1000", "live_unheard": "<= 0"}
    for size in weeks.SIZES:
        goal |= {f"{size}_p50_ms": "<= 8", f"{size}_p99_ms": "<= 40"}
    return goal


def _server(week: weeks.Week, members: list[int], times: int) -> dict[str, Any]:
    """One thread: the transaction, the statements, and what is then sent to the browser."""
    query = {"view": "week", "date": week.monday.isoformat(), "staff": ",".join(map(str, members))}

    def once() -> list[Any]:
        found = perform_now(_OWNER, calendar_range, query)
        return [head_of(found.ask, found.today, found).title, options_of(found), columns_of(found.columns, found.ask),
                events_of(found)]  # fmt: skip

    sent = once()
    blocks = sum("t" in event for event in sent[3])
    if blocks != week.bookings:
        raise Failed(f"The week of {week.bookings} bookings shows {blocks}.")
    began = time.process_time()
    spent = quantiles([_timed(once) for _ in range(times)])
    processor = (time.process_time() - began) / times * 1000
    packed = len(gzip.compress(json.dumps(sent, separators=(",", ":")).encode(), 6))
    return {
        f"{week.bookings}_p50_ms": spent["p50"],
        f"{week.bookings}_p99_ms": spent["p99"],
        f"{week.bookings}_cpu_ms": round(processor, 1),
        f"{week.bookings}_gz_kb": round(packed / 1024, 1),
    }


def _raw(week: weeks.Week, times: int) -> dict[str, Any]:
    bounds = {"b": weeks.BUSINESS, "s": week.monday.isoformat(), "e": week.monday.replace().isoformat()}
    bounds["e"] = (week.monday.fromordinal(week.monday.toordinal() + 7)).isoformat()
    spent = quantiles(
        [_timed(lambda: perform_now(_OWNER, lambda uow: uow.session.connection().execute(_RAW, bounds).all()))
         for _ in range(times)]
    )  # fmt: skip
    return {f"one statement for {week.bookings}: p50_ms": spent["p50"], "p99_ms": spent["p99"]}


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _where(query: str) -> dict[str, Any]:
    return {"pathname": "/calendar", "asPath": f"/calendar?{query}"}


def _switching(ground: Ground, ours: Site, seconds: float) -> dict[str, Any]:
    """Two people's week each, as the screen shows it, of the fuller week and the other one in turn."""
    kinds = [
        Kind(f"week{place}", 1, f"{_CALENDAR}.load", {}, _where(f"view=week&date={week.monday}"), '"patch')
        for place, week in enumerate(weeks.weeks())
    ]
    plan = events.plan_of(ours, ground.cookies(USERS), kinds, seconds, rate=0.5, hydrated=_READ, path="/calendar")
    seen = events.run(plan)
    spent = [seen["kinds"][kind.name] for kind in kinds if kind.name in seen["kinds"]]
    return {
        "switch_p50_ms": max(one["p50"] for one in spent),
        "switch_p99_ms": max(one["p99"] for one in spent),
        "switch_errors": seen["errors"],
    }


async def _live(ground: Ground, ours: Site, members: list[int], changes: int) -> dict[str, Any]:
    """Every screen shows the same day; a booking of it is confirmed and unconfirmed. Milliseconds from the commit until
    the update has come in."""
    week = weeks.weeks()[0]
    address = f"/calendar?date={week.monday}"
    heard: list[float] = []
    told = asyncio.Event()
    waiting = [0]

    def on_update(update: bytes) -> None:
        if b'"patch' in update and b'"put"' in update and began[0]:
            heard.append((time.perf_counter() - began[0]) * 1000)
            waiting[0] -= 1
            if not waiting[0]:
                told.set()

    began = [0.0]
    tabs = [Tab(str(uuid4()), address, on_update, lambda: None) for _ in range(SCREENS)]
    resized = event_frame(f"{_CALENDAR}.resized", {"size": "desktop"}, _where(f"date={week.monday}"))
    for tab, cookie in zip(tabs, ground.cookies(SCREENS, business=weeks.BUSINESS), strict=True):
        await tab.open("127.0.0.1", ours.port, {"Origin": ours.origin, "Cookie": cookie})
        await asyncio.sleep(0.05)
        tab.send(resized)
    await asyncio.sleep(5)
    unheard = 0
    with psycopg.connect(plain(configuration.settings().database_owner_url), autocommit=True) as connection:
        connection.execute("SELECT set_config('app.business_id', %s, false)", (str(weeks.BUSINESS),))
        for number in range(changes):
            told.clear()
            waiting[0] = SCREENS
            began[0] = time.perf_counter()
            connection.execute(
                "UPDATE bookings SET version = version + 1 WHERE id = (SELECT b.id FROM bookings b JOIN booking_items i "
                "ON i.booking_id = b.id WHERE b.business_id = %s AND i.member_id = %s AND i.starts_at >= %s "
                "AND i.starts_at < %s::timestamptz + interval '1 day' ORDER BY i.starts_at OFFSET %s LIMIT 1)",
                (weeks.BUSINESS, members[0], week.monday, week.monday, number % 4),
            )
            try:
                await asyncio.wait_for(told.wait(), 5)
            except TimeoutError:
                unheard += waiting[0]
            began[0] = 0.0
            await asyncio.sleep(0.5)
    for tab in tabs:
        tab.leave()
    spent = quantiles(heard or [float("inf")])
    return {"live_screens": SCREENS, "live_p50_ms": spent["p50"], "live_p99_ms": spent["p99"], "live_unheard": unheard}


def _painting(ground: Ground, ours: Site, times: int) -> dict[str, Any]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise Failed("Click to paint needs Chromium: run 'make install-browser'.")
    name, _, value = ground.cookies(1)[0].partition("=")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": name, "value": value, "url": ours.origin}])
        page = context.new_page()
        spent: list[float] = []
        for week in weeks.weeks():
            spent += _clicks(page, f"{ours.origin}/calendar?date={week.monday}", times)
        browser.close()
    found = quantiles(spent)
    return {"paint_p50_ms": found["p50"], "paint_p95_ms": found["p95"]}


def _clicks(page: Page, address: str, times: int) -> list[float]:
    """Through the days of one week, eight people wide; the first click warms up."""
    spent: list[float] = []
    while len(spent) < times:
        page.goto(address)
        page.wait_for_selector(".ec-event.ev")
        page.wait_for_timeout(1500)
        page.evaluate(_CLICK)
        for _ in range(5):
            page.wait_for_timeout(300)
            spent.append(float(page.evaluate(_CLICK)))
    return spent[:times]
