"""Settings, Services and prices: the list."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import (
    button,
    entry,
    link_button,
    menu,
    menu_item,
    menu_trigger,
    segmented,
    submit,
)
from microcrm.components.cards import card, chip, hue_dot, plain_card
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.feedback import blank, no_match, skeleton_lines
from microcrm.components.fields import search_field, text_field
from microcrm.components.tables import page_turns
from microcrm.pages.settings_frame import settings_screen
from microcrm.pages.settings_service import service_drawer
from microcrm.state.settings_service import ServiceDrawer
from microcrm.state.settings_services import CategoryGroup, CategorySettings, ServiceLine
from microcrm.state.settings_services import ServiceSettings as S


def settings_services() -> rx.Component:
    return settings_screen(
        "Services and prices",
        _toolbar(),
        rx.cond(
            S.is_ready,
            rx.cond(S.groups.length() > 0, rx.foreach(S.groups, _group), plain_card(_nothing())),
            card("Services", skeleton_lines(10), padded=False),
        ),
        page_turns(S.page, S.has_next, S.turn_page),
        service_drawer(),
        _category_dialog(),
        here="/settings/services",
        sub=S.summary,
        actions=[
            button("Category", icon="folder_plus", on_click=CategorySettings.start("")),
            button("New service", icon="plus", kind="primary", on_click=ServiceDrawer.start("")),
        ],
    )


def _toolbar() -> rx.Component:
    return rx.el.div(
        rx.el.div(search_field("Search services", S.query, S.search), class_name="spring"),
        segmented(
            "Which services",
            [("sale", "On sale"), ("archive", "Archived")],
            rx.cond(S.is_archive, "archive", "sale"),
            S.pick_list,
        ),
        class_name="row",
    )


def _nothing() -> rx.Component:
    return rx.cond(
        S.query != "",
        no_match(S.query, S.search("")),
        rx.cond(
            S.is_archive,
            blank("archive", "Nothing archived", "Services that you take off sale are kept here."),
            blank(
                "scissors",
                "No services yet",
                "Add what you sell, or start with the list of your trade and change it.",
                link_button("Use a list", "/welcome?step=services"),
            ),
        ),
    )


def _group(group: CategoryGroup) -> rx.Component:
    uid = "category-" + group.id
    acts = menu(
        uid,
        menu_trigger(uid, "More for this category"),
        menu_item(uid, "Rename", icon="pencil", on_click=CategorySettings.start(group.id)),
        menu_item(uid, "Move up", icon="arrow_up", on_click=S.move_category(group.id, "up")),
        menu_item(uid, "Move down", icon="arrow_down", on_click=S.move_category(group.id, "down")),
        menu_item(uid, "Remove", icon="trash_2", danger=True, on_click=S.remove_category(group.id)),
    )
    return rx.el.section(
        rx.el.header(rx.el.h2(group.name), rx.el.span(class_name="spring"), rx.cond(group.id != "", acts)),
        rx.cond(
            group.services.length() > 0,
            rx.el.ul(rx.foreach(group.services, _service), class_name="list"),
            rx.el.p("No services in this category yet.", class_name="pad muted"),
        ),
        class_name="card",
        key="g" + group.id,
    )


def _service(row: ServiceLine) -> rx.Component:
    uid = "service-" + row.id
    on_sale = menu(
        uid,
        menu_trigger(uid, "More for this service"),
        menu_item(uid, "Edit", icon="pencil", on_click=ServiceDrawer.start(row.id)),
        menu_item(uid, "Move up", icon="arrow_up", on_click=S.move_service(row.id, "up")),
        menu_item(uid, "Move down", icon="arrow_down", on_click=S.move_service(row.id, "down")),
        menu_item(uid, "Archive", icon="archive", danger=True, on_click=S.archive(row.id)),
    )
    return rx.el.li(
        entry(row.name, row.detail, ServiceDrawer.start(row.id), hue_dot(row.colour)),
        rx.cond(row.is_online, rx.fragment(), chip("Not online")),
        rx.el.span(row.price, class_name="num"),
        rx.cond(S.is_archive, button("Put on sale", on_click=S.restore(row.id)), on_sale),
        key=row.id,
    )


def _category_dialog() -> rx.Component:
    C = CategorySettings  # noqa: N806
    return dialog(
        rx.cond(C.form.id == "", "New category", "Rename category"),
        rx.el.form(
            text_field("name", "Name", C.errors, value=C.form.name, form="category", max_length=60),
            form_footer(button("Cancel", on_click=C.close), submit("Save")),
            on_submit=C.save,
            class_name="form",
            no_validate=True,
        ),
        open=C.is_open,
        on_close=C.close,
    )
