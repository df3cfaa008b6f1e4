"""A filled-in form on A4: what its version asked, the answers, the signature, who took it down and who printed it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.adapters.paper.typeset import set_form
from microcrm.domain.errors import Invalid
from microcrm.domain.form_fields import FieldRule, Shown, is_asked
from microcrm.domain.formatting import format_day, format_instant
from microcrm.domain.signatures import HIGH, WIDE
from microcrm.domain.zones import zone_of
from microcrm.http.desk import account_of
from microcrm.http.forms import Refused, read_form
from microcrm.http.pages import NO_STORE, answering
from microcrm.operations.vault.printing import PrintedForm, print_record
from microcrm.operations.vault.reading import OpenRecords
from microcrm.state.bridge import outside, perform

_NOTHING = "–"


@answering
async def print_sealed(request: Request) -> Response:
    """``record``: the id of one; ``version``: an earlier one. By POST, so that no address and no history opens it."""
    form = await read_form(request, needs_token=False)
    account = await account_of(request)
    command = OpenRecords([form.get("record")], form.get("purpose"), form.get("words"), form.get("version"))
    try:
        printed = await perform(account, print_record, command, wiring.sealer())
    except Invalid as error:
        why = [*error.fields.values()] or [error.message, error.remedy]
        raise Refused(422, "This could not be printed", " ".join(why)) from None
    data = await outside(set_form, page_of(printed, zone_of(account.zone)))
    headers = {**NO_STORE, "x-robots-tag": "noindex", "content-disposition": 'inline; filename="form.pdf"'}
    return Response(data, media_type="application/pdf", headers=headers)


def page_of(printed: PrintedForm, zone: ZoneInfo) -> dict[str, Any]:
    """As ``form.typ`` sets it."""
    record = printed.record
    written = f"Filled in by {record.author}, {format_instant(record.written_at, zone)}"
    if record.latest > 1:
        written += f". Version {record.version} of {record.latest} of these answers"
    return {
        "shop": printed.shop,
        "title": record.title,
        "form": f"Version {record.form.number} of this form, {record.form.fingerprint[:12]}",
        "name": printed.customer,
        "day_label": record.form.text.day_label,
        "day": format_day(record.day),
        "written": written,
        "rows": _rows(record.form.text.fields, record.fields),
        "printed": f"Printed by {printed.printer}, {format_instant(printed.printed_at, zone)}. {printed.why}.",
    }


def _rows(asked: tuple[FieldRule, ...], answers: tuple[Shown, ...]) -> list[dict[str, str]]:
    """All that was asked, answered or not; what the answers left out was never asked."""
    found = {one.name: one for one in answers}
    values = {one.name: one.value for one in answers}
    return [
        {"label": field.label, "hint": _beside(field), **_answer(found.get(field.name))}
        for field in asked
        if field.name in found or is_asked(field, values)
    ]


def _beside(field: FieldRule) -> str:
    """The hint, and what could be chosen: an answer says little without the others."""
    return "\n".join(part for part in (field.hint, " · ".join(words for _, words in field.options)) if part)


def _answer(answer: Shown | None) -> dict[str, str]:
    if answer is None:
        return {"words": _NOTHING, "drawn": ""}
    return {"words": answer.words, "drawn": _picture(answer.drawn) if answer.drawn else ""}


def _picture(path: str) -> str:
    """``path``: of whole numbers alone (domain/signatures.py)."""
    line = 'fill="none" stroke="#111" stroke-width="6" stroke-linecap="round" stroke-linejoin="round"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}"><path d="{path}" {line}/></svg>'


ROUTES = (Route("/records/print", print_sealed, methods=["POST"]),)
