"""A masked number is shown by a plain request of the page, as sealed records are: it is never in a State, not in Valkey, not on the
websocket."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.routing import Route

from microcrm.http.answers import answering_in_json
from microcrm.http.desk import account_of
from microcrm.http.forms import read_form
from microcrm.operations.contact_reveals import RevealContact, reveal_contact
from microcrm.state.bridge import perform


@answering_in_json
async def reveal(request: Request) -> Mapping[str, object]:
    form = await read_form(request, needs_token=False)
    command = RevealContact(*(form.get(name) for name in ("customer", "contact", "reason", "words")))
    found = await perform(await account_of(request), reveal_contact, command)
    return {"value": found.value, "link": found.link, "left": found.left}


ROUTES = (Route("/contacts/reveal", reveal, methods=["POST"]),)
