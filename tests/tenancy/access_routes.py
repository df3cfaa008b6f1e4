"""Which address answers whom: pages, files and forms, written down by hand like the handlers (`access_table.py`)."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.shops import PASSWORD
from tests.tenancy.personas import (
    AT_THE_CALENDAR,
    BOOKKEEPERS,
    BOOKS,
    EVERYBODY,
    MANAGERS,
    MEMBERS,
    NOBODY,
    OWNERS,
    STRANGER,
    VISITOR,
)

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
    "/u/{token}/mail": NOBODY,
    "/u/{token}/offers": NOBODY,
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
    "/records/print": Form(AT_THE_CALENDAR, 422, {"record": "1"}),  # the same; tests/http/test_record_paper.py
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
    "/u/{token}/offers",
    "/l/{token}",
    "/form/{token}",
    "/b/{slug}/wait",
    "/q/{slug}/{token}",
    "/hooks/twilio/{token}/status",  # what Twilio posts: the same (tests/http/test_message_hooks.py)
    "/hooks/twilio/{token}/inbound",
    "/hooks/razorpay/{token}",  # what Razorpay posts: nobody gets through without its signature (tests/http/test_hooks.py)
)
