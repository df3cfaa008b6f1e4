"""Dues: who owes what, by the age of the bill."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import link
from microcrm.components.feedback import blank, skeleton
from microcrm.components.icons import icon
from microcrm.components.tables import Column, cell, table
from microcrm.pages.frame import screen
from microcrm.state.bill_rows import Amount
from microcrm.state.dues import BAND_WORDS, DueLine
from microcrm.state.dues import DuesPage as S

COLUMNS = (
    Column("Customer"),
    *[Column(words, right=True, wide_only=True) for words in BAND_WORDS],
    Column("Due", right=True),
    Column("Oldest bill", wide_only=True),
)


def dues() -> rx.Component:
    return screen(
        "Dues",
        rx.el.dl(
            rx.cond(S.is_read, rx.foreach(S.bands, _band), rx.el.div(skeleton("48px"))),
            class_name="card strip num",
        ),
        table("Dues by customer", COLUMNS, S.rows, _row, loaded=S.is_read, empty=_none()),
        here="/invoices",
        back=link(rx.fragment(icon("chevron_left", "s"), "Bills"), "/invoices", class_name="crumb"),
        sub=rx.cond(S.is_read, S.total + " from " + S.sub + ", by the age of the bill", ""),
    )


def _band(amount: rx.Var[Amount]) -> rx.Component:
    return rx.el.div(rx.el.dt(amount.name), rx.el.dd(rx.el.b(amount.value)), key=amount.name)


def _row(row: rx.Var[DueLine]) -> rx.Component:
    whose = rx.cond(
        row.customer_id != "", link(row.name, "/statement?customer=" + row.customer_id), rx.el.span(row.name)
    )
    return rx.el.tr(
        cell(rx.el.span(whose, rx.cond(row.phone != "", rx.el.span(" ", row.phone, class_name="meta")))),
        *[cell(row.bands[place], column=COLUMNS[place + 1]) for place in range(len(BAND_WORDS))],
        cell(rx.el.b(row.total), column=COLUMNS[-2]),
        cell(row.oldest, column=COLUMNS[-1]),
        class_name="num",
        key=row.customer_id,
    )


def _none() -> rx.Component:
    return blank("circle_check", "Nobody owes anything", "Bills that are not paid in full will stand here.")
