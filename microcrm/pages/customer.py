"""One customer's page."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import anchor, button, link, link_button, menu, menu_item, menu_trigger, text_button
from microcrm.components.cards import avatar, card, chip
from microcrm.components.dialogs import panel
from microcrm.components.feedback import alert, blank, skeleton, skeleton_lines
from microcrm.components.icons import icon, whatsapp_icon
from microcrm.domain.permissions import Permission
from microcrm.operations.customer_view import Fact, Relative, Visit
from microcrm.pages.customer_bills import customer_bills
from microcrm.pages.customer_consents import consent_lights, consent_panel
from microcrm.pages.customer_form import customer_form
from microcrm.pages.customer_records import allergy_alert, customer_records, record_tabs
from microcrm.pages.frame import screen
from microcrm.state.customer import CustomerPage
from microcrm.state.customer_records import CustomerRecords

MAY_EDIT = CustomerPage.allowed.contains(Permission.CUSTOMERS_EDIT.value)
MAY_BOOK = CustomerPage.allowed.contains(Permission.BOOKINGS_OWN.value)
PERSON = CustomerPage.person


def customer() -> rx.Component:
    return screen(
        rx.cond(CustomerPage.is_known, PERSON.name, "Customer"),
        rx.cond(CustomerPage.is_missing, _missing(), rx.cond(CustomerPage.is_known, _record(), _coming())),
        panel(
            "Edit customer",
            customer_form(CustomerPage, PERSON),
            open=CustomerPage.is_editing,
            on_close=CustomerPage.stop_editing,
        ),
        consent_panel(),
        here="/customers",
        head=_head(),
    )


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


def _record() -> rx.Component:
    return rx.el.div(
        rx.cond(
            PERSON.is_archived,
            alert(
                "info",
                "In the archive",
                "Not shown in lists and searches. Visits and history stay.",
                rx.cond(MAY_EDIT, button("Bring back", on_click=CustomerPage.bring_back)),
            ),
        ),
        allergy_alert(PERSON.id),
        rx.el.div(
            rx.el.div(
                _facts(),
                record_tabs(PERSON.id),
                rx.cond(CustomerRecords.is_shown, customer_records(), _visits()),
                class_name="stack",
            ),
            rx.el.aside(
                _notes(), customer_bills(), _contact(), _family(), class_name="stack", aria_label="At a glance"
            ),
            class_name="record",
        ),
        class_name="stack",
    )


def _head() -> rx.Component:
    nobody = rx.el.h1("Customer", class_name=rx.cond(CustomerPage.is_missing, "", "sr-only"))
    coming = rx.el.div(skeleton("56px", "56px"), skeleton("24px", "200px"), class_name="person")
    return rx.el.div(
        link(rx.fragment(icon("chevron_left", "s"), "Customers"), "/customers", class_name="crumb"),
        rx.cond(
            CustomerPage.is_known & ~CustomerPage.is_missing,
            _person(),
            rx.fragment(nobody, rx.cond(CustomerPage.is_missing, rx.fragment(), coming)),
        ),
        class_name="record-head",
    )


def _person() -> rx.Component:
    return rx.el.div(
        avatar(PERSON.initials, PERSON.hue),
        rx.el.div(
            rx.el.div(rx.el.h1(PERSON.name), rx.foreach(PERSON.tags, _tag), class_name="row"),
            rx.el.p(
                rx.el.span(rx.cond(PERSON.phone != "", PERSON.phone, "No phone"), class_name="num"),
                rx.el.span(PERSON.since),
                class_name="person-line",
            ),
            consent_lights(),
        ),
        rx.el.div(
            rx.cond(PERSON.whatsapp != "", _whatsapp()),
            rx.cond(
                MAY_BOOK & ~PERSON.is_archived,
                link_button("Book", "/calendar?new=1&customer=" + PERSON.id, icon="calendar_plus", kind="primary"),
            ),
            rx.cond(MAY_EDIT, _more()),
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
    )


def _tag(tag: rx.Var[str]) -> rx.Component:
    return rx.el.span(tag, class_name="tag", key=tag)


def _facts() -> rx.Component:
    return rx.el.dl(rx.foreach(PERSON.facts, _fact), class_name="card strip num")


def _fact(fact: rx.Var[Fact]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(fact.name), rx.el.dd(rx.el.b(fact.value), rx.el.span(fact.note, class_name="meta")), key=fact.name
    )


def _visits() -> rx.Component:
    return card(
        "Visits",
        rx.cond(
            PERSON.visits.length() > 0,
            rx.el.ol(rx.foreach(PERSON.visits, _visit), class_name="timeline"),
            blank("calendar", "No visits yet", "Each booking and what came of it will stand here."),
        ),
        sub=PERSON.visits_note,
        padded=False,
    )


def _visit(visit: rx.Var[Visit]) -> rx.Component:
    return rx.el.li(
        rx.cond(visit.heading != "", rx.el.h3(visit.heading, class_name="meta")),
        rx.el.div(
            rx.el.span(icon("calendar", "s"), class_name="timeline-mark"),
            rx.el.div(
                rx.el.p(rx.el.span(visit.title, class_name="strong"), chip(visit.status, visit.tone), class_name="row"),
                rx.el.p(visit.detail, class_name="muted"),
            ),
            rx.el.p(visit.day, class_name="timeline-when strong num"),
            class_name="timeline-row",
        ),
        key=visit.id,
    )


def _notes() -> rx.Component:
    edit = rx.cond(MAY_EDIT, text_button("Edit", on_click=CustomerPage.start_editing))
    return card(
        "Notes",
        rx.cond(
            PERSON.notes != "",
            rx.el.p(PERSON.notes, class_name="quote"),
            rx.el.p(
                rx.cond(
                    MAY_EDIT, "What to remember next time: a favourite chair, an allergy, a language.", "Nothing noted."
                ),
                class_name="muted",
            ),
        ),
        actions=[edit],
    )


def _contact() -> rx.Component:
    hidden = rx.el.p("Your role shows contact details in part only.", class_name="meta")
    return card(
        "Details",
        rx.el.dl(
            _detail("Email", PERSON.email),
            _detail("Birthday", PERSON.birthday),
            _detail("Address", PERSON.address),
            class_name="details",
        ),
        rx.cond(PERSON.is_contact_hidden, hidden),
    )


def _detail(name: str, value: rx.Var[str]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(name), rx.el.dd(rx.cond(value != "", value, rx.el.span("–", aria_label="None", role="img")))
    )


def _family() -> rx.Component:
    return rx.cond(
        PERSON.family.length() > 0,
        card("On the same phone", rx.el.ul(rx.foreach(PERSON.family, _relative), class_name="list"), padded=False),
    )


def _relative(relative: rx.Var[Relative]) -> rx.Component:
    return rx.el.li(link(relative.name, "/customer?id=" + relative.id), key=relative.id)
