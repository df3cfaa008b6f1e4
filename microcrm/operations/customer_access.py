"""Which customers a person may see, and how much of their contact details.

Whoever works with one calendar only (a member set to their own calendar, or one who may see no other) sees the customers
who have or had a visit with them, and nobody else. Everybody else with ``CUSTOMERS_VIEW`` sees all: the accountant, who
has no calendar, needs them for the books.

Without ``CUSTOMERS_CONTACT`` phones and e-mail addresses leave the server masked, and searching may not guess them letter
by letter either (see ``customer_search``).
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, select, true

from microcrm.domain.email import mask_email
from microcrm.domain.permissions import Permission
from microcrm.domain.phone import display_phone, mask_phone
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.customers import Customer
from microcrm.operations.unit_of_work import Actor


def sees_own_only(actor: Actor) -> bool:
    may_own, may_all = (p in actor.permissions for p in (Permission.CALENDAR_OWN, Permission.CALENDAR_ALL))
    return actor.is_own_calendar_only or (may_own and not may_all)


def may_contact(actor: Actor) -> bool:
    return Permission.CUSTOMERS_CONTACT in actor.permissions


def visible_customers(actor: Actor) -> ColumnElement[bool]:
    """A condition on ``customers``. Whoever was merged into somebody else is nobody's customer any more."""
    own = Customer.merged_into_id.is_(None)
    if not sees_own_only(actor):
        return own
    visits = select(Booking.id).where(
        Booking.business_id == Customer.business_id, Booking.customer_id == Customer.id, visible_bookings(actor)
    )
    return own & exists(visits)


def customers_seen(actor: Actor) -> ColumnElement[bool]:
    """The same beside conditions of segments: who had visits with this member is collected once. Asked customer by customer,
    PostgreSQL misjudges how many there are, and counting the segments of a large shop took ten seconds. Segments leave out the archive,
    and with it those who were merged into somebody else."""
    if not sees_own_only(actor):
        return true()
    visits = (
        select(Booking.customer_id)
        .join(BookingItem, (BookingItem.business_id == Booking.business_id) & (BookingItem.booking_id == Booking.id))
        .where(
            Booking.business_id == actor.business_id,
            BookingItem.business_id == actor.business_id,
            BookingItem.member_id == actor.member_id,
        )
        .distinct()
    )
    return Customer.id.in_(select(visits.cte("seen").prefix_with("MATERIALIZED", dialect="postgresql").c.customer_id))


def visible_bookings(actor: Actor) -> ColumnElement[bool]:
    """A condition on ``bookings``: all of them, or those with an item of this member."""
    if not sees_own_only(actor):
        return true()
    items = select(BookingItem.id).where(
        BookingItem.business_id == Booking.business_id,
        BookingItem.booking_id == Booking.id,
        BookingItem.member_id == actor.member_id,
    )
    # Only the booking comes from the statement around it, which may have items of its own.
    return exists(items.correlate(Booking))


def phone_for(actor: Actor, e164: str) -> str:
    """Like "+91 98450 12345", or "•••• 12345" for those who may not see it."""
    return display_phone(e164) if may_contact(actor) else mask_phone(e164)


def email_for(actor: Actor, address: str) -> str:
    return address if may_contact(actor) else mask_email(address)
