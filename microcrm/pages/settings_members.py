"""Settings, Sign-in and roles."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, entry, menu, menu_item, menu_trigger, post_form, submit
from microcrm.components.cards import avatar, card, chip
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.feedback import skeleton_lines
from microcrm.components.fields import choice_field, error_summary, text_field
from microcrm.components.icons import icon
from microcrm.domain.permission_words import ROLE_SENTENCES, TABLE, TableLine, cell
from microcrm.domain.permissions import ROLE_LABELS, Permission, Role
from microcrm.pages.reveal_budgets import reveal_budgets_card
from microcrm.pages.settings_frame import settings_screen
from microcrm.pages.settings_rights import departure_dialog, rights_panel
from microcrm.state.settings_members import AccessLine, InvitationLine
from microcrm.state.settings_members import MemberSettings as S
from microcrm.state.settings_rights import DepartureDialog, RightsDialog


def settings_members() -> rx.Component:
    return settings_screen(
        "Sign-in and roles",
        card(
            "People",
            rx.cond(S.is_ready, rx.el.ul(rx.foreach(S.rows, _person), class_name="list"), skeleton_lines(8)),
            padded=False,
        ),
        rx.cond(
            S.waiting.length() > 0,
            card("Invited", rx.el.ul(rx.foreach(S.waiting, _invitation), class_name="list"), padded=False),
        ),
        _roles(),
        reveal_budgets_card(),
        rx.cond(
            S.former.length() > 0,
            card("Left", rx.el.ul(rx.foreach(S.former, _former), class_name="list"), padded=False),
        ),
        _invite_panel(),
        rights_panel(),
        departure_dialog(),
        here="/settings/members",
        sub="Who can sign in, and what they may see and do",
        actions=[button("Invite", icon="user_plus", kind="primary", on_click=S.start_inviting(""))],
    )


def _person(row: AccessLine) -> rx.Component:
    uid = "member-" + row.id
    return rx.el.li(
        entry(row.name, row.detail, RightsDialog.start(row.id), avatar(row.initials, row.colour)),
        rx.cond(row.is_me, chip("You", "info")),
        rx.el.span(row.role, class_name="entry-role"),
        menu(
            uid,
            menu_trigger(uid, "More"),
            menu_item(uid, "Role and rights", icon="shield_check", on_click=RightsDialog.start(row.id)),
            rx.cond(
                row.has_sign_in,
                rx.cond(S.allowed.contains(Permission.VIEW_AS.value) & ~row.is_me, _view_as(row)),
                menu_item(uid, "Invite to sign in", icon="mail", on_click=S.start_inviting(row.id)),
            ),
            menu_item(uid, "Deactivate", icon="user_x", danger=True, on_click=DepartureDialog.start(row.id)),
        ),
        key=row.id,
    )


def _view_as(row: AccessLine) -> rx.Component:
    """A plain form: the cookie's session changes, and the whole page starts anew."""
    return post_form(
        rx.el.input(type="hidden", name="member", value=row.id),
        rx.el.button(icon("eye"), rx.el.span("View as"), type="submit"),
        to="/view-as",
    )


def _invitation(row: InvitationLine) -> rx.Component:
    return rx.el.li(
        rx.el.div(rx.el.p(row.who), rx.el.p(row.role, ". ", row.sent, class_name="meta"), class_name="entry-text"),
        rx.el.span(class_name="spring"),
        rx.cond(row.is_expired, chip("Too old", "warn"), chip("Waiting", "info")),
        button("Send again", on_click=S.resend(row.id)),
        button("Take back", kind="quiet", on_click=S.revoke(row.id)),
        key=row.id,
    )


def _former(row: AccessLine) -> rx.Component:
    return rx.el.li(
        avatar(row.initials),
        rx.el.span(row.name),
        rx.el.span(class_name="spring"),
        rx.el.span(row.role, class_name="meta"),
        button("Bring back", on_click=S.reactivate(row.id)),
        key=row.id,
    )


def _roles() -> rx.Component:
    """The permission table, built once from ``domain.permissions``: it cannot say anything else than what is checked."""
    head = rx.el.tr(rx.el.td(), *[rx.el.th(ROLE_LABELS[role], scope="col") for role in Role])
    body = []
    for name, lines in TABLE:
        body.append(rx.el.tr(rx.el.th(name, scope="rowgroup", col_span=len(Role) + 1)))
        body += [_role_line(line) for line in lines]
    table = rx.el.table(
        rx.el.caption("What each role may do", class_name="sr-only"),
        rx.el.thead(head),
        rx.el.tbody(*body),
        class_name="rights",
    )
    return card(
        "What each role may do",
        rx.el.div(table, class_name="rights-scroll", tab_index=0, role="region", aria_label="What each role may do"),
        sub="One person can be given more or less",
        padded=False,
    )


def _role_line(line: TableLine) -> rx.Component:
    return rx.el.tr(rx.el.th(line.words, scope="row"), *[_role_cell(cell(line, role)) for role in Role])


def _role_cell(word: str) -> rx.Component:
    if word == "Yes":
        return rx.el.td(icon("check", "s"), rx.el.span("Yes", class_name="sr-only"))
    if word == "No":
        return rx.el.td(rx.el.span("–", aria_hidden="true", class_name="muted"), rx.el.span("No", class_name="sr-only"))
    return rx.el.td("Own")


def _invite_panel() -> rx.Component:
    return panel(
        rx.cond(S.invited.id == "", "Invite a person", "Invite " + S.invited.name),
        rx.el.form(
            error_summary(S.errors, {"name": "Name", "email": "Email", "role": "Role"}, form="invite"),
            rx.cond(
                S.invited.id == "",
                text_field("name", "Name", S.errors, form="invite", max_length=80, auto_complete="off"),
            ),
            text_field("email", "Email", S.errors, form="invite", type="email", auto_complete="off"),
            rx.cond(S.role_label == ROLE_LABELS[Role.OWNER], _role_choice([*Role]), _role_choice([*Role][1:])),
            rx.el.p(
                "They get a mail with a link that works for 7 days. Until they open it they see nothing.",
                class_name="hint",
            ),
            form_footer(button("Cancel", on_click=S.stop_inviting), submit("Send the invitation", busy=S.is_sending)),
            on_submit=S.invite,
            class_name="form",
            no_validate=True,
        ),
        open=S.is_inviting,
        on_close=S.stop_inviting,
    )


def _role_choice(roles: list[Role]) -> rx.Component:
    options = [(role.value, ROLE_LABELS[role], ROLE_SENTENCES[role]) for role in roles]
    return choice_field("role", "Role", S.errors, options, value=Role.FRONT_DESK.value, form="invite")
