"""A message's life at the stand-in for Twilio: taken in by the real one's rules, then on its way to a phone, step by step."""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from urllib.parse import urlsplit

from microcrm.sandbox.twilio_keys import sandbox_number
from microcrm.sandbox.twilio_refusals import Refused
from microcrm.sandbox.twilio_world import ENDS, WINDOW, TwilioAccount, TwilioWorld, http_date, key_of
from microcrm.sandbox.world import Body

HEADER = "SANDBX"
LONGEST_BODY = 1_600
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_INDIAN = re.compile(r"\+91([0-9]{10})")
# Landlines of the large cities begin with the area's number and 2 to 6; mobile numbers with 6 to 9.
_LANDLINE = re.compile(r"[0-5]|(?:11|20|22|33|40|44|79|80)[2-6]")
_FIELDS = frozenset({
    "To", "From", "Body", "MessagingServiceSid", "ContentSid", "ContentVariables", "StatusCallback", "ValidityPeriod",
    "SmartEncoded", "ProvideFeedback",
})  # fmt: skip
_SERVICE, _CONTENT = re.compile(r"MG[0-9a-f]{32}"), re.compile(r"HX[0-9a-f]{32}")
_HOLE = re.compile(r"\{\{\s*([0-9A-Za-z_]+)\s*\}\}")
_GSM = re.compile(r"[\n\r -~£¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà€]*")


def create(world: TwilioWorld, account: TwilioAccount, form: dict[str, str], shown: str) -> Body:
    """``shown``: the text and buttons of a template, as our own adapter lets the stand-in know them. Raises: Refused."""
    if unknown := sorted(set(form) - _FIELDS):
        raise Refused(20001, ", ".join(unknown))
    to, sender = form.get("To", ""), form.get("From", "")
    service = form.get("MessagingServiceSid", "")
    if not to:
        raise Refused(21604)
    if not sender and not service:
        raise Refused(21603)
    _check_addresses(world, account, to, sender, service)
    text, buttons = _content(account, form, shown)
    if not text:
        raise Refused(21602)
    if len(text) > LONGEST_BODY:
        raise Refused(21617)
    _check_callback(form.get("StatusCallback", ""))
    period = form.get("ValidityPeriod", "36000")
    if not period.isdecimal() or not 1 <= int(period) <= 36_000:
        raise Refused(20001, "ValidityPeriod")
    if key_of(sender or service, to) in account.stopped:
        raise Refused(21610)
    message = _resource(world, account, to, sender, text, service)
    message |= {
        "_callback": form.get("StatusCallback", ""), "_buttons": buttons, "_template": "ContentSid" in form,
        "_at": world.now(), "_made": time.time(),
    }  # fmt: skip
    if service:
        message["num_segments"], message["status"] = "0", "accepted"
    world.keep(account, message)
    if not account.inbound_url and "/status" in message["_callback"]:
        # What an owner enters in Twilio's console; here it stands beside the address that we were just given.
        account.inbound_url = message["_callback"].partition("/status")[0] + "/inbound"
    return message


def _check_addresses(world: TwilioWorld, account: TwilioAccount, to: str, sender: str, service: str) -> None:
    is_whatsapp, number = to.startswith("whatsapp:"), to.removeprefix("whatsapp:")
    if sender and sender.startswith("whatsapp:") != is_whatsapp:
        raise Refused(21910)
    if not _E164.fullmatch(number):
        raise Refused(21211, to[:40])
    indian = _INDIAN.fullmatch(number)
    if number.startswith("+91") and not indian:
        raise Refused(21211, to[:40])
    own = sandbox_number(world.seed, account.sid)
    if is_whatsapp:
        if sender != f"whatsapp:{own}" and not service:
            raise Refused(63007)
        return
    if service and not _SERVICE.fullmatch(service):
        raise Refused(21212, service[:40])
    if sender and sender not in (HEADER, own):
        raise Refused(21606 if _E164.fullmatch(sender) else 21212, sender[:40])
    if not indian:
        raise Refused(21408)
    if _LANDLINE.match(indian[1]):
        raise Refused(21614)


