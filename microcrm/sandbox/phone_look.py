"""How the sandbox's phone looks: one page of HTML and CSS, readable on a phone and in both themes, complete without script."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from microcrm.sandbox.twilio_world import Phone

_STYLE = (files("microcrm.sandbox") / "phone.css").read_text("utf-8")
_SCRIPT = (files("microcrm.sandbox") / "phone.js").read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY = (
    f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_ADDRESS = re.compile(r"(https?://[^\s<>\"'\u202a-\u202e\u2066-\u2069]+)")
_STATES = {
    "queued": "Waits at Twilio", "accepted": "Waits at Twilio", "sent": "Sent ✓", "delivered": "Delivered ✓✓", "read": "Read ✓✓",
    "failed": "Failed", "undelivered": "Not delivered", "canceled": "Called back", "received": "Written here",
}  # fmt: skip
_WHY = {
    30003: "phone off for too long", 30004: "blocked", 30005: "nobody has this number", 30007: "taken for spam",
    63014: "blocked on WhatsApp", 63016: "no template, and you have not written for 24 hours", 63024: "not on WhatsApp",
    63032: "held back by WhatsApp",
}  # fmt: skip
_WAYS = {"delivered": "Deliver", "read": "Mark as read"}


@dataclass(frozen=True, slots=True)
class Entry:
    number: str
    name: str
    text: str
    href: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Bubble:
    """``ways_on``: states that it may go to next."""

    sid: str
    text: str
    is_mine: bool
    status: str
    code: int
    at: str
    buttons: list[tuple[str, str]]
    ways_on: tuple[str, ...]
    segments: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """``hears``: whether the shop has said where answers go; ``hours_open``: for free text of the shop's."""

    account: str
    sender: str
    is_whatsapp: bool
    can_answer: bool
    hears: bool
    hours_open: int
    is_blocked: bool
    bubbles: list[Bubble]


def page(
    *,
    numbers: Sequence[Entry],
    chosen: str,
    phone: Phone,
    threads: Sequence[Conversation],
    shops: Sequence[str],
    failures: Sequence[tuple[int, str]],
    notice: str,
    version: int,
) -> str:
    head = (
        "<meta charset=utf-8><meta name=viewport content='width=device-width'><title>Sandbox phone</title>"
        f"<style>{_STYLE}</style>"
    )
    mark = (
        "<header class=mark>Sandbox <span>· nothing on this page reaches a real phone or costs anything</span></header>"
    )
    said = f"<p class=said role=alert>{escape(notice)}</p>" if notice else ""
    middle = _phone(chosen, phone, threads, shops, failures) if chosen else _nobody()
    aside = _settings(chosen, phone) if chosen else ""
    body = f"{mark}<main class=all>{_people(numbers, said)}{middle}{aside}</main><script>{_SCRIPT}</script>"
    return f"<!doctype html><html lang=en><head>{head}</head><body data-version={version}>{body}</body></html>"


def grouped(number: str) -> str:
    """+91 98450 12345."""
    return f"+91 {number[3:8]} {number[8:]}" if number.startswith("+91") and len(number) == 13 else number


def _people(numbers: Sequence[Entry], said: str) -> str:
    rows = "".join(
        f"<li><a href='{escape(one.href)}'{' aria-current=page' if one.is_chosen else ''}>{escape(one.name or grouped(one.number))}"
        f"<small dir=auto>{escape(one.text[:80])}</small></a></li>"
        for one in numbers
    )
    known = f"<ul class=people>{rows}</ul>" if rows else "<p class=note>No message has been sent yet.</p>"
    other = (
        "<form method=post action=/phone><input type=hidden name=does value=open><label for=n>Another number</label>"
        "<div class=row><input type=tel id=n name=n maxlength=20 placeholder='98450 12345'><button>Open</button></div></form>"
    )
    return f"<nav class='box stack' aria-label=Phones><h1>Phones</h1>{said}{other}{known}</nav>"


def _nobody() -> str:
    return (
        "<section class='box stack'><h1>No phone is chosen</h1><p>Messages of shops that are in sandbox mode come here. Book a "
        "visit for a customer with a mobile number, and choose that number on the left.</p></section>"
    )


def _phone(
    chosen: str,
    phone: Phone,
    threads: Sequence[Conversation],
    shops: Sequence[str],
    failures: Sequence[tuple[int, str]],
) -> str:
    name = f"{escape(phone.name)} · " if phone.name else ""
    off = " · off" if phone.is_off else ""
    talks = "".join(_talk(chosen, thread, failures) for thread in threads) or "<p class=note>Nothing has come yet.</p>"
    known = {thread.sender.removeprefix("whatsapp:") for thread in threads if thread.is_whatsapp}
    first = _write_first(chosen, [shop for shop in shops if shop not in known])
    return f"<section class=phone aria-label=Phone><header><h1>{name}{grouped(chosen)}{off}</h1></header>{talks}{first}</section>"


