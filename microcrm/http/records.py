"""Sealed records are opened by a plain request of the page, so that what they say is never in a State: not in memory, not in
Valkey, not on the websocket. See docs/adr/0022-vault.md."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.routing import Route

from microcrm import wiring
from microcrm.domain.formatting import format_day
from microcrm.domain.zones import to_wall, zone_of
from microcrm.http.answers import answering_in_json
from microcrm.http.desk import account_of
from microcrm.http.forms import read_form
from microcrm.operations.vault.reading import OpenedRecord, OpenRecords, open_records
from microcrm.state.bridge import perform


@answering_in_json
async def open_sealed(request: Request) -> Mapping[str, object]:
    """``record``: ids, with a comma between them; ``version``: an earlier one, of a single record."""
    form = await read_form(request, needs_token=False)
    ids = [part for part in form.get("record").split(",") if part]
    command = OpenRecords(ids, form.get("purpose"), form.get("words"), form.get("version"))
    account = await account_of(request)
    opened = await perform(account, open_records, command, wiring.sealer())
    return {"records": [_plain(record, zone_of(account.zone)) for record in opened]}


def _plain(record: OpenedRecord, zone: ZoneInfo) -> dict[str, object]:
    return {
        "id": str(record.id),
        "version": str(record.version),
        "latest": str(record.latest),
        "title": record.title,
        "written": f"{format_day(to_wall(record.written_at, zone)[0])}, by {record.author}",
        "date": record.day.isoformat(),
        "day": format_day(record.day),
        "fields": [
            {"name": f.name, "label": f.label, "shape": f.shape, "value": f.value, "words": f.words, "drawn": f.drawn}
            for f in record.fields
        ],
    }


ROUTES = (Route("/records/open", open_sealed, methods=["POST"]),)
