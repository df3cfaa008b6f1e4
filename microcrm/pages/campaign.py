"""One campaign: its words, who gets it and why the others don't, sending it, and what came of it."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, crumb, entry, link, link_button, submit
from microcrm.components.cards import card, chip
from microcrm.components.dialogs import panel
from microcrm.components.feedback import alert, blank, skeleton_lines
from microcrm.components.fields import choice_field, error_summary, select_field, text_field
from microcrm.components.watch.watch import watch
from microcrm.domain.campaigns import MOST_PACE, NAME_LIMIT
from microcrm.domain.permissions import Permission
from microcrm.pages.campaign_words import campaign_words
from microcrm.pages.campaigns import WAYS
from microcrm.pages.frame import screen
from microcrm.state.campaign import CampaignPage as S
from microcrm.state.campaign_names import CampaignNames, NameRow
from microcrm.state.campaign_view import Figure, ReasonRow, WordsRow
from microcrm.state.campaign_words import CampaignWords

REFRESH_SECONDS = 5
_LABELS = {"name": "Name", "segment": "To", "channels": "Sent by", "pace": "Messages a minute"}
_WHEN = [("now", "Now", "In the hours for offers: from 10 in the morning to half past 8 in the evening"),
         ("later", "On a day", "From the hour that you choose")]  # fmt: skip
_MAY_SET_UP = S.allowed.contains(Permission.BUSINESS_EDIT.value)
_IS_DRAFT = S.one.state == "draft"


def campaign() -> rx.Component:
    return screen(
        rx.cond(S.one.name != "", S.one.name, "Campaign"),
        rx.cond(S.is_read, rx.cond(S.one.id != "", _body(), _none()), skeleton_lines(8)),
        _names(),
        campaign_words(),
        watch(seconds=REFRESH_SECONDS, on_pulse=S.pulse),
        here="/inbox",
        back=crumb("Campaigns", "/campaigns"),
        sub=S.one.line,
        actions=[
            rx.cond(S.one.id != "", rx.el.p(chip(S.one.status, S.one.tone), class_name="row")),
            rx.cond(S.may_send, _acts()),
        ],
    )


def _acts() -> rx.Component:
    """Stop is one press, and at once."""
    stop = button("Stop", icon="ban", kind="danger", on_click=S.stop)
    return rx.match(
        S.one.state,
        ("draft", button("Delete", icon="trash_2", kind="quiet", on_click=S.discard)),
        ("running", rx.fragment(button("Pause", icon="pause", on_click=S.pause), stop)),
        ("paused", rx.fragment(button("Go on", icon="play", on_click=S.go_on), stop)),
        rx.fragment(),
    )


def _none() -> rx.Component:
    return blank(
        "megaphone",
        "Which campaign?",
        "Choose one from the list, or begin a new one.",
        link_button("All campaigns", "/campaigns"),
    )


def _body() -> rx.Component:
    return rx.cond(_IS_DRAFT, rx.cond(S.may_send, _draft(), _read_only()), _course())


def _read_only() -> rx.Component:
    return alert("info", "This campaign is still being written.", "A manager sends it on its way.")


def _draft() -> rx.Component:
    return rx.el.div(
        rx.el.div(card("What it is", _what()), card("Words", _words(), padded=False), class_name="stack"),
        rx.el.div(_preview(), card("Send it", _send()), class_name="stack"),
        class_name="grid-2",
    )


def _what() -> rx.Component:
    one = S.one
    return rx.el.form(
        error_summary(S.errors, _LABELS, form="what"),
        text_field("name", "Name", S.errors, value=one.name, form="what", max_length=NAME_LIMIT),
        select_field(
            "segment", "To", S.errors, S.segments, value=one.segment, blank="Choose a segment", form="what",
            hint=rx.cond(one.segment_words != "", one.segment_words, "This segment is no longer there."),
        ),
        select_field("channels", "Sent by", S.errors, WAYS, value=one.ways, form="what"),
        text_field(
            "pace", "Messages a minute", S.errors, value=one.pace, form="what", input_mode="numeric", max_length=3,
            hint=f"At most {MOST_PACE}. Reminders always go first.",
        ),
        rx.el.div(submit("Save", busy=S.is_saving), class_name="form-actions"),
        on_submit=S.save,
        key=one.id + "-" + one.version.to_string(),
        class_name="form",
    )  # fmt: skip


def _words() -> rx.Component:
    return rx.el.ul(rx.foreach(S.words, _words_row), class_name="list")


def _words_row(row: rx.Var[WordsRow]) -> rx.Component:
    about = rx.cond(row.is_written, "Press to change it", "Those who speak it get the first text that is written")
    return rx.el.li(
        entry(row.label, about, CampaignWords.begin(row.channel, row.language)),
        rx.cond(row.is_written, chip("Written", "ok"), chip("Not written")),
        key=row.key,
    )


def _preview() -> rx.Component:
    shown = S.preview
    found = rx.fragment(
        rx.el.div(
            rx.el.p(shown.total, class_name="strong num"),
            rx.el.p(rx.foreach(shown.ways, lambda one: chip(one.label + ": " + one.value, "info")), class_name="row"),
            rx.cond(shown.note != "", rx.el.p(shown.note, class_name="hint")),
            class_name="pad stack-s",
        ),
        rx.cond(shown.reasons.length() > 0, rx.el.ul(rx.foreach(shown.reasons, _reason_to_open), class_name="list")),
    )
    return card(
        "Who gets it",
        rx.cond(shown.is_read, found, skeleton_lines(4)),
        sub="And why the others don’t: press one to see who",
        padded=False,
    )


def _reason_to_open(row: rx.Var[ReasonRow]) -> rx.Component:
    return rx.el.li(entry(row.words, row.about, CampaignNames.begin(row.code)), chip(row.count), key=row.code)


def _reason(row: rx.Var[ReasonRow]) -> rx.Component:
    words = rx.el.div(rx.el.p(row.words), rx.el.p(row.about, class_name="meta"), class_name="entry-text")
    return rx.el.li(words, rx.el.span(class_name="spring"), chip(row.count), key=row.code)


def _send() -> rx.Component:
    later = rx.el.div(
        text_field("day", "Day", S.errors, type="date", form="send"),
        text_field("time", "Time", S.errors, type="time", value="11:00", form="send"),
        class_name="grid-2",
    )
    return rx.cond(
        S.one.lacks.length() > 0,
        rx.el.div(
            rx.foreach(S.one.lacks, lambda words: alert("warn", words)),
            rx.cond(
                _MAY_SET_UP, rx.el.div(link_button("Settings, Messages", "/settings/messages"), class_name="row")
            ),
            class_name="stack-s",
        ),
        rx.el.form(
            error_summary(S.errors, {"segment": "To", "day": "Day", "time": "Time"}, form="send"),
            choice_field("when", "When", S.errors, _WHEN, value=rx.cond(S.is_at_hour, "later", "now"), form="send",
                         on_change=S.choose_when),
            rx.cond(S.is_at_hour, later),
            rx.el.p("Whether a customer may get it is checked once more when it leaves. You can stop it any time.", class_name="meta"),
            rx.el.div(
                submit(rx.cond(S.is_at_hour, "Plan it", "Send it now"), busy=S.is_sending, busy_label="Sending…"),
                class_name="form-actions",
            ),
            on_submit=S.send,
            class_name="form",
        ),
    )  # fmt: skip


def _course() -> rx.Component:
    return rx.el.div(
        card("How it goes", rx.el.dl(rx.foreach(S.figures, _figure), class_name="grid-2"), sub=S.one.segment_words),
        card(
            "Who got none",
            rx.cond(
                S.reasons.length() > 0,
                rx.el.ul(rx.foreach(S.reasons, _reason), class_name="list"),
                blank("check", "Nobody was left out", "What is held back stands here, with the reason."),
            ),
            padded=False,
        ),
        class_name="grid-2",
    )


def _figure(one: rx.Var[Figure]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(one.label, class_name="meta"), rx.el.dd(one.value, class_name="num strong"), key=one.label
    )


def _names() -> rx.Component:
    return panel(
        "They get nothing",
        rx.cond(
            CampaignNames.is_open,
            rx.el.div(
                rx.el.ul(rx.foreach(CampaignNames.rows, _person), class_name="list"),
                rx.cond(CampaignNames.more != "", rx.el.p(CampaignNames.more, class_name="meta")),
                class_name="stack",
            ),
        ),
        open=CampaignNames.is_open,
        on_close=CampaignNames.close,
        description=CampaignNames.why,
    )


def _person(row: rx.Var[NameRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(link(row.name, row.href)), rx.el.p(row.contact, class_name="meta num"), class_name="entry-text"
        ),
        key=row.id,
    )
