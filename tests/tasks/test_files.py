"""What was thrown away is forgotten, bytes first; bytes without a file go; another installation's store is left alone."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text

from microcrm import wiring
from microcrm.adapters.file_store import FolderStore
from microcrm.domain.errors import StoreDown
from microcrm.models.person_files import PersonFile
from microcrm.operations.files.changing import remove_file
from microcrm.operations.files.reading import list_files
from microcrm.settings import settings
from tasks import files
from tests.conftest import act_as
from tests.support.person_files import agree, keep
from tests.support.shops import Shop, TwoShops


@pytest.fixture
def store(fresh_database: TwoShops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderStore:
    kept = FolderStore(tmp_path / "files")
    monkeypatch.setattr(wiring, "file_store", lambda: kept)
    return kept


def keys(store: FolderStore) -> set[str]:
    return set(store.older_than(wiring.now() + timedelta(days=1)))


def kept(shop: Shop, store: FolderStore) -> int:
    def run(uow: Any) -> int:
        agree(uow, shop.customer_id)
        return keep(uow, store, shop.customer_id)[0]

    return int(act_as(shop.actor(), run))


def arrange(statement: str) -> None:
    """As time would, behind the walls."""
    engine = create_engine(settings().database_owner_url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def age(store: FolderStore, root: Path, days: int = 2) -> None:
    """As if everything had been written some days ago."""
    for path in (root / "files").rglob("*"):
        if path.is_file():
            moment = path.stat().st_mtime - days * 86_400
            os.utime(path, (moment, moment))


def test_what_was_thrown_away_a_week_ago_is_forgotten_in_both_places(
    fresh_database: TwoShops, store: FolderStore
) -> None:
    shop, neighbour = fresh_database.a, fresh_database.b
    gone, stays, theirs = kept(shop, store), kept(shop, store), kept(neighbour, store)
    act_as(shop.actor(), remove_file, gone)
    assert files.sweep() == 0 and len(keys(store)) == 6
    arrange("UPDATE person_files SET removed_at = now() - interval '8 days' WHERE removed_at IS NOT NULL")
    assert files.sweep() == 1 and len(keys(store)) == 4
    assert files.sweep() == 0
    assert [line.id for line in act_as(shop.actor(), list_files, shop.customer_id).lines] == [stays]
    assert [line.id for line in act_as(neighbour.actor(), list_files, neighbour.customer_id).lines] == [theirs]


def test_an_upload_that_was_cut_off_goes(fresh_database: TwoShops, store: FolderStore) -> None:
    kept(fresh_database.a, store)
    arrange("UPDATE person_files SET stored_at = NULL")
    assert files.sweep() == 0
    arrange("UPDATE person_files SET created_at = now() - interval '2 hours'")
    assert files.sweep() == 1 and keys(store) == set()


def test_a_sweep_that_is_cut_off_is_done_again(
    fresh_database: TwoShops, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = kept(fresh_database.a, store)
    act_as(fresh_database.a.actor(), remove_file, file_id)
    arrange("UPDATE person_files SET removed_at = now() - interval '8 days'")

    def down(key: str) -> None:
        raise StoreDown

    monkeypatch.setattr(store, "delete", down)
    assert files.sweep() == 0
    rows = act_as(fresh_database.a.actor(), lambda uow: len(uow.session.scalars(select(PersonFile)).all()))
    assert rows == 1
    monkeypatch.undo()
    monkeypatch.setattr(wiring, "file_store", lambda: store)
    assert files.sweep() == 1 and keys(store) == set()


def test_bytes_without_a_file_go_and_others_stay(fresh_database: TwoShops, store: FolderStore, tmp_path: Path) -> None:
    kept(fresh_database.a, store)
    own = keys(store)
    orphans = {f"{fresh_database.a.business_id}/orphan-of-a-known-shop", "987654321/orphan-of-a-gone-shop0.small"}
    for key in orphans:
        store.put(key, b"x")
    assert files.tidy() == 0 and orphans < keys(store)  # too young
    age(store, tmp_path)
    assert files.tidy() == 2
    assert own <= keys(store) and not keys(store) & orphans
    age(store, tmp_path)
    assert files.tidy() == 0 and own <= keys(store)


def test_the_store_of_another_installation_is_left_alone(
    fresh_database: TwoShops, store: FolderStore, tmp_path: Path
) -> None:
    store.put("5/the-file-of-somebody-else", b"x")
    store.put("0/whose-store-this-is", b"another secret key")
    age(store, tmp_path)
    assert files.tidy() == 0
    assert "5/the-file-of-somebody-else" in keys(store)
