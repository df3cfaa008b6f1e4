"""What is done about a customer's answer, and what they are told back, in their language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from microcrm.domain.reply_words import Intent

REPLY = "reply"  # by MicroCRM
ANSWER = "answer"  # by somebody of the shop
CONVERSATION = frozenset({REPLY, ANSWER})  # steps of messages to somebody who wrote first


class Outcome(StrEnum):
    """What became of one answer. The database keeps these words."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    CANCEL_LINK = "cancel_link"  # it would cost something, so they see that first
    CHANGE_LINK = "change_link"
    OLD_TIME = "old_time"  # the visit was moved after the message that they answer
    TOO_LATE = "too_late"  # it has begun, is over, or was called off
    NO_VISIT = "no_visit"
    SEVERAL = "several"  # more than one visit could be meant
    CONTRADICTS = "contradicts"  # they have said the opposite before
    STOPPED = "stopped"
    STARTED = "started"
    KNOWN = "known"  # said before, nothing changes
    FOR_PERSON = "for_person"


@dataclass(frozen=True, slots=True)
class OutcomeRule:
    """``label``: for the shop, after the message. ``is_settled``: nobody of the shop has to look. ``intents``: after which it comes."""

    label: str
    is_settled: bool
    intents: frozenset[Intent]


_VISIT = frozenset({Intent.CONFIRM, Intent.CANCEL, Intent.NO, Intent.CHANGE})
_OFF = frozenset({Intent.CANCEL, Intent.NO})
RULES: Mapping[Outcome, OutcomeRule] = MappingProxyType(
    {
        Outcome.CONFIRMED: OutcomeRule("Confirmed the visit", True, frozenset({Intent.CONFIRM})),
        Outcome.CANCELLED: OutcomeRule("Cancelled the visit", True, _OFF),
        Outcome.CANCEL_LINK: OutcomeRule("Got the link: cancelling costs a fee now", False, _OFF),
        Outcome.CHANGE_LINK: OutcomeRule("Got the link to choose another time", True, frozenset({Intent.CHANGE})),
        Outcome.OLD_TIME: OutcomeRule("Answered about an old time; got the new one", False, _VISIT),
        Outcome.TOO_LATE: OutcomeRule("Too late for that: see the visit", False, _VISIT),
        Outcome.NO_VISIT: OutcomeRule("Has no coming visit", False, _VISIT),
        Outcome.SEVERAL: OutcomeRule("Has several visits: ask which one", False, _VISIT),
        Outcome.CONTRADICTS: OutcomeRule("Said the opposite before: ask them", False, _VISIT),
        Outcome.STOPPED: OutcomeRule("Wants no more messages here", True, frozenset({Intent.STOP})),
        Outcome.STARTED: OutcomeRule("Wants messages here again", True, frozenset({Intent.START})),
        Outcome.KNOWN: OutcomeRule("Said so before", True, frozenset(Intent) - {Intent.UNCLEAR}),
        Outcome.FOR_PERSON: OutcomeRule("Waits for an answer", False, frozenset(Intent)),
    }
)

