"""The stock of some days: on hand, what came and went, what it is worth."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import anchor, button, crumb
from microcrm.components.cards import card, chip
from microcrm.components.feedback import blank, skeleton
from microcrm.components.fields import text_field
from microcrm.components.tables import Column, cell, page_turns, table
from microcrm.pages.frame import screen
from microcrm.state.bill_rows import Amount
from microcrm.state.stock import StockLine
from microcrm.state.stock import StockPage as S

COLUMNS = (
    Column("Product"),
    Column("At first", right=True, wide_only=True),
    Column("Came in", right=True, wide_only=True),
    Column("Sold", right=True),
    Column("Own use", right=True, wide_only=True),
    Column("Damaged", right=True, wide_only=True),
    Column("Corrected", right=True, wide_only=True),
    Column("At last", right=True),
    Column("Worth", right=True),
)


def stock() -> rx.Component:
    return screen(
        "Stock report",
        _days(),
        rx.el.dl(
            rx.cond(S.is_read, rx.foreach(S.sums, _sum), rx.el.div(skeleton("48px"))), class_name="card strip num"
        ),
        table("Stock by product", COLUMNS, S.rows, _row, loaded=S.is_read, empty=_none()),
        page_turns(S.page, S.has_next, S.turn_page),
        _files(),
        here="/settings",
        back=crumb("Products and stock", "/settings/products"),
        sub=rx.cond(S.is_read, S.summary + ". Worth is what the stock at last would cost at its last known cost.", ""),
    )


def _days() -> rx.Component:
    return rx.el.form(
        text_field("from", "From", S.errors, value=S.first, type="date", form="days"),
        text_field("to", "To", S.errors, value=S.last, type="date", form="days"),
        button("Show", type="submit"),
        on_submit=S.pick_days,
        class_name="statement-days",
        no_validate=True,
        key=S.first + S.last,
    )


def _sum(amount: rx.Var[Amount]) -> rx.Component:
    return rx.el.div(rx.el.dt(amount.name), rx.el.dd(rx.el.b(amount.value)), key=amount.name)


def _row(row: rx.Var[StockLine]) -> rx.Component:
    values = (row.opening, row.came, row.sold, row.used, row.damaged, row.corrected, row.closing, row.worth)
    return rx.el.tr(
        cell(
            rx.el.div(
                rx.el.span(row.name, rx.cond(row.is_low, chip("Low", "warn")), class_name="row"),
                rx.el.span(row.detail, class_name="meta"),
                class_name="stack-xs",
            )
        ),
        *[_number(at, value, row) for at, value in enumerate(values, start=1)],
        class_name="num two-lines",
        key=row.id,
    )


def _number(at: int, value: rx.Var[str], row: rx.Var[StockLine]) -> rx.Component:
    shown = rx.el.b(value, class_name=rx.cond(row.is_short, "is-short", "")) if at == len(COLUMNS) - 2 else value
    return cell(shown, column=COLUMNS[at], custom_attrs={"data-label": COLUMNS[at].label})


def _files() -> rx.Component:
    return card(
        "Files",
        rx.el.ul(
            *[
                rx.el.li(
                    rx.el.span(words),
                    *[
                        anchor(
                            kind.upper(),
                            rx.el.span(f" {words}", class_name="sr-only"),
                            href=f"/stock/{name}.{kind}" + S.files,
                            class_name="btn-link",
                        )
                        for kind in ("xlsx", "csv")
                    ],
                )
                for words, name in (("Stock by product", "report"), ("Each movement", "movements"))
            ],
            class_name="return-files",
        ),
    )


def _none() -> rx.Component:
    return blank("package", "No products yet", "What you sell over the counter stands here with its stock.")
