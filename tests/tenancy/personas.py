"""Who tries the product, and the groups that the tables of access speak of."""

from __future__ import annotations

VISITOR, STAFF, FRONT_DESK, ACCOUNTANT = "visitor", "staff", "front_desk", "accountant"
MANAGER, OWNER, STRANGER = "manager", "owner", "owner of another shop"
PERSONAS = (VISITOR, STAFF, FRONT_DESK, ACCOUNTANT, MANAGER, OWNER, STRANGER)

# The owner of another shop may do in their own shop what an owner may; that nothing of this shop moves is asserted apart.
EVERYBODY = frozenset(PERSONAS)
MEMBERS = EVERYBODY - {VISITOR}
AT_THE_CALENDAR = MEMBERS - {ACCOUNTANT}
DESK = frozenset({FRONT_DESK, MANAGER, OWNER, STRANGER})
MANAGERS = frozenset({MANAGER, OWNER, STRANGER})
OWNERS = frozenset({OWNER, STRANGER})
BOOKS = DESK | {ACCOUNTANT}
BOOKKEEPERS = MANAGERS | {ACCOUNTANT}
NOBODY: frozenset[str] = frozenset()
