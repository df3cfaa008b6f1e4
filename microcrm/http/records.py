"""Sealed records are opened by a plain request of the page, so that what they say is never in a State: not in memory, not in
Valkey, not on the websocket. See docs/adr/0022-vault.md."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.domain.errors import DomainError
from microcrm.domain.formatting import format_day
from microcrm.http.desk import account_of
from microcrm.http.forms import Refused, read_form
from microcrm.http.pages import BROKE, NO_STORE, status_of
from microcrm.observability import new_request_id
from microcrm.operations.vault.reading import OpenedRecord, OpenRecords, open_records
from microcrm.state.bridge import perform

log = structlog.get_logger()


async def open_sealed(request: Request) -> Response:
    """``record``: ids, with a comma between them. Answers in JSON, refusals as well: a script reads it."""
    try:
        form = await read_form(request, needs_token=False)
        ids = [part for part in form.get("record").split(",") if part]
        command = OpenRecords(ids, form.get("purpose"), form.get("words"))
        opened = await perform(await account_of(request), open_records, command, wiring.sealer())
        return _answer({"records": [_plain(record) for record in opened]})
    except Refused as refused:
        return _answer({"message": f"{refused.title}. {refused.text}"}, refused.status)
    except DomainError as error:
        words = {"message": f"{error.message} {error.remedy}".strip(), "fields": error.fields}
        return _answer(words, status_of(error))
    except Exception:  # an edge
        reference = new_request_id()
        log.exception("records_failed", reference=reference)
        return _answer({"message": f"{BROKE[0]}. {BROKE[1]}" % {"reference": reference}}, 500)


def _plain(record: OpenedRecord) -> dict[str, object]:
    return {
        "id": str(record.id),
        "version": str(record.version),
        "date": record.day.isoformat(),
        "day": format_day(record.day),
        "fields": [{"name": f.name, "label": f.label, "value": f.value, "words": f.words} for f in record.fields],
    }


def _answer(body: Mapping[str, object], status: int = 200) -> Response:
    return JSONResponse(body, status, headers=NO_STORE)


ROUTES = (Route("/records/open", open_sealed, methods=["POST"]),)
