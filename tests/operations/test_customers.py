"""Customers: adding, editing, archiving, the phone that two people share, and who sees what."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, PhoneTaken
from microcrm.domain.family import Side
from microcrm.domain.permissions import Permission, Role
from microcrm.models.customers import Customer, CustomerWord
from microcrm.models.records import AuditEvent
from microcrm.operations.customer_notes import notes_of
from microcrm.operations.customer_search import search
from microcrm.operations.customer_view import CustomerView, view
from microcrm.operations.customers import AddCustomer, EditCustomer, SavedCustomer, add, archive, edit, restore
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import VISITOR, Actor
from tests.conftest import Work, act_as
from tests.support.glance import family_of
from tests.support.shops import CANARY, Shop, TwoShops

PHONE = "98860 55555"


@pytest.fixture
def run(unit_of_work: Work, shop: Shop) -> Any:
    """One operation in a unit of work of its own, as the owner unless told otherwise."""

    def go(operation: Any, *args: Any, actor: Actor | None = None, clock: Any = None) -> Any:
        with unit_of_work(actor or shop.actor(), **({"clock": clock} if clock else {})) as uow:
            return operation(uow, *args)

    return go


def form_of(seen: CustomerView, **changes: Any) -> EditCustomer:
    """The edit form as the page fills it, with some fields typed over."""
    values: dict[str, Any] = {
        "customer_id": seen.id, "version": seen.version, "name": seen.name, "phone": seen.phone_input,
        "email": seen.email_input, "address": seen.address, "birthday": seen.birthday_input,
        "tags": ", ".join(seen.tags),
    }  # fmt: skip
    return EditCustomer(**(values | changes))


def without(actor_of: Shop, *permissions: Permission, role: Role = Role.OWNER) -> Actor:
    actor = actor_of.actor(role)
    return actor_of.actor(role, permissions=actor.permissions - set(permissions))


def test_a_new_customer_is_kept_in_one_spelling_of_everything(run: Any, unit_of_work: Work, shop: Shop) -> None:
    saved = run(add, AddCustomer(
        "  José   D'Souza ", "098860-55555", "Jose@Example.com", "12 MG Road\nBengaluru", "05/12/1990",
        "VIP, vip, Bridal,", notes="Window chair",
    ))  # fmt: skip
    seen = run(view, saved.id)
    assert (seen.name, seen.phone, seen.whatsapp) == ("José D'Souza", "+91 98860 55555", "919886055555")
    assert (seen.tags, seen.birthday, seen.address) == (("VIP", "Bridal"), "05 Dec 1990", "12 MG Road\nBengaluru")
    with unit_of_work(shop.actor()) as uow:
        row = uow.session.get(Customer, saved.id)
        assert (row.phone, row.phone_reversed, row.name_key) == ("+919886055555", "555550688919+", "jose d souza")
        assert row.email_key == "jose@example.com"
        words = select(CustomerWord.word).where(CustomerWord.customer_id == saved.id)
        assert set(uow.session.scalars(words)) == {"jose", "d", "souza", "#vip", "~vip", "#bridal", "~bridal"}


def test_adding_can_be_taken_back(run: Any) -> None:
    saved = run(add, AddCustomer("Asha Rao", PHONE))
    run(take_back, saved.undo)
    assert run(view, saved.id).is_archived


def test_several_customers_may_have_no_phone(run: Any) -> None:
    first, second = run(add, AddCustomer("Walk in")), run(add, AddCustomer("Walk in"))
    assert first.id != second.id


def test_the_same_phone_again_is_a_conflict_that_names_who_has_it(run: Any) -> None:
    first = run(add, AddCustomer("Asha Rao", PHONE))
    with pytest.raises(PhoneTaken) as refusal:
        run(add, AddCustomer("Somebody", "+91 98860-55555"))
    assert (refusal.value.customer_id, refusal.value.customer_name) == (first.id, "Asha Rao")
    assert refusal.value.fields == {"phone": "Asha Rao has this number already."}
    run(archive, first.id)
    with pytest.raises(PhoneTaken) as refusal:
        run(add, AddCustomer("Somebody", PHONE))
    assert refusal.value.fields == {"phone": "Asha Rao (archived) has this number already."}


def test_a_conflict_names_nobody_whom_one_may_not_see(run: Any, shop: Shop) -> None:
    run(add, AddCustomer("Asha Rao", PHONE))
    blind = without(shop, Permission.CUSTOMERS_VIEW)
    own_only = shop.actor(Role.STAFF, permissions=frozenset(Permission))
    for actor in (blind, own_only):
        with pytest.raises(PhoneTaken) as refusal:
            run(add, AddCustomer("Somebody", PHONE), actor=actor)
        assert (refusal.value.customer_id, refusal.value.customer_name) == (None, "")
        assert "Asha" not in f"{refusal.value.fields} {refusal.value.message}"


def test_the_neighbours_phone_is_free_here(run: Any, neighbour: Shop) -> None:
    there = run(add, AddCustomer("There", PHONE), actor=neighbour.actor())
    here = run(add, AddCustomer("Here", PHONE))
    assert run(family_of, here.id) == ()
    assert run(family_of, there.id, actor=neighbour.actor()) == ()


def test_a_family_member_shares_the_phone(run: Any) -> None:
    mother = run(add, AddCustomer("Sudha Rao", PHONE))
    son = run(add, AddCustomer("Ishaan Rao", PHONE, is_family="on"))
    assert [(one.name, one.told) for one in run(family_of, mother.id)] == [("Ishaan Rao", Side.CUSTOMER)]
    assert [(one.id, one.told, one.tie_id > 0) for one in run(family_of, son.id)] == [(mother.id, Side.RELATIVE, True)]
    with pytest.raises(PhoneTaken):
        run(add, AddCustomer("A third", PHONE))
    run(edit, form_of(run(view, son.id), address="12 MG Road"))  # the shared phone itself is no obstacle later
    assert run(view, son.id).phone == run(view, mother.id).phone


def test_ticking_family_on_a_free_number_changes_nothing(run: Any) -> None:
    run(add, AddCustomer("Sudha Rao", PHONE, is_family=True))
    with pytest.raises(PhoneTaken):
        run(add, AddCustomer("Somebody", PHONE))


def test_of_two_who_add_the_same_phone_at_once_one_is_told(fresh_database: TwoShops) -> None:
    both_ready = Barrier(2, timeout=10)

    def try_to_add(name: str) -> SavedCustomer | DomainError:
        both_ready.wait()
        try:
            return act_as(fresh_database.a.actor(), add, AddCustomer(name, PHONE))
        except DomainError as error:
            return error

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(try_to_add, ["First", "Second"]))
    winner = next(r for r in results if isinstance(r, SavedCustomer))
    loser = next(r for r in results if isinstance(r, DomainError))
    assert isinstance(loser, PhoneTaken)
    assert (loser.customer_id, loser.customer_name) == (winner.id, winner.name)


def test_editing_moves_every_search_key_along(run: Any, unit_of_work: Work, shop: Shop) -> None:
    saved = run(add, AddCustomer("Asha Rao", PHONE, "asha@example.com"))
    done = run(edit, form_of(run(view, saved.id), name="ಆಶಾ ಗೌಡ", phone="9845099999", email="new@example.com"))
    assert run(search, "rao") == ()
    assert [found.id for query in ("ಆಶ", "ಗೌ", "9999", "new@") for found in run(search, query)] == [saved.id] * 4
    run(take_back, done.undo)
    assert [found.name for found in run(search, "rao")] == ["Asha Rao"]
    assert run(search, "ಗೌ") == () and run(search, "99999") == ()
    assert run(view, saved.id).phone == "+91 98860 55555"


def test_an_older_version_does_not_overwrite_a_newer_one(run: Any) -> None:
    saved = run(add, AddCustomer("Asha Rao"))
    old = run(view, saved.id)
    run(edit, form_of(old, address="Newer"))
    with pytest.raises(Conflict):
        run(edit, form_of(old, address="Older"))
    assert run(view, saved.id).address == "Newer"


def test_saving_without_a_change_writes_nothing(run: Any) -> None:
    saved = run(add, AddCustomer("Asha Rao", PHONE, "a@example.com", tags="VIP"))
    assert run(edit, form_of(run(view, saved.id))).undo == ""
    assert run(view, saved.id).version == 1


def test_taking_a_phone_that_has_gone_to_somebody_else_is_refused(run: Any) -> None:
    first = run(add, AddCustomer("First", PHONE))
    done = run(edit, form_of(run(view, first.id), phone=""))
    second = run(add, AddCustomer("Second", PHONE))
    with pytest.raises(PhoneTaken):
        run(edit, form_of(run(view, first.id), phone=PHONE))
    with pytest.raises(Conflict):
        run(take_back, done.undo)
    run(edit, form_of(run(view, first.id), phone=PHONE, is_family=True))
    assert [(one.id, one.tie_id > 0) for one in run(family_of, second.id)] == [(first.id, True)]


def test_archiving_hides_and_can_be_undone(run: Any) -> None:
    saved = run(add, AddCustomer("Asha Rao", birthday="05/12/1990"))
    done = run(archive, saved.id)
    assert run(view, saved.id).is_archived
    assert run(search, "asha") == ()
    run(take_back, done.undo)
    assert not run(view, saved.id).is_archived
    run(archive, saved.id)
    back = run(restore, saved.id)
    assert [found.id for found in run(search, "asha")] == [saved.id]
    run(take_back, back.undo)
    assert run(view, saved.id).is_archived
    assert run(archive, saved.id).undo == ""


def test_contact_details_are_masked_for_those_who_may_not_see_them(run: Any, shop: Shop) -> None:
    saved = run(add, AddCustomer("Asha Rao", PHONE, "asha@example.com", "12 MG Road"))
    masked = run(view, saved.id, actor=without(shop, Permission.CUSTOMERS_CONTACT))
    assert (masked.phone, masked.email) == ("•••• 55555", "a•••@example.com")
    assert "988605" not in repr(masked) and "sha@" not in repr(masked) and "MG Road" not in repr(masked)
    full = run(view, saved.id)
    assert (full.phone, full.email, full.address) == ("+91 98860 55555", "asha@example.com", "12 MG Road")


def test_who_sees_no_contact_details_keeps_them_by_leaving_them_empty(run: Any, shop: Shop) -> None:
    saved = run(add, AddCustomer("Asha Rao", PHONE, "asha@example.com", "12 MG Road"))
    clerk = without(shop, Permission.CUSTOMERS_CONTACT)
    run(edit, form_of(run(view, saved.id, actor=clerk), tags="Farah"), actor=clerk)
    kept = run(view, saved.id)
    assert (kept.phone, kept.email, kept.address, kept.tags) == (
        "+91 98860 55555", "asha@example.com", "12 MG Road", ("Farah",),
    )  # fmt: skip
    run(edit, form_of(run(view, saved.id, actor=clerk), phone="9845011111"), actor=clerk)
    assert run(view, saved.id).phone == "+91 98450 11111"


def test_one_calendar_means_only_its_own_customers(run: Any, shop: Shop) -> None:
    other = run(add, AddCustomer("Not Mine", PHONE))
    staff = shop.actor(Role.STAFF)
    assert run(view, shop.customer_id, actor=staff).name == "Plain Iyer"
    with pytest.raises(NotFound):
        run(view, other.id, actor=staff)
    accountant = shop.actor(Role.ACCOUNTANT)
    assert run(view, other.id, actor=accountant).name == "Not Mine"


@pytest.mark.parametrize("operation", [archive, restore, view])
@pytest.mark.parametrize("strange", [None, "", "abc", -1, 0, 2**70, "9" * 5000, [1], {"id": 1}, True, 1.5, "1\x00"])
def test_a_strange_id_is_simply_not_there(run: Any, operation: Any, strange: Any) -> None:
    with pytest.raises(NotFound):
        run(operation, strange)


def test_the_neighbours_customer_is_as_absent_as_one_that_never_was(run: Any, neighbour: Shop) -> None:
    theirs = neighbour.customer_id
    for attempt in (
        lambda: run(view, theirs),
        lambda: run(archive, theirs),
        lambda: run(restore, theirs),
        lambda: run(edit, EditCustomer("Taken over", customer_id=theirs, version=1)),
    ):
        with pytest.raises(NotFound) as refusal:
            attempt()
        assert CANARY not in str(refusal.value)
    assert run(view, theirs, actor=neighbour.actor()).name == f"{CANARY} Iyer"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"), ({"name": None}, "name"), ({"name": " \u200b "}, "name"), ({"name": "x" * 121}, "name"),
        ({"name": "a" * 1_000_000}, "name"), ({"name": "A\x00B"}, "name"), ({"name": ["Asha"]}, "name"),
        ({"name": "\ud800"}, "name"), ({"name": "!!!"}, "name"), ({"phone": "12345"}, "phone"),
        ({"phone": 9845012345}, "phone"), ({"phone": "9" * 10_000}, "phone"), ({"email": "asha@"}, "email"),
        ({"email": {"a": 1}}, "email"), ({"birthday": "31/02/1990"}, "birthday"), ({"birthday": "01/01/2090"}, "birthday"),
        ({"tags": "x" * 31}, "tags"), ({"tags": ",".join(map(str, range(11)))}, "tags"), ({"tags": 7}, "tags"),
        ({"tags": ["a"] * 5_000}, "tags"), ({"tags": [["a"]]}, "tags"), ({"notes": "n" * 4_001}, "notes"),
        ({"address": "a\x01b"}, "address"), ({"is_family": "perhaps"}, "is_family"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_at_its_field(run: Any, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        run(add, AddCustomer(**({"name": "Asha"} | changes)))
    assert set(refusal.value.fields) == {field}


def test_markup_is_only_text(run: Any) -> None:
    name = "<script>alert(1)</script> {{7*7}} '; drop table customers; --"
    saved = run(add, AddCustomer(name, notes=name))
    assert run(view, saved.id).name == name
    assert [one.words for one in run(notes_of, saved.id)] == [name]


def test_who_may_do_what(run: Any, shop: Shop) -> None:
    for role in (Role.STAFF, Role.ACCOUNTANT):
        with pytest.raises(Forbidden):
            run(add, AddCustomer("Asha"), actor=shop.actor(role))
    for role in (Role.OWNER, Role.MANAGER, Role.FRONT_DESK):
        saved = run(add, AddCustomer("Asha"), actor=shop.actor(role))
        run(archive, saved.id, actor=shop.actor(role))
    looking = shop.actor(is_viewing_as=True)
    with pytest.raises(Forbidden):
        run(archive, shop.customer_id, actor=looking)
    assert run(view, shop.customer_id, actor=looking).name
    for operation in (view, archive):
        with pytest.raises(DomainError):
            run(operation, shop.customer_id, actor=VISITOR)


def test_the_log_says_what_changed_and_holds_nothing_personal(run: Any, unit_of_work: Work, shop: Shop) -> None:
    saved = run(add, AddCustomer("Asha Rao", PHONE, "asha@example.com"))
    run(edit, form_of(run(view, saved.id), name="Asha Gowda", tags="Allergic"))
    run(archive, saved.id)
    with unit_of_work(shop.actor()) as uow:
        query = (
            select(AuditEvent)
            .where(AuditEvent.subject == "customer", AuditEvent.subject_id == saved.id)
            .order_by(AuditEvent.id)
        )
        events = uow.session.scalars(query).all()
    assert [event.action for event in events] == ["add", "change", "archive"]
    assert events[1].facts == {"fields": ["name", "tags"]}
    assert not [word for word in ("Asha", "98860", "Allergic", "@") if word in repr([e.facts for e in events])]
