"""The drawer of one service: what it is, how long it takes, what it costs, who does it and what it needs."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.components.buttons import button, submit
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.fields import (
    area_field,
    check_field,
    error_summary,
    hue_field,
    minutes_field,
    money_field,
    select_field,
    switch_field,
    text_field,
)
from microcrm.components.terms import terms_fields
from microcrm.state.forms import Option
from microcrm.state.settings_service import NeedLine
from microcrm.state.settings_service import ServiceDrawer as S

_MONTHS = ("1", "3", "6", "12", "24")
LABELS = {
    "name": "Name",
    "category_id": "Category",
    "duration": "Duration",
    "price": "Price",
    "seats": "Seats",
    "buffer_before": "Time before",
    "buffer_after": "Time after",
    "gap_after": "Start of the gap",
    "gap": "Gap",
    "notice": "Shortest notice",
    "horizon": "Days ahead",
    "step": "Start times every",
    "most_per_day": "Most a day",
    "approval": "Approval",
    "deposit_kind": "Paid ahead",
    "deposit_amount": "Amount paid ahead",
    "deposit_percent": "Share paid ahead",
    "patch_test": "Patch test",
    "rest": "Days between sessions",
    "substances": "Uses",
    "tax_class": "Kind for GST",
    "sac": "SAC",
    "description": "Description",
    "members": "Who does it",
    "resources": "What it needs",
}


def service_drawer() -> rx.Component:
    return panel(
        rx.cond(S.form.id == "", "New service", S.form.name),
        rx.el.form(
            error_summary(S.errors, LABELS),
            text_field("name", "Name", S.errors, value=S.form.name, max_length=80),
            rx.el.div(
                minutes_field("duration", "Duration", S.errors, value=S.form.duration),
                money_field("price", "Price", S.errors, value=S.form.price),
                class_name="grid-2",
            ),
            check_field("is_price_with_tax", "The price includes GST", checked=S.form.is_price_with_tax),
            select_field(
                "category_id",
                "Category",
                S.errors,
                S.category_options,
                value=S.form.category_id,
                blank="Without a category",
            ),
            switch_field(
                "is_online",
                "Customers can book it online",
                checked=S.form.is_online,
                hint="Otherwise only your team books it",
            ),
            _seats(),
            hue_field("colour", "Colour in the calendar", value=S.form.colour),
            _doers(),
            _equipment(),
            _timing(),
            _rules(),
            _safety(),
            _tax(),
            area_field(
                "description", "Description for customers", S.errors, value=S.form.description, optional=True, rows=3
            ),
            form_footer(button("Cancel", on_click=S.close), submit("Save", busy=S.is_saving)),
            on_submit=S.save,
            class_name="form",
            no_validate=True,
        ),
        open=S.is_open,
        on_close=S.close,
    )


def _seats() -> rx.Component:
    return text_field(
        "seats",
        "Seats in a class",
        S.errors,
        value=S.form.seats,
        optional=True,
        input_mode="numeric",
        max_length=3,
        hint="Empty: one customer at a time. Two or more: a class, which you put into the calendar and people book by "
        "the seat.",
    )


def _doers() -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend("Who does it"),
        rx.cond(
            S.doers.length() > 0,
            terms_fields("Person", S.doers, S.errors),
            rx.el.p("Nobody takes bookings yet. Add people under Staff.", class_name="muted"),
        ),
        class_name="plain-set",
    )


def _equipment() -> rx.Component:
    return rx.cond(
        S.equipment.length() > 0,
        rx.el.fieldset(
            rx.el.legend("What it needs"),
            rx.el.p("Any one of the ticked rooms, any one of the ticked chairs, and so on.", class_name="hint"),
            rx.el.ul(rx.foreach(S.equipment, _need), class_name="ticks"),
            class_name="plain-set",
        ),
    )


def _need(row: NeedLine) -> rx.Component:
    return rx.el.li(
        check_field("needs_" + row.id, row.name, checked=row.is_needed),
        rx.el.span(row.kind, class_name="meta"),
        class_name="plain",
        key=row.id,
    )


def _timing() -> rx.Component:
    return rx.el.details(
        rx.el.summary("Time before, after and in between"),
        rx.el.div(
            minutes_field(
                "buffer_before", "Time before", S.errors, value=S.form.buffer_before, optional=True, hint="To prepare"
            ),
            minutes_field(
                "buffer_after", "Time after", S.errors, value=S.form.buffer_after, optional=True, hint="To clean up"
            ),
            minutes_field(
                "gap",
                "Gap in between",
                S.errors,
                value=S.form.gap,
                optional=True,
                hint="While colour works, say: the person is free",
            ),
            minutes_field("gap_after", "The gap begins after", S.errors, value=S.form.gap_after, optional=True),
            class_name="grid-2",
        ),
        open=S.form.has_timing,
        class_name="more",
    )


def _rules() -> rx.Component:
    """Its own rules of booking online; empty is what the shop's say."""
    form, usual = S.form, S.usual
    return rx.el.details(
        rx.el.summary("Rules for booking it online"),
        rx.el.div(
            rx.el.div(
                _rule("notice", "Shortest notice", form.notice, usual.notice, "min"),
                _rule("horizon", "Days ahead", form.horizon, usual.horizon, "days"),
                _rule("step", "Start times every", form.step, usual.step, "min"),
                _rule("most_per_day", "Most of it a day", form.most_per_day, usual.most_per_day, "visits"),
                class_name="grid-2",
            ),
            select_field(
                "approval",
                "Does somebody answer first?",
                S.errors,
                [("yes", "Yes, each one is answered first"), ("no", "No, it is booked at once")],
                value=form.approval,
                blank=usual.approval,
            ),
            _paid_ahead(),
            class_name="stack",
        ),
        open=form.has_rules,
        class_name="more",
    )


