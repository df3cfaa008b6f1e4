"""Calendar files behind secret links: one visit for the customer, all visits of a staff member for that member."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.adapters.calendar_file import Entry, calendar_file
from microcrm.domain.booking import BookingStatus
from microcrm.domain.zones import zone_of
from microcrm.http.book.limits import LINKS, check_address
from microcrm.http.book.manage import OVER, SECRET, where
from microcrm.http.book.render import for_customers
from microcrm.http.book.tongues import Tongue, tongue_of
from microcrm.http.desk import visitor
from microcrm.operations.calendar_feed import Feed, FeedItem, feed
from microcrm.operations.public_visit import PublicVisit, public_visit
from microcrm.settings import settings
from microcrm.state.bridge import perform

_EVERY = timedelta(hours=1)
_TENTATIVE = frozenset({BookingStatus.PENDING_APPROVAL, BookingStatus.PENDING_PAYMENT})


@for_customers
async def show_visit_file(request: Request) -> Response:
    await check_address(request, LINKS)
    token = request.path_params["token"]
    visit = await perform(visitor(request), public_visit, token)
    zone = zone_of(visit.shop.zone)
    entry = visit_entry(visit, tongue_of(request), f"{settings().public_url}/m/{token}")
    return _file(request, calendar_file([entry], zone, every=_EVERY), "visit.ics")


@for_customers
async def show_feed(request: Request) -> Response:
    await check_address(request, LINKS)
    found = await perform(visitor(request), feed, request.path_params["token"])
    entries = [_feed_entry(found, item) for item in found.items]
    name = f"{found.member}, {found.shop}"
    return _file(request, calendar_file(entries, zone_of(found.zone), name=name, every=_EVERY), "visits.ics")


def visit_entry(visit: PublicVisit, tongue: Tongue, url: str) -> Entry:
    """The visit as the customer's calendar keeps it."""
    services = tongue.list([item.service for item in visit.items])
    number = tongue.say("Booking %(number)s", number=visit.number)
    return Entry(
        uid=_uid("visit", visit.shop.business_id, visit.booking_id),
        sequence=visit.version,
        title=f"{services}, {visit.shop.name}",
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        stamp=wiring.now(),
        place=f"{visit.shop.name}, {where(visit.shop)}",
        text="\n".join(part for part in (number, visit.shop.phone, url) if part),
        url=url,
        is_tentative=visit.status in _TENTATIVE,
        is_cancelled=visit.status in OVER,
    )


def _feed_entry(found: Feed, item: FeedItem) -> Entry:
    return Entry(
        uid=_uid("item", found.business_id, item.item_id),
        sequence=item.version,
        title=", ".join(part for part in (item.service, item.customer) if part),
        starts_at=item.starts_at,
        ends_at=item.ends_at,
        stamp=wiring.now(),
        place=found.place,
        text=f"Booking {item.number}" if item.number else "",
        is_tentative=item.status in _TENTATIVE,
    )


def _uid(kind: str, business_id: int, subject_id: int) -> str:
    """The same for the life of the visit, and says nothing about how many there are."""
    secret = settings().secret_key.encode()
    mark = hmac.new(secret, f"calendar:{kind}:{business_id}:{subject_id}".encode(), hashlib.sha256).hexdigest()[:32]
    return f"{mark}@{urlsplit(settings().public_url).hostname}"


def _file(request: Request, data: bytes, name: str) -> Response:
    """Its tag leaves out when it was made, so that a calendar which looks every hour mostly hears "nothing new"."""
    lines = [line for line in data.split(b"\r\n") if not line.startswith((b"DTSTAMP", b"LAST-MODIFIED"))]
    tag = f'"{hashlib.sha256(b"".join(lines)).hexdigest()[:24]}"'
    headers = {**SECRET, "etag": tag, "cache-control": "private, no-cache", "x-robots-tag": "noindex"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    headers["content-disposition"] = f'inline; filename="{name}"'
    return Response(data, media_type="text/calendar; charset=utf-8", headers=headers)


ROUTES = (
    Route("/m/{token}/visit.ics", show_visit_file, methods=["GET"]),
    Route("/f/{token}.ics", show_feed, methods=["GET"]),
)
