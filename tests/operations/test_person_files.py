"""Photos and papers of customers: who may add and see them, consent, limits, pairs, removal and undo, keys, and what is logged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, text

from microcrm.adapters.file_store import FolderStore
from microcrm.domain import person_files as rules
from microcrm.domain.errors import (
    Conflict,
    ConsentMissing,
    FileGone,
    Forbidden,
    Invalid,
    LimitReached,
    NotFound,
    RecordErased,
    RecordUnreadable,
    SealBroken,
)
from microcrm.domain.permissions import Role
from microcrm.domain.person_files import PDF, Shows
from microcrm.models.customers import Customer
from microcrm.models.person_files import FileOpening, PersonFile
from microcrm.models.records import AuditEvent
from microcrm.operations.files.changing import ChangeFile, change_file, remove_file
from microcrm.operations.files.keeping import AboutFile, AddFile, begin_file, check_room, finish_file, give_up_file
from microcrm.operations.files.reading import list_files, open_file
from microcrm.operations.files.sweeping import files_to_forget, forget_files, unknown_keys
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.operations.vault.checking import check_business
from microcrm.operations.vault.destroying import destroy_customer_keys
from microcrm.operations.vault.rotation import begin_rotation, end_rotation, renew_records
from tests.conftest import Work
from tests.support.person_files import agree, keep, look
from tests.support.pictures import PAPER, photo
from tests.support.shops import Shop
from tests.support.vault import SEALER


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "files")


@pytest.fixture
def owner(unit_of_work: Work, shop: Shop) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor()) as uow:
        agree(uow, shop.customer_id)
        yield uow


def about(shows: str = "photo", **more: Any) -> AboutFile:
    return AboutFile(shows, **more)


def test_a_photo_comes_back_as_it_was_kept_and_lies_sealed(owner: UnitOfWork, shop: Shop, store: FolderStore) -> None:
    file_id, undo = keep(owner, store, shop.customer_id)
    row = owner.session.get(PersonFile, file_id)
    assert row is not None and undo
    plain, small = look(owner, store, file_id), look(owner, store, file_id, is_small=True)
    assert (
        plain.startswith(b"\xff\xd8\xff") and small.startswith(b"\xff\xd8\xff") and row.size == len(plain) + len(small)
    )
    for key in store.older_than(owner.now + timedelta(days=1)):
        assert b"JFIF" not in store.get(key) and plain[:64] not in store.get(key)
    (line,) = list_files(owner, shop.customer_id).lines
    assert (line.shows, line.width, line.height, line.author, line.media_type) == (
        Shows.PHOTO, 120, 80, "Plain owner", "image/jpeg",
    )  # fmt: skip


def test_a_paper_needs_no_consent_and_a_pdf_is_one_whatever_was_chosen(
    unit_of_work: Work, shop: Shop, store: FolderStore
) -> None:
    with unit_of_work(shop.actor()) as uow:
        file_id, _ = keep(uow, store, shop.customer_id, "paper", data=PAPER, title="Patch test form")
        assert look(uow, store, file_id) == PAPER
        with pytest.raises(NotFound):
            open_file(uow, file_id, SEALER, is_small=True)
        agree(uow, shop.customer_id)
        other, _ = keep(uow, store, shop.customer_id, "before", data=PAPER)
        assert {line.id: line.shows for line in list_files(uow, shop.customer_id).lines} == {
            file_id: Shows.PAPER, other: Shows.PAPER,
        }  # fmt: skip


@pytest.mark.parametrize("shows", ["photo", "before", "after"])
def test_photos_need_the_customer_s_yes(unit_of_work: Work, shop: Shop, store: FolderStore, shows: str) -> None:
    with unit_of_work(shop.actor()) as uow:
        for step in (
            lambda: check_room(uow, shop.customer_id, shows),
            lambda: keep(uow, store, shop.customer_id, shows),
        ):
            with pytest.raises(ConsentMissing) as caught:
                step()
            assert caught.value.purpose == "photos"
        agree(uow, shop.customer_id)
        keep(uow, store, shop.customer_id, shows)
        assert list_files(uow, shop.customer_id).may_take_photos
        agree(uow, shop.customer_id, "withdrawn")
        with pytest.raises(ConsentMissing):
            keep(uow, store, shop.customer_id, shows)
        assert not list_files(uow, shop.customer_id).may_take_photos
        assert list(store.older_than(uow.now + timedelta(days=1)))  # the earlier one is not touched


def test_a_paper_does_not_become_a_photo_without_a_yes(unit_of_work: Work, shop: Shop, store: FolderStore) -> None:
    with unit_of_work(shop.actor()) as uow:
        file_id, _ = keep(uow, store, shop.customer_id, "paper")
        with pytest.raises(ConsentMissing):
            change_file(uow, ChangeFile(file_id, 1, about("photo")))
        agree(uow, shop.customer_id)
        assert change_file(uow, ChangeFile(file_id, 1, about("photo"))).undo


def test_before_and_after_stand_together_with_day_and_visit(owner: UnitOfWork, shop: Shop, store: FolderStore) -> None:
    before, _ = keep(owner, store, shop.customer_id, "before", day="2026-01-05")
    after, _ = keep(
        owner,
        store,
        shop.customer_id,
        "after",
        day="2026-01-06",
        before_id=str(before),
        booking_id=str(shop.booking_id),
    )
    lines = {line.id: line for line in list_files(owner, shop.customer_id).lines}
    assert lines[after].before_id == before and lines[after].booking_id == shop.booking_id
    assert lines[after].visit_at is not None and lines[before].visit_at is None


def test_a_photo_stands_beside_no_stranger_s(
    owner: UnitOfWork, shop: Shop, neighbour: Shop, store: FolderStore
) -> None:
    other = Customer(business_id=shop.business_id, name="Other", name_key="other", created_at=owner.now, tags=[])
    owner.session.add(other)
    owner.session.flush()
    agree(owner, other.id or 0)
    theirs, _ = keep(owner, store, other.id or 0, "before")
    mine, _ = keep(owner, store, shop.customer_id, "photo")
    for before in (theirs, mine, 10**15, "x", "-1"):
        with pytest.raises(Invalid) as caught:
            keep(owner, store, shop.customer_id, "after", before_id=before)
        assert set(caught.value.fields) == {"before_id"}
    for booking in (neighbour.booking_id, 10**15, [1]):
        with pytest.raises(Invalid) as caught:
            keep(owner, store, shop.customer_id, "photo", booking_id=booking)
        assert set(caught.value.fields) == {"booking_id"}
    with pytest.raises(Invalid):
        before, _ = keep(owner, store, shop.customer_id, "before")
        change_file(owner, ChangeFile(before, 1, about("after", before_id=before)))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"shows": "everything"}, "shows"),
        ({"shows": None}, "shows"),
        ({"day": "2199-01-01"}, "day"),
        ({"day": {"a": 1}}, "day"),
        ({"title": "x" * 81}, "title"),
        ({"title": ["x"]}, "title"),
    ],
)
def test_what_is_wrong_stands_at_its_field(owner: UnitOfWork, shop: Shop, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        begin_file(owner, AddFile(shop.customer_id, AboutFile(**({"shows": "photo"} | changes)), PDF, 1), SEALER)
    assert set(caught.value.fields) == {field}


def test_who_may_add_and_who_may_look(unit_of_work: Work, shop: Shop, store: FolderStore, owner: UnitOfWork) -> None:
    file_id, _ = keep(owner, store, shop.customer_id)
    for role in (Role.MANAGER, Role.FRONT_DESK, Role.STAFF):
        with unit_of_work(shop.actor(role)) as uow:
            assert look(uow, store, file_id) and keep(uow, store, shop.customer_id)
            assert list_files(uow, shop.customer_id).looks == () or role is Role.MANAGER
    for actor in (shop.actor(Role.ACCOUNTANT), shop.actor(is_viewing_as=True)):
        with unit_of_work(actor) as uow:
            for step in (
                lambda: list_files(uow, shop.customer_id), lambda: open_file(uow, file_id, SEALER),
                lambda: remove_file(uow, file_id), lambda: check_room(uow, shop.customer_id, "paper"),
                lambda: change_file(uow, ChangeFile(file_id, 1, about())),
            ):  # fmt: skip
                with pytest.raises(Forbidden):
                    step()


def test_a_neighbour_and_a_colleague_of_others_find_nothing(
    unit_of_work: Work, shop: Shop, neighbour: Shop, store: FolderStore, owner: UnitOfWork
) -> None:
    other = Customer(business_id=shop.business_id, name="Other", name_key="other", created_at=owner.now, tags=[])
    owner.session.add(other)
    owner.session.flush()
    agree(owner, other.id or 0)
    file_id, _ = keep(owner, store, other.id or 0)
    for actor in (neighbour.actor(), shop.actor(Role.STAFF)):
        with unit_of_work(actor) as uow:
            for step in (
                lambda: list_files(uow, other.id), lambda: open_file(uow, file_id, SEALER), lambda: remove_file(uow, file_id),
                lambda: keep(uow, store, other.id or 0, "paper"), lambda: change_file(uow, ChangeFile(file_id, 1, about())),
            ):  # fmt: skip
                with pytest.raises(NotFound):
                    step()


def test_each_look_is_written_down_once_in_ten_minutes(
    owner: UnitOfWork, unit_of_work: Work, shop: Shop, store: FolderStore, at: Any
) -> None:
    file_id, _ = keep(owner, store, shop.customer_id)
    for _ in range(3):
        look(owner, store, file_id, is_small=True)
        look(owner, store, file_id)
    assert len(owner.session.scalars(select(FileOpening)).all()) == 2  # the small one and the whole one
    with unit_of_work(shop.actor(), clock=at(owner.now + timedelta(minutes=11))) as later:
        look(later, store, file_id)
        assert len(later.session.scalars(select(FileOpening)).all()) == 3
        logged = later.session.scalars(select(AuditEvent).where(AuditEvent.action == "file.opened")).all()
        assert len(logged) == 2
        found = list_files(later, shop.customer_id).looks
        assert [(look.who, look.count) for look in found[:1]] == [("Plain owner", 1)]


def test_what_is_removed_comes_back_and_after_a_week_does_not(
    owner: UnitOfWork, unit_of_work: Work, shop: Shop, store: FolderStore, at: Any
) -> None:
    file_id, added = keep(owner, store, shop.customer_id)
    first = remove_file(owner, file_id)
    assert list_files(owner, shop.customer_id).lines == ()
    for step in (lambda: open_file(owner, file_id, SEALER), lambda: remove_file(owner, file_id)):
        with pytest.raises(NotFound):
            step()
    with pytest.raises(Conflict):
        take_back(owner, added)  # it has changed since it was added
    assert take_back(owner, first.undo) == "Undone: Photo removed"
    assert look(owner, store, file_id)
    second = remove_file(owner, file_id)
    for days, is_there in ((6, True), (8, False)):
        with unit_of_work(shop.actor(), clock=at(owner.now + timedelta(days=days))) as later:
            if is_there:
                assert files_to_forget(later) == {}
            else:
                with pytest.raises(Conflict):
                    take_back(later, second.undo)


def test_adding_is_taken_back(owner: UnitOfWork, shop: Shop, store: FolderStore) -> None:
    _, undo = keep(owner, store, shop.customer_id)
    take_back(owner, undo)
    assert list_files(owner, shop.customer_id).lines == ()


def test_a_change_is_taken_back_and_an_older_page_does_not_win(
    owner: UnitOfWork, shop: Shop, store: FolderStore
) -> None:
    file_id, _ = keep(owner, store, shop.customer_id, day="2026-01-05")
    done = change_file(owner, ChangeFile(file_id, 1, about("before", title="Fringe", day="2026-01-04")))
    with pytest.raises(Conflict):
        change_file(owner, ChangeFile(file_id, 1, about("after")))
    (line,) = list_files(owner, shop.customer_id).lines
    assert (line.shows, line.title, line.day.isoformat(), line.version) == (Shows.BEFORE, "Fringe", "2026-01-04", 2)
    take_back(owner, done.undo)
    (line,) = list_files(owner, shop.customer_id).lines
    assert (line.shows, line.title, line.day.isoformat()) == (Shows.PHOTO, "", "2026-01-05")


def test_the_shop_and_the_customer_have_limits(
    owner: UnitOfWork, shop: Shop, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from microcrm.operations.files import keeping

    keep(owner, store, shop.customer_id)
    monkeypatch.setattr(keeping, "MOST_OF_A_CUSTOMER", 1)
    with pytest.raises(LimitReached, match="A customer can have 1 files"):
        check_room(owner, shop.customer_id, "photo")
    monkeypatch.undo()
    full = AddFile(shop.customer_id, about("paper"), PDF, rules.MOST_OF_A_SHOP)
    with pytest.raises(LimitReached, match="2,048 MB"):
        begin_file(owner, full, SEALER)


def test_an_upload_that_is_cut_off_is_seen_by_nobody_and_swept(
    owner: UnitOfWork, unit_of_work: Work, shop: Shop, store: FolderStore, at: Any
) -> None:
    coming = begin_file(owner, AddFile(shop.customer_id, about("paper"), PDF, 10), SEALER)
    store.put(coming.key, b"sealed")
    assert list_files(owner, shop.customer_id).lines == ()
    with pytest.raises(NotFound):
        open_file(owner, coming.id, SEALER)
    assert files_to_forget(owner) == {} and forget_files(owner, [coming.id]) == 0
    with unit_of_work(shop.actor(), clock=at(owner.now + timedelta(minutes=31))) as late, pytest.raises(FileGone):
        finish_file(late, coming.id, 0, 0)
    with unit_of_work(system(shop.business_id), clock=at(owner.now + timedelta(hours=2))) as sweep:
        assert files_to_forget(sweep) == {coming.id: coming.key}
        assert forget_files(sweep, [coming.id]) == 1
        assert unknown_keys(sweep, [coming.key, coming.key + ".small"]) == {coming.key, coming.key + ".small"}


def test_only_who_sends_it_finishes_it(owner: UnitOfWork, unit_of_work: Work, shop: Shop) -> None:
    coming = begin_file(owner, AddFile(shop.customer_id, about("paper"), PDF, 10), SEALER)
    with unit_of_work(shop.actor(Role.MANAGER)) as other:
        with pytest.raises(FileGone):
            finish_file(other, coming.id, 0, 0)
        give_up_file(other, coming.id)
    finish_file(owner, coming.id, 0, 0)
    give_up_file(owner, coming.id)  # too late for that
    assert len(list_files(owner, shop.customer_id).lines) == 1


def test_the_sweep_forgets_a_before_and_leaves_its_after(
    owner: UnitOfWork, unit_of_work: Work, shop: Shop, store: FolderStore, at: Any
) -> None:
    before, _ = keep(owner, store, shop.customer_id, "before")
    after, _ = keep(owner, store, shop.customer_id, "after", before_id=before)
    remove_file(owner, before)
    with unit_of_work(system(shop.business_id), clock=at(owner.now + timedelta(days=8))) as sweep:
        assert list(files_to_forget(sweep)) == [before]
        assert forget_files(sweep, [before, after]) == 1
    with unit_of_work(shop.actor()) as uow:
        (line,) = list_files(uow, shop.customer_id).lines
        assert (line.id, line.before_id) == (after, None)


def test_a_destroyed_key_makes_every_copy_noise(owner: UnitOfWork, shop: Shop, store: FolderStore) -> None:
    file_id, _ = keep(owner, store, shop.customer_id)
    assert destroy_customer_keys(owner, shop.customer_id) == 1
    with pytest.raises(RecordErased):
        open_file(owner, file_id, SEALER)
    (line,) = list_files(owner, shop.customer_id).lines
    assert line.is_erased
    assert keep(owner, store, shop.customer_id)[0] != file_id  # a new one gets a new key


def test_new_keys_leave_files_readable_and_their_bytes_untouched(
    owner: UnitOfWork, unit_of_work: Work, shop: Shop, store: FolderStore, at: Any
) -> None:
    file_id, _ = keep(owner, store, shop.customer_id)
    removed, _ = keep(owner, store, shop.customer_id)
    undo = remove_file(owner, removed).undo
    plain = look(owner, store, file_id)
    before = {key: store.get(key) for key in store.older_than(owner.now + timedelta(days=1))}
    assert begin_rotation(owner, owner.now + timedelta(days=1), SEALER)
    assert renew_records(owner, SEALER) == 1 and renew_records(owner, SEALER) == 0
    assert end_rotation(owner) == 1
    owner.session.expire_all()
    assert look(owner, store, file_id) == plain
    take_back(owner, undo)
    assert look(owner, store, removed)
    assert {key: store.get(key) for key in store.older_than(owner.now + timedelta(days=1))} == before
    report = check_business(owner, SEALER)
    assert (report.files, report.broken) == (2, 0)


def test_a_moved_key_or_changed_bytes_do_not_open(owner: UnitOfWork, shop: Shop, store: FolderStore) -> None:
    one, _ = keep(owner, store, shop.customer_id)
    two, _ = keep(owner, store, shop.customer_id, data=photo((64, 64)))
    owner.session.execute(
        text(
            "UPDATE person_files SET sealed_key = (SELECT sealed_key FROM person_files WHERE id = :one) WHERE id = :two"
        ),
        {"one": one, "two": two},
    )
    owner.session.expire_all()
    with pytest.raises(RecordUnreadable):
        open_file(owner, two, SEALER)
    assert check_business(owner, SEALER).broken == 1
    opened = open_file(owner, one, SEALER)
    store.put(opened.key, store.get(opened.key)[:-1] + b"!")
    with pytest.raises(SealBroken):
        look(owner, store, one)
    store.put(opened.key + ".small", store.get(opened.key))
    with pytest.raises(SealBroken):
        look(owner, store, one, is_small=True)


def test_reading_costs_the_same_for_one_file_and_for_many(owner: UnitOfWork, shop: Shop, store: FolderStore) -> None:
    def statements() -> int:
        seen: list[str] = []
        connection = owner.session.connection()
        listen = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(connection, "before_cursor_execute", listen)
        list_files(owner, shop.customer_id)
        event.remove(connection, "before_cursor_execute", listen)
        return len(seen)

    keep(owner, store, shop.customer_id)
    before = statements()
    for _ in range(5):
        keep(owner, store, shop.customer_id)
    assert statements() == before == 5