def _content(account: TwilioAccount, form: dict[str, str], shown: str) -> tuple[str, list[list[str]]]:
    sid, variables = form.get("ContentSid", ""), form.get("ContentVariables", "")
    if not sid:
        if variables:
            raise Refused(21654)
        told = _told(shown)
        return form.get("Body", ""), [list(pair) for pair in (told or {}).get("buttons", [])]
    values = _values(variables)
    told = _told(shown)
    if not _CONTENT.fullmatch(sid) or (sid not in account.contents and told is None):
        raise Refused(21655)
    if told is not None:
        return str(told["text"]), [list(pair) for pair in told.get("buttons", [])]
    content = account.contents[sid]
    text = str(content["body"])
    if missing := set(_HOLE.findall(text)) - set(values):
        raise Refused(21656, ", ".join(sorted(missing)))
    return _HOLE.sub(lambda hole: values[hole[1]], text), [list(pair) for pair in content.get("buttons", [])]


def _values(raw: str) -> dict[str, str]:
    if not raw:
        return {}
    try:
        given = json.loads(raw)
    except ValueError:
        given = None
    if not isinstance(given, dict) or not all(isinstance(value, str) and value for value in given.values()):
        raise Refused(21656)
    return given


def _told(shown: str) -> Body | None:
    try:
        told = json.loads(base64.b64decode(shown, validate=True)) if shown else None
    except (ValueError, binascii.Error):
        return None
    return told if isinstance(told, dict) and isinstance(told.get("text"), str) else None


def _check_callback(url: str) -> None:
    """Twilio refuses host names with underscores; the stand-in everything but this machine."""
    if not url:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or "_" in (parts.hostname or "_") or parts.hostname not in LOOPBACK:
        raise Refused(21609)


def _resource(world: TwilioWorld, account: TwilioAccount, to: str, sender: str, text: str, service: str) -> Body:
    sid = world.new_sid("SM")
    uri = f"/2010-04-01/Accounts/{account.sid}/Messages/{sid}"
    made = http_date(world.now())
    return {
        "body": text, "num_segments": str(segments(text)), "direction": "outbound-api", "from": sender or None,
        "to": to, "date_updated": made, "price": None, "error_message": None, "uri": f"{uri}.json",
        "account_sid": account.sid, "num_media": "0", "status": "queued", "messaging_service_sid": service or None,
        "sid": sid, "date_sent": None, "date_created": made, "error_code": None, "price_unit": "USD",
        "api_version": "2010-04-01", "subresource_uris": {"media": f"{uri}/Media.json"},
    }  # fmt: skip


