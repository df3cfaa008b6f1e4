"""Dues: who owes what, by the age of the bill; and fees that nobody has billed yet."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import crumb, link
from microcrm.components.feedback import blank, skeleton
from microcrm.components.tables import Column, cell, table
from microcrm.domain.permissions import Permission
from microcrm.pages.frame import screen
from microcrm.state.bill_rows import Amount
from microcrm.state.dues import BAND_WORDS, DueLine, FeeLine
from microcrm.state.dues import DuesPage as S

COLUMNS = (
    Column("Customer"),
    *[Column(words, right=True, wide_only=True) for words in BAND_WORDS],
    Column("Due", right=True),
    Column("Oldest bill", wide_only=True),
)
FEES = (
    Column("Customer"),
    Column("Visit"),
    Column("Fee", right=True),
    Column("Paid ahead", right=True),
    Column("Actions"),
)
_MAY_BILL = S.allowed.contains(Permission.INVOICES_EDIT.value)
_HAS_CALENDAR = S.allowed.contains(Permission.CALENDAR_OWN.value)


def dues() -> rx.Component:
    return screen(
        "Dues",
        rx.cond(S.fees.length() > 0, _fees()),
        rx.el.dl(
            rx.cond(S.is_read, rx.foreach(S.bands, _band), rx.el.div(skeleton("48px"))),
            class_name="card strip num",
        ),
        table("Dues by customer", COLUMNS, S.rows, _row, loaded=S.is_read, empty=_none()),
        here="/invoices",
        back=crumb("Bills", "/invoices"),
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


def _fees() -> rx.Component:
    return rx.fragment(
        rx.el.h2("Fees to bill or waive", rx.el.span(" ", S.fees_sub, class_name="meta num")),
        table("Fees to bill or waive", FEES, S.fees, _fee, loaded=S.is_read, empty=rx.fragment()),
        rx.el.h2("Bills"),
    )


def _fee(row: rx.Var[FeeLine]) -> rx.Component:
    return rx.el.tr(
        cell(row.customer),
        cell(rx.cond(_HAS_CALENDAR, link(row.why, row.visit, class_name="btn-link"), rx.el.span(row.why))),
        cell(rx.el.b(row.fee), column=FEES[2]),
        cell(row.paid, column=FEES[3], custom_attrs={"data-label": "Paid ahead"}),
        cell(
            rx.cond(
                _MAY_BILL,
                link("Bill it", row.bill, class_name="btn-link", aria_label="Bill the fee of " + row.customer),
            ),
            column=FEES[4],
        ),
        class_name="num two-lines",
        key=row.key,
    )


def _none() -> rx.Component:
    return blank("circle_check", "Nobody owes anything", "Bills that are not paid in full will stand here.")
