"""The fourth step: who comes. The time is kept meanwhile; when it was not kept long enough, nothing typed is lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.domain.errors import CodeNeeded, HoldLapsed, Invalid, LimitReached, NotFound, SlotTaken
from microcrm.domain.phone import display_phone, parse_phone
from microcrm.domain.zones import zone_of
from microcrm.http.book import code, traps
from microcrm.http.book.deposit_words import due_words, money_terms
from microcrm.http.book.fronts import front_of
from microcrm.http.book.holding import forget_held
from microcrm.http.book.limits import LINKS, check_address, check_booking
from microcrm.http.book.render import for_customers, show
from microcrm.http.book.rules import rules_of
from microcrm.http.book.services import Line, button, onward, seats_words, steps_of, summary, wish_in
from microcrm.http.book.times import SEPARATOR, slot_at, words_of
from microcrm.http.book.tongues import Tongue, asked_language, tongue_of
from microcrm.http.book.when import LOST, RAN_OUT, posted_fields, posted_wish, refusal
from microcrm.http.book.wish import Wish
from microcrm.http.desk import visitor
from microcrm.http.forms import Form, read_form
from microcrm.operations.hold import ConfirmPublic
from microcrm.operations.public_booking import Agreed, TakeTime, book_held, take_and_book, times_near
from microcrm.operations.public_shop import PublicShop
from microcrm.operations.public_visit import PublicVisit, public_visit
from microcrm.state.bridge import perform, perform_in_turn

_TYPED = ("name", "phone", "email", "note", "updates", "offers")


@dataclass(frozen=True, slots=True)
class Held:
    """What the page needs to know of the time: the value of its button, and until when it is kept."""

    value: str
    start: datetime
    until: datetime | None


@for_customers
async def show_you(request: Request) -> Response:
    shop = await front_of(request)
    await check_address(request, LINKS)
    wish = wish_in(request, shop)
    token = request.path_params["token"]
    language = asked_language(request)
    try:
        visit = await perform(visitor(request), public_visit, token)
    except NotFound:
        visit = None
    if visit is None or visit.shop.business_id != shop.business_id:
        return onward(wish.address(f"/b/{shop.slug}/when", lang=language, gone="1"))
    if not visit.is_held:
        return onward(f"/m/{token}?lang={language}" if language else f"/m/{token}")
    return _page(request, shop, wish if not wish.is_empty else wish_of(visit, shop), _held(visit), visit=visit)


@for_customers
async def submit_you(request: Request) -> Response:
    form = await read_form(request, needs_token=False)
    shop = await front_of(request)
    key = traps.request_key(form, wiring.now(), form.get("start"))
    wish, held = posted_wish(form, shop), _held_in(form)
    if form.get(code.EDIT):
        return _page(request, shop, wish, held, form=form)
    try:
        await check_booking(request, shop.slug, "" if code.is_code_step(shop, form) else _counted(form))
        if not await code.is_right(request, shop, form, _person(request, form, key)):
            return code.code_page(request, shop, *_carried(request, shop, wish, held, form), is_wrong=True)
        try:
            token = await _book(request, shop, wish, form, key)
        except CodeNeeded:
            return await code.send_code(
                request, shop, _person(request, form, key), *_carried(request, shop, wish, held, form)
            )
    except Invalid as error:
        errors = refusal(tongue_of(request), error)
        return _page(request, shop, wish, held, form=form, errors=errors, status=422)
    except LimitReached as error:
        errors = refusal(tongue_of(request), error)
        return _page(request, shop, wish, held, form=form, errors=errors, status=429)
    except SlotTaken as lost:
        return _lost(request, shop, wish, held, form, lost.nearest, LOST)
    except HoldLapsed:
        near = await perform(visitor(request), times_near, shop.slug, _taking(wish, held.value))
        return _lost(request, shop, wish, held, form, [one.start for one in near], RAN_OUT)
    language = form.get("lang")
    response = onward(
        f"/m/{token}?new={len(steps_of(tongue_of(request), wish))}" + (f"&lang={language}" if language else "")
    )
    forget_held(request, response, shop.slug)
    return response


async def _book(request: Request, shop: PublicShop, wish: Wish, form: Form, key: str) -> str:
    """The secret of the booking's link."""
    language, person = tongue_of(request).code, _person(request, form, key)
    agreed = Agreed(updates=form.get("updates") == "on", offers=form.get("offers") == "on", language=language)
    actor = visitor(request)
    if form.get("start"):
        command = _taking(wish, form.get("start"))
        sought = (shop.slug, command.sought)
        done = await perform_in_turn(sought, actor, take_and_book, shop.slug, command, person, agreed)
    else:
        done = await perform(actor, book_held, shop.slug, person, agreed)
    return done.token


