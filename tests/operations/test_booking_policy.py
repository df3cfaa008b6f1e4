"""The owner's terms of booking, and secret links."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from microcrm.domain.booking_policy import FLAGS, NUMBERS, FeeStep, PolicyTerms
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.links import PublicLink
from microcrm.models.policy import BookingPolicy
from microcrm.operations.booking_policy import ChangePolicy, FeeRung, change_policy, policy_of
from microcrm.operations.links import behind, make_link, withdraw_links
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import VISITOR
from tests.conftest import Work
from tests.support.shops import Shop

LADDER = (FeeRung(60, 100), FeeRung("240", "50"))


def test_without_a_row_the_terms_are_those_of_an_empty_row(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        assert policy_of(uow) == PolicyTerms()
        uow.session.execute(
            text("INSERT INTO booking_policies (business_id, version) VALUES (:b, 1)"), {"b": shop.business_id}
        )
        assert policy_of(uow) == PolicyTerms(version=1)


def test_terms_are_changed_one_by_one_and_taken_back(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        first = change_policy(uow, ChangePolicy(0, hold_min="15", fee_ladder=LADDER, most_per_day="20"))
        terms = policy_of(uow)
        assert (terms.hold_min, terms.most_per_day, terms.horizon_days, terms.version) == (15, 20, 60, 1)
        assert terms.fee_ladder == (FeeStep(60, 100), FeeStep(240, 50))
        second = change_policy(uow, ChangePolicy(1, most_per_day="", fee_ladder=(), needs_approval="on"))
        assert policy_of(uow) == PolicyTerms(hold_min=15, needs_approval=True, version=2)
        assert change_policy(uow, ChangePolicy(2, hold_min=15)) == ""
        take_back(uow, second)
        assert replace(policy_of(uow), version=1) == terms
        with pytest.raises(Conflict):
            take_back(uow, first)
    with unit_of_work(neighbour.actor()) as uow:
        assert policy_of(uow) == PolicyTerms()
        assert uow.session.scalars(select(BookingPolicy)).all() == []


def test_the_first_change_can_be_taken_back_to_no_terms(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        take_back(uow, change_policy(uow, ChangePolicy(0, is_online=False)))
        assert policy_of(uow) == PolicyTerms()


@pytest.mark.parametrize("version", [1, None, "x"])
def test_an_older_version_changes_nothing(unit_of_work: Work, shop: Shop, version: Any) -> None:
    with unit_of_work(shop.actor()) as uow:
        with pytest.raises(Conflict):
            change_policy(uow, ChangePolicy(version, hold_min=5))
        assert change_policy(uow, ChangePolicy(0, hold_min=5))


@pytest.mark.parametrize("role", list(Role))
def test_only_those_who_may_edit_the_business_change_the_terms(unit_of_work: Work, shop: Shop, role: Role) -> None:
    with unit_of_work(shop.actor(role)) as uow:
        assert policy_of(uow) == PolicyTerms()
        if role is Role.OWNER:
            assert change_policy(uow, ChangePolicy(0, hold_min=5))
        else:
            with pytest.raises(Forbidden):
                change_policy(uow, ChangePolicy(0, hold_min=5))


def test_every_number_and_tick_has_its_limits(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        for bad in (
            {name: span.high + 1 for name, span in NUMBERS.items()},
            dict.fromkeys((*NUMBERS, *FLAGS), "x"),
        ):
            with pytest.raises(Invalid) as refusal:
                change_policy(uow, ChangePolicy(0, **bad))
            assert set(refusal.value.fields) == set(bad)
        change_policy(uow, ChangePolicy(0, **{name: span.high for name, span in NUMBERS.items()}))
        change_policy(uow, ChangePolicy(1, **{name: span.low for name, span in NUMBERS.items()}))


@pytest.mark.parametrize(
    "ladder",
    ["steps", [None], [FeeRung(0, 50)], [FeeRung(60, 101)], [FeeRung(60, 50), FeeRung(60, 20)],
     [FeeRung(60, 20), FeeRung(120, 50)], [FeeRung(n, 100 - n) for n in range(1, 9)]],
)  # fmt: skip
def test_a_ladder_that_makes_no_sense_is_refused_at_its_field(unit_of_work: Work, shop: Shop, ladder: Any) -> None:
    with unit_of_work(shop.actor()) as uow:
        with pytest.raises(Invalid) as refusal:
            change_policy(uow, ChangePolicy(0, fee_ladder=ladder))
        assert set(refusal.value.fields) == {"fee_ladder"}


def test_a_link_opens_one_business_and_is_stored_as_a_hash_only(
    unit_of_work: Work, shop: Shop, neighbour: Shop
) -> None:
    with unit_of_work(shop.actor()) as uow:
        token = make_link(uow, booking_id=shop.booking_id)
        [row] = uow.session.scalars(select(PublicLink))
        assert len(token) == 22 and token.encode() not in row.token_hash and len(row.token_hash) == 32
    with unit_of_work(VISITOR) as uow:
        found = behind(uow, token)
        assert (found.booking_id, found.business_id, uow.business_id) == (shop.booking_id, *[shop.business_id] * 2)
        assert found.feed_member_id is found.offer_id is found.ticket_id is None
    with unit_of_work(neighbour.actor()) as uow:
        assert uow.session.scalars(select(PublicLink)).all() == []


@pytest.mark.parametrize("token", ["", None, 5, "A" * 22, "é" * 22, "x" * 5_000])
def test_a_token_nobody_made_finds_nothing(unit_of_work: Work, shop: Shop, token: Any) -> None:
    with unit_of_work(VISITOR) as uow, pytest.raises(NotFound):
        behind(uow, token)


def test_links_run_out_and_are_withdrawn(unit_of_work: Work, shop: Shop) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    with unit_of_work(shop.actor()) as uow:
        old = make_link(uow, booking_id=shop.booking_id, expires_at=past)
        lost = make_link(uow, feed_member_id=shop.members[Role.STAFF])
        good = make_link(uow, feed_member_id=shop.members[Role.OWNER], expires_at=past + timedelta(days=1))
        withdraw_links(uow, feed_member_id=shop.members[Role.STAFF])
    for token in (old, lost):
        with unit_of_work(VISITOR) as uow, pytest.raises(NotFound):
            behind(uow, token)
    with unit_of_work(VISITOR) as uow:
        assert behind(uow, good).feed_member_id == shop.members[Role.OWNER]
        used = select(PublicLink.feed_member_id).where(PublicLink.last_used_at == uow.now)
        assert uow.session.scalars(used).all() == [shop.members[Role.OWNER]]
