"""The sign-in pages over HTTP: cookies, forgery, redirects, and answers that tell nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from statistics import median

import pytest

from microcrm import wiring
from microcrm.adapters.passwords import Argon2
from microcrm.adapters.sealing import MasterSeal
from microcrm.domain.permissions import Role
from microcrm.settings import settings
from tests.support.accounts import OWNER, Desk
from tests.support.browsing import Visit, cookies_of, errors_of, words
from tests.support.shops import PASSWORD, TwoShops

pytestmark = pytest.mark.usefixtures("fresh_database")
NOBODY = "nobody@nowhere.example"
FORGED = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}


@pytest.fixture
def visit() -> Visit:
    return Visit()


@pytest.fixture
def https(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MICROCRM_APP_URL", "https://app.shop.test")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


async def signed_in(visit: Visit, email: str = OWNER) -> Visit:
    answer = await visit.send("/sign-in", email=email, password=PASSWORD)
    assert answer.status_code == 303
    return visit


async def test_signing_in_and_out(visit: Visit) -> None:
    answer = await visit.send("/sign-in?next=/calendar", email=OWNER, password=PASSWORD, next="/calendar")
    assert (answer.status_code, answer.headers["location"]) == (303, "/calendar")
    assert (await visit.get("/sign-in")).headers["location"] == "/"
    answer = await visit.post("/sign-out")
    assert answer.headers["location"] == "/signed-out"
    assert (await visit.get("/sign-in")).status_code == 200
    assert (await visit.get("/account/password")).headers["location"] == "/sign-in?next=/account/password"


async def test_cookies_cannot_be_read_by_scripts_or_sent_by_other_sites(visit: Visit) -> None:
    cookies = cookies_of(await visit.send("/sign-in", email=OWNER, password=PASSWORD))
    assert set(cookies) == {"sid", "device"}
    for cookie in cookies.values():
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
    assert "Max-Age" not in cookies["sid"]
    kept = cookies_of(await Visit().send("/sign-in", email=OWNER, password=PASSWORD, keep="on"))
    assert "Max-Age=5184000" in kept["sid"]


@pytest.mark.usefixtures("https")
async def test_over_https_cookies_are_secure_and_bound_to_the_host() -> None:
    cookies = cookies_of(await Visit().send("/sign-in", email=OWNER, password=PASSWORD))
    assert set(cookies) == {"__Host-sid", "__Host-device"}
    assert all("Secure" in cookie for cookie in cookies.values())


@pytest.mark.usefixtures("https")
async def test_over_https_only_the_cookie_bound_to_the_host_counts() -> None:
    visit = Visit()
    token = Desk(wiring.unit_of_work, datetime.now(UTC)).sign_in().token
    for name, status in (("sid", 303), ("__Host-sid", 200)):
        answer = await visit.client.get("/account/password", headers={"cookie": f"{name}={token}"})
        assert answer.status_code == status


async def test_known_and_unknown_addresses_get_the_same_page() -> None:
    async def answers(email: str) -> list[tuple[int, str]]:
        visit = Visit(f"203.0.113.{len(email)}")
        found = [await visit.send("/sign-in", email=email, password="wrong one") for _ in range(7)]
        return [(answer.status_code, words(answer)) for answer in found]

    known, unknown = await answers(OWNER), await answers(NOBODY)
    assert known == unknown
    assert known[0] != known[-1]
    assert "Wait" in known[-1][1]


async def test_the_time_of_the_answer_does_not_tell_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a hash that costs 20 ms, a skipped one would show."""
    dear = Argon2(memory_kib=8192, passes=3)
    monkeypatch.setattr(wiring, "hasher", lambda: dear)

    async def typical(email: str, number: int) -> float:
        times = []
        for place in range(8):
            visit = Visit(f"10.{number}.0.{place}")
            began = time.perf_counter()
            await visit.send("/sign-in", email=f"{place}{email}", password="wrong one")
            times.append(time.perf_counter() - began)
        return median(times)

    from sqlmodel import select

    from microcrm.models.accounts import User

    with wiring.unit_of_work(Desk(wiring.unit_of_work, datetime.now(UTC)).visitor, realm="accounts") as uow:
        for place, user in enumerate(uow.session.exec(select(User).order_by(User.id)).all()[:8]):
            user.email = user.email_key = f"{place}known@a.example"
            user.password_hash = dear.hash(PASSWORD)
    known, unknown = await typical("known@a.example", 1), await typical("unknown@a.example", 2)
    assert 0.5 < known / unknown < 2


