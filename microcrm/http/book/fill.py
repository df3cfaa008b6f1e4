"""A form that a customer fills in on their own phone, by a secret link. It needs no script: a question that hangs on another one says
so, and an answer to a question that is not asked is dropped. With scripts a signature can be drawn as well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.domain.errors import Invalid
from microcrm.domain.form_fields import FieldRule, FormText, options_of
from microcrm.domain.zones import zone_of
from microcrm.http.book import traps
from microcrm.http.book.limits import CONFIRMS, LINKS, check_address
from microcrm.http.book.manage import SECRET
from microcrm.http.book.render import for_customers, show
from microcrm.http.book.services import onward
from microcrm.http.book.tongues import Tongue, asked_language, tongue_of
from microcrm.http.desk import visitor
from microcrm.http.forms import Form, read_form
from microcrm.operations.forms.asking import FillForm, PublicForm, fill_form, public_form
from microcrm.state.bridge import perform

MOST_BYTES, MOST_FIELDS = 512 * 1024, 1_000  # forty long answers in an Indian script; each ticked answer is a field
MOST_DRAWN = 40_000  # letters of a drawing
DRAWN = "drawn"  # after the name of a signature: what a script has drawn
PREFIX = "a_"  # of the fields of the owner's form, so that none is taken for one of the page's own


@dataclass(frozen=True, slots=True)
class Question:
    """``name`` of its control; ``only_if``: when it is asked, as words; ``options`` (value, words, is chosen). ``drawn``: of a
    signature."""

    name: str
    label: str
    shape: str
    is_required: bool
    hint: str
    only_if: str
    value: str
    unit: str
    options: tuple[tuple[str, str, bool], ...]
    ends: tuple[str, str]
    drawn: str


@for_customers
async def show_fill(request: Request) -> Response:
    await check_address(request, LINKS)
    found = await perform(visitor(request), public_form, request.path_params["token"])
    return _page(request, found, {}, {})


@for_customers
async def submit_fill(request: Request) -> Response:
    form = await read_form(request, needs_token=False, most_bytes=MOST_BYTES, most_fields=MOST_FIELDS)
    await check_address(request, CONFIRMS)
    traps.request_key(form, wiring.now())
    token = request.path_params["token"]
    found = await perform(visitor(request), public_form, token)
    try:
        await perform(visitor(request), fill_form, FillForm(token, answers_in(form, found.text)), wiring.sealer())
    except Invalid as error:
        return _page(request, found, form.values, error.fields)
    language = form.get("lang")
    return onward(f"/form/{token}?lang={language}" if language else f"/form/{token}")


def answers_in(form: Form, text: FormText) -> dict[str, Any]:
    """By the names of the form's fields. A typed name is a signature, and what a script has drawn under it one as well; without a name
    there is none."""
    found: dict[str, Any] = {}
    for field in text.fields:
        own = form.get(PREFIX + field.name)
        if field.shape == "choices":
            found[field.name] = [v for v, _ in field.options if form.get(f"{PREFIX}{field.name}.{v}")]
        elif field.shape == "signature":
            found[field.name] = _signature(own, form.get(f"{PREFIX}{field.name}.{DRAWN}"))
        else:
            found[field.name] = own
    return found


def _signature(name: str, drawn: str) -> dict[str, Any] | str:
    if not name.strip():
        return ""
    if not drawn:
        return {"name": name, "how": "typed"}
    try:
        strokes = json.loads(drawn) if len(drawn) <= MOST_DRAWN else None
    except (ValueError, RecursionError):
        strokes = None
    return {"name": name, "how": "drawn", "strokes": strokes or "?"}


def _page(request: Request, found: PublicForm, typed: Mapping[str, str], errors: Mapping[str, str]) -> Response:
    tongue, zone = tongue_of(request), zone_of(found.shop.zone)
    filled = tongue.day(found.filled_at.astimezone(zone).date()) if found.filled_at else ""
    language = asked_language(request) or typed.get("lang", "")
    fields = () if filled else found.text.fields
    told = {PREFIX + f.name: error_words(f, typed, tongue) if f.name in errors else "" for f in fields}
    values = {
        "heading": found.text.title,
        "filled": filled,
        "action": f"/form/{request.path_params['token']}{f'?lang={language}' if language else ''}",
        "until": tongue.day(found.expires_at.astimezone(zone).date()),
        "questions": [_question(field, found.text, typed, tongue) for field in fields],
        "key": traps.new_key(wiring.now()),
        "errors": told,
        "has_errors": bool(errors),
        "print": found.fingerprint[:12],
    }
    return show(request, "fill.html", found.shop, status=422 if errors else 200, headers=SECRET, **values)


def _field(text: FormText, name: str) -> FieldRule | None:
    return next((field for field in text.fields if field.name == name), None)


def _question(field: FieldRule, text: FormText, typed: Mapping[str, str], tongue: Tongue) -> Question:
    name = PREFIX + field.name
    value = typed.get(name, "")[:4000]
    options = tuple((v, _option_words(field, v, words, tongue)) for v, words in options_of(field))
    if field.shape == "scale":
        options = tuple((str(n), str(n)) for n in range(field.low, field.high + 1))
    chosen = {v for v, _ in options if typed.get(f"{name}.{v}")} if field.shape == "choices" else {value}
    signs = tongue.say("Typing your full name here is your signature.") if field.shape == "signature" else ""
    hint = " · ".join(one for one in (field.hint, signs) if one)
    return Question(
        name, field.label, field.shape, field.required, hint, _condition(field, text, tongue), value, field.unit,
        tuple((v, words, v in chosen) for v, words in options), field.ends,
        typed.get(f"{name}.{DRAWN}", "")[:MOST_DRAWN],
    )  # fmt: skip


def _option_words(field: FieldRule, value: str, words: str, tongue: Tongue) -> str:
    """Yes and no are ours, every other answer is the shop's."""
    if field.shape != "yes_no":
        return words
    return tongue.say("Yes") if value == "yes" else tongue.say("No")


