"""The panel in which the words of one message are written, with the message as it would arrive below."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.components.buttons import button, segmented, submit, text_button
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.fields import area_field, text_field
from microcrm.components.hotkeys.hotkeys import copies
from microcrm.components.wording.wording import wording
from microcrm.domain.messenger import Channel
from microcrm.domain.notices import LANGUAGE_NAMES
from microcrm.domain.step_words import CHANNEL_WORDS
from microcrm.state.settings_texts import MessageWords as S

_PLAINER = "Written with “Rs.” and plain quotes, because that takes less room."
_CHANNELS = [(channel.value, CHANNEL_WORDS[channel]) for channel in Channel]


def words_panel() -> rx.Component:
    return panel(
        S.words.title,
        rx.cond(S.is_open, rx.el.div(_choices(), _form(), class_name="stack")),
        open=S.is_open,
        on_close=S.close,
        description=rx.cond(
            S.words.is_advertising,
            "Counts as advertising: goes only to adults who agreed to offers, and says how to end them.",
            "",
        ),
    )


def _choices() -> rx.Component:
    return rx.el.div(
        segmented("Way", _CHANNELS, S.words.channel, S.pick_channel),
        segmented("Language", list(LANGUAGE_NAMES.items()), S.words.language, S.pick_language),
        class_name="stack-s",
    )


def _form() -> rx.Component:
    drop = rx.el.div(text_button("Use the built-in text", on_click=S.drop), class_name="row")
    return words_form(S, _test(), rx.cond(S.words.is_own, drop))


def words_form(state: Any, *more: rx.Component) -> rx.Component:
    """The text with its variables, how it arrives, what it is registered as; ``more`` before the buttons."""
    words = state.words
    return rx.el.form(
        wording(
            name="text",
            label="Text",
            start=words.text,
            places=words.places,
            error=wrong_in(state, "text"),
            hint="Press a word below to put it in. It becomes the customer’s own when the message leaves.",
            lang=words.language,
            on_type=lambda text: state.put("text", text).debounce(300),
        ),
        as_it_arrives(state),
        registered_fields(state),
        *more,
        form_footer(button("Close", on_click=state.close), submit("Save", busy=state.is_saving)),
        on_submit=state.save,
        key=words.turn,
        class_name="form",
    )


def wrong_in(state: Any, name: str) -> rx.Var[str]:
    """What saving said, else what the last look said."""
    said = rx.cond(state.wrong.contains(name), state.wrong[name], "")
    return rx.cond(state.errors.contains(name), state.errors[name], said)


def as_it_arrives(state: Any) -> rx.Component:
    """On a phone, with its size and its price. ``state``: one with ``words``, ``shown``, ``wrong`` and ``put``, here and below."""
    bubble = rx.el.div(
        rx.el.div(rx.foreach(state.shown.lines, lambda line, place: rx.el.p(line, key=place))),
        class_name=rx.match(state.words.channel, ("whatsapp", "alert alert-ok"), ("sms", "alert alert-info"), "alert"),
        lang=state.words.language,
    )
    return rx.el.div(
        rx.el.p("As it arrives, with an example", class_name="meta"),
        rx.cond(state.shown.lines.length() > 0, bubble, rx.el.p("It cannot be sent like this.", class_name="hint")),
        rx.cond(state.shown.count != "", rx.el.p(state.shown.count, class_name=rx.cond(state.shown.is_long, "strong", "meta"))),
        rx.cond(state.shown.is_plainer, rx.el.p(_PLAINER, class_name="hint")),
        class_name="preview stack-s",
        role="status",
    )  # fmt: skip


def registered_fields(state: Any) -> rx.Component:
    """What the text is registered as, where its channel wants that."""
    return rx.match(state.words.channel, ("whatsapp", _whatsapp(state)), ("sms", _sms(state)), rx.fragment())


def _whatsapp(state: Any) -> rx.Component:
    return rx.fragment(
        text_field(
            "content_sid",
            "Content SID of the registered text",
            state.wrong,
            value=state.words.content_sid,
            hint="WhatsApp takes other texts only within 24 hours of a customer’s own message. Begins with HX.",
            optional=True,
            form="text",
            max_length=60,
            on_change=lambda value: state.put("content_sid", value).debounce(300),
        ),
        rx.cond(
            state.shown.register != "",
            rx.el.details(
                rx.el.summary("The text to register at Twilio"),
                rx.el.div(
                    rx.el.code(state.shown.register), button("Copy", icon="copy", **copies(state.shown.register)), class_name="link-now"
                ),
                class_name="more",
            ),
        ),
    )  # fmt: skip


def _sms(state: Any) -> rx.Component:
    words = state.words
    return rx.el.details(
        rx.el.summary("Registered on DLT"),
        rx.el.div(
            text_field(
                "dlt_template_id", "DLT template id", state.wrong, value=words.dlt_template_id, optional=True, form="text",
                input_mode="numeric", max_length=40, on_change=lambda value: state.put("dlt_template_id", value).debounce(300),
            ),
            area_field(
                "dlt_text", "Registered text", state.wrong, value=words.dlt_text, optional=True, form="text", rows=4,
                hint="As it stands on the portal, with its tags such as {#alphanumeric#}. An SMS that differs is not sent.",
                on_change=lambda value: state.put("dlt_text", value).debounce(300),
            ),
            text_field(
                "dlt_on", "Registered on", state.wrong, value=words.dlt_on, optional=True, form="text", max_length=40,
                hint="Texts from before 14 Jan 2026 may have {#var#} in them.",
                on_change=lambda value: state.put("dlt_on", value).debounce(300),
            ),
            class_name="form",
        ),
        class_name="more",
        open=words.dlt_text != "",
    )  # fmt: skip


def _test() -> rx.Component:
    return rx.cond(
        S.words.channel != "email",
        rx.fragment(
            text_field(
                "to", "Send a test to my phone", S.errors, before="+91", optional=True, form="text", type="tel",
                input_mode="tel", auto_complete="tel-national", max_length=20, hint="As it stands above, saved or not.",
                on_change=lambda value: S.put("to", value).debounce(300),
            ),
            rx.el.div(
                button("Send the test", icon="send", on_click=S.send_test, busy=S.is_trying, busy_label="Sending…"),
                class_name="row",
            ),
        ),
    )  # fmt: skip
