"""What the clock sees to: news of MicroCRM are told once to each, and what was read long ago goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from psycopg.types.json import Jsonb
from sqlalchemy import text

from microcrm.domain.bell import BellKind, Way, choice_of
from microcrm.domain.bell_news import NEWS, TOLD_FOR, News
from microcrm.domain.permissions import ROLES, Permission
from microcrm.operations.bell.ringing import HOLDS
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.unit_of_work import UnitOfWork

KEPT = timedelta(days=90)  # after it was read
AT_ONCE = 1_000
_TELL = text(f"""
INSERT INTO bell_notices (business_id, member_id, kind, key, facts, at)
SELECT m.business_id, m.id, :kind, :code, cast(:facts AS jsonb), cast(:now AS timestamptz) FROM members m
WHERE m.business_id = :business AND m.user_id IS NOT NULL AND m.deactivated_at IS NULL AND m.joined_at < :until AND {HOLDS}
AND NOT cast(:off AS text) = ANY(m.bell_choices)
ON CONFLICT DO NOTHING
""")  # noqa: S608 - of constants
_FORGET = fixed("""
DELETE FROM bell_notices WHERE business_id = :business AND id IN (
  SELECT id FROM bell_notices WHERE business_id = :business AND read_at < :before ORDER BY read_at LIMIT :most)
""")


def forget_read(uow: UnitOfWork) -> int:
    """How many went; a bounded batch, the next run goes on."""
    uow.require(Permission.SHOP_VIEW)
    values = {"business": uow.business_id, "before": uow.now - KEPT, "most": AT_ONCE}
    return uow.session.connection().execute(_FORGET, values).rowcount


def tell_news(uow: UnitOfWork, news: Sequence[News] = NEWS) -> int:
    """How many were told. A statement for each entry of the last weeks."""
    uow.require(Permission.SHOP_VIEW)
    told = 0
    for one in news:
        until = datetime.combine(one.on, time(), UTC) + timedelta(days=1)
        if not until <= uow.now + timedelta(days=1) < until + TOLD_FOR:
            continue
        values = {
            "business": uow.business_id, "kind": BellKind.NEWS.value, "code": one.code, "facts": Jsonb({"code": one.code}),
            "now": uow.now, "until": until, "off": choice_of(BellKind.NEWS, Way.BELL, is_on=False), "holds": one.needs.value,
            "roles": [role.value for role, held in ROLES.items() if one.needs in held],
        }  # fmt: skip
        told += uow.session.connection().execute(_TELL, values).rowcount
    return told