async def test_other_requests_do_not_wait_for_hashes(visit: Visit) -> None:
    """A dozen sign-ins at the real price; the loop goes on and answers others meanwhile."""
    crowd = [Visit(f"10.9.0.{place}") for place in range(12)]
    for one in crowd:
        await one.get("/sign-in")
    sign_ins = [
        asyncio.create_task(one.send("/sign-in", email=f"{place}@a.example", password="wrong one"))
        for place, one in enumerate(crowd)
    ]
    await asyncio.sleep(0.1)
    for _ in range(3):
        assert (await visit.get("/sign-up/gstin?value=")).status_code == 200
    waiting = sum(not task.done() for task in sign_ins)
    assert {answer.status_code for answer in await asyncio.gather(*sign_ins)} == {422}
    assert waiting >= 3


@pytest.mark.parametrize(
    "headers",
    [
        FORGED,
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8000.evil.example"},
        {},
    ],
)
async def test_a_form_of_another_site_is_refused(visit: Visit, headers: dict[str, str]) -> None:
    await signed_in(visit)
    for path in ("/sign-in", "/sign-out", "/sign-up", "/reset", "/shops", "/invite", "/verify", "/account/password"):
        answer = await visit.send("/sign-up", to=path, headers=headers, email=OWNER, password=PASSWORD)
        assert answer.status_code == 403
    assert (await visit.get("/account/password")).status_code == 200


async def test_a_form_needs_the_token_of_its_page(visit: Visit) -> None:
    for token in ("", "0" * 64, "é"):
        answer = await visit.post("/sign-in", email=OWNER, password=PASSWORD, form_token=token)
        assert answer.status_code == 403
    stranger = Visit()
    await stranger.get("/sign-in")
    visit.client.cookies.clear()
    visit.client.cookies.update(stranger.client.cookies)
    assert (await visit.send("/sign-in", email=OWNER, password=PASSWORD)).status_code == 303


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
        "javascript:alert(1)", "evil.example", "", "/" * 3 + "evil.example", "/a\r\nset-cookie: sid=x", "/sign-out", "/" + "x" * 9999,
    ],
)  # fmt: skip
async def test_sign_in_leads_to_no_other_site(visit: Visit, onward: str) -> None:
    answer = await visit.send("/sign-in", email=OWNER, password=PASSWORD, next=onward)
    assert answer.headers["location"] == "/"


async def test_sign_in_leads_on_to_a_page_of_ours(visit: Visit) -> None:
    answer = await visit.send("/sign-in", email=OWNER, password=PASSWORD, next="/customers?page=2&q=a%20b")
    assert answer.headers["location"] == "/customers?page=2&q=a%20b"


async def test_what_was_typed_stays_but_never_the_password(visit: Visit) -> None:
    answer = await visit.send("/sign-in", email="<b>owner</b>", password="my secret words")
    assert answer.status_code == 422
    assert "&lt;b&gt;owner&lt;/b&gt;" in answer.text
    assert "my secret words" not in answer.text
    assert set(errors_of(answer)) == {"email"}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("size", [70_000, 1_000_000])
async def test_a_huge_form_is_refused_with_a_page(visit: Visit, size: int) -> None:
    answer = await visit.send("/sign-in", email="x" * size, password=PASSWORD)
    assert answer.status_code == 413
    assert "too much text" in words(answer)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"email": "a"}', "application/json", 415),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 415),
        (b"a=1&" * 200, "application/x-www-form-urlencoded", 400),
        (b"email=%ff%fe%00", "application/x-www-form-urlencoded", 403),
        (b"", "", 403),
    ],
)
async def test_what_is_no_form_of_ours_is_refused(visit: Visit, body: bytes, kind: str, status: int) -> None:
    headers = {"origin": visit.base, "content-type": kind}
    assert (await visit.client.post("/sign-in", content=body, headers=headers)).status_code == status


