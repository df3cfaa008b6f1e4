"""What a shop shows to strangers: its name, hours, price list and people. Never a customer, never a member's address.

A page without sign-in knows a shop by the slug in its address. ``enter_shop`` asks the one narrow function that may look
past the policies, and from there on the transaction belongs to that business like any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, and_, select, text

from microcrm.domain.booking_policy import CodeWay, PolicyTerms
from microcrm.domain.deposit import DepositRule, Part, deposit_of
from microcrm.domain.documents import Registration
from microcrm.domain.errors import NotFound
from microcrm.domain.hours import Windows
from microcrm.domain.states import STATES
from microcrm.domain.taxbook import TaxClass, TaxRate, price_with_tax, rate_for
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.business import Business, Member
from microcrm.models.catalogue import Category, Service, ServiceMember
from microcrm.operations.billing.tax_rates import read_rates
from microcrm.operations.billing.terms import read_terms
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.parts.code_way import way_of_codes
from microcrm.operations.parts.online_mode import Mode, online_mode
from microcrm.operations.parts.working_time import read_working_time
from microcrm.operations.unit_of_work import Door, UnitOfWork

MOST_PAIRS = 2_000  # of a service and somebody who does it
_DAYS = 7
_ENTER = fixed("""
SELECT s.business_id, s.zone, s.is_code_needed, s.takes_payments, s.has_own_messages,
  set_config('app.business_id', s.business_id::text, true)
FROM public_shop(:slug) s WHERE s.is_online
""")
_SLUG = re.compile(r"[a-z0-9-]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PublicMember:
    id: int
    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class Doer:
    """Somebody who does a service, at their own price (tax included, paise) and pace (minutes)."""

    member_id: int
    price_paise: int
    minutes: int


@dataclass(frozen=True, slots=True)
class PublicService:
    """``price_paise`` is the lowest that anybody takes, tax included; ``is_from``: others take more. ``seats`` above 1 is
    a class. ``deposit``: its own rule, ``None`` where the shop's holds."""

    id: int
    name: str
    description: str
    group: str
    minutes: int
    price_paise: int
    is_from: bool
    seats: int
    doers: tuple[Doer, ...]
    deposit: DepositRule | None = None

    @property
    def is_class(self) -> bool:
        return self.seats > 1


@dataclass(frozen=True, slots=True)
class Taxes:
    """Whether the shop collects GST, and at which rates of its own."""

    is_collected: bool
    own_rates: tuple[TaxRate, ...] = ()


@dataclass(frozen=True, slots=True)
class PublicShop:
    """``hours``: when it is open today and on the six days after. ``online``: how it takes payments online, "" when it does
    not. ``code_way``: where a code goes that has to be typed before a booking counts."""

    business_id: int
    slug: str
    name: str
    trade: str
    phone: str
    email: str
    address: str
    city: str
    state: str
    pin: str
    zone: str
    has_logo: bool
    version: int
    is_demo: bool
    taxes: Taxes
    today: date
    hours: tuple[tuple[date, Windows], ...]
    services: tuple[PublicService, ...]
    members: Mapping[int, PublicMember]
    terms: PolicyTerms
    online: Mode = ""
    code_way: CodeWay | None = None

    @property
    def is_taxed(self) -> bool:
        """Whether prices hold GST."""
        return self.taxes.is_collected

    @property
    def deposit(self) -> DepositRule:
        """What is paid ahead for services that have no rule of their own."""
        return DepositRule(self.terms.deposit_kind, self.terms.deposit_paise, self.terms.deposit_percent)

    def deposit_for(self, parts: Sequence[tuple[int, int, int]]) -> int:
        """Paise to be paid ahead for (service id, price with tax, seats) by the rules as they are now."""
        if not self.online:
            return 0
        known = {service.id: service.deposit for service in self.services}
        return deposit_of([Part(price, known.get(one), seats) for one, price, seats in parts], self.deposit)

    def service(self, service_id: int) -> PublicService | None:
        return next((service for service in self.services if service.id == service_id), None)


def enter_shop(uow: UnitOfWork, slug: Any) -> None:
    """The rest of the transaction belongs to the shop with this address. Raises ``NotFound`` for an address that nobody
    has and for a shop that takes no bookings online: strangers cannot tell the two apart."""
    wanted = slug if isinstance(slug, str) and _SLUG.fullmatch(slug) else ""
    found = run(uow.session.connection(), _ENTER, {"slug": wanted}).fetchone()
    if found is None:
        raise NotFound("There is no booking page here.", remedy="Check the address, or ask the shop for its link.")
    uow.actor = replace(uow.actor, business_id=found.business_id, zone=found.zone)
    uow.door = Door(found.is_code_needed, found.takes_payments, found.has_own_messages)


def shop_front(uow: UnitOfWork, slug: Any) -> PublicShop:
    """Everything that the pages before the choice of a time show. Raises ``NotFound``."""
    uow.require_public()
    enter_shop(uow, slug)
    return shop_inside(uow)


