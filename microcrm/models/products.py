"""Goods that the shop sells over the counter, and each movement of their stock.

Quantities are thousandths. ``Product.stock`` is the sum of the product's movements: whoever adds a movement holds the
product's row and changes both (``operations/parts/stock.py``).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from microcrm.models.base import belongs_to_business, identity, instant, reference, tenant_key, within_business


class Product(SQLModel, table=True):
    """``barcode``: what a scanner reads, or a number of the shop's own; "" for none. ``low_at``: from this stock down it is
    running low, None never. ``cost_paise``: of one unit, when it last came in with its cost. ``version`` counts changes of
    what is typed, not of the stock."""

    __tablename__ = "products"
    id: int | None = identity()
    business_id: int = tenant_key()
    name: str
    barcode: str = ""
    hsn: str = ""
    unit: str = "NOS"
    tax_class: str
    price_paise: int = Field(sa_column=Column(BigInteger, nullable=False))
    is_price_with_tax: bool = True
    low_at: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    stock: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    cost_paise: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    is_active: bool = True
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        UniqueConstraint("business_id", "name"),
        CheckConstraint("price_paise >= 0 and cost_paise >= 0", name="amounts"),
        CheckConstraint("low_at >= 0", name="low"),
        Index("uq_products_barcode", "business_id", "barcode", unique=True, postgresql_where="barcode <> ''"),
        Index(
            "ix_products_low", "business_id", "stock", postgresql_where="is_active and (stock < 0 or stock <= low_at)"
        ),
    )


class StockMovement(SQLModel, table=True):
    """``quantity`` is what it changed, ``stock_after`` what was there then. ``document_id``: the bill or note that moved it.
    Never changed and never deleted: a mistake is taken back by a movement of its own (``undone``)."""

    __tablename__ = "stock_movements"
    id: int | None = identity()
    business_id: int = tenant_key()
    product_id: int = reference()
    kind: str
    quantity: int = Field(sa_column=Column(BigInteger, nullable=False))
    stock_after: int = Field(sa_column=Column(BigInteger, nullable=False))
    at: datetime = instant()
    member_id: int | None = reference(nullable=True)
    document_id: int | None = reference(nullable=True)
    cost_paise: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    note: str = ""
    __table_args__ = (
        *belongs_to_business(),
        within_business("product_id", "products"),
        within_business("member_id", "members"),
        within_business("document_id", "documents"),
        CheckConstraint(
            "kind in ('opening', 'received', 'sold', 'returned', 'counted', 'used', 'damaged', 'undone')", name="kind"
        ),
        CheckConstraint(
            "case when kind in ('opening', 'received', 'returned') then quantity > 0 "
            "when kind in ('sold', 'used', 'damaged') then quantity < 0 else true end",
            name="direction",
        ),
        CheckConstraint("cost_paise is null or (kind in ('opening', 'received') and cost_paise >= 0)", name="cost"),
        Index("ix_stock_movements_at", "business_id", "at"),
        Index("ix_stock_movements_product", "business_id", "product_id", "id"),
        Index("ix_stock_movements_document", "business_id", "document_id", postgresql_where="document_id is not null"),
    )
