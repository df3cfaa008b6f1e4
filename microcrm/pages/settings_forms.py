"""Settings, Forms: what the shop asks its customers and keeps about them."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, entry, menu, menu_item, menu_trigger, segmented
from microcrm.components.cards import card, chip
from microcrm.components.dialogs import panel
from microcrm.components.feedback import blank, skeleton_lines
from microcrm.components.vault.vault import form_editor
from microcrm.domain.form_fields import SHAPES
from microcrm.domain.form_text import WHO
from microcrm.domain.permissions import ROLE_LABELS
from microcrm.pages.settings_frame import settings_screen
from microcrm.state.settings_forms import FormRow
from microcrm.state.settings_forms import FormSettings as S

_SHAPES = [{"value": shape, "label": words} for shape, words in SHAPES.items()]
_ROLES = [{"value": role.value, "label": ROLE_LABELS[role]} for role in WHO]


def settings_forms() -> rx.Component:
    return settings_screen(
        "Forms",
        segmented(
            "Which",
            [("use", "In use"), ("retired", "Retired")],
            rx.cond(S.is_retired, "retired", "use"),
            S.pick_list,
        ),
        card(
            rx.cond(S.is_retired, "Retired", "In use"),
            rx.cond(
                S.is_ready,
                rx.cond(S.rows.length() > 0, rx.el.ul(rx.foreach(S.rows, _row), class_name="list"), _nothing()),
                skeleton_lines(5),
            ),
            padded=False,
        ),
        rx.el.p(
            "Forms are filled in on a customer’s page. Sensitive answers are sealed there, and opened for a purpose.",
            class_name="meta",
        ),
        _panel(),
        here="/settings/forms",
        sub="Questions, consents and records about your customers",
        actions=[
            button("Forms of my trade", icon="library", on_click=S.add_starting),
            button("New form", icon="plus", kind="primary", on_click=S.start(""), disabled=~S.is_hydrated),
        ],
    )


def _nothing() -> rx.Component:
    return rx.cond(
        S.is_retired,
        blank("archive", "Nothing here", "Forms that you retire are kept here, and what was filled in stays readable."),
        blank(
            "clipboard_list",
            "No forms yet",
            "A consent to sign, questions before the first visit, a history that you keep.",
            button("Add the forms of my trade", on_click=S.add_starting),
        ),
    )


def _row(row: rx.Var[FormRow]) -> rx.Component:
    uid = "form-" + row.id
    acts = menu(
        uid,
        menu_trigger(uid, "More"),
        menu_item(uid, "Edit", icon="pencil", on_click=S.start(row.id)),
        menu_item(uid, "Move up", icon="arrow_up", on_click=S.move(row.id, "up")),
        menu_item(uid, "Move down", icon="arrow_down", on_click=S.move(row.id, "down")),
        rx.cond(row.has_draft, menu_item(uid, "Throw the draft away", icon="trash_2", on_click=S.discard(row.id))),
        rx.cond(
            row.is_new,
            rx.fragment(),
            menu_item(uid, "Retire", icon="archive", danger=True, on_click=S.retire(row.id)),
        ),
    )
    return rx.el.li(
        entry(row.name, row.about, S.start(row.id)),
        rx.cond(row.has_draft, chip("Draft waits")),
        rx.cond(S.is_retired, button("Use again", on_click=S.restore(row.id)), acts),
        key=row.id,
    )


def _panel() -> rx.Component:
    editor = form_editor(
        form=S.form,
        shapes=_SHAPES,
        roles=_ROLES,
        errors=S.errors,
        busy=S.is_saving,
        on_save=S.save,
        on_close=S.close,
        key=S.form.id + "-" + S.form.version,
    )
    return panel(
        rx.cond(S.form.id == "", "New form", S.form.title), rx.cond(S.is_open, editor), open=S.is_open, on_close=S.close
    )
