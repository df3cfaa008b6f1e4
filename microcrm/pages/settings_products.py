"""Settings, Products and stock: the list."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import (
    away_button,
    button,
    entry,
    link_button,
    menu,
    menu_item,
    menu_trigger,
    post_form,
    segmented,
)
from microcrm.components.cards import card, chip
from microcrm.components.feedback import alert, blank, skeleton_lines
from microcrm.components.fields import file_field, search_field
from microcrm.components.tables import page_turns
from microcrm.domain.permissions import Permission
from microcrm.pages.settings_frame import settings_screen
from microcrm.pages.settings_product import product_drawer
from microcrm.state.settings_product import ProductDrawer
from microcrm.state.settings_products import ProductLine
from microcrm.state.settings_products import ProductSettings as S

MAY_EDIT = S.allowed.contains(Permission.CATALOGUE_EDIT.value)


def settings_products() -> rx.Component:
    return settings_screen(
        "Products and stock",
        _toolbar(),
        card(
            rx.match(S.shelf, ("low", "Running low"), ("archive", "Archived"), "On sale"),
            rx.cond(
                S.is_ready,
                rx.cond(S.rows.length() > 0, rx.el.ul(rx.foreach(S.rows, _row), class_name="list"), _nothing()),
                skeleton_lines(8),
            ),
            padded=False,
        ),
        page_turns(S.page, S.has_next, S.turn_page),
        rx.cond(MAY_EDIT, _list_file()),
        product_drawer(),
        here="/settings/products",
        sub=S.summary,
        actions=[
            link_button("Stock report", "/stock", icon="chart_column"),
            rx.cond(MAY_EDIT, button("New product", icon="plus", kind="primary", on_click=ProductDrawer.start(""))),
        ],
    )


def _toolbar() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            search_field("Search products", S.query, S.search, placeholder="Name, or scan a barcode"),
            class_name="spring",
        ),
        segmented(
            "Which products",
            [("sale", "On sale"), ("low", "Low"), ("archive", "Archived")],
            S.shelf,
            S.pick_list,
        ),
        class_name="row stock-tools",
    )


def _list_file() -> rx.Component:
    """Many products at once: a file that is posted, since files never pass through the socket."""
    return card(
        "Read a list of products",
        rx.cond(S.fault != "", alert("bad", S.fault, S.fault_remedy)),
        post_form(
            file_field(
                "list",
                "List",
                S.errors,
                accept=".csv,.txt,text/csv",
                hint="CSV with the headings Name, SKU, Price, Tax class and Stock, at most 500 rows. HSN, Unit, Low from and Cost may "
                "stand there too.",
            ),
            rx.el.div(
                away_button("The list as it is", "/settings/products/list.csv", icon="download"),
                button("Read", icon="upload", type="submit"),
                class_name="form-actions",
            ),
            to="/settings/products/list",
            enc_type="multipart/form-data",
            class_name="form",
        ),
        sub="Each row gets a verdict. The stock counts for products that have no movement yet.",
    )


def _nothing() -> rx.Component:
    new = rx.cond(MAY_EDIT, button("New product", icon="plus", on_click=ProductDrawer.start("")))
    return rx.cond(
        S.query != "",
        blank("search_x", "No product found", "Nothing here is called that or has that barcode."),
        rx.match(
            S.shelf,
            ("low", blank("circle_check", "Nothing is running low", "Products at or below their line show up here.")),
            ("archive", blank("archive", "Nothing archived", "Products that you take off sale are kept here.")),
            blank(
                "package",
                "No products yet",
                "What you sell over the counter: shampoo, serum, supplements. Each sale takes it off the stock.",
                new,
            ),
        ),
    )


def _row(row: rx.Var[ProductLine]) -> rx.Component:
    uid = rx.Var.create("product-") + row.id
    acts = menu(
        uid,
        menu_trigger(uid, "More for this product"),
        menu_item(uid, "Edit", icon="pencil", on_click=ProductDrawer.start(row.id)),
        menu_item(uid, "Received", icon="package_plus", on_click=ProductDrawer.begin_noting(row.id, "received")),
        menu_item(uid, "Count", icon="list_checks", on_click=ProductDrawer.begin_noting(row.id, "counted")),
        menu_item(uid, "Own use", icon="package_open", on_click=ProductDrawer.begin_noting(row.id, "used")),
        menu_item(uid, "Damaged or lost", icon="package_minus", on_click=ProductDrawer.begin_noting(row.id, "damaged")),
        menu_item(uid, "Archive", icon="archive", danger=True, on_click=S.archive(row.id)),
    )
    return rx.el.li(
        entry(row.name, row.detail, ProductDrawer.start(row.id)),
        rx.cond(row.is_low, chip("Low", "warn")),
        rx.el.span(row.price, class_name="num stock-price"),
        rx.el.span(
            rx.el.b(row.stock, class_name=rx.cond(row.is_short, "is-short", "")),
            rx.el.span(rx.cond(row.worth != "", row.worth, "in stock"), class_name="meta"),
            class_name="stock-count num",
        ),
        rx.cond(MAY_EDIT, rx.cond(S.shelf == "archive", button("Put on sale", on_click=S.restore(row.id)), acts)),
        key=row.id,
    )
