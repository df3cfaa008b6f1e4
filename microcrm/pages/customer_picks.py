"""At the foot of the list of customers: how many are ticked, and what can be done to all of them."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, icon_button, submit, text_button
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.fields import choice_field, text_field
from microcrm.domain.permissions import Permission
from microcrm.operations.customer_list import CustomerRow
from microcrm.pages.customer_export import MAY_EXPORT
from microcrm.pages.customer_message import MAY_MESSAGE
from microcrm.state.customer_export import CustomerExport
from microcrm.state.customer_message import CustomerMessage
from microcrm.state.customer_picks import Picks
from microcrm.state.customers import Customers

MAY_TAG = Picks.allowed.contains(Permission.CUSTOMERS_EDIT.value)
MAY_PICK = MAY_TAG | MAY_EXPORT | MAY_MESSAGE
_IS_ALL = (Picks.all_of != "") & (Picks.all_of == Customers.about.search)


def pick_box(row: rx.Var[CustomerRow]) -> rx.Component:
    return _box(_IS_ALL | Picks.picked.contains(row.id), Picks.toggle(row.id), "Select " + row.name)


def pick_page_box() -> rx.Component:
    return _box(_IS_ALL, Picks.toggle_page, "Select this page")


def picks_bar() -> rx.Component:
    can_have_all = (Picks.all_of == "") & (Customers.about.has_next | Customers.about.has_previous)
    return rx.cond(
        Picks.words != "",
        rx.el.div(
            rx.el.span(
                rx.el.span(Picks.words, role="status"),
                icon_button("x", "Select nobody", kind="quiet", on_click=Picks.clear),
                class_name="picks-count",
            ),
            rx.cond(can_have_all, text_button("Select all " + Customers.about.total, on_click=Picks.pick_all)),
            rx.el.span(class_name="spring"),
            rx.cond(MAY_TAG, button("Tag", icon="tag", on_click=Picks.start)),
            rx.cond(MAY_MESSAGE, button("Message", icon="message_circle", on_click=CustomerMessage.start)),
            rx.cond(MAY_EXPORT, button("Export", icon="download", on_click=CustomerExport.start_picked)),
            class_name="picks-bar",
        ),
    )


def tag_dialog() -> rx.Component:
    return dialog(
        "Tag customers",
        rx.cond(
            Picks.is_tagging,
            rx.el.form(
                text_field("tag", "Tag", Picks.errors, max_length=30, auto_focus=True, auto_complete="off", form="tag"),
                choice_field(
                    "way", "What to do", Picks.errors, [("add", "Give them the tag", ""), ("remove", "Take it from them", "")],
                    value="add", form="tag",
                ),
                form_footer(button("Cancel", on_click=Picks.stop), submit("Save", busy=Picks.is_saving)),
                on_submit=Picks.tag,
                class_name="form",
            ),
        ),
        description=Picks.words,
        open=Picks.is_tagging,
        on_close=Picks.stop,
    )  # fmt: skip


def _box(is_picked: rx.Var[bool], on_change: rx.event.EventCallback, label: str | rx.Var[str]) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", checked=is_picked, on_change=on_change, aria_label=label), class_name="pick"
    )
