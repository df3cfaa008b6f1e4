"""Whether money that a bank has let go is taken: decided once more when everything else may have changed."""

from __future__ import annotations

from sqlalchemy import select

from microcrm.domain.gateway import CURRENCY
from microcrm.domain.permissions import Permission
from microcrm.models.billing import Document
from microcrm.models.gateway import GatewayPayment, PayRequest
from microcrm.operations.billing.settling import due_of
from microcrm.operations.online.asking import is_due
from microcrm.operations.online.deposits import is_deposit_wanted
from microcrm.operations.online.told import lock_subject, request_of
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork


def is_authorized(uow: UnitOfWork, remote_id: str) -> bool:
    """Whether a bank has let money go that nobody has taken yet, as far as we have heard."""
    uow.require(Permission.PAYMENTS_TAKE)
    mine = (GatewayPayment.business_id == uow.business_id, GatewayPayment.remote_id == remote_id)
    return uow.session.scalar(select(GatewayPayment.status).where(*mine)) == "authorized"


def is_capture_wanted(uow: UnitOfWork, remote_id: str) -> bool:
    """Whether the bill or the visit still waits for money that a bank has let go late. If not, Razorpay gives it back by
    itself."""
    uow.require(Permission.PAYMENTS_TAKE)
    request = request_of(uow, remote_id)
    if request is None:
        return False
    lock_subject(uow, request)
    query = select(GatewayPayment).where(
        GatewayPayment.business_id == uow.business_id, GatewayPayment.remote_id == remote_id
    )
    payment = uow.session.scalars(query.with_for_update()).one()
    if payment.status != "authorized":
        return False
    is_wanted = payment.currency == CURRENCY and _is_wanted(uow, payment, request)
    if not is_wanted and not payment.concern:
        payment.concern = "uncaptured"
        uow.session.flush()
    return is_wanted


def _is_wanted(uow: UnitOfWork, payment: GatewayPayment, request: PayRequest) -> bool:
    if request.document_id is None:
        return is_deposit_wanted(uow, payment, request)
    document = find(uow, Document, request.document_id, is_locked=False)
    return is_due(document) and payment.amount_paise <= due_of(document)
