"""``/phone``: every message as on a phone, with a field to answer. Plain forms; a few lines of script only look for news."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from microcrm.sandbox import phone_look, twilio_messages
from microcrm.sandbox.twilio_api import mark
from microcrm.sandbox.twilio_keys import sandbox_number
from microcrm.sandbox.twilio_messages import LOOPBACK
from microcrm.sandbox.twilio_refusals import Refused
from microcrm.sandbox.twilio_world import ENDS, WINDOW, Phone, TwilioAccount, TwilioWorld
from microcrm.sandbox.world import Body

MOST_SHOWN = 60  # messages of a conversation
_INDIA = ZoneInfo("Asia/Kolkata")
_MOST_PHONES = 200
_LONGEST = 4_096
_FAILURES = (
    (30003, "Phone off for too long"), (30005, "Nobody has this number"), (30007, "Taken for spam"),
    (63024, "Not on WhatsApp"), (63032, "Held back by WhatsApp"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Thread:
    """What one sender and one phone have written to each other, oldest first."""

    account: TwilioAccount
    sender: str  # with whatsapp: before it, on WhatsApp
    messages: tuple[Body, ...]

    @property
    def is_whatsapp(self) -> bool:
        return self.sender.startswith("whatsapp:")


def _ends_of(message: Body) -> tuple[str, str]:
    """The shop's address and the customer's number."""
    shop, customer = message["from"] or message["messaging_service_sid"], message["to"]
    if message["direction"] == "inbound":
        shop, customer = customer, shop
    return str(shop), str(customer).removeprefix("whatsapp:")


def _messages(world: TwilioWorld) -> Iterator[tuple[TwilioAccount, Body]]:
    for account in world.accounts.values():
        for message in account.messages.values():
            yield account, message


def numbers_of(world: TwilioWorld) -> list[tuple[str, Body]]:
    """Phones with their latest message, the latest first."""
    latest: dict[str, Body] = {}
    for _, message in _messages(world):
        number = _ends_of(message)[1]
        if number not in latest or latest[number]["_at"] <= message["_at"]:
            latest[number] = message
    return sorted(latest.items(), key=lambda one: -one[1]["_at"])[:_MOST_PHONES]


def threads_of(world: TwilioWorld, number: str) -> list[Thread]:
    """The one that was written in last comes first."""
    found: dict[tuple[str, str], list[Body]] = {}
    for account, message in _messages(world):
        shop, customer = _ends_of(message)
        if customer == number:
            found.setdefault((account.sid, shop), []).append(message)
    threads = [
        Thread(world.accounts[sid], sender, tuple(sorted(all_, key=lambda one: one["_at"])[-MOST_SHOWN:]))
        for (sid, sender), all_ in found.items()
    ]
    return sorted(threads, key=lambda one: -one.messages[-1]["_at"])


def _is_ours(request: Request) -> bool:
    """Whether it was asked on this machine by its name, and by no other site's page."""
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    origin = request.headers.get("origin")
    is_same = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    site = request.headers.get("sec-fetch-site", "none")
    is_asked_here = request.method == "GET" or site in ("none", "same-origin")
    return host in LOOPBACK and is_same and is_asked_here


async def show(request: Request) -> Response:
    if not _is_ours(request):
        return PlainTextResponse("on this machine only", 403)
    world: TwilioWorld = request.app.state.twilio
    numbers = numbers_of(world)
    chosen = _number(request.query_params.get("n", "")) or (numbers[0][0] if numbers else "")
    body = phone_look.page(
        numbers=[
            phone_look.Entry(
                number, world.phone(number).name, str(last["body"]), f"/phone?n={quote(number)}", number == chosen
            )
            for number, last in numbers
        ],
        chosen=chosen,
        phone=world.phone(chosen) if chosen else Phone(),
        threads=[_shown(world, thread, chosen) for thread in threads_of(world, chosen)] if chosen else [],
        shops=[sandbox_number(world.seed, sid) for sid in world.accounts],
        failures=_FAILURES,
        notice=request.query_params.get("said", "")[:200],
        version=world.version,
    )
    headers = {
        "cache-control": "no-store", "referrer-policy": "same-origin", "x-frame-options": "DENY",
        "content-security-policy": phone_look.POLICY,
    }  # fmt: skip
    return HTMLResponse(body, headers=headers)


