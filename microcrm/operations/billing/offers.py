"""What can be put on a bill: the services of the price list, and goods by name or barcode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, literal, null, or_, select, union_all

from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.models.catalogue import Service
from microcrm.models.products import Product
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 500
FOUND = 8


@dataclass(frozen=True, slots=True)
class Offer:
    """A service, or a product with its stock in thousandths. ``sac``: or HSN."""

    service_id: int | None
    name: str
    price_paise: int
    sac: str
    tax_class: str
    is_with_tax: bool
    product_id: int | None = None
    stock: int | None = None
    is_scanned: bool = False  # its barcode is exactly what was asked for


def offers(uow: UnitOfWork) -> tuple[Offer, ...]:
    """The services on sale, in the order of the price list, then the products by name."""
    uow.require(Permission.INVOICES_VIEW)
    services = uow.session.execute(
        select(Service.id, Service.name, Service.price_paise, Service.sac, Service.tax_class, Service.is_price_with_tax)
        .where(Service.business_id == uow.business_id, Service.is_active)
        .order_by(Service.position, Service.id)
        .limit(MOST)
    )
    products = uow.session.execute(
        select(*_OF_PRODUCT, Product.id, Product.stock)
        .where(Product.business_id == uow.business_id, Product.is_active)
        .order_by(func.lower(Product.name), Product.id)
        .limit(MOST)
    )
    return (*(Offer(*row) for row in services), *(Offer(None, *row) for row in products))


def find_offers(uow: UnitOfWork, raw: Any) -> tuple[Offer, ...]:
    """What the words or the scanned code can mean, the best first: the exact barcode, then names that begin with the words,
    then those that have them inside. One statement."""
    uow.require(Permission.INVOICES_VIEW)
    fields = Reader()
    words = fields.text("words", raw, "Search", limit=60, required=False)
    fields.done()
    if not words:
        return ()
    low = words.lower()

    def rank(name: Any) -> Any:
        return case((func.lower(name) == low, 1), (func.lower(name).startswith(low, autoescape=True), 2), else_=3)

    services = select(
        Service.id, Service.name, Service.price_paise, Service.sac, Service.tax_class, Service.is_price_with_tax,
        null().label("product_id"), null().label("stock"), literal(False).label("scanned"), rank(Service.name).label("rank"),
    ).where(
        Service.business_id == uow.business_id,
        Service.is_active,
        func.lower(Service.name).contains(low, autoescape=True),
    )  # fmt: skip
    is_scanned = Product.barcode == words
    products = select(
        null().label("id"), *_OF_PRODUCT, Product.id, Product.stock, is_scanned,
        case((is_scanned, 0), else_=rank(Product.name)),
    ).where(
        Product.business_id == uow.business_id,
        Product.is_active,
        or_(is_scanned, func.lower(Product.name).contains(low, autoescape=True)),
    )  # fmt: skip
    both = union_all(services, products).subquery()
    rows = uow.session.execute(
        select(both).order_by(both.c.rank, func.lower(both.c.name), both.c.product_id).limit(FOUND)
    )
    return tuple(Offer(*row[:-1]) for row in rows)


_OF_PRODUCT = (
    Product.name, Product.price_paise, Product.hsn, Product.tax_class, Product.is_price_with_tax,
)  # fmt: skip