async def test_the_second_step_over_http(visit: Visit, fresh_database: TwoShops) -> None:
    desk = Desk(wiring.unit_of_work, datetime.now(UTC))
    _, codes = desk.turn_on_second_step(fresh_database.a.actor(Role.OWNER), wiring.sealer())
    answer = await visit.send("/sign-in", email=OWNER, password=PASSWORD, next="/calendar")
    assert answer.headers["location"] == "/sign-in/code?next=/calendar"
    assert (await visit.get("/account/password")).status_code == 303
    wrong = await visit.send("/sign-in/code", code="000000")
    assert wrong.status_code == 422
    assert "4 tries left" in words(wrong)
    answer = await visit.send("/sign-in/code?with=recovery", code=codes[0], next="/calendar", **{"with": "recovery"})
    assert answer.headers["location"] == "/calendar"
    assert (await visit.get("/account/password")).status_code == 200


async def test_with_another_secret_key_the_second_step_says_what_helps(
    visit: Visit, fresh_database: TwoShops, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(wiring.unit_of_work, datetime.now(UTC) - timedelta(minutes=5))
    totp, codes = desk.turn_on_second_step(fresh_database.a.actor(Role.OWNER), wiring.sealer())
    await visit.send("/sign-in", email=OWNER, password=PASSWORD)
    with monkeypatch.context() as other:
        other.setattr(wiring, "sealer", lambda: MasterSeal("another key that is long enough, too"))
        refused = await visit.send("/sign-in/code", code=totp.now())
        assert refused.status_code == 422
        assert "can’t be read any more. Use a recovery code" in words(refused)
        answer = await visit.send("/sign-in/code?with=recovery", code=codes[0], **{"with": "recovery"})
        assert answer.headers["location"] == "/"
        off = {"page": "/account/second-step", "to": "/account/second-step/off", "current": PASSWORD, "which": "off"}
        refused = await visit.send(**off, code=totp.now())
        assert "Use a recovery code" in errors_of(refused)["code"]
        assert "is off" in words(await visit.send(**off, code=codes[1]))
        begun = await visit.send("/account/second-step", to="/account/second-step/begin", current=PASSWORD)
        assert "Scan this" in words(begun)


async def test_with_the_same_secret_key_the_code_counts(visit: Visit, fresh_database: TwoShops) -> None:
    desk = Desk(wiring.unit_of_work, datetime.now(UTC) - timedelta(minutes=5))
    totp, _ = desk.turn_on_second_step(fresh_database.a.actor(Role.OWNER), wiring.sealer())
    onward = "/calendar?date=2026-11-28&staff=2"
    answer = await visit.send("/sign-in", email=OWNER, password=PASSWORD, next=onward)
    asked = await visit.get(answer.headers["location"])
    assert f'name="next" value="{escape(onward)}"' in asked.text
    answer = await visit.send("/sign-in/code", code=totp.now(), next=onward)
    assert answer.headers["location"] == onward


async def test_the_second_step_can_be_turned_on_in_the_browser(visit: Visit) -> None:
    import re

    import pyotp

    await signed_in(visit)
    scan = await visit.send("/account/second-step", to="/account/second-step/begin", current=PASSWORD)
    assert 'src="data:image/svg+xml' in scan.text
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', scan.text)
    assert secret
    wrong = await visit.send("/account/second-step", to="/account/second-step/finish", code="000000")
    assert wrong.status_code == 422
    code = pyotp.TOTP(secret[1].replace(" ", "")).now()
    codes = await visit.send("/account/second-step", to="/account/second-step/finish", code=code)
    assert len(set(re.findall(r"<li>([a-z0-9-]{19})</li>", codes.text))) == 10
    assert "It is on" in words(await visit.get("/account/second-step"))


async def test_changing_the_password_over_http(visit: Visit) -> None:
    await signed_in(visit)
    wrong = await visit.send("/account/password", current="wrong", password="seven quiet mango trees")
    assert set(errors_of(wrong)) == {"current"}
    done = await visit.send("/account/password", current=PASSWORD, password="seven quiet mango trees")
    assert "changed" in words(done)
    assert (await Visit().send("/sign-in", email=OWNER, password="seven quiet mango trees")).status_code == 303


async def test_every_page_is_small_and_has_what_readers_and_search_need(visit: Visit) -> None:
    for path in ("/sign-in", "/sign-up", "/reset", "/reset/sent", "/signed-out", "/verify?token=x"):
        answer = await visit.get(path)
        assert len(answer.content) <= 20_000
        assert 'lang="en-IN"' in answer.text
        assert '<meta name="description"' in answer.text
        assert answer.text.count("<h1>") == 1
        assert " style=" not in answer.text
        assert "<script>" not in answer.text