def shop_inside(uow: UnitOfWork) -> PublicShop:
    """A step of operations that are inside the shop already."""
    row = _business(uow)
    today = today_in(zone_of(row.zone), uow.now)
    open_days = read_working_time(uow, today, today + timedelta(days=_DAYS - 1), members=())
    terms = policy_of(uow)
    taxes = _taxes(uow, today) if row.gstin else Taxes(is_collected=False)
    services, members = _price_list(uow, taxes, today)
    return PublicShop(
        business_id=uow.business_id,
        slug=row.slug,
        name=row.name,
        trade=row.trade,
        phone=row.phone,
        email=row.email,
        address=row.address,
        city=row.city,
        state=STATES[row.state_code].name if row.state_code in STATES else "",
        pin=row.pin,
        zone=row.zone,
        has_logo=row.has_logo,
        version=row.version,
        is_demo=row.is_demo,
        taxes=taxes,
        today=today,
        hours=tuple((day, open_days.shop(day)) for day in (today + timedelta(days=n) for n in range(_DAYS))),
        services=services,
        members=members,
        terms=terms,
        online=online_mode(uow),
        code_way=way_of_codes(uow) if terms.is_code_needed else None,
    )


def public_logo(uow: UnitOfWork, slug: Any) -> tuple[bytes, str]:
    """The picture and its media type. Raises ``NotFound``."""
    uow.require_public()
    enter_shop(uow, slug)
    row = uow.session.execute(
        select(Business.logo, Business.logo_kind).where(Business.id == uow.business_id, Business.logo.is_not(None))
    ).one_or_none()
    if row is None:
        raise NotFound
    return bytes(row.logo), row.logo_kind


def shops_to_find(uow: UnitOfWork) -> tuple[str, ...]:
    """The addresses of the shops that can be booked online, for search engines. Demo shops only while there is no
    other."""
    uow.require_public()
    return tuple(uow.session.scalars(text("SELECT slug FROM public_shops()")))


def _business(uow: UnitOfWork) -> Row[Any]:
    columns = (
        Business.slug, Business.name, Business.trade, Business.phone, Business.email, Business.address, Business.city,
        Business.state_code, Business.pin, Business.gstin, Business.zone, Business.is_demo, Business.version,
        Business.logo.is_not(None).label("has_logo"),
    )  # fmt: skip
    return uow.session.execute(select(*columns).where(Business.id == uow.business_id)).one()


def _price_list(uow: UnitOfWork, taxes: Taxes, day: date) -> tuple[tuple[PublicService, ...], dict[int, PublicMember]]:
    """In the shop's own order. A service that nobody does is left out; a class names its people by its sessions."""
    same_shop = Service.business_id == uow.business_id
    does = and_(ServiceMember.business_id == Service.business_id, ServiceMember.service_id == Service.id)
    who = and_(
        Member.business_id == Service.business_id, Member.id == ServiceMember.member_id,
        Member.deactivated_at.is_(None), Member.is_bookable,
    )  # fmt: skip
    group = and_(Category.business_id == Service.business_id, Category.id == Service.category_id)
    rows = uow.session.execute(
        select(Service, Category.name, ServiceMember, Member.id, Member.name, Member.colour)
        .outerjoin(ServiceMember, does)
        .outerjoin(Member, who)
        .outerjoin(Category, group)
        .where(same_shop, Service.is_active, Service.is_online)
        .order_by(Category.position, Category.id, Service.position, Service.id, Member.position, Member.id)
        .limit(MOST_PAIRS)
    )
    found: dict[int, tuple[Service, str, list[Doer]]] = {}
    members: dict[int, PublicMember] = {}
    for service, category, pair, member_id, name, colour in rows:
        entry = found.setdefault(service.id, (service, category or "", []))
        if member_id is not None:
            members.setdefault(member_id, PublicMember(member_id, name, colour))
            entry[2].append(_doer(service, pair, taxes, day))
    services = tuple(
        _public(service, group_name, doers, taxes, day)
        for service, group_name, doers in found.values()
        if doers or service.seats > 1
    )
    return services, members


def _doer(service: Service, pair: ServiceMember, taxes: Taxes, day: date) -> Doer:
    price = service.price_paise if pair.price_paise is None else pair.price_paise
    minutes = service.duration_min if pair.duration_min is None else pair.duration_min
    return Doer(pair.member_id, price_shown(service, price, taxes, day), minutes)


def _public(service: Service, group: str, doers: list[Doer], taxes: Taxes, day: date) -> PublicService:
    is_class = service.seats > 1
    own = price_shown(service, service.price_paise, taxes, day)
    prices = [own] if is_class else [doer.price_paise for doer in doers]
    return PublicService(
        id=service.id or 0,
        name=service.name,
        description=service.description,
        group=group,
        minutes=service.duration_min,
        price_paise=min(prices),
        is_from=len(set(prices)) > 1,
        seats=service.seats,
        doers=tuple(doers),
        deposit=None
        if service.deposit_kind is None
        else DepositRule(service.deposit_kind, service.deposit_paise, service.deposit_percent),
    )


def price_shown(service: Service, paise: int, taxes: Taxes, day: date) -> int:
    """What the customer pays in the end."""
    if service.is_price_with_tax or not taxes.is_collected or service.tax_class not in set(TaxClass):
        return paise
    return price_with_tax(paise, rate_for(taxes.own_rates, TaxClass(service.tax_class), service.sac, day))


def _taxes(uow: UnitOfWork, day: date) -> Taxes:
    """Of a shop with a GSTIN; composition dealers may not collect tax."""
    is_collected = read_terms(uow).registrations.on(day) is Registration.REGULAR
    return Taxes(is_collected, read_rates(uow) if is_collected else ())
