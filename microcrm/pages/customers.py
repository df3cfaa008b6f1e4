"""The list of customers."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.components.buttons import anchor, button, icon_button, link, link_button, submit
from microcrm.components.cards import avatar
from microcrm.components.dialogs import dialog, form_footer, panel
from microcrm.components.feedback import blank, no_match
from microcrm.components.fields import check_field, search_field
from microcrm.components.icons import whatsapp_icon
from microcrm.components.tables import Column, Sorting, cell, pager, table
from microcrm.domain.permissions import Permission
from microcrm.operations.customer_columns import COLUMNS as CHOICES
from microcrm.operations.customer_columns import MONEY
from microcrm.operations.customer_list import CustomerRow
from microcrm.operations.customer_view import NOBODY
from microcrm.pages.customer_export import MAY_EXPORT, export_panel
from microcrm.pages.customer_form import customer_form
from microcrm.pages.customer_message import message_panel
from microcrm.pages.customer_picks import MAY_PICK, pick_box, pick_page_box, picks_bar, tag_dialog
from microcrm.pages.customer_segments import segment_panel, segment_tabs, segment_words
from microcrm.pages.frame import screen
from microcrm.state.customer_columns import Columns
from microcrm.state.customer_export import CustomerExport
from microcrm.state.customer_segments import Segments
from microcrm.state.customers import Customers, NewCustomer

_SHOWN = Columns.shown
COLUMNS = {
    "pick": Column("Select", mark="pick", shown=MAY_PICK, head=pick_page_box(), width="44px"),
    "name": Column("Name", "name"),
    "phone": Column("Phone"),
    "last": Column("Last visit", "visit", wide_only=True, shown=_SHOWN.contains("last")),
    "next": Column("Next visit", wide_only=True, shown=_SHOWN.contains("next")),
    "visits": Column("Visits", right=True, wide_only=True, shown=_SHOWN.contains("visits")),
    "billed": Column("Billed", "billed", right=True, mark="billed", shown=_SHOWN.contains("billed")),
    "due": Column("Due", right=True, wide_only=True, shown=_SHOWN.contains("due")),
    "tags": Column("Tags", wide_only=True, mark="tags", shown=_SHOWN.contains("tags")),
    "added": Column("Added", "new", wide_only=True, mark="added", shown=_SHOWN.contains("added")),
    "actions": Column("Actions", width="60px"),
}
MAY_SEE_BILLS = Customers.allowed.contains(Permission.INVOICES_VIEW.value)
MAY_IMPORT = Customers.allowed.contains(Permission.CUSTOMERS_IMPORT.value)
MAY_MERGE = Customers.allowed.contains(Permission.CUSTOMERS_MERGE.value)
MAY_EDIT = Customers.allowed.contains(Permission.CUSTOMERS_EDIT.value)


def customers() -> rx.Component:
    return screen(
        "Customers",
        segment_tabs(),
        _filters(),
        segment_words(),
        rx.cond(Customers.about.is_near, _near()),
        table(
            "Customers",
            tuple(COLUMNS.values()),
            Customers.rows,
            _row,
            loaded=Customers.is_listed,
            sorting=Sorting(Customers.sort, Customers.is_descending, Customers.sort_by),
            empty=_nobody(),
            footer=rx.fragment(_pages(), picks_bar()),
        ),
        segment_panel(),
        tag_dialog(),
        export_panel(),
        message_panel(),
        _column_dialog(),
        panel("New customer", customer_form(NewCustomer, NOBODY), open=NewCustomer.is_open, on_close=NewCustomer.close),
        here="/customers",
        actions=[
            rx.cond(MAY_MERGE, link_button("Duplicates", "/duplicates", icon="merge")),
            rx.cond(MAY_IMPORT, link_button("Import", "/customers/import", icon="upload")),
            rx.cond(
                MAY_EXPORT & (Customers.rows.length() > 0),
                button("Export", icon="download", on_click=CustomerExport.start),
            ),
            rx.cond(MAY_EDIT, _new("primary")),
        ],
    )


def _new(kind: str) -> rx.Component:
    return button("New customer", icon="plus", kind=kind, on_click=NewCustomer.start)


def _filters() -> rx.Component:
    return rx.el.div(
        search_field(
            "Search by name, last digits, email, tag or bill",
            Customers.query,
            Customers.typed,
            restart=Customers.box,
            placeholder="Name, last digits, tag or bill",
        ),
        rx.cond(
            (Segments.tabs.length() == 0) | (Segments.tags.length() > 0),  # keeps its place while the list loads
            rx.el.select(
                rx.el.option("All tags", value=""),
                rx.foreach(Segments.tags, _tag_option),
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
            rx.cond(MAY_SEE_BILLS, rx.el.option("Most billed", value="billed")),
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
        icon_button("columns_3", "Columns", class_name="wide-only", on_click=Columns.start),
        class_name="filters",
    )


def _tag_option(tag: rx.Var[str]) -> rx.Component:
    return rx.el.option(tag, value=tag, key=tag)


def _near() -> rx.Component:
    return rx.el.p(
        "Nobody fits “", Customers.query, "” exactly. These come close.", class_name="meta segment-words", role="status"
    )


def _row(row: rx.Var[CustomerRow]) -> rx.Component:
    def optional(name: str, *children: Any, **props: Any) -> rx.Component:
        column = COLUMNS[name]
        return rx.cond(column.shown, cell(*children, column=column, **props))

    return rx.el.tr(
        optional("pick", pick_box(row)),
        cell(
            rx.el.span(avatar(row.initials, row.hue), link(row.name, "/customer?id=" + row.id), class_name="who-cell"),
        ),
        cell(
            row.phone,
            rx.cond(row.last_visit != "", rx.el.span(" · " + row.last_visit, class_name="phone-only")),
            class_name="phone-cell",
        ),
        optional("last", rx.cond(row.last_visit != "", row.last_visit, _none("Not yet"))),
        optional(
            "next",
            rx.cond(row.next_visit != "", rx.fragment(row.next_visit, rx.el.small(row.next_time)), _none("Not booked")),
        ),
        optional("visits", row.visits),
        optional(
            "billed",
            rx.cond(row.billed != "", rx.el.span(row.billed), _none("–")),
            rx.cond(row.due != "", rx.el.span(row.due + " due", class_name="bad phone-only")),
        ),
        optional("due", rx.cond(row.due != "", rx.el.span(row.due, class_name="bad"), _none("–"))),
        optional("tags", rx.el.span(rx.foreach(row.tags, _tag), class_name="tags-cell")),
        optional("added", row.added),
        cell(rx.cond(row.whatsapp != "", _whatsapp(row)), class_name="wa-cell"),
        class_name="person-row num",
        key=row.id,
    )


def _none(words: str) -> rx.Component:
    return rx.el.span(words, class_name="none")


def _column_dialog() -> rx.Component:
    return dialog(
        "Columns",
        rx.cond(
            Columns.is_open,
            rx.el.form(
                *[
                    rx.cond(
                        MAY_SEE_BILLS if name in MONEY else True,
                        check_field(f"column_{name}", words, checked=_SHOWN.contains(name)),
                    )
                    for name, words in CHOICES.items()
                ],
                form_footer(button("Cancel", on_click=Columns.stop), submit("Show these")),
                on_submit=Columns.choose,
                class_name="form",
            ),
        ),
        description="Which columns you see in this list.",
        open=Columns.is_open,
        on_close=Columns.stop,
    )


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
        rx.cond(MAY_IMPORT, link_button("Import a list", "/customers/import", icon="upload")),
    )
    no_archive = blank("archive", "The archive is empty", "Customers you archive are kept here, with their history.")
    no_segment = blank("users", "Nobody is in this group", "When its rules fit somebody, they stand here.")
    is_asked = (Customers.query != "") | (Customers.tag != "")
    asked = rx.cond(Customers.query != "", Customers.query, Customers.tag)
    nobody = rx.cond(Customers.show == "archived", no_archive, rx.cond(Customers.segment != "", no_segment, add_first))
    return rx.cond(is_asked, no_match(asked, Customers.clear), nobody)


def _pages() -> rx.Component:
    return rx.cond(
        Customers.summary != "",
        pager(
            Customers.summary,
            has_previous=Customers.about.has_previous,
            has_next=Customers.about.has_next,
            on_previous=Customers.previous_page,
            on_next=Customers.next_page,
        ),
    )
