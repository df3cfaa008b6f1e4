"""Refusals in Razorpay's words and shape."""

from __future__ import annotations

from typing import Any

MOST_NOTES, MOST_NOTE = 15, 256
LEAST_PAISE = 100
MOST_PAISE = 50_000_000_00


class Refusal(Exception):
    def __init__(
        self, description: str, *, status: int = 400, field: str = "", code: str = "BAD_REQUEST_ERROR"
    ) -> None:
        super().__init__(description)
        self.status, self.field, self.code = status, field, code

    @property
    def body(self) -> dict[str, Any]:
        error = {
            "code": self.code,
            "description": str(self),
            "source": "business",
            "step": "payment_initiation",
            "reason": "input_validation_failed",
            "metadata": {},
        }
        return {"error": error | ({"field": self.field} if self.field else {})}


UNAUTHORISED = "Authentication failed"
UNKNOWN_ID = "The id provided does not exist"
UNKNOWN_URL = "The requested URL was not found on the server."


def only(given: dict[str, Any], allowed: frozenset[str]) -> None:
    if extra := sorted(given.keys() - allowed):
        raise Refusal(f"{', '.join(extra)} is/are not required and should not be sent", field=extra[0])


def amount(given: dict[str, Any], name: str = "amount", *, least: int = LEAST_PAISE) -> int:
    """Paise."""
    if name not in given:
        raise Refusal(f"The {name} field is required.", field=name)
    value = given[name]
    if type(value) is not int:
        raise Refusal(f"The {name} must be an integer.", field=name)
    if value < least:
        raise Refusal(f"The {name} must be at least INR {least / 100:.2f}", field=name)
    if value > MOST_PAISE:
        raise Refusal("Amount exceeds maximum amount allowed.", field=name)
    return value


def currency(given: dict[str, Any], *, is_optional: bool = False) -> str:
    if "currency" not in given:
        if is_optional:
            return "INR"
        raise Refusal("The currency field is required.", field="currency")
    value = given["currency"]
    if value not in ("INR", "USD", "EUR", "SGD"):
        raise Refusal("Currency is not supported", field="currency")
    return str(value)


def text(given: dict[str, Any], name: str, most: int) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refusal(f"The {name} must be a string.", field=name)
    if len(value) > most:
        raise Refusal(f"The {name} may not be greater than {most} characters.", field=name)
    return value


def notes(given: dict[str, Any]) -> Any:
    """As it comes back: an empty one is a list."""
    value = given.get("notes") or {}
    if not isinstance(value, dict):
        raise Refusal("The notes must be an array.", field="notes")
    if len(value) > MOST_NOTES or any(len(str(one)) > MOST_NOTE for one in value.values()):
        raise Refusal("Number of fields in notes should be less than or equal to 15", field="notes")
    return value or []
