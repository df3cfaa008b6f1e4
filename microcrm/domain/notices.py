"""What there is to tell a customer, and the words for days, times and sums in their language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from microcrm.domain.calendar_text import MONTHS
from microcrm.domain.formatting import WEEKDAYS, format_time
from microcrm.domain.money import format_rupees

# Said wherever somebody is asked whether to tell the customer.
NOT_SENT_YET = "Messages are written down now. They go out once messaging is set up for this shop."
LEAVES_SOON = "It leaves a minute later, so that a slip can be taken back."


class NoticeStep(StrEnum):
    """Those with ALL are one message about several visits."""

    BOOKED = "booked"
    BOOKED_ALL = "booked_all"
    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    MOVED = "moved"
    MOVED_ALL = "moved_all"
    CANCELLED = "cancelled"
    CANCELLED_ALL = "cancelled_all"
    LAPSED = "lapsed"
    TO_PAY = "pending_payment"
    UNPAID = "unpaid"
    OFFER = "offer"
    OFFER_GONE = "offer_gone"
    REMINDER = "reminder"
    ASK_TO_CONFIRM = "ask_to_confirm"
    ASK_AGAIN = "ask_again"
    THANKS = "thanks"
    REBOOK = "rebook"
    BIRTHDAY = "birthday"
    DUES = "dues"
    QUEUE_NEAR = "queue_near"
    CAMPAIGN = "campaign"
    CODE = "code"


# What a person may have sent about a visit by hand; the rest goes by its own plan.
NEWS = frozenset(NoticeStep) - {
    NoticeStep.REMINDER, NoticeStep.ASK_TO_CONFIRM, NoticeStep.ASK_AGAIN, NoticeStep.THANKS, NoticeStep.REBOOK,
    NoticeStep.BIRTHDAY, NoticeStep.DUES, NoticeStep.QUEUE_NEAR, NoticeStep.CAMPAIGN, NoticeStep.CODE,
}  # fmt: skip


class MessageClass(StrEnum):
    """``SERVICE`` follows from what the customer did (service implicit of TCCCPR 2018, utility at WhatsApp): goes until they object.
    ``PROMOTIONAL`` needs their consent to offers, keeps to the hours for it, and says how to stop it."""

    SERVICE = "service"
    PROMOTIONAL = "promotional"


# Thanks with a link to write a review ask for something that serves the shop's own advertising; one such sentence makes the whole
# message promotional (TCCCPR as amended on 12 Feb 2025), and nobody who gave a number "for bookings, bills and reminders" agreed to it
# (`domain/consent.py`). To come again and birthday wishes follow from nothing the customer did. Dues, queue and waiting list do.
PROMOTIONAL = frozenset({NoticeStep.THANKS, NoticeStep.REBOOK, NoticeStep.BIRTHDAY, NoticeStep.CAMPAIGN})


def class_of(step: NoticeStep) -> MessageClass:
    return MessageClass.PROMOTIONAL if step in PROMOTIONAL else MessageClass.SERVICE


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """``reason`` is the shop's own sentence. ``until``: how long an offer stands, and ``ahead``: paise that whoever takes it pays
    first. ``link`` is the step's page: the visit's, of several visits the first one's; the bill's, the ticket's, where to write a
    review or to book. ``dates`` are those of all visits. ``stop``: the sentence that says how to end such messages (`stop_in`);
    ``amount``: paise that are due; ``people``: how many before them in the queue; ``customer``: the first name;
    ``code``: six digits that show whose phone it is."""

    shop: str
    services: tuple[str, ...]
    starts_at: datetime | None
    zone: ZoneInfo
    link: str
    reason: str = ""
    until: datetime | None = None
    dates: tuple[datetime, ...] = ()
    ahead: int = 0
    customer: str = ""
    staff: str = ""
    address: str = ""
    amount: int = 0
    people: int = 0
    code: str = ""
    stop: str = ""


LANGUAGE_NAMES: Mapping[str, str] = MappingProxyType({"en": "English", "hi": "हिन्दी", "kn": "ಕನ್ನಡ"})
LANGUAGES = tuple(LANGUAGE_NAMES)
ALL_OF = {
    NoticeStep.BOOKED: NoticeStep.BOOKED_ALL,
    NoticeStep.MOVED: NoticeStep.MOVED_ALL,
    NoticeStep.CANCELLED: NoticeStep.CANCELLED_ALL,
}
_AHEAD = {"en": "{} is paid ahead.", "hi": "{} पहले देने होंगे।", "kn": "{} ಮುಂಗಡ ಪಾವತಿಸಬೇಕು."}
_STOP = {"en": "To stop these: {}", "hi": "ये संदेश बंद करने के लिए: {}", "kn": "ಈ ಸಂದೇಶಗಳನ್ನು ನಿಲ್ಲಿಸಲು: {}"}
_MONTHS = {
    "en": MONTHS,
    "hi": ("जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर"),
    "kn": ("ಜನವರಿ", "ಫೆಬ್ರವರಿ", "ಮಾರ್ಚ್", "ಏಪ್ರಿಲ್", "ಮೇ", "ಜೂನ್", "ಜುಲೈ", "ಆಗಸ್ಟ್", "ಸೆಪ್ಟೆಂಬರ್", "ಅಕ್ಟೋಬರ್",
           "ನವೆಂಬರ್", "ಡಿಸೆಂಬರ್"),
}  # fmt: skip
_DAYS = {
    "en": WEEKDAYS,
    "hi": ("सोमवार", "मंगलवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार", "रविवार"),
    "kn": ("ಸೋಮವಾರ", "ಮಂಗಳವಾರ", "ಬುಧವಾರ", "ಗುರುವಾರ", "ಶುಕ್ರವಾರ", "ಶನಿವಾರ", "ಭಾನುವಾರ"),
}  # fmt: skip
# From which hour on a part of the day begins, and its name; night comes twice.
_PARTS = {
    "hi": ((0, "रात"), (4, "सुबह"), (12, "दोपहर"), (16, "शाम"), (20, "रात")),
    "kn": ((0, "ರಾತ್ರಿ"), (4, "ಬೆಳಿಗ್ಗೆ"), (12, "ಮಧ್ಯಾಹ್ನ"), (16, "ಸಂಜೆ"), (20, "ರಾತ್ರಿ")),
}  # fmt: skip


def spoken(language: str) -> str:
    """A language that has no texts gets English."""
    return language if language in LANGUAGES else "en"


def stop_in(language: str, link: str) -> str:
    """How to end messages that can be ended, with a link: SMS in India cannot be answered."""
    return _STOP[language].format(link)


def day_in(language: str, instant: datetime, zone: ZoneInfo) -> str:
    """Like "Sat 5 Dec"."""
    local = instant.astimezone(zone)
    return f"{_DAYS[language][local.weekday()]} {local.day} {_MONTHS[language][local.month - 1]}"


def when_in(language: str, instant: datetime, zone: ZoneInfo) -> str:
    """Like "Sat 5 Dec, 11:00 am", "शनिवार 5 दिसंबर, सुबह 11:00"."""
    return f"{day_in(language, instant, zone)}, {_clock_in(language, instant, zone)}"


def _all_dates(language: str, facts: NoticeFacts) -> str:
    return dates_in(language, facts.dates or (facts.starts_at,), facts.zone) if facts.starts_at else ""


def dates_in(language: str, instants: Sequence[datetime], zone: ZoneInfo) -> str:
    """All of them, each weekday and time of day said once: "Sat 5, 12 Dec, 2 Jan 2027, 11:00 am; Mon 4 Jan, 5:00 pm"."""
    groups: dict[tuple[str, str], dict[str, list[str]]] = {}
    this_year = instants[0].astimezone(zone).year
    for instant in instants:
        local = instant.astimezone(zone)
        same = groups.setdefault((_DAYS[language][local.weekday()], _clock_in(language, instant, zone)), {})
        year = "" if local.year == this_year else f" {local.year}"
        same.setdefault(f"{_MONTHS[language][local.month - 1]}{year}", []).append(str(local.day))
    return "; ".join(f"{weekday} {_listed(months)}, {clock}" for (weekday, clock), months in groups.items())


_Said = Callable[[str, NoticeFacts], str]
_VALUES: Mapping[str, _Said] = MappingProxyType(
    {
        "customer": lambda _, facts: facts.customer,
        "service": lambda _, facts: " + ".join(facts.services),
        "when": lambda language, facts: when_in(language, facts.starts_at, facts.zone) if facts.starts_at else "",
        "day": lambda language, facts: day_in(language, facts.starts_at, facts.zone) if facts.starts_at else "",
        "time": lambda language, facts: _clock_in(language, facts.starts_at, facts.zone) if facts.starts_at else "",
        "dates": _all_dates,
        "staff": lambda _, facts: facts.staff,
        "shop": lambda _, facts: facts.shop,
        "address": lambda _, facts: facts.address,
        "link": lambda _, facts: facts.link,
        "amount": lambda _, facts: format_rupees(facts.amount) if facts.amount else "",
        "reason": lambda _, facts: facts.reason,
        "until": lambda language, facts: when_in(language, facts.until, facts.zone) if facts.until else "",
        "ahead": lambda language, facts: _AHEAD[language].format(format_rupees(facts.ahead)) if facts.ahead else "",
        "people": lambda _, facts: str(facts.people) if facts.people else "",
        "code": lambda _, facts: facts.code,
        "stop": lambda _, facts: facts.stop,
    }
)


def values_in(language: str, facts: NoticeFacts, names: Iterable[str] = _VALUES) -> dict[str, str]:
    """What stands for each of these variables, in a language that has texts; "" for what is not known."""
    return {name: _VALUES[name](language, facts) for name in names}


def _listed(months: Mapping[str, Sequence[str]]) -> str:
    """Like "5, 12 Dec, 2 Jan"."""
    return ", ".join(f"{', '.join(days)} {month}" for month, days in months.items())


def _clock_in(language: str, instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return spoken_clock(language, local.hour, local.minute) or format_time(instant, zone)


def spoken_clock(language: str, hour: int, minute: int) -> str:
    """Like "शाम 5:00"; "" for a language that names no parts of the day."""
    part = next((name for since, name in reversed(_PARTS.get(language, ())) if hour >= since), "")
    return f"{part} {hour % 12 or 12}:{minute:02d}" if part else ""


def evening_from(language: str) -> int:
    """The hour from which on people call it evening."""
    return 16 if language in _PARTS else 17
