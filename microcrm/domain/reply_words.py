"""What a customer's answer means: a button they pressed, or a whole message that is one of a few well-known sentences in English,
Hindi (in its own letters or in Latin ones) or Kannada. Anything longer or unknown means nothing here and is for a person to read.

Only the whole message counts: "do not cancel" holds the word, and means the opposite. A bare "no" says only what the question before
it asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from microcrm.domain.notices import NoticeStep


class Intent(StrEnum):
    """``NO``: calls the visit off where we have just asked about it, else nothing. ``STOP`` and ``START`` are about messages.
    ``UNCLEAR``: a person reads it."""

    CONFIRM = "confirm"
    CANCEL = "cancel"
    NO = "no"
    CHANGE = "change"
    STOP = "stop"
    START = "start"
    UNCLEAR = "unclear"


# Twilio's own words for stopping and starting (payments of its messages are not charged for them) count as such; save for "cancel",
# "end" and "yes", which answer the question about a visit here.
_SAID: Mapping[Intent, str] = MappingProxyType(
    {
        Intent.CONFIRM: """
            1 | y | yes | yes please | yess | ok | okay | k | confirm | confirmed | i confirm | i will come | i will be there |
            coming | will come | see you | sure | done | 👍 | ✅ |
            yes confirm | yes confirmed | yes i will come | yes coming | ok confirm | ok confirmed | ok i will come | ok done |
            haan | han | ha | haan ji | ji haan | ji | theek hai | thik hai | theek | thik | aaunga | aaungi | aa rahe hain |
            aa raha hu | aa rahi hu | aa raha hoon | aa rahi hoon | pakka |
            haan confirm | ji confirm | confirm karo | confirm kar do | confirm hai |
            haan aaunga | haan aaungi | haan aa raha hoon | haan aa rahi hoon |
            हाँ | हां | हा | जी | जी हाँ | जी हां | हाँ जी | हां जी | ठीक है | ठीक | पक्का | आऊंगा | आऊँगा | आऊंगी | आऊँगी | पुष्टि |
            haudu | houdu | sari | barthini | barteeni | ಹೌದು | ಸರಿ | ಬರುತ್ತೇನೆ | ಖಚಿತ
        """,
        Intent.CANCEL: """
            cancel | cancel it | cancel booking | cancel my booking | cancel appointment | cancel my appointment | cancel visit |
            please cancel | cancel please | pls cancel | not coming | cannot come | cant come | can not come | i cannot come |
            i cant come | wont come |
            nahi aa paunga | nahi aa paungi | nahi aaunga | nahi aaungi | cancel karo | cancel kar do | cancel kardo |
            cancel kar dijiye | radd karo |
            रद्द | रद्द करें | रद्द करो | रद्द कर दो | रद्द कर दीजिए | कैंसल | कैंसिल | कैंसल करो | कैंसिल करो | नहीं आऊंगा | नहीं आऊंगी |
            ರದ್ದು | ರದ್ದು ಮಾಡಿ | ರದ್ದುಮಾಡಿ | ಬರುವುದಿಲ್ಲ
        """,
        Intent.NO: """
            2 | n | no | nope | ❌ | nahi | nahin | naa | नहीं | नही | ना | illa | beda | ಇಲ್ಲ | ಬೇಡ
        """,
        Intent.CHANGE: """
            3 | change | change time | change the time | change date | reschedule | move | another time | other time | postpone |
            time change | change my booking | change booking |
            badlo | time badlo | samay badlo | time change karo | time badal do | dusra time | doosra time | aage badhao |
            बदलें | बदलो | समय बदलें | समय बदलो | समय बदल दो | दूसरा समय | टाइम बदलो |
            badalayisi | ಬದಲಾಯಿಸಿ | ಸಮಯ ಬದಲಾಯಿಸಿ | ಬೇರೆ ಸಮಯ
        """,
        Intent.STOP: """
            stop | stopall | stop all | unsubscribe | quit | revoke | optout | opt out | end | stop messages | stop sms |
            do not message | dont message | no more messages |
            band karo | band kar do | message band karo | message mat bhejo | mat bhejo | roko |
            बंद करो | बंद करें | बंद कर दो | मत भेजो | रोको | रोकें | स्टॉप | संदेश बंद करो |
            nillisi | ನಿಲ್ಲಿಸಿ | ಸಾಕು | ಸಂದೇಶ ಬೇಡ
        """,
        Intent.START: """
            start | unstop | subscribe | start again | opt in | optin | resume |
            shuru karo | chalu karo | शुरू | शुरू करो | शुरू करें | चालू करो | prarambhisi | ಪ್ರಾರಂಭಿಸಿ | ಶುರು ಮಾಡಿ
        """,
    }
)
BUTTONS: Mapping[str, Intent] = MappingProxyType(
    {one.value: one for one in (Intent.CONFIRM, Intent.CANCEL, Intent.CHANGE, Intent.STOP, Intent.START)}
)
# Quick replies of a template that asks: their ids are `BUTTONS`, their words at most 20 characters (WhatsApp's limit).
_QUICK_REPLIES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "en": (("confirm", "I will come"), ("change", "Change time"), ("cancel", "Cancel")),
        "hi": (("confirm", "मैं आऊँगा/आऊँगी"), ("change", "समय बदलें"), ("cancel", "रद्द करें")),
        "kn": (("confirm", "ಬರುತ್ತೇನೆ"), ("change", "ಸಮಯ ಬದಲಾಯಿಸಿ"), ("cancel", "ರದ್ದು ಮಾಡಿ")),
    }
)
_ASKS = frozenset({NoticeStep.ASK_TO_CONFIRM, NoticeStep.ASK_AGAIN})
LONGEST = 60  # characters; nothing longer is one of the sentences above
_NOT_SAID = re.compile(r"[^\w\s👍✅❌\u0900-\u0dff]|[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0f\ufeff]|_")
_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")  # a thumb of any colour is a thumb


def quick_replies(step: NoticeStep, language: str) -> tuple[tuple[str, str], ...]:
    """Id and words of the buttons that belong under a message, as the template has to be registered; () for what asks nothing."""
    return _QUICK_REPLIES.get(language, _QUICK_REPLIES["en"]) if step in _ASKS else ()


def normal(text: str) -> str:
    """Small letters, one space between words, no punctuation, no marks that cannot be seen."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = _TONES.sub("", plain).replace("'", "").replace("’", "")
    return " ".join(_NOT_SAID.sub(" ", plain).replace("।", " ").split())


_MEANS: Mapping[str, Intent] = MappingProxyType(
    {normal(words): intent for intent, lines in _SAID.items() for words in lines.split("|")}
)


def intent_of(text: str, button: str = "") -> Intent:
    """``button``: the payload of the one they pressed, which says more than the words on it. A payload that we never gave counts
    as no button."""
    pressed = BUTTONS.get(button.partition(":")[0])
    if pressed is not None:
        return pressed
    if len(text) > LONGEST:
        return Intent.UNCLEAR
    return _MEANS.get(normal(text), Intent.UNCLEAR)
