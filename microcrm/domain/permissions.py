"""Who may do what: one table, read by the gate, by operations, by navigation and by the Settings page.

A role is a set of permissions. A member may be granted more, or have some taken away, one by one; an owner always has
all.
``..._OWN`` means the member's own calendar only; ``..._ALL`` includes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    MANAGER = "manager"
    FRONT_DESK = "front_desk"
    STAFF = "staff"
    ACCOUNTANT = "accountant"


class Permission(StrEnum):
    ACCOUNT = "account"  # one's own account: password, sessions, second step
    SHOP_VIEW = "shop.view"  # be inside a business at all: shell, Today, own profile
    CALENDAR_OWN = "calendar.own"
    CALENDAR_ALL = "calendar.all"
    BOOKINGS_OWN = "bookings.own"  # create, move, cancel on one's own column
    BOOKINGS_ALL = "bookings.all"
    CUSTOMERS_VIEW = "customers.view"
    CUSTOMERS_EDIT = "customers.edit"
    CUSTOMERS_CONTACT = "customers.contact"  # see full phone numbers and e-mail addresses
    CUSTOMERS_REVEAL = "customers.reveal"  # without CONTACT: one number at a time, for a reason, some a day
    CUSTOMERS_MERGE = "customers.merge"  # two records into one, and apart again
    CUSTOMERS_EXPORT = "customers.export"  # take lists of customers away as a file
    CUSTOMERS_IMPORT = "customers.import"  # bring lists of customers in, and take them back
    RECORDS_OPEN = "records.open"  # sealed records of the kinds that the role works with (domain/sealed_records.py)
    RECORDS_WRITE = "records.write"
    CONSENTS_RECORD = "consents.record"  # write down what a customer agrees to, or no longer does
    MESSAGES_VIEW = "messages.view"  # what was sent to customers, and what they wrote
    MESSAGES_ANSWER = "messages.answer"  # answer them, send again, settle
    CAMPAIGNS_SEND = "campaigns.send"  # write to many customers at once
    INVOICES_VIEW = "invoices.view"
    INVOICES_EDIT = "invoices.edit"  # draft and issue
    INVOICES_CORRECT = "invoices.correct"  # credit notes, cancelling, void payments
    PAYMENTS_TAKE = "payments.take"
    RETURNS_VIEW = "returns.view"  # GST returns, registers and the day-book, and their files
    CATALOGUE_VIEW = "catalogue.view"
    CATALOGUE_EDIT = "catalogue.edit"  # services, categories, resources
    HOURS_EDIT = "hours.edit"  # opening hours, exceptions, staff hours, leave
    MEMBERS_VIEW = "members.view"
    MEMBERS_EDIT = "members.edit"  # invite, change role, deactivate
    BUSINESS_EDIT = "business.edit"  # profile, address, GSTIN, logo, slug
    ACTIVITY_VIEW = "activity.view"  # the audit log
    VIEW_AS = "view_as"  # look at the product as another member


_EVERYONE = {Permission.ACCOUNT, Permission.SHOP_VIEW, Permission.CATALOGUE_VIEW}
_DESK = _EVERYONE | {
    Permission.CALENDAR_OWN,
    Permission.CALENDAR_ALL,
    Permission.BOOKINGS_OWN,
    Permission.BOOKINGS_ALL,
    Permission.CUSTOMERS_VIEW,
    Permission.CUSTOMERS_EDIT,
    Permission.CUSTOMERS_CONTACT,
    Permission.CUSTOMERS_REVEAL,
    Permission.RECORDS_OPEN,
    Permission.RECORDS_WRITE,
    Permission.CONSENTS_RECORD,
    Permission.MESSAGES_VIEW,
    Permission.MESSAGES_ANSWER,
    Permission.INVOICES_VIEW,
    Permission.INVOICES_EDIT,
    Permission.PAYMENTS_TAKE,
    Permission.MEMBERS_VIEW,
}
_BOOKS = {
    Permission.INVOICES_VIEW,
    Permission.INVOICES_EDIT,
    Permission.INVOICES_CORRECT,
    Permission.PAYMENTS_TAKE,
    Permission.RETURNS_VIEW,
}

ROLES: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.MANAGER: frozenset(
        _DESK
        | _BOOKS
        | {
            Permission.CUSTOMERS_EXPORT,
            Permission.CUSTOMERS_IMPORT,
            Permission.CUSTOMERS_MERGE,
            Permission.CAMPAIGNS_SEND,
            Permission.CATALOGUE_EDIT,
            Permission.HOURS_EDIT,
            Permission.MEMBERS_EDIT,
            Permission.ACTIVITY_VIEW,
        }
    ),
    Role.FRONT_DESK: frozenset(_DESK),
    Role.STAFF: frozenset(
        _EVERYONE
        | {
            Permission.CALENDAR_OWN,
            Permission.BOOKINGS_OWN,
            Permission.CUSTOMERS_VIEW,
            Permission.CUSTOMERS_REVEAL,
            Permission.RECORDS_OPEN,
            Permission.RECORDS_WRITE,
            Permission.CONSENTS_RECORD,
        }
    ),
    Role.ACCOUNTANT: frozenset(
        _EVERYONE | _BOOKS | {Permission.CUSTOMERS_VIEW, Permission.CUSTOMERS_REVEAL, Permission.MEMBERS_VIEW}
    ),
}

ROLE_LABELS: dict[Role, str] = {
    Role.OWNER: "Owner",
    Role.MANAGER: "Manager",
    Role.FRONT_DESK: "Front desk",
    Role.STAFF: "Staff",
    Role.ACCOUNTANT: "Accountant",
}

# All that "view as" allows: looking, and one's own account.
READING: frozenset[Permission] = frozenset(
    {
        Permission.ACCOUNT,
        Permission.SHOP_VIEW,
        Permission.CALENDAR_OWN,
        Permission.CALENDAR_ALL,
        Permission.CUSTOMERS_VIEW,
        Permission.CUSTOMERS_CONTACT,
        Permission.MESSAGES_VIEW,
        Permission.INVOICES_VIEW,
        Permission.RETURNS_VIEW,
        Permission.CATALOGUE_VIEW,
        Permission.MEMBERS_VIEW,
        Permission.ACTIVITY_VIEW,
        Permission.VIEW_AS,
    }
)


def permissions_of(role: Role, granted: Iterable[str] = (), withheld: Iterable[str] = ()) -> frozenset[Permission]:
    """What a member may do: the role's set, plus grants, minus what is withheld. An owner's set never shrinks."""
    if role is Role.OWNER:
        return ROLES[role]
    known = {p.value for p in Permission}
    extra = {Permission(g) for g in granted if g in known}
    less = {Permission(w) for w in withheld if w in known} - _EVERYONE
    return frozenset((ROLES[role] | extra) - less)
