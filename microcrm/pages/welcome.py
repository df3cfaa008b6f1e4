"""Five steps from a new account to a link that customers can use. Every one can be skipped and done later."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, link_button, submit
from microcrm.components.cards import card, hue_dot
from microcrm.components.feedback import alert, blank, skeleton_lines
from microcrm.components.fields import area_field, choice_field, error_summary, select_field, text_field
from microcrm.components.icons import icon
from microcrm.components.week import week_fields
from microcrm.domain.states import choices
from microcrm.domain.trades import TRADES
from microcrm.pages.booking_link import booking_link
from microcrm.pages.frame import screen
from microcrm.state.welcome import FirstHours, FirstService, FirstServices, StepMark
from microcrm.state.welcome import Welcome as Start


def welcome() -> rx.Component:
    return screen(
        "Set up your shop",
        rx.el.div(
            rx.el.ol(rx.foreach(Start.steps, _mark), class_name="steps", aria_label="Steps"),
            rx.match(
                Start.step,
                ("trade", _trade()),
                ("business", _business()),
                ("hours", _hours()),
                ("services", _services()),
                ("share", _share()),
                card("One moment", skeleton_lines(4)),
            ),
            class_name="narrow stack",
        ),
        here="/today",
        sub="Five short steps. Skip any of them; everything can be changed later in Settings.",
        actions=[button("Finish later", kind="quiet", on_click=Start.finish_later)],
    )


def _mark(step: StepMark) -> rx.Component:
    face = rx.match(
        step.outcome,
        ("done", icon("circle_check", "s")),
        ("skipped", icon("circle_minus", "s")),
        icon("circle", "s"),
    )
    words = rx.match(step.outcome, ("done", ", done"), ("skipped", ", skipped"), "")
    return rx.el.li(
        rx.el.button(
            face,
            rx.el.span(step.label, rx.el.span(words, class_name="sr-only")),
            type="button",
            on_click=Start.open_step(step.key),
            aria_current=rx.cond(step.key == Start.step, "step", "false"),
            class_name=rx.cond(step.outcome == "done", "is-done", ""),
        ),
        key=step.key,
    )


def _trade() -> rx.Component:
    options = [(trade.value, template.label, template.description) for trade, template in TRADES.items()]
    return card(
        "What kind of business is it?",
        rx.el.form(
            choice_field("trade", "Kind of business", Start.errors, options, value=Start.shop.trade),
            _acts(submit("Continue")),
            on_submit=Start.save_trade,
            class_name="form",
            key=Start.shop.trade,
        ),
    )


def _business() -> rx.Component:
    s = Start.shop
    return card(
        "Where are you, and do you have a GSTIN?",
        rx.el.form(
            error_summary(
                Start.errors,
                {
                    "address": "Address",
                    "state_code": "State",
                    "pin": "PIN code",
                    "gstin": "GSTIN",
                    "city": "City or town",
                },
            ),
            area_field("address", "Address", Start.errors, value=s.address, rows=3, auto_complete="street-address"),
            rx.el.div(
                text_field("city", "City or town", Start.errors, value=s.city, auto_complete="address-level2"),
                select_field(
                    "state_code", "State", Start.errors, choices(), value=s.state_code, blank="Choose a State"
                ),
                text_field(
                    "pin", "PIN code", Start.errors, value=s.pin, input_mode="numeric", auto_complete="postal-code"
                ),
                text_field(
                    "gstin",
                    "GSTIN",
                    Start.errors,
                    value=s.gstin,
                    optional=True,
                    hint="Leave empty if you are not registered",
                ),
                class_name="grid-2",
            ),
            rx.cond(s.pin_caution != "", alert("warn", s.pin_caution)),
            _acts(submit("Continue")),
            on_submit=Start.save_address,
            class_name="form",
            key=s.address_key,
            no_validate=True,
        ),
    )


def _hours() -> rx.Component:
    h = FirstHours
    return card(
        "When are you open?",
        rx.cond(
            h.stamp != "",
            rx.fragment(
                week_fields(
                    h.week, h.errors, set_time=h.set_time, add=h.add_window, drop=h.drop_window, copy=h.copy_day
                ),
                _acts(button("Continue", kind="primary", on_click=h.save)),
            ),
            skeleton_lines(7),
        ),
        sub="A gap between two lines is a break",
    )


def _services() -> rx.Component:
    s = FirstServices
    nothing = blank(
        "scissors",
        "No services yet",
        "Start with the usual services of your trade and change what is different.",
        button("Use the list", kind="next", on_click=s.fill),
    )
    listed = rx.fragment(
        rx.el.p("Prices are a start. Change them in Settings, Services and prices.", class_name="pad muted"),
        rx.el.ul(rx.foreach(s.rows, _service), class_name="list"),
    )
    return card(
        "What do you offer?",
        rx.cond(s.is_ready, rx.cond(s.rows.length() > 0, listed, nothing), skeleton_lines(6)),
        rx.el.div(
            _acts(
                button("These are right", kind="primary", on_click=Start.finish),
                link_button("Change them", "/settings/services"),
            ),
            class_name="pad",
        ),
        sub=s.summary,
        padded=False,
    )


def _service(row: FirstService) -> rx.Component:
    return rx.el.li(
        hue_dot(row.colour),
        rx.el.span(row.name),
        rx.el.span(row.detail, class_name="meta"),
        rx.el.span(class_name="spring"),
        rx.el.span(row.price, class_name="num"),
        key=row.id,
    )


def _share() -> rx.Component:
    return card(
        "Your booking link",
        booking_link(),
        _acts(button("Done", kind="primary", on_click=Start.finish)),
    )


def _acts(*buttons: rx.Component) -> rx.Component:
    return rx.el.div(*buttons, button("Skip this step", kind="quiet", on_click=Start.skip), class_name="form-actions")
