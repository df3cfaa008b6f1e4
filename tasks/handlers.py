"""Who carries out which kind of outbox message."""

from __future__ import annotations

from collections.abc import Callable

from microcrm.adapters.outbox import Message
from tasks.mail import send_mail, write_account_letter
from tasks.morning import send_note
from tasks.razorpay import capture, look, refund
from tasks.waitlist import offer_freed_time

Handler = Callable[[Message], None]

HANDLERS: dict[str, Handler] = {
    "mail": send_mail,
    "account_letter": write_account_letter,
    "morning_note": send_note,
    "time_freed": offer_freed_time,
    "razorpay_capture": capture,
    "razorpay_refund": refund,
    "razorpay_look": look,
}

# They ask what an unread message may say: with those of an hour to read, each payment would be asked for once more.
ONCE_ALL_IS_READ = frozenset({"razorpay_capture"})
