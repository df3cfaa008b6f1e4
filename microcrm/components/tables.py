"""Lists as tables: sortable heads, rows from the server, and what to show while there are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.components.buttons import icon_button
from microcrm.components.feedback import skeleton
from microcrm.components.icons import icon

SKELETON_ROWS = 8


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``key`` names the sort order and may be empty; ``wide_only`` columns are dropped on phones. ``shown``: for one
    that is not always there; ``mark``: a class of its cells, ``head``: what stands in its head instead of the words."""

    label: str
    key: str = ""
    right: bool = False
    wide_only: bool = False
    width: str = ""
    mark: str = ""
    shown: rx.Var[bool] | None = None
    head: rx.Component | None = None

    @property
    def class_name(self) -> str:
        mark = f"col-{self.mark}" if self.mark else ""
        return " ".join(c for c in ("right" if self.right else "", "wide-only" if self.wide_only else "", mark) if c)


@dataclass(frozen=True, slots=True)
class Sorting:
    """Which column orders the rows, which way, and the handler that gets the key of a pressed head."""

    key: rx.Var[str]
    descending: rx.Var[bool]
    on_sort: rx.EventHandler


def table(
    caption: str,
    columns: Sequence[Column],
    rows: rx.Var[list[Any]],
    row: Callable[[rx.Var[Any]], rx.Component],
    *,
    loaded: rx.Var[bool],
    empty: rx.Component,
    sorting: Sorting | None = None,
    footer: rx.Component | None = None,
) -> rx.Component:
    """A card with a table. ``row`` returns ``rx.el.tr(..., key=item.id)``; ``empty`` shows once loaded without rows.

    On phones each row becomes a card of two lines: the first cell on top, the others below, ``wide_only`` ones hidden.
    """
    heads = [(column, _head_cell(column, sorting)) for column in columns]
    head = rx.el.tr(*[one if column.shown is None else rx.cond(column.shown, one) for column, one in heads])
    filled = rx.el.div(
        rx.el.table(
            rx.el.caption(caption, class_name="sr-only"),
            rx.el.thead(head),
            rx.el.tbody(rx.cond(loaded, rx.foreach(rows, row), rx.fragment(*_skeleton_rows(columns)))),
            class_name="table table-cards",
        ),
        class_name="table-wrap",
        aria_busy=rx.cond(loaded, "false", "true"),
    )
    return rx.el.section(
        rx.cond(loaded & (rows.length() == 0), empty, filled),
        footer or rx.fragment(),
        class_name="card edge",
        aria_label=caption,
    )


def cell(*children: Any, column: Column | None = None, **props: Any) -> rx.Component:
    """A table cell with its column's alignment."""
    name = column.class_name if column else ""
    return rx.el.td(*children, class_name=f"{name} {props.pop('class_name', '')}".strip(), **props)


def pager(
    summary: rx.Var[str],
    *,
    has_previous: rx.Var[bool],
    has_next: rx.Var[bool],
    on_previous: rx.EventHandler,
    on_next: rx.EventHandler,
) -> rx.Component:
    """Where one is in a long list, as "26–50 of 2,418", and the way on."""
    return rx.el.nav(
        rx.el.p(summary, role="status"),
        icon_button("chevron_left", "Previous page", disabled=~has_previous, on_click=on_previous),
        icon_button("chevron_right", "Next page", disabled=~has_next, on_click=on_next),
        class_name="pager",
        aria_label="Pages",
    )


def page_turns(page: rx.Var[int], has_next: rx.Var[bool], on_turn: rx.EventHandler) -> rx.Component:
    """The way on in a list that says elsewhere where one is; nothing while it has one page. ``on_turn`` gets 1 or -1."""
    return rx.cond(
        has_next | (page > 1),
        rx.el.nav(
            icon_button("chevron_left", "Previous page", disabled=page == 1, on_click=on_turn(-1)),
            icon_button("chevron_right", "Next page", disabled=~has_next, on_click=on_turn(1)),
            class_name="pager",
            aria_label="Pages",
        ),
    )


def _head_cell(column: Column, sorting: Sorting | None) -> rx.Component:
    style = {"width": column.width} if column.width else {}
    if sorting is None or not column.key:
        label = rx.el.span(column.label, class_name="sr-only" if column.label == "Actions" else "")
        return rx.el.th(column.head or label, scope="col", class_name=column.class_name, style=style)
    order = rx.cond(sorting.descending, "descending", "ascending")
    return rx.el.th(
        rx.el.button(column.label, icon("arrow_down", "xs"), type="button", on_click=sorting.on_sort(column.key)),
        scope="col",
        class_name=column.class_name,
        style=style,
        aria_sort=rx.cond(sorting.key == column.key, order, "none"),
    )


def _skeleton_rows(columns: Sequence[Column]) -> list[rx.Component]:
    return [
        rx.el.tr(*[rx.el.td(skeleton("12px", "70%"), class_name=column.class_name) for column in columns])
        for _ in range(SKELETON_ROWS)
    ]
