"""Every form of the server-rendered pages, filled in well, and a way to post it byte by byte as whoever may."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
from sqlalchemy import Engine, text

from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.http.forms import TOKEN_FIELD
from microcrm.operations.accounts.reset import ask_for_reset
from microcrm.operations.accounts.sign_up import ask_for_account
from microcrm.operations.accounts.tokens import new_token
from microcrm.operations.sessions import PLAIN_COOKIE, hash_of
from tests.support import tabs
from tests.support.accounts import NEW_PASSWORD, OWNER, QUICK, Desk, a_request
from tests.support.browsing import Visit
from tests.support.shops import PASSWORD, TwoShops, password_hash

WRITTEN = (
    "users", "sessions", "devices", "mail_tokens", "recovery_codes", "sign_ups", "businesses", "members", "invitations",
    "services", "audit_events", "outbox", "undos",
)  # fmt: skip


# Takes back what an odd but good form has done, as far as it stands in the way of the next one.
AS_BEFORE = (
    "DELETE FROM throttles",
    "UPDATE users SET password_hash = :hash, totp_sealed = NULL, totp_enabled_at = NULL",
    "UPDATE users SET email_key = 'gone' || id WHERE email IN ('asked@glow.example', 'new@' || :b || '.example')",
    "UPDATE invitations SET accepted_at = NULL WHERE business_id = :b",
    "DELETE FROM members WHERE business_id = :b AND user_id = :me",
)
INVITATION = "i" * 43


@dataclass(frozen=True)
class Sheet:
    """A form: where it stands, what it posts when filled in well, and which of it a person sees in fields."""

    page: str
    fields: dict[str, str]
    seen: tuple[str, ...] = ()
    who: str = ""  # "owner", "staff": signed in, "pending": between the two steps; else a visitor
    path: str = ""

    @property
    def to(self) -> str:
        return self.path or self.page.partition("?")[0]

    @property
    def is_used_up(self) -> bool:
        """Whether it can't be sent a second time after it went well."""
        return self.who == "owner" or "{" in self.page


SIGN_UP = {
    "name": "Kavya Rao", "email": "kavya@glow.example", "password": NEW_PASSWORD, "business": "Glow & Go", "trade": "salon",
    "city": "Bengaluru", "state": "29", "gstin": "", "phone": "98450 12345",
}  # fmt: skip
BUSINESS = {name: SIGN_UP[name] for name in ("business", "trade", "city", "state", "gstin", "phone")}
TYPED = ("business", "city", "gstin", "phone")
SHEETS: dict[str, Sheet] = {
    "sign in": Sheet("/sign-in", {"email": OWNER, "password": PASSWORD, "keep": "on", "next": "/calendar"}, ("email",)),
    "second step": Sheet("/sign-in/code", {"code": "000000", "with": "", "trust": "on", "next": "/"}, who="pending"),
    "recovery": Sheet("/sign-in/code", {"code": "aaaa-bbbb-cccc-dddd", "with": "recovery", "next": "/"}, who="pending"),
    "sign out": Sheet("/sign-in", {}, path="/sign-out"),
    "sign up": Sheet("/sign-up", SIGN_UP, ("name", "email", *TYPED)),
    "mail again": Sheet("/sign-up", {}, path="/sign-up/sent"),
    "confirm": Sheet("/verify?token={sign_up}", {"token": "{sign_up}", "password": NEW_PASSWORD}),
    "reset": Sheet("/reset", {"email": OWNER}, ("email",)),
    "new password": Sheet("/reset/new?token={reset}", {"token": "{reset}", "password": NEW_PASSWORD}),
    "password": Sheet("/account/password", {"current": PASSWORD, "password": NEW_PASSWORD}, who="owner"),
    "address": Sheet("/account/email", {"current": PASSWORD, "email": "new@a.example"}, ("email",), who="owner"),
    "confirm address": Sheet("/account/email/confirm?token={email}", {"token": "{email}"}),
    "begin step": Sheet("/account/second-step", {"current": PASSWORD}, who="owner", path="/account/second-step/begin"),
    "finish step": Sheet("/account/second-step", {"code": "000000"}, who="owner", path="/account/second-step/finish"),
    "new codes": Sheet(
        "/account/second-step", {"current": PASSWORD, "which": "codes"}, who="owner", path="/account/second-step/codes"
    ),
    "end step": Sheet(
        "/account/second-step",
        {"current": PASSWORD, "code": "0", "which": "off"},
        who="owner",
        path="/account/second-step/off",
    ),
    "shop": Sheet("/shops", {"open": "1"}, who="owner"),
    "another shop": Sheet("/shops", BUSINESS, TYPED, who="owner"),
    "join as new": Sheet(
        "/invite?token={invitation}", {"token": "{invitation}", "name": "Ravi", "password": NEW_PASSWORD}, ("name",)
    ),
    "join": Sheet("/invite?token={invitation}", {"token": "{invitation}", "as": "me"}, who="owner"),
    "open records": Sheet(
        "/account/password", {"record": "1", "purpose": "other", "words": "Asked"}, who="owner", path="/records/open"
    ),
    "print a record": Sheet(
        "/account/password", {"record": "1", "purpose": "other", "words": "Asked"}, who="owner", path="/records/print"
    ),
    "look at a number": Sheet(
        "/account/password",
        {"customer": "1", "contact": "phone", "reason": "other", "words": "Asked"},
        who="staff",
        path="/contacts/reveal",
    ),
    "view as": Sheet("/account/password", {"member": "2"}, who="owner", path="/view-as"),
    "view as myself": Sheet("/account/password", {}, who="owner", path="/view-as/stop"),
}


