"""Who belongs to a customer: a card with a way to each, and a panel that links somebody."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, link, menu, menu_item, menu_trigger, submit, text_button
from microcrm.components.cards import avatar, card
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.fields import select_field
from microcrm.components.who import known_customer
from microcrm.domain.family import TIE_WORDS, Side
from microcrm.domain.permissions import Permission
from microcrm.state.customer_family import CustomerFamily as S
from microcrm.state.customer_family import RelativeRow

_MAY_EDIT = S.allowed.contains(Permission.CUSTOMERS_EDIT.value)
_TIES = [(tie.value, words) for tie, words in TIE_WORDS.items()]
_PAYS = [
    (Side.NOBODY.value, "Each for themselves"),
    (Side.RELATIVE.value, "They pay for this customer"),
    (Side.CUSTOMER.value, "This customer pays for them"),
]
_TOLD = [
    (Side.NOBODY.value, "Each for themselves"),
    (Side.RELATIVE.value, "They get this customer’s messages"),
    (Side.CUSTOMER.value, "This customer gets theirs"),
]


def customer_family() -> rx.Component:
    """Nothing for those who could not add anybody while there is nobody."""
    nobody = rx.el.p("Children, parents, husband or wife: who pays, and who is told.", class_name="muted pad")
    return rx.cond(
        S.is_read & (_MAY_EDIT | (S.relatives.length() > 0)),
        card(
            "Family",
            rx.cond(
                S.relatives.length() > 0,
                rx.el.ul(rx.foreach(S.relatives, _relative), class_name="list family-list"),
                nobody,
            ),
            actions=[rx.cond(_MAY_EDIT, text_button("Add", aria_label="Add a family member", on_click=S.begin_adding))],
            padded=False,
        ),
    )


def _relative(row: rx.Var[RelativeRow]) -> rx.Component:
    uid = "relative-" + row.id
    actions = rx.cond(
        row.tie_id != "",
        menu(
            uid,
            menu_trigger(uid, "More actions"),
            menu_item(uid, "Change", icon="pencil", on_click=S.begin(row.id)),
            menu_item(uid, "Remove the link", icon="unlink", on_click=S.untie(row.tie_id)),
        ),
        button("Link", aria_label="Link " + row.name, on_click=S.begin(row.id)),
    )
    return rx.el.li(
        avatar(row.initials, row.hue),
        rx.el.div(
            link(row.name, "/customer?id=" + row.id, class_name="strong"), rx.el.p(row.detail, class_name="meta")
        ),
        rx.cond(_MAY_EDIT, actions),
        key=row.id,
    )


def family_panel() -> rx.Component:
    form = S.form
    who = known_customer(S.words, S.people, S.find, S.errors, form="family")
    body = rx.el.form(
        rx.cond(form.relative_id == "", who),
        select_field("tie", "To this customer they are", S.errors, _TIES, value=form.tie, form="family"),
        select_field("pays", "Who pays", S.errors, _PAYS, value=form.pays, form="family"),
        select_field("told", "Who is told", S.errors, _TOLD, value=form.told, form="family"),
        form_footer(button("Cancel", on_click=S.close), submit("Save", busy=S.is_saving)),
        on_submit=S.save,
        class_name="form",
        key=form.relative_id + form.tie_id,
    )
    return panel(form.title, body, open=form.is_open, on_close=S.close)
