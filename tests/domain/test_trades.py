from __future__ import annotations

from datetime import date

import pytest

from microcrm.domain.colours import COLOURS
from microcrm.domain.hours import check_week, minutes_of
from microcrm.domain.occupancy import timing_errors
from microcrm.domain.permissions import Role
from microcrm.domain.taxbook import KINDS, TaxClass, rate_on
from microcrm.domain.trades import TRADES, ResourceKind, Trade, TradeTemplate

EACH = pytest.mark.parametrize("template", TRADES.values(), ids=TRADES)
TODAY = date(2026, 11, 24)


def test_four_trades() -> None:
    assert list(TRADES) == list(Trade)


@EACH
def test_every_service_can_be_saved_as_it_is(template: TradeTemplate) -> None:
    for service in template.services:
        assert timing_errors(service.minutes, service.before, service.after, service.gap) == {}, service.name
        assert service.minutes % 5 == 0
        assert service.price_paise >= 0
        assert service.colour in COLOURS
        assert service.sac in KINDS[service.tax_class].sacs, service.name
        assert 0 < len(service.name) <= 80


@EACH
def test_names_are_not_repeated(template: TradeTemplate) -> None:
    for names in ([service.name for service in template.services], [name for name, _ in template.resources]):
        assert len(set(names)) == len(names)
    assert len(template.categories) >= 3


@EACH
def test_what_a_service_needs_is_there(template: TradeTemplate) -> None:
    kinds = {kind for _, kind in template.resources}
    assert {service.needs for service in template.services if service.needs} <= kinds <= set(ResourceKind)


@EACH
def test_opening_hours_hold(template: TradeTemplate) -> None:
    assert check_week(template.week) == template.week
    assert sum(minutes_of(day) for day in template.week) >= 30 * 60
    longest = max(service.before + service.minutes + service.after for service in template.services)
    assert longest <= max(window.end - window.start for day in template.week for window in day)


@EACH
def test_roles_are_named_as_the_trade_does(template: TradeTemplate) -> None:
    assert {Role.STAFF, Role.FRONT_DESK} <= set(template.role_labels)
    assert all(template.role_labels.values())


def test_tax_follows_the_trade() -> None:
    """india.md 1.5: salon and gym 5 %, clinic exempt, coaching 18 %."""
    rates = {
        trade: {rate_on(service.tax_class, TODAY).rate_bp for service in template.services}
        for trade, template in TRADES.items()
    }
    assert rates == {Trade.SALON: {500}, Trade.CLINIC: {0}, Trade.GYM: {500}, Trade.TUTOR: {1800}}
    assert all(service.tax_class is TaxClass.HEALTH for service in TRADES[Trade.CLINIC].services)
