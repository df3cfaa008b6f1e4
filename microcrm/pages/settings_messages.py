"""Settings, Messages: by which account and channels they leave."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import away_button, button, link_button, submit
from microcrm.components.cards import card, chip, facts
from microcrm.components.dialogs import confirm
from microcrm.components.feedback import alert, skeleton_lines
from microcrm.components.fields import phone_field, select_field, text_field
from microcrm.components.hotkeys.hotkeys import copies
from microcrm.domain.notices import NoticeStep
from microcrm.domain.reply_words import quick_replies
from microcrm.pages.settings_frame import settings_screen
from microcrm.state.settings_messages import ChannelRow
from microcrm.state.settings_messages import MessageSettings as S


def settings_messages() -> rx.Component:
    return settings_screen(
        "Messages",
        rx.cond(
            S.is_ready,
            rx.fragment(
                _now(), rx.foreach(S.channels, _channel), rx.cond(S.account.mode != "", _test()), _keys(),
                rx.cond(S.account.mode != "", _hook()),
            ),
            card("How it stands", skeleton_lines(6)),
        ),
        confirm(
            "Remove the account?",
            "Nothing leaves by WhatsApp or SMS any more, and answers of customers no longer come in. What was sent stays.",
            open=S.is_removing,
            on_close=S.ask_to_remove(False),
            on_confirm=S.remove,
            action="Remove",
        ),
        here="/settings/messages",
        actions=[link_button("Reminders and texts", "/settings/reminders")],
        sub="By which account and senders messages leave",
    )  # fmt: skip


def _now() -> rx.Component:
    return card(
        "How it stands",
        rx.match(
            S.account.mode,
            (
                "live",
                alert(
                    "ok", "Twilio is connected", "Messages leave in your shop’s name, and Twilio bills your account."
                ),
            ),
            (
                "sandbox",
                alert(
                    "warn",
                    "Sandbox: no customer gets anything",
                    "Messages go to a page that looks like a phone. There you can read and answer them as a customer.",
                ),
            ),
            alert("info", "Nothing leaves by WhatsApp or SMS yet", "Connect your account at Twilio below."),
        ),
        rx.cond(
            ~S.account.is_readable,
            alert("bad", "The auth token can’t be read any more", "Enter it again below: until then nothing leaves."),
        ),
        rx.cond(
            S.account.mode != "",
            facts(
                ("Account SID", rx.el.span(S.account.shown_sid, class_name="num", style={"overflow_wrap": "anywhere"})),
                ("Auth token", chip("Saved, sealed", "ok", "lock")),
                ("Tried", S.account.checked),
                ("Last heard from", rx.cond(S.account.heard != "", S.account.heard, "Nothing yet")),
            ),
        ),
        _connecting(),
    )


def _connecting() -> rx.Component:
    is_sandbox = S.account.mode == "sandbox"
    return rx.el.div(
        rx.cond(is_sandbox, away_button("Open the phone", S.phone_page, icon="smartphone", target="_blank")),
        rx.cond(
            S.has_sandbox & ((S.account.mode == "") | is_sandbox),
            button(
                rx.cond(is_sandbox, "Connect the sandbox again", "Try it in the sandbox"),
                busy=S.saving == "sandbox", busy_label="Connecting…", on_click=S.try_sandbox,
            ),
        ),
        rx.cond(S.account.mode != "", button("Remove the account", kind="quiet", on_click=S.ask_to_remove(True))),
        class_name="row",
    )  # fmt: skip


def _channel(row: rx.Var[ChannelRow]) -> rx.Component:
    about = rx.match(
        row.key,
        ("whatsapp", "Free text for 24 hours after a customer wrote, otherwise templates that WhatsApp has approved."),
        ("sms", "In India one way: customers cannot answer. Texts and header are registered with DLT."),
        "With a plain text and a link to choose what they want to get.",
    )
    return card(
        row.name,
        rx.el.div(
            chip(row.state, row.tone),
            rx.cond(
                row.can_switch,
                button(
                    rx.cond(row.is_on, "Switch off", "Switch on"),
                    aria_label=rx.cond(row.is_on, "Switch " + row.name + " off", "Switch " + row.name + " on"),
                    on_click=S.switch(row.key, ~row.is_on),
                ),
            ),
            class_name="row",
        ),
        rx.cond((row.why != "") | (row.to_do != ""), rx.el.p(row.why, " ", row.to_do)),
        rx.match(
            row.key,
            (
                "whatsapp",
                _sender_form(row, "whatsapp", "+91 80 4567 8900: the number that is registered with WhatsApp"),
            ),
            ("sms", _sender_form(row, "sms", "Your header (such as LOTUSS), a number, or a messaging service (MG…)")),
            rx.fragment(),
        ),
        rx.cond(row.key == "whatsapp", _buttons()),
        sub=about,
    )


def _buttons() -> rx.Component:
    """Of a template that asks to confirm: what a press sends back is the button's id, whatever stands on it."""
    return rx.el.div(
        rx.el.p(
            "Buttons of a template that WhatsApp has approved (type “Quick reply”) need these ids, in any language:"
        ),
        *[
            rx.el.div(
                rx.el.code(one),
                rx.el.span("such as “", words, "”", class_name="meta"),
                button("Copy", icon="copy", aria_label=f"Copy {one}", **copies(one)),
                class_name="link-now",
            )
            for one, words in quick_replies(NoticeStep.ASK_TO_CONFIRM, "en")
        ],
        class_name="stack-s",
    )


