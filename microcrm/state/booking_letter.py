"""What a customer would be told, as forms and notices show it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from microcrm.operations.notice_preview import NoticePreview
from microcrm.operations.parts.booking_rows import BookingDone


@dataclass(frozen=True)
class Letter:
    """``reach`` says how and where it goes, "" for who cannot be reached; ``lang`` is the language of ``text`` for whoever
    reads it aloud; ``is_usual``: told unless the desk says otherwise."""

    text: str = ""
    reach: str = ""
    hint: str = ""
    lang: str = "en"
    is_usual: bool = False


def letter_of(found: NoticePreview) -> Letter:
    if not found.to:
        return Letter(found.text, hint=found.hint, lang=found.language, is_usual=found.is_usual)
    way = "Message" if found.channel == "message" else "E-mail"
    return Letter(found.text, f"{way} to {found.to}.", found.hint, found.language, found.is_usual)


def still_to_tell(done: BookingDone) -> str:
    """What a notice carries to ``Telling.offer``; "" when nobody is to be told."""
    return f"{done.booking_id}:{done.version}:{done.untold}" if done.untold else ""
