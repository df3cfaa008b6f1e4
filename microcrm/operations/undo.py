"""Taking a change back, by the token that a notice or the activity page offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, func, select

from microcrm.domain.errors import Conflict, Forbidden, NotFound
from microcrm.domain.permissions import Permission
from microcrm.models.billing import BillingProfile, ShopTaxRate
from microcrm.models.bookings import BookingItem
from microcrm.models.business import Business, Member
from microcrm.models.campaigns import Campaign
from microcrm.models.catalogue import Category, Resource, Service
from microcrm.models.customers import Customer, Segment
from microcrm.models.message_plan import MessagePlan, MessageStep, MessageTemplate
from microcrm.models.messaging import MessageChannel
from microcrm.models.policy import BookingPolicy
from microcrm.models.products import Product
from microcrm.models.records import Undo
from microcrm.models.schedule import Leave
from microcrm.operations.billing.recurring_lines import put_plan_back
from microcrm.operations.booking_undo import put_booking_back
from microcrm.operations.capabilities import Sealer
from microcrm.operations.class_series import put_classes_back
from microcrm.operations.class_undo import CLASS_STEPS, put_class_back
from microcrm.operations.consents import put_consent_back
from microcrm.operations.customer_imports.undoing import put_import_back
from microcrm.operations.customer_keys import write_keys
from microcrm.operations.customer_notes import put_note_back
from microcrm.operations.customer_tags import put_tags_back
from microcrm.operations.customer_tasks import put_task_back
from microcrm.operations.customer_unmerge import take_apart
from microcrm.operations.days import put_days_back
from microcrm.operations.departures import put_bookings_back
from microcrm.operations.family import put_tie_back
from microcrm.operations.files.changing import put_file_back
from microcrm.operations.parts.order import put_order_back
from microcrm.operations.parts.ranks import check_change, check_target
from microcrm.operations.parts.rows import typed
from microcrm.operations.parts.sets import SETS, stamp
from microcrm.operations.queue_undo import put_ticket_back
from microcrm.operations.series_undo import SERIES_STEPS, put_series_back
from microcrm.operations.stock import put_stock_back
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.waitlist_undo import put_entry_back


@dataclass(frozen=True, slots=True)
class Kept:
    """A table whose changes can be taken back. ``away``: the column that says a row is out of use, for taking back that it
    was added at all; "" means that the row is deleted."""

    table: type[SQLModel]
    permission: Permission
    away: str = ""


ROWS: dict[str, Kept] = {
    "business": Kept(Business, Permission.BUSINESS_EDIT),
    "booking_policy": Kept(BookingPolicy, Permission.BUSINESS_EDIT),
    "billing_profile": Kept(BillingProfile, Permission.BUSINESS_EDIT),
    "message_channel": Kept(MessageChannel, Permission.BUSINESS_EDIT),
    "message_plan": Kept(MessagePlan, Permission.BUSINESS_EDIT),
    "message_step": Kept(MessageStep, Permission.BUSINESS_EDIT),
    "message_template": Kept(MessageTemplate, Permission.BUSINESS_EDIT),
    "tax_rate": Kept(ShopTaxRate, Permission.BUSINESS_EDIT),
    "member": Kept(Member, Permission.MEMBERS_EDIT, "deactivated_at"),
    "category": Kept(Category, Permission.CATALOGUE_EDIT),
    "service": Kept(Service, Permission.CATALOGUE_EDIT, "is_active"),
    "resource": Kept(Resource, Permission.CATALOGUE_EDIT, "is_active"),
    "product": Kept(Product, Permission.CATALOGUE_EDIT, "is_active"),
    "customer": Kept(Customer, Permission.CUSTOMERS_EDIT, "archived_at"),
    "segment": Kept(Segment, Permission.CUSTOMERS_EDIT),
    "campaign": Kept(Campaign, Permission.CAMPAIGNS_SEND),
    "leave": Kept(Leave, Permission.HOURS_EDIT),
}
# Everything else that can be taken back, and the permission that the change itself needed.
OTHERS: dict[str, Permission] = {
    "shop_days": Permission.HOURS_EDIT,
    "shop_hours": Permission.HOURS_EDIT,
    "member_hours": Permission.HOURS_EDIT,
    "member_services": Permission.CATALOGUE_EDIT,
    "category_order": Permission.CATALOGUE_EDIT,
    "service_order": Permission.CATALOGUE_EDIT,
    "resource_order": Permission.CATALOGUE_EDIT,
    "form_order": Permission.BUSINESS_EDIT,
    "stock": Permission.CATALOGUE_EDIT,
    "customer_tags": Permission.CUSTOMERS_EDIT,
    "customer_merge": Permission.CUSTOMERS_MERGE,
    "consent": Permission.CONSENTS_RECORD,
    "customer_import": Permission.CUSTOMERS_IMPORT,
    "family_tie": Permission.CUSTOMERS_EDIT,
    "person_file": Permission.RECORDS_WRITE,
    "customer_note": Permission.BOOKINGS_OWN,
    "customer_task": Permission.BOOKINGS_OWN,
    "member_order": Permission.MEMBERS_EDIT,
    "hand_over": Permission.MEMBERS_EDIT,
    "booking_made": Permission.BOOKINGS_OWN,
    "booking_moved": Permission.BOOKINGS_OWN,
    "booking_status": Permission.BOOKINGS_OWN,
    "booking_fee": Permission.BOOKINGS_ALL,
    "series_made": Permission.BOOKINGS_OWN,
    "series_moved": Permission.BOOKINGS_OWN,
    "series_cancelled": Permission.BOOKINGS_OWN,
    "classes_made": Permission.BOOKINGS_OWN,
    "class_made": Permission.BOOKINGS_OWN,
    "class_moved": Permission.BOOKINGS_OWN,
    "classes_moved": Permission.BOOKINGS_OWN,
    "class_changed": Permission.BOOKINGS_OWN,
    "class_cancelled": Permission.BOOKINGS_OWN,
    "classes_cancelled": Permission.BOOKINGS_OWN,
    "queue_ticket": Permission.BOOKINGS_OWN,
    "waitlist_added": Permission.BOOKINGS_ALL,
    "waitlist_changed": Permission.BOOKINGS_ALL,
    "waitlist_withdrawn": Permission.BOOKINGS_ALL,
    "recurring_lines": Permission.INVOICES_EDIT,
}


def take_back(uow: UnitOfWork, token: str, sealer: Sealer | None = None) -> str:
    """Restore what the undo ``token`` (its number) remembers. Returns what was undone, in words.

    ``sealer``: for what needs sealing anew, as when two customers are taken apart.
    Raises ``Conflict`` when it has changed again since, or the undo was used already.
    """
    uow.require(Permission.SHOP_VIEW)
    if not isinstance(token, str) or not token.isdecimal() or len(token) > 18:
        raise NotFound
    undo = uow.session.exec(
        select(Undo).where(Undo.business_id == uow.business_id, Undo.id == int(token)).with_for_update()
    ).first()
    if undo is None:
        raise NotFound
    permission = ROWS[undo.entity].permission if undo.entity in ROWS else OTHERS.get(undo.entity)
    if permission is None:
        raise NotFound
    if not uow.may(permission):
        raise Forbidden
    if undo.undone_at is not None:
        raise Conflict("That was taken back already.", remedy="Refresh the page to see how it stands.")
    if undo.entity in ROWS:
        _restore_row(uow, ROWS[undo.entity], undo)
    elif undo.entity == "customer_merge" and sealer is not None:
        take_apart(uow, undo.entity_id, (), sealer)
    else:
        _restore_other(uow, undo)
    undo.undone_at = uow.now
    uow.session.add(undo)
    uow.audit("undo", undo.entity, undo.entity_id, undo=undo.id)
    return f"Undone: {undo.label}"


def _restore_row(uow: UnitOfWork, kept: Kept, undo: Undo) -> None:
    key = [kept.table.id == undo.entity_id]
    if undo.entity != "business":
        key.append(kept.table.business_id == uow.business_id)
    row = uow.session.exec(select(kept.table).where(*key).with_for_update()).first()
    if row is None:
        _put_back(uow, kept, undo)
        return
    if undo.after_version is not None and getattr(row, "version", None) != undo.after_version:
        raise _changed_since()
    if undo.before is None:
        _take_away(uow, kept, row)
        return
    values = {name: typed(kept.table, name, value) for name, value in undo.before.items() if name not in SETS}
    if isinstance(row, Member):
        check_change(uow, row, values)
    with _unless_taken(uow):
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        uow.session.add(row)
        uow.session.flush()
    for name in undo.before.keys() & SETS.keys():
        SETS[name].replace(uow, undo.entity_id, [tuple(part) for part in undo.before[name]])
    if isinstance(row, Customer):
        write_keys(uow.session, row)


@contextmanager
def _unless_taken(uow: UnitOfWork) -> Iterator[None]:
    """What a row was called before may be another one's name by now."""
    try:
        with uow.session.begin_nested():
            yield
    except IntegrityError:
        raise _changed_since() from None


