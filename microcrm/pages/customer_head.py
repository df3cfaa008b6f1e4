"""The head of a customer's page: who it is, what can be done, and the numbers that matter."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import anchor, crumb, link_button, menu, menu_item, menu_link, menu_trigger
from microcrm.components.cards import avatar
from microcrm.components.feedback import skeleton
from microcrm.components.icons import whatsapp_icon
from microcrm.domain.permissions import Permission
from microcrm.domain.reveals import Contact
from microcrm.operations.customer_facts import Fact
from microcrm.pages.customer_consents import consent_lights
from microcrm.pages.customer_inline import inline
from microcrm.pages.customer_reveals import masked
from microcrm.state.customer import CustomerPage
from microcrm.state.customer_field import CustomerField

MAY_EDIT = CustomerPage.allowed.contains(Permission.CUSTOMERS_EDIT.value)
MAY_MERGE = CustomerPage.allowed.contains(Permission.CUSTOMERS_MERGE.value)
MAY_BOOK = CustomerPage.allowed.contains(Permission.BOOKINGS_OWN.value)
MAY_BILL = CustomerPage.allowed.contains(Permission.INVOICES_EDIT.value)
PERSON = CustomerPage.person


def customer_head(*, is_whole: bool) -> rx.Component:
    """``is_whole``: on the page that can do everything, not on one of its parts."""
    nobody = rx.el.h1("Customer", class_name=rx.cond(CustomerPage.is_missing, "", "sr-only"))
    coming = rx.el.div(skeleton("56px", "56px"), skeleton("24px", "200px"), class_name="person")
    return rx.el.div(
        crumb("Customers", "/customers"),
        rx.cond(
            CustomerPage.is_known & ~CustomerPage.is_missing,
            _person(is_whole=is_whole),
            rx.fragment(nobody, rx.cond(CustomerPage.is_missing, rx.fragment(), coming)),
        ),
        class_name="record-head",
    )


def _person(*, is_whole: bool) -> rx.Component:
    no_tags = rx.cond(MAY_EDIT, rx.el.span("No tags", class_name="meta"), rx.fragment())
    return rx.el.div(
        avatar(PERSON.initials, PERSON.hue),
        rx.el.div(
            rx.el.div(
                rx.cond(CustomerField.field == "name", rx.el.h1(PERSON.name, class_name="sr-only")),
                inline("name", "name", rx.el.h1(PERSON.name)),
                inline("tags", "tags", rx.cond(PERSON.tags.length() > 0, rx.foreach(PERSON.tags, _tag), no_tags)),
                class_name="row",
            ),
            rx.el.div(
                rx.el.div(
                    inline(
                        "phone",
                        "phone number",
                        rx.cond(PERSON.phone != "", masked(Contact.PHONE, PERSON.id, PERSON.phone), "No phone"),
                        kind="tel",
                    ),
                    class_name="num",
                ),
                rx.el.span(PERSON.since),
                class_name="person-line",
            ),
            consent_lights(),
        ),
        rx.el.div(
            rx.cond(PERSON.whatsapp != "", _whatsapp()),
            rx.cond(
                MAY_BILL & ~PERSON.is_archived,
                link_button("Bill", "/invoice?customer=" + PERSON.id, icon="receipt_indian_rupee"),
            ),
            rx.cond(
                MAY_BOOK & ~PERSON.is_archived,
                link_button("Book", "/calendar?new=1&customer=" + PERSON.id, icon="calendar_plus", kind="primary"),
            ),
            rx.cond(MAY_EDIT, _more()) if is_whole else rx.fragment(),
            class_name="head-actions",
        ),
        class_name="person",
    )


def _whatsapp() -> rx.Component:
    return anchor(
        whatsapp_icon(),
        rx.el.span("WhatsApp"),
        href="https://wa.me/" + PERSON.whatsapp,
        target="_blank",
        rel="noopener noreferrer",
        class_name="btn wa-link",
    )


def _more() -> rx.Component:
    return menu(
        "customer-more",
        menu_trigger("customer-more", "More actions", kind="plain"),
        menu_item("customer-more", "Edit details", icon="pencil", on_click=CustomerPage.start_editing),
        rx.cond(
            PERSON.is_archived,
            menu_item("customer-more", "Bring back", icon="archive_restore", on_click=CustomerPage.bring_back),
            menu_item("customer-more", "Archive", icon="archive", on_click=CustomerPage.move_to_archive),
        ),
        rx.cond(
            MAY_MERGE,
            menu_link("Merge with another", "/duplicates?with=" + PERSON.id, icon="merge"),
        ),
    )


def _tag(tag: rx.Var[str]) -> rx.Component:
    return rx.el.span(tag, class_name="tag", key=tag)


def customer_facts() -> rx.Component:
    return rx.el.dl(rx.foreach(PERSON.facts, _fact), class_name="card key-facts num")


def _fact(fact: rx.Var[Fact]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(fact.name),
        rx.el.dd(rx.el.b(fact.value), rx.el.span(fact.note, class_name="meta")),
        class_name=rx.cond(fact.is_bad, "is-bad", ""),
        key=fact.name,
    )
