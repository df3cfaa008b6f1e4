"""The crawler: every handler and every address, as everybody, against one readable table (`access_table.py`).

The ids it sends are the neighbour's. Whoever is allowed gets no further than "not found" with them, and at the end not a
byte of the neighbour's rows has changed.
"""

from __future__ import annotations

import httpx
import pytest
from reflex_base.registry import RegistrationContext
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.routing import Route

from microcrm.domain.permissions import Role
from microcrm.http.routes import routes
from microcrm.operations.sessions import PLAIN_COOKIE
from microcrm.state.gate import PLUMBING
from tests.support import tabs
from tests.support.arguments import payload_for
from tests.support.browsing import Visit
from tests.support.furniture import fingerprint
from tests.support.shops import CANARY, Shop, TwoShops
from tests.tenancy.access_routes import EXAMPLES, FORMS, PAGES, PUBLIC_FORMS
from tests.tenancy.access_table import HANDLERS, expected
from tests.tenancy.personas import NOBODY, PERSONAS, STRANGER, VISITOR

REFUSALS = {"signed_out", "forbidden"}


def session_of(persona: str, both: TwoShops) -> str:
    if persona == VISITOR:
        return ""
    shop, role = (both.b, Role.OWNER) if persona == STRANGER else (both.a, Role(persona))
    return tabs.sign_in(shop.users[role], shop.business_id)


def named_handlers() -> dict[str, tuple[str, str]]:
    """Reflex's name of each handler of ours -> its state and its own name; ``setvar`` is tried apart."""
    found = {}
    for name, registered in RegistrationContext.get().event_handlers.items():
        state, own = registered.states[0], name.rpartition(".")[2]
        if state.__module__.startswith("microcrm.") and own != "setvar":
            found[name] = (state.__name__, own)
    return found


def test_the_table_names_every_handler_and_no_other(app: object) -> None:
    handlers = set(named_handlers().values())
    assert {f"{state}.{own}" for state, own in handlers if expected(state, own) is None} == set()
    known = {state for state, _ in handlers} | {f"{state}.{own}" for state, own in handlers}
    assert HANDLERS.keys() - known == set()


@pytest.mark.parametrize("persona", PERSONAS)
async def test_every_handler_as(persona: str, server: tabs.Server, furnished: tuple[TwoShops, Engine]) -> None:
    both, engine = furnished
    target: Shop = both.a if persona == STRANGER else both.b
    before = fingerprint(engine, target)
    session = session_of(persona, both)
    wrong, seen = [], []
    for name, (state, own) in sorted(named_handlers().items()):
        tab = server.tab(session, f"/customer?id={target.customer_id}")
        await tab.open()
        payload = payload_for(tabs.handlers()[name].fn, target)
        answer = await tab.send(name, **payload)
        is_refused = bool(REFUSALS & set(answer.codes))
        if is_refused == (persona in (expected(state, own) or NOBODY)):
            wrong.append(f"{state}.{own}: {'refused' if is_refused else 'allowed'} {answer.codes}")
        if answer.crashes:
            wrong.append(f"{state}.{own}: crashed with {answer.crashes[0]!r}"[:300])
        if persona != STRANGER and CANARY in answer.text:
            seen.append(f"{state}.{own}")
    assert wrong == []
    assert seen == []
    assert fingerprint(engine, target) == before


@pytest.mark.parametrize("persona", PERSONAS)
async def test_nobody_may_call_what_reflex_registers_by_itself(
    persona: str, server: tabs.Server, fresh_database: TwoShops
) -> None:
    """``setvar`` of every state, and client storage."""
    tab = server.tab(session_of(persona, fresh_database))
    await tab.open()
    for name in tabs.handlers():
        if name in PLUMBING or name in named_handlers():
            continue
        answer = await tab.send(name, var_name="allowed", value=["business.edit"], vars={"shop_name": "Mine"})
        assert REFUSALS & set(answer.codes), name
    from microcrm.state.base import AppState

    assert "business.edit" not in (await tab.state(AppState)).allowed or persona in {"owner", STRANGER}


def pages() -> set[str]:
    return {route.path for route in routes() if isinstance(route, Route) and "GET" in (route.methods or set())}


def forms() -> set[str]:
    return {route.path for route in routes() if isinstance(route, Route) and "POST" in (route.methods or set())}


def test_the_table_names_every_route_and_no_other() -> None:
    files = {path for path in pages() if path.startswith("/public-")}
    one_mail = {path for path in pages() if path.startswith("/mailbox/")}
    assert pages() - files - one_mail == set(PAGES)
    assert forms() == {*FORMS, *PUBLIC_FORMS}