def _person(request: Request, form: Form, key: str) -> ConfirmPublic:
    return ConfirmPublic(
        token=request.path_params["token"], name=form.get("name"), phone=form.get("phone"), email=form.get("email"),
        note=form.get("note"), language=tongue_of(request).code, request_key=key,
    )  # fmt: skip


def _carried(
    request: Request, shop: PublicShop, wish: Wish, held: Held, form: Form
) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """All that was typed and chosen, for the fields of the page with the code; and what it shows of the booking."""
    values = _values(request, shop, wish, held, form=form)
    typed = [(name, form.get(name)) for name in (*_TYPED, "start") if form.get(name)]
    return [*values["fields"], *typed], values


def _taking(wish: Wish, value: str) -> TakeTime:
    start, session_id = words_of(value)
    return TakeTime(wish.asked, start, session_id, wish.seats)


def phone_of(form: Form) -> str:
    """As the limit counts it. Raises: Invalid, when nothing can be reached by it."""
    try:
        return parse_phone(form.get("phone"), mobile=True)
    except Invalid as error:
        raise Invalid(fields={"phone": error.message}) from None


def _counted(form: Form) -> str:
    """The phone that the limit counts; empty when nothing can be reached by it, which the operation says."""
    try:
        return phone_of(form)
    except Invalid:
        return ""


def _held(visit: PublicVisit) -> Held:
    session = visit.items[0].session_id
    value = visit.starts_at.isoformat() + (f"{SEPARATOR}{session}" if session else "")
    return Held(value, visit.starts_at, visit.expires_at)


def _held_in(form: Form) -> Held:
    """What the form says of its time; it was shown by this very page."""
    start, until = _instant(form.get("was").partition(SEPARATOR)[0]), _instant(form.get("until"))
    if start is None:
        raise NotFound
    return Held(form.get("was"), start, until)


