"""The list of customers."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import anchor, button, link
from microcrm.components.cards import avatar
from microcrm.components.dialogs import panel
from microcrm.components.feedback import blank, no_match
from microcrm.components.fields import search_field
from microcrm.components.icons import whatsapp_icon
from microcrm.components.tables import Column, Sorting, cell, pager, table
from microcrm.domain.permissions import Permission
from microcrm.operations.customer_list import CustomerRow
from microcrm.operations.customer_view import NOBODY
from microcrm.pages.customer_form import customer_form
from microcrm.pages.frame import screen
from microcrm.state.customers import Customers, NewCustomer

COLUMNS = (
    Column("Name", "name"),
    Column("Phone"),
    Column("Last visit", "visit", wide_only=True),
    Column("Next visit", wide_only=True),
    Column("Tags", wide_only=True),
    Column("Added", "new", wide_only=True),
    Column("Actions", width="60px"),
)
MAY_EDIT = Customers.allowed.contains(Permission.CUSTOMERS_EDIT.value)


def customers() -> rx.Component:
    return screen(
        "Customers",
        _filters(),
        table(
            "Customers",
            COLUMNS,
            Customers.rows,
            _row,
            loaded=Customers.is_listed,
            sorting=Sorting(Customers.sort, Customers.is_descending, Customers.sort_by),
            empty=_nobody(),
            footer=_pages(),
        ),
        panel("New customer", customer_form(NewCustomer, NOBODY), open=NewCustomer.is_open, on_close=NewCustomer.close),
        here="/customers",
        actions=[rx.cond(MAY_EDIT, _new("primary"))],
    )


def _new(kind: str) -> rx.Component:
    return button("New customer", icon="plus", kind=kind, on_click=NewCustomer.start)


def _filters() -> rx.Component:
    return rx.el.div(
        search_field(
            "Search by name, email or last 4 digits",
            Customers.query,
            Customers.typed,
            restart=Customers.box,
            placeholder="Name, email or last 4 digits",
        ),
        rx.cond(
            ~Customers.is_listed | (Customers.tags.length() > 0),  # keeps its place while the list loads
            rx.el.select(
                rx.el.option("All tags", value=""),
                rx.foreach(Customers.tags, _tag_option),
                value=Customers.tag,
                on_change=Customers.pick_tag,
                class_name="input",
                aria_label="Tag",
            ),
        ),
        rx.el.select(
            rx.el.option("By name", value="name"),
            rx.el.option("By last visit", value="visit"),
            rx.el.option("Newest first", value="new"),
            value=Customers.sort,
            on_change=Customers.sort_by,
            class_name="input phone-only",
            aria_label="Order",
        ),
        rx.el.select(
            rx.el.option("Active", value="active"),
            rx.el.option("Archive", value="archived"),
            value=Customers.show,
            on_change=Customers.pick_show,
            class_name="input",
            aria_label="Active or archived",
        ),
        class_name="filters",
    )


def _tag_option(tag: rx.Var[str]) -> rx.Component:
    return rx.el.option(tag, value=tag, key=tag)


def _row(row: rx.Var[CustomerRow]) -> rx.Component:
    return rx.el.tr(
        cell(
            rx.el.span(avatar(row.initials, row.hue), link(row.name, "/customer?id=" + row.id), class_name="who-cell"),
        ),
        cell(row.phone, rx.cond(row.last_visit != "", rx.el.span(" · " + row.last_visit, class_name="phone-only"))),
        cell(rx.cond(row.last_visit != "", row.last_visit, _none("Not yet")), column=COLUMNS[2]),
        cell(
            rx.cond(row.next_visit != "", rx.fragment(row.next_visit, rx.el.small(row.next_time)), _none("Not booked")),
            column=COLUMNS[3],
        ),
        cell(rx.el.span(rx.foreach(row.tags, _tag), class_name="tags-cell"), column=COLUMNS[4]),
        cell(row.added, column=COLUMNS[5]),
        cell(rx.cond(row.whatsapp != "", _whatsapp(row))),
        class_name="person-row num",
        key=row.id,
    )


def _none(words: str) -> rx.Component:
    return rx.el.span(words, class_name="none")


def _tag(tag: rx.Var[str]) -> rx.Component:
    return rx.el.span(tag, class_name="tag", key=tag)


def _whatsapp(row: rx.Var[CustomerRow]) -> rx.Component:
    return anchor(
        whatsapp_icon("s"),
        href="https://wa.me/" + row.whatsapp,
        target="_blank",
        rel="noopener noreferrer",
        aria_label="WhatsApp to " + row.name,
        title="WhatsApp",
        class_name="btn btn-quiet btn-icon wa-link",
    )


def _nobody() -> rx.Component:
    add_first = blank(
        "users",
        "No customers yet",
        "Everybody who books or walks in is kept here, with their visits and notes.",
        rx.cond(MAY_EDIT, _new("plain")),
    )
    no_archive = blank("archive", "The archive is empty", "Customers you archive are kept here, with their history.")
    is_asked = (Customers.query != "") | (Customers.tag != "")
    asked = rx.cond(Customers.query != "", Customers.query, Customers.tag)
    return rx.cond(
        is_asked, no_match(asked, Customers.clear), rx.cond(Customers.show == "archived", no_archive, add_first)
    )


def _pages() -> rx.Component:
    return rx.cond(
        Customers.summary != "",
        pager(
            Customers.summary,
            has_previous=Customers.has_previous,
            has_next=Customers.has_next,
            on_previous=Customers.previous_page,
            on_next=Customers.next_page,
        ),
    )