# By outcome and language. Of a cancelled visit the notice of every cancelled visit tells; who waits for a person hears from them.
_TEXTS: Mapping[Outcome, Mapping[str, str]] = MappingProxyType(
    {
        Outcome.CONFIRMED: {
            "en": "{shop}: thank you, we expect you {when}.",
            "hi": "{shop}: धन्यवाद, {when} आपका इंतज़ार रहेगा।",
            "kn": "{shop}: ಧನ್ಯವಾದಗಳು, {when} ನಿಮಗಾಗಿ ಕಾಯುತ್ತೇವೆ.",
        },
        Outcome.CANCEL_LINK: {
            "en": "{shop}: cancelling {when} costs {fee} now. Decide here: {link}",
            "hi": "{shop}: {when} की बुकिंग रद्द करने पर अब {fee} लगेंगे। यहाँ तय करें: {link}",
            "kn": "{shop}: {when} ಬುಕಿಂಗ್ ಈಗ ರದ್ದುಗೊಳಿಸಿದರೆ {fee} ಶುಲ್ಕ. ಇಲ್ಲಿ ನಿರ್ಧರಿಸಿ: {link}",
        },
        Outcome.CHANGE_LINK: {
            "en": "{shop}: choose another time for {when} here: {link}",
            "hi": "{shop}: {when} की जगह दूसरा समय यहाँ चुनें: {link}",
            "kn": "{shop}: {when} ಬದಲು ಬೇರೆ ಸಮಯ ಇಲ್ಲಿ ಆರಿಸಿ: {link}",
        },
        Outcome.OLD_TIME: {
            "en": "{shop}: your visit has a new time: {when}. Does it suit you? Answer YES, or choose another: {link}",
            "hi": "{shop}: आपकी बुकिंग का नया समय: {when}। ठीक हो तो हाँ लिखें, नहीं तो दूसरा चुनें: {link}",
            "kn": "{shop}: ನಿಮ್ಮ ಬುಕಿಂಗ್‌ನ ಹೊಸ ಸಮಯ: {when}. ಸರಿಯಾದರೆ ಹೌದು ಎಂದು ಬರೆಯಿರಿ, ಇಲ್ಲವಾದರೆ ಬೇರೆ ಆರಿಸಿ: {link}",
        },
        Outcome.TOO_LATE: {
            "en": "{shop}: that cannot be done by message any more. We have been told and will answer you.",
            "hi": "{shop}: यह अब संदेश से नहीं हो सकता। हमें सूचना मिल गई है, हम जवाब देंगे।",
            "kn": "{shop}: ಇದು ಈಗ ಸಂದೇಶದಿಂದ ಆಗುವುದಿಲ್ಲ. ನಮಗೆ ತಿಳಿದಿದೆ, ಉತ್ತರಿಸುತ್ತೇವೆ.",
        },
        Outcome.NO_VISIT: {
            "en": "{shop}: we find no coming visit of this number. We have been told and will answer you.",
            "hi": "{shop}: इस नंबर की कोई आने वाली बुकिंग नहीं मिली। हमें सूचना मिल गई है, हम जवाब देंगे।",
            "kn": "{shop}: ಈ ಸಂಖ್ಯೆಯ ಮುಂದಿನ ಬುಕಿಂಗ್ ಸಿಗಲಿಲ್ಲ. ನಮಗೆ ತಿಳಿದಿದೆ, ಉತ್ತರಿಸುತ್ತೇವೆ.",
        },
        Outcome.SEVERAL: {
            "en": "{shop}: you have several visits, so we changed nothing. We have been told and will ask you which one.",
            "hi": "{shop}: आपकी एक से ज़्यादा बुकिंग हैं, इसलिए कुछ नहीं बदला। हम आपसे पूछेंगे कि कौन सी।",
            "kn": "{shop}: ನಿಮ್ಮ ಹಲವು ಬುಕಿಂಗ್‌ಗಳಿವೆ, ಆದ್ದರಿಂದ ಏನೂ ಬದಲಾಗಿಲ್ಲ. ಯಾವುದೆಂದು ನಾವು ಕೇಳುತ್ತೇವೆ.",
        },
        Outcome.CONTRADICTS: {
            "en": "{shop}: you have told us otherwise before, so we changed nothing. We will ask you.",
            "hi": "{shop}: आपने पहले कुछ और बताया था, इसलिए कुछ नहीं बदला। हम आपसे पूछेंगे।",
            "kn": "{shop}: ನೀವು ಮೊದಲು ಬೇರೆ ಹೇಳಿದ್ದೀರಿ, ಆದ್ದರಿಂದ ಏನೂ ಬದಲಾಗಿಲ್ಲ. ನಾವು ಕೇಳುತ್ತೇವೆ.",
        },
        Outcome.STOPPED: {
            "en": "{shop}: you get no more messages from us here. Write START to get them again.",
            "hi": "{shop}: अब यहाँ हमारे संदेश नहीं आएँगे। फिर से पाने के लिए START लिखें।",
            "kn": "{shop}: ಇನ್ನು ಇಲ್ಲಿ ನಮ್ಮ ಸಂದೇಶಗಳು ಬರುವುದಿಲ್ಲ. ಮತ್ತೆ ಪಡೆಯಲು START ಎಂದು ಬರೆಯಿರಿ.",
        },
        Outcome.STARTED: {
            "en": "{shop}: you get messages about your visits here again. Write STOP to end them.",
            "hi": "{shop}: आपकी बुकिंग के संदेश यहाँ फिर से आएँगे। रोकने के लिए STOP लिखें।",
            "kn": "{shop}: ನಿಮ್ಮ ಬುಕಿಂಗ್‌ನ ಸಂದೇಶಗಳು ಇಲ್ಲಿ ಮತ್ತೆ ಬರುತ್ತವೆ. ನಿಲ್ಲಿಸಲು STOP ಎಂದು ಬರೆಯಿರಿ.",
        },
    }
)


def has_answer(outcome: Outcome) -> bool:
    return outcome in _TEXTS


def answer_to(outcome: Outcome, language: str, *, shop: str, when: str = "", fee: str = "", link: str = "") -> str:
    """What the customer is told back; "" where nothing is. A language without texts gets English."""
    texts = _TEXTS.get(outcome)
    if texts is None:
        return ""
    return texts.get(language, texts["en"]).format(shop=shop, when=when, fee=fee, link=link)
