"""The tabs above a list of money: what is in each, how many and how much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx

from microcrm.state.bill_rows import Tab


def money_tabs(
    label: str, tabs: rx.Var[list[Tab]], here: rx.Var[str], on_pick: rx.EventHandler | Callable[[Any], Any]
) -> rx.Component:
    """``here`` is the value of the pressed one; ``on_pick`` gets the value."""

    def one(tab: rx.Var[Tab]) -> rx.Component:
        return rx.el.button(
            rx.el.span(tab.words, rx.el.span(tab.count, class_name="count num"), class_name="row"),
            rx.el.span(tab.amount, class_name="meta num"),
            type="button",
            aria_pressed=rx.cond(here == tab.value, "true", "false"),
            on_click=on_pick(tab.value),
            key=tab.value,
        )

    return rx.el.nav(rx.foreach(tabs, one), class_name="bill-tabs", aria_label=label)
