"""Where a code goes that customers type before an online booking counts."""

from __future__ import annotations

from microcrm.domain.booking_policy import CodeWay
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.unit_of_work import UnitOfWork

_TO_PHONES = fixed("""
SELECT EXISTS (
  SELECT FROM booking_policies p JOIN message_channels c ON c.business_id = p.business_id
  WHERE p.business_id = :business AND p.code_way = 'phone' AND c.channel IN ('whatsapp', 'sms') AND c.is_on AND c.broken = ''
  AND c.sender <> '' AND EXISTS (SELECT FROM messaging_accounts a WHERE a.business_id = p.business_id)) AS is_so
""")


def way_of_codes(uow: UnitOfWork) -> CodeWay:
    """As the owner wants it, and by e-mail while no channel of the shop's reaches phones."""
    found = run(uow.session.connection(), _TO_PHONES, {"business": uow.business_id}).fetchone()
    return CodeWay.PHONE if found and found.is_so else CodeWay.EMAIL
