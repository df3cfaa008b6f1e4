"""A happening is told: a row for each member who hears of it, in the transaction that it happens in. One statement, whoever hears."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import text

from microcrm.domain.bell import RULES, BellKind, Happening, Mailing, Way, choice_of, words_of
from microcrm.domain.permissions import ROLES
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.unit_of_work import UnitOfWork

# As `permissions_of` has it: an owner holds everything, what is withheld counts last.
HOLDS = """
(m.role = 'owner' OR ((m.role = ANY(cast(:roles AS text[])) OR cast(:holds AS text) = ANY(m.granted))
  AND NOT cast(:holds AS text) = ANY(m.withheld)))
"""
# Those who hear of it; of them those whose bell it is on, and those who want it by mail.
_RING = fixed(f"""
WITH heard AS MATERIALIZED (
  SELECT m.id, m.business_id, m.name, m.bell_choices FROM members m
  WHERE m.business_id = :business AND m.user_id IS NOT NULL AND m.deactivated_at IS NULL
  AND (m.id = ANY(cast(:to AS bigint[])) OR (cast(:holds AS text) <> '' AND {HOLDS}))
  AND m.id IS DISTINCT FROM cast(:but AS bigint)
), rung AS (
  INSERT INTO bell_notices (business_id, member_id, kind, key, who_id, facts, at)
  SELECT business_id, id, :kind, :key, cast(:who AS bigint), cast(:facts AS jsonb), cast(:now AS timestamptz) FROM heard
  WHERE NOT cast(:bell_off AS text) = ANY(bell_choices)
  ON CONFLICT DO NOTHING
)
SELECT h.id, h.name, e.email, b.name AS shop,
  coalesce((SELECT name FROM members w WHERE w.business_id = :business AND w.id = cast(:who AS bigint)), '') AS who
FROM heard h JOIN emails_of_members() e ON e.member_id = h.id JOIN businesses b ON b.id = h.business_id
WHERE cast(:mails AS boolean) AND CASE WHEN cast(:mail_usual AS boolean) THEN NOT cast(:mail_off AS text) = ANY(h.bell_choices)
  ELSE cast(:mail_on AS text) = ANY(h.bell_choices) END
""")  # noqa: S608 - of constants
_SHOPS = text("SELECT business_id, member_id FROM memberships_of(:user)")
_ENTER = text("SELECT set_config('app.business_id', :business, true)")


def ring(
    uow: UnitOfWork,
    kind: BellKind,
    key: str,
    *,
    to: Collection[int] = (),
    who: int | None = None,
    but: int | None = None,
    **facts: Any,
) -> None:
    """To the members ``to`` and to all who hold what the kind asks for, except ``but``. The same ``key`` again tells nobody twice.
    ``who``: the member it speaks of. ``facts``: ids, amounts and codes; no names."""
    _ring(uow, uow.business_id, kind, key, to=to, who=who, but=but, facts=facts)


def ring_user(uow: UnitOfWork, user_id: int, kind: BellKind, key: str, **facts: Any) -> None:
    """About an account, to its person in each business they belong to; in the accounts realm. Each row is written inside its own
    business, behind the same walls as any other."""
    connection = uow.session.connection()
    uow.session.flush()
    for business_id, member_id in connection.execute(_SHOPS, {"user": user_id}).all():
        connection.execute(_ENTER, {"business": str(business_id)})
        _ring(uow, business_id, kind, key, to=(member_id,), who=None, but=None, facts=facts)
    here = uow.actor.business_id
    connection.execute(_ENTER, {"business": "" if here is None else str(here)})


def _ring(
    uow: UnitOfWork,
    business_id: int,
    kind: BellKind,
    key: str,
    *,
    to: Collection[int],
    who: int | None,
    but: int | None,
    facts: dict[str, Any],
) -> None:
    rule = RULES[kind]
    values = {
        "business": business_id, "kind": kind.value, "key": key, "who": who, "but": but, "facts": Jsonb(facts), "now": uow.now,
        "to": list(to), "holds": rule.who.value if rule.who else "",
        "roles": [role.value for role, held in ROLES.items() if rule.who in held],
        "bell_off": "" if rule.fixed else choice_of(kind, Way.BELL, is_on=False),
        "mails": rule.mail not in (Mailing.OWN, Mailing.NEVER), "mail_usual": rule.mail is not Mailing.OFF,
        "mail_off": "" if rule.mail is Mailing.ALWAYS else choice_of(kind, Way.MAIL, is_on=False),
        "mail_on": choice_of(kind, Way.MAIL, is_on=True),
    }  # fmt: skip
    for one in uow.session.connection().execute(_RING, values).all():
        told = words_of(Happening(kind.value, facts, one.who, who == one.id), uow.actor.zone, uow.now)
        payload = {
            "name": one.name, "shop": one.shop, "text": told.text, "path": told.href, "at": uow.now.isoformat(),
            "fixed": rule.fixed,
        }  # fmt: skip
        mail_key = f"bell:{kind.value}:{one.id}:{_of_mail(uow, kind, key)}"
        uow.enqueue("mail", mail_key, {"to": one.email, "template": "bell", "data": payload})


def _of_mail(uow: UnitOfWork, kind: BellKind, key: str) -> str:
    """Of messages that fail one mail a day is enough: the bell says the rest."""
    return uow.now.date().isoformat() if kind is BellKind.FAILED else key
