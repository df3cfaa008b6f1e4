"""A service's own rules of booking, and a member's limit, from the form to what customers are offered and may book."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from microcrm.domain.errors import Invalid
from microcrm.domain.permissions import Role
from microcrm.operations import catalogue, members
from microcrm.operations.catalogue import SaveService
from microcrm.operations.free_times import public_free_times
from microcrm.operations.hold import confirm_public, hold_public
from microcrm.operations.members import EditMember
from microcrm.operations.parts.deposit_rules import Serving, deposit_due
from microcrm.operations.public_shop import shop_front
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.deposits import ask_ahead
from tests.support.desk import MORNING
from tests.support.free_times import asked, clocks, set_policy
from tests.support.holds import chosen, filled_in, stranger
from tests.support.online import connect
from tests.support.shops import Shop
from tests.support.till import register


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, neighbour: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def save(desk: UnitOfWork, shop: Shop, **rules: Any) -> None:
    card = catalogue.open_service(desk, shop.service_id)
    assert card.service is not None
    row = card.service
    catalogue.save_service(
        desk, SaveService(row.name, row.duration_min, "600", service_id=row.id, version=row.version, **rules)
    )


def page(desk: UnitOfWork, shop: Shop) -> UnitOfWork:
    return replace(desk, actor=stranger(shop))


def test_empty_fields_are_the_shop_s_rule_and_the_form_says_which(desk: UnitOfWork, shop: Shop) -> None:
    set_policy(desk.session, shop, slot_step_min=60, horizon_days=3)
    save(desk, shop, notice="", horizon="", step="", most_per_day="", approval="")
    card = catalogue.open_service(desk, shop.service_id)
    assert card.service is not None and (card.service.slot_step_min, card.service.needs_approval) == (None, None)
    assert (card.usual.slot_step_min, card.usual.horizon_days) == (60, 3)
    save(desk, shop, horizon="30")
    assert clocks(public_free_times(page(desk, shop), asked(shop)))[:2] == ["09:00", "10:00"]


def test_what_is_paid_ahead_for_it_is_its_own_or_the_shop_s(desk: UnitOfWork, shop: Shop) -> None:
    connect(desk)
    ask_ahead(desk, "percent")
    visitor = page(desk, shop)
    assert deposit_due(visitor, [Serving(shop.service_id, 60_000, MORNING)]) == 18_000
    save(desk, shop, deposit_kind="full")
    card = catalogue.open_service(desk, shop.service_id)
    assert card.service is not None and (card.service.deposit_kind, card.takes_online) == ("full", True)
    assert deposit_due(visitor, [Serving(shop.service_id, 60_000, MORNING)]) == 60_000
    save(desk, shop, deposit_kind="none")
    assert deposit_due(visitor, [Serving(shop.service_id, 60_000, MORNING)]) == 0
    save(desk, shop, deposit_kind="")
    assert deposit_due(visitor, [Serving(shop.service_id, 60_000, MORNING)]) == 18_000
    with pytest.raises(Invalid) as caught:
        save(desk, shop, deposit_kind="fixed", deposit_amount="")
    assert set(caught.value.fields) == {"deposit_amount"}


def test_a_price_without_tax_is_paid_ahead_with_it(desk: UnitOfWork, shop: Shop) -> None:
    register(desk, shop)
    connect(desk)
    ask_ahead(desk, "full")
    save(desk, shop, is_price_with_tax="", tax_class="hair")
    due = deposit_due(page(desk, shop), [Serving(shop.service_id, 60_000, MORNING)])
    shown = shop_front(page(desk, shop), "shop-a")
    assert due == shown.deposit_for([(shop.service_id, shown.services[0].price_paise, 1)]) == 63_000


def test_its_own_step_notice_and_horizon_hold_for_customers(desk: UnitOfWork, shop: Shop) -> None:
    save(desk, shop, step="20")
    assert clocks(public_free_times(page(desk, shop), asked(shop)))[:3] == ["09:00", "09:20", "09:40"]
    days = (asked(shop).first - MORNING.date()).days
    save(desk, shop, horizon=str(days - 1))
    assert not public_free_times(page(desk, shop), asked(shop)).starts
    with pytest.raises(Invalid, match="another look") as refusal:
        hold_public(page(desk, shop), chosen(shop))
    assert "open until" in refusal.value.fields["time"]
    save(desk, shop, horizon="60", notice=str((days + 2) * 24 * 60))
    assert not public_free_times(page(desk, shop), asked(shop)).starts
    with pytest.raises(Invalid) as refusal:
        hold_public(page(desk, shop), chosen(shop))
    assert "too soon" in refusal.value.fields["time"]
    save(desk, shop, horizon="60", notice="0")
    assert hold_public(page(desk, shop), chosen(shop)).booking_id


def test_most_of_it_a_day_and_most_with_one_person(desk: UnitOfWork, shop: Shop) -> None:
    save(desk, shop, most_per_day="1")
    hold_public(page(desk, shop), chosen(shop, "10:00"))
    assert not public_free_times(page(desk, shop), asked(shop)).starts
    save(desk, shop, most_per_day="")
    assert public_free_times(page(desk, shop), asked(shop)).starts
    manager = members.open_member(desk, shop.members[Role.MANAGER])
    edit = EditMember(manager.id, manager.version, manager.name, manager.colour, "on", "1")
    token = members.edit_member(desk, edit)
    assert token and members.open_member(desk, manager.id).most_per_day == 1
    assert not public_free_times(page(desk, shop), asked(shop)).starts
    assert public_free_times(page(desk, shop), asked(shop, Role.OWNER)).starts, "somebody else is free"
    with pytest.raises(Invalid) as refusal:
        members.edit_member(desk, replace(edit, version=manager.version + 1, most_per_day="0"))
    assert set(refusal.value.fields) == {"most_per_day"}


def test_its_own_answer_first_or_at_once(desk: UnitOfWork, shop: Shop) -> None:
    save(desk, shop, approval="yes")
    assert (
        confirm_public(page(desk, shop), filled_in(hold_public(page(desk, shop), chosen(shop)))).status
        == "pending_approval"
    )
    set_policy(desk.session, shop, needs_approval=True)
    save(desk, shop, approval="no")
    done = confirm_public(page(desk, shop), filled_in(hold_public(page(desk, shop), chosen(shop, "15:00"))))
    assert done.status == "booked"


def test_mistakes_stand_at_their_fields_and_save_nothing(desk: UnitOfWork, shop: Shop) -> None:
    with pytest.raises(Invalid) as refusal:
        save(desk, shop, step="3", horizon="400", notice="x", most_per_day="0", approval="perhaps")
    assert set(refusal.value.fields) == {"step", "horizon", "notice", "most_per_day", "approval"}
    card = catalogue.open_service(desk, shop.service_id)
    assert card.service is not None and card.service.slot_step_min is None