def _condition(field: FieldRule, text: FormText, tongue: Tongue) -> str:
    """Like "Only if your answer to “Do you smoke?” is “Yes”." """
    if field.only_if is None:
        return ""
    other = _field(text, field.only_if.name)
    if other is None:
        return ""
    words = dict(options_of(other)).get(field.only_if.value, field.only_if.value)
    words = _option_words(other, field.only_if.value, words, tongue)
    return tongue.say("Only if your answer to “%(question)s” is “%(answer)s”.", question=other.label, answer=words)


def error_words(field: FieldRule, typed: Mapping[str, str], tongue: Tongue) -> str:
    """What to do about it, in the customer's language: the domain's own words are the desk's."""
    value = typed.get(PREFIX + field.name, "").strip()
    match field.shape:
        case "choices":
            return tongue.say("Choose at least one.")
        case "choice" | "yes_no" | "scale":
            return tongue.say("Choose an answer.")
        case "signature" if value and typed.get(f"{PREFIX}{field.name}.{DRAWN}"):
            return tongue.say("Clear the drawing and sign again.")
        case "signature":
            return tongue.say("Type your full name as your signature.")
    if not value:
        return tongue.say("This needs an answer.")
    match field.shape:
        case "number":
            numbers = {"low": field.low, "high": field.high, "decimals": field.decimals}
            return tongue.say(
                "Type a number from %(low)s to %(high)s, with at most %(decimals)s digits after the point.", **numbers
            )
        case "day":
            return tongue.say("Choose a date.")
        case "phone":
            return tongue.say("Type a mobile number with ten digits.")
    return tongue.say("Shorten this, and leave out unusual characters.")


ROUTES = (
    Route("/form/{token}", show_fill, methods=["GET"]),
    Route("/form/{token}", submit_fill, methods=["POST"]),
)
