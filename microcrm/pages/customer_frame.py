"""What the pages of one customer share: head, alerts, tabs, and what stands there while nobody is known."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, link, link_button
from microcrm.components.feedback import alert, blank, skeleton, skeleton_lines
from microcrm.components.icons import icon
from microcrm.domain.permissions import Permission
from microcrm.pages.customer_consents import consent_panel
from microcrm.pages.customer_head import MAY_EDIT, PERSON, customer_head
from microcrm.pages.customer_notes import pinned_strip
from microcrm.pages.frame import screen
from microcrm.state.customer import CustomerPage
from microcrm.state.customer_files import PATH as FILES
from microcrm.state.customer_records import PATH as RECORDS
from microcrm.state.customer_records import CustomerRecords

WHOLE = "/customer"
_MAY_OPEN = CustomerPage.allowed.contains(Permission.RECORDS_OPEN.value)


def customer_screen(here: str, *content: rx.Component, extras: tuple[rx.Component, ...] = ()) -> rx.Component:
    """``here``: which of the customer's pages it is. ``extras``: panels above it."""
    known = rx.el.div(_archived(), _allergy(here), pinned_strip(), *content, class_name="stack")
    return screen(
        rx.cond(CustomerPage.is_known, PERSON.name, "Customer"),
        rx.cond(CustomerPage.is_missing, _missing(), rx.cond(CustomerPage.is_known, known, _coming())),
        consent_panel(),
        *extras,
        here="/customers",
        head=customer_head(is_whole=here == WHOLE),
    )


def customer_tabs(here: str) -> rx.Component:
    """Only for those who may open records: for others there is one page."""

    def tab(words: str | rx.Component, path: str) -> rx.Component:
        current = {"aria_current": "page"} if path == here else {}
        return link(words, f"{path}?id=" + PERSON.id, **current)

    tabs = rx.el.nav(
        tab("Timeline", WHOLE),
        tab(rx.fragment(icon("lock", "s"), "Sealed records"), RECORDS),
        tab("Files", FILES),
        class_name="underlined",
        aria_label="Parts of this page",
    )
    return rx.cond(_MAY_OPEN, tabs)


def _missing() -> rx.Component:
    return blank(
        "user_x",
        "This customer isn’t here",
        "The link may be old, or this person isn’t one of those you may see.",
        link_button("All customers", "/customers"),
    )


def _coming() -> rx.Component:
    return rx.el.div(
        skeleton("88px"),
        skeleton_lines(4),
        class_name="stack",
        aria_busy="true",
    )


def _archived() -> rx.Component:
    return rx.cond(
        PERSON.is_archived,
        alert(
            "info",
            "In the archive",
            "Not shown in lists and searches. Visits and history stay.",
            rx.cond(MAY_EDIT, button("Bring back", on_click=CustomerPage.bring_back)),
        ),
    )


def _allergy(here: str) -> rx.Component:
    """That there is one is no secret among those who may open it; what it is stays sealed."""
    opens = [] if here == RECORDS else [link_button("Sealed records", f"{RECORDS}?id=" + PERSON.id, icon="lock")]
    words = "Noted on " + CustomerRecords.allergy + ". Open it before the visit."
    return rx.cond(
        CustomerRecords.allergy != "",
        rx.el.div(alert("bad", "Allergy on record", words, *opens), class_name="allergy"),
    )