def _put_back(uow: UnitOfWork, kept: Kept, undo: Undo) -> None:
    """A row that was removed, under a new id."""
    if undo.before is None or undo.after_version is not None:
        raise NotFound
    values = {name: typed(kept.table, name, value) for name, value in undo.before.items()}
    uow.session.add(kept.table(**{**values, "business_id": uow.business_id}))


def _take_away(uow: UnitOfWork, kept: Kept, row: Any) -> None:
    """A row that was added."""
    if isinstance(row, Member):
        check_target(uow, row.role)
        _refuse_if_booked(uow, row)
    if not kept.away:
        if isinstance(row, Category):
            _refuse_if_used(uow, row)
        uow.session.delete(row)
        return
    setattr(row, kept.away, False if kept.away == "is_active" else uow.now)
    row.version += 1
    uow.session.add(row)


# Those that know everything about it themselves.
_BY_ENTITY: dict[str, Callable[[UnitOfWork, Undo], None]] = {
    "classes_made": put_classes_back,
    "consent": put_consent_back,
    "customer_import": put_import_back,
    "customer_note": put_note_back,
    "customer_tags": put_tags_back,
    "customer_task": put_task_back,
    "family_tie": put_tie_back,
    "person_file": put_file_back,
    "queue_ticket": put_ticket_back,
    "stock": put_stock_back,
}


