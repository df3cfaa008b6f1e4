"""Whether messages leave at all, and what is said of it where somebody decides to tell a customer."""

from __future__ import annotations

from microcrm.domain.notices import LEAVES_SOON, NOT_SENT_YET
from microcrm.domain.permissions import Permission
from microcrm.operations.messaging.accounts import all_channels
from microcrm.operations.unit_of_work import UnitOfWork


def is_sending(uow: UnitOfWork) -> bool:
    """Whether some channel of this business is live. Two statements."""
    uow.require(Permission.SHOP_VIEW)
    return any(one.is_live for one in all_channels(uow).values())


def leaving_hint(uow: UnitOfWork) -> str:
    uow.require(Permission.SHOP_VIEW)
    return LEAVES_SOON if is_sending(uow) else NOT_SENT_YET