@dataclass
class Post:
    """One way in, with the links that were mailed to it; every post is from an address of its own."""

    visit: Visit
    links: dict[str, str]
    token: str = ""
    engine: Any = field(default=None, repr=False)

    def filled(self, sheet: Sheet) -> dict[str, bytes]:
        return {name: quote(self.links.get(value.strip("{}"), value)).encode() for name, value in sheet.fields.items()}

    async def open(self, sheet: Sheet) -> None:
        page = re.sub(r"\{(\w+)\}", lambda match: self.links[match[1]], sheet.page)
        found = re.search(rf'name="{TOKEN_FIELD}" value="([0-9a-f]+)"', (await self.visit.get(page)).text)
        assert found, sheet.page
        self.token = found[1]

    async def send(self, to: str, fields: dict[str, bytes], *, twice: str = "") -> httpx.Response:
        with self.engine.begin() as connection:
            connection.execute(text("DELETE FROM throttles"))
        parts = [
            f"{TOKEN_FIELD}={self.token}".encode(),
            *(name.encode() + b"=" + value for name, value in fields.items()),
        ]
        parts += [twice.encode() + b"=" + fields[twice]] if twice else []
        return await self.send_raw(to, "application/x-www-form-urlencoded", b"&".join(parts))

    async def send_raw(self, to: str, content_type: str, body: bytes) -> httpx.Response:
        headers = {"content-type": content_type, "origin": self.visit.base, "sec-fetch-site": "same-origin"}
        return await self.visit.client.post(to, content=body, headers=headers)


async def ready_to_post(sheet: Sheet, both: TwoShops, engine: Engine) -> Post:
    """As whoever may, on the page where the form stands."""
    desk = Desk(wiring.unit_of_work, datetime.now(UTC))
    values = {"hash": password_hash(), "me": both.a.users[Role.OWNER], "b": both.b.business_id}
    with engine.begin() as connection:
        for statement in AS_BEFORE:
            connection.execute(text(statement), values)
    post = Post(Visit(), links_for(desk, both, engine), engine=engine)
    if sheet.who == "pending":
        desk.now -= timedelta(minutes=5)
        desk.turn_on_second_step(both.a.actor(Role.OWNER), wiring.sealer())
        assert (await post.visit.send("/sign-in", email=OWNER, password=PASSWORD)).status_code == 303
    if sheet.who in ("owner", "staff"):
        who = both.a.users[Role(sheet.who)]
        post.visit.client.cookies.set(PLAIN_COOKIE, tabs.sign_in(who, both.a.business_id))
    await post.open(sheet)
    return post


def links_for(desk: Desk, both: TwoShops, engine: Engine) -> dict[str, str]:
    """Tokens of mails that are under way."""
    desk.do(ask_for_account, a_request(email="asked@glow.example"), QUICK)
    desk.do(ask_for_reset, "staff@a.example")
    address = new_token()
    later = desk.now + timedelta(days=1)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO mail_tokens (user_id, purpose, token_hash, detail, created_at, expires_at) "
                "VALUES (:user, 'change_email', :hash, :detail, :now, :later)"
            ),
            {
                "user": both.a.users[Role.MANAGER],
                "hash": address[1],
                "detail": '{"email": "moved@a.example"}',
                "now": desk.now,
                "later": later,
            },
        )
        connection.execute(
            text("UPDATE invitations SET token_hash = :hash WHERE business_id = :business"),
            {"hash": hash_of(INVITATION), "business": both.b.business_id},
        )
    return {
        "sign_up": desk.link("confirm_account"), "reset": desk.link("reset"), "email": address[0], "invitation": INVITATION,
    }  # fmt: skip


def state_of(engine: Engine) -> str:
    """One hash of all that a form could write, sessions' and tokens' clocks included."""
    one = "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS h FROM {} t"
    with engine.connect() as connection:
        rows = connection.execute(text(" UNION ALL ".join(one.format(name) for name in WRITTEN)))
        return hashlib.sha256("".join(row.h for row in rows).encode()).hexdigest()
