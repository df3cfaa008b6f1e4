"""Bills that come again: which, for whom, how often, and when the next one is due."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, crumb, link, link_button, menu, menu_item, menu_trigger, submit
from microcrm.components.cards import chip
from microcrm.components.dialogs import confirm, dialog, form_footer
from microcrm.components.feedback import blank
from microcrm.components.fields import choice_field, select_field, text_field
from microcrm.components.tables import Column, cell, table
from microcrm.domain.permissions import Permission
from microcrm.pages.frame import screen
from microcrm.pages.recurring_lines import recurring_lines
from microcrm.state.recurring import RecurringPage as S
from microcrm.state.recurring import SeriesLine
from microcrm.state.recurring_lines import RecurringLines

COLUMNS = (
    Column("Customer"),
    Column("What"),
    Column("Amount", right=True),
    Column("Rhythm", wide_only=True),
    Column("Next bill"),
    Column("Written", wide_only=True),
    Column("Status"),
    Column("Actions", right=True, width="44px"),
)
MAY_EDIT = S.allowed.contains(Permission.INVOICES_EDIT.value)
_UNITS = [("month", "Months"), ("week", "Weeks")]


def recurring() -> rx.Component:
    return screen(
        "Recurring bills",
        table("Recurring bills", COLUMNS, S.rows, _row, loaded=S.is_read, empty=_none()),
        dialog(
            "Let this bill come again",
            _rhythm_form(on_submit=S.begin, action="Begin"),
            open=S.is_open & (S.bill != ""),
            on_close=S.close,
            description="New bills for the same customer with the same lines, at the tax rates of their day.",
        ),
        dialog(
            "When this bill comes",
            _rhythm_form(on_submit=S.change, action="Save"),
            open=S.is_open & (S.bill == ""),
            on_close=S.close,
        ),
        recurring_lines(),
        confirm(
            "End this recurring bill?",
            "No bill is written any more. Those that are there stay as they are.",
            open=S.is_ending,
            on_close=S.close,
            on_confirm=S.end,
            action="End it",
            danger=True,
        ),
        here="/invoices",
        back=crumb("Bills", "/invoices"),
        sub="Written by themselves on their day",
    )


def _rhythm_form(*, on_submit: rx.EventHandler, action: str) -> rx.Component:
    form, errors = S.form, S.errors
    return rx.el.form(
        rx.el.div(
            text_field("step", "Every how many", errors, value=form.step, form="rhythm", input_mode="numeric", max_length=2),
            select_field("unit", "Weeks or months", errors, _UNITS, value=form.unit, form="rhythm"),
            text_field(
                "next_on", "Next bill on", errors, value=form.next_on, type="date", form="rhythm",
                hint="Monthly: on this day of the month, or its last day",
            ),
            text_field(
                "ends_on", "Last day", errors, value=form.ends_on, type="date", optional=True, form="rhythm",
                hint="Empty: until you end it",
            ),
            class_name="grid-2",
        ),
        choice_field(
            "is_issuing", "On its day", errors,
            [("off", "Write a draft", "You look at it and issue it"), ("on", "Issue it", "It has its number and is due at once")],
            value=rx.cond(form.is_issuing, "on", "off"), form="rhythm",
        ),
        form_footer(submit(action), button("Close", on_click=S.close)),
        on_submit=on_submit, class_name="form", key=form.id + form.next_on, no_validate=True,
    )  # fmt: skip


def _row(row: rx.Var[SeriesLine]) -> rx.Component:
    last = rx.cond(row.last_id != "", rx.fragment(", last ", link(row.last, "/invoice?id=" + row.last_id)))
    return rx.el.tr(
        cell(link(row.customer, "/customer?id=" + row.customer_id)),
        cell(row.what),
        cell(row.total, column=COLUMNS[2]),
        cell(row.rhythm, column=COLUMNS[3]),
        cell(row.next_on),
        cell(rx.el.span(row.written, last), column=COLUMNS[5]),
        cell(
            rx.el.div(
                chip(row.status, row.tone),
                rx.cond(row.trouble != "", rx.el.span(row.trouble, class_name="meta series-trouble")),
                class_name="stack-xs",
            )
        ),
        cell(rx.cond(MAY_EDIT & (row.state != "ended"), _menu(row)), column=COLUMNS[7]),
        class_name="num has-menu",
        key=row.id,
    )


def _menu(row: rx.Var[SeriesLine]) -> rx.Component:
    uid = rx.Var.create("series-") + row.id
    return rx.el.div(
        menu(
            uid,
            menu_trigger(uid, "Actions for this recurring bill"),
            menu_item(uid, "What stands on it", icon="pencil", on_click=RecurringLines.begin(row.id)),
            menu_item(uid, "When it comes", icon="calendar_days", on_click=S.begin_change(row.id)),
            rx.cond(
                row.state == "paused",
                menu_item(uid, "Resume", icon="play", on_click=S.resume(row.id, row.version)),
                menu_item(uid, "Pause", icon="pause", on_click=S.pause(row.id, row.version)),
            ),
            menu_item(uid, "End", icon="ban", danger=True, on_click=S.ask_to_end(row.id)),
        )
    )


def _none() -> rx.Component:
    return blank(
        "repeat",
        "No bill comes again yet",
        "Open a bill of a customer, then More actions, Let it come again: for memberships, rent of a chair, monthly fees.",
        link_button("All bills", "/invoices"),
    )
