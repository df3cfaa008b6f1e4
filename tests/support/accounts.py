"""What tests of accounts share: quick hashes, the mail that was asked for, and the usual ways in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyotp
from sqlmodel import select

from microcrm.adapters.passwords import Argon2
from microcrm.adapters.sealing import MasterSeal
from microcrm.models.records import OutboxMessage
from microcrm.operations.accounts import letters
from microcrm.operations.accounts.authenticator import begin_enrolment, finish_enrolment
from microcrm.operations.accounts.entering import Browser, Entry, Refusal
from microcrm.operations.accounts.opening import OpenBusiness
from microcrm.operations.accounts.sign_in import SignIn, sign_in
from microcrm.operations.accounts.sign_up import AskForAccount
from microcrm.operations.accounts.tokens import new_token
from microcrm.operations.sessions import Seat, take_seat
from microcrm.operations.unit_of_work import VISITOR, Actor, system
from tests.conftest import Work
from tests.support.shops import PASSWORD

QUICK = Argon2(memory_kib=64, passes=1)
SEAL = MasterSeal("a key that is long enough to be one of ours")
OWNER = "owner@a.example"
NO_COOKIES = Browser()
NEW_PASSWORD = "seven quiet mango trees"


def from_address(address: str) -> Actor:
    return Actor("visitor", address=address, browser="Firefox on Linux")


HERE = from_address("203.0.113.7")


@dataclass
class Desk:
    """Runs accounts operations one transaction each, at a time that the test moves."""

    unit_of_work: Work
    now: datetime
    visitor: Actor = field(default=HERE)

    def do(self, operation: Any, *args: Any, actor: Actor | None = None, **options: Any) -> Any:
        with self.unit_of_work(actor or self.visitor, realm="accounts", clock=lambda: self.now) as uow:
            return operation(uow, *args, **options)

    def sign_in(
        self, email: Any = OWNER, password: Any = PASSWORD, *, browser: Browser = NO_COOKIES, actor: Actor | None = None, **more: Any
    ) -> Entry | Refusal:  # fmt: skip
        return self.do(sign_in, SignIn(email, password, browser=browser, **more), QUICK, actor=actor)

    def seat(self, token: str) -> Seat:
        with self.unit_of_work(VISITOR, clock=lambda: self.now) as uow:
            return take_seat(uow, token)

    def actor(self, token: str) -> Actor:
        return self.seat(token).actor

    def mails(self) -> list[dict[str, Any]]:
        """Payloads of the mail asked for, in order; letters that the worker has to look into are written first."""
        with self.unit_of_work(system(), realm="worker") as uow:
            rows = uow.session.exec(select(OutboxMessage).where(OutboxMessage.kind == "account_letter")).all()
            waiting = [(row.key, dict(row.payload)) for row in rows]
        for key, payload in waiting:
            self.do(letters.write, key=key, actor=system(), **payload)
        with self.unit_of_work(system(), realm="worker") as uow:
            sent = select(OutboxMessage).where(OutboxMessage.kind == "mail").order_by(OutboxMessage.id)
            return [dict(row.payload) for row in uow.session.exec(sent)]

    def templates(self) -> list[str]:
        return [mail["template"] for mail in self.mails()]

    def link(self, template: str) -> str:
        """The token in the last mail of that kind."""
        paths = [mail["data"]["path"] for mail in self.mails() if mail["template"] == template]
        return str(paths[-1].partition("token=")[2])

    def turn_on_second_step(self, actor: Actor, seal: MasterSeal = SEAL) -> tuple[pyotp.TOTP, tuple[str, ...]]:
        """The app that makes the codes, and the recovery codes."""
        enrolment = self.do(begin_enrolment, PASSWORD, QUICK, seal, actor=actor)
        totp = pyotp.TOTP(enrolment.secret.replace(" ", ""))
        return totp, self.do(finish_enrolment, totp.at(self.now), seal, actor=actor)


def a_device() -> str:
    return new_token()[0]


def a_request(**changes: Any) -> AskForAccount:
    """A good sign-up; keyword arguments replace a field of it or of its business."""
    business = {
        "business": "Glow & Go Salon",
        "trade": "salon",
        "city": "Bengaluru",
        "state": "29",
        "gstin": "",
        "phone": "98450 12345",
    }
    fields = {"name": "Kavya Rao", "email": "kavya@glow.example", "password": NEW_PASSWORD, "device_token": ""}
    for name, value in changes.items():
        (business if name in business else fields)[name] = value
    return AskForAccount(**fields, business=OpenBusiness(**business))
