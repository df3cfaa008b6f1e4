"""What each message is called in the settings, and what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from microcrm.domain.messenger import Channel
from microcrm.domain.notices import NoticeStep


class StepWords(NamedTuple):
    label: str
    why: str


_S = NoticeStep
STEP_WORDS: Mapping[NoticeStep, StepWords] = {
    _S.ASK_TO_CONFIRM: StepWords("Ask to confirm", "Whether they will come. Who has confirmed already is not asked."),
    _S.ASK_AGAIN: StepWords("Ask again", "Only those who have not confirmed by then."),
    _S.REMINDER: StepWords("Reminder", "Of every visit that stands."),
    _S.QUEUE_NEAR: StepWords("Turn is near", "To those who wait with a number of the queue."),
    _S.THANKS: StepWords("Thanks and review", "After a visit that took place. Leads to your page for reviews."),
    _S.REBOOK: StepWords("Time to come again", "When a customer’s own rhythm says so, and nothing is booked."),
    _S.BIRTHDAY: StepWords("Birthday", "To adults whose birthday you know."),
    _S.DUES: StepWords("Money due", "When a bill is not paid."),
    _S.BOOKED: StepWords("Booked", "One visit was booked."),
    _S.BOOKED_ALL: StepWords("Booked, several visits", "A series was booked."),
    _S.REQUESTED: StepWords("Request received", "Somebody asked for a time online."),
    _S.APPROVED: StepWords("Request accepted", "You said yes."),
    _S.DECLINED: StepWords("Request declined", "You said no."),
    _S.LAPSED: StepWords("Request lapsed", "Nobody answered in time."),
    _S.MOVED: StepWords("Moved", "A visit has a new time."),
    _S.MOVED_ALL: StepWords("Moved, several visits", "A series has new times."),
    _S.CANCELLED: StepWords("Cancelled", "A visit was cancelled."),
    _S.CANCELLED_ALL: StepWords("Cancelled, several visits", "A series was cancelled."),
    _S.TO_PAY: StepWords("Waiting for payment", "The time is kept until the deposit is paid."),
    _S.UNPAID: StepWords("Not paid in time", "The time was given up."),
    _S.OFFER: StepWords("Waiting list: a time is free", "Somebody on the list may have it."),
    _S.CAMPAIGN: StepWords("Campaign", "To customers of a segment who agreed to offers."),
    _S.CODE: StepWords("Code for online booking", "Six digits to the phone that was typed, if you ask for a code."),
    _S.OFFER_GONE: StepWords("Waiting list: the time is gone", "What was offered is taken."),
}
CHANNEL_WORDS: Mapping[Channel, str] = {Channel.WHATSAPP: "WhatsApp", Channel.SMS: "SMS", Channel.EMAIL: "E-mail"}


def order_words(channels: tuple[Channel, ...]) -> str:
    """Like "WhatsApp, then SMS, then e-mail"."""
    words = [CHANNEL_WORDS[one] for one in channels]
    return ", then ".join([*words[:1], *(word.replace("E-mail", "e-mail") for word in words[1:])])


def price_words(price: int) -> str:
    """Of hundredths of a paisa: "₹0.18", "₹0.1825"."""
    whole, rest = divmod(price, 10_000)
    return f"₹{whole}.{f'{rest:04d}'.rstrip('0').ljust(2, '0')}"
