"""The walk-in queue: made for a tablet at the desk. Big cards, one tap for each step, and the way back in the notice."""

from __future__ import annotations

from collections.abc import Callable

import reflex as rx

from microcrm.components.buttons import away_button, button, submit
from microcrm.components.cards import card
from microcrm.components.dialogs import dialog, form_footer, panel
from microcrm.components.feedback import blank, skeleton_lines
from microcrm.components.fields import field_error, select_field, text_field
from microcrm.components.icons import icon
from microcrm.components.watch.watch import watch
from microcrm.domain.permissions import Permission
from microcrm.pages.frame import screen
from microcrm.pages.place_panel import place_button, place_panel
from microcrm.state.forms import Option
from microcrm.state.place_panel import PlacePanel
from microcrm.state.queue import DrawPanel, QueuePage, Taker
from microcrm.state.queue_rows import TicketRow

REFRESH_SECONDS = 20
MAY_SERVE = QueuePage.allowed.contains(Permission.BOOKINGS_OWN.value)
MAY_SWITCH = QueuePage.allowed.contains(Permission.BUSINESS_EDIT.value)


def queue() -> rx.Component:
    head = QueuePage.head
    return screen(
        "Queue",
        rx.cond(QueuePage.is_listed, rx.cond(head.is_on, columns(), _off()), _loading()),
        draw_panel(),
        taker_dialog(),
        place_panel(),
        watch(seconds=REFRESH_SECONDS, on_pulse=QueuePage.load),
        here="/queue",
        sub=rx.cond(head.is_on, head.sub, ""),
        actions=[
            rx.cond(
                head.is_on & MAY_SERVE,
                rx.fragment(
                    away_button("Board", head.board, icon="monitor", target="_blank"),
                    button("Call next", icon="megaphone", on_click=QueuePage.call_next),
                    button("Draw a number", icon="plus", kind="primary", on_click=DrawPanel.begin),
                ),
            )
        ],
    )


def columns(*, can_choose: rx.Var[bool] | None = None) -> rx.Component:
    """Now, called, waiting, done; in the drawer beside the calendar (``can_choose``) only where somebody is."""

    def waiting(row: rx.Var[TicketRow]) -> rx.Component:
        return _waiting(row, can_choose)

    page, is_beside = QueuePage, can_choose is not None
    now = _column("Now", page.serving, _serving, "Nobody is being served.")
    called = _column("Called", page.called, _called, "Nobody is called.")
    over = rx.fragment() if is_beside else _column("Done", page.over, _over, "Nobody yet today.")
    return rx.el.div(
        rx.cond(page.serving.length() > 0, now) if is_beside else now,
        rx.cond(page.called.length() > 0, called) if is_beside else called,
        _column("Waiting", page.waiting, waiting, "Nobody waits.", sub=page.head.newcomer),
        over,
        class_name="queue",
    )


def _loading() -> rx.Component:
    return rx.el.div(*[rx.el.div(skeleton_lines(3, "88px"), class_name="card") for _ in range(4)], class_name="queue")


def _off() -> rx.Component:
    return rx.el.div(
        blank(
            "list_ordered",
            "The walk-in queue is off",
            "Switched on, people who walk in draw a number, see how long it takes on their phone, and are called in turn.",
            rx.cond(
                MAY_SWITCH,
                button("Switch the queue on", kind="primary", on_click=QueuePage.switch(True)),
                rx.el.p("The owner can switch it on.", class_name="muted"),
            ),
        ),
        class_name="card",
    )


def _column(
    title: str, rows: rx.Var[list[TicketRow]], row: Callable[..., rx.Component], empty: str, sub: rx.Var[str] | str = ""
) -> rx.Component:
    said = rx.cond(rows.length() > 0, rows.length().to_string(), "")
    note = rx.el.span("now: ", sub, class_name="meta num") if isinstance(sub, rx.Var) else rx.fragment()
    return card(
        title,
        rx.cond(
            rows.length() > 0,
            rx.el.ul(rx.foreach(rows, row), class_name="tickets"),
            rx.el.p(empty, class_name="tickets-none muted"),
        ),
        sub=said,
        actions=[note],
        padded=False,
    )


def _serving(row: rx.Var[TicketRow]) -> rx.Component:
    done = button("Done", icon="check", kind="next", on_click=QueuePage.finish(row.id, row.version))
    return _ticket(row, done)


def _called(row: rx.Var[TicketRow]) -> rx.Component:
    return _ticket(
        row,
        button("Start", icon="play", kind="next", on_click=QueuePage.start(row.id, row.version, "")),
        button("With …", on_click=QueuePage.choose(row.id), aria_label="Choose who serves number " + row.number),
        button("Did not come", on_click=QueuePage.miss(row.id, row.version)),
        button("Left", on_click=QueuePage.leave(row.id, row.version)),
    )


