"""What the bell tells: kinds of happenings, who hears of each, and the words. Today shows how things stand; this is what happened.

Some cannot be switched off. Of a breach of customers' data an owner has to hear without delay, to tell those it concerns (Digital
Personal Data Protection Act 2023 s.8(6), Rules 2025 r.7); and whoever takes over an account would switch its alarm off first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from microcrm.domain.bell_news import NEWS
from microcrm.domain.formatting import format_count, format_day, format_near_day, format_time
from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import ROLE_LABELS, Permission, Role
from microcrm.domain.zones import to_wall, today_in, zone_of


class BellKind(StrEnum):
    SIGN_IN = "sign_in"
    ACCOUNT = "account"
    RIGHTS = "rights"
    CONTACTS = "contacts"
    ERASED = "erased"
    KEYS = "keys"
    DISPUTE = "dispute"
    CHANNEL = "channel"
    FAILED = "failed"
    IMPORT = "import"
    REQUEST = "request"
    OFFER = "offer"
    ASSIGNED = "assigned"
    REPLY = "reply"
    NEWS = "news"


class Mailing(StrEnum):
    """Whether a kind comes by mail too. OWN: as a letter with words of its own, always."""

    OWN = "own"
    ALWAYS = "always"
    ON = "on"  # until somebody switches it off
    OFF = "off"  # until somebody switches it on
    NEVER = "never"


class Way(StrEnum):
    BELL = "bell"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class BellRule:
    """``label``: as the preferences call it. ``who``: the permission of those who hear of it; none for what is told to one person,
    whom ``of`` says may ever be one. ``fixed``: why it cannot be switched off, or empty."""

    label: str
    mail: Mailing
    who: Permission | None = None
    of: Permission = Permission.SHOP_VIEW
    fixed: str = ""


_OWN_ACCOUNT = "Whoever takes over your account would switch this off first."
_DATA = "The law has you hear of a breach of customers’ data without delay."
_MONEY = "These keys move your money and your messages."
_P, _M = Permission, Mailing

RULES: dict[BellKind, BellRule] = {
    BellKind.SIGN_IN: BellRule("A sign-in from a new browser", _M.OWN, fixed=_OWN_ACCOUNT),
    BellKind.ACCOUNT: BellRule("Password, email or second step changed", _M.OWN, fixed=_OWN_ACCOUNT),
    BellKind.RIGHTS: BellRule("What somebody may do has changed", _M.ALWAYS, _P.BUSINESS_EDIT, fixed=_DATA),
    BellKind.CONTACTS: BellRule("Somebody looks at many customer contacts", _M.OWN, _P.BUSINESS_EDIT, fixed=_DATA),
    BellKind.ERASED: BellRule("Sealed records were destroyed", _M.OWN, _P.BUSINESS_EDIT, fixed=_DATA),
    BellKind.KEYS: BellRule("Keys of Razorpay or Twilio changed", _M.ALWAYS, _P.BUSINESS_EDIT, fixed=_MONEY),
    BellKind.DISPUTE: BellRule("A payment is disputed", _M.ON, _P.INVOICES_CORRECT),
    BellKind.CHANNEL: BellRule("WhatsApp or SMS has stopped", _M.ON, _P.BUSINESS_EDIT),
    BellKind.FAILED: BellRule("Messages that need a person", _M.ON, _P.MESSAGES_ANSWER),
    BellKind.REQUEST: BellRule("A booking waits for your yes", _M.OFF, _P.BOOKINGS_ALL),
    BellKind.OFFER: BellRule("Somebody on the waiting list took a time", _M.OFF, _P.BOOKINGS_ALL),
    BellKind.ASSIGNED: BellRule("A conversation was given to you", _M.OFF, of=_P.MESSAGES_VIEW),
    BellKind.REPLY: BellRule("A customer wrote in your conversation", _M.OFF, of=_P.MESSAGES_VIEW),
    BellKind.IMPORT: BellRule("Your list of customers is in", _M.OFF, of=_P.CUSTOMERS_IMPORT),
    BellKind.NEWS: BellRule("What is new in MicroCRM", _M.NEVER),
}


def concerns(rule: BellRule, allowed: Collection[Permission]) -> bool:
    """Whether somebody who holds these may ever hear of it."""
    return (rule.who or rule.of) in allowed


def choice_of(kind: BellKind, way: Way, *, is_on: bool) -> str:
    """What a member has chosen, as it is stored: "mail:request:on"."""
    return f"{way.value}:{kind.value}:{'on' if is_on else 'off'}"


def is_told(kind: BellKind, way: Way, choices: Collection[str]) -> bool:
    """Whether it comes this way to who has chosen these."""
    rule = RULES[kind]
    if way is Way.MAIL and rule.mail is Mailing.NEVER:
        return False
    if rule.fixed:
        return True
    usual = way is Way.BELL or rule.mail is Mailing.ON
    return (
        choice_of(kind, way, is_on=not usual) not in choices if usual else choice_of(kind, way, is_on=True) in choices
    )


_ACCOUNT_WORDS = {
    "password_changed": "Your password was changed",
    "email_change_asked": "A new email for your account was asked for",
    "email_changed": "The email of your account was changed",
    "second_step_on": "Your second step is on",
    "second_step_off": "Your second step was switched off",
    "recovery_code_used": "A recovery code of yours was used",
    "locked_out": "Too many wrong passwords for your account",
}
_KEYS_OF = {"razorpay": ("Razorpay", "/settings/payments"), "twilio": ("Twilio", "/settings/messages")}
_CHANNELS = {"whatsapp": "WhatsApp", "sms": "SMS", "email": "Email"}


@dataclass(frozen=True, slots=True)
class Happening:
    """As stored. ``who``: the name of the member it speaks of, or empty; ``is_me``: they are the one it is told to."""

    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    who: str = ""
    is_me: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    text: str
    href: str


def words_of(one: Happening, zone: str, now: datetime) -> Told:
    """One line and where it leads. Facts that are missing or odd make it shorter, never wrong."""
    facts = one.facts
    match one.kind:
        case BellKind.SIGN_IN:
            return Told(f"New sign-in to your account{_after(': ', facts.get('browser'))}", "/account")
        case BellKind.ACCOUNT:
            return Told(_ACCOUNT_WORDS.get(str(facts.get("what")), "Your account was changed"), "/account")
        case BellKind.RIGHTS:
            return _rights(one)
        case BellKind.CONTACTS:
            member = _id(facts, "member")
            query = f"kind=customers&member={member}" if member else "kind=customers"
            return Told(f"{one.who or 'Somebody'} looked at many customer contacts", f"/activity?{query}")
        case BellKind.ERASED:
            text = f"{one.who or 'Somebody'} destroyed the sealed records of a customer"
            return Told(text, _to("/customer/records", "id", _id(facts, "customer")))
        case BellKind.KEYS:
            name, href = _KEYS_OF.get(str(facts.get("of")), ("a provider", "/settings"))
            done = "removed" if facts.get("what") == "removed" else "entered"
            return Told(f"{one.who or 'Somebody'} {done} keys of {name}", href)
        case _:
            return _of_the_shop(one, zone, now)


def _of_the_shop(one: Happening, zone: str, now: datetime) -> Told:
    facts = one.facts
    match one.kind:
        case BellKind.DISPUTE:
            return _dispute(facts, zone)
        case BellKind.CHANNEL:
            name = _CHANNELS.get(str(facts.get("channel")), "A channel")
            return Told(f"{name} has stopped: its messages wait", "/settings/messages")
        case BellKind.FAILED:
            return Told("Messages could not be sent and need a person", "/messages")
        case BellKind.IMPORT:
            text = f"Your list is in: {format_count(_id(facts, 'added'), 'new customer')}"
            return Told(text, _to("/customers/import", "id", _id(facts, "import")))
        case BellKind.REQUEST:
            return Told(f"A booking waits for your yes{_after(': ', _when(facts, zone, now))}", _visit(facts, zone))
        case BellKind.OFFER:
            return Told(
                f"A time was taken from the waiting list{_after(': ', _when(facts, zone, now))}", _visit(facts, zone)
            )
        case BellKind.ASSIGNED:
            return Told(f"{one.who or 'Somebody'} gave you a conversation", _to("/inbox", "c", _id(facts, "inbound")))
        case BellKind.REPLY:
            return Told("A customer wrote in a conversation of yours", _to("/inbox", "c", _id(facts, "inbound")))
        case BellKind.NEWS:
            news = next((entry for entry in NEWS if entry.code == facts.get("code")), None)
            return Told(f"New: {news.text}", news.href) if news else Told("MicroCRM has something new", "/today")
        case _:
            return Told("Something happened in your shop", "/activity")


def _rights(one: Happening) -> Told:
    role = next((ROLE_LABELS[role] for role in Role if role.value == one.facts.get("role")), "")
    if one.is_me:
        return Told(f"What you may do has changed{_after(': you are ', role)}", "/account")
    return Told(f"What {one.who or 'somebody'} may do has changed{_after(': ', role)}", "/settings/members")


def _dispute(facts: Mapping[str, Any], zone: str) -> Told:
    paise = _id(facts, "paise")
    amount = format_rupees(paise) if paise else "A payment"
    href = _to("/invoice", "id", _id(facts, "document")) if _id(facts, "document") else "/today"
    if facts.get("status") == "lost":
        return Told(f"{amount} went back to a customer: the dispute is lost", href)
    until = _instant(facts, "respond_by")
    return Told(
        f"{amount} is disputed{_after(': answer by ', until and format_day(to_wall(until, zone_of(zone))[0]))}", href
    )


def _visit(facts: Mapping[str, Any], zone: str) -> str:
    at, item = _instant(facts, "starts_at"), _id(facts, "item")
    if at is None or not item:
        return "/calendar"
    day: date = to_wall(at, zone_of(zone))[0]
    return f"/calendar?date={day.isoformat()}&booking={item}"


def _when(facts: Mapping[str, Any], zone: str, now: datetime) -> str:
    at = _instant(facts, "starts_at")
    if at is None:
        return ""
    here = zone_of(zone)
    return f"{format_near_day(to_wall(at, here)[0], today_in(here, now))}, {format_time(at, here)}"


def _instant(facts: Mapping[str, Any], name: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(facts.get(name)))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _id(facts: Mapping[str, Any], name: str) -> int:
    value = facts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _to(path: str, name: str, number: int) -> str:
    return f"{path}?{name}={number}" if number else path


def _after(mark: str, words: Any) -> str:
    return f"{mark}{words}" if isinstance(words, str) and words else ""
