"""The bills on a customer's page."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import link, link_button, text_button
from microcrm.components.cards import card, chip
from microcrm.domain.permissions import Permission
from microcrm.pages.advance import take_advance_dialog
from microcrm.state.advance import AdvanceForm
from microcrm.state.bill_rows import BillRow
from microcrm.state.customer_bills import CustomerBills as S

MAY_TAKE = S.allowed.contains(Permission.PAYMENTS_TAKE.value)
MAY_BILL = S.allowed.contains(Permission.INVOICES_EDIT.value)


def customer_bills() -> rx.Component:
    """Nothing for those who see no bills."""
    filled = card(
        "Bills",
        rx.el.dl(
            _sum(
                "Due",
                S.account.due,
                rx.cond(S.account.overdue != "", rx.el.span(" ", S.account.overdue, " overdue", class_name="meta")),
            ),
            _sum(
                "Paid ahead",
                S.account.advance,
                rx.cond(MAY_TAKE, text_button("Take an advance", on_click=AdvanceForm.begin_taking)),
            ),
            rx.el.div(rx.el.dt("Billed so far"), rx.el.dd(S.account.billed)),
            class_name="bill-sums num pad",
        ),
        rx.cond(S.bills.length() > 0, rx.el.ul(rx.foreach(S.bills, _bill), class_name="list")),
        actions=[
            link("Statement", "/statement?customer=" + S.account.customer_id),
            rx.cond(
                MAY_BILL,
                link_button("New bill", "/invoice?customer=" + S.account.customer_id, icon="plus"),
            ),
        ],
        padded=False,
    )
    return rx.cond(S.is_read, rx.fragment(filled, take_advance_dialog()))


def _sum(name: str, amount: rx.Var[str], note: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.el.dt(rx.el.span(name), note, class_name="row"),
        rx.el.dd(rx.cond(amount != "", rx.el.b(amount), "–")),
    )


def _bill(row: rx.Var[BillRow]) -> rx.Component:
    return rx.el.li(
        link(row.number, "/invoice?id=" + row.id),
        rx.el.b(row.total, class_name="num"),
        rx.el.span(row.day, class_name="meta"),
        chip(row.status, row.tone),
        class_name="account-bill num",
        key=row.id,
    )
