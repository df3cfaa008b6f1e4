"""Every address that the server answers itself, before Reflex's pages."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from microcrm.http import (
    accounts,
    authenticator,
    bank,
    contacts,
    credentials,
    customer_imports,
    customers,
    health,
    hooks,
    invitations,
    mailbox,
    message_hooks,
    monitoring,
    papers,
    person_files,
    record_paper,
    records,
    returns,
    sessions,
    sheet,
    shop,
    stock,
)
from microcrm.http.book import (
    bill,
    calendars,
    changes,
    choices,
    confirm,
    deposits,
    discovery,
    fill,
    manage,
    offer,
    pay,
    queue,
    services,
    sharing,
    waiting,
    when,
)
from microcrm.http.book.look import script as booking_script
from microcrm.http.script import public_script
from microcrm.http.stylesheet import public_stylesheet


async def home(request: Request) -> Response:  # noqa: ARG001 - Starlette passes it
    """Today sends visitors on to sign-in."""
    return RedirectResponse("/today", status_code=303, headers={"cache-control": "no-store"})


def routes() -> list[BaseRoute]:
    return [
        Route("/", home),
        *health.ROUTES,
        *monitoring.ROUTES,
        public_stylesheet().route,
        public_script().route,
        *sessions.ROUTES,
        *accounts.ROUTES,
        *credentials.ROUTES,
        *authenticator.ROUTES,
        *invitations.ROUTES,
        *mailbox.ROUTES,
        *shop.ROUTES,
        booking_script().route,
        *discovery.ROUTES,
        *services.ROUTES,
        *when.ROUTES,
        *confirm.ROUTES,
        *manage.ROUTES,
        *offer.ROUTES,
        *waiting.ROUTES,
        *fill.ROUTES,
        *choices.ROUTES,
        *queue.ROUTES,
        *sheet.ROUTES,
        *papers.ROUTES,
        *bank.ROUTES,
        *record_paper.ROUTES,
        *records.ROUTES,
        *contacts.ROUTES,
        *returns.ROUTES,
        *customers.ROUTES,
        *customer_imports.ROUTES,
        *person_files.ROUTES,
        *stock.ROUTES,
        *hooks.ROUTES,
        *message_hooks.ROUTES,
        *pay.ROUTES,
        *deposits.ROUTES,
        *changes.ROUTES,
        *calendars.ROUTES,
        *sharing.ROUTES,
        *bill.ROUTES,
    ]
