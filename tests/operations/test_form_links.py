"""A form behind a link: one customer, one version, one time; sealed like the desk's own; nothing of the customer in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.errors import Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.catalogue import Service
from microcrm.models.form_links import FormLink
from microcrm.models.records import AuditEvent
from microcrm.models.vault import SealedRecord, SealedVersion
from microcrm.operations.book import book
from microcrm.operations.booking_status import Step, step
from microcrm.operations.customer_merge import MergeCustomers, merge_customers
from microcrm.operations.forms.asking import GOOD_FOR, AskedForm, FillForm, ask_form, fill_form, public_form
from microcrm.operations.forms.editing import retire_form
from microcrm.operations.links import hash_of
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork
from microcrm.operations.vault.reading import list_records
from tests.conftest import Work
from tests.support.desk import MORNING, wish
from tests.support.shops import Shop
from tests.support.vault import PLANTED, SEALER, form_of, opened, own_form, values_of
from tests.support.waiting import add_customer

SIGNED = {"reacted": "yes", "reaction": f"Rash from {PLANTED}", "agreed": {"name": "Asha Rao", "how": "typed"}}


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def asked(uow: UnitOfWork, shop: Shop, form: str = "consent") -> AskedForm:
    return ask_form(uow, shop.customer_id, form_of(uow, form))


def stranger(uow: UnitOfWork, **changes: Any) -> UnitOfWork:
    return replace(uow, actor=VISITOR, **changes)


def records(uow: UnitOfWork) -> list[SealedRecord]:
    return list(uow.session.scalars(select(SealedRecord)))


def test_what_the_customer_types_is_sealed_and_opens_like_the_desk_s_own(desk: UnitOfWork, shop: Shop) -> None:
    link = asked(desk, shop)
    page = public_form(stranger(desk), link.token)
    assert page.text.title == link.title and page.filled_at is None
    assert fill_form(stranger(desk), FillForm(link.token, SIGNED), SEALER)
    [record] = records(desk)
    assert (record.customer_id, record.member_id, record.happened_on) == (shop.customer_id, None, MORNING.date())
    version = desk.session.scalars(select(SealedVersion)).one()
    assert version.sealed and PLANTED.encode() not in version.sealed and PLANTED not in str(version.plain)
    assert version.signed_at == MORNING
    [said] = opened(desk, record.id or 0)
    assert values_of(said)["reaction"] == SIGNED["reaction"]
    signature = next(one.words for one in said.fields if one.name == "agreed")
    assert signature.startswith("Typed by Asha Rao") and page.fingerprint[:12] in signature
    [line] = list_records(desk, shop.customer_id).lines
    assert line.author == "the customer" and line.signed_at == MORNING


def test_it_counts_where_a_service_needs_the_form(desk: UnitOfWork, shop: Shop) -> None:
    desk.session.get_one(Service, shop.service_id).needed_form_id = form_of(desk, "consent")
    link = asked(desk, shop)
    fill_form(stranger(desk), FillForm(link.token, SIGNED), SEALER)
    step(desk, Step(book(desk, wish(shop, "10:00")).booking_id, "started"))


def test_a_link_is_filled_in_once(desk: UnitOfWork, shop: Shop) -> None:
    link = asked(desk, shop)
    assert fill_form(stranger(desk), FillForm(link.token, SIGNED), SEALER)
    assert not fill_form(stranger(desk), FillForm(link.token, SIGNED | {"reacted": "no"}), SEALER)
    assert len(records(desk)) == 1
    assert public_form(stranger(desk), link.token).filled_at == MORNING


def test_a_link_runs_out_is_replaced_by_the_next_and_ends_with_the_form(desk: UnitOfWork, shop: Shop) -> None:
    first, allergy = asked(desk, shop), asked(desk, shop, "allergy")
    second = asked(desk, shop)
    later = stranger(desk, now=MORNING + GOOD_FOR)
    retire_form(desk, form_of(desk, "allergy"))
    for uow, token in ((stranger(desk), first.token), (later, second.token), (stranger(desk), allergy.token)):
        with pytest.raises(NotFound):
            public_form(uow, token)
        with pytest.raises(NotFound):
            fill_form(uow, FillForm(token, SIGNED), SEALER)
    assert public_form(stranger(desk, now=later.now - timedelta(seconds=1)), second.token)
    assert records(desk) == []


def test_only_the_hash_of_a_token_is_stored_and_none_is_in_the_log(desk: UnitOfWork, shop: Shop) -> None:
    link = asked(desk, shop)
    row = desk.session.scalars(select(FormLink)).one()
    assert row.token_hash == hash_of(link.token) and link.token not in str(row)
    log = desk.session.scalars(select(AuditEvent).where(AuditEvent.action == "form.asked")).one()
    assert link.token not in str(log.facts) and log.subject_id == shop.customer_id


@pytest.mark.parametrize(
    "token", ["", None, "x" * 22, "é" * 22, "a" * 21, "a" * 23, ["a"], 7, "' OR 1=1 --", "a" * 100_000]
)
def test_a_link_that_was_never_made(desk: UnitOfWork, token: Any) -> None:
    with pytest.raises(NotFound):
        public_form(stranger(desk), token)
    with pytest.raises(NotFound):
        fill_form(stranger(desk), FillForm(token, SIGNED), SEALER)


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({}, {"reacted", "agreed"}),
        (None, {"reacted", "agreed"}),
        ("reacted=yes", {"reacted", "agreed"}),
        (SIGNED | {"reacted": "perhaps"}, {"reacted"}),
        (SIGNED | {"reaction": ""}, {"reaction"}),
        (SIGNED | {"reaction": "x" * 50_000}, {"reaction"}),
        (SIGNED | {"conditions": ["nothing we know"]}, {"conditions"}),
        (SIGNED | {"agreed": "Asha"}, {"agreed"}),
        (SIGNED | {"agreed": {"name": "A", "how": "typed"}}, {"agreed"}),
        (SIGNED | {"agreed": {"name": "Asha", "how": "drawn", "strokes": [[1, 2, 3]]}}, {"agreed"}),
    ],
)
def test_what_the_form_does_not_ask_for_is_refused_at_its_field(
    desk: UnitOfWork, shop: Shop, values: Any, fields: set[str]
) -> None:
    link = asked(desk, shop)
    with pytest.raises(Invalid) as caught:
        fill_form(stranger(desk), FillForm(link.token, values), SEALER)
    assert set(caught.value.fields) == fields
    assert records(desk) == [] and public_form(stranger(desk), link.token).filled_at is None


def test_an_answer_to_a_question_that_is_not_asked_is_dropped(desk: UnitOfWork, shop: Shop) -> None:
    link = asked(desk, shop)
    fill_form(stranger(desk), FillForm(link.token, SIGNED | {"reacted": "no", "customer_id": "2"}), SEALER)
    [said] = opened(desk, records(desk)[0].id or 0)
    assert "reaction" not in values_of(said) and "customer_id" not in values_of(said)


def test_a_patch_test_is_read_by_the_shop_and_never_sent(desk: UnitOfWork, shop: Shop) -> None:
    with pytest.raises(Invalid, match="no such form to send"):
        asked(desk, shop, "patch_test")
    for raw in ("", "x", None, 10**15):
        with pytest.raises(Invalid):
            ask_form(desk, shop.customer_id, raw)


def test_who_may_not_fill_in_the_form_cannot_send_it(desk: UnitOfWork, shop: Shop) -> None:
    accountant = replace(desk, actor=shop.actor(Role.ACCOUNTANT))
    with pytest.raises(Forbidden):
        asked(accountant, shop)
    owners = own_form(desk, {"label": "Secret"}, writers=["owner"], readers=["owner"])
    with pytest.raises(Forbidden):
        ask_form(replace(desk, actor=shop.actor(Role.STAFF)), shop.customer_id, owners)


def test_another_shop_s_customers_forms_and_links(
    desk: UnitOfWork, shop: Shop, neighbour: Shop, unit_of_work: Work
) -> None:
    with pytest.raises(NotFound):
        ask_form(desk, neighbour.customer_id, form_of(desk, "consent"))
    link = asked(desk, shop)
    with unit_of_work(neighbour.actor()) as theirs:
        with pytest.raises(Invalid):
            ask_form(theirs, neighbour.customer_id, 10**9)
        with pytest.raises(NotFound):
            public_form(theirs, link.token)
        with pytest.raises(NotFound):
            fill_form(theirs, FillForm(link.token, SIGNED), SEALER)


def test_a_link_to_somebody_who_was_merged_leads_to_the_survivor(desk: UnitOfWork, shop: Shop) -> None:
    kept = add_customer(desk.session, shop, 7)
    link = asked(desk, shop)
    merge_customers(desk, MergeCustomers(kept, shop.customer_id, 1, 1), SEALER)
    assert fill_form(stranger(desk), FillForm(link.token, SIGNED), SEALER)
    assert {record.customer_id for record in records(desk)} == {kept}


def test_the_phone_is_for_those_who_may_see_it(desk: UnitOfWork, shop: Shop) -> None:
    assert asked(desk, shop).phone
    assert asked(replace(desk, actor=shop.actor(Role.STAFF)), shop).phone == ""