def _restore_other(uow: UnitOfWork, undo: Undo) -> None:
    before = undo.before or {}
    if undo.entity in _BY_ENTITY:
        _BY_ENTITY[undo.entity](uow, undo)
        return
    if undo.entity.startswith("booking_"):
        put_booking_back(uow, undo)
        return
    if undo.entity in CLASS_STEPS:
        put_class_back(uow, undo)
        return
    if undo.entity in SERIES_STEPS:
        put_series_back(uow, undo)
        return
    if undo.entity.startswith("waitlist_"):
        put_entry_back(uow, undo)
        return
    if undo.entity == "recurring_lines":
        is_done = put_plan_back(uow, undo)
    elif undo.entity == "shop_days":
        is_done = put_days_back(uow, before, undo.after_version)
    elif undo.entity == "hand_over":
        is_done = put_bookings_back(uow, before)
    elif undo.entity.endswith("_order"):
        is_done = True
        put_order_back(uow, undo.entity.removesuffix("_order"), before)
    else:
        owner_id = None if undo.entity == "shop_hours" else undo.entity_id
        is_done = stamp(SETS[undo.entity].read(uow, owner_id)) == undo.after_version
        if is_done:
            SETS[undo.entity].replace(uow, owner_id, [tuple(row) for row in before["rows"]])
    if not is_done:
        raise _changed_since()


def _refuse_if_booked(uow: UnitOfWork, member: Member) -> None:
    future = select(func.count()).where(
        BookingItem.business_id == uow.business_id, BookingItem.member_id == member.id, BookingItem.starts_at > uow.now
    )
    if uow.session.exec(future.where(BookingItem.is_live)).one():
        raise Conflict("They have bookings by now.", remedy="Deactivate them in Members and hand the bookings over.")


def _refuse_if_used(uow: UnitOfWork, category: Category) -> None:
    used = select(Service.id).where(Service.business_id == uow.business_id, Service.category_id == category.id)
    if uow.session.exec(used.limit(1)).first() is not None:
        raise Conflict("It has services by now.", remedy="Move them to another category first.")


def _changed_since() -> Conflict:
    return Conflict("It has changed again since.", remedy="Change it by hand; the activity page shows what happened.")