def _safety() -> rx.Component:
    """Days that the booking form watches; a member of the team may go past them with a reason."""
    fields = rx.el.div(
        text_field(
            "patch_test", "A clear patch test, at most", S.errors, value=S.form.patch_test, after="days old",
            optional=True, input_mode="numeric", max_length=3, hint="Counts after two days",
        ),
        text_field(
            "rest", "Between two sessions", S.errors, value=S.form.rest, after="days", optional=True,
            input_mode="numeric", max_length=3, hint="Empty: none",
        ),
        class_name="grid-2",
    )  # fmt: skip
    needed = rx.el.div(
        _chosen("needed_form", "Form before it starts", rx.foreach(S.form_options, _option), S.form.needed_form),
        _chosen("needed_months", "Good for months", [rx.el.option(n) for n in _MONTHS], S.form.needed_months),
        class_name="grid-2",
    )
    uses = text_field(
        "substances", "Uses", S.errors, value=S.form.substances, optional=True, max_length=1240,
        hint="Ammonia, PPD, latex: as your allergy notes call it. Who is allergic to it is not booked without a reason",
    )  # fmt: skip
    online = rx.el.p("Online bookings then wait for your answer.", class_name="hint")
    return rx.el.details(
        rx.el.summary("Safety and forms"),
        rx.el.div(fields, uses, needed, online, class_name="stack"),
        open=(S.form.patch_test != "") | (S.form.rest != "") | (S.form.substances != "") | (S.form.needed_form != ""),
        class_name="more",
    )


def _chosen(name: str, label: str, options: Any, value: rx.Var[str]) -> rx.Component:
    """A list whose every line is an answer: there is no mistake to show beneath it."""
    lines = options if isinstance(options, list) else [options]
    control = rx.el.select(
        rx.el.option("–", value=""), *lines, id=name, name=name, default_value=value, class_name="input"
    )
    return rx.el.div(rx.el.label(label, html_for=name), control, class_name="field")


def _option(one: rx.Var[Option]) -> rx.Component:
    return rx.el.option(one.label, value=one.value, key=one.value)


def _paid_ahead() -> rx.Component:
    form, usual = S.form, S.usual
    return rx.el.div(
        select_field(
            "deposit_kind",
            "What is paid ahead",
            S.errors,
            [
                ("none", "Nothing"),
                ("fixed", "A fixed amount"),
                ("percent", "A share of the price"),
                ("full", "The full price"),
            ],
            value=form.deposit_kind,
            blank=usual.deposit,
            hint=rx.cond(
                S.takes_online,
                "Online, before the visit is booked",
                "No effect until the shop takes payments online: Settings, Online payments",
            ),
        ),
        rx.el.div(
            money_field(
                "deposit_amount", "Amount", S.errors, value=form.deposit_amount, hint="For each seat of a class"
            ),
            class_name="if-fixed",
        ),
        rx.el.div(
            text_field(
                "deposit_percent",
                "Share of the price",
                S.errors,
                value=form.deposit_percent,
                after="%",
                input_mode="numeric",
                max_length=2,
            ),
            class_name="if-percent",
        ),
        class_name="grid-2 ahead",
    )


def _rule(name: str, label: str, value: rx.Var[str], usual: rx.Var[str], after: str) -> rx.Component:
    return text_field(
        name, label, S.errors, value=value, hint=usual, after=after, optional=True, input_mode="numeric", max_length=5
    )


def _tax() -> rx.Component:
    return rx.el.details(
        rx.el.summary("GST"),
        rx.el.div(
            select_field(
                "tax_class",
                "Kind of service for GST",
                S.errors,
                S.tax_options,
                value=S.form.tax_class,
                blank="Not chosen yet",
                hint="Rates change by law; we keep the dated list. Ask your accountant if unsure.",
            ),
            text_field(
                "sac",
                "SAC",
                S.errors,
                value=S.form.sac,
                optional=True,
                input_mode="numeric",
                max_length=6,
                hint="Empty: the usual code",
            ),
            class_name="stack",
        ),
        open=S.form.tax_class == "",
        class_name="more",
    )
