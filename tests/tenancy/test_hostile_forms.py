"""What anybody could post to every form of a server-rendered page: wrong, missing, huge, twice, poisonous, again.

Each answer is a page with a message at the field, or a plain refusal; never an error of ours. What was typed stays,
secrets never come back, and a refused form has changed nothing, in neither shop.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote, unquote_plus

import httpx
import pytest
from markupsafe import escape
from sqlalchemy import Engine

from microcrm import wiring
from microcrm.http.forms import TOKEN_FIELD
from tests.support.accounts import NEW_PASSWORD, QUICK
from tests.support.browsing import errors_of
from tests.support.furniture import fingerprint
from tests.support.sheets import SHEETS, Post, Sheet, ready_to_post, state_of
from tests.support.shops import TwoShops
from tests.tenancy.access_routes import FORMS

Both = tuple[TwoShops, Engine]
Ready = Callable[[Sheet], Awaitable[Post]]
MARKUP = "<script>alert(1)</script>\"'"
SECRETS = {"password", "current", "code", "token", TOKEN_FIELD}
# Bytes as they stand in the body, so that what no form would encode can be sent, too.
HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "blanks": b"+++%E2%80%8B",
    "null bytes": b"a%00b",
    "markup": quote(MARKUP).encode(),
    "a long line": b"x" * 20_000,
    "letters of three bytes": quote("क" * 5_000).encode(),
    "no UTF-8": b"\xff\xfe%C3%28",
    "half a character": b"%ED%A0%80",
    "a broken escape": b"%zz%",
    "line breaks": b"a%0D%0Aset-cookie:%20x=1",
    "reversed order": quote("\u202eabc").encode(),
    "digits of another script": quote("१२३").encode(),
    "a negative number": b"-1",
    "a huge number": b"9" * 40,
    "a fraction": b"1.5",
    "an object": quote('{"$ne": null}').encode(),
    "SQL": quote("' OR 1=1 --").encode(),
    "a path": b"../../etc/passwd",
    "another site": b"https://evil.example//",
}


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "hasher", lambda: QUICK)


@pytest.fixture
def ready(furnished: Both) -> Ready:
    return lambda sheet: ready_to_post(sheet, *furnished)


def faults(answer: httpx.Response, sheet: Sheet, sent: dict[str, bytes]) -> list[str]:
    """What is wrong with the answer itself."""
    found = [f"status {answer.status_code}"] if answer.status_code >= 500 else []
    found += ["markup comes back alive"] if "<script>alert" in answer.text else []
    found += ["a cookie slipped in"] if "x=1" in answer.headers.get("set-cookie", "") else []
    found += ["sent to another site"] if "evil" in answer.headers.get("location", "").partition("?")[0] else []
    if answer.headers.get("content-type") == "application/json":  # a script reads it
        return found + ([] if answer.status_code < 400 or answer.json()["message"] else ["no message"])
    if answer.status_code == 422:
        found += [] if errors_of(answer) or 'role="alert"' in answer.text else ["no message"]
        for name in sheet.seen:
            typed = escape(decoded(sent.get(name, b""))[:4000])
            found += [] if f'value="{typed}"' in answer.text else [f"{name} is lost"]
    elif 400 <= answer.status_code < 500:
        found += [] if "<h1>" in answer.text and 'class="lead"' in answer.text else ["no page"]
    secret = decoded(sent.get("password", b"")) or "never"
    found += ["the password comes back"] if len(secret) > 8 and secret == NEW_PASSWORD and secret in answer.text else []
    return found


def decoded(raw: bytes) -> str:
    return unquote_plus(raw.decode(errors="replace"), errors="replace")


def test_every_form_is_here() -> None:
    assert {sheet.to for sheet in SHEETS.values()} == set(FORMS) - FILES


@pytest.mark.parametrize("name", SHEETS)
async def test_strange_values(name: str, ready: Ready, furnished: Both) -> None:
    both, engine = furnished
    sheet = SHEETS[name]
    post = await ready(sheet)
    neighbour, wrong = fingerprint(engine, both.b), []
    for field_name in sheet.fields:
        for kind in (*HOSTILE, "missing", "a megabyte", "twice"):
            sent = strangely_filled(post.filled(sheet), field_name, kind)
            before = state_of(engine)
            answer = await post.send(sheet.to, sent, twice=field_name if kind == "twice" else "")
            problems = faults(answer, sheet, sent)
            if kind == "a megabyte" and answer.status_code != 413:
                problems.append("taken")
            if answer.status_code >= 400 and state_of(engine) != before:
                problems.append("refused, and yet something changed")
            wrong += [f"{field_name}, {kind}: {problem}" for problem in problems]
            if answer.status_code < 400 and sheet.is_used_up:  # odd, but good
                post = await ready(sheet)
    assert wrong == []
    assert name in {"join", "join as new"} or fingerprint(engine, both.b) == neighbour


def strangely_filled(filled: dict[str, bytes], field_name: str, kind: str) -> dict[str, bytes]:
    values = HOSTILE | {"a megabyte": b"x" * 1_000_000, "twice": filled[field_name], "missing": b""}
    strange = filled | {field_name: values[kind]}
    if kind == "missing":
        del strange[field_name]
    return strange


# A good form, sent again: what the second answer is. Whatever the first one did is not done twice.
AGAIN = {
    "confirm": 404,
    "new password": 404,
    "confirm address": 404,
    "join as new": 404,
    "join": 404,
    "another shop": 422,
    "password": 422,
    "view as": 403,
}


@pytest.mark.parametrize("name", AGAIN)
async def test_a_form_sent_again(name: str, ready: Ready, furnished: Both) -> None:
    sheet = SHEETS[name]
    post = await ready(sheet)
    before = state_of(furnished[1])
    first = await post.send(sheet.to, post.filled(sheet))
    done = state_of(furnished[1])
    assert first.status_code in (200, 303), first.text
    assert done != before
    second = await post.send(sheet.to, post.filled(sheet))
    assert (second.status_code, state_of(furnished[1])) == (AGAIN[name], done)


@pytest.mark.parametrize("name", ["sign in", "sign up", "reset", "address", "begin step", "shop", "view as myself"])
async def test_a_form_that_may_be_sent_again(name: str, ready: Ready) -> None:
    sheet = SHEETS[name]
    post = await ready(sheet)
    answers = [(await post.send(sheet.to, post.filled(sheet))).status_code for _ in range(3)]
    assert answers[0] == answers[1] == answers[2] < 400


STRANGE_BODIES: dict[str, tuple[str, bytes, int]] = {
    "JSON": ("application/json", b'{"email": "owner@a.example"}', 415),
    "several parts": (
        "multipart/form-data; boundary=x",
        b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
        415,
    ),
    "no type": ("", b"email=a", 415),
    "hundreds of fields": ("application/x-www-form-urlencoded", b"&".join(b"f%d=1" % n for n in range(400)), 400),
    "nothing": ("application/x-www-form-urlencoded", b"", 403),
    "no token": ("application/x-www-form-urlencoded", b"email=owner%40a.example&password=x", 403),
    "another's token": ("application/x-www-form-urlencoded", f"{TOKEN_FIELD}={'0' * 64}".encode(), 403),
    "letters as a token": ("application/x-www-form-urlencoded", f"{TOKEN_FIELD}=%E0%A4%95".encode(), 403),
}
FILES = {
    "/settings/logo",
    "/bank/statement",
    "/settings/products/list",
    "/customers/import/file",
    "/customer/files",
}  # their origin is checked
NEEDS_NO_TOKEN = {
    "/sign-out",
    "/view-as",
    "/view-as/stop",
    "/records/open",
    "/records/print",
    "/contacts/reveal",
}  # plain buttons of the app; their origin is checked


async def test_strange_bodies(ready: Ready, furnished: Both) -> None:
    post = await ready(SHEETS["address"])
    before = state_of(furnished[1])
    for path in sorted(set(FORMS) - NEEDS_NO_TOKEN - FILES):
        for kind, (type_, body, status) in STRANGE_BODIES.items():
            answer = await post.send_raw(path, type_, body)
            assert answer.status_code == status, f"{path}: {kind}"
            assert "Nothing was changed" in answer.text or "try again" in answer.text
    assert state_of(furnished[1]) == before


PAGES_WITH_WORDS = {
    "/sign-in": ("next", "done"), "/sign-in/code": ("with", "next"), "/sign-up/sent": ("again",), "/verify": ("token",),
    "/reset/new": ("token",), "/account/email/confirm": ("token",), "/invite": ("token",),
    "/sign-up/gstin": ("value", "state"),
}  # fmt: skip


@pytest.mark.parametrize("who", ["", "pending", "owner"])
async def test_strange_words_in_an_address(who: str, ready: Ready) -> None:
    post = await ready(next(sheet for sheet in SHEETS.values() if sheet.who == who))
    for path, names in PAGES_WITH_WORDS.items():
        for kind, value in HOSTILE.items():
            query = "&".join(f"{name}={value[:9000].decode('latin-1')}" for name in names)
            answer = await post.visit.get(f"{path}?{query}")
            assert answer.status_code < 500, f"{path}: {kind}"
            assert "<script>alert" not in answer.text
            assert "evil" not in answer.headers.get("location", "").partition("?")[0]


def part(name: str, content: bytes, filename: str = "") -> bytes:
    file = f'; filename="{filename}"' if filename else ""
    return b'--x\r\ncontent-disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (name.encode(), file.encode(), content)


END = b"--x--\r\n"
LOGOS: dict[str, tuple[bytes, str]] = {
    "nothing": (END, "logo=empty"),
    "an empty file": (part("logo", b"", "a.png") + END, "logo=empty"),
    "a text": (part("logo", b"a.png") + END, "logo=empty"),
    "markup": (part("logo", b"<svg onload=alert(1)>", "a.svg") + END, "logo=kind"),
    "a wrong head": (part("logo", b"\x89PNG\r\n\x1a\n", "../../a.png") + END, "logo=kind"),
    "a huge picture": (part("logo", b"\x89PNG\r\n\x1a\n" + b"x" * 1_000_000, "a.png") + END, "logo=large"),
    "two files": (part("logo", b"x", "a.png") + part("logo", b"y", "b.png") + END, "400"),
    "no end": (part("logo", b"<svg>", "a.png"), "logo=empty"),
    "rubbish": (b"\x00\xff" * 100, "400"),
}


STATEMENTS: dict[str, tuple[bytes, str]] = {
    "nothing": (END, "fault=empty"),
    "an empty file": (part("statement", b"", "a.csv") + END, "fault=empty"),
    "markup": (part("statement", b"<script>alert(1)</script>", "a.csv") + END, "fault=headings"),
    "a workbook": (part("statement", b"PK\x03\x04", "a.csv") + END, "fault=excel"),
    "null bytes": (part("statement", b"Date,Amount\x00", "../../a.csv") + END, "fault=not_text"),
    "a huge one": (part("statement", b"Date,Amount\n" * 300_000, "a.csv") + END, "fault=large"),
    "two files": (part("statement", b"x", "a.csv") + part("statement", b"y", "b.csv") + END, "400"),
    "rubbish": (b"\x00\xff" * 100, "400"),
}


async def test_strange_uploads(ready: Ready, furnished: Both) -> None:
    """A file of a customer is the body; what is said about it stands in the address."""
    both, engine = furnished
    post = await ready(SHEETS["address"])
    before = state_of(engine)
    good = {"customer": str(both.a.customer_id), "shows": "paper"}
    for kind, value in HOSTILE.items():
        for name in ("customer", "shows", "title", "day", "before", "booking"):
            words = good | {name: value[:9000].decode("latin-1")}
            query = "&".join(f"{key}={word}" for key, word in words.items())
            answer = await post.send_raw(f"/customer/files?{query}", "image/jpeg", b"<svg onload=alert(1)>")
            assert 400 <= answer.status_code < 500, f"{name}: {kind}"
            assert answer.json()["message"] and "alert" not in answer.text
    assert state_of(engine) == before


async def test_strange_statements(ready: Ready, furnished: Both) -> None:
    post = await ready(SHEETS["address"])
    before = state_of(furnished[1])
    for kind, (body, outcome) in STATEMENTS.items():
        answer = await post.send_raw("/bank/statement", "multipart/form-data; boundary=x", body)
        assert outcome in (str(answer.status_code), answer.headers.get("location", "").partition("?")[2]), kind
    assert state_of(furnished[1]) == before


async def test_strange_lists_of_products(ready: Ready, furnished: Both) -> None:
    post = await ready(SHEETS["address"])
    before = state_of(furnished[1])
    for kind, (body, outcome) in STATEMENTS.items():
        sent = body.replace(b'name="statement"', b'name="list"')
        answer = await post.send_raw("/settings/products/list", "multipart/form-data; boundary=x", sent)
        assert outcome in (str(answer.status_code), answer.headers.get("location", "").partition("?")[2]), kind
    assert state_of(furnished[1]) == before


async def test_strange_logos(ready: Ready, furnished: Both) -> None:
    post = await ready(SHEETS["address"])
    before = state_of(furnished[1])
    for kind, (body, outcome) in LOGOS.items():
        answer = await post.send_raw("/settings/logo", "multipart/form-data; boundary=x", body)
        assert outcome in (str(answer.status_code), answer.headers.get("location", "").partition("?")[2]), kind
    assert state_of(furnished[1]) == before
