"""What a new shop starts with, from the template of its trade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmodel import select

from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.domain.trades import TRADES, ResourceKind, ServiceTemplate, Trade, TradeTemplate
from microcrm.models.business import Business, Member
from microcrm.models.catalogue import Category, Resource, Service, ServiceMember, ServiceResource
from microcrm.models.schedule import WeeklyHours
from microcrm.operations.parts.form_versions import put_starting_forms
from microcrm.operations.resources import CHOICE_OF_KIND
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Filled:
    """How much was added; all zeros when the shop had everything."""

    categories: int
    services: int
    resources: int
    windows: int


def apply_template(uow: UnitOfWork, raw_trade: Any) -> Filled:
    """Add what the trade's template has and the shop lacks, by name. Opening hours are set only while there are none.

    Everybody who can be booked does every service that is added. Doing it twice adds nothing.
    """
    uow.require(Permission.CATALOGUE_EDIT)
    fields = Reader()
    template = TRADES[fields.member("trade", raw_trade, "Trade", Trade)]
    fields.done()
    uow.session.exec(select(Business.id).where(Business.id == uow.business_id).with_for_update()).one()
    categories, added_categories = _add_categories(uow, template)
    resources, added_resources = _add_resources(uow, template)
    filled = Filled(
        added_categories,
        _add_services(uow, template, categories, resources),
        added_resources,
        _add_hours(uow, template),
    )
    put_starting_forms(uow, template.trade)
    if filled != Filled(0, 0, 0, 0):
        uow.audit("apply_template", "business", uow.business_id, trade=template.trade.value, services=filled.services)
    return filled


def _add_categories(uow: UnitOfWork, template: TradeTemplate) -> tuple[dict[str, Category], int]:
    known = {c.name: c for c in uow.session.exec(select(Category).where(Category.business_id == uow.business_id))}
    new = [
        Category(business_id=uow.business_id, name=name, position=place)
        for place, name in enumerate(template.categories, start=len(known) + 1)
        if name not in known
    ]
    uow.session.add_all(new)
    uow.session.flush()
    return known | {row.name: row for row in new}, len(new)


def _add_resources(uow: UnitOfWork, template: TradeTemplate) -> tuple[dict[ResourceKind, list[Resource]], int]:
    known = {r.name: r for r in uow.session.exec(select(Resource).where(Resource.business_id == uow.business_id))}
    new = [
        Resource(business_id=uow.business_id, name=name, kind=kind.value, position=place)
        for place, (name, kind) in enumerate(template.resources, start=len(known) + 1)
        if name not in known
    ]
    uow.session.add_all(new)
    uow.session.flush()
    by_kind: dict[ResourceKind, list[Resource]] = {}
    for row in (*known.values(), *new):
        if row.is_active and row.name in dict(template.resources):
            by_kind.setdefault(ResourceKind(row.kind), []).append(row)
    return by_kind, len(new)


def _add_services(
    uow: UnitOfWork,
    template: TradeTemplate,
    categories: dict[str, Category],
    resources: dict[ResourceKind, list[Resource]],
) -> int:
    known = set(uow.session.exec(select(Service.name).where(Service.business_id == uow.business_id)))
    doers = uow.session.exec(
        select(Member.id).where(
            Member.business_id == uow.business_id, Member.deactivated_at.is_(None), Member.is_bookable
        )
    ).all()
    wanted = [t for t in template.services if t.name not in known]
    for place, service in enumerate(wanted, start=len(known) + 1):
        row = _service(uow, template, service, categories[service.category], place)
        uow.session.add(row)
        uow.session.flush()
        mine = {"business_id": uow.business_id, "service_id": row.id}
        uow.session.add_all([ServiceMember(**mine, member_id=member_id) for member_id in doers])
        uow.session.add_all(
            [
                ServiceResource(**mine, resource_id=resource.id, choice=CHOICE_OF_KIND[resource.kind])
                for resource in (resources.get(service.needs, []) if service.needs else [])
            ]
        )
    uow.session.flush()
    return len(wanted)


def _service(
    uow: UnitOfWork, template: TradeTemplate, wanted: ServiceTemplate, category: Category, place: int
) -> Service:
    return Service(
        business_id=uow.business_id,
        category_id=category.id,
        name=wanted.name,
        duration_min=wanted.minutes,
        buffer_before_min=wanted.before,
        buffer_after_min=wanted.after,
        gap_after_min=wanted.gap.after if wanted.gap else 0,
        gap_min=wanted.gap.minutes if wanted.gap else 0,
        price_paise=wanted.price_paise,
        is_price_with_tax=template.prices_include_tax,
        sac=wanted.sac,
        tax_class=wanted.tax_class.value,
        colour=wanted.colour,
        is_online=wanted.is_online,
        seats=wanted.seats,
        position=place,
    )


def _add_hours(uow: UnitOfWork, template: TradeTemplate) -> int:
    has_hours = select(WeeklyHours.id).where(
        WeeklyHours.business_id == uow.business_id, WeeklyHours.member_id.is_(None)
    )
    if uow.session.exec(has_hours.limit(1)).first() is not None:
        return 0
    rows = [
        WeeklyHours(business_id=uow.business_id, weekday=weekday, start_min=window.start, end_min=window.end)
        for weekday, windows in enumerate(template.week)
        for window in windows
    ]
    uow.session.add_all(rows)
    uow.session.flush()
    return len(rows)
