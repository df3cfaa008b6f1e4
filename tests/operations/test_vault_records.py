"""Sealed records: who may write and open which, what is logged, and that nothing opens where it does not belong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from microcrm import wiring
from microcrm.adapters.sealing import MasterSeal
from microcrm.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, RecordErased, RecordUnreadable
from microcrm.domain.permissions import Permission, Role
from microcrm.domain.starting_forms import STARTING_FORMS
from microcrm.domain.trades import Trade
from microcrm.models.records import AuditEvent
from microcrm.models.vault import RecordOpening, SealedVersion
from microcrm.operations.forms.editing import add_starting_forms
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.destroying import destroy_customer_keys
from microcrm.operations.vault.reading import (
    OpenRecords,
    form_of_record,
    last_allergy,
    list_records,
    open_records,
)
from microcrm.operations.vault.records import AddRecord, CorrectRecord, add_record, correct_record
from tests.conftest import Work
from tests.support.shops import Shop
from tests.support.vault import ALLERGY, DAY, FORMULA, PLANTED, SEALER, correct, form_of, note, opened, values_of


@pytest.fixture
def owner(unit_of_work: Work, shop: Shop) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor()) as uow:
        yield uow


def test_a_record_is_listed_without_its_text_and_opens_with_it(owner: UnitOfWork, shop: Shop) -> None:
    record = note(owner, shop.customer_id)
    listed = list_records(owner, shop.customer_id)
    assert [(one.id, one.label, one.version, one.may_open, one.may_correct) for one in listed.lines] == [
        (record, "Colour formula", 1, True, True)
    ]
    assert PLANTED not in repr(listed)
    (found,) = opened(owner, record)
    assert values_of(found) == FORMULA
    assert [field.words for field in found.fields] == [FORMULA["formula"], "6 %", "35 min"]
    assert PLANTED not in repr(found)


def test_a_correction_is_a_further_version_and_the_first_one_stays(owner: UnitOfWork, shop: Shop) -> None:
    record = note(owner, shop.customer_id)
    assert correct(owner, record, 1, formula="7.0 40 g") == 2
    assert values_of(opened(owner, record)[0])["formula"] == "7.0 40 g"
    rows = owner.session.scalars(select(SealedVersion).where(SealedVersion.record_id == record)).all()
    assert sorted(row.version for row in rows) == [1, 2]
    with pytest.raises(Conflict):
        correct(owner, record, 1, formula="lost")
    assert values_of(opened(owner, record)[0])["formula"] == "7.0 40 g"


def test_each_opening_is_logged_and_counted(owner: UnitOfWork, unit_of_work: Work, shop: Shop, at: Any) -> None:
    first, second = note(owner, shop.customer_id), note(owner, shop.customer_id, "allergy")
    opened(owner, first, second)
    open_records(owner, OpenRecords([first], "other", "A call from her doctor"), SEALER)
    listed = list_records(owner, shop.customer_id)
    assert listed.this_week == 3
    assert {(line.who, line.label, line.count, line.words) for line in listed.openings} == {
        ("Plain owner", "Colour formula", 1, "A call from her doctor"),
        ("Plain owner", "Colour formula", 1, ""),
        ("Plain owner", "Allergy", 1, ""),
    }
    events = [e.facts for e in owner.session.scalars(select(AuditEvent).where(AuditEvent.action == "record.opened"))]
    assert [(event["records"], event["purpose"]) for event in events] == [
        ([first, second], "visit"),
        ([first], "other"),
    ]
    assert PLANTED not in json.dumps(events)
    with unit_of_work(shop.actor(Role.FRONT_DESK), clock=at(owner.now + timedelta(days=8))) as later:
        assert (list_records(later, shop.customer_id).this_week, list_records(later, shop.customer_id).openings) == (
            0,
            (),
        )


def test_the_log_of_openings_cannot_be_changed(owner: UnitOfWork, shop: Shop) -> None:
    opened(owner, note(owner, shop.customer_id))
    for statement in ("UPDATE record_openings SET purpose = 'visit'", "DELETE FROM record_openings"):
        with pytest.raises(Exception, match="permission denied"), owner.session.begin_nested():
            owner.session.execute(text(statement))
    assert len(owner.session.scalars(select(RecordOpening)).all()) == 1


@pytest.mark.parametrize("purpose", [None, "", "curiosity", 3, ["visit"]])
def test_without_a_purpose_nothing_opens(owner: UnitOfWork, shop: Shop, purpose: Any) -> None:
    record = note(owner, shop.customer_id)
    with pytest.raises(Invalid):
        open_records(owner, OpenRecords([record], purpose), SEALER)
    with pytest.raises(Invalid) as caught:
        open_records(owner, OpenRecords([record], "other", " x "), SEALER)
    assert "words" in caught.value.fields
    assert owner.session.scalars(select(RecordOpening)).all() == []


def roles_of(trade: Trade) -> list[tuple[Role, str, bool]]:
    """By hand, against the table of the domain: may this role read this kind?"""
    everybody = (Role.OWNER, Role.MANAGER, Role.FRONT_DESK, Role.STAFF)
    care = {Role.OWNER, Role.MANAGER, Role.STAFF}
    table = {
        Trade.SALON: {
            "colour": care, "patch_test": {*everybody}, "allergy": {*everybody}, "health": care, "consent": {*everybody},
        },
        Trade.CLINIC: {
            "health": {Role.OWNER, Role.STAFF}, "allergy": {*everybody}, "measurement": {Role.OWNER, Role.STAFF},
            "consent": {*everybody},
        },
        Trade.GYM: {"goal": care, "measurement": care, "health": care, "consent": care},
        Trade.TUTOR: {"guardian": {*everybody}, "level": care, "consent": {*everybody}},
    }[trade]  # fmt: skip
    return [(role, kind, role in readers) for kind, readers in table.items() for role in everybody]


SIGNED = {"name": "Asha Rao", "how": "typed"}
CONSENTS: dict[Trade, dict[str, Any]] = {
    Trade.SALON: {"reacted": "no", "agreed": SIGNED},
    Trade.CLINIC: {"explained": "yes", "signer": "self", "agreed": SIGNED},
    Trade.GYM: {"heart": "no", "pain": "no", "medicine": "no", "agreed": SIGNED},
    Trade.TUTOR: {"relation": "mother", "alone": "yes", "agreed": SIGNED},
}
TEXTS: dict[str, dict[str, str]] = {
    "colour": FORMULA, "allergy": ALLERGY, "patch_test": {"product": "Shade 6", "result": "clear"},
    "measurement": {"weight": "72.5"}, "goal": {"goal": "Ten pull-ups"}, "level": {"subject": "Maths", "level": "8"},
    "guardian": {"name": "Rekha Rao", "relation": "mother"},
}  # fmt: skip


@pytest.mark.parametrize("trade", Trade)
def test_the_table_of_roles_is_what_opens(owner: UnitOfWork, unit_of_work: Work, shop: Shop, trade: Trade) -> None:
    owner.session.execute(text("DELETE FROM forms"))
    owner.session.execute(text("UPDATE businesses SET trade = :t"), {"t": trade.value})
    expected = roles_of(trade)
    assert add_starting_forms(owner) == len(STARTING_FORMS[trade]) == len({kind for _, kind, _ in expected})
    health = {"note": "Sensitive"} if trade is not Trade.CLINIC else {"complaint": "Headache"}
    typed = TEXTS | {"health": health, "consent": CONSENTS[trade]}
    records = {kind: note(owner, shop.customer_id, kind, **typed[kind]) for _, kind, _ in expected}
    for role, kind, may_read in expected:
        with unit_of_work(shop.actor(role)) as uow:
            line = next(one for one in list_records(uow, shop.customer_id).lines if one.id == records[kind])
            assert line.may_open == may_read, (role, kind)
            if may_read:
                assert opened(uow, records[kind])
            else:
                with pytest.raises(Forbidden):
                    opened(uow, records[kind])


def test_the_accountant_sees_customers_but_none_of_their_records(
    unit_of_work: Work, owner: UnitOfWork, shop: Shop
) -> None:
    record = note(owner, shop.customer_id)
    rights = frozenset({Permission.CUSTOMERS_VIEW})
    for actor in (shop.actor(Role.ACCOUNTANT), shop.actor(Role.OWNER, permissions=rights)):
        with unit_of_work(actor) as uow:
            for refused in (
                lambda uow=uow: list_records(uow, shop.customer_id),
                lambda uow=uow: opened(uow, record),
                lambda uow=uow: note(uow, shop.customer_id),
                lambda uow=uow: correct(uow, record, 1),
            ):
                with pytest.raises(Forbidden):
                    refused()
    with unit_of_work(shop.actor(is_viewing_as=True)) as uow, pytest.raises(Forbidden):
        opened(uow, record)


def test_a_stylist_opens_what_belongs_to_their_own_customers_only(
    owner: UnitOfWork, unit_of_work: Work, shop: Shop
) -> None:
    record = note(owner, shop.customer_id)
    note(owner, shop.customer_id, "allergy")
    with unit_of_work(shop.actor(Role.STAFF)) as uow:
        assert opened(uow, record) and last_allergy(uow, shop.customer_id) is not None
        uow.session.execute(text("UPDATE booking_items SET member_id = :m"), {"m": shop.members[Role.MANAGER]})
        assert last_allergy(uow, shop.customer_id) is None
        for refused in (
            lambda: opened(uow, record),
            lambda: list_records(uow, shop.customer_id),
            lambda: note(uow, shop.customer_id),
            lambda: correct(uow, record, 1),
        ):
            with pytest.raises(NotFound):
                refused()


def test_another_shop_finds_nothing(owner: UnitOfWork, unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    record = note(owner, shop.customer_id)
    with unit_of_work(neighbour.actor()) as theirs:
        own = note(theirs, neighbour.customer_id)
        assert last_allergy(theirs, shop.customer_id) is None
        for refused in (
            lambda: opened(theirs, record),
            lambda: opened(theirs, own, record),
            lambda: list_records(theirs, shop.customer_id),
            lambda: note(theirs, shop.customer_id),
            lambda: correct(theirs, record, 1),
            lambda: destroy_customer_keys(theirs, shop.customer_id),
        ):
            with pytest.raises(NotFound):
                refused()
        assert opened(theirs, own)
    with unit_of_work(shop.actor()) as mine:
        assert opened(mine, record)


def test_another_master_key_opens_nothing(owner: UnitOfWork, shop: Shop) -> None:
    record = note(owner, shop.customer_id)
    with pytest.raises(RecordUnreadable):
        opened(owner, record, sealer=MasterSeal("quite another key that is long enough"))
    assert opened(
        owner,
        record,
        sealer=MasterSeal("a newer key that is long enough, too", "a master key of these tests, long enough"),
    )


SWAPS = {
    "the text of another record": (
        "second",
        (
            "UPDATE sealed_versions v SET sealed = o.sealed FROM sealed_versions o "
            "WHERE v.record_id = :second AND o.record_id = :first AND o.version = 1"
        ),
    ),
    "the text of an earlier version": (
        "first",
        (
            "UPDATE sealed_versions v SET sealed = o.sealed FROM sealed_versions o "
            "WHERE v.record_id = :first AND o.record_id = :first AND v.version = 2 AND o.version = 1"
        ),
    ),
    "one bit": (
        "second",
        "UPDATE sealed_versions SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) WHERE record_id = :second",
    ),
    "nothing": ("second", "UPDATE sealed_versions SET sealed = '' WHERE record_id = :second"),
    "another kind": ("second", "UPDATE sealed_records SET kind = 'allergy' WHERE id = :second"),
    "another customer": ("second", "UPDATE sealed_records SET customer_id = :other WHERE id = :second"),
    "the key of another customer": (
        "second",
        (
            "UPDATE keys.customer_keys k SET sealed = o.sealed FROM keys.customer_keys o "
            "WHERE k.customer_id = :customer AND o.customer_id = :other"
        ),
    ),
    "no key": ("second", "DELETE FROM keys.customer_keys WHERE customer_id = :customer"),
}


@pytest.mark.parametrize("swap", SWAPS)
def test_what_was_moved_in_the_database_does_not_open(owner: UnitOfWork, shop: Shop, swap: str) -> None:
    insert = """
        INSERT INTO customers (business_id, name, is_sharing_phone, email, address, tags, visit_count, version,
                               created_at) VALUES (:b, 'Other', false, '', '', '{}', 0, 1, now()) RETURNING id"""
    other = owner.session.execute(text(insert), {"b": shop.business_id}).scalar_one()
    records = {"first": note(owner, shop.customer_id), "second": note(owner, shop.customer_id)}
    note(owner, other)
    correct(owner, records["first"], 1)
    assert opened(owner, *records.values())
    target, statement = SWAPS[swap]
    values = records | {"other": other, "customer": shop.customer_id}
    named = {name: value for name, value in values.items() if f":{name}" in statement}
    assert owner.session.execute(text(statement), named).rowcount == 1
    owner.session.expire_all()
    with pytest.raises(RecordUnreadable):
        opened(owner, records[target])


BAD: list[tuple[str, Any, Any, str]] = [
    ("colour", DAY, {}, "formula"),
    ("colour", DAY, None, "formula"),
    ("colour", DAY, ["x"], "formula"),
    ("colour", DAY, {"formula": "x" * 4_001}, "formula"),
    ("colour", DAY, {"formula": 7}, "formula"),
    ("colour", DAY, FORMULA | {"developer": "99"}, "developer"),
    ("colour", DAY, FORMULA | {"minutes": "-1"}, "minutes"),
    ("colour", DAY, FORMULA | {"minutes": "1e999"}, "minutes"),
    ("colour", DAY, FORMULA | {"minutes": "12.55"}, "minutes"),
    ("colour", DAY, FORMULA | {"minutes": True}, "minutes"),
    ("colour", "2999-01-01", FORMULA, "day"),
    ("colour", "1900-01-01", FORMULA, "day"),
    ("colour", "", FORMULA, "day"),
    ("patch_test", DAY, {"product": "Shade 6"}, "result"),
    ("patch_test", DAY, {"product": "Shade 6", "result": "clear", "read_on": "tomorrow"}, "read_on"),
]


@pytest.mark.parametrize(("kind", "day", "values", "field"), BAD)
def test_mistakes_are_named_and_nothing_is_stored(
    owner: UnitOfWork, shop: Shop, kind: str, day: Any, values: Any, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        add_record(owner, AddRecord(shop.customer_id, form_of(owner, kind), 1, day, values), SEALER)
    assert field in caught.value.fields
    assert list_records(owner, shop.customer_id).lines == ()


@pytest.mark.parametrize("form", ["colour", "", None, 0, -1, 2**70, ["colour"]])
@pytest.mark.parametrize("number", [1, 0, 2, "x", None, 2**70])
def test_a_form_that_is_not_there_cannot_be_filled_in(owner: UnitOfWork, shop: Shop, form: Any, number: Any) -> None:
    with pytest.raises(Invalid, match="no such form"):
        add_record(owner, AddRecord(shop.customer_id, form, number, DAY, {"goal": "x"}), SEALER)


@pytest.mark.parametrize("number", [0, 2, "x", None, 2**70])
def test_nor_a_version_that_was_never_published(owner: UnitOfWork, shop: Shop, number: Any) -> None:
    with pytest.raises(Invalid, match="no such form"):
        add_record(owner, AddRecord(shop.customer_id, form_of(owner, "colour"), number, DAY, FORMULA), SEALER)


@pytest.mark.parametrize("wrong", [None, "", "x", -1, 2**70, [1]])
def test_what_is_not_there_is_not_found(owner: UnitOfWork, wrong: Any) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: list_records(owner, wrong),
        lambda: add_record(owner, AddRecord(wrong, 1, 1, DAY, FORMULA), SEALER),
        lambda: form_of_record(owner, wrong),
        lambda: correct_record(owner, CorrectRecord(wrong, 1, DAY, FORMULA), SEALER),
        lambda: destroy_customer_keys(owner, wrong),
    ]
    for call in calls:
        with pytest.raises(NotFound):
            call()
    with pytest.raises(DomainError):
        open_records(owner, OpenRecords([wrong], "visit"), SEALER)
    with pytest.raises(Invalid):
        open_records(owner, OpenRecords(list(range(1, 52)), "visit"), SEALER)


def test_after_another_trade_was_chosen_its_forms_come_beside_and_old_records_still_open(
    owner: UnitOfWork, shop: Shop
) -> None:
    record = note(owner, shop.customer_id)
    owner.session.execute(text("UPDATE businesses SET trade = 'gym'"))
    assert add_starting_forms(owner) == 2, "goal and measurements; the others share a code with one that is there"
    assert add_starting_forms(owner) == 0
    listed = list_records(owner, shop.customer_id)
    assert {"Goal", "Measurements", "Colour formula"} < {form.text.title for form in listed.writable}
    assert values_of(opened(owner, record)[0]) == FORMULA
    assert correct(owner, record, 1) == 2


def test_a_destroyed_key_leaves_noise_and_a_new_record_gets_a_new_key(owner: UnitOfWork, shop: Shop) -> None:
    record = note(owner, shop.customer_id)
    assert destroy_customer_keys(owner, shop.customer_id) == 1
    assert destroy_customer_keys(owner, shop.customer_id) == 0
    with pytest.raises(RecordErased):
        opened(owner, record)
    (line,) = list_records(owner, shop.customer_id).lines
    assert (line.is_erased, line.may_open, line.may_correct) == (True, False, False)
    later = note(owner, shop.customer_id, "allergy")
    assert opened(owner, later)
    with pytest.raises(RecordErased):
        opened(owner, record)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.FRONT_DESK, Role.STAFF, Role.ACCOUNTANT])
def test_only_the_owner_destroys(owner: UnitOfWork, unit_of_work: Work, shop: Shop, role: Role) -> None:
    record = note(owner, shop.customer_id)
    with unit_of_work(shop.actor(role)) as uow, pytest.raises(Forbidden):
        destroy_customer_keys(uow, shop.customer_id)
    assert opened(owner, record)


def test_the_product_seals_with_the_keys_of_its_settings(owner: UnitOfWork, shop: Shop) -> None:
    record = note(owner, shop.customer_id, sealer=wiring.sealer())
    assert opened(owner, record, sealer=wiring.sealer())
    with pytest.raises(RecordUnreadable):
        opened(owner, record)