@pytest.mark.parametrize("persona", PERSONAS)
async def test_every_page_as(persona: str, fresh_database: TwoShops) -> None:
    cookies = {PLAIN_COOKIE: session_of(persona, fresh_database)} if persona != VISITOR else {}
    transport = httpx.ASGITransport(app=Starlette(routes=routes()))
    wrong = []
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", cookies=cookies) as client:
        for path, allowed in PAGES.items():
            example = EXAMPLES.get(path, path).replace("{service_id}", str(fresh_database.a.service_id))
            example = example.replace("{customer_id}", str(fresh_database.a.customer_id))
            answer = await client.get(example)
            assert answer.status_code < 500 or path == "/ready", path
            if (answer.status_code == 200) != (persona in allowed) and path != "/ready":
                wrong.append(f"{path}: {answer.status_code} {answer.headers.get('location', '')}")
            assert persona == STRANGER or CANARY not in answer.text
    assert wrong == []


@pytest.mark.parametrize("persona", PERSONAS)
async def test_every_form_from_another_site_as(persona: str, furnished: tuple[TwoShops, Engine]) -> None:
    both, engine = furnished
    cookies = {PLAIN_COOKIE: session_of(persona, both)} if persona != VISITOR else {}
    before = [fingerprint(engine, shop) for shop in (both.a, both.b)]
    transport = httpx.ASGITransport(app=Starlette(routes=routes()))
    headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", cookies=cookies) as client:
        for path in (*FORMS, *PUBLIC_FORMS):
            form = {"email": "owner@b.example", "password": "x", "member_id": both.b.members[Role.OWNER], "csrf": "x"}
            answer = await client.post(path, data={k: str(v) for k, v in form.items()}, headers=headers)
            assert 400 <= answer.status_code < 500, f"{path}: {answer.status_code}"
    assert [fingerprint(engine, shop) for shop in (both.a, both.b)] == before


PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (64).to_bytes(4) * 2 + b"\x08\x02\x00\x00\x00" + b"\x00" * 8
FILE_FORMS: dict[str, dict[str, tuple[str, bytes, str]]] = {
    "/settings/logo": {"logo": ("logo.png", PICTURE, "image/png")},
    "/bank/statement": {"statement": ("bank.csv", b"Date,Credit,Narration\n05/12/2026,80,UPI\n", "text/csv")},
    "/customers/import/file": {"customers": ("list.csv", b"Name,Phone\nSuma,98450 55501\n", "text/csv")},
    "/settings/products/list": {"list": ("products.csv", b"Name,Price\nComb,80\n", "text/csv")},
}
KEPT = ("logo=saved", "new=1&known=0&out=0&unread=0")


def was_kept(answer: httpx.Response) -> bool:
    """The file that was sent with the form."""
    location = answer.headers.get("location", "")
    return location.endswith(KEPT) or "/customers/import?id=" in location or "1 added" in answer.text


async def post_form(visit: Visit, path: str, shop: Shop) -> httpx.Response:
    """As the page it stands on would."""
    ids = {"member": str(shop.members[Role.STAFF]), "business": str(shop.business_id)}
    fields = {name: value.format(**ids) for name, value in FORMS[path].fields.items()}
    if path in FILE_FORMS:
        headers = {"origin": visit.base, "sec-fetch-site": "same-origin"}
        return await visit.client.post(path, headers=headers, files=FILE_FORMS[path])
    return await visit.send("/reset", to=path, **fields)


def got_through(answer: httpx.Response) -> bool:
    """Neither sent to the sign-in page nor refused for what one may not do or see."""
    return not answer.headers.get("location", "").startswith("/sign-in") and answer.status_code not in (401, 403, 404)


@pytest.mark.parametrize("persona", PERSONAS)
async def test_every_form_of_our_own_as(persona: str, furnished: tuple[TwoShops, Engine]) -> None:
    both, engine = furnished
    own, other = (both.b, both.a) if persona == STRANGER else (both.a, both.b)
    before = fingerprint(engine, other)
    wrong = []
    for path, form in FORMS.items():
        visit = Visit()
        if session := session_of(persona, both):
            visit.client.cookies.set(PLAIN_COOKIE, session)
        answer = await post_form(visit, path, own)
        is_allowed = persona in form.allowed
        assert not is_allowed or path not in FILE_FORMS or was_kept(answer)
        if got_through(answer) != is_allowed or (is_allowed and answer.status_code != form.status):
            wrong.append(f"{path}: {answer.status_code} {answer.headers.get('location', '')}")
    assert wrong == []
    after = fingerprint(engine, other)
    signs_in_there = {"users", "sessions", "devices", "mail_tokens", "bell_notices"} if persona == STRANGER else set()
    assert {name for name in before if before[name] != after[name]} <= signs_in_there


@pytest.mark.parametrize("persona", PERSONAS)
async def test_no_form_reaches_the_neighbour_as(persona: str, furnished: tuple[TwoShops, Engine]) -> None:
    both, engine = furnished
    target = both.a if persona == STRANGER else both.b
    before = fingerprint(engine, target)
    for path in ("/shops", "/view-as"):
        visit = Visit()
        if session := session_of(persona, both):
            visit.client.cookies.set(PLAIN_COOKIE, session)
        assert not got_through(await post_form(visit, path, target)), path
    assert fingerprint(engine, target) == before
