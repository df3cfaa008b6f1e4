"""GST rates of the shop's own, dated, which go before the tax book of the program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from microcrm.domain.errors import Conflict
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.domain.taxbook import GST_BEGAN, TaxClass, TaxRate, parse_percent
from microcrm.models.billing import ShopTaxRate
from microcrm.operations.parts.rows import create, find, remove
from microcrm.operations.unit_of_work import UnitOfWork

MOST_RATES = 100


@dataclass(frozen=True, slots=True)
class AddTaxRate:
    """As typed. ``sac`` empty: for the whole class. ``rate`` in per cent; ``is_exempt`` leaves no rate."""

    tax_class: Any
    valid_from: Any
    rate: Any = ""
    is_exempt: Any = False
    sac: Any = ""
    valid_to: Any = ""
    citation: Any = ""


@dataclass(frozen=True, slots=True)
class OwnRate:
    id: int
    rate: TaxRate


def own_rates(uow: UnitOfWork) -> tuple[OwnRate, ...]:
    """The newest first, within each class."""
    uow.require(Permission.CATALOGUE_VIEW)
    return tuple(OwnRate(row.id or 0, _rate(row)) for row in _rows(uow))


def add_tax_rate(uow: UnitOfWork, command: AddTaxRate) -> str:
    """Returns the undo token. Bills that are issued keep the rate they were issued with."""
    uow.require(Permission.BUSINESS_EDIT)
    row = _read(uow, command)
    known = _rows(uow)
    same = (row.tax_class, row.sac, row.valid_from)
    if any((one.tax_class, one.sac, one.valid_from) == same for one in known):
        raise Conflict("There is a rate of your own from that day already.", remedy="Remove that one first.")
    if len(known) >= MOST_RATES:
        raise Conflict(f"A shop has at most {MOST_RATES} rates of its own.", remedy="Remove what is over first.")
    return create(uow, "tax_rate", row, "Tax rate")


def remove_tax_rate(uow: UnitOfWork, rate_id: Any) -> str:
    """Returns the undo token. From now on the book holds again, for those days too."""
    uow.require(Permission.BUSINESS_EDIT)
    return remove(uow, "tax_rate", find(uow, ShopTaxRate, rate_id), "Tax rate")


def read_rates(uow: UnitOfWork) -> tuple[TaxRate, ...]:
    """For operations that have asked for their own permission already."""
    return tuple(_rate(row) for row in _rows(uow))


def _rows(uow: UnitOfWork) -> list[ShopTaxRate]:
    query = select(ShopTaxRate).where(ShopTaxRate.business_id == uow.business_id)
    return list(uow.session.scalars(query.order_by(ShopTaxRate.tax_class, ShopTaxRate.valid_from.desc())))


def _rate(row: ShopTaxRate) -> TaxRate:
    return TaxRate(
        TaxClass(row.tax_class), row.rate_bp, row.is_exempt, False, row.valid_from, row.valid_to, row.citation, row.sac
    )


def _read(uow: UnitOfWork, command: AddTaxRate) -> ShopTaxRate:
    reader = Reader()
    is_exempt = reader.flag("is_exempt", command.is_exempt, "Exempt")
    nothing: int | None = None
    rate = reader.by("rate", parse_percent, command.rate, instead=nothing)
    if is_exempt and rate:
        reader.refuse("rate", "What is exempt has no rate. Leave this empty, or untick “exempt”.")
    if not is_exempt and rate is None:
        reader.refuse("rate", "Rate is needed, as 18 or 5.")
    sac = reader.text("sac", command.sac, "SAC or HSN", limit=8, required=False)
    if sac and not (sac.isascii() and sac.isdecimal() and len(sac) in (4, 6, 8)):
        reader.refuse("sac", "A SAC or HSN code has 4, 6 or 8 digits.")
    first = reader.day("valid_from", command.valid_from, "First day", earliest=GST_BEGAN, latest=date(2099, 12, 31))
    last = reader.optional_day("valid_to", command.valid_to, "Last day", earliest=GST_BEGAN, latest=date(2099, 12, 31))
    if last is not None and last < first:
        reader.refuse("valid_to", "The last day comes before the first.")
    row = ShopTaxRate(
        business_id=uow.business_id,
        tax_class=reader.member("tax_class", command.tax_class, "Kind of service", TaxClass).value,
        sac=sac,
        rate_bp=rate or 0,
        is_exempt=is_exempt,
        valid_from=first,
        valid_to=last,
        citation=reader.text("citation", command.citation, "Why", limit=200),
    )
    reader.done()
    return row
