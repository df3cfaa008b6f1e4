"""A filled-in form on paper: what stands on it, who may print it, and the line that each print leaves in the log."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from pypdf import PdfReader
from sqlalchemy import select
from starlette.applications import Starlette

from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.http.routes import routes
from microcrm.models.records import AuditEvent
from microcrm.models.vault import RecordOpening
from microcrm.operations.forms.asking import FillForm, ask_form, fill_form
from microcrm.operations.parts.form_versions import issued_forms
from microcrm.operations.sessions import PLAIN_COOKIE
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork
from microcrm.operations.vault.destroying import destroy_customer_keys
from microcrm.operations.vault.reading import list_records
from microcrm.operations.vault.records import AddRecord, CorrectRecord, add_record, correct_record
from tests.conftest import act_as
from tests.support import tabs
from tests.support.shops import Shop, TwoShops
from tests.support.vault import PLANTED, form_of, own_form

OURS = {"sec-fetch-site": "same-origin"}
STROKES = [[100, 100, 200, 150, 300, 90, 420, 200, 500, 120, 640, 180, 700, 90]]
SIGNED = {"reacted": "no", "agreed": {"name": "Asha Rao", "how": "drawn", "strokes": STROKES}}


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def written(shop: Shop, answers: dict[str, Any], form: int | None = None) -> int:
    def add(uow: UnitOfWork) -> int:
        wanted = AddRecord(shop.customer_id, form or form_of(uow, "consent"), 1, "2026-01-05", answers)
        return add_record(uow, wanted, wiring.sealer())

    return int(act_as(shop.actor(), add))


@pytest.fixture
def consent(shop: Shop) -> int:
    return written(shop, SIGNED)


async def post(session: str, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    cookies = {PLAIN_COOKIE: session} if session else {}
    transport = httpx.ASGITransport(app=Starlette(routes=routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", cookies=cookies) as client:
        data = {name: str(value) for name, value in fields.items()}
        return await client.post("/records/print", data=data, headers=OURS if headers is None else headers)


def session_of(shop: Shop, role: Role = Role.OWNER) -> str:
    return tabs.sign_in(shop.users[role], shop.business_id)


def text_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/pdf"
    pages = PdfReader(io.BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


async def test_it_says_what_was_asked_and_answered_who_signed_who_took_it_and_who_printed_it(
    shop: Shop, consent: int
) -> None:
    answer = await post(session_of(shop, Role.MANAGER), record=consent, purpose="asked", words="For her doctor")
    assert answer.headers["cache-control"] == "no-store" and "Iyer" not in answer.headers["content-disposition"]
    said = text_of(answer)
    form = next(one for one in act_as(shop.actor(), issued_forms) if one.code == "consent")
    for part in (
        "Asha's Salon", "Consent to a chemical treatment", f"Version 1 of this form, {form.fingerprint[:12]}", "Plain Iyer",
        "05 Jan 2026", "Filled in by Plain owner,", "Drawn by Asha Rao,", "Printed by Plain manager,", "The customer asked.",
        "Page 1 of 1", "Sensitive skin · Eczema or psoriasis",
    ):  # fmt: skip
        assert part in said, part
    assert all(" ".join(field.label.split()) in said for field in form.text.fields if field.only_if is None)


async def test_each_print_is_a_reading_that_the_log_calls_printed(shop: Shop, consent: int) -> None:
    owner = session_of(shop)
    await post(owner, record=consent, purpose="asked")
    await post(owner, record=consent, purpose="other", words="For the doctor")

    def log(uow: UnitOfWork) -> list[tuple[str, str]]:
        rows = uow.session.scalars(select(RecordOpening).order_by(RecordOpening.id))
        return [(one.purpose, one.words) for one in rows]

    assert act_as(shop.actor(), log) == [("asked", "Printed."), ("other", "Printed. For the doctor")]
    assert act_as(shop.actor(), list_records, shop.customer_id).this_week == 2
    events = act_as(
        shop.actor(),
        lambda uow: uow.session.scalars(select(AuditEvent).where(AuditEvent.action == "record.opened")).all(),
    )
    assert len(events) == 2 and "doctor" not in str([one.facts for one in events])
    faked = await post(owner, record=consent, purpose="other", words="Printed. By nobody")
    assert faked.status_code == 422


async def test_an_earlier_version_is_printed_as_it_was(shop: Shop, consent: int) -> None:
    def correct(uow: UnitOfWork) -> None:
        answers = {"reacted": "yes", "reaction": PLANTED, "agreed": {"name": "Asha Rao", "how": "typed"}}
        correct_record(uow, CorrectRecord(consent, 1, "2026-01-06", answers), wiring.sealer())

    act_as(shop.actor(), correct)
    owner = session_of(shop)
    first, now = [text_of(await post(owner, record=consent, purpose="asked", version=version)) for version in ("1", "")]
    assert "Version 1 of 2 of these answers" in first and "Drawn by" in first and PLANTED not in first
    assert "Version 2 of 2 of these answers" in now and "Typed by Asha Rao" in now and PLANTED in now


async def test_what_came_by_a_link_was_filled_in_by_the_customer(shop: Shop) -> None:
    token = act_as(shop.actor(), lambda uow: ask_form(uow, shop.customer_id, form_of(uow, "consent")).token)
    answers = {"reacted": "no", "agreed": {"name": "Asha Rao", "how": "typed"}}
    act_as(VISITOR, fill_form, FillForm(token, answers), wiring.sealer())
    [line] = act_as(shop.actor(), list_records, shop.customer_id).lines
    said = text_of(await post(session_of(shop), record=line.id, purpose="visit"))
    assert "Filled in by the customer," in said


@pytest.mark.parametrize(
    "nasty", ['#panic("x") $x$ *a* _b_ `c` <d> @e', "\\u{41} //x /* y */", "ಕನ್ನಡ हिन्दी", "😀 x", "a\nb", "x" * 4000]
)
async def test_what_people_write_is_set_as_it_is(shop: Shop, nasty: str) -> None:
    form = act_as(
        shop.actor(), lambda uow: own_form(uow, {"label": "#1 [a] $b$ *c*", "shape": "note"}, {"label": "Left"})
    )
    record = written(shop, {"f1": nasty}, form)
    said = text_of(await post(session_of(shop), record=record, purpose="visit"))
    assert "#1 [a] $b$ *c*" in said and "Left –" in said
    if nasty.isascii():
        assert "".join(nasty.split()) in "".join(said.split())


async def test_who_may_not_open_it_prints_nothing(shop: Shop, fresh_database: TwoShops, consent: int) -> None:
    owner, good = session_of(shop), {"record": consent, "purpose": "asked"}
    looking = session_of(shop)
    tabs.view_as(looking, shop.members[Role.STAFF])
    for session, fields, status in (
        ("", good, 303), (session_of(shop, Role.ACCOUNTANT), good, 403), (session_of(fresh_database.b), good, 404),
        (looking, good, 403), (owner, good | {"record": 10**9}, 404), (owner, good | {"record": ""}, 422),
        (owner, good | {"record": f"{consent},{consent}"}, 422), (owner, good | {"purpose": ""}, 422),
        (owner, good | {"version": "9"}, 404), (owner, good | {"version": "-1"}, 422),
    ):  # fmt: skip
        answer = await post(session, **fields)
        assert answer.status_code == status and not answer.content.startswith(b"%PDF"), fields
    for headers in ({}, {"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        assert (await post(owner, headers=headers, **good)).status_code == 403
    assert act_as(shop.actor(), list_records, shop.customer_id).this_week == 0


async def test_an_erased_form_is_not_printed(shop: Shop, consent: int) -> None:
    act_as(shop.actor(), destroy_customer_keys, shop.customer_id)
    answer = await post(session_of(shop), record=consent, purpose="asked")
    assert answer.status_code == 422 and "erased" in answer.text
