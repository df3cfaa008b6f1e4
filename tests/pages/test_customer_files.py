"""The files of a customer's page, through the gate: pairs, photos and papers, the large view, changing, removing, consent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from microcrm import wiring
from microcrm.adapters.file_store import FolderStore
from microcrm.domain.permissions import Role
from microcrm.state.base import AppState
from microcrm.state.customer import CustomerPage
from microcrm.state.customer_files import CustomerFiles
from tests.conftest import act_as
from tests.support.person_files import agree, keep
from tests.support.pictures import PAPER
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


async def tab_of(server: Server, shop: Shop, role: Role = Role.OWNER, whose: int = 0) -> Tab:
    address = f"/customer/folder?id={whose or shop.customer_id}"
    tab = server.tab(sign_in(shop.users[role], shop.business_id), address)
    await tab.open(CustomerPage.load, CustomerFiles.load)
    return tab


def kept(shop: Shop, store: FolderStore, shows: str = "photo", **about: Any) -> str:
    def run(uow: Any) -> str:
        agree(uow, shop.customer_id)
        return str(keep(uow, store, shop.customer_id, shows, sealer=wiring.sealer(), **about)[0])

    return str(act_as(shop.actor(), run))


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


async def test_pairs_stand_side_by_side_and_the_rest_apart(server: Server, shop: Shop, store: FolderStore) -> None:
    before = kept(shop, store, "before", day="2026-01-01")
    after = kept(shop, store, "after", day="2026-01-05", before_id=before, title="Fringe")
    alone = kept(shop, store, "before", day="2026-01-06")
    paper = kept(shop, store, "paper", data=PAPER, title="Form")
    tab = await tab_of(server, shop, Role.STAFF)
    state = await tab.state(CustomerFiles)
    (pair,) = state.pairs
    assert (pair.before.id, pair.after.id, pair.between) == (before, after, "4 days between them")
    assert (pair.before.caption, pair.after.caption) == ("Before, 01 Jan 2026", "Fringe, 05 Jan 2026")
    assert [row.id for row in state.photos] == [alone] and [row.id for row in state.papers] == [paper]
    assert state.photos[0].small == f"/customer/files/{alone}/small"
    assert [choice.value for choice in state.choices.befores] == [alone, before]
    await tab.send(CustomerFiles.view, file_id=after)
    assert [row.id for row in (await tab.state(CustomerFiles)).viewed] == [before, after]
    await tab.send(CustomerFiles.view, file_id=alone)
    assert [row.id for row in (await tab.state(CustomerFiles)).viewed] == [alone]
    await tab.send(CustomerFiles.stop_viewing)
    assert (await tab.state(CustomerFiles)).viewed == []


async def test_another_person_is_forgotten(
    server: Server, shop: Shop, store: FolderStore, fresh_database: TwoShops
) -> None:
    kept(shop, store)
    tab = await tab_of(server, shop)
    assert (await tab.state(CustomerFiles)).photos
    tab.path = f"/customer/folder?id={fresh_database.b.customer_id}"
    await tab.send(CustomerFiles.load)
    state = await tab.state(CustomerFiles)
    assert (state.is_read, state.photos, state.papers) == (False, [], [])


async def test_a_change_keeps_its_mistakes_at_the_field_and_is_undone(
    server: Server, shop: Shop, store: FolderStore
) -> None:
    file_id = kept(shop, store, day="2026-01-05")
    tab = await tab_of(server, shop)
    await tab.send(CustomerFiles.begin, file_id=file_id)
    form = (await tab.state(CustomerFiles)).form
    assert (form.id, form.shows, form.day, form.version) == (file_id, "photo", "2026-01-05", 1)
    await tab.send(CustomerFiles.save, typed={"shows": "photo", "day": "2199-01-01"})
    state = await tab.state(CustomerFiles)
    assert set(state.errors) == {"day"} and state.form == form and not state.is_saving
    answer = await tab.send(CustomerFiles.save, typed={"shows": "before", "day": "2026-01-04", "title": "Left side"})
    assert answer.codes == []
    await tab.send(CustomerFiles.load)
    state = await tab.state(CustomerFiles)
    assert state.form.id == "" and state.photos[0].caption == "Left side, 04 Jan 2026"
    await tab.send(AppState.undo, token=(await tab.state(AppState)).notices[-1].undo)
    await tab.send(CustomerFiles.load)
    assert (await tab.state(CustomerFiles)).photos[0].caption == "Photo, 05 Jan 2026"


async def test_removing_offers_the_way_back(server: Server, shop: Shop, store: FolderStore) -> None:
    file_id = kept(shop, store)
    tab = await tab_of(server, shop)
    await tab.send(CustomerFiles.remove, file_id=file_id)
    await tab.send(CustomerFiles.load)
    assert (await tab.state(CustomerFiles)).photos == []
    notice = (await tab.state(AppState)).notices[-1]
    assert notice.text == "Photo removed"
    await tab.send(AppState.undo, token=notice.undo)
    await tab.send(CustomerFiles.load)
    assert [row.id for row in (await tab.state(CustomerFiles)).photos] == [file_id]


async def test_without_a_yes_papers_come_first_and_the_page_says_so(server: Server, shop: Shop) -> None:
    tab = await tab_of(server, shop)
    state = await tab.state(CustomerFiles)
    assert not state.has_consent and state.choices.kinds[0].value == "paper"
    act_as(shop.actor(), lambda uow: agree(uow, shop.customer_id))
    await tab.send(CustomerFiles.load)
    state = await tab.state(CustomerFiles)
    assert state.has_consent and state.choices.kinds[0].value == "before"


async def test_what_was_sent_is_told_once(server: Server, shop: Shop) -> None:
    tab = await tab_of(server, shop)
    await tab.send(CustomerFiles.added, undo="12", count=1)
    await tab.send(CustomerFiles.added, undo="", count=3)
    assert [(one.text, one.undo) for one in (await tab.state(AppState)).notices] == [
        ("Added", "12"),
        ("3 files added", ""),
    ]


async def test_an_accountant_is_told_that_files_are_not_theirs(server: Server, shop: Shop, store: FolderStore) -> None:
    kept(shop, store)
    state = await (await tab_of(server, shop, Role.ACCOUNTANT)).state(CustomerFiles)
    assert (state.is_refused, state.photos, state.is_read) == (True, [], False)
