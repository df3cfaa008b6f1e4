"""Single lists of what stands around a customer's story, as their page reads them."""

from __future__ import annotations

from typing import Any

from microcrm.operations.customer_glance import glance
from microcrm.operations.family import FamilyLine
from microcrm.operations.merge_preview import MergeLine
from microcrm.operations.unit_of_work import UnitOfWork


def family_of(uow: UnitOfWork, customer_id: Any) -> tuple[FamilyLine, ...]:
    return glance(uow, customer_id, is_whole=True).beside.family


def merges_of(uow: UnitOfWork, customer_id: Any) -> tuple[MergeLine, ...]:
    return glance(uow, customer_id, is_whole=True).beside.merges
