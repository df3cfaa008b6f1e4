"""The sealed records on a customer's page: listed, opened for a purpose, written; and who has opened which."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, link, link_button
from microcrm.components.cards import card
from microcrm.components.dialogs import panel
from microcrm.components.feedback import alert, blank, no_permission, skeleton_lines
from microcrm.components.icons import icon
from microcrm.components.vault.vault import sealed_form, sealed_list
from microcrm.domain.permissions import Permission
from microcrm.domain.sealed_records import PURPOSES
from microcrm.state.customer_files import TAB as FILES
from microcrm.state.customer_files import CustomerFiles
from microcrm.state.customer_record_rows import OpeningRow
from microcrm.state.customer_records import TAB
from microcrm.state.customer_records import CustomerRecords as S
from microcrm.state.forms import Option

MINUTES = 5  # until what was opened is hidden again
_PURPOSES = [{"value": purpose.value, "label": words} for purpose, words in PURPOSES.items()]
_MAY_OPEN = S.allowed.contains(Permission.RECORDS_OPEN.value)


def record_tabs(customer_id: rx.Var[str]) -> rx.Component:
    """Only for those who may open records: the page has no second part for others."""
    here = rx.cond(CustomerFiles.is_shown, _tabs(customer_id, FILES), _tabs(customer_id, ""))
    return rx.cond(_MAY_OPEN, rx.cond(S.is_shown, _tabs(customer_id, TAB), here))


def allergy_alert(customer_id: rx.Var[str]) -> rx.Component:
    """That there is one is no secret among those who may open it; what it is stays sealed."""
    opens = link_button("Sealed records", "/customer?id=" + customer_id + f"&tab={TAB}", icon="lock")
    words = "Noted on " + S.allergy + ". Open it before the visit."
    said = alert("bad", "Allergy on record", words, rx.cond(S.is_shown, rx.fragment(), opens))
    return rx.cond(S.allergy != "", rx.el.div(said, class_name="allergy"))


def _tabs(customer_id: rx.Var[str], here: str) -> rx.Component:
    def tab(words: str | rx.Component, own: str) -> rx.Component:
        address = f"&tab={own}" if own else ""
        current = {"aria_current": "page"} if own == here else {}
        return link(words, "/customer?id=" + customer_id + address, **current)

    sealed = rx.fragment(icon("lock", "s"), "Sealed records")
    return rx.el.nav(
        tab("Timeline", ""),
        tab(sealed, TAB),
        tab("Files", FILES),
        class_name="underlined",
        aria_label="Parts of this page",
    )


def customer_records() -> rx.Component:
    return rx.cond(
        S.is_refused,
        card("Sealed records", no_permission("sealed records"), padded=False),
        rx.cond(S.is_read, _records(), card("Sealed records", skeleton_lines(3), padded=False)),
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
        card(
            "Sealed records",
            rx.cond(
                S.kinds.length() > 0,
                rx.el.div(
                    rx.el.span("Fill in", class_name="meta"),
                    rx.foreach(S.kinds, _kind),
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
            rx.el.p(rx.el.span(row.who, class_name="strong"), " opened ", row.what),
            rx.el.p(row.why, class_name="muted"),
        ),
        rx.el.span(row.when, class_name="meta num"),
        key=row.key,
    )
