"""The frame of every settings page: the list of places with its search, and one column of cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import reflex as rx

from microcrm.components.buttons import link
from microcrm.components.fields import search_field
from microcrm.components.icons import icon
from microcrm.domain.permissions import Permission
from microcrm.pages.frame import screen
from microcrm.state.base import AppState
from microcrm.state.settings_menu import SettingsMenu


@dataclass(frozen=True, slots=True)
class Setting:
    """One page. ``words``: what else people call what is on it, for the search."""

    href: str
    label: str
    icon: str
    why: str
    words: str
    needs: Permission


GROUPS: tuple[tuple[str, tuple[Setting, ...]], ...] = (
    (
        "Business",
        (
            Setting(
                "/settings/business",
                "Business and GST",
                "store",
                "Name, address, GSTIN, logo, booking link",
                "legal phone email state pin code zone slug url web address invoice",
                Permission.BUSINESS_EDIT,
            ),
            Setting(
                "/settings/booking",
                "Booking rules",
                "calendar_check",
                "Online booking, notice, approval, what lateness costs",
                "cancel cancellation fee no show policy late reschedule request waiting list queue",
                Permission.BUSINESS_EDIT,
            ),
            Setting(
                "/settings/billing",
                "Billing",
                "receipt_indian_rupee",
                "Registration, UPI, numbers, tax rates, terms",
                "invoice bill gst composition round off upi qr bank series pattern sac hsn rate return filed hindi kannada",
                Permission.BUSINESS_EDIT,
            ),
            Setting(
                "/settings/payments",
                "Online payments",
                "credit_card",
                "Your keys of Razorpay, the sandbox",
                "razorpay gateway key secret webhook pay now checkout payment link refund upi card netbanking sandbox",
                Permission.BUSINESS_EDIT,
            ),
            Setting(
                "/settings/reminders",
                "Reminders and texts",
                "bell_ring",
                "What customers hear from you, when, in which words",
                "message reminder confirm template whatsapp sms email dlt language hindi kannada review birthday thanks segment price",
                Permission.BUSINESS_EDIT,
            ),
            Setting(
                "/settings/messages",
                "Messages",
                "message_square",
                "WhatsApp, SMS and e-mail: your account, the sandbox",
                "twilio whatsapp sms email dlt header sender key token reminder notification channel sandbox phone webhook",
                Permission.BUSINESS_EDIT,
            ),
            Setting(
                "/settings/hours",
                "Hours and holidays",
                "clock",
                "When you are open, closed days, public holidays",
                "opening times break lunch weekly off festival diwali timing",
                Permission.HOURS_EDIT,
            ),
            Setting(
                "/settings/services",
                "Services and prices",
                "scissors",
                "What you sell, how long it takes, what it costs",
                "price list menu category treatment duration buffer tax sac gst",
                Permission.CATALOGUE_EDIT,
            ),
            Setting(
                "/settings/forms",
                "Forms",
                "clipboard_list",
                "Consents to sign, questions, records of customers",
                "consent signature custom field questionnaire intake history allergy patch test measurement guardian template version",
                Permission.BUSINESS_EDIT,
            ),
            Setting(
                "/settings/products",
                "Products and stock",
                "package",
                "What you sell over the counter, and how many there are",
                "retail goods barcode scan sku hsn inventory supplier delivery count shelf csv import list own use damage report worth",
                Permission.CATALOGUE_VIEW,
            ),
            Setting(
                "/settings/resources",
                "Rooms and chairs",
                "armchair",
                "What can be in use only once at a time",
                "resource equipment machine cabin bed",
                Permission.CATALOGUE_EDIT,
            ),
        ),
    ),
    (
        "People",
        (
            Setting(
                "/settings/staff",
                "Staff and their hours",
                "users",
                "Who does what, working hours, leave",
                "employee stylist doctor trainer tutor shift roster holiday absent",
                Permission.MEMBERS_EDIT,
            ),
            Setting(
                "/settings/members",
                "Sign-in and roles",
                "shield_check",
                "Who can sign in and what they may do",
                "member invite permission access rights owner manager front desk accountant view as deactivate",
                Permission.MEMBERS_EDIT,
            ),
        ),
    ),
    (
        "Account",
        (
            Setting(
                "/activity",
                "Activity",
                "history",
                "Who changed what, and when",
                "audit log undo history",
                Permission.ACTIVITY_VIEW,
            ),
            Setting(
                "/account",
                "Your account",
                "circle_user",
                "Password, second step, signed-in devices",
                "email profile security sessions totp",
                Permission.ACCOUNT,
            ),
        ),
    ),
)


def settings_screen(
    title: str | rx.Var[str],
    *cards: rx.Component,
    here: str,
    sub: str | rx.Var[str] = "",
    actions: Sequence[rx.Component] = (),
) -> rx.Component:
    """``here``: the href of this page in ``GROUPS``."""
    back = link(rx.fragment(icon("chevron_left", "s"), "Settings"), "/settings", class_name="places-back")
    return screen(
        title,
        _places(here),
        rx.el.div(*cards, class_name="column"),
        here="/settings",
        sub=sub,
        actions=actions,
        back=back,
        class_name="settings",
    )


def is_found(setting: Setting) -> rx.Var[bool]:
    """Whether the person may see the page and the search does not rule it out. Decided in the browser."""
    text = rx.Var.create(f"{setting.label} {setting.why} {setting.words}".lower())
    return AppState.allowed.contains(setting.needs.value) & text.contains(SettingsMenu.query)


def settings_search() -> rx.Component:
    return search_field("Search settings", SettingsMenu.query, SettingsMenu.search)


def _places(here: str) -> rx.Component:
    return rx.el.nav(
        settings_search(),
        *[
            rx.el.div(rx.el.h2(name), *[_place(setting, here) for setting in settings], class_name="places-group")
            for name, settings in GROUPS
        ],
        class_name="places",
        aria_label="Settings",
    )


def _place(setting: Setting, here: str) -> rx.Component:
    current = {"aria_current": "page"} if setting.href == here else {}
    face = rx.fragment(icon(setting.icon), rx.el.span(setting.label))
    return rx.cond(is_found(setting), link(face, setting.href, **current))