def segments(text: str) -> int:
    """Roughly, as a bill would count them."""
    single, many = (160, 153) if _GSM.fullmatch(text) else (70, 67)
    units = len(text.encode("utf-16-le")) // 2
    return 1 if units <= single else -(-units // many)


def shown(message: Body) -> Body:
    return {name: value for name, value in message.items() if not name.startswith("_")}


def let_time_pass(world: TwilioWorld) -> None:
    """What is on its way goes on: out of the queue at once, to the phone after a while."""
    after = world.knobs.delivers_after
    for sid, account_sid in list(world.moving.items()):
        account = world.accounts[account_sid]
        message = account.messages.get(sid)
        if message is None or message["status"] in ENDS:
            world.moving.pop(sid, None)
        elif message["status"] in ("queued", "accepted"):
            _leave(world, account, message)
        elif message["status"] == "sent" and 0 <= after <= time.time() - message["_made"]:
            arrive(world, account, message)


def _leave(world: TwilioWorld, account: TwilioAccount, message: Body) -> None:
    trouble = _trouble(world, account, message)
    if trouble is None:
        step(world, account, message, "sent")
    else:
        end(world, account, message, *trouble)


def _trouble(world: TwilioWorld, account: TwilioAccount, message: Body) -> tuple[str, int] | None:
    """What keeps it from the phone: the state that it ends in, and the error's code."""
    to, sender = message["to"], message["from"] or message["messaging_service_sid"]
    phone = world.phone(to.removeprefix("whatsapp:"))
    if world.knobs.fails:
        return "undelivered", world.knobs.fails.pop(0)
    if not to.startswith("whatsapp:"):
        return ("undelivered", 30004) if sender in phone.blocks else None
    if not phone.has_whatsapp:
        return "undelivered", 63024
    if sender in phone.blocks:
        return "failed", 63014
    last = account.windows.get(key_of(sender, to), 0.0)
    return ("failed", 63016) if not message["_template"] and world.now() - last > WINDOW else None


def arrive(world: TwilioWorld, account: TwilioAccount, message: Body) -> None:
    """On a phone that is on."""
    if not world.phone(message["to"].removeprefix("whatsapp:")).is_off:
        step(world, account, message, "delivered")


def end(world: TwilioWorld, account: TwilioAccount, message: Body, status: str, code: int) -> None:
    message["error_code"], message["error_message"] = code, f"Error {code}"
    step(world, account, message, status)


def step(world: TwilioWorld, account: TwilioAccount, message: Body, status: str) -> None:
    """Into the next state, and tell."""
    message["status"], message["date_updated"] = status, http_date(world.now())
    if status == "sent" or message["date_sent"] is None:
        message["date_sent"] = message["date_updated"]
    world.changed()
    if message["_callback"]:
        world.tell(message["_callback"].partition("#")[0], _status_form(account, message), message["sid"])


def _status_form(account: TwilioAccount, message: Body) -> dict[str, str]:
    form = {
        "MessageSid": message["sid"], "SmsSid": message["sid"], "MessageStatus": message["status"],
        "SmsStatus": message["status"], "AccountSid": account.sid, "From": message["from"] or "", "To": message["to"],
        "ApiVersion": "2010-04-01",
    }  # fmt: skip
    if message["messaging_service_sid"]:
        form["MessagingServiceSid"] = message["messaging_service_sid"]
    if message["error_code"]:
        form["ErrorCode"] = str(message["error_code"])
    if message["to"].startswith("whatsapp:"):
        form |= {"ChannelPrefix": "whatsapp", "ChannelToAddress": message["to"].removeprefix("whatsapp:")}
        form |= {"ChannelInstallSid": f"XE{account.sid[2:]}"}
        if message["status"] in ("delivered", "read"):
            form["EventType"] = message["status"].upper()
    elif message["status"] in ("delivered", "undelivered"):
        form["RawDlrDoneDate"] = time.strftime("%y%m%d%H%M", time.gmtime())
    return form


def answer(world: TwilioWorld, account: TwilioAccount, given: Body) -> Body:
    """A customer writes on WhatsApp: ``sender``, ``receiver`` (E.164), ``text`` or ``button`` (with ``payload``), and the
    message that is answered. Tells the shop. Raises: Refused."""
    sender, receiver = f"whatsapp:{given['sender']}", f"whatsapp:{given['receiver']}"
    if not _E164.fullmatch(str(given["sender"])):
        raise Refused(21211)
    text = str(given.get("button") or given.get("text") or "")
    message = _resource(world, account, receiver, sender, text, "")
    message |= {
        "direction": "inbound", "status": "received", "_at": world.now(), "_made": time.time(), "_callback": "",
        "_buttons": [], "_template": False,
    }  # fmt: skip
    world.keep(account, message)
    account.windows[key_of(receiver, sender)] = world.now()
    form = {
        "MessageSid": message["sid"], "SmsSid": message["sid"], "SmsMessageSid": message["sid"], "AccountSid": account.sid,
        "From": sender, "To": receiver, "Body": text, "NumMedia": "0", "NumSegments": "1", "SmsStatus": "received",
        "ApiVersion": "2010-04-01", "ProfileName": world.phone(str(given["sender"])).name or "Customer",
        "WaId": str(given["sender"])[1:], "MessageType": "button" if given.get("button") else "text",
    }  # fmt: skip
    if given.get("button"):
        form |= {"ButtonText": str(given["button"]), "ButtonPayload": str(given.get("payload", ""))}
    if given.get("answers"):
        form |= {"OriginalRepliedMessageSid": str(given["answers"]), "OriginalRepliedMessageSender": receiver}
    if account.inbound_url:
        world.tell(account.inbound_url, form, message["sid"])
    return message
