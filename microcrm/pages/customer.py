"""One customer's page: the whole story on one screen, put together from its parts."""

from __future__ import annotations

import reflex as rx

from microcrm.components.dialogs import panel
from microcrm.pages.customer_aside import details, upcoming
from microcrm.pages.customer_bills import customer_bills
from microcrm.pages.customer_family import customer_family, family_panel
from microcrm.pages.customer_form import customer_form
from microcrm.pages.customer_frame import WHOLE, customer_screen, customer_tabs
from microcrm.pages.customer_head import PERSON, customer_facts
from microcrm.pages.customer_merges import customer_merges
from microcrm.pages.customer_notes import notes
from microcrm.pages.customer_reveals import customer_reveals
from microcrm.pages.customer_tasks import tasks
from microcrm.pages.customer_timeline import customer_timeline
from microcrm.state.customer import CustomerPage


def customer() -> rx.Component:
    return customer_screen(
        WHOLE,
        rx.el.div(
            rx.el.div(customer_facts(), customer_tabs(WHOLE), customer_timeline(), class_name="stack"),
            rx.el.aside(
                upcoming(),
                notes(),
                tasks(),
                customer_bills(),
                details(),
                customer_family(),
                customer_reveals(),
                customer_merges(),
                class_name="stack",
                aria_label="At a glance",
            ),
            class_name="record",
        ),
        extras=(
            panel(
                "Edit customer",
                customer_form(CustomerPage, PERSON),
                open=CustomerPage.is_editing,
                on_close=CustomerPage.stop_editing,
            ),
            family_panel(),
        ),
    )
