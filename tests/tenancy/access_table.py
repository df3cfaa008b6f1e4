"""Who may do what, written down by hand: every handler a websocket can name and every address a browser can ask for.

This is the expectation, not the code's own permission table: the crawler fails for a handler or route that is missing here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.shops import PASSWORD

VISITOR, STAFF, FRONT_DESK, ACCOUNTANT = "visitor", "staff", "front_desk", "accountant"
MANAGER, OWNER, STRANGER = "manager", "owner", "owner of another shop"
PERSONAS = (VISITOR, STAFF, FRONT_DESK, ACCOUNTANT, MANAGER, OWNER, STRANGER)

# The owner of another shop may do in their own shop what an owner may; that nothing of this shop moves is asserted apart.
EVERYBODY = frozenset(PERSONAS)
MEMBERS = EVERYBODY - {VISITOR}
AT_THE_CALENDAR = MEMBERS - {ACCOUNTANT}
DESK = frozenset({FRONT_DESK, MANAGER, OWNER, STRANGER})
MANAGERS = frozenset({MANAGER, OWNER, STRANGER})
OWNERS = frozenset({OWNER, STRANGER})
BOOKS = DESK | {ACCOUNTANT}
BOOKKEEPERS = MANAGERS | {ACCOUNTANT}
NOBODY: frozenset[str] = frozenset()

# A state and those who may call its handlers; "State.handler" is an exception from its state's line.
HANDLERS: dict[str, frozenset[str]] = {
    "AppState": EVERYBODY,
    "AppState.undo": MEMBERS,
    "PaletteState": MEMBERS,
    "SettingsMenu": MEMBERS,
    "TodayPage.not_now": OWNERS,
    "Account": MEMBERS,
    "TodayPage": MEMBERS,
    "TodayPage.step": AT_THE_CALENDAR,
    "TodayAside": MEMBERS,
    "TodayAside.call_next": AT_THE_CALENDAR,
    "TodayPage.put_tasks_away": OWNERS,
    "Calendar": AT_THE_CALENDAR,
    "CalendarDrawer": AT_THE_CALENDAR,
    "Drops": AT_THE_CALENDAR,
    "DropAsk": AT_THE_CALENDAR,
    "ClassMove": AT_THE_CALENDAR,
    "CalendarLists": AT_THE_CALENDAR,
    "Card": AT_THE_CALENDAR,
    "MoveForm": AT_THE_CALENDAR,
    "CancelForm": AT_THE_CALENDAR,
    "FeeForm": AT_THE_CALENDAR,
    "FeeForm.waive": DESK,
    "FeeForm.restore": DESK,
    "DepositForm": BOOKKEEPERS,
    "AgainForm": AT_THE_CALENDAR,
    "Telling": AT_THE_CALENDAR,
    "Requests": AT_THE_CALENDAR,
    "NewBooking": AT_THE_CALENDAR,
    "NewTimes": AT_THE_CALENDAR,
    "NewBooking.find": MEMBERS,
    "NewClass": AT_THE_CALENDAR,
    "SeriesEdit": AT_THE_CALENDAR,
    "NewSeries": AT_THE_CALENDAR,
    "Repeats": AT_THE_CALENDAR,
    "ClassPanel": AT_THE_CALENDAR,
    "ClassGuest": AT_THE_CALENDAR,
    "ClassGuest.find": MEMBERS,
    "QueuePage": AT_THE_CALENDAR,
    "QueuePage.switch": OWNERS,
    "DrawPanel": AT_THE_CALENDAR,
    "WaitlistPage": DESK,
    "WaitingForm": DESK,
    "OfferText": DESK,
    "WaitingForm.find": MEMBERS,
    "PlacePanel": AT_THE_CALENDAR,
    "PlacePanel.begin_wish": DESK,
    "PlacePanel.choose_wish": DESK,
    "PlacePanel.save_wish": DESK,
    "Customers": MEMBERS,
    "Columns": MEMBERS,
    "Segments": DESK,
    "Segments.refresh": MEMBERS,
    "Segments.close": MEMBERS,
    "Picks": MEMBERS,
    "Picks.start": DESK,
    "Picks.tag": DESK,
    "ImportPage": MANAGERS,
    "CustomerPage": DESK,
    "CustomerPage.compare": MEMBERS,
    "CustomerPage.load": MEMBERS,
    "CustomerPage.stop_editing": MEMBERS,
    "CustomerBills": MEMBERS,
    "CustomerTimeline": MEMBERS,
    "CustomerGlance": MEMBERS,
    "CustomerExport": MANAGERS,
    "CustomerExport.stop": MEMBERS,
    "CustomerMessage": DESK,
    "CustomerMessage.stop": MEMBERS,
    "CustomerReveals": MEMBERS,
    "CustomerNotes": AT_THE_CALENDAR,
    "CustomerNotes.load": MEMBERS,
    "CustomerNotes.close": MEMBERS,
    "CustomerTasks": AT_THE_CALENDAR,
    "CustomerTasks.load": MEMBERS,
    "CustomerTasks.close": MEMBERS,
    "TodayTasks": MEMBERS,
    "TodayTasks.finish": AT_THE_CALENDAR,
    "CustomerMerges": MANAGERS,
    "Duplicates": MANAGERS,
    "Inbox": DESK,
    "Duplicates.find": MEMBERS,
    "MergeForm": MANAGERS,
    "FormLinks": AT_THE_CALENDAR,
    "FormLinks.close": MEMBERS,
    "Erasure": OWNERS,
    "Erasure.load": MEMBERS,
    "Erasure.close": MEMBERS,
    "CustomerRecords": AT_THE_CALENDAR,
    "CustomerRecords.load": MEMBERS,
    "CustomerRecords.close": MEMBERS,
    "CustomerField": DESK,
    "CustomerField.load": MEMBERS,
    "CustomerField.cancel": MEMBERS,
    "CustomerFamily": DESK,
    "CustomerFamily.close": MEMBERS,
    "CustomerFamily.find": MEMBERS,
    "CustomerFiles": AT_THE_CALENDAR,
    "CustomerFiles.load": MEMBERS,
    "CustomerFiles.close": MEMBERS,
    "CustomerFiles.stop_viewing": MEMBERS,
    "CustomerConsents": MEMBERS,
    "CustomerConsents.begin": AT_THE_CALENDAR,
    "CustomerConsents.pick_by": AT_THE_CALENDAR,
    "CustomerConsents.save": AT_THE_CALENDAR,
    "NewCustomer": DESK,
    "NewCustomer.close": MEMBERS,
    "NewCustomer.compare": MEMBERS,
    "Bills": BOOKS,
    "Bill": BOOKS,
    "Bill.find": MEMBERS,
    "ShareBill": BOOKS,
    "RecurringPage": BOOKS,
    "RecurringLines": BOOKS,
    "RepeatForm": BOOKS,
    "FiledMonths": OWNERS,
    "AdvanceForm": BOOKS,
    "AdvanceForm.begin_giving": BOOKKEEPERS,
    "AdvanceForm.give": BOOKKEEPERS,
    "TillPage": BOOKS,
    "DuesPage": BOOKS,
    "BankPage": BOOKKEEPERS,
    "StatementPage": BOOKS,
    "ReturnsPage": BOOKKEEPERS,
    "WhyPage": BOOKKEEPERS,
    "Till": BOOKS,
    "Till.begin": BOOKKEEPERS,
    "Till.correct": BOOKKEEPERS,
    "ActivityPage": MANAGERS,
    "BusinessSettings": OWNERS,
    "FormSettings": OWNERS,
    "Reminders": OWNERS,
    "MessageWords": OWNERS,
    "BookingRules": OWNERS,
    "BillingSettings": OWNERS,
    "PaymentSettings": OWNERS,
    "MessageSettings": OWNERS,
    "OnlineTill": BOOKS,
    "OnlineTill.begin_refund": BOOKKEEPERS,
    "OnlineTill.give_back": BOOKKEEPERS,
    "OnlineTill.leave_it": BOOKKEEPERS,
    "TaxRates": OWNERS,
    "Welcome": OWNERS,
    "FirstHours": MANAGERS,
    "FirstServices": MANAGERS,
    "FirstLink": MEMBERS,
    "DaysSettings": MANAGERS,
    "HolidaySettings": MANAGERS,
    "ShopHours": MANAGERS,
    "StaffSettings": MANAGERS,
    "CalendarFeed": AT_THE_CALENDAR,
    "PersonServices": MANAGERS,
    "PersonHours": MANAGERS,
    "PersonLeave": MANAGERS,
    "MemberSettings": MANAGERS,
    "RightsDialog": MANAGERS,
    "RevealBudgets.load": MANAGERS,
    "RevealBudgets.save": OWNERS,
    "DepartureDialog": MANAGERS,
    "ResourceSettings": MANAGERS,
    "ProductSettings": MEMBERS,
    "ProductSettings.archive": MANAGERS,
    "ProductSettings.restore": MANAGERS,
    "ProductDrawer": MEMBERS,
    "ProductDrawer.save": MANAGERS,
    "ProductDrawer.begin_noting": MANAGERS,
    "ProductDrawer.note": MANAGERS,
    "StockPage": MEMBERS,
    "ServiceSettings": MANAGERS,
    "CategorySettings": MANAGERS,
    "ServiceDrawer": MANAGERS,
}

# Pages and files the server renders: who gets them. Everybody else is sent elsewhere or refused.
PAGES: dict[str, frozenset[str]] = {
    "/": NOBODY,  # sends everybody on to Today
    "/health": EVERYBODY,
    "/ready": EVERYBODY,
    "/metrics": EVERYBODY,  # in development; elsewhere behind a password (tests/http/test_monitoring.py)
    "/status": EVERYBODY,
    "/sign-in": frozenset({VISITOR}),
    "/sign-in/code": NOBODY,  # only between the two steps of a sign-in
    "/signed-out": EVERYBODY,
    "/shops": MEMBERS,
    "/sign-up": EVERYBODY,
    "/sign-up/gstin": EVERYBODY,
    "/sign-up/sent": NOBODY,  # only for the browser that has just signed up
    "/verify": NOBODY,  # these four: only with the token of a mail
    "/reset": EVERYBODY,
    "/reset/sent": EVERYBODY,
    "/reset/new": NOBODY,
    "/account/password": MEMBERS,
    "/account/email": MEMBERS,
    "/account/email/confirm": NOBODY,
    "/account/second-step": MEMBERS,
    "/invite": NOBODY,
    "/mailbox": EVERYBODY,  # development only
    "/settings/logo": NOBODY,  # these shops have none
    "/calendar/sheet": AT_THE_CALENDAR,
    "/invoice/{id:int}.pdf": NOBODY,  # nor bills: tests/http/test_papers.py has one
    "/invoice/{id:int}.svg": NOBODY,
    "/statement/{id:int}.pdf": BOOKS - {STRANGER},
    "/invoice/{id:int}/e-invoice.json": NOBODY,  # nor e-invoices: tests/http/test_returns.py
    "/returns/{period}/gstr1.json": NOBODY,  # these shops have no GSTIN: tests/http/test_returns.py has one
    "/returns/{period}/{name}.csv": BOOKKEEPERS,
    "/customers.csv": MANAGERS,
    "/customers.xlsx": MANAGERS,
    "/customers.vcf": MANAGERS,
    "/customers/import/{id:int}/left-out.csv": NOBODY,  # nor lists: tests/http/test_customer_imports.py
    "/customer/files/{id:int}": NOBODY,  # these shops have none: tests/http/test_person_files.py
    "/customer/files/{id:int}/small": NOBODY,
    "/returns/{period}/{name}.xlsx": BOOKKEEPERS,
    "/settings/products/list.csv": MANAGERS,
    "/stock/{name}.{kind}": MEMBERS,
    "/paid-online": EVERYBODY,
    "/robots.txt": EVERYBODY,
    "/sitemap.xml": EVERYBODY,
    "/b/{slug}": EVERYBODY,
    "/b/{slug}/who": EVERYBODY,
    "/b/{slug}/when": EVERYBODY,
    "/b/{slug}/slots": EVERYBODY,
    "/b/{slug}/logo": NOBODY,  # these shops have none
    "/b/{slug}/you/{token}": NOBODY,  # from here on: only with a secret link
    "/m/{token}": NOBODY,
    "/w/{token}": NOBODY,
    "/u/{token}": NOBODY,
    "/l/{token}": NOBODY,
    "/form/{token}": NOBODY,
    "/b/{slug}/wait": EVERYBODY,
    "/q/{slug}/{token}": NOBODY,
    "/q/{slug}": NOBODY,  # these shops have not switched their queue on
    "/m/{token}/move": NOBODY,
    "/m/{token}/slots": NOBODY,
    "/m/{token}/cancel": NOBODY,
    "/m/{token}/visit.ics": NOBODY,
    "/f/{token}.ics": NOBODY,
    "/i/{token}": NOBODY,
    "/i/{token}/bill.pdf": NOBODY,
    "/b/{slug}/link": EVERYBODY,
}
# Which address stands for a pattern: shop A's own.
EXAMPLES: dict[str, str] = {
    "/invoice/{id:int}.pdf": "/invoice/1.pdf",
    "/invoice/{id:int}.svg": "/invoice/1.svg",
    "/statement/{id:int}.pdf": "/statement/{customer_id}.pdf",
    "/invoice/{id:int}/e-invoice.json": "/invoice/1/e-invoice.json",
    "/returns/{period}/gstr1.json": "/returns/2026-10/gstr1.json",
    "/customers/import/{id:int}/left-out.csv": "/customers/import/1/left-out.csv",
    "/customers.csv": "/customers.csv?show=active",
    "/customers.xlsx": "/customers.xlsx?show=active",
    "/customers.vcf": "/customers.vcf?show=active",
    "/customer/files/{id:int}": "/customer/files/1",
    "/customer/files/{id:int}/small": "/customer/files/1/small",
    "/returns/{period}/{name}.csv": "/returns/2026-10/day-book.csv",
    "/returns/{period}/{name}.xlsx": "/returns/2026-10/register.xlsx",
    "/stock/{name}.{kind}": "/stock/movements.csv",
    "/b/{slug}": "/b/shop-a",
    "/b/{slug}/who": "/b/shop-a/who?s={service_id}",
    "/b/{slug}/when": "/b/shop-a/when?s={service_id}",
    "/b/{slug}/slots": "/b/shop-a/slots?s={service_id}",
    "/b/{slug}/logo": "/b/shop-a/logo",
    "/b/{slug}/wait": "/b/shop-a/wait?s={service_id}",
    "/b/{slug}/link": "/b/shop-a/link",
}


@dataclass(frozen=True)
class Form:
    """What a page of ours posts when it is filled in well, who gets through with it, and what they are answered.
    ``{member}`` and ``{business}`` are ids of a shop."""

    allowed: frozenset[str]
    status: int
    fields: dict[str, str] = field(default_factory=dict)


_NEW = {"name": "Ravi Rao", "email": "ravi@new.example", "password": "seven quiet mango trees"}
_SHOP = {"business": "Glow", "trade": "salon", "city": "Pune", "state": "27", "phone": "98450 12345", "gstin": ""}
_NOWHERE = {"token": "A" * 43, "password": "seven quiet mango trees"}
_OWN = {"current": PASSWORD}
# Sent from another site, each is refused for everybody. Sent from our own pages, these get through; who holds the token
# of a mail is tried in test_hostile_forms.py.
FORMS: dict[str, Form] = {
    "/sign-in": Form(EVERYBODY, 303, {"email": "owner@a.example", "password": PASSWORD}),
    "/sign-in/code": Form(NOBODY, 303, {"code": "000000"}),
    "/sign-out": Form(EVERYBODY, 303),
    "/shops": Form(MEMBERS, 303, {"open": "{business}"}),
    "/sign-up": Form(EVERYBODY, 303, _NEW | _SHOP),
    "/sign-up/sent": Form(NOBODY, 303),
    "/verify": Form(NOBODY, 303, _NOWHERE),
    "/reset": Form(EVERYBODY, 303, {"email": "owner@b.example"}),
    "/reset/new": Form(NOBODY, 303, _NOWHERE),
    "/account/email": Form(MEMBERS, 200, _OWN | {"email": "moved@new.example"}),
    "/account/email/confirm": Form(NOBODY, 200, _NOWHERE),
    "/account/second-step/begin": Form(MEMBERS, 200, _OWN),
    "/account/second-step/finish": Form(MEMBERS, 422, {"code": "000000"}),  # begun just now, but not the code
    "/account/second-step/codes": Form(MEMBERS, 409, _OWN),  # it is not on
    "/account/second-step/off": Form(MEMBERS, 409, _OWN | {"code": "000000"}),
    "/invite": Form(NOBODY, 303, _NOWHERE | {"name": "Ravi Rao"}),
    "/settings/logo": Form(OWNERS, 303),  # its picture is sent in parts
    "/bank/statement": Form(BOOKKEEPERS, 303),  # its file as well
    "/customers/import/file": Form(MANAGERS, 303),  # and this one
    "/settings/products/list": Form(MANAGERS, 200),  # its file is sent in parts
    # its file is the body: tests/http/test_person_files.py
    "/customer/files": Form(NOBODY, 404),
    "/records/open": Form(AT_THE_CALENDAR, 422, {"record": "1"}),  # without a purpose; tests/http/test_records.py
    "/contacts/reveal": Form(MEMBERS, 422, {"customer": "1"}),  # without a reason; tests/http/test_contacts.py
    "/view-as": Form(OWNERS, 303, {"member": "{member}"}),
    "/view-as/stop": Form(MEMBERS, 303),
    "/account/password": Form(MEMBERS, 200, _OWN | {"password": "seven quiet mango trees"}),
}
# Forms of the public pages: the same for everybody, signed in or not. tests/http fills them in, well and badly.
PUBLIC_FORMS = (
    "/i/{token}/pay",
    "/i/{token}/paid",
    "/m/{token}/pay",
    "/m/{token}/paid",
    "/b/{slug}/hold",
    "/b/{slug}/you/{token}",
    "/m/{token}/move",
    "/m/{token}/cancel",
    "/w/{token}",
    "/u/{token}",
    "/u/{token}/mail",
    "/l/{token}",
    "/form/{token}",
    "/b/{slug}/wait",
    "/q/{slug}/{token}",
    "/hooks/twilio/{token}/status",  # what Twilio posts: the same (tests/http/test_message_hooks.py)
    "/hooks/twilio/{token}/inbound",
    "/hooks/razorpay/{token}",  # what Razorpay posts: nobody gets through without its signature (tests/http/test_hooks.py)
)


def expected(state: str, handler: str) -> frozenset[str] | None:
    """Who may call it, or nothing when the table does not say."""
    return HANDLERS.get(f"{state}.{handler}", HANDLERS.get(state))


# Each permission and who holds it; operations are tried with it, behind the gate and with row security switched off.
PERMISSIONS: dict[str, frozenset[str]] = {
    "ACCOUNT": MEMBERS,
    "SHOP_VIEW": MEMBERS,
    "CALENDAR_OWN": AT_THE_CALENDAR,
    "CALENDAR_ALL": DESK,
    "BOOKINGS_OWN": AT_THE_CALENDAR,
    "BOOKINGS_ALL": DESK,
    "CUSTOMERS_VIEW": MEMBERS,
    "CUSTOMERS_EDIT": DESK,
    "CUSTOMERS_CONTACT": DESK,
    "CUSTOMERS_REVEAL": MEMBERS,
    "CUSTOMERS_MERGE": MANAGERS,
    "CUSTOMERS_EXPORT": MANAGERS,
    "CUSTOMERS_IMPORT": MANAGERS,
    "RECORDS_OPEN": AT_THE_CALENDAR,
    "RECORDS_WRITE": AT_THE_CALENDAR,
    "CONSENTS_RECORD": AT_THE_CALENDAR,
    "MESSAGES_VIEW": DESK,
    "MESSAGES_ANSWER": DESK,
    "INVOICES_VIEW": BOOKS,
    "INVOICES_EDIT": BOOKS,
    "INVOICES_CORRECT": BOOKKEEPERS,
    "PAYMENTS_TAKE": BOOKS,
    "RETURNS_VIEW": BOOKKEEPERS,
    "CATALOGUE_VIEW": MEMBERS,
    "CATALOGUE_EDIT": MANAGERS,
    "HOURS_EDIT": MANAGERS,
    "MEMBERS_VIEW": DESK | {ACCOUNTANT},
    "MEMBERS_EDIT": MANAGERS,
    "BUSINESS_EDIT": OWNERS,
    "ACTIVITY_VIEW": MANAGERS,
    "VIEW_AS": OWNERS,
}
