"""Cards beside today's agenda: walk-ins in line, and tomorrow's visits that nobody has confirmed."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import anchor, button, link
from microcrm.components.cards import card, chip
from microcrm.components.icons import whatsapp_icon
from microcrm.domain.permissions import Permission
from microcrm.state.queue_rows import TicketRow
from microcrm.state.today_aside import TodayAside, TomorrowRow


def walk_ins() -> rx.Component:
    """Nothing while the queue is switched off."""
    may_call = TodayAside.allowed.contains(Permission.BOOKINGS_OWN.value) & (TodayAside.next_number != "")
    return rx.cond(
        TodayAside.has_queue,
        card(
            "Walk-ins",
            rx.cond(
                TodayAside.tickets.length() > 0,
                rx.el.ul(rx.foreach(TodayAside.tickets, _ticket), class_name="aside-rows"),
                rx.el.p("Nobody waits at the counter.", class_name="meta pad"),
            ),
            sub=rx.cond(TodayAside.in_line > 0, TodayAside.in_line.to_string() + " in line", ""),
            actions=[
                rx.cond(
                    may_call,
                    button("Call " + TodayAside.next_number, icon="bell_ring", on_click=TodayAside.call_next),
                    link("Queue", "/queue"),
                )
            ],
            padded=False,
        ),
    )


def tomorrow() -> rx.Component:
    """Nothing when all of tomorrow's have said that they come."""
    return rx.cond(
        TodayAside.tomorrow.length() > 0,
        card(
            "Tomorrow",
            rx.el.ul(rx.foreach(TodayAside.tomorrow, _unconfirmed), class_name="aside-rows"),
            rx.cond(
                TodayAside.more != "",
                rx.el.p(link(TodayAside.more, TodayAside.tomorrow_href), class_name="aside-more"),
            ),
            sub=TodayAside.tomorrow_sub,
            padded=False,
        ),
    )


def _ticket(row: rx.Var[TicketRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(row.number, class_name="aside-number num"),
        rx.el.div(
            rx.el.p(link(row.name, "/queue", class_name="visit-name")),
            rx.el.p(row.line, class_name="meta clip"),
            rx.cond(row.told != "", rx.el.p(row.told, class_name="meta num")),
            class_name="aside-who",
        ),
        chip(row.clock, row.tone),
        key=row.id,
    )


def _unconfirmed(row: rx.Var[TomorrowRow]) -> rx.Component:
    ask = anchor(
        whatsapp_icon(),
        href=row.chat,
        target="_blank",
        rel="noopener noreferrer",
        class_name="btn btn-quiet btn-icon wa-link",
        aria_label="Ask on WhatsApp: " + row.name,
        title="Ask on WhatsApp",
    )
    return rx.el.li(
        rx.el.div(
            rx.el.p(link(row.name, row.href, class_name="visit-name")),
            rx.el.p(row.line, class_name="meta num clip"),
            class_name="aside-who",
        ),
        rx.cond(row.chat != "", ask),
        key=row.id,
    )
