"""The form of what stands on a recurring bill."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, submit
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.fields import area_field, text_field
from microcrm.state.booking_card_view import Option
from microcrm.state.recurring_lines import PlanLine
from microcrm.state.recurring_lines import RecurringLines as S

_HEADS = ("Description", "Qty", "Rate", "Disc.", "Tax")


def recurring_lines() -> rx.Component:
    return dialog(
        "What stands on this recurring bill",
        rx.el.form(
            rx.el.div(
                rx.el.div(
                    *[rx.el.span(words) for words in _HEADS], class_name="plan-line plan-heads", aria_hidden="true"
                ),
                rx.foreach(S.lines, _line),
                class_name="bill-lines",
            ),
            rx.cond(S.errors.contains("lines"), rx.el.p(S.errors["lines"], class_name="error")),
            rx.el.p("Empty the description and the rate of a line to leave it out.", class_name="hint"),
            rx.el.div(
                text_field(
                    "discount", "Discount on the whole bill", S.errors, value=S.discount, form="plan",
                    input_mode="decimal", optional=True, max_length=20,
                ),
                area_field(
                    "text", "Text on each bill", S.errors, value=S.text, form="plan", optional=True, max_length=500,
                    hint="The day that the bill is for follows by itself",
                ),
                class_name="stack",
            ),
            form_footer(submit("Save", busy=S.is_saving), button("Close", on_click=S.close)),
            on_submit=S.save, class_name="form", key=S.series + S.drawn.to_string(), no_validate=True,
        ),
        open=S.series != "",
        on_close=S.close,
        description="From the next bill on. Those that are written stay as they are; tax is worked out on each one’s day.",
        wide=True,
    )  # fmt: skip


def _line(line: rx.Var[PlanLine]) -> rx.Component:
    return rx.el.div(
        _cell(line, "description", "Description", line.description, placeholder="Description"),
        _cell(line, "quantity", "Quantity", line.quantity, input_mode="decimal", placeholder="Qty"),
        _cell(
            line,
            "price",
            "Rate in rupees, " + line.with_tax,
            line.price,
            below=line.with_tax,
            input_mode="decimal",
            placeholder="Rate",
        ),
        _cell(line, "discount", "Discount, like 10% or 50", line.discount, placeholder="Disc."),
        rx.el.select(
            rx.foreach(S.kinds, _kind),
            name="tax_class-" + line.at,
            default_value=line.tax_class,
            class_name="input",
            aria_label="Tax class",
        ),
        class_name="plan-line",
        key=line.at,
    )


def _cell(
    line: rx.Var[PlanLine],
    name: str,
    label: str | rx.Var[str],
    value: rx.Var[str],
    below: rx.Var[str] | None = None,
    **props: str,
) -> rx.Component:
    key = rx.Var.create("lines.") + line.at + "." + name
    return rx.el.div(
        rx.el.input(
            name=name + "-" + line.at,
            default_value=value,
            class_name="input",
            aria_label=label,
            aria_invalid=rx.cond(S.errors.contains(key), "true", "false"),
            max_length=200,
            **props,
        ),
        rx.cond(S.errors.contains(key), rx.el.p(S.errors[key], class_name="error")),
        rx.fragment() if below is None else rx.el.small(below, class_name="meta"),
        class_name="bill-cell",
    )


def _kind(option: rx.Var[Option]) -> rx.Component:
    return rx.el.option(option.label, value=option.value, key=option.value)
