"""The built-in text of each message in each language: what goes out until a shop has words of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from microcrm.domain.dlt import check_registered
from microcrm.domain.message_text import Rendered, places_in, render
from microcrm.domain.messenger import Channel
from microcrm.domain.notices import NoticeFacts, NoticeStep, spoken, values_in

_S = NoticeStep
_CHANGE = {
    "en": " Change or cancel: {link}",
    "hi": " बदलने या रद्द करने के लिए: {link}",
    "kn": " ಬದಲಾಯಿಸಲು ಅಥವಾ ರದ್ದುಗೊಳಿಸಲು: {link}",
}
_FIRST = {"en": " The first of them: {link}", "hi": " इनमें से पहली: {link}", "kn": " ಇವುಗಳಲ್ಲಿ ಮೊದಲನೆಯದು: {link}"}
_ANSWER = {
    "en": " Confirm or change: {link}",
    "hi": " पुष्टि करने या बदलने के लिए: {link}",
    "kn": " ಖಚಿತಪಡಿಸಲು ಅಥವಾ ಬದಲಾಯಿಸಲು: {link}",
}
_AGAIN = {"en": " Choose another time: {link}", "hi": " कोई दूसरा समय चुनें: {link}", "kn": " ಬೇರೆ ಸಮಯ ಆರಿಸಿ: {link}"}
TEXTS: Mapping[str, Mapping[NoticeStep, str]] = {
    "en": {
        _S.BOOKED: "{shop}: you are booked: {service}, {when}." + _CHANGE["en"],
        _S.BOOKED_ALL: "{shop}: you are booked: {service}: {dates}." + _FIRST["en"],
        _S.REQUESTED: "{shop}: we have your request: {service}, {when}. We will answer soon. {link}",
        _S.APPROVED: "{shop}: your request is accepted: {service}, {when}." + _CHANGE["en"],
        _S.DECLINED: "{shop}: sorry, this is not possible: {service}, {when}. {reason}" + _AGAIN["en"],
        _S.MOVED: "{shop}: your visit has a new time: {service}, {when}." + _CHANGE["en"],
        _S.MOVED_ALL: "{shop}: your visits have new times: {service}: {dates}." + _FIRST["en"],
        _S.CANCELLED: "{shop}: your visit is cancelled: {service}, {when}. {reason}" + _AGAIN["en"],
        _S.CANCELLED_ALL: "{shop}: your visits are cancelled: {service}: {dates}. {reason}" + _AGAIN["en"],
        _S.LAPSED: "{shop}: we could not answer your request in time, so it has lapsed: {service}, {when}." + _AGAIN["en"],
        _S.TO_PAY: "{shop}: your time is kept: {service}, {when}. Pay to book it: {link}",
        _S.UNPAID: "{shop}: no payment came in time, so your time was given up: {service}, {when}." + _AGAIN["en"],
        _S.OFFER: "{shop}: a time is free: {service}, {when}. {ahead} Take it before {until}: {link}",
        _S.OFFER_GONE: "{shop}: what we offered is not to be had any more: {service}, {when}. You stay on the waiting list. {link}",
        _S.REMINDER: "{shop}: we look forward to your visit: {service}, {when}." + _CHANGE["en"],
        _S.ASK_TO_CONFIRM: "{shop}: will you come? {service}, {when}." + _ANSWER["en"],
        _S.ASK_AGAIN: "{shop}: please tell us if you are coming: {service}, {when}." + _ANSWER["en"],
        _S.THANKS: "{shop}: thank you for your visit, {customer}. How was it? Tell others here: {link} {stop}",
        _S.REBOOK: "{shop}: {customer}, it is about time for your next visit: {service}. Choose a time: {link} {stop}",
        _S.BIRTHDAY: "{shop}: happy birthday, {customer}! We wish you a wonderful year. {stop}",
        _S.DUES: "{shop}: {amount} of your bill is not paid yet. See the bill and pay: {link}",
        _S.QUEUE_NEAR: "{shop}: your turn is near. Before you: {people}. Please come back now: {link}",
        _S.CAMPAIGN: "{shop}: {customer}, we have something new for you. Book a time: {link} {stop}",
        _S.CODE: "{shop}: the code for your booking is {code}. It is good for ten minutes. Tell it to nobody.",
    },
    "hi": {
        _S.BOOKED: "{shop}: आपकी बुकिंग हो गई है: {service}, {when}।" + _CHANGE["hi"],
        _S.BOOKED_ALL: "{shop}: आपकी बुकिंग हो गई हैं: {service}: {dates}।" + _FIRST["hi"],
        _S.REQUESTED: "{shop}: आपका अनुरोध मिल गया है: {service}, {when}। हम जल्द जवाब देंगे। {link}",
        _S.APPROVED: "{shop}: आपका अनुरोध स्वीकार हो गया है: {service}, {when}।" + _CHANGE["hi"],
        _S.DECLINED: "{shop}: क्षमा करें, यह समय संभव नहीं है: {service}, {when}। {reason}" + _AGAIN["hi"],
        _S.MOVED: "{shop}: आपकी बुकिंग का समय बदल गया है: {service}, {when}।" + _CHANGE["hi"],
        _S.MOVED_ALL: "{shop}: आपकी बुकिंग के समय बदल गए हैं: {service}: {dates}।" + _FIRST["hi"],
        _S.CANCELLED: "{shop}: आपकी बुकिंग रद्द हो गई है: {service}, {when}। {reason}" + _AGAIN["hi"],
        _S.CANCELLED_ALL: "{shop}: आपकी ये बुकिंग रद्द हो गई हैं: {service}: {dates}। {reason}" + _AGAIN["hi"],
        _S.LAPSED: "{shop}: आपके अनुरोध का जवाब समय पर नहीं दिया जा सका: {service}, {when}।" + _AGAIN["hi"],
        _S.TO_PAY: "{shop}: आपका समय रखा गया है: {service}, {when}। बुकिंग के लिए भुगतान करें: {link}",
        _S.UNPAID: "{shop}: भुगतान समय पर नहीं मिला, इसलिए आपका समय छोड़ दिया गया: {service}, {when}।" + _AGAIN["hi"],
        _S.OFFER: "{shop}: एक समय खाली हुआ है: {service}, {when}। {ahead} कृपया {until} से पहले लें: {link}",
        _S.OFFER_GONE: "{shop}: जो समय हमने बताया था, वह अब नहीं मिल सकता: {service}, {when}। आप प्रतीक्षा सूची में बने रहेंगे। {link}",
        _S.REMINDER: "{shop}: आपकी बुकिंग की याद दिला रहे हैं: {service}, {when}।" + _CHANGE["hi"],
        _S.ASK_TO_CONFIRM: "{shop}: क्या आप आ रहे हैं? {service}, {when}।" + _ANSWER["hi"],
        _S.ASK_AGAIN: "{shop}: आपका जवाब अभी नहीं मिला है। क्या आप आ रहे हैं? {service}, {when}।" + _ANSWER["hi"],
        _S.THANKS: "{shop}: आने के लिए धन्यवाद, {customer}। आपको कैसा लगा? यहाँ लिखें: {link} {stop}",
        _S.REBOOK: "{shop}: {customer}, अगली बार आने का समय हो गया है: {service}। समय चुनें: {link} {stop}",
        _S.BIRTHDAY: "{shop}: जन्मदिन की हार्दिक शुभकामनाएँ, {customer}! {stop}",
        _S.DUES: "{shop}: आपके बिल में {amount} बाकी है। बिल देखें और भुगतान करें: {link}",
        _S.QUEUE_NEAR: "{shop}: आपकी बारी आने वाली है। आपसे पहले: {people}। कृपया अब लौट आएँ: {link}",
        _S.CAMPAIGN: "{shop}: {customer}, आपके लिए हमारे पास कुछ नया है। समय चुनें: {link} {stop}",
        _S.CODE: "{shop}: आपका बुकिंग कोड {code} है। यह दस मिनट तक चलेगा। इसे किसी को न बताएँ।",
    },
    "kn": {
        _S.BOOKED: "{shop}: ನಿಮ್ಮ ಬುಕಿಂಗ್ ಆಗಿದೆ: {service}, {when}." + _CHANGE["kn"],
        _S.BOOKED_ALL: "{shop}: ನಿಮ್ಮ ಬುಕಿಂಗ್‌ಗಳು ಆಗಿವೆ: {service}: {dates}." + _FIRST["kn"],
        _S.REQUESTED: "{shop}: ನಿಮ್ಮ ಕೋರಿಕೆ ಸಿಕ್ಕಿದೆ: {service}, {when}. ಶೀಘ್ರದಲ್ಲೇ ಉತ್ತರಿಸುತ್ತೇವೆ. {link}",
        _S.APPROVED: "{shop}: ನಿಮ್ಮ ಕೋರಿಕೆಯನ್ನು ಒಪ್ಪಲಾಗಿದೆ: {service}, {when}." + _CHANGE["kn"],
        _S.DECLINED: "{shop}: ಕ್ಷಮಿಸಿ, ಈ ಸಮಯ ಸಾಧ್ಯವಿಲ್ಲ: {service}, {when}. {reason}" + _AGAIN["kn"],
        _S.MOVED: "{shop}: ನಿಮ್ಮ ಬುಕಿಂಗ್ ಸಮಯ ಬದಲಾಗಿದೆ: {service}, {when}." + _CHANGE["kn"],
        _S.MOVED_ALL: "{shop}: ನಿಮ್ಮ ಬುಕಿಂಗ್‌ಗಳ ಸಮಯ ಬದಲಾಗಿದೆ: {service}: {dates}." + _FIRST["kn"],
        _S.CANCELLED: "{shop}: ನಿಮ್ಮ ಬುಕಿಂಗ್ ರದ್ದಾಗಿದೆ: {service}, {when}. {reason}" + _AGAIN["kn"],
        _S.CANCELLED_ALL: "{shop}: ನಿಮ್ಮ ಬುಕಿಂಗ್‌ಗಳು ರದ್ದಾಗಿವೆ: {service}: {dates}. {reason}" + _AGAIN["kn"],
        _S.LAPSED: "{shop}: ನಿಮ್ಮ ಕೋರಿಕೆಗೆ ಸಮಯಕ್ಕೆ ಉತ್ತರಿಸಲಾಗಲಿಲ್ಲ: {service}, {when}." + _AGAIN["kn"],
        _S.TO_PAY: "{shop}: ನಿಮ್ಮ ಸಮಯ ಕಾಯ್ದಿರಿಸಲಾಗಿದೆ: {service}, {when}. ಬುಕ್ ಮಾಡಲು ಪಾವತಿಸಿ: {link}",
        _S.UNPAID: "{shop}: ಪಾವತಿ ಸಮಯಕ್ಕೆ ಬರಲಿಲ್ಲ, ಆದ್ದರಿಂದ ನಿಮ್ಮ ಸಮಯ ಬಿಟ್ಟುಕೊಡಲಾಗಿದೆ: {service}, {when}." + _AGAIN["kn"],
        _S.OFFER: "{shop}: ಒಂದು ಸಮಯ ಖಾಲಿಯಾಗಿದೆ: {service}, {when}. {ahead} ದಯವಿಟ್ಟು {until} ಒಳಗೆ ಪಡೆಯಿರಿ: {link}",
        _S.OFFER_GONE: "{shop}: ನಾವು ತಿಳಿಸಿದ ಸಮಯ ಈಗ ಸಿಗುವುದಿಲ್ಲ: {service}, {when}. ನೀವು ಕಾಯುವ ಪಟ್ಟಿಯಲ್ಲೇ ಇರುತ್ತೀರಿ. {link}",
        _S.REMINDER: "{shop}: ನಿಮ್ಮ ಬುಕಿಂಗ್ ನೆನಪಿಸುತ್ತಿದ್ದೇವೆ: {service}, {when}." + _CHANGE["kn"],
        _S.ASK_TO_CONFIRM: "{shop}: ನೀವು ಬರುತ್ತೀರಾ? {service}, {when}." + _ANSWER["kn"],
        _S.ASK_AGAIN: "{shop}: ನಿಮ್ಮ ಉತ್ತರ ಇನ್ನೂ ಬಂದಿಲ್ಲ. ನೀವು ಬರುತ್ತೀರಾ? {service}, {when}." + _ANSWER["kn"],
        _S.THANKS: "{shop}: ಬಂದಿದ್ದಕ್ಕೆ ಧನ್ಯವಾದಗಳು, {customer}. ನಿಮಗೆ ಹೇಗನಿಸಿತು? ಇಲ್ಲಿ ಬರೆಯಿರಿ: {link} {stop}",
        _S.REBOOK: "{shop}: {customer}, ನಿಮ್ಮ ಮುಂದಿನ ಭೇಟಿಯ ಸಮಯವಾಗಿದೆ: {service}. ಸಮಯ ಆರಿಸಿ: {link} {stop}",
        _S.BIRTHDAY: "{shop}: ಹುಟ್ಟುಹಬ್ಬದ ಹಾರ್ದಿಕ ಶುಭಾಶಯಗಳು, {customer}! {stop}",
        _S.DUES: "{shop}: ನಿಮ್ಮ ಬಿಲ್‌ನಲ್ಲಿ {amount} ಬಾಕಿ ಇದೆ. ಬಿಲ್ ನೋಡಿ ಪಾವತಿಸಿ: {link}",
        _S.QUEUE_NEAR: "{shop}: ನಿಮ್ಮ ಸರದಿ ಹತ್ತಿರವಾಗಿದೆ. ನಿಮಗಿಂತ ಮುಂದೆ: {people}. ದಯವಿಟ್ಟು ಈಗ ಬನ್ನಿ: {link}",
        _S.CAMPAIGN: "{shop}: {customer}, ನಿಮಗಾಗಿ ನಮ್ಮಲ್ಲಿ ಹೊಸದೇನೋ ಇದೆ. ಸಮಯ ಆರಿಸಿ: {link} {stop}",
        _S.CODE: "{shop}: ನಿಮ್ಮ ಬುಕಿಂಗ್ ಕೋಡ್ {code}. ಇದು ಹತ್ತು ನಿಮಿಷ ಮಾತ್ರ ನಡೆಯುತ್ತದೆ. ಯಾರಿಗೂ ಹೇಳಬೇಡಿ.",
    },
}  # fmt: skip
# WhatsApp registers no text that begins or ends with a variable.
_HELLO = {"en": "Hello from ", "hi": "नमस्ते! ", "kn": "ನಮಸ್ಕಾರ! "}
_END = {"en": " Thank you.", "hi": " धन्यवाद।", "kn": " ಧನ್ಯವಾದಗಳು."}
_STOP = {"en": "Reply STOP to end these.", "hi": "बंद करने के लिए STOP लिखें।", "kn": "ನಿಲ್ಲಿಸಲು STOP ಎಂದು ಉತ್ತರಿಸಿ."}
_VISIT = ("customer", "service", "when", "day", "time", "staff", "shop", "address", "link")
_SEVERAL = ("customer", "service", "dates", "staff", "shop", "address", "link")
VARIABLES_OF: Mapping[NoticeStep, tuple[str, ...]] = {
    **dict.fromkeys(NoticeStep, _VISIT),
    **dict.fromkeys((_S.BOOKED_ALL, _S.MOVED_ALL), _SEVERAL),
    _S.CANCELLED_ALL: (*_SEVERAL, "reason"),
    _S.DECLINED: (*_VISIT, "reason"),
    _S.CANCELLED: (*_VISIT, "reason"),
    _S.OFFER: (*_VISIT, "until", "ahead"),
    _S.THANKS: (*_VISIT, "stop"),
    _S.REBOOK: ("customer", "service", "staff", "shop", "address", "link", "stop"),
    **dict.fromkeys((_S.BIRTHDAY, _S.CAMPAIGN), ("customer", "shop", "address", "link", "stop")),
    _S.DUES: ("customer", "amount", "shop", "address", "link"),
    _S.QUEUE_NEAR: ("customer", "people", "shop", "address", "link"),
    _S.CODE: ("code", "shop"),
}
NEEDED_IN: Mapping[NoticeStep, tuple[str, ...]] = {
    **dict.fromkeys((_S.ASK_TO_CONFIRM, _S.ASK_AGAIN, _S.TO_PAY, _S.OFFER, _S.THANKS, _S.REBOOK, _S.DUES), ("link",)),
    _S.CODE: ("code",),
}


def built_in(step: NoticeStep, channel: Channel, language: str) -> str:
    """The template. A language that has no texts gets English."""
    tongue = spoken(language)
    text = TEXTS[tongue][step]
    if channel is Channel.EMAIL:
        return text.removesuffix(" {stop}")  # the letter's foot and its header say it
    if channel is not Channel.WHATSAPP:
        return text
    text = _HELLO[tongue] + text.replace("{stop}", _STOP[tongue])
    return text + _END[tongue] if text.endswith("}") else text


def needed_in(step: NoticeStep, channel: Channel) -> tuple[str, ...]:
    """Without which the message is of no use, or not allowed: an SMS that advertises holds a link to end it, for it cannot be
    answered (india.md 3.1)."""
    is_ended_by_link = channel is Channel.SMS and "stop" in VARIABLES_OF[step]
    return (*NEEDED_IN.get(step, ()), *(("stop",) if is_ended_by_link else ()))


@dataclass(frozen=True, slots=True)
class Template:
    """The words of one step on one channel in one language. ``content_sid``: of the same text where WhatsApp has it registered;
    ``dlt_text``: as it stands on the DLT portal. ``version`` 0: nobody has changed anything, these are the built-in words."""

    step: NoticeStep
    channel: Channel
    language: str
    text: str
    content_sid: str = ""
    dlt_template_id: str = ""
    dlt_text: str = ""
    dlt_on: date | None = None
    is_own: bool = False
    version: int = 0


def compose(template: Template, facts: NoticeFacts, day: date) -> Rendered:
    """What leaves on that day. ``MessageUnfit``: something it says is not known, it is too long, or it is not the text that is
    registered on DLT, which the operator would drop."""
    is_registered = template.channel is Channel.SMS and template.dlt_text != ""
    values = values_in(spoken(template.language), facts, places_in(template.text))
    done = render(template.text, values, template.channel, is_registered=is_registered)
    if is_registered:
        check_registered(done.text, template.dlt_text, day)
    return done


def notice(step: NoticeStep, language: str, facts: NoticeFacts) -> str:
    """One message in the built-in words. ``MessageUnfit`` when something it says is not known."""
    tongue = spoken(language)
    text = TEXTS[tongue][step]
    return render(text, values_in(tongue, facts, places_in(text))).text
