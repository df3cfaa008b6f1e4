"""No full number and no full address reaches somebody without the right to see them: every screen, every handler, every address and
file, as each role. The same walk as the owner finds them, so that the nose is known to work."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text
from starlette.applications import Starlette

from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.http.routes import routes
from microcrm.operations.sessions import PLAIN_COOKIE
from microcrm.settings import settings
from microcrm.sitemap import SCREENS
from tests.support import tabs
from tests.support.arguments import payload_for
from tests.support.leaks import ADDRESSES, NAME, NUMBERS, Planted, found_in, masked_in, plant
from tests.support.shops import Shop, TwoShops
from tests.tenancy.access_routes import EXAMPLES, PAGES
from tests.tenancy.test_crawler import named_handlers

Found = dict[str, tuple[set[str], set[str]]]  # where: what can be read in full, what masked
MASKED = (Role.STAFF, Role.ACCOUNTANT, Role.FRONT_DESK, Role.MANAGER)  # the last two with the right taken from them
_AT_THE_DESK = {"/waitlist", "/dues", "Card.open", "ClassPanel.open", "NewBooking.find", "ClassGuest.find"}
SHOWN_MASKED: dict[Role, set[str]] = {
    Role.STAFF: {"Card.open", "ClassPanel.open", "NewBooking.find"},
    Role.ACCOUNTANT: {"/dues", "Bill.find"},
    Role.FRONT_DESK: _AT_THE_DESK,
    Role.MANAGER: _AT_THE_DESK | {"/customers.csv", "list.csv"},
}


@pytest.fixture
def behind(fresh_database: TwoShops) -> Iterator[Engine]:
    engine = wiring.make_engine(settings().database_owner_url, pool_size=1)
    yield engine
    engine.dispose()


def take_right(engine: Engine, shop: Shop, role: Role) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE members SET withheld = '{customers.contact}' WHERE id = :id"), {"id": shop.members[role]}
        )


def addresses(planted: Planted) -> dict[str, str]:
    """Each screen as it is opened about her."""
    own = {
        "/calendar": f"?date={planted.day}&booking={planted.shop.booking_item_id}",
        "/customer": f"?id={planted.shop.customer_id}",
        "/customers": f"?q={NAME.partition(' ')[0]}",
        "/invoice": f"?id={planted.bill_id}",
        "/statement": f"?customer={planted.shop.customer_id}",
    }
    own |= dict.fromkeys(("/customer/records", "/customer/folder"), own["/customer"])
    return {screen.path: screen.path + own.get(screen.path, "") for screen in SCREENS}


def typed(handler: Any, planted: Planted) -> list[dict[str, Any]]:
    """Her ids wherever one fits; and once more with her name for every word that may be typed. No form changes her number."""
    payload = payload_for(handler, planted.shop) | {
        name: str(value)
        for name, value in (("session_id", planted.session_id), ("document_id", planted.bill_id))
        if name in inspect.signature(inspect.unwrap(handler)).parameters
    }
    kept = {"phone": "", "email": "", "name": NAME}
    other = str(planted.shop.customer_id)
    by_id = {key: value | kept if isinstance(value, dict) else value for key, value in payload.items()}
    by_name = {key: NAME if value == other else value for key, value in by_id.items()}
    return [by_id] if by_id == by_name else [by_id, by_name]


async def walk_screens(server: tabs.Server, session: str, planted: Planted) -> Found:
    found = {}
    for screen in SCREENS:
        answer = await server.tab(session, addresses(planted)[screen.path]).open(*screen.on_load)
        found[screen.path] = (found_in(answer.text), masked_in(answer.text))
    return found


async def walk_handlers(server: tabs.Server, session: str, planted: Planted, behind: Engine) -> Found:
    """In a tab that has been on every screen. Each finds her as she was, whatever the one before did. What signs people out comes
    last."""
    found: Found = {}
    tab = server.tab(session)
    standing = {"ShareBill": addresses(planted)["/invoice"]}
    for screen in SCREENS:
        tab.path = addresses(planted)[screen.path]
        await tab.open(*screen.on_load)
        standing |= {handler.fn.__qualname__.partition(".")[0]: tab.path for handler in screen.on_load}
    for name, (state, own) in sorted(named_handlers().items(), key=lambda one: (one[1][0] == "Account", one[0])):
        tab.path = standing.get(state, f"/customer?id={planted.shop.customer_id}")
        for payload in typed(tabs.handlers()[name].fn, planted):
            answer = await tab.send(name, **payload)
            assert "signed_out" not in answer.codes or state == "Account", name
            text_sent = answer.text
            full, masked = found.setdefault(f"{state}.{own}", (set(), set()))
            full.update(found_in(text_sent))
            masked.update(masked_in(text_sent))
        with behind.begin() as connection:
            connection.execute(text("UPDATE customers SET archived_at = NULL WHERE archived_at IS NOT NULL"))
    return found


async def walk_files(session: str, planted: Planted) -> Found:
    ids = {"{service_id}": planted.shop.service_id, "{customer_id}": planted.shop.customer_id}
    more = {
        "/calendar/sheet?": f"/calendar/sheet?date={planted.day}",
        "/invoice/{id:int}.pdf": f"/invoice/{planted.bill_id}.pdf",
        "/invoice/{id:int}.svg": f"/invoice/{planted.bill_id}.svg",
        "/f/{token}.ics": f"/f/{planted.feed}.ics",
        "/customers.csv": f"/customers.csv?ids={planted.shop.customer_id},{planted.other_id}",
        "list.csv": "/customers.csv?show=active",
        "/customers.vcf": f"/customers.vcf?ids={planted.shop.customer_id},{planted.other_id}",
    }
    wanted = {path: EXAMPLES.get(path, path) for path in PAGES} | more
    found = {}
    transport = httpx.ASGITransport(app=Starlette(routes=routes()))
    cookies = {PLAIN_COOKIE: session}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", cookies=cookies) as client:
        for name, path in wanted.items():
            if "{token}" in path or path == "/mailbox":  # of customers themselves; and of development alone
                continue
            for word, value in ids.items():
                path = path.replace(word, str(value))
            answer = await client.get(path)
            head = f"{answer.headers} {answer.url}"
            found[name] = (found_in(answer.content) | found_in(head), masked_in(answer.content))
    return found


async def walk(server: tabs.Server, role: Role, planted: Planted, behind: Engine) -> Found:
    session = tabs.sign_in(planted.shop.users[role], planted.shop.business_id)
    found = await walk_screens(server, session, planted) | await walk_files(session, planted)
    found |= await walk_handlers(server, session, planted, behind)
    again = await walk_screens(server, session, planted)
    return found | {f"{path} again": what for path, what in again.items()}


def seen_in(found: Found) -> tuple[dict[str, set[str]], set[str]]:
    """Where something could be read in full, and where masked."""
    return {where: full for where, (full, _) in found.items() if full}, {
        w for w, (_, masked) in found.items() if masked
    }


def still_there(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT phone, email FROM customers")).all()
    return found_in(repr(rows))


@pytest.mark.parametrize("role", MASKED)
async def test_nothing_reaches_whoever_may_not_see_it(
    role: Role, server: tabs.Server, fresh_database: TwoShops, behind: Engine
) -> None:
    planted = plant(fresh_database.a)
    if role not in (Role.STAFF, Role.ACCOUNTANT):
        take_right(behind, planted.shop, role)
    full, masked = seen_in(await walk(server, role, planted, behind))
    assert full == {}
    assert masked >= {"/customers", "/customer", "PaletteState.find", *SHOWN_MASKED[role]}
    assert still_there(behind) == {*NUMBERS, *ADDRESSES}


async def test_the_same_walk_finds_them_for_the_owner(
    server: tabs.Server, fresh_database: TwoShops, behind: Engine
) -> None:
    found = await walk(server, Role.OWNER, plant(fresh_database.a), behind)
    full, _ = seen_in(found)
    assert full.keys() >= {
        "/customers", "/customer", "/calendar", "/dues", "/waitlist", "/calendar/sheet?", "/customers.csv", "list.csv",
        "/customers.vcf", "PaletteState.find", "NewBooking.find", "ClassGuest.find", "Bill.find", "Card.open",
        "ClassPanel.open", "ShareBill.share", "CustomerPage.start_editing", "TodayAside.load",
    }  # fmt: skip
    assert full["/customer"] == {NUMBERS[0], ADDRESSES[0]}
    assert full["list.csv"] == {*NUMBERS, *ADDRESSES}


def test_the_nose_knows_a_number_however_it_is_written() -> None:
    number, address = NUMBERS[0], ADDRESSES[0]
    for written in (
        "+91 97310 86420", "097310-86420", "(97310) 86420", "9731 086 420", "97310\\u00a086420", "wa.me/919731086420",
        "97310%2086420", "tel:+91-97310.86420",
    ):  # fmt: skip
        assert found_in(f'{{"phone": "{written}"}}') == {number}, written
    for written in ("Leela.Quiet@hush.example", "mailto:leela.quiet%40hush.example", "<leela.quiet@hush.example>"):
        assert found_in(written) == {address}, written
    for masked in ("•••• 86420", "l•••@hush.example", "97310 •••••", "quiet@hush.example"):
        assert found_in(masked) == set(), masked
