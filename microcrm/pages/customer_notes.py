"""Notes on a customer's page: the pinned ones on top, and the form of one."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, menu, menu_item, menu_trigger, submit
from microcrm.components.cards import card
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.feedback import alert, skeleton_lines
from microcrm.components.fields import area_field, check_field, error_summary
from microcrm.domain.permissions import Permission
from microcrm.state.customer_notes import CustomerNotes as S
from microcrm.state.customer_notes import NoteRow

MAY_WRITE = S.allowed.contains(Permission.BOOKINGS_OWN.value)


def notes() -> rx.Component:
    listed = rx.cond(
        S.rows.length() > 0,
        rx.el.ul(rx.foreach(S.rows, _note), class_name="notes"),
        rx.el.p(
            rx.cond(
                MAY_WRITE, "What to remember next time: a favourite chair, a dislike, a language.", "Nothing noted."
            ),
            class_name="pad muted",
        ),
    )
    return rx.fragment(
        card(
            "Notes",
            rx.cond(S.is_read, listed, skeleton_lines(1)),
            actions=[rx.cond(MAY_WRITE, button("Note", icon="plus", kind="quiet", on_click=S.begin))],
            padded=False,
        ),
        _dialog(),
    )


def pinned_strip() -> rx.Component:
    """Where the notes stand below everything else: on phones, and tablets held upright."""
    return rx.cond(
        S.pinned.length() > 0,
        rx.el.div(
            rx.foreach(S.pinned, _alert), class_name="stack-s narrow-only", role="note", aria_label="Pinned notes"
        ),
    )


def _alert(row: rx.Var[NoteRow]) -> rx.Component:
    return rx.el.div(alert("warn", row.words, row.about), key=row.id)


def _note(row: rx.Var[NoteRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(row.words, class_name=rx.cond(row.is_pinned, "quote", "words")),
            rx.el.p(rx.cond(row.is_pinned, "Pinned. ", ""), row.about, class_name="meta"),
            class_name="what",
        ),
        rx.cond(row.may_change, _menu(row)),
        key=row.id,
    )


def _menu(row: rx.Var[NoteRow]) -> rx.Component:
    uid = rx.Var.create("note-") + row.id
    return menu(
        uid,
        menu_trigger(uid, "Change note"),
        menu_item(uid, "Edit", icon="pencil", on_click=S.begin_editing(row.id)),
        rx.cond(
            row.is_pinned,
            menu_item(uid, "Unpin", icon="pin_off", on_click=S.pin(row.id)),
            menu_item(uid, "Pin on top", icon="pin", on_click=S.pin(row.id)),
        ),
        menu_item(uid, "Delete", icon="trash_2", danger=True, on_click=S.remove(row.id)),
    )


def _dialog() -> rx.Component:
    return dialog(
        rx.cond(S.form.id == "", "New note", "Edit note"),
        rx.cond(
            S.form.is_open,
            rx.el.form(
                error_summary(S.errors, {"words": "Note"}, form="note"),
                area_field(
                    "words", "Note", S.errors, value=S.form.words, form="note", max_length=4000, auto_focus=True,
                    hint="The whole team can read it. What only few may know belongs into Sealed records.",
                ),
                check_field("is_pinned", "Pin on top", checked=S.form.is_pinned),
                form_footer(button("Cancel", on_click=S.close), submit(busy=S.is_saving)),
                on_submit=S.save,
                class_name="form",
            ),
        ),
        open=S.form.is_open,
        on_close=S.close,
    )  # fmt: skip