def _sender_form(row: rx.Var[ChannelRow], key: str, hint: str) -> rx.Component:
    dlt = text_field(
        "sms_dlt_entity_id", "DLT entity id", S.errors, value=row.dlt, optional=True, input_mode="numeric", max_length=30,
        hint="The 19 digits of your business at the operator’s DLT portal",
    )  # fmt: skip
    offers = text_field(
        "sms_offer_sender", "Header for offers", S.errors, value=row.offer_sender, optional=True, input_mode="numeric", max_length=8,
        hint="The number that DLT gave you for promotional SMS. Without it no offer leaves by SMS.",
    )  # fmt: skip
    return rx.el.form(
        rx.el.input(type="hidden", name="channel", value=key),
        text_field(
            f"{key}_sender", "Sender", S.errors, value=row.sender, max_length=40, auto_complete="off", hint=hint,
            read_only=S.account.mode == "sandbox",
        ),
        rx.fragment(dlt, offers) if key == "sms" else rx.fragment(),
        text_field(
            f"{key}_per_second", "Messages a second", S.errors, value=row.pace, input_mode="numeric", max_length=4,
            hint="As many as Twilio lets this sender send; the rest waits its turn",
        ),
        rx.el.div(submit("Save", busy=S.saving == key), class_name="form-actions"),
        on_submit=S.save_channel, class_name="form", key=f"{key}-{row.version}", no_validate=True,
    )  # fmt: skip


def _test() -> rx.Component:
    options = [("whatsapp", "WhatsApp"), ("sms", "SMS")]
    return card(
        "Try it",
        rx.el.form(
            select_field("test_channel", "By", S.errors, options, value="whatsapp"),
            phone_field("test_phone", "Your own mobile number", S.errors),
            rx.el.div(
                button("Send a test message", icon="send", type="submit", busy=S.saving == "test", busy_label="Sending…"),
                class_name="form-actions",
            ),
            on_submit=S.send_test, class_name="form", no_validate=True,
        ),
        rx.el.div(
            rx.match(
                S.tried.tone,
                ("ok", alert("ok", S.tried.title, S.tried.text)),
                ("info", alert("info", S.tried.title, S.tried.text)),
                ("warn", alert("warn", S.tried.title, S.tried.text)),
                ("bad", alert("bad", S.tried.title, S.tried.text)),
                rx.fragment(),
            ),
            role="status",
        ),
        sub=rx.cond(S.account.mode == "sandbox", "It goes to the phone page.", "It leaves like any message; Twilio bills it."),
    )  # fmt: skip


def _keys() -> rx.Component:
    kept = rx.cond(S.account.sid != "", "Empty: it stays as it is", "It is tried at Twilio before it is saved")
    return card(
        rx.cond(S.account.sid != "", "Change the keys", "Account at Twilio"),
        rx.el.form(
            text_field(
                "account_sid", "Account SID", S.errors, value=S.account.sid, max_length=40, auto_complete="off",
                hint="On the first page of Twilio’s console. It begins with AC",
            ),
            text_field(
                "auth_token", "Auth token", S.errors, type="password", max_length=64, auto_complete="new-password", hint=kept
            ),
            rx.el.div(
                button("Try and save", kind="next", busy=S.saving == "account", type="submit"), class_name="form-actions"
            ),
            on_submit=S.save, class_name="form", key=f"account-{S.account.version}", no_validate=True,
        ),
        sub="Kept sealed. Nobody can read it here again, you neither.",
    )  # fmt: skip


def _hook() -> rx.Component:
    return card(
        "Where Twilio tells us",
        rx.el.p(
            "In Twilio, as the address for incoming messages of the sender (“A message comes in”, HTTP POST), enter:"
        ),
        _address(S.account.inbound_url),
        rx.el.p("What became of a message is told by itself, at this address:"),
        _address(S.account.status_url),
        rx.cond(
            ~S.account.is_reachable,
            alert("warn", "Twilio cannot reach this address", "It needs a public address that begins with https."),
        ),
    )


def _address(url: rx.Var[str]) -> rx.Component:
    return rx.el.div(
        rx.el.code(url),
        button("Copy", icon="copy", **copies(url)),
        class_name="link-now",
    )
