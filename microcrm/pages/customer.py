"""One customer's page: the whole story on one screen, put together from its parts."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, link_button
from microcrm.components.dialogs import panel
from microcrm.components.feedback import alert, blank, skeleton, skeleton_lines
from microcrm.pages.customer_aside import details, upcoming
from microcrm.pages.customer_bills import customer_bills
from microcrm.pages.customer_consents import consent_panel
from microcrm.pages.customer_family import customer_family, family_panel
from microcrm.pages.customer_files import customer_files
from microcrm.pages.customer_form import customer_form
from microcrm.pages.customer_head import MAY_EDIT, PERSON, customer_facts, customer_head
from microcrm.pages.customer_notes import notes, pinned_strip
from microcrm.pages.customer_records import allergy_alert, customer_records, record_tabs
from microcrm.pages.customer_reveals import customer_reveals
from microcrm.pages.customer_tasks import tasks
from microcrm.pages.customer_timeline import customer_timeline
from microcrm.pages.frame import screen
from microcrm.state.customer import CustomerPage
from microcrm.state.customer_files import CustomerFiles
from microcrm.state.customer_records import CustomerRecords


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
        family_panel(),
        here="/customers",
        head=customer_head(),
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
        _archived(),
        allergy_alert(PERSON.id),
        pinned_strip(),
        rx.el.div(
            rx.el.div(
                customer_facts(),
                record_tabs(PERSON.id),
                rx.cond(
                    CustomerRecords.is_shown,
                    customer_records(),
                    rx.cond(CustomerFiles.is_shown, customer_files(PERSON.id), customer_timeline()),
                ),
                class_name="stack",
            ),
            rx.el.aside(
                upcoming(),
                notes(),
                tasks(),
                customer_bills(),
                details(),
                customer_family(),
                customer_reveals(),
                class_name="stack",
                aria_label="At a glance",
            ),
            class_name="record",
        ),
        class_name="stack",
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
