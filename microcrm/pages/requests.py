"""The list of requests: in a drawer beside the calendar, and on Today."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, link, submit
from microcrm.components.cards import chip
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.icons import icon
from microcrm.pages.booking_parts import safety_field, sealed_beside
from microcrm.state.booking_cancel import CancelForm
from microcrm.state.requests import RequestRow, Requests


def requests_list() -> rx.Component:
    return rx.el.ul(rx.foreach(Requests.rows, _request), class_name="requests")


def kept_list() -> rx.Component:
    """Times that are kept without a question to the shop: for a form, an offer or a payment."""
    return rx.cond(
        Requests.kept.length() > 0,
        rx.el.section(
            rx.el.h3("Kept for now", class_name="meta"),
            rx.el.ul(rx.foreach(Requests.kept, _kept), class_name="requests"),
        ),
    )


def unsafe_request_dialog() -> rx.Component:
    """The reason is kept with the visit, and the log says who."""
    return dialog(
        "Not safe to approve",
        rx.el.form(
            sealed_beside(Requests),
            safety_field(Requests.errors, "q", optional=False),
            form_footer(button("Leave it open", on_click=Requests.leave_unsafe), submit("Approve anyway")),
            on_submit=Requests.approve_anyway,
            class_name="form",
            no_validate=True,
        ),
        open=Requests.unsafe != "",
        on_close=Requests.leave_unsafe,
        description=Requests.unsafe,
    )


def _request(row: rx.Var[RequestRow]) -> rx.Component:
    return rx.el.li(
        _facts(row, rx.cond(row.is_new, chip("New", "info"))),
        rx.cond(row.note != "", rx.el.p("“", row.note, "”", class_name="meta request-note")),
        rx.cond(
            row.may_answer,
            rx.el.div(
                button(
                    "Approve",
                    icon="check",
                    kind="next",
                    aria_label="Approve: " + row.customer,
                    on_click=Requests.approve(row.booking_id, row.version),
                ),
                button(
                    "Decline",
                    aria_label="Decline: " + row.customer,
                    on_click=CancelForm.begin("decline", row.booking_id),
                ),
                class_name="row",
            ),
        ),
        key=row.booking_id,
    )


def _kept(row: rx.Var[RequestRow]) -> rx.Component:
    return rx.el.li(_facts(row, chip(row.status, "neutral")), key=row.booking_id)


def _facts(row: rx.Var[RequestRow], mark: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.el.p(link(row.customer, row.href, class_name="strong"), mark, class_name="request-who"),
        rx.el.p(row.when, class_name="num"),
        rx.el.p(row.line, class_name="meta"),
        rx.el.p(
            icon("hourglass", "xs"),
            row.until,
            class_name=rx.cond(row.is_soon, "meta num request-until is-soon", "meta num request-until"),
        ),
    )
