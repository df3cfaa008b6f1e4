"""Close the till: count the drawer, see whether it agrees, lock it."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import crumb, submit
from microcrm.components.cards import card, chip
from microcrm.components.feedback import blank, skeleton_lines
from microcrm.components.fields import control_props, field_error, money_field, text_field
from microcrm.components.tables import Column, cell, table
from microcrm.pages.frame import screen
from microcrm.state.bill_rows import Amount
from microcrm.state.till import ClosingLine, CountLine
from microcrm.state.till import TillPage as S

COLUMNS = (
    Column("Closed"),
    Column("Should be", right=True),
    Column("Counted", right=True),
    Column("Difference"),
    Column("Stays", right=True, wide_only=True),
    Column("By", wide_only=True),
)


def till() -> rx.Component:
    return screen(
        "Close the till",
        rx.el.div(
            rx.cond(S.is_read, _count(), card("Count the drawer", skeleton_lines(6))),
            rx.el.aside(_should(), _others(), class_name="stack", aria_label="What should be there"),
            class_name="record",
        ),
        table("Closings so far", COLUMNS, S.past, _row, loaded=S.is_read, empty=_none()),
        here="/invoices",
        back=crumb("Bills", "/invoices"),
        sub=S.till.since,
    )


def _count() -> rx.Component:
    return card(
        "Count the drawer",
        rx.el.form(
            rx.el.div(rx.foreach(S.counts, _line), class_name="till-counts"),
            field_error("counts", S.errors),
            rx.el.div(
                money_field("kept", "Stays in the drawer", S.errors, value=S.till.kept, optional=True,
                            hint="The rest goes to the safe or the bank"),
                text_field("reason", "Why it differs", S.errors, optional=True, max_length=200,
                           hint="Asked for when it does not agree"),
                class_name="grid-2",
            ),
            rx.el.p("A closed till cannot be changed any more.", class_name="hint"),
            rx.el.div(submit("Close the till", busy=S.is_saving), class_name="form-actions"),
            on_submit=S.close, class_name="form", key=S.till.number.to_string(), no_validate=True,
        ),
    )  # fmt: skip


def _line(line: rx.Var[CountLine]) -> rx.Component:
    name = "count_" + line.rupees
    return rx.el.div(
        rx.el.label(line.label, html_for="f-" + name, class_name="num"),
        rx.el.input(
            **control_props(name, S.errors),
            default_value=line.many,
            on_blur=S.count(line.rupees),
            input_mode="numeric",
            max_length=6,
            auto_complete="off",
        ),
        rx.el.output(line.worth, html_for="f-" + name, class_name="num right"),
        field_error(name, S.errors),
        class_name="till-count",
        key=line.rupees,
    )


def _should() -> rx.Component:
    return card(
        "Should be there",
        rx.el.dl(
            _sum("Left last time", S.till.opening),
            _sum("Cash taken", S.till.cash),
            rx.el.div(rx.el.dt("Together"), rx.el.dd(S.till.expected), class_name="bill-total"),
            _sum("Counted so far", S.till.counted),
            class_name="bill-sums num",
        ),
        rx.cond(S.till.difference != "", rx.el.p(chip(S.till.difference, S.till.tone), role="status")),
    )


def _others() -> rx.Component:
    return rx.cond(
        S.others.length() > 0,
        card(
            "Taken otherwise",
            rx.el.dl(rx.foreach(S.others, _other), class_name="bill-sums num"),
            rx.el.p("Compare these with the statements of bank and card machine.", class_name="hint"),
        ),
    )


def _other(amount: rx.Var[Amount]) -> rx.Component:
    return rx.el.div(rx.el.dt(amount.name), rx.el.dd(amount.value), key=amount.name)


def _sum(name: str, value: rx.Var[str]) -> rx.Component:
    return rx.el.div(rx.el.dt(name), rx.el.dd(value))


def _row(line: rx.Var[ClosingLine]) -> rx.Component:
    return rx.el.tr(
        cell(line.when),
        cell(line.expected, column=COLUMNS[1]),
        cell(line.counted, column=COLUMNS[2]),
        cell(
            rx.el.div(
                chip(line.difference, line.tone),
                rx.cond(line.reason != "", rx.el.span(line.reason, class_name="meta")),
                class_name="row",
            )
        ),
        cell(line.kept, column=COLUMNS[4]),
        cell(line.who, column=COLUMNS[5]),
        class_name="num",
        key=line.number,
    )


def _none() -> rx.Component:
    return blank("wallet", "Not closed yet", "Count the drawer at the end of the day; each closing will stand here.")
