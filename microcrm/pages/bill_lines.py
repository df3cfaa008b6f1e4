"""The lines of a draft: a grid that is typed into, or filled from the price list."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import (
    button,
    menu,
    menu_item,
    menu_trigger,
    segmented,
)
from microcrm.components.cards import card
from microcrm.components.hotkeys.hotkeys import in_line
from microcrm.components.icons import icon
from microcrm.state.bill import Bill
from microcrm.state.bills_view import EditLine
from microcrm.state.booking_card_view import Option


def lines() -> rx.Component:
    return card(
        "Lines",
        rx.el.div(
            rx.el.div(
                *[rx.el.span(words, class_name=name) for words, name in _HEADS],
                class_name="bill-line bill-heads",
                aria_hidden="true",
            ),
            rx.foreach(Bill.lines, _line),
            class_name="bill-lines",
            key=Bill.drawn.to_string(),
        ),
        rx.el.p(
            rx.el.kbd("Enter", class_name="kbd"),
            " adds a line, ",
            rx.el.kbd("Alt ↑ ↓", class_name="kbd"),
            " moves it, ",
            rx.el.kbd("Ctrl D", class_name="kbd"),
            " repeats it",
            class_name="meta keys-only",
        ),
        rx.el.div(
            button("Empty line", icon="plus", on_click=Bill.add_line(""), **in_line("add")),
            rx.el.select(
                rx.el.option("Add from the price list …", value=""),
                rx.foreach(Bill.services, _offer),
                value="",
                on_change=Bill.add_line,
                class_name="input",
                aria_label="Add from the price list",
            ),
            _finder(),
            class_name="row bill-add",
        ),
        rx.cond(Bill.missed != "", rx.el.p(Bill.missed, class_name="error", role="status")),
        rx.el.ul(rx.foreach(Bill.found, _found), class_name="list people-found"),
        actions=[
            segmented(
                "Prices",
                [("without", "Before GST"), ("with", "With GST")],
                rx.cond(Bill.lines[0].is_with_tax, "with", "without"),
                Bill.with_tax,
            )
        ],
    )


_HEADS = (("Description", ""), ("Qty", ""), ("Rate", ""), ("Disc.", ""), ("Tax", ""), ("Amount", "right"), ("", ""))


def _offer(option: rx.Var[Option]) -> rx.Component:
    return rx.el.option(option.label, value=option.value, key=option.value)


def _finder() -> rx.Component:
    """A scanner types its code here and presses Enter; so can a person, with a name. What is drawn anew on each line stays
    apart from it, so that the next scan finds the cursor where it was."""
    return rx.el.form(
        rx.el.label(
            icon("scan_barcode", "s"),
            rx.el.span("Scan a barcode, or type a name", class_name="sr-only"),
            rx.el.input(
                name="words",
                type="text",
                placeholder="Scan, or type a name",
                on_change=Bill.seek.debounce(250),
                class_name="input",
                auto_complete="off",
                max_length=60,
                enter_key_hint="enter",
            ),
            class_name="search",
        ),
        on_submit=Bill.add_found,
        reset_on_submit=True,
        class_name="bill-scan",
    )


def _found(option: rx.Var[Option]) -> rx.Component:
    return rx.el.li(button(option.label, kind="quiet", on_click=Bill.add_line(option.value)), key=option.value)


def _line(line: rx.Var[EditLine]) -> rx.Component:
    return rx.el.div(
        _cell(
            line,
            "description",
            "Description",
            line.description,
            below=rx.cond(
                line.shelf != "",
                rx.el.p(line.shelf, class_name=rx.cond(line.is_short, "meta num is-short", "meta num")),
            ),
        ),
        _cell(line, "quantity", "Quantity", line.quantity, input_mode="decimal"),
        _cell(line, "price", "Rate in rupees", line.price, input_mode="decimal"),
        _cell(line, "discount", "Discount, like 10% or 50", line.discount, placeholder="–"),
        rx.el.select(
            rx.foreach(Bill.kinds, _offer),
            default_value=line.tax_class,
            on_change=Bill.type_line(line.at, "tax_class"),
            class_name="input",
            aria_label="Tax class",
        ),
        rx.el.span(line.amount, rx.el.small(line.rate, class_name="meta"), class_name="right num bill-amount"),
        _line_menu(line),
        class_name="bill-line",
        custom_attrs={"data-line": line.at.to_string()},
        key=line.at.to_string(),
    )


def _line_menu(line: rx.Var[EditLine]) -> rx.Component:
    """The same by hand as by the keys of the lines (hotkeys.jsx)."""
    uid = rx.Var.create("line-") + line.at.to_string()
    up, down = Bill.move_line(line.at, line.at - 1), Bill.move_line(line.at, line.at + 1)
    return rx.el.div(
        menu(
            uid,
            menu_trigger(uid, "More for this line"),
            _step(uid, "Move up", "arrow_up", "up", up),
            _step(uid, "Move down", "arrow_down", "down", down),
            _step(uid, "Duplicate", "copy", "copy", Bill.copy_line(line.at)),
            menu_item(uid, "Remove", icon="x", on_click=Bill.drop_line(line.at)),
        )
    )


def _step(uid: rx.Var[str], words: str, icon_name: str, key: str, on_click: rx.event.EventSpec) -> rx.Component:
    return menu_item(uid, words, icon=icon_name, on_click=on_click, **in_line(key))


def _cell(
    line: rx.Var[EditLine],
    name: str,
    label: str,
    value: rx.Var[str],
    below: rx.Component | None = None,
    **props: object,
) -> rx.Component:
    key = rx.Var.create("lines.") + line.at.to_string() + "." + name
    return rx.el.div(
        rx.el.input(
            default_value=value,
            on_blur=Bill.type_line(line.at, name),
            class_name="input",
            aria_label=label,
            aria_invalid=rx.cond(Bill.errors.contains(key), "true", "false"),
            max_length=200,
            **props,
        ),
        rx.cond(Bill.errors.contains(key), rx.el.p(Bill.errors[key], class_name="error")),
        below or rx.fragment(),
        class_name="bill-cell",
    )
