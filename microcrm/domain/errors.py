"""The one tree of errors.

Every refusal that a person can meet is one of these classes. Each carries a stable ``code`` (for logs, the API and
``docs/errors.md``), a ``message`` that is safe to show, and ``remedy``: what to do next. The edges (state, http, tasks,
cli) map them once; nothing in the middle catches them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime


class DomainError(Exception):
    """A refusal with a reason. ``fields`` maps a form field's name to its own message."""

    code = "error"
    message = "That did not work."
    remedy = "Try again. If it happens again, tell us the reference."

    def __init__(
        self,
        message: str | None = None,
        *,
        remedy: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        self.message = message or type(self).message
        self.remedy = remedy if remedy is not None else type(self).remedy
        self.fields: dict[str, str] = dict(fields or {})
        super().__init__(self.message)


class Invalid(DomainError):
    """Something typed is wrong; ``fields`` says where and how to put it right."""

    code = "invalid"
    message = "Some of this needs another look."
    remedy = "Correct the marked fields and save again."


class NotFound(DomainError):
    """It is not there, or it belongs to somebody else: the answer is the same."""

    code = "not_found"
    message = "We could not find that."
    remedy = "It may have been removed. Go back and refresh the list."


class Forbidden(DomainError):
    """The person is known, but their role does not allow this."""

    code = "forbidden"
    message = "Your role does not allow this."
    remedy = "Ask an owner or manager of the business."


class SignedOut(DomainError):
    """No valid session: expired, revoked, or never there."""

    code = "signed_out"
    message = "You are signed out."
    remedy = "Sign in again; what you saved is safe."


class Conflict(DomainError):
    """The world changed: an older version was edited, or a unique thing exists already."""

    code = "conflict"
    message = "Somebody changed this while you were working on it."
    remedy = "Look at the newer version, then make your change again."


class SlotTaken(Conflict):
    """The time is not free for that member of staff or resource. ``nearest`` are the free starts around ``wanted``."""

    code = "slot_taken"
    message = "That time has just been taken."
    remedy = "Choose another time."

    def __init__(
        self,
        message: str | None = None,
        *,
        remedy: str | None = None,
        nearest: Sequence[datetime] = (),
        wanted: datetime | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.nearest, self.wanted = tuple(nearest), wanted


class HoldLapsed(Conflict):
    """The time that was kept while a form was filled in has gone back: the form came too late."""

    code = "hold_lapsed"
    message = "We could not keep that time any longer."
    remedy = "Choose a time again; what you typed is still there."


class CodeNeeded(DomainError):
    """The owner asks for a code by e-mail before an online booking counts, and it has not been typed yet."""

    code = "code_needed"
    message = "Type the code that we send to your e-mail."
    remedy = "Look into your mailbox, or have another one sent."


class OutsideHours(Invalid):
    """The shop is closed or the member is away then. ``may_override``: whoever asked may go past it with a reason."""

    code = "outside_hours"
    message = "That time is outside working hours."
    remedy = "Choose a time inside them."

    def __init__(self, message: str | None = None, *, may_override: bool = False) -> None:
        remedy = "Choose another time, or give a reason to book it anyway." if may_override else None
        super().__init__(message, remedy=remedy, fields={"time": message or type(self).message})
        self.may_override = may_override


class NotSafe(Invalid):
    """A safety timer of the service stands against that day, or an allergy of the customer against the service. ``may_override``:
    whoever asked may go past it with a reason."""

    code = "not_safe"
    message = "That service is not safe on that day."
    remedy = "Choose another day or another service."

    def __init__(self, message: str | None = None, *, may_override: bool = False) -> None:
        remedy = "Choose another day or service, or give a reason to go past it." if may_override else None
        super().__init__(message, remedy=remedy, fields={"day": message or type(self).message})
        self.may_override = may_override


class FieldChanged(Conflict):
    """Somebody else wrote into the same field meanwhile. ``now``: what stands there, as a form shows it; empty also for those
    who may not see it; ``version``: of the customer."""

    code = "field_changed"
    message = "Somebody changed this field while you were typing."
    remedy = "Look at what stands there now. Saving again puts yours in its place."

    def __init__(self, message: str | None = None, *, field: str = "", now: str = "", version: int = 0) -> None:
        said = f"It says “{now}” now: somebody changed it meanwhile." if now else "Somebody changed it meanwhile."
        super().__init__(message, fields={field: f"{said} Save again to put yours in its place."} if field else {})
        self.field, self.now, self.version = field, now, version


class FormMissing(Invalid):
    """A service asks for a form that this customer has not filled in, or too long ago. ``may_override``: whoever asked may start
    without it, with a reason."""

    code = "form_missing"
    message = "A form has to be filled in before it starts."
    remedy = "Fill it in on the customer’s page, then start."

    def __init__(self, message: str | None = None, *, may_override: bool = False) -> None:
        remedy = "Fill it in on the customer’s page, or give a reason to start without it." if may_override else None
        super().__init__(message, remedy=remedy)
        self.may_override = may_override


class PhoneTaken(Conflict):
    """Another customer of the shop has this number. ``customer_id`` and ``customer_name`` are set only for those who may
    see that customer."""

    code = "phone_taken"
    message = "Another customer has this phone number already."
    remedy = "Open that customer, or tick that this person shares the phone."

    def __init__(self, customer_id: int | None = None, customer_name: str = "", *, is_archived: bool = False) -> None:
        who = f"{customer_name} (archived)" if customer_name and is_archived else customer_name
        super().__init__(fields={"phone": f"{who or 'Another customer'} has this number already."})
        self.customer_id, self.customer_name = customer_id, customer_name


class LimitReached(DomainError):
    """Too much, too fast, or beyond the plan."""

    code = "limit_reached"
    message = "That is more than we allow at once."
    remedy = "Wait a little and try again."


class Upstream(DomainError):
    """A service we depend on did not answer as it should."""

    code = "upstream"
    message = "A service we depend on did not answer."
    remedy = "Nothing was lost. Try again in a minute."


class KeysRefused(Upstream):
    """Razorpay does not know the key or its secret."""

    code = "keys_refused"
    message = "Razorpay does not accept these keys."
    remedy = "Check the key id and the secret in Razorpay under Account & Settings, API keys, and save them again."


class GatewayRefused(Upstream):
    """Razorpay understood and said no. ``said``: its own words, for the log and the owner."""

    code = "gateway_refused"
    message = "Razorpay refused this."
    remedy = "Nothing was paid. Look at the payment settings, or take the money another way."

    def __init__(self, said: str = "") -> None:
        super().__init__(f"Razorpay refused this: {said}" if said else None)
        self.said = said


class OutcomeUnknown(Upstream):
    """The request left, no usable answer came back: it may have worked. To be looked up, never to be repeated blindly."""

    code = "outcome_unknown"
    message = "Razorpay has not answered."
    remedy = "It may have worked all the same: we look it up, and nothing is paid twice. Look again in a minute."


class SealBroken(DomainError):
    """A sealed value does not open: the installation's secret key is another one now, or the value was changed."""

    code = "seal_broken"
    message = "The secret of your authenticator app can’t be read any more."
    remedy = "Use a recovery code, then turn the second step off and set it up again."


class RecordUnreadable(DomainError):
    """A sealed record does not open: it was changed or moved in the database, or its key is another one now."""

    code = "record_unreadable"
    message = "This record can’t be read: it does not fit its key."
    remedy = "Tell whoever runs MicroCRM to look at “microcrm keys check”. Nothing else was opened."


class RecordErased(DomainError):
    """The key of the customer's records was destroyed on request: no copy of them can be read any more."""

    code = "record_erased"
    message = "This record was erased: its key was destroyed."
    remedy = "Nobody can read it any more, in backups either. New records can be written."


class StoreDown(Upstream):
    """The folder or bucket of customers' files does not answer, is full, or refuses."""

    code = "store_down"
    message = "The place where files are kept does not answer."
    remedy = "Nothing was lost. Try again in a minute."


class FileGone(NotFound):
    """The bytes of a file are not in the store, or they are not those that were put there."""

    code = "file_gone"
    message = "This file can’t be read any more."
    remedy = "Tell whoever runs MicroCRM; a new copy can be added."


class ConsentMissing(Conflict):
    """The customer has not agreed to it, or no longer does. ``purpose``: the consent that is missing."""

    code = "consent_missing"
    message = "The customer has not agreed to that."
    remedy = "Ask them, and record the yes first."

    def __init__(self, message: str | None = None, *, purpose: str = "") -> None:
        super().__init__(message)
        self.purpose = purpose


class MessageUnfit(Invalid):
    """A text that cannot be sent as it stands: a variable nobody knows or without a value, too long, or not what was registered."""

    code = "message_unfit"
    message = "This message can’t be sent as it stands."
    remedy = "Correct its text under Settings, Reminders and texts."