def _waiting(row: rx.Var[TicketRow], can_choose: rx.Var[bool] | None) -> rx.Component:
    return _ticket(
        row,
        button("Call", icon="megaphone", kind="next", on_click=QueuePage.call(row.id, row.version)),
        button("Start", icon="play", on_click=QueuePage.start(row.id, row.version, "")),
        button("With …", on_click=QueuePage.choose(row.id), aria_label="Choose who serves number " + row.number),
        place_button(
            "Later …",
            PlacePanel.begin_ticket(row.id),
            PlacePanel.choose_ticket(row.id),
            can_choose,
            aria_label="Book number " + row.number + " for later",
        ),
        button("Left", on_click=QueuePage.leave(row.id, row.version)),
    )


def _over(row: rx.Var[TicketRow]) -> rx.Component:
    return _ticket(row)


def _ticket(row: rx.Var[TicketRow], *steps: rx.Component) -> rx.Component:
    tone = rx.cond(row.tone == "bad", "chip chip-bad", rx.cond(row.tone == "warn", "chip chip-warn", "chip"))
    return rx.el.li(
        rx.el.span(row.number, class_name="ticket-number num"),
        rx.el.div(
            rx.el.p(rx.el.b(row.name, class_name="clip"), rx.el.span(row.clock, class_name=tone + " num")),
            rx.el.p(row.line, class_name="meta"),
            rx.cond(row.told != "", rx.el.p(row.told, class_name="meta num")),
            class_name="ticket-who",
        ),
        rx.cond(MAY_SERVE, rx.el.div(*steps, class_name="ticket-steps")) if steps else rx.fragment(),
        class_name="ticket " + row.hue,
        key=row.id,
    )


def draw_panel() -> rx.Component:
    return panel(
        "Draw a number",
        rx.cond(DrawPanel.drawn.number != "", _drawn(), _draw_form()),
        open=DrawPanel.is_open,
        on_close=DrawPanel.close,
    )


def _draw_form() -> rx.Component:
    errors = DrawPanel.errors
    return rx.el.form(
        rx.el.fieldset(
            rx.el.legend("Service", class_name="strong"),
            rx.foreach(DrawPanel.services, _service),
            class_name="queue-choices",
        ),
        field_error("service_id", errors, form="q"),
        text_field("name", "Name", errors, optional=True, form="q", max_length=60, auto_complete="off"),
        rx.cond(
            DrawPanel.takers.length() > 1,
            select_field("member_id", "With", errors, DrawPanel.takers, blank="Whoever is free first", form="q"),
        ),
        form_footer(button("Cancel", on_click=DrawPanel.close), submit("Draw", busy=DrawPanel.is_saving)),
        on_submit=DrawPanel.save,
        class_name="form",
    )


def _service(one: rx.Var[Option]) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio",
            name="service_id",
            value=one.value,
            default_checked=DrawPanel.service == one.value,
            on_change=DrawPanel.pick_service,
        ),
        rx.el.span(one.label),
        class_name="choice",
        key=one.value,
    )


def _drawn() -> rx.Component:
    drawn = DrawPanel.drawn
    return rx.el.div(
        rx.el.p("Number", class_name="muted"),
        rx.el.p(drawn.number, class_name="drawn-number num", role="status"),
        rx.el.p(drawn.told, class_name="strong num"),
        rx.el.img(src=drawn.picture, alt="Code that opens the page of this number", class_name="drawn-code"),
        rx.el.p("Scanned with a phone, it shows their place in the queue.", class_name="muted"),
        away_button("Open the page of this number", drawn.link, icon="external_link", target="_blank"),
        rx.el.div(
            button("Draw another", icon="plus", on_click=DrawPanel.begin),
            button("Finished", kind="primary", on_click=DrawPanel.close),
            class_name="row",
        ),
        class_name="stack drawn",
    )


def taker_dialog() -> rx.Component:
    row = QueuePage.choosing
    who = dialog(
        "Who serves number " + row.number + "?",
        rx.el.div(rx.foreach(QueuePage.takers, _taker), class_name="queue-choices"),
        open=row.id != "",
        on_close=QueuePage.stop_choosing,
        description=row.line,
    )
    return rx.fragment(who, _unsafe_dialog())


def _unsafe_dialog() -> rx.Component:
    """The reason is kept with the visit, and the log says who."""
    return dialog(
        "Not ready to start",
        rx.el.form(
            text_field("safety_reason", "Why they can start all the same", QueuePage.errors, max_length=120),
            form_footer(button("Do not start", on_click=QueuePage.leave_unsafe), submit("Start anyway")),
            on_submit=QueuePage.start_anyway,
            class_name="form",
            no_validate=True,
        ),
        open=QueuePage.unsafe != "",
        on_close=QueuePage.leave_unsafe,
        description=QueuePage.unsafe,
    )


def _taker(one: rx.Var[Taker]) -> rx.Component:
    row = QueuePage.choosing
    return rx.el.button(
        icon("user"),
        rx.el.span(one.name),
        rx.cond(one.is_free, rx.el.span("free", class_name="chip chip-ok"), rx.el.span("busy", class_name="chip")),
        type="button",
        class_name="choice",
        on_click=QueuePage.start(row.id, row.version, one.id),
        key=one.id,
    )
