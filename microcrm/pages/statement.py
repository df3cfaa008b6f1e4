"""Statement: what one customer was billed and has paid, with the balance after each line."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import anchor, button, crumb, link, link_button
from microcrm.components.feedback import blank
from microcrm.components.fields import text_field
from microcrm.components.icons import icon
from microcrm.components.tables import Column, cell, table
from microcrm.pages.frame import screen
from microcrm.state.dues import EntryLine
from microcrm.state.dues import StatementPage as S

COLUMNS = (
    Column("Date"),
    Column("What"),
    Column("Billed", right=True),
    Column("Paid or credited", right=True),
    Column("Balance", right=True),
)


def statement() -> rx.Component:
    return screen(
        "Statement",
        rx.cond(S.is_missing, _missing(), rx.fragment(_days(), _table())),
        here="/invoices",
        back=crumb("Dues", "/dues"),
        sub=S.name,
        actions=[
            rx.cond(
                S.is_read & ~S.is_missing,
                anchor(icon("download"), rx.el.span("PDF"), href=S.file, target="_blank", class_name="btn"),
            )
        ],
    )


def _days() -> rx.Component:
    return rx.el.form(
        text_field("from", "From", S.errors, value=S.first, type="date"),
        text_field("to", "To", S.errors, value=S.last, type="date"),
        button("Show", kind="next", type="submit"),
        on_submit=S.pick_days,
        class_name="statement-days",
        key=S.first + S.last,
        no_validate=True,
    )


def _table() -> rx.Component:
    return table(
        "Statement",
        COLUMNS,
        S.lines,
        _row,
        loaded=S.is_read,
        empty=blank("receipt_indian_rupee", "Nothing in these days", "Choose an earlier first day."),
        footer=rx.el.dl(
            rx.el.div(rx.el.dt("Before these days"), rx.el.dd(S.opening)),
            rx.el.div(rx.el.dt("After these days"), rx.el.dd(S.closing), class_name="bill-total"),
            class_name="bill-sums num pad",
        ),
    )


def _row(line: rx.Var[EntryLine]) -> rx.Component:
    what = rx.cond(
        line.document_id != "",
        link(line.number, "/invoice?id=" + line.document_id),
        rx.el.span(line.number, class_name="meta"),
    )
    return rx.el.tr(
        cell(line.day),
        cell(rx.el.span(line.words, " ", what)),
        _sum(line.debit, 2, "Billed"),
        _sum(line.credit, 3, "Paid"),
        _sum(line.balance, 4, "Balance"),
        class_name="num two-lines words-line",
        key=line.at.to_string(),
    )


def _sum(words: rx.Var[str], place: int, label: str) -> rx.Component:
    """``label`` says on a phone, where there are no heads, which sum it is."""
    return cell(words, column=COLUMNS[place], custom_attrs={"data-label": label})


def _missing() -> rx.Component:
    return blank("user_x", "This customer isn’t here", "The link may be old.", link_button("All dues", "/dues"))