def _shown(world: TwilioWorld, thread: Thread, number: str) -> phone_look.Conversation:
    last_in = thread.account.windows.get(f"{thread.sender} whatsapp:{number}", 0.0)
    open_for = last_in + WINDOW - world.now()
    is_own = thread.sender.removeprefix("whatsapp:") == sandbox_number(world.seed, thread.account.sid)
    return phone_look.Conversation(
        account=thread.account.sid,
        sender=thread.sender,
        is_whatsapp=thread.is_whatsapp,
        can_answer=thread.is_whatsapp and is_own,
        hears=bool(thread.account.inbound_url),
        hours_open=max(0, int(open_for // 3600) + 1) if open_for > 0 else 0,
        is_blocked=thread.sender in world.phone(number).blocks,
        bubbles=[_bubble(one) for one in thread.messages],
    )


def _bubble(message: Body) -> phone_look.Bubble:
    is_mine = message["direction"] == "inbound"
    status = str(message["status"])
    goes_on = () if is_mine or (status in ENDS and status != "delivered") else _ways_on(message)
    return phone_look.Bubble(
        sid=message["sid"], text=str(message["body"]), is_mine=is_mine, status=status,
        code=int(message["error_code"] or 0), at=datetime.fromtimestamp(message["_at"], _INDIA).strftime("%a %H:%M"),
        buttons=[(str(key), str(title)) for key, title in message["_buttons"]], ways_on=goes_on,
        segments=str(message["num_segments"]),
    )  # fmt: skip


def _ways_on(message: Body) -> tuple[str, ...]:
    if message["status"] == "delivered":
        return ("read",) if message["to"].startswith("whatsapp:") else ()
    return ("delivered", "failed")


async def news(request: Request) -> Response:
    if not _is_ours(request):
        return PlainTextResponse("on this machine only", 403)
    return JSONResponse({"version": request.app.state.twilio.version}, headers={"cache-control": "no-store"})


async def act(request: Request) -> Response:
    """Whatever the page's forms ask for; back to the page, with a word when it did not work."""
    if not _is_ours(request):
        return PlainTextResponse("on this machine only", 403)
    world: TwilioWorld = request.app.state.twilio
    form = await request.form(max_files=0, max_fields=20)
    number = _number(str(form.get("n", "")))
    said = ""
    try:
        _act(world, form, number)
    except Refused as refused:
        said = str(refused)
    except (KeyError, ValueError):
        said = "That did not work. Load the page anew."
    back = f"/phone?n={quote(number)}" + (f"&said={quote(said)}" if said else "")
    return RedirectResponse(f"{back}#end", 303)


def _act(world: TwilioWorld, form: FormData, number: str) -> None:
    """Raises: Refused, KeyError, ValueError."""
    does = str(form.get("does", ""))
    if does == "open":
        if not number:
            raise Refused(21211)
        return
    if not number:
        raise ValueError("no phone")
    if does == "phone":
        phone = world.phone(number)
        phone.is_off, phone.has_whatsapp = "on" not in form, "whatsapp" in form
        phone.name = str(form.get("name", ""))[:60]
        world.changed()
        return
    account = _account(world, form)
    if does == "block":
        blocks, sender = world.phone(number).blocks, str(form["sender"])[:60]
        blocks.remove(sender) if sender in blocks else blocks.append(sender)
        world.changed()
    elif does == "mark":
        message = account.messages[str(form["sid"])]
        mark(world, account, message, str(form["status"]), int(str(form.get("code", "0"))))
    elif does == "read":
        for one in list(account.messages.values()):
            if (
                one["direction"] != "inbound"
                and one["to"] == f"whatsapp:{number}"
                and one["status"] in ("sent", "delivered")
            ):
                mark(world, account, one, "read")
    elif does == "answer":
        _answer(world, account, form, number)
    else:
        raise ValueError("unknown")


def _answer(world: TwilioWorld, account: TwilioAccount, form: FormData, number: str) -> None:
    text, button = str(form.get("text", ""))[:_LONGEST].strip(), str(form.get("button", ""))
    if not text and not button:
        return
    given = {"sender": number, "receiver": sandbox_number(world.seed, account.sid), "text": text}
    if button:
        message = account.messages[str(form["sid"])]
        [title] = [title for key, title in message["_buttons"] if key == button]
        given |= {"button": title, "payload": button, "answers": message["sid"]}
    twilio_messages.answer(world, account, given)


def _account(world: TwilioWorld, form: FormData) -> TwilioAccount:
    """By its sid, or by its number on WhatsApp."""
    if receiver := str(form.get("receiver", "")):
        found = [one for sid, one in world.accounts.items() if sandbox_number(world.seed, sid) == receiver]
        return found[0] if found else world.accounts[""]
    return world.accounts[str(form["account"])]


def _number(raw: str) -> str:
    """E.164 of what was typed; "" for what is no number."""
    digits = raw.replace(" ", "").replace("-", "")
    if digits.isdecimal() and len(digits) == 10:
        digits = f"+91{digits}"
    is_number = digits.startswith("+") and digits[1:].isdecimal() and digits.isascii() and 8 <= len(digits) <= 16
    return digits if is_number else ""


ROUTES: tuple[BaseRoute, ...] = (
    Route("/phone", show, methods=["GET"]),
    Route("/phone", act, methods=["POST"]),
    Route("/phone/news", news, methods=["GET"]),
)
