"""Files of customers over HTTP: from our own pages, by whoever may, sealed in the store, never kept by a cache."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from microcrm import wiring
from microcrm.adapters.file_store import FolderStore
from microcrm.domain.errors import StoreDown
from microcrm.domain.permissions import Role
from microcrm.domain.person_files import LARGEST
from microcrm.http.edge import Edge
from microcrm.http.routes import routes
from microcrm.operations.files.reading import list_files
from microcrm.operations.sessions import PLAIN_COOKIE
from microcrm.operations.vault.destroying import destroy_customer_keys
from microcrm.settings import settings
from tests.conftest import act_as
from tests.support import tabs
from tests.support.person_files import agree
from tests.support.pictures import HEIC, PAPER, PLANTED, from_telephone, photo, png_bomb
from tests.support.shops import Shop, TwoShops

OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    act_as(fresh_database.a.actor(), lambda uow: agree(uow, fresh_database.a.customer_id))
    return fresh_database.a


@pytest.fixture(autouse=True)
def store(fresh_database: TwoShops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderStore:
    kept = FolderStore(tmp_path / "files")
    monkeypatch.setattr(wiring, "file_store", lambda: kept)
    return kept


async def call(
    session: str, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
) -> httpx.Response:
    cookies = {PLAIN_COOKIE: session} if session else {}
    app = Edge(Starlette(routes=routes()), public_url=settings().public_url)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000", cookies=cookies
    ) as client:
        return await client.request(method, path, headers=OURS if headers is None else headers, **more)


async def send(
    session: str, shop: Shop, data: Any = b"", headers: dict[str, str] | None = None, **about: Any
) -> httpx.Response:
    asked = {"customer": shop.customer_id, "shows": "photo", **about}
    return await call(session, "POST", "/customer/files", headers, params=asked, content=data or photo())


def session_of(shop: Shop, role: Role = Role.OWNER) -> str:
    return tabs.sign_in(shop.users[role], shop.business_id)


def files_of(shop: Shop) -> tuple[Any, ...]:
    return tuple(act_as(shop.actor(), list_files, shop.customer_id).lines)


async def test_a_photo_is_sent_and_looked_at_without_what_the_camera_wrote(shop: Shop, store: FolderStore) -> None:
    answer = await send(session_of(shop, Role.STAFF), shop, from_telephone(), day="2026-01-05", title="Fringe")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store") and answer.json()[
        "undo"
    ].isdecimal()
    (line,) = files_of(shop)
    assert (line.title, line.author, line.width, line.height) == ("Fringe", "Plain staff", 80, 120)
    for path, largest in ((f"/customer/files/{line.id}", 120), (f"/customer/files/{line.id}/small", 120)):
        seen = await call(session_of(shop), "GET", path)
        assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
        assert seen.content.startswith(b"\xff\xd8\xff") and PLANTED not in seen.content and largest
        assert seen.headers["cache-control"] == "private, no-store"
        assert seen.headers["x-content-type-options"] == "nosniff"
        assert seen.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
        assert seen.headers["cross-origin-resource-policy"] == "same-origin"
        assert seen.headers["content-disposition"] == 'inline; filename="photo-2026-01-05.jpg"'


async def test_a_paper_is_saved_not_shown(shop: Shop) -> None:
    assert (await send(session_of(shop), shop, PAPER, shows="paper", day="2026-01-05")).status_code == 200
    (line,) = files_of(shop)
    seen = await call(session_of(shop), "GET", f"/customer/files/{line.id}")
    assert (seen.content, seen.headers["content-type"]) == (PAPER, "application/pdf")
    assert seen.headers["content-disposition"] == 'attachment; filename="paper-2026-01-05.pdf"'
    assert (await call(session_of(shop), "GET", f"/customer/files/{line.id}/small")).status_code == 404


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b" ", "not a JPEG, PNG or WebP"),
        (b"<html><script>alert(1)</script>", "not a JPEG, PNG or WebP"),
        (HEIC, "HEIC"),
        (png_bomb(), "megapixels"),
        (photo((300, 300))[:-100], "cut off or damaged"),
        (b"\xff\xd8\xff" + b"\0" * LARGEST, "larger than 15 MB"),
    ],
)
async def test_what_cannot_be_taken_is_said(shop: Shop, store: FolderStore, data: bytes, words: str) -> None:
    answer = await send(session_of(shop), shop, data)
    assert answer.status_code == 422 and words in answer.json()["message"]
    assert files_of(shop) == () and list(store.older_than(wiring.now())) == []


async def test_a_stream_without_a_length_is_cut_off_at_the_limit(shop: Shop) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1024 * 1024
            yield b"\xff" * 1024 * 1024

    answer = await send(session_of(shop), shop, endless())
    assert answer.status_code == 422 and taken <= LARGEST + 2 * 1024 * 1024


async def test_who_may_not_send_is_told_before_anything_is_read(shop: Shop, fresh_database: TwoShops) -> None:
    async def untouched() -> AsyncIterator[bytes]:
        raise AssertionError("read all the same")
        yield b""

    owner = session_of(shop)
    for session, headers, about, status in (
        ("", None, {}, 401),
        (session_of(shop, Role.ACCOUNTANT), None, {}, 403),
        (session_of(fresh_database.b), None, {}, 404),
        (owner, {"sec-fetch-site": "cross-site"}, {}, 403),
        (owner, {"origin": "https://evil.example"}, {}, 403),
        (owner, {}, {}, 403),
        (owner, None, {"customer": "10000000"}, 404),
        (owner, None, {"customer": "x"}, 404),
        (owner, None, {"shows": "everything"}, 422),
    ):
        answer = await send(session, shop, untouched(), headers, **about)
        assert answer.status_code == status, (about, answer.text)
        assert answer.json()["message"]
    assert files_of(shop) == ()


async def test_without_the_customer_s_yes_the_answer_names_what_is_missing(shop: Shop) -> None:
    act_as(shop.actor(), lambda uow: agree(uow, shop.customer_id, "withdrawn"))
    answer = await send(session_of(shop), shop)
    assert (answer.status_code, answer.json()["code"]) == (409, "consent_missing")
    assert answer.json()["message"] == "The customer has not agreed to photos. Ask them, and record the yes first."


async def test_who_may_not_look_sees_nothing(shop: Shop, fresh_database: TwoShops) -> None:
    await send(session_of(shop), shop)
    (line,) = files_of(shop)
    for path in (f"/customer/files/{line.id}", f"/customer/files/{line.id}/small"):
        for session, status in (
            (session_of(shop, Role.ACCOUNTANT), 403),
            (session_of(fresh_database.b), 404),
        ):
            answer = await call(session, "GET", path)
            assert answer.status_code == status and b"\xff\xd8\xff" not in answer.content
        signed_out = await call("", "GET", path)
        assert signed_out.status_code in (303, 401) and b"\xff\xd8\xff" not in signed_out.content
    assert (await call(session_of(shop), "GET", "/customer/files/99999999999999999999")).status_code == 404


async def test_an_erased_customer_s_photo_is_gone_for_good(shop: Shop) -> None:
    await send(session_of(shop), shop)
    (line,) = files_of(shop)
    act_as(shop.actor(), destroy_customer_keys, shop.customer_id)
    answer = await call(session_of(shop), "GET", f"/customer/files/{line.id}")
    assert answer.status_code >= 400 and "erased" in answer.text


async def test_bytes_that_are_lost_or_changed_are_said(shop: Shop, store: FolderStore) -> None:
    await send(session_of(shop), shop)
    (line,) = files_of(shop)
    whole = min(store.older_than(wiring.now()), key=len)
    store.put(whole, b"\x01" + store.get(whole)[::-1])
    for _ in range(2):
        answer = await call(session_of(shop), "GET", f"/customer/files/{line.id}")
        assert answer.status_code == 404 and "read any more" in answer.text
        store.delete(whole)


async def test_a_store_that_is_down_leaves_no_file_and_can_be_tried_again(
    shop: Shop, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(key: str, data: bytes) -> None:
        raise StoreDown

    monkeypatch.setattr(store, "put", refuse)
    answer = await send(session_of(shop), shop)
    assert answer.status_code == 502 and "Try again" in answer.json()["message"]
    monkeypatch.undo()
    monkeypatch.setattr(wiring, "file_store", lambda: store)
    assert files_of(shop) == ()
    assert (await send(session_of(shop), shop)).status_code == 200
    assert len(files_of(shop)) == 1


async def test_mistakes_in_what_is_said_about_it_come_back_by_field(shop: Shop, store: FolderStore) -> None:
    answer = await send(session_of(shop), shop, day="2199-01-01", before="77", shows="after")
    assert answer.status_code == 422 and set(answer.json()["fields"]) == {"day", "before_id"}
    assert list(store.older_than(wiring.now())) == []
