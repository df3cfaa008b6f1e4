"""Settings, Business and GST."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, post_form
from microcrm.components.cards import card
from microcrm.components.feedback import alert, skeleton_lines
from microcrm.components.fields import area_field, file_field, select_field, text_field
from microcrm.domain.states import choices
from microcrm.domain.trades import TRADES
from microcrm.pages.booking_link import booking_link
from microcrm.pages.settings_frame import settings_screen
from microcrm.state.base import AppState
from microcrm.state.settings_business import BusinessSettings as S
from microcrm.state.welcome import FirstLink

ZONES = (
    ("Asia/Kolkata", "India"),
    ("Asia/Kathmandu", "Nepal"),
    ("Asia/Thimphu", "Bhutan"),
    ("Asia/Colombo", "Sri Lanka"),
    ("Asia/Dhaka", "Bangladesh"),
    ("Indian/Maldives", "Maldives"),
    ("Asia/Dubai", "United Arab Emirates"),
    ("Asia/Singapore", "Singapore"),
    ("Europe/London", "United Kingdom"),
)


def settings_business() -> rx.Component:
    return settings_screen(
        "Business and GST",
        rx.cond(
            S.is_ready,
            rx.fragment(_profile(), _address(), _link(), _logo(), _zone()),
            card("Name and contact", skeleton_lines(4)),
        ),
        here="/settings/business",
        sub="What customers and the tax office know you by",
    )


def _profile() -> rx.Component:
    return card(
        "Name and contact",
        rx.el.form(
            rx.el.div(
                text_field("name", "Name of the shop", S.errors, value=S.shop.name, auto_complete="organization"),
                text_field(
                    "legal_name",
                    "Legal name",
                    S.errors,
                    value=S.shop.legal_name,
                    optional=True,
                    hint="As on your PAN or GST certificate, for invoices",
                ),
                select_field(
                    "trade",
                    "Kind of business",
                    S.errors,
                    [(trade.value, template.label) for trade, template in TRADES.items()],
                    value=S.shop.trade,
                ),
                text_field(
                    "phone",
                    "Phone",
                    S.errors,
                    value=S.shop.phone,
                    optional=True,
                    type="tel",
                    auto_complete="tel",
                    hint="Shown to customers",
                ),
                text_field("email", "Email", S.errors, value=S.shop.email, optional=True, type="email"),
                class_name="grid-2",
            ),
            _save("profile"),
            on_submit=S.save_profile,
            class_name="form",
            key=S.shop.profile_key,
            no_validate=True,
        ),
    )


def _address() -> rx.Component:
    return card(
        "Address and GST",
        rx.el.form(
            area_field("address", "Address", S.errors, value=S.shop.address, rows=3, auto_complete="street-address"),
            rx.el.div(
                text_field("city", "City or town", S.errors, value=S.shop.city, auto_complete="address-level2"),
                select_field(
                    "state_code", "State", S.errors, choices(), value=S.shop.state_code, blank="Choose a State"
                ),
                text_field(
                    "pin", "PIN code", S.errors, value=S.shop.pin, input_mode="numeric", auto_complete="postal-code"
                ),
                rx.el.div(
                    text_field(
                        "gstin",
                        "GSTIN",
                        S.errors,
                        value=S.shop.gstin,
                        optional=True,
                        hint="Leave empty if you are not registered",
                        on_blur=S.judge_gstin,
                        auto_complete="off",
                        spell_check=False,
                    ),
                    _verdict(S.gstin_words, S.is_gstin_good),
                ),
                class_name="grid-2",
            ),
            rx.cond(S.shop.pin_caution != "", alert("warn", S.shop.pin_caution)),
            _save("address"),
            on_submit=S.save_address,
            class_name="form",
            key=S.shop.address_key,
            no_validate=True,
        ),
    )


def _link() -> rx.Component:
    return card(
        "Booking link",
        rx.el.div(booking_link(), on_mount=FirstLink.load, key=S.shop.slug, class_name="stack"),
        rx.el.form(
            rx.el.div(
                text_field(
                    "slug",
                    "Last part of the link",
                    S.errors,
                    value=S.shop.slug,
                    before="/b/",
                    hint="Small letters, digits and hyphens. Links that you have given out stop working when you change it.",
                    on_change=S.judge_slug.debounce(400),
                    auto_complete="off",
                    spell_check=False,
                ),
                _verdict(S.slug_words, S.is_slug_good),
            ),
            _save("slug"),
            on_submit=S.save_slug,
            class_name="form",
            key=S.shop.slug,
            no_validate=True,
        ),
    )


def _logo() -> rx.Component:
    """A plain form to a plain address: files never pass through the socket."""
    return card(
        "Logo",
        rx.cond(
            S.shop.has_logo,
            rx.el.div(
                rx.el.img(
                    src="/settings/logo?v=" + S.shop.logo_key,
                    alt="Logo of " + AppState.shop_name,
                    class_name="logo-now",
                ),
                button("Remove", icon="trash_2", on_click=S.remove_logo),
                class_name="row",
            ),
        ),
        post_form(
            file_field(
                "logo",
                "Picture",
                S.errors,
                accept="image/png,image/jpeg,image/webp",
                hint="PNG, JPEG or WebP, up to 512 KB. Square looks best.",
            ),
            rx.el.div(button("Upload", icon="upload", type="submit"), class_name="form-actions"),
            to="/settings/logo",
            enc_type="multipart/form-data",
            class_name="form",
        ),
    )


def _zone() -> rx.Component:
    return card(
        "Time zone",
        rx.el.form(
            select_field(
                "zone",
                "Clock by which you open",
                S.errors,
                ZONES,
                value=S.shop.zone,
                hint="Bookings that are made already stay at the same moment",
            ),
            _save("zone"),
            on_submit=S.save_zone,
            class_name="form",
            key=S.shop.zone,
        ),
    )


def _save(section: str) -> rx.Component:
    """Plain, not solid: there is one on each card."""
    return rx.el.div(button("Save", kind="next", busy=S.saving == section, type="submit"), class_name="form-actions")


def _verdict(words: rx.Var[str], is_good: rx.Var[bool]) -> rx.Component:
    return rx.cond(
        words != "",
        rx.el.p(words, class_name=rx.cond(is_good, "hint verdict-good", "error"), role="status"),
    )
