"""The languages of the public pages: one gettext catalogue each, and how days, times and rupees are written in it.

A language is added by adding ``words/<code>.po``: nothing else names it. The texts in the templates are the English ones.
The catalogues are read when first needed, so that there is no compiled file to forget (docs/adr/0014-languages-of-public-pages.md).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_name
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency
from starlette.requests import Request

from microcrm.domain.notices import spoken_clock
from microcrm.http.forms import LANGUAGE

WORDS = Path(__file__).parent / "words"
SOURCE = "en"  # the language that the templates are written in
_MOST_ASKED = 200  # characters of an Accept-Language that are looked at


@dataclass(frozen=True, eq=False)
class Tongue:
    code: str
    locale: Locale
    words: NullTranslations

    @property
    def name(self) -> str:
        """Like "हिन्दी": what its speakers call it."""
        return (self.locale.get_language_name() or self.code).capitalize()

    @property
    def tag(self) -> str:
        """For the ``lang`` attribute: "hi-IN"."""
        return f"{self.code}-{self.locale.territory}"

    def say(self, message: str, /, **values: object) -> str:
        """A text of the catalogue, or the English one where it has none."""
        spoken = self.words.gettext(message)
        return spoken % values if values else spoken

    def count(self, one: str, many: str, number: int, /, **values: object) -> str:
        return self.words.ngettext(one, many, number) % {"num": number, **values}

    def day(self, day: date) -> str:
        """Like "Mon, 7 Dec 2026"."""
        return self._date(day, self.words.pgettext("date pattern", "EEE, d MMM y"))

    def short_day(self, day: date) -> str:
        """Like "Mon 7 Dec"."""
        return self._date(day, self.words.pgettext("date pattern", "EEE d MMM"))

    def weekday(self, day: date) -> str:
        """Like "Mon"."""
        return self._date(day, "ccc")

    def month(self, day: date) -> str:
        """Like "December 2026"."""
        return self._date(day, "LLLL y")

    def clock(self, moment: time) -> str:
        """Like "10:30 am", in Hindi "सुबह 10:30", as in the messages."""
        return spoken_clock(self.code, moment.hour, moment.minute) or format_time(
            moment, self.words.pgettext("time pattern", "h:mm a"), locale=self.locale
        )

    def minute_of_day(self, minute: int) -> str:
        """Minutes after midnight, 0..1440, as a time."""
        return self.clock(time(minute // 60 % 24, minute % 60))

    def time(self, instant: datetime, zone: ZoneInfo) -> str:
        """What the shop's clock shows at an aware instant."""
        return self.clock(instant.astimezone(zone).time())

    def rupees(self, paise: int) -> str:
        """Like "₹1,23,456", with paise only where there are any."""
        pattern = "¤#,##,##0" if paise % 100 == 0 else "¤#,##,##0.00"
        return format_currency(Decimal(paise) / 100, "INR", pattern, locale=self.locale, currency_digits=False)

    def minutes(self, minutes: int) -> str:
        """Like "1 h 15 min"."""
        hours, rest = divmod(minutes, 60)
        if not hours:
            return self.say("%(minutes)s min", minutes=rest)
        if not rest:
            return self.say("%(hours)s h", hours=hours)
        return self.say("%(hours)s h %(minutes)s min", hours=hours, minutes=rest)

    def list(self, parts: Sequence[str]) -> str:
        """Like "a, b and c"."""
        return format_list(list(parts), locale=self.locale)

    def zone(self, zone: ZoneInfo) -> str:
        """Like "India Time"."""
        return get_timezone_name(zone, locale=self.locale)

    def _date(self, day: date, pattern: str) -> str:
        return format_date(day, pattern, locale=self.locale)


def mark(text: str) -> str:
    """Marks an English text for the catalogues where it is said later, through a variable."""
    return text


@cache
def tongues() -> dict[str, Tongue]:
    """By code, English first and then by their files' names."""
    codes = [SOURCE, *sorted(path.stem for path in WORDS.glob("*.po"))]
    return {code: Tongue(code, Locale(code, "IN"), _catalogue(code)) for code in codes}


def tongue_of(request: Request) -> Tongue:
    """The language in the address, else the one that the browser likes best, else English."""
    return tongues()[asked_language(request) or _liked(request.headers.get("accept-language", "")[:_MOST_ASKED])]


@lru_cache(maxsize=256)
def _liked(accepted: str) -> str:
    """The code of the language that a browser with this header likes best of those there are."""
    ranked = sorted(map(_preference, accepted.replace("-", "_").split(",")), key=lambda pair: -pair[1])
    return next((code for code, weight in ranked if weight > 0 and code in tongues()), SOURCE)


def asked_language(request: Request) -> str:
    """The code that the address names, or the form that was sent; "" when neither does."""
    asked = request.query_params.get("lang", "") or getattr(request.state, LANGUAGE, "")
    return asked if asked in tongues() else ""


def _preference(part: str) -> tuple[str, float]:
    code, _, quality = part.strip().partition(";")
    weight = quality.strip().removeprefix("q=")
    is_number = weight.replace(".", "", 1).isdecimal()
    return code.partition("_")[0].lower(), float(weight) if is_number else (0.0 if weight else 1.0)


def _catalogue(code: str) -> NullTranslations:
    if code == SOURCE:
        return NullTranslations()
    with (WORDS / f"{code}.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
