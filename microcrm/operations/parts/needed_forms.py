"""The forms that services ask for before they start: what the owner says, and whether a customer has filled them in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from microcrm.domain.fields import Reader
from microcrm.domain.needed_forms import NeededForm
from microcrm.domain.zones import to_wall, zone_of
from microcrm.models.forms import Form
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork

LONGEST = 120  # months
# What was erased counts as never filled in. Of a form with a signature only what bears one counts, from the moment it was put.
_NEEDED = fixed("""
WITH needed AS (
  SELECT needed_form_id AS form_id, min(needed_form_months) AS months FROM services
  WHERE business_id = :business AND id = ANY(:services) AND needed_form_id IS NOT NULL GROUP BY needed_form_id
)
SELECT f.id, f.name, n.months, w.text @? '$.fields[*] ? (@.shape == "signature")' AS is_signed, d.signed_at, d.happened_on
FROM needed n
JOIN forms f ON f.business_id = :business AND f.id = n.form_id AND f.retired_at IS NULL
JOIN form_versions w ON w.business_id = f.business_id AND w.form_id = f.id AND w.number = f.issued
CROSS JOIN LATERAL (
  SELECT max(v.signed_at) AS signed_at, max(r.happened_on) AS happened_on
  FROM sealed_records r
  JOIN sealed_versions v ON v.business_id = r.business_id AND v.record_id = r.id AND v.version = r.version
  LEFT JOIN keys.customer_keys k ON k.business_id = r.business_id AND k.customer_id = r.customer_id
    AND k.generation = v.generation
  WHERE r.business_id = :business AND r.customer_id = CAST(:customer AS bigint) AND r.form_id = f.id
    AND (k.sealed IS NOT NULL OR v.generation IS NULL AND v.plain <> '{}')
) d
ORDER BY f.name, f.id
""")


def needed_forms(uow: UnitOfWork, services: Collection[int], customer_id: int | None) -> tuple[NeededForm, ...]:
    """Each form once, with the shortest time that one of the services says. One statement. ``customer_id`` empty: nobody in
    particular, who has filled in nothing."""
    zone = zone_of(uow.actor.zone)
    asked = {"business": uow.business_id, "services": list(services), "customer": customer_id}
    found = []
    for row in uow.session.execute(_NEEDED, asked):
        signed_on = to_wall(row.signed_at, zone)[0] if row.signed_at else None
        day = signed_on if row.is_signed else row.happened_on
        found.append(NeededForm(row.id, row.name, row.months, row.is_signed, day))
    return tuple(found)


def read_need(fields: Reader, raw_form: Any, raw_months: Any) -> dict[str, int | None]:
    """The columns of a service. ``raw_form`` empty: it asks for none."""
    form_id = None if raw_form in (None, "") else fields.id("needed_form", raw_form, "Form")
    months = fields.optional_number("needed_months", raw_months, "Months that it is good", low=1, high=LONGEST)
    return {"needed_form_id": form_id, "needed_form_months": months if form_id else None}


def check_need(uow: UnitOfWork, form_id: int | None) -> None:
    """Raises: NotFound, for a form of somebody else."""
    if form_id is not None:
        find(uow, Form, form_id, is_locked=False)
