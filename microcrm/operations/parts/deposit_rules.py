"""What has to be paid ahead for a visit that a customer books alone: reading the owner's rules, and applying them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from microcrm.domain.deposit import MOST_PAISE, RUPEE, DepositKind, DepositRule, Part, deposit_of
from microcrm.domain.documents import Registration
from microcrm.domain.fields import Reader
from microcrm.domain.money import parse_rupees
from microcrm.domain.taxbook import TaxClass, TaxRate, price_with_tax, rate_for
from microcrm.domain.zones import to_wall, zone_of
from microcrm.models.bookings import BookingItem
from microcrm.operations.billing.tax_rates import read_rates
from microcrm.operations.billing.terms import BillingTerms, read_terms
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.unit_of_work import UnitOfWork

# No row at all for a shop that takes no payments online: then nothing is paid ahead.
_RULES = fixed("""
SELECT s.id, s.deposit_kind, s.deposit_paise, s.deposit_percent, s.is_price_with_tax, s.tax_class, s.sac,
       p.deposit_kind AS shop_kind, p.deposit_paise AS shop_paise, p.deposit_percent AS shop_percent, b.gstin
FROM gateway_accounts a
JOIN businesses b ON b.id = a.business_id
JOIN services s ON s.business_id = a.business_id AND s.id = ANY(:services)
LEFT JOIN booking_policies p ON p.business_id = a.business_id
WHERE a.business_id = :business
""")


class Serving(NamedTuple):
    """One service of a visit, at the price that it is booked for (paise, all seats)."""

    service_id: int
    price_paise: int
    starts_at: datetime
    seats: int = 1


def deposit_due(uow: UnitOfWork, servings: Iterable[Serving]) -> int:
    """Paise to be paid ahead by the rules as they are now; 0 where nothing is."""
    if uow.door is not None and not uow.door.takes_payments:
        return 0
    asked = list(servings)
    values = {"business": uow.business_id, "services": [one.service_id for one in asked]}
    rows = {row.id: row for row in run(uow.session.connection(), _RULES, values)}
    if not any(_is_asking(row) for row in rows.values()):
        return 0
    first = next(iter(rows.values()))
    shop = DepositRule(first.shop_kind or DepositKind.NONE, first.shop_paise or 0, first.shop_percent or 0)
    prices = _Prices(uow, is_registered=bool(first.gstin))
    return deposit_of(
        [Part(prices.shown(rows[one.service_id], one), _own(rows[one.service_id]), one.seats) for one in asked], shop
    )


def servings(items: Iterable[BookingItem]) -> list[Serving]:
    """Of a visit that is stored."""
    return [Serving(item.service_id, item.price_paise, item.starts_at, item.seats) for item in items]


def read_rule(reader: Reader, kind: Any, amount: Any, percent: Any, *, is_own: bool = False) -> dict[str, Any]:
    """As columns; it holds only while the shop takes payments online. Errors stand at ``deposit_kind``, ``deposit_amount`` and
    ``deposit_percent``. Of a service (``is_own``) an empty kind is the shop's."""
    read = reader.choice("deposit_kind", kind, "Deposit", [*DepositKind], default="" if is_own else DepositKind.NONE)
    paise, share = 0, 0
    if read == DepositKind.FIXED:
        nothing: int | None = 0
        paise = (
            reader.by("deposit_amount", parse_rupees, amount, label="Deposit", most=MOST_PAISE, instead=nothing) or 0
        )
        if paise < RUPEE and "deposit_amount" not in reader.errors:
            reader.refuse("deposit_amount", "How much is paid ahead? One rupee or more.")
    if read == DepositKind.PERCENT:
        share = reader.whole_number("deposit_percent", percent, "Share of the price", low=1, high=99)
    return {"deposit_kind": read or None if is_own else read, "deposit_paise": paise, "deposit_percent": share}


class _Prices:
    """With tax, as customers see them; terms and rates are read only when a price is without."""

    def __init__(self, uow: UnitOfWork, *, is_registered: bool) -> None:
        self._uow, self._is_registered = uow, is_registered

    @cached_property
    def _terms(self) -> BillingTerms:
        return read_terms(self._uow)

    @cached_property
    def _rates(self) -> tuple[TaxRate, ...]:
        return read_rates(self._uow)

    def shown(self, service: Any, one: Serving) -> int:
        if service.is_price_with_tax or not self._is_registered or service.tax_class not in set(TaxClass):
            return one.price_paise
        day = to_wall(one.starts_at, zone_of(self._uow.actor.zone))[0]
        if self._terms.registrations.on(day) is not Registration.REGULAR:
            return one.price_paise
        return price_with_tax(one.price_paise, rate_for(self._rates, TaxClass(service.tax_class), service.sac, day))


def _own(row: Any) -> DepositRule | None:
    return None if row.deposit_kind is None else DepositRule(row.deposit_kind, row.deposit_paise, row.deposit_percent)


def _is_asking(row: Any) -> bool:
    return (row.deposit_kind or row.shop_kind or DepositKind.NONE) != DepositKind.NONE
