"""The list of bills: what came in, what is due, what is in the books."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import link, link_button, segmented
from microcrm.components.cards import chip
from microcrm.components.feedback import blank, no_match, skeleton
from microcrm.components.fields import search_field
from microcrm.components.icons import icon_of
from microcrm.components.tables import Column, cell, pager, table
from microcrm.domain.permissions import Permission
from microcrm.pages.bill_tabs import money_tabs
from microcrm.pages.frame import screen
from microcrm.state.bill_rows import BillRow, Share
from microcrm.state.bills import Bills

COLUMNS = (
    Column("Number"),
    Column("Date"),
    Column("Customer"),
    Column("Total", right=True),
    Column("Due", right=True, wide_only=True),
    Column("Paid by", wide_only=True),
    Column("Status"),
)
ICONS = ("pencil", "circle_check", "clock", "circle_alert", "undo_2", "ban", "wallet")
MAY_TAKE = Bills.allowed.contains(Permission.PAYMENTS_TAKE.value)
MAY_CORRECT = Bills.allowed.contains(Permission.INVOICES_CORRECT.value)
MAY_EDIT = Bills.allowed.contains(Permission.INVOICES_EDIT.value)


def invoices() -> rx.Component:
    return screen(
        "Bills",
        _periods(),
        _collected(),
        money_tabs("Kinds", Bills.tabs, Bills.tab, Bills.pick_tab),
        table("Bills", COLUMNS, Bills.rows, _row, loaded=Bills.is_listed, empty=_none(), footer=_pages()),
        here="/invoices",
        actions=[
            rx.cond(MAY_EDIT, link_button("New bill", "/invoice", icon="plus", kind="primary")),
        ],
    )


def _periods() -> rx.Component:
    return rx.el.div(
        segmented(
            "Days",
            [("today", "Today"), ("month", "This month"), ("days", "30 days"), ("year", "This year")],
            Bills.period,
            Bills.pick_period,
        ),
        search_field("Search by number or name", Bills.query, Bills.typed, placeholder="Number or name"),
        class_name="bill-filters",
    )


def _collected() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.p("Collected", class_name="meta"),
            rx.cond(Bills.is_listed, rx.el.p(Bills.collected, class_name="till-sum num"), skeleton("28px", "140px")),
        ),
        rx.el.div(
            rx.el.div(rx.foreach(Bills.shares, _bar), class_name="till-bar", aria_hidden="true"),
            rx.el.ul(rx.foreach(Bills.shares, _share), class_name="till-shares"),
            class_name="till-parts",
        ),
        rx.el.nav(
            link("Dues", "/dues"),
            link("Recurring bills", "/recurring"),
            rx.cond(MAY_TAKE, link("Close the till", "/till")),
            rx.cond(MAY_CORRECT, link("Match a bank statement", "/bank")),
            class_name="till-ways",
            aria_label="Money",
        ),
        class_name="card pad till",
        aria_label="Collected",
    )


def _bar(share: rx.Var[Share]) -> rx.Component:
    return rx.el.i(class_name=rx.Var.create("hue-") + share.hue, style={"width": share.width}, key=share.words)


def _share(share: rx.Var[Share]) -> rx.Component:
    return rx.el.li(
        rx.el.span(class_name=rx.Var.create("dot hue-") + share.hue, aria_hidden="true"),
        share.words,
        rx.el.b(share.amount, class_name="num"),
        key=share.words,
    )


def _row(row: rx.Var[BillRow]) -> rx.Component:
    return rx.el.tr(
        cell(link(row.number, "/invoice?id=" + row.id)),
        cell(row.day),
        cell(
            row.customer,
            rx.cond(row.is_business, rx.el.span("B2B", class_name="tag", title="A business with a GSTIN")),
            rx.cond(row.about != "", rx.el.span(row.about, class_name="meta")),
        ),
        cell(row.total, column=COLUMNS[3]),
        cell(row.due, column=COLUMNS[4]),
        cell(row.modes, column=COLUMNS[5]),
        cell(rx.el.span(icon_of(row.icon, ICONS, "xs"), chip(row.status, row.tone), class_name="row")),
        class_name=rx.cond(row.is_void, "num two-lines is-void", "num two-lines"),
        key=row.id,
    )


def _none() -> rx.Component:
    first = blank(
        "receipt_indian_rupee",
        "No bills in these days",
        "A visit becomes a bill with one press: open it in the calendar once the customer is there.",
        rx.cond(MAY_EDIT, link_button("New bill", "/invoice", icon="plus")),
    )
    return rx.cond(Bills.query != "", no_match(Bills.query, Bills.clear), first)


def _pages() -> rx.Component:
    return rx.cond(
        Bills.summary != "",
        pager(
            Bills.summary,
            has_previous=Bills.is_later,
            has_next=Bills.has_more,
            on_previous=Bills.first_page,
            on_next=Bills.next_page,
        ),
    )
