"""What search engines read: facts about a shop as schema.org names them, which pages there are, and which to leave alone."""

from __future__ import annotations

from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from microcrm.domain.formatting import clock_for_input
from microcrm.domain.hours import Windows
from microcrm.http.book.fronts import ShortMemory
from microcrm.http.book.tongues import Tongue, tongues
from microcrm.http.desk import visitor
from microcrm.operations.public_shop import PublicService, PublicShop, shops_to_find
from microcrm.settings import settings
from microcrm.state.bridge import perform

_KINDS = {"salon": "BeautySalon", "clinic": "MedicalClinic", "gym": "ExerciseGym", "tutor": "EducationalOrganization"}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_AN_HOUR = {"cache-control": "public, max-age=3600"}
_MOST_OFFERS = 100
_map: ShortMemory[str] = ShortMemory(300)
# Everything but the booking pages is for members, or for one person with a secret link.
_ROBOTS = """User-agent: *
Allow: /b/
Allow: /$
Allow: /sign-in
Allow: /sign-up
Disallow: /m/
Disallow: /f/
Disallow: /w/
Disallow: /l/
Disallow: /*/who
Disallow: /*/when
Disallow: /*/you
Disallow: /*/done
Disallow: /*/slots
Sitemap: {url}/sitemap.xml
"""


def about_shop(shop: PublicShop, tongue: Tongue) -> dict[str, Any]:
    """A LocalBusiness with its address, its hours of the coming week day by day, and what it offers at which price."""
    url = f"{settings().public_url}/b/{shop.slug}"
    facts: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": [_KINDS.get(shop.trade, "LocalBusiness"), "LocalBusiness"],
        "@id": url,
        "name": shop.name,
        "url": url,
        "telephone": shop.phone,
        "image": f"{url}/logo?v={shop.version}" if shop.has_logo else "",
        "address": _without_blanks({
            "@type": "PostalAddress",
            "streetAddress": shop.address,
            "addressLocality": shop.city,
            "addressRegion": shop.state,
            "postalCode": shop.pin,
            "addressCountry": "IN",
        }),
        "openingHoursSpecification": [row for day, windows in shop.hours for row in _opening(day, windows)],
        "currenciesAccepted": "INR",
        "availableLanguage": list(tongues()),
        "makesOffer": [_offer(service, shop) for service in shop.services[:_MOST_OFFERS]],
        "potentialAction": {
            "@type": "ReserveAction",
            "target": {"@type": "EntryPoint", "urlTemplate": url, "inLanguage": tongue.tag},
        },
    }  # fmt: skip
    return _without_blanks(facts)


async def robots(_request: Request) -> Response:
    return PlainTextResponse(_ROBOTS.format(url=settings().public_url), headers=_AN_HOUR)


async def sitemap(request: Request) -> Response:
    """The first page of each shop that can be booked, in every language."""
    text = _map.get("map")
    if text is None:
        text = _map.keep("map", _sitemap(await perform(visitor(request), shops_to_find)))
    return Response(text, media_type="application/xml", headers=_AN_HOUR)


def _sitemap(slugs: tuple[str, ...]) -> str:
    places = [f"{settings().public_url}/b/{escape(slug)}" for slug in slugs]
    others = list(tongues().values())
    rows = []
    for place in places:
        links = "".join(
            f'<xhtml:link rel="alternate" hreflang="{tongue.tag}" href="{place}?lang={tongue.code}"/>'
            for tongue in others
        )
        rows.append(f"<url><loc>{place}</loc>{links}</url>")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:xhtml="http://www.w3.org/1999/xhtml">{"".join(rows)}</urlset>\n'
    )


def _opening(day: date, windows: Windows) -> list[dict[str, str]]:
    """Each day by its date, so that a day on which the shop is closed for once is not promised."""
    return [
        {
            "@type": "OpeningHoursSpecification",
            "dayOfWeek": _WEEKDAYS[day.weekday()],
            "opens": clock_for_input(window.start),
            "closes": "23:59" if window.end == 24 * 60 else clock_for_input(window.end),
            "validFrom": day.isoformat(),
            "validThrough": day.isoformat(),
        }
        for window in windows
    ]


def _offer(service: PublicService, shop: PublicShop) -> dict[str, Any]:
    return {
        "@type": "Offer",
        "price": f"{service.price_paise // 100}.{service.price_paise % 100:02d}",
        "priceCurrency": "INR",
        "url": f"{settings().public_url}/b/{shop.slug}?s={service.id}",
        "itemOffered": _without_blanks({
            "@type": "Service", "name": service.name, "description": service.description, "category": service.group,
        }),
    }  # fmt: skip


def _without_blanks(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value not in ("", [], {})}


def forget_map() -> None:
    """For tests."""
    _map.clear()


ROUTES = (
    Route("/robots.txt", robots, methods=["GET"]),
    Route("/sitemap.xml", sitemap, methods=["GET"]),
)
