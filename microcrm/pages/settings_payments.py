"""Settings, Online payments."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button
from microcrm.components.cards import card, chip, facts
from microcrm.components.dialogs import confirm
from microcrm.components.feedback import alert, skeleton_lines
from microcrm.components.fields import text_field
from microcrm.components.hotkeys.hotkeys import copies
from microcrm.pages.settings_frame import settings_screen
from microcrm.state.settings_payments import PaymentSettings as S

_EVENTS = "payment, order, refund, payment link and dispute events"


def settings_payments() -> rx.Component:
    return settings_screen(
        "Online payments",
        rx.cond(
            S.is_ready,
            rx.fragment(_now(), _keys(), rx.cond(S.account.mode != "", _hook())),
            card("Razorpay", skeleton_lines(4)),
        ),
        confirm(
            "Remove the keys?",
            "Customers cannot pay online any more. What was paid stays; refunds have to be made in Razorpay.",
            open=S.is_removing,
            on_close=S.ask_to_remove(False),
            on_confirm=S.remove,
            action="Remove",
        ),
        here="/settings/payments",
        sub="Bills paid with your own account at Razorpay",
    )


def _now() -> rx.Component:
    return card(
        "How it stands",
        rx.match(
            S.account.mode,
            ("live", alert("ok", "Customers can pay online", "The money goes to your own account at Razorpay.")),
            (
                "test",
                alert("warn", "Test keys: no money moves", "Enter the keys that begin with rzp_live_ to be paid."),
            ),
            (
                "sandbox",
                alert("warn", "Sandbox: no money moves", "A stand-in for Razorpay on this machine, to try things."),
            ),
            alert("info", "Customers cannot pay online yet", "Enter the keys of your account at Razorpay below."),
        ),
        rx.cond(
            S.account.mode != "",
            facts(
                ("Key id", rx.el.span(S.account.key_id, class_name="num")),
                ("Key secret", chip("Saved, sealed", "ok", "lock")),
                ("Webhook secret", chip("Saved, sealed", "ok", "lock")),
                ("Tried", S.account.checked),
                ("Last heard from", rx.cond(S.account.heard != "", S.account.heard, "Nothing yet")),
            ),
        ),
        rx.el.div(
            rx.cond(
                S.has_sandbox & ((S.account.mode == "") | (S.account.mode == "sandbox")),
                button(
                    rx.cond(S.account.mode == "sandbox", "Connect the sandbox again", "Try it in the sandbox"),
                    busy=S.saving == "sandbox",
                    on_click=S.try_sandbox,
                ),
            ),
            rx.cond(S.account.mode != "", button("Remove the keys", kind="quiet", on_click=S.ask_to_remove(True))),
            class_name="row",
        ),
    )


def _keys() -> rx.Component:
    kept = rx.cond(S.account.key != "", "Empty: it stays as it is", "It is tried at Razorpay before it is saved")
    return card(
        rx.cond(S.account.key != "", "Change the keys", "Keys of Razorpay"),
        rx.el.form(
            text_field(
                "key_id", "Key id", S.errors, value=S.account.key, max_length=40, auto_complete="off",
                hint="In Razorpay: Account & Settings, API keys. It begins with rzp_live_ or rzp_test_",
            ),
            text_field(
                "key_secret", "Key secret", S.errors, type="password", max_length=80, auto_complete="new-password",
                hint=kept,
            ),
            text_field(
                "hook_secret", "Webhook secret", S.errors, type="password", max_length=80, auto_complete="new-password",
                hint="A text of your own choice, at least 8 characters; the same in Razorpay’s webhook form",
            ),
            rx.cond(
                S.account.previous != "",
                rx.el.p("The webhook secret before this one still counts until ", S.account.previous, ".", class_name="hint"),
            ),
            rx.el.div(
                button("Try and save", kind="next", busy=S.saving == "keys", type="submit"), class_name="form-actions"
            ),
            on_submit=S.save, class_name="form", key=f"keys-{S.account.version}", no_validate=True,
        ),
        sub="Kept sealed. Nobody can read them here again, you neither.",
    )  # fmt: skip


def _hook() -> rx.Component:
    return card(
        "Where Razorpay tells us",
        rx.el.p(
            f"In Razorpay, under Account & Settings, Webhooks, add this address with your webhook secret and tick {_EVENTS}."
        ),
        rx.el.div(
            rx.el.code(S.account.hook), button("Copy", icon="copy", **copies(S.account.hook)), class_name="link-now"
        ),
        rx.el.p("Without it payments are still found, by asking every few minutes.", class_name="hint"),
    )
