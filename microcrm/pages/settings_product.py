"""The drawer of one product, and the dialog in which its stock is noted."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, link, submit
from microcrm.components.dialogs import dialog, form_footer, panel
from microcrm.components.fields import check_field, error_summary, money_field, select_field, text_field
from microcrm.domain.goods import UNITS
from microcrm.domain.permissions import Permission
from microcrm.state.settings_product import ProductDrawer as S
from microcrm.state.settings_product import StoryLine

LABELS = {
    "name": "Name",
    "barcode": "Barcode",
    "hsn": "HSN",
    "unit": "Unit",
    "tax_class": "Kind for GST",
    "price": "Price",
    "low": "Low stock",
}
_HINTS = {
    "received": "Or the number of the supplier’s bill",
    "used": "Like: for colouring, a tester, given away",
    "damaged": "Like: broken, past its date, missing",
}
MAY_EDIT = S.allowed.contains(Permission.CATALOGUE_EDIT.value)


def product_drawer() -> rx.Component:
    return rx.fragment(
        panel(
            rx.cond(S.form.id == "", "New product", S.form.name),
            rx.cond(S.form.id != "", _stock()),
            rx.cond(MAY_EDIT, _form(), _facts()),
            open=S.is_open,
            on_close=S.close,
        ),
        _note_dialog("received", "A delivery came in", "Received"),
        _note_dialog("counted", "Counted", "Set the stock"),
        _note_dialog("used", "Used by the shop", "Take off the stock"),
        _note_dialog("damaged", "Damaged or lost", "Take off the stock"),
    )


def _stock() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.p(
                rx.el.b(S.form.stock, class_name=rx.cond(S.form.is_short, "num is-short", "num")),
                " in stock",
                rx.cond(S.form.cost != "", rx.el.span(" · last cost " + S.form.cost, class_name="meta num")),
            ),
            rx.cond(
                MAY_EDIT,
                rx.el.div(
                    button("Received", icon="package_plus", on_click=S.begin_noting(S.form.id, "received")),
                    button("Count", icon="list_checks", on_click=S.begin_noting(S.form.id, "counted")),
                    button("Own use", icon="package_open", on_click=S.begin_noting(S.form.id, "used")),
                    button("Damaged", icon="package_minus", on_click=S.begin_noting(S.form.id, "damaged")),
                    class_name="row",
                ),
            ),
            class_name="stack-s",
        ),
        rx.cond(
            S.story.length() > 0,
            rx.el.details(
                rx.el.summary("What happened to it"),
                rx.el.ul(rx.foreach(S.story, _story), class_name="list stock-story"),
                class_name="more",
            ),
            rx.el.p("Nothing came in or went out yet.", class_name="meta"),
        ),
        class_name="stock-now",
        aria_label="Stock",
    )


def _story(line: rx.Var[StoryLine]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(
                line.words,
                rx.cond(line.number != "", link(line.number, "/invoice?id=" + line.document_id, class_name="num")),
                class_name="row",
            ),
            rx.el.span(line.about, class_name="meta num"),
            class_name="stack-xs",
        ),
        rx.el.span(rx.el.b(line.change), rx.el.span(line.after, class_name="meta"), class_name="stock-count num"),
        key=line.key,
    )


def _form() -> rx.Component:
    return rx.el.form(
        error_summary(S.errors, LABELS),
        text_field("name", "Name", S.errors, value=S.form.name, max_length=80),
        text_field(
            "barcode",
            "Barcode",
            S.errors,
            value=S.form.barcode,
            optional=True,
            max_length=40,
            auto_complete="off",
            hint="Scan it, or type a number of your own",
        ),
        _price_and_line(),
        check_field("is_price_with_tax", "The price includes GST", checked=S.form.is_price_with_tax),
        select_field(
            "tax_class",
            "Kind for GST",
            S.errors,
            S.kinds,
            value=S.form.tax_class,
            hint="Another rate? Add a rate of your own for its HSN in Settings, Billing.",
        ),
        _codes(),
        form_footer(button("Cancel", on_click=S.close), submit("Save", busy=S.is_saving)),
        on_submit=S.save,
        class_name="form",
        no_validate=True,
        key=S.form.id + "." + S.form.version,
    )


def _price_and_line() -> rx.Component:
    return rx.el.div(
        money_field("price", "Price", S.errors, value=S.form.price),
        text_field(
            "low",
            "Low from",
            S.errors,
            value=S.form.low,
            optional=True,
            input_mode="decimal",
            max_length=10,
            hint="Today says so then",
        ),
        class_name="grid-2",
    )


def _codes() -> rx.Component:
    return rx.el.div(
        text_field(
            "hsn",
            "HSN",
            S.errors,
            value=S.form.hsn,
            input_mode="numeric",
            max_length=10,
            hint=rx.cond(S.form.needs_hsn, "4, 6 or 8 digits, as on the supplier’s bill", "Only needed with a GSTIN"),
        ),
        select_field("unit", "Unit", S.errors, list(UNITS.items()), value=S.form.unit),
        class_name="grid-2",
    )


def _facts() -> rx.Component:
    """For those who sell it and do not change it."""
    rows = (("Price", "₹" + S.form.price), ("Barcode", S.form.barcode), ("HSN", S.form.hsn))
    return rx.el.dl(
        *[rx.el.div(rx.el.dt(words), rx.el.dd(rx.cond(value != "", value, "–"))) for words, value in rows],
        class_name="bill-sums num pad",
    )


def _note_dialog(kind: str, title: str, action: str) -> rx.Component:
    is_delivery = kind == "received"
    return dialog(
        title,
        rx.el.form(
            text_field(
                "quantity",
                "How many are there now?" if kind == "counted" else "How many?",
                S.errors,
                form=kind,
                input_mode="decimal",
                max_length=12,
                auto_complete="off",
            ),
            money_field("cost", "Cost of one", S.errors, form=kind, optional=True) if is_delivery else rx.fragment(),
            text_field(
                "note",
                "Supplier" if is_delivery else "Reason",
                S.errors,
                form=kind,
                optional=is_delivery,
                max_length=200,
                hint=_HINTS.get(kind, ""),
            ),
            form_footer(button("Cancel", on_click=S.stop_noting), submit(action)),
            on_submit=S.note,
            class_name="form",
            no_validate=True,
        ),
        open=S.noting == kind,
        on_close=S.stop_noting,
        description=S.form.name + ": " + S.form.stock + " in stock",
    )
