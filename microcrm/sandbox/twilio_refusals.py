"""Twilio's refusals: code and words as its pages of errors give them (twilio.com/docs/api/errors)."""

from __future__ import annotations

from typing import Any

WORDS: dict[int, tuple[int, str]] = {
    20001: (400, "Unknown parameters"),  # stricter than Twilio, which ignores them: our own typing errors show
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    21211: (400, "Invalid 'To' Phone Number"),
    21212: (400, "Invalid From Number (caller ID)"),
    21408: (400, "Permission to send an SMS or MMS has not been enabled for the region indicated by the 'To' number"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination"),
    21609: (400, "The 'StatusCallback' URL is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21654: (400, "ContentSid is required when ContentVariables are given"),
    21655: (400, "The ContentSid is invalid or does not exist"),
    21656: (400, "The ContentVariables parameter is invalid."),
    21910: (400, "Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel"),
    30409: (400, "Message cannot be canceled"),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
    63038: (429, "Account exceeded the daily messages limit"),
}  # fmt: skip


class Refused(Exception):
    def __init__(self, code: int, about: str = "") -> None:
        self.code = code
        self.status, words = WORDS[code]
        self.body: dict[str, Any] = {
            "code": code,
            "message": f"{words}: {about}" if about else words,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": self.status,
        }
        super().__init__(self.body["message"])
