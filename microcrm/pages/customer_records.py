"""The sealed records of a customer: listed, opened for a purpose, written; and who has opened which."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button
from microcrm.components.cards import card
from microcrm.components.dialogs import panel
from microcrm.components.feedback import blank, no_permission, skeleton_lines
from microcrm.components.vault.vault import MINUTES, sealed_form, sealed_list
from microcrm.domain.sealed_records import PURPOSES
from microcrm.pages.customer_erasure import erased_note, erasing
from microcrm.pages.customer_form_link import send_form
from microcrm.pages.customer_frame import customer_screen, customer_tabs
from microcrm.state.customer_record_rows import OpeningRow
from microcrm.state.customer_records import PATH
from microcrm.state.customer_records import CustomerRecords as S
from microcrm.state.forms import Option

_PURPOSES = [{"value": purpose.value, "label": words} for purpose, words in PURPOSES.items()]


def customer_records() -> rx.Component:
    return customer_screen(
        PATH,
        customer_tabs(PATH),
        rx.cond(
            S.is_refused,
            card("Sealed records", no_permission("sealed records"), padded=False),
            rx.cond(S.is_read, _records(), card("Sealed records", skeleton_lines(3), padded=False)),
        ),
    )


def _records() -> rx.Component:
    listed = sealed_list(
        rows=S.rows,
        purposes=_PURPOSES,
        minutes=MINUTES,
        on_opened=S.look_again,
        on_correct=S.begin_correcting,
    )
    empty = blank(
        "lock",
        "Nothing sealed yet",
        "What only few may read is kept here: encrypted, opened for a purpose, each opening noted.",
    )
    return rx.fragment(
        erased_note(),
        card(
            "Sealed records",
            rx.cond(
                S.kinds.length() > 0,
                rx.el.div(
                    rx.el.span("Fill in", class_name="meta"),
                    rx.foreach(S.kinds, _kind),
                    send_form(),
                    class_name="vault-add",
                    role="group",
                    aria_label="Fill in a form",
                ),
            ),
            rx.cond(S.rows.length() > 0, listed, empty),
            sub=S.summary,
            padded=False,
        ),
        _log(),
        erasing(),
        panel(
            S.form.title,
            rx.cond(
                S.form.form_id != "",
                sealed_form(form=S.form, errors=S.errors, busy=S.is_saving, on_save=S.save, on_close=S.close),
            ),
            open=S.form.form_id != "",
            on_close=S.close,
        ),
    )


def _kind(kind: rx.Var[Option]) -> rx.Component:
    return button(kind.label, icon="plus", on_click=S.begin(kind.value), key=kind.value)


def _log() -> rx.Component:
    """For those who may see the activity log."""
    return rx.cond(
        S.openings.length() > 0,
        card(
            "Who opened what",
            rx.el.ul(rx.foreach(S.openings, _opening), class_name="list vault-log"),
            sub="The latest 20. This list cannot be changed.",
            padded=False,
        ),
    )


def _opening(row: rx.Var[OpeningRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(rx.el.span(row.who, class_name="strong"), row.verb, row.what),
            rx.el.p(row.why, class_name="muted"),
        ),
        rx.el.span(row.when, class_name="meta num"),
        key=row.key,
    )
