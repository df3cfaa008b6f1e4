"""Texts of operations that can reach a visitor, so that the catalogues have them. A test raises each of them."""

from __future__ import annotations

from microcrm.domain.errors import Conflict, HoldLapsed, LimitReached, NotFound, OutcomeUnknown, SlotTaken, Upstream
from microcrm.http.pages import BROKE

_KINDS = (Conflict, HoldLapsed, LimitReached, NotFound, OutcomeUnknown, SlotTaken, Upstream)

SAID: tuple[str, ...] = (
    "Name is needed.",
    "Type the name with letters.",
    "Name is too long: at most 120 characters.",
    "Name contains characters that cannot be saved. Type it again instead of pasting it.",
    "A mobile number is needed.",
    "Type a mobile number with its ten digits, such as 98450 12345.",
    "Note is too long: at most 4,000 characters.",
    "Note contains characters that cannot be saved. Type it again instead of pasting it.",
    "Choose a time from the list.",
    "There is no booking page here.",
    "Check the address, or ask the shop for its link.",
    "That service is not there any more.",
    "A class is booked by itself.",
    "This booking has been made already.",
    "Look at how it stands now.",
    "Wait a little and try again.",
    "This visit cannot be cancelled here any more.",
    "Cancelling costs more by now than when you looked.",
    "Look at the fee, then decide again.",
    "This visit cannot be moved here any more.",
    "It is too late to change the time here.",
    "Call the shop.",
    "This shop takes no payments online.",
    "Pay it another way, or ask the shop.",
    "There is nothing to pay on this bill.",
    "Less than one rupee cannot be paid online.",
    "Take it in cash.",
    "Paying online does not work just now.",
    "Razorpay cannot be reached.",
    "There is no sandbox here.",
    "That came from another site",
    "Open the page here and try again. Nothing was changed.",
    "That isn’t a form of ours",
    "Open the page and try again. Nothing was changed.",
    "That is too much text",
    "Shorten what you typed and try again. Nothing was saved.",
    "That was very quick",
    "Go back, wait a second and press the button again.",
    "That page has expired",
    "Go back, refresh the page and try again. Nothing was changed.",
    "This shop keeps no waiting list.",
    "Choose a day from today on, within a year.",
    "The last day is before the first.",
    "It takes longer than that part of the day. Choose another one.",
    "There is no time for you yet.",
    *BROKE,
    *(kind.message for kind in _KINDS),
    *(kind.remedy for kind in _KINDS),
)
