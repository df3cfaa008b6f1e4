"""Dialogs that end a visit before it happens: calling it off, declining a request, not coming, and waiving what it costs."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.fields import choice_field, error_summary, text_field
from microcrm.pages.booking_parts import tell_field, waive_field
from microcrm.state.booking_cancel import CancelForm
from microcrm.state.booking_fee import FeeForm


def cancel_dialog() -> rx.Component:
    form, errors = CancelForm, CancelForm.errors
    late = rx.cond(
        form.fee != "", form.fee + " by your rules: " + form.fee_share + ". ", "Your rules ask for no fee now. "
    )
    back = rx.cond(form.deposit != "", " The deposit of " + form.deposit + " goes back.", "")
    who = [
        ("customer", "The customer, in time", "Costs nothing." + back),
        ("late", "The customer, late", late + form.late_back),
        ("business", "We did", "Costs nothing. Somebody is ill, or the shop is closed." + back),
    ]
    return dialog(
        "Cancel booking",
        rx.el.form(
            error_summary(errors, {"who": "Who cancels", "waiver": "Fee", "reason": "Reason"}, form="c"),
            choice_field("who", "Who cancels?", errors, who, value=form.suggested, form="c"),
            rx.cond(form.fee != "", rx.el.div(waive_field(form.fee, errors, "c"), class_name="if-late")),
            _reason("c"),
            tell_field(form.letter),
            form_footer(
                button("Keep booking", on_click=form.close),
                button("Cancel booking", kind="danger-solid", type="submit", busy=form.is_saving),
            ),
            on_submit=form.save,
            class_name="form cancel-form",
        ),
        open=form.form == "cancel",
        on_close=form.close,
        description=form.title,
    )


def decline_dialog() -> rx.Component:
    form = CancelForm
    return dialog(
        "Decline request",
        rx.el.form(
            error_summary(form.errors, {"reason": "Reason"}, form="d"),
            _reason("d"),
            tell_field(form.letter, is_usual=True),
            form_footer(
                button("Leave it open", on_click=form.close),
                button("Decline", kind="danger-solid", type="submit", busy=form.is_saving),
            ),
            on_submit=form.save,
            class_name="form",
        ),
        open=form.form == "decline",
        on_close=form.close,
        description=form.title,
    )


def missed_dialog() -> rx.Component:
    """Only for who does not come where that costs something, or gives a deposit back."""
    form = FeeForm
    return dialog(
        "Did not come",
        rx.el.form(
            error_summary(form.errors, {"waiver": "Fee"}, form="n"),
            rx.cond(
                form.fee != "",
                rx.fragment(
                    rx.el.p("By your rules this costs ", rx.el.b(form.fee, class_name="num"), ". ", form.deposit),
                    waive_field(form.fee, form.errors, "n"),
                ),
                rx.el.p("By your rules this costs nothing. ", form.deposit),
            ),
            form_footer(
                button("Keep it as it is", on_click=form.close),
                button("Did not come", kind="danger-solid", type="submit", busy=form.is_saving),
            ),
            on_submit=form.save,
            class_name="form",
        ),
        open=form.form == "missed",
        on_close=form.close,
        description=form.title,
    )


def waive_dialog() -> rx.Component:
    form = FeeForm
    return dialog(
        "Waive the fee",
        rx.el.form(
            error_summary(form.errors, {"waiver": "Reason"}, form="w"),
            rx.el.p(form.fee, class_name="num"),
            text_field("waiver", "Why no fee is asked for", form.errors, max_length=200, form="w", required=True),
            form_footer(
                button("Keep the fee", on_click=form.close),
                button("Waive it", kind="primary", type="submit", busy=form.is_saving),
            ),
            on_submit=form.save,
            class_name="form",
        ),
        open=form.form == "waive",
        on_close=form.close,
        description=form.title,
    )


def _reason(form: str) -> rx.Component:
    return text_field(
        "reason",
        "Reason",
        CancelForm.errors,
        optional=True,
        max_length=200,
        form=form,
        hint="It is part of the message, in your words.",
        on_change=CancelForm.type_reason.debounce(400),
    )
