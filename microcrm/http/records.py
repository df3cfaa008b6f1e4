"""Sealed records are opened by a plain request of the page, so that what they say is never in a State: not in memory, not in
Valkey, not on the websocket. See docs/adr/0022-vault.md."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.routing import Route

from microcrm import wiring
from microcrm.domain.formatting import format_day
from microcrm.http.answers import answering_in_json
from microcrm.http.desk import account_of
from microcrm.http.forms import read_form
from microcrm.operations.vault.reading import OpenedRecord, OpenRecords, open_records
from microcrm.state.bridge import perform


@answering_in_json
async def open_sealed(request: Request) -> Mapping[str, object]:
    """``record``: ids, with a comma between them."""
    form = await read_form(request, needs_token=False)
    ids = [part for part in form.get("record").split(",") if part]
    command = OpenRecords(ids, form.get("purpose"), form.get("words"))
    opened = await perform(await account_of(request), open_records, command, wiring.sealer())
    return {"records": [_plain(record) for record in opened]}


def _plain(record: OpenedRecord) -> dict[str, object]:
    return {
        "id": str(record.id),
        "version": str(record.version),
        "date": record.day.isoformat(),
        "day": format_day(record.day),
        "fields": [{"name": f.name, "label": f.label, "value": f.value, "words": f.words} for f in record.fields],
    }


ROUTES = (Route("/records/open", open_sealed, methods=["POST"]),)