def _instant(raw: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(raw[:40])
    except ValueError:
        return None
    return found if found.tzinfo else None


def wish_of(visit: PublicVisit, shop: PublicShop) -> Wish:
    """For an address that has lost its query."""
    pairs = [(shop.service(item.service_id), item.member_id) for item in visit.items]
    known = [(service, member) for service, member in pairs if service is not None]
    members = tuple(None if service.is_class else member for service, member in known)
    return Wish(tuple(service for service, _ in known), members, visit.items[0].seats)


def _lost(
    request: Request, shop: PublicShop, wish: Wish, held: Held, form: Form, free: Sequence[datetime], why: str
) -> Response:
    """What was typed stays; one press takes the same time again if it is still free, or one near it, and books it."""
    tongue, zone = tongue_of(request), zone_of(shop.zone)
    nearest = [slot_at(tongue, zone, start) for start in free]
    if not nearest:
        then = tongue.say("Nothing else is free near it. Choose another time.")
    elif free[0] == held.start:
        then = tongue.say("It is still free: press it to take it again and book.")
    else:
        then = tongue.say("Press one of the nearest free times to book it instead.")
    more = {"lost": tongue.say(why), "lost_next": then, "nearest": nearest}
    return _page(request, shop, wish, held, form=form, status=409, more=more)


def _page(
    request: Request, shop: PublicShop, wish: Wish, held: Held, *, visit: PublicVisit | None = None,
    form: Form | None = None, errors: Mapping[str, str] | None = None, status: int = 200,
    more: Mapping[str, Any] | None = None,
) -> Response:  # fmt: skip
    values = _values(request, shop, wish, held, visit=visit, form=form, errors=errors)
    return show(request, "you.html", shop, status=status, **(values | dict(more or {})))


def _values(
    request: Request, shop: PublicShop, wish: Wish, held: Held, *, visit: PublicVisit | None = None,
    form: Form | None = None, errors: Mapping[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    tongue, zone = tongue_of(request), zone_of(shop.zone)
    typed = {name: form.get(name) for name in _TYPED} if form is not None else {}
    language = form.get("lang") if form is not None else asked_language(request)
    day = tongue.short_day(held.start.astimezone(zone).date())
    return {
        "action": f"/b/{shop.slug}/you/{request.path_params['token']}",
        "steps": steps_of(tongue, wish),
        "back": wish.address(f"/b/{shop.slug}/when", lang=language, day=held.start.astimezone(zone).date().isoformat()),
        "fields": [*posted_fields(wish), ("was", held.value), ("until", held.until.isoformat() if held.until else "")],
        "language_field": [("lang", language)] if language else [],
        "key": traps.new_key(wiring.now()),
        "typed": defaultdict(str, typed),
        "errors": defaultdict(str, errors or {}),
        "contact": ", ".join(part for part in (display_phone(shop.phone), shop.email) if part) or shop.name,
        "rules": rules_of(shop.terms, tongue),
        "when": f"{day}, {tongue.time(held.start, zone)}",
        "with_whom": _with_whom(tongue, visit),
        **_due(tongue, shop, held, visit),
        "lost": "", "lost_next": "", "nearest": [],
        **hold_words(tongue, shop, held),
        **_summary(tongue, wish, visit),
    }  # fmt: skip


def _summary(tongue: Tongue, wish: Wish, visit: PublicVisit | None) -> dict[str, Any]:
    """With what the people who were found take, where that is known."""
    if visit is None:
        return summary(wish, tongue)
    lines = [
        Line(seats_words(item.service, item.seats), tongue.rupees(item.price_paise), tongue.minutes(_minutes(item)))
        for item in visit.items
    ]
    return summary(wish, tongue) | {"lines": lines, "total": tongue.rupees(visit.total_paise), "is_from": False}


def _due(tongue: Tongue, shop: PublicShop, held: Held, visit: PublicVisit | None) -> dict[str, Any]:
    """What is paid now and what at the shop, and what comes back of it; and the words of the button."""
    due, total, base = 0, 0, 0
    if visit is not None:
        due, total, base = visit.deposit_due, visit.total_paise, visit.base_paise
    is_asked_first = shop.terms.needs_approval
    words = tongue.say("Ask for this time") if is_asked_first else tongue.say("Book")
    if due and not is_asked_first:
        words = tongue.say("Go on to pay %(now)s", now=tongue.rupees(due))
    is_known = bool(due) and visit is not None
    return {
        "fine": due_words(tongue, due, total, is_asked_first=is_asked_first),
        "due": (tongue.rupees(due), tongue.rupees(max(0, total - due))) if is_known else (),
        "pay_limit": tongue.count(
            "Your time is kept while you pay, for %(num)s minute at most.",
            "Your time is kept while you pay, for %(num)s minutes at most.",
            shop.terms.payment_min,
        )
        if is_known and not is_asked_first
        else "",
        "money_terms": money_terms(tongue, shop, held.start, base, due),
        "go": button(words),
    }


def _minutes(item: Any) -> int:
    return int((item.ends_at - item.starts_at).total_seconds()) // 60


def _with_whom(tongue: Tongue, visit: PublicVisit | None) -> str:
    if visit is None:
        return ""
    names = list(dict.fromkeys(item.member for item in visit.items))
    return tongue.say("with %(names)s", names=tongue.list(names))


def hold_words(tongue: Tongue, shop: PublicShop, held: Held) -> dict[str, Any]:
    """How long the time is kept, in words; the script says the same again as the minutes pass."""
    zone = zone_of(shop.zone)
    start = f"{tongue.short_day(held.start.astimezone(zone).date())}, {tongue.time(held.start, zone)}"
    if held.until is None:
        return {"hold_words": "", "hold_more": "", "has_run_out": False, "until": ""}
    left = -(-int((held.until - wiring.now()).total_seconds()) // 60)
    over = tongue.say("We kept %(time)s for you until %(until)s.", time=start, until=tongue.time(held.until, zone))
    shown = {"until": held.until.isoformat(), "words_over": over, "has_run_out": left <= 0}
    shown |= {"words_one": _kept(tongue, start, 1), "words_many": _kept(tongue, start, 2, num="{}")}
    if left <= 0:
        more = tongue.say("If nobody has taken it since, you can still book it: fill in the form.")
        return shown | {"hold_words": over, "hold_more": more, "until": ""}
    until = tongue.say("Until %(time)s.", time=tongue.time(held.until, zone))
    return shown | {"hold_words": _kept(tongue, start, left), "hold_more": until}


def _kept(tongue: Tongue, start: str, minutes: int, **shown: str) -> str:
    """``num`` stands in for the number where the script puts its own."""
    return tongue.count(
        "%(time)s is kept for you for about %(num)s minute.",
        "%(time)s is kept for you for about %(num)s minutes.",
        minutes, time=start, **shown,
    )  # fmt: skip


ROUTES = (
    Route("/b/{slug}/you/{token}", show_you, methods=["GET"]),
    Route("/b/{slug}/you/{token}", submit_you, methods=["POST"]),
)
