"""Settings, Booking rules."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, link
from microcrm.components.cards import card, chip
from microcrm.components.feedback import alert, skeleton_lines
from microcrm.components.fields import (
    area_field,
    choice_field,
    field_error,
    minutes_field,
    money_field,
    select_field,
    switch_field,
    text_field,
)
from microcrm.domain.booking_policy import CODE_WAYS
from microcrm.domain.notices import NOT_SENT_YET
from microcrm.pages.settings_frame import settings_screen
from microcrm.state.settings_booking import STEPS
from microcrm.state.settings_booking import BookingRules as S


def settings_booking() -> rx.Component:
    return settings_screen(
        "Booking rules",
        rx.cond(
            S.is_ready,
            rx.fragment(_online(), _lateness(), _ahead(), _waiting(), _desk()),
            card("Online booking", skeleton_lines(4)),
        ),
        here="/settings/booking",
        sub="What customers may book by themselves, and what lateness costs",
    )


def _online() -> rx.Component:
    return card(
        "Online booking",
        rx.el.form(
            switch_field("is_online", "Customers can book online", checked=S.rules.is_online),
            switch_field(
                "needs_approval", "I answer every booking first", checked=S.rules.needs_approval,
                hint="Until you answer, the time is kept and the customer waits",
            ),
            switch_field(
                "is_code_needed", "Customers type a code first", checked=S.rules.is_code_needed,
                hint="Six digits that are sent to them show that the phone or e-mail address is theirs",
            ),
            select_field(
                "code_way", "Where the code goes", S.errors, list(CODE_WAYS.items()), value=S.rules.code_way,
                hint="While neither WhatsApp nor SMS works in Settings, Messages, codes go by e-mail",
            ),
            rx.el.div(
                _minutes("min_notice_min", "At the latest before the visit", S.rules.min_notice_min, "60 means one hour"),
                _number("horizon_days", "Days ahead", S.rules.horizon_days, "days"),
                _minutes("slot_step_min", "Start times every", S.rules.slot_step_min),
                _number("most_per_day", "Most online visits a day", S.rules.most_per_day, "visits", "Empty: no limit"),
                _minutes("hold_min", "Time is kept while the form is filled in", S.rules.hold_min),
                _number("approval_hours", "Time to answer a request", S.rules.approval_hours, "h",
                        "After that it lapses and the time is free again"),
                class_name="grid-2",
            ),
            area_field("note", "Note before booking", S.errors, value=S.rules.note, rows=3, optional=True,
                       hint="Customers read it before they book"),
            _save("online"),
            on_submit=S.save_online, class_name="form", key=f"online-{S.rules.version}", no_validate=True,
        ),
    )  # fmt: skip


def _lateness() -> rx.Component:
    return card(
        "Cancelling and not coming",
        rx.el.form(
            rx.el.div(
                _minutes("cancel_cutoff_min", "Cancelling is late from", S.rules.cancel_cutoff_min,
                         "Minutes before the visit; 240 means four hours"),
                _minutes("reschedule_cutoff_min", "Customers move a visit until", S.rules.reschedule_cutoff_min,
                         "Minutes before the visit; later they have to call"),
                class_name="grid-2",
            ),
            rx.el.fieldset(
                rx.el.legend("What a late cancellation costs"),
                *[_step(n) for n in STEPS],
                field_error("fee_ladder", S.errors),
                class_name="form",
            ),
            _number("no_show_percent", "Who does not come pays", S.rules.no_show_percent, "%", "0: nothing"),
            alert("info", S.rules.example),
            _save("lateness"),
            on_submit=S.save_lateness, class_name="form", key=f"lateness-{S.rules.version}", no_validate=True,
        ),
        sub="The fee is noted on the visit. You can waive it, with a reason.",
    )  # fmt: skip


def _step(n: int) -> rx.Component:
    return rx.el.div(
        text_field(
            f"within_{n}", f"Step {n}: less than", S.errors, value=S.rules.within[n - 1], after="min before",
            input_mode="numeric", max_length=5, optional=True,
        ),
        text_field(
            f"percent_{n}", f"Step {n}: of the price", S.errors, value=S.rules.percent[n - 1], after="%",
            input_mode="numeric", max_length=3, optional=True,
        ),
        class_name="grid-2",
    )  # fmt: skip


def _ahead() -> rx.Component:
    kinds = [
        ("none", "Nothing", "Customers pay at the shop."),
        ("fixed", "A fixed amount", "Once a visit, never more than its price."),
        ("percent", "A share of the price", "In whole rupees, of the price with GST."),
        ("full", "The full price", ""),
    ]
    return card(
        "Paying ahead",
        rx.el.form(
            rx.cond(
                S.takes_online,
                alert(
                    "info",
                    "A visit is booked once this is paid",
                    "Whoever books online pays through Razorpay before the visit is booked. Meanwhile the time is kept; "
                    "without the payment it is free again. What comes back when they cancel follows the fees above.",
                ),
                alert(
                    "warn",
                    "Nobody pays ahead yet",
                    "The shop takes no payments online, so what you choose here has no effect until it does.",
                    action=link("Online payments", "/settings/payments"),
                ),
            ),
            rx.cond(S.mode_mark != "", rx.el.p(chip(S.mode_mark, "warn"))),
            choice_field("deposit_kind", "What is paid ahead", S.errors, kinds, value=S.rules.deposit_kind),
            rx.el.div(
                rx.el.div(
                    money_field("deposit_amount", "Amount of a visit", S.errors, value=S.rules.deposit_amount),
                    class_name="if-fixed",
                ),
                rx.el.div(
                    text_field(
                        "deposit_percent", "Share of the price", S.errors, value=S.rules.deposit_percent, after="%",
                        input_mode="numeric", max_length=2,
                    ),
                    class_name="if-percent",
                ),
                _minutes("payment_min", "The time is kept for", S.rules.payment_min, "From the booking until it must be paid"),
                class_name="grid-2",
            ),
            _save("deposit"),
            on_submit=S.save_deposit, class_name="form ahead", key=f"deposit-{S.rules.version}", no_validate=True,
        ),
        sub="Each service can have a rule of its own, under Services",
    )  # fmt: skip


def _waiting() -> rx.Component:
    return card(
        "Waiting list",
        rx.el.form(
            switch_field(
                "is_waitlist_on", "Keep a waiting list", checked=S.rules.is_waitlist_on,
                hint="When a visit is cancelled, its time is kept for whoever waits and is first in line. Customers join from "
                "the booking page, your team under Waiting list.",
            ),
            rx.el.div(
                _minutes("offer_min", "Time to answer an offer", S.rules.offer_min,
                         "So long the time is kept. Then the next in line is asked."),
                _number("offer_band", "Asked at once", S.rules.offer_band, "people",
                        "1: one after the other. More: the first who says yes gets it."),
                class_name="grid-2",
            ),
            rx.cond(~S.is_sending, alert("info", NOT_SENT_YET)),
            _save("waiting"),
            on_submit=S.save_waiting, class_name="form", key=f"waiting-{S.rules.version}", no_validate=True,
        ),
    )  # fmt: skip


def _desk() -> rx.Component:
    return card(
        "At the desk",
        rx.el.form(
            switch_field(
                "is_override_allowed", "Staff may book outside the rules with a reason",
                checked=S.rules.is_override_allowed,
                hint="Outside working hours, or without the pause between two visits. Two visits never share a minute.",
            ),
            switch_field(
                "is_telling_usual", "Customers are told of changes", checked=S.rules.is_telling_usual,
                hint="“Tell the customer” is ticked when a visit is booked, moved or cancelled; the desk can untick it.",
            ),
            switch_field("is_queue_on", "Walk-in queue with numbers", checked=S.rules.is_queue_on),
            _save("desk"),
            on_submit=S.save_desk, class_name="form", key=f"desk-{S.rules.version}", no_validate=True,
        ),
    )  # fmt: skip


def _minutes(name: str, label: str, value: rx.Var[str], hint: str = "") -> rx.Component:
    return minutes_field(name, label, S.errors, value=value, hint=hint, max_length=5)


def _number(name: str, label: str, value: rx.Var[str], after: str, hint: str = "") -> rx.Component:
    return text_field(name, label, S.errors, value=value, after=after, hint=hint, input_mode="numeric", max_length=5)


def _save(section: str) -> rx.Component:
    """Plain, not solid: there is one on each card."""
    return rx.el.div(button("Save", kind="next", busy=S.saving == section, type="submit"), class_name="form-actions")