def _talk(chosen: str, thread: Conversation, failures: Sequence[tuple[int, str]]) -> str:
    kind = "WhatsApp" if thread.is_whatsapp else "SMS"
    sender = escape(grouped(thread.sender.removeprefix("whatsapp:")))
    window = ""
    if thread.is_whatsapp:
        window = (
            f"The shop may write freely for {thread.hours_open} h"
            if thread.hours_open
            else "Templates only, until you write"
        )
    fixed = _hidden(n=chosen, account=thread.account, sender=thread.sender)
    block = "Take messages again" if thread.is_blocked else "Block"
    read = (
        f"<form method=post action=/phone>{fixed}<button name=does value=read>Read all</button></form>"
        if thread.is_whatsapp
        else ""
    )
    acts = f"<div class=row>{read}<form method=post action=/phone>{fixed}<button name=does value=block>{block}</button></form></div>"
    bubbles = "".join(_bubble(chosen, thread, one, failures) for one in thread.bubbles)
    return (
        f"<article class='talk {'' if thread.is_whatsapp else 'sms'}'><header><div><h2>{kind} · {sender}</h2><p>{window}</p></div>"
        f"{acts}</header><ul class=flow>{bubbles}</ul>{_answer(chosen, thread)}</article>"
    )


def _answer(chosen: str, thread: Conversation) -> str:
    if not thread.is_whatsapp:
        return "<p class=note>SMS goes one way in India: a customer cannot answer.</p>"
    if not thread.can_answer:
        return "<p class=note>This sender is no longer the shop’s.</p>"
    deaf = (
        ""
        if thread.hears
        else "<p class=note>The shop has not said yet where answers go: connect the sandbox again.</p>"
    )
    uid = f"t{thread.account[-6:]}"
    return (
        f"{deaf}<form class=answer id=end method=post action=/phone>{_hidden(n=chosen, account=thread.account, does='answer')}"
        f"<textarea name=text id={uid} rows=1 maxlength=4096 aria-label='Answer' placeholder='Answer as the customer'></textarea>"
        "<button class=go>Send</button></form>"
    )


def _bubble(chosen: str, thread: Conversation, one: Bubble, failures: Sequence[tuple[int, str]]) -> str:
    bad = " class=bad" if one.status in ("failed", "undelivered") else ""
    code = f" ({one.code}: {_WHY[one.code]})" if one.code in _WHY else f" ({one.code})" if one.code else ""
    parts = f" · {one.segments} parts" if not thread.is_whatsapp and one.segments not in ("0", "1") else ""
    state = "" if one.is_mine else f" · <b{bad}>{_STATES.get(one.status, one.status)}{code}</b>{parts}"
    picks = "".join(
        f"<button name=button value='{escape(key, quote=True)}'>{escape(title)}</button>" for key, title in one.buttons
    )
    if picks and thread.can_answer:
        fixed = _hidden(n=chosen, account=thread.account, sid=one.sid, does="answer")
        picks = f"<form class=picks method=post action=/phone>{fixed}{picks}</form>"
    else:
        picks = ""
    return (
        f"<li{' class=me' if one.is_mine else ''}><div class=say dir=auto>{_linked(one.text)}</div>{picks}"
        f"<p class=when>{one.at}{state}</p>{_ways(chosen, thread, one, failures)}</li>"
    )


def _linked(text: str) -> str:
    """Addresses can be pressed, as on a phone: every second part is one."""
    shown = [escape(part, quote=True) for part in _ADDRESS.split(text)]
    shown[1::2] = [f"<a href='{part}' target=_blank rel='noreferrer noopener'>{part}</a>" for part in shown[1::2]]
    return "".join(shown)


def _ways(chosen: str, thread: Conversation, one: Bubble, failures: Sequence[tuple[int, str]]) -> str:
    if not one.ways_on:
        return ""
    fixed = _hidden(n=chosen, account=thread.account, sid=one.sid, does="mark")
    goes = "".join(
        f"<form method=post action=/phone>{fixed}<button name=status value={way}>{_WAYS[way]}</button></form>"
        for way in one.ways_on
        if way in _WAYS
    )
    fails = ""
    if "failed" in one.ways_on:
        options = "".join(f"<option value={code}>{words}</option>" for code, words in failures)
        fails = (
            f"<form method=post action=/phone>{fixed}<select name=code aria-label='Why it fails'>{options}</select>"
            "<button name=status value=undelivered>Fail</button></form>"
        )
    return f"<details><summary>What becomes of it</summary>{goes}{fails}</details>"


def _write_first(chosen: str, shops: Sequence[str]) -> str:
    if not shops:
        return ""
    options = "".join(f"<option value='{escape(shop)}'>{escape(grouped(shop))}</option>" for shop in shops)
    return (
        f"<details class=note><summary>Write to another shop first</summary><form method=post action=/phone>"
        f"{_hidden(n=chosen, does='answer')}<select name=receiver aria-label=Shop>{options}</select>"
        "<input type=text name=text maxlength=4096 aria-label=Text placeholder='Hello'><button class=go>Send</button></form></details>"
    )


def _settings(chosen: str, phone: Phone) -> str:
    def tick(name: str, words: str, is_on: bool) -> str:
        return f"<label class=tick><input type=checkbox name={name}{' checked' if is_on else ''}>{words}</label>"

    return (
        f"<form class='box stack set' method=post action=/phone>{_hidden(n=chosen, does='phone')}<h2>This phone</h2>"
        "<div><label for=name>Name</label>"
        f"<input type=text id=name name=name maxlength=60 value='{escape(phone.name, quote=True)}'></div>"
        f"{tick('on', 'Is on: messages arrive by themselves', not phone.is_off)}{tick('whatsapp', 'Has WhatsApp', phone.has_whatsapp)}"
        "<button>Save</button></form>"
    )


def _hidden(**fields: str) -> str:
    return "".join(
        f"<input type=hidden name={name} value='{escape(value, quote=True)}'>" for name, value in fields.items()
    )
