"""A Reflex app with nothing of ours: what the framework alone costs, for the same kinds of events."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx


@dataclass(frozen=True)
class Line:
    id: int
    name: str
    phone: str
    last_visit: str


class Desk(rx.State):
    count: int = 0
    lines: list[Line] = []

    @rx.event
    async def touch(self) -> None:
        self.count += 1

    @rx.event
    async def read(self) -> None:
        """25 rows, as many as a page of customers, out of memory."""
        self.lines = [Line(n, f"Customer {n}", "+91 98450 12345", "05 Dec 2026") for n in range(25)]


def index() -> rx.Component:
    return rx.el.div(
        rx.foreach(Desk.lines, lambda line: rx.el.p(line.name)), rx.el.button(Desk.count, on_click=Desk.touch)
    )


app = rx.App()
app.add_page(index, route="/")
