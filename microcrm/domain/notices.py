"""What a customer is told about a visit, in their language. Pure texts: whoever sends them adds nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from microcrm.domain.calendar_text import MONTHS
from microcrm.domain.formatting import WEEKDAYS, format_time
from microcrm.domain.money import format_rupees

# Said wherever somebody is asked whether to tell the customer.
NOT_SENT_YET = "Messages are written down now. They go out once messaging is set up for this shop."


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


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """``reason`` is the shop's own sentence. ``until``: how long an offer stands, and ``ahead``: paise that whoever takes it pays
    first. ``link`` is the visit's page, of several visits the first one's; ``dates`` are all of theirs."""

    shop: str
    services: tuple[str, ...]
    starts_at: datetime
    zone: ZoneInfo
    link: str
    reason: str = ""
    until: datetime | None = None
    dates: tuple[datetime, ...] = ()
    ahead: int = 0


_S = NoticeStep
_CHANGE = {
    "en": " Change or cancel: {link}",
    "hi": " बदलने या रद्द करने के लिए: {link}",
    "kn": " ಬದಲಾಯಿಸಲು ಅಥವಾ ರದ್ದುಗೊಳಿಸಲು: {link}",
}
_FIRST = {"en": " The first of them: {link}", "hi": " इनमें से पहली: {link}", "kn": " ಇವುಗಳಲ್ಲಿ ಮೊದಲನೆಯದು: {link}"}
_AGAIN = {"en": " Choose another time: {link}", "hi": " कोई दूसरा समय चुनें: {link}", "kn": " ಬೇರೆ ಸಮಯ ಆರಿಸಿ: {link}"}
_AHEAD = {"en": " and pay {rupees} ahead", "hi": " ({rupees} पहले देने होंगे)", "kn": " ({rupees} ಮುಂಗಡ ಪಾವತಿಸಬೇಕು)"}
TEXTS: Mapping[str, Mapping[NoticeStep, str]] = {
    "en": {
        _S.BOOKED: "{shop}: you are booked: {services}, {when}." + _CHANGE["en"],
        _S.BOOKED_ALL: "{shop}: you are booked: {services}: {dates}." + _FIRST["en"],
        _S.REQUESTED: "{shop}: we have your request: {services}, {when}. We will answer soon. {link}",
        _S.APPROVED: "{shop}: your request is accepted: {services}, {when}." + _CHANGE["en"],
        _S.DECLINED: "{shop}: sorry, this is not possible: {services}, {when}.{reason}" + _AGAIN["en"],
        _S.MOVED: "{shop}: your visit has a new time: {services}, {when}." + _CHANGE["en"],
        _S.MOVED_ALL: "{shop}: your visits have new times: {services}: {dates}." + _FIRST["en"],
        _S.CANCELLED: "{shop}: your visit is cancelled: {services}, {when}.{reason}" + _AGAIN["en"],
        _S.CANCELLED_ALL: "{shop}: your visits are cancelled: {services}: {dates}.{reason}" + _AGAIN["en"],
        _S.LAPSED: "{shop}: we could not answer your request in time, so it has lapsed: {services}, {when}." + _AGAIN["en"],
        _S.TO_PAY: "{shop}: your time is kept: {services}, {when}. Pay to book it: {link}",
        _S.UNPAID: "{shop}: no payment came in time, so your time was given up: {services}, {when}." + _AGAIN["en"],
        _S.OFFER: "{shop}: a time is free: {services}, {when}. Take it before {until}{ahead}: {link}",
        _S.OFFER_GONE: "{shop}: what we offered is not to be had any more: {services}, {when}. You stay on the waiting list. {link}",
    },
    "hi": {
        _S.BOOKED: "{shop}: आपकी बुकिंग हो गई है: {services}, {when}।" + _CHANGE["hi"],
        _S.BOOKED_ALL: "{shop}: आपकी बुकिंग हो गई हैं: {services}: {dates}।" + _FIRST["hi"],
        _S.REQUESTED: "{shop}: आपका अनुरोध मिल गया है: {services}, {when}। हम जल्द जवाब देंगे। {link}",
        _S.APPROVED: "{shop}: आपका अनुरोध स्वीकार हो गया है: {services}, {when}।" + _CHANGE["hi"],
        _S.DECLINED: "{shop}: क्षमा करें, यह समय संभव नहीं है: {services}, {when}।{reason}" + _AGAIN["hi"],
        _S.MOVED: "{shop}: आपकी बुकिंग का समय बदल गया है: {services}, {when}।" + _CHANGE["hi"],
        _S.MOVED_ALL: "{shop}: आपकी बुकिंग के समय बदल गए हैं: {services}: {dates}।" + _FIRST["hi"],
        _S.CANCELLED: "{shop}: आपकी बुकिंग रद्द हो गई है: {services}, {when}।{reason}" + _AGAIN["hi"],
        _S.CANCELLED_ALL: "{shop}: आपकी ये बुकिंग रद्द हो गई हैं: {services}: {dates}।{reason}" + _AGAIN["hi"],
        _S.LAPSED: "{shop}: आपके अनुरोध का जवाब समय पर नहीं दिया जा सका: {services}, {when}।" + _AGAIN["hi"],
        _S.TO_PAY: "{shop}: आपका समय रखा गया है: {services}, {when}। बुकिंग के लिए भुगतान करें: {link}",
        _S.UNPAID: "{shop}: भुगतान समय पर नहीं मिला, इसलिए आपका समय छोड़ दिया गया: {services}, {when}।" + _AGAIN["hi"],
        _S.OFFER: "{shop}: एक समय खाली हुआ है: {services}, {when}। {until} से पहले लें{ahead}: {link}",
        _S.OFFER_GONE: "{shop}: जो समय हमने बताया था, वह अब नहीं मिल सकता: {services}, {when}। आप प्रतीक्षा सूची में बने रहेंगे। {link}",
    },
    "kn": {
        _S.BOOKED: "{shop}: ನಿಮ್ಮ ಬುಕಿಂಗ್ ಆಗಿದೆ: {services}, {when}." + _CHANGE["kn"],
        _S.BOOKED_ALL: "{shop}: ನಿಮ್ಮ ಬುಕಿಂಗ್‌ಗಳು ಆಗಿವೆ: {services}: {dates}." + _FIRST["kn"],
        _S.REQUESTED: "{shop}: ನಿಮ್ಮ ಕೋರಿಕೆ ಸಿಕ್ಕಿದೆ: {services}, {when}. ಶೀಘ್ರದಲ್ಲೇ ಉತ್ತರಿಸುತ್ತೇವೆ. {link}",
        _S.APPROVED: "{shop}: ನಿಮ್ಮ ಕೋರಿಕೆಯನ್ನು ಒಪ್ಪಲಾಗಿದೆ: {services}, {when}." + _CHANGE["kn"],
        _S.DECLINED: "{shop}: ಕ್ಷಮಿಸಿ, ಈ ಸಮಯ ಸಾಧ್ಯವಿಲ್ಲ: {services}, {when}.{reason}" + _AGAIN["kn"],
        _S.MOVED: "{shop}: ನಿಮ್ಮ ಬುಕಿಂಗ್ ಸಮಯ ಬದಲಾಗಿದೆ: {services}, {when}." + _CHANGE["kn"],
        _S.MOVED_ALL: "{shop}: ನಿಮ್ಮ ಬುಕಿಂಗ್‌ಗಳ ಸಮಯ ಬದಲಾಗಿದೆ: {services}: {dates}." + _FIRST["kn"],
        _S.CANCELLED: "{shop}: ನಿಮ್ಮ ಬುಕಿಂಗ್ ರದ್ದಾಗಿದೆ: {services}, {when}.{reason}" + _AGAIN["kn"],
        _S.CANCELLED_ALL: "{shop}: ನಿಮ್ಮ ಬುಕಿಂಗ್‌ಗಳು ರದ್ದಾಗಿವೆ: {services}: {dates}.{reason}" + _AGAIN["kn"],
        _S.LAPSED: "{shop}: ನಿಮ್ಮ ಕೋರಿಕೆಗೆ ಸಮಯಕ್ಕೆ ಉತ್ತರಿಸಲಾಗಲಿಲ್ಲ: {services}, {when}." + _AGAIN["kn"],
        _S.TO_PAY: "{shop}: ನಿಮ್ಮ ಸಮಯ ಕಾಯ್ದಿರಿಸಲಾಗಿದೆ: {services}, {when}. ಬುಕ್ ಮಾಡಲು ಪಾವತಿಸಿ: {link}",
        _S.UNPAID: "{shop}: ಪಾವತಿ ಸಮಯಕ್ಕೆ ಬರಲಿಲ್ಲ, ಆದ್ದರಿಂದ ನಿಮ್ಮ ಸಮಯ ಬಿಟ್ಟುಕೊಡಲಾಗಿದೆ: {services}, {when}." + _AGAIN["kn"],
        _S.OFFER: "{shop}: ಒಂದು ಸಮಯ ಖಾಲಿಯಾಗಿದೆ: {services}, {when}. {until} ಒಳಗೆ ಪಡೆಯಿರಿ{ahead}: {link}",
        _S.OFFER_GONE: "{shop}: ನಾವು ತಿಳಿಸಿದ ಸಮಯ ಈಗ ಸಿಗುವುದಿಲ್ಲ: {services}, {when}. ನೀವು ಕಾಯುವ ಪಟ್ಟಿಯಲ್ಲೇ ಇರುತ್ತೀರಿ. {link}",
    },
}  # fmt: skip
LANGUAGES = tuple(TEXTS)
ALL_OF = {_S.BOOKED: _S.BOOKED_ALL, _S.MOVED: _S.MOVED_ALL, _S.CANCELLED: _S.CANCELLED_ALL}
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


def notice(step: NoticeStep, language: str, facts: NoticeFacts) -> str:
    """One message. A language that has no texts gets English."""
    spoken = language if language in TEXTS else "en"
    return TEXTS[spoken][step].format(
        shop=facts.shop,
        services=" + ".join(facts.services),
        when=when_in(spoken, facts.starts_at, facts.zone),
        dates=dates_in(spoken, facts.dates or (facts.starts_at,), facts.zone),
        until=when_in(spoken, facts.until, facts.zone) if facts.until else "",
        ahead=_AHEAD[spoken].format(rupees=format_rupees(facts.ahead)) if facts.ahead else "",
        reason=f" {facts.reason}" if facts.reason else "",
        link=facts.link,
    )


def when_in(language: str, instant: datetime, zone: ZoneInfo) -> str:
    """Like "Sat 5 Dec, 11:00 am", "शनिवार 5 दिसंबर, सुबह 11:00"."""
    local = instant.astimezone(zone)
    month = _MONTHS[language][local.month - 1]
    return f"{_DAYS[language][local.weekday()]} {local.day} {month}, {_clock_in(language, instant, zone)}"


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
