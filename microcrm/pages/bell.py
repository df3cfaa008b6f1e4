"""Binds the bell of the shell to the signed-in person."""

from __future__ import annotations

import reflex as rx

from microcrm.components.bell.bell import bell_button
from microcrm.state.bell import Bell


def bell() -> rx.Component:
    return bell_button(
        unread=Bell.unread,
        rows=Bell.rows,
        is_read=Bell.is_read,
        has_more=Bell.has_more,
        on_open=Bell.open,
        on_more=Bell.more,
        on_read_all=Bell.read_all,
        on_follow=Bell.follow,
    )
