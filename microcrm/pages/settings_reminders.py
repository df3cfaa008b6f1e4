"""Settings, Reminders and texts: what goes out by itself and when, and the words of every message."""

from __future__ import annotations

from itertools import permutations

import reflex as rx

from microcrm.components.buttons import button, entry, link_button, menu, menu_item, menu_trigger, submit
from microcrm.components.cards import card, chip
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.feedback import skeleton_lines
from microcrm.components.fields import choice_field, select_field, switch_field, text_field
from microcrm.domain.messenger import Channel
from microcrm.domain.step_words import order_words
from microcrm.operations.messaging.steps import UNITS
from microcrm.pages.settings_frame import settings_screen
from microcrm.pages.settings_texts import words_panel
from microcrm.state.settings_reminders import NewsRow, StepRow
from microcrm.state.settings_reminders import Reminders as S
from microcrm.state.settings_texts import MessageWords

_WAYS = [(",".join(ways), order_words(ways)) for n in (3, 2, 1) for ways in permutations(Channel, n)]
_HOURS = (
    "It goes out between 8 in the morning and 9 in the evening; what would fall into the night goes the evening before."
)
_OFFER_HOURS = (
    "It goes out between 10 in the morning and half past 8 in the evening, and only to adults who agreed to offers."
)
_UNITS = [(unit, unit) for unit in UNITS]
# Loading closes what an earlier visit left open: nothing can be opened before it is done.
_READY = S.is_ready & S.is_hydrated
_KINDS = [
    ("long", "So long before or after", "As 2 hours before the visit begins"),
    ("clock", "At a time of day", "As the day before at 6:00 pm"),
]


def settings_reminders() -> rx.Component:
    return settings_screen(
        "Reminders and texts",
        card(
            "What goes out by itself",
            rx.cond(_READY, rx.el.ul(rx.foreach(S.rows, _row), class_name="list"), skeleton_lines(4)),
            padded=False,
        ),
        card("How they are sent", rx.cond(S.is_ready, _plan(), skeleton_lines(3))),
        card(
            "When something happens",
            rx.cond(_READY, rx.el.ul(rx.foreach(S.news, _news), class_name="list"), skeleton_lines(8)),
            sub="Press one to change its words",
            padded=False,
        ),
        _timing(),
        words_panel(),
        here="/settings/reminders",
        actions=[link_button("Channels and account", "/settings/messages")],
        sub="What customers hear from you, when, and in which words",
    )


def _row(row: rx.Var[StepRow]) -> rx.Component:
    uid = "step-" + row.key
    acts = menu(
        uid,
        menu_trigger(uid, "More"),
        menu_item(uid, "When it goes", icon="clock", on_click=S.begin(row.key, False)),
        menu_item(uid, "Its words", icon="pencil", on_click=MessageWords.begin(row.step)),
        rx.cond(row.may_differ, menu_item(uid, "Another rule for one service", icon="plus", on_click=S.begin(row.key, True))),
        rx.cond(
            row.is_changed,
            menu_item(
                uid, rx.cond(row.is_for_one, "Remove this rule", "As it was at first"), icon="undo_2",
                on_click=S.start_again(row.key),
            ),
        ),
    )  # fmt: skip
    return rx.el.li(
        entry(row.name, row.about, S.begin(row.key, False)),
        rx.cond(row.has_own_words, chip("Own text", "info")),
        rx.cond(row.is_on, chip("On", "ok"), chip("Off")),
        acts,
        key=row.key,
    )


def _news(row: rx.Var[NewsRow]) -> rx.Component:
    own = rx.cond(row.has_own_words, chip("Own text", "info"))
    return rx.el.li(entry(row.name, row.about, MessageWords.begin(row.step)), own, key=row.step)


def _plan() -> rx.Component:
    return rx.el.form(
        select_field("channels", "Sent by", S.errors, _WAYS, value=S.plan.ways, form="plan"),
        text_field(
            "review_url",
            "Link to reviews",
            S.errors,
            value=S.plan.review_url,
            hint="Your page at Google Maps or elsewhere. Thanks lead there.",
            optional=True,
            form="plan",
            type="url",
            max_length=500,
        ),
        text_field(
            "sms_price",
            "Price of one SMS",
            S.errors,
            value=S.plan.sms_price,
            hint="As agreed with whoever sends them for you. Then each text says what it costs.",
            optional=True,
            before="₹",
            form="plan",
            input_mode="decimal",
            max_length=10,
        ),
        rx.el.div(submit("Save"), class_name="form-actions"),
        on_submit=S.save_plan,
        key=S.plan.version,
        class_name="form",
    )


def _timing() -> rx.Component:
    t = S.timing
    length = rx.el.div(
        text_field("amount", "How long", S.errors, value=t.amount, form="timing", input_mode="numeric", max_length=5),
        select_field("unit", "Unit", S.errors, _UNITS, value=t.unit, form="timing"),
        class_name="grid-2",
    )
    clock = rx.el.div(
        text_field(
            "days", "Days before or after", S.errors, value=t.days, hint="0 is the day itself", form="timing",
            input_mode="numeric", max_length=3,
        ),
        text_field("time", "Time", S.errors, value=t.time, form="timing", type="time"),
        class_name="grid-2",
    )  # fmt: skip
    kind = choice_field(
        "kind",
        "When",
        S.errors,
        _KINDS,
        value=rx.cond(t.is_at_clock, "clock", "long"),
        form="timing",
        on_change=S.choose_kind,
    )
    form = rx.el.form(
        switch_field("is_on", "Goes out", checked=t.is_on),
        rx.cond(
            t.is_new,
            select_field(
                "service_id", "For the service", S.errors, S.services, blank="Choose a service", form="timing"
            ),
        ),
        rx.cond(
            t.has_time,
            rx.cond(t.is_by_day, clock, rx.fragment(kind, rx.cond(t.is_at_clock, clock, length))),
        ),
        select_field("channels", "Sent by", S.errors, _WAYS, value=t.ways, blank="As for all messages", form="timing"),
        rx.el.p(rx.cond(t.is_advertising, _OFFER_HOURS, _HOURS), class_name="meta"),
        form_footer(button("Cancel", on_click=S.close), submit("Save", busy=S.is_saving)),
        on_submit=S.save,
        key=t.turn,
        class_name="form",
    )
    return panel(t.title, rx.cond(S.is_open, form), open=S.is_open, on_close=S.close, description=t.why)
