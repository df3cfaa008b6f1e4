"""The permission table in plain words: for the invitation, for the table of roles, for one person's rights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from microcrm.domain.permissions import Permission, Role, permissions_of

P = Permission

# What somebody with the role meets, for whoever invites them.
ROLE_SENTENCES: Mapping[Role, str] = MappingProxyType(
    {
        Role.OWNER: "Sees and changes everything, and can change other owners",
        Role.MANAGER: "Runs the day, the team, services and hours. Not the business profile",
        Role.FRONT_DESK: "Sees every calendar and all customers with their numbers, and books for everybody",
        Role.STAFF: "Sees and books their own calendar only. Customers without their numbers",
        Role.ACCOUNTANT: "Runs the books: bills, payments, credit notes. Customers without their numbers. No calendar",
    }
)

# Rights that may be given to or taken from one person. What everybody has is not here.
RIGHTS: Mapping[Permission, str] = MappingProxyType(
    {
        P.CALENDAR_OWN: "See their own calendar",
        P.CALENDAR_ALL: "See everybody’s calendar",
        P.BOOKINGS_OWN: "Book, move and cancel on their own calendar",
        P.BOOKINGS_ALL: "Book, move and cancel for everybody",
        P.CUSTOMERS_VIEW: "See customers",
        P.CUSTOMERS_EDIT: "Add and change customers",
        P.CUSTOMERS_CONTACT: "See full phone numbers and email addresses",
        P.CUSTOMERS_REVEAL: "Where numbers are masked, look at some a day for a reason",
        P.CUSTOMERS_MERGE: "Merge customers who are there twice, and take them apart",
        P.CUSTOMERS_EXPORT: "Take lists of customers away as files",
        P.CUSTOMERS_IMPORT: "Import customers from files, and undo it",
        P.RECORDS_OPEN: "Open sealed records of the kinds that their role works with",
        P.RECORDS_WRITE: "Write sealed records of those kinds",
        P.CONSENTS_RECORD: "Write down what customers agree to",
        P.MESSAGES_VIEW: "Read messages to customers and from them",
        P.MESSAGES_ANSWER: "Answer customers’ messages",
        P.CAMPAIGNS_SEND: "Send campaigns to customers who agreed to offers",
        P.INVOICES_VIEW: "See bills and payments",
        P.INVOICES_EDIT: "Write and issue bills",
        P.INVOICES_CORRECT: "Credit notes, cancelled bills, void payments",
        P.PAYMENTS_TAKE: "Take payments",
        P.RETURNS_VIEW: "See GST returns and registers, and take their files",
        P.CATALOGUE_EDIT: "Change services, prices, rooms and chairs",
        P.HOURS_EDIT: "Change opening hours, working hours and leave",
        P.MEMBERS_VIEW: "See who works here",
        P.MEMBERS_EDIT: "Invite people and change what they may do",
        P.BUSINESS_EDIT: "Change the business profile and GST",
        P.ACTIVITY_VIEW: "See who changed what",
        P.VIEW_AS: "Look at MicroCRM as another person",
    }
)


@dataclass(frozen=True, slots=True)
class TableLine:
    """``own`` is the lesser form of ``whole``, where there is one: the person's own calendar."""

    words: str
    whole: Permission
    own: Permission | None = None


TABLE: tuple[tuple[str, tuple[TableLine, ...]], ...] = (
    (
        "Calendar",
        (
            TableLine("See bookings", P.CALENDAR_ALL, P.CALENDAR_OWN),
            TableLine("Book, move, cancel", P.BOOKINGS_ALL, P.BOOKINGS_OWN),
        ),
    ),
    (
        "Customers",
        (
            TableLine("See customers", P.CUSTOMERS_VIEW),
            TableLine("Add and change", P.CUSTOMERS_EDIT),
            TableLine("Full numbers and email", P.CUSTOMERS_CONTACT),
            TableLine("Some masked numbers a day", P.CUSTOMERS_REVEAL),
            TableLine("Merge duplicates", P.CUSTOMERS_MERGE),
            TableLine("Lists as files", P.CUSTOMERS_EXPORT),
            TableLine("Open sealed records", P.RECORDS_OPEN),
            TableLine("Write sealed records", P.RECORDS_WRITE),
            TableLine("Record consents", P.CONSENTS_RECORD),
            TableLine("Read messages", P.MESSAGES_VIEW),
            TableLine("Answer messages", P.MESSAGES_ANSWER),
            TableLine("Send campaigns", P.CAMPAIGNS_SEND),
        ),
    ),
    (
        "Bills",
        (
            TableLine("See bills and payments", P.INVOICES_VIEW),
            TableLine("Write and issue", P.INVOICES_EDIT),
            TableLine("Take payments", P.PAYMENTS_TAKE),
            TableLine("Credit, cancel, void", P.INVOICES_CORRECT),
            TableLine("GST returns, registers", P.RETURNS_VIEW),
        ),
    ),
    (
        "Settings",
        (
            TableLine("Services, prices, rooms", P.CATALOGUE_EDIT),
            TableLine("Hours and leave", P.HOURS_EDIT),
            TableLine("People and roles", P.MEMBERS_EDIT),
            TableLine("Business and GST", P.BUSINESS_EDIT),
            TableLine("Activity", P.ACTIVITY_VIEW),
            TableLine("View as another person", P.VIEW_AS),
        ),
    ),
)


def cell(line: TableLine, role: Role) -> str:
    """ "Yes", "Own" or "No"."""
    rights = permissions_of(role)
    if line.whole in rights:
        return "Yes"
    return "Own" if line.own in rights else "No"
