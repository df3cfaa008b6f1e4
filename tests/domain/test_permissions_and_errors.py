from __future__ import annotations

import inspect

import pytest

from microcrm.domain import errors
from microcrm.domain.errors import DomainError, GatewayRefused, Invalid, PhoneTaken
from microcrm.domain.permissions import ROLE_LABELS, ROLES, Permission, Role, permissions_of

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, DomainError)]


@pytest.mark.parametrize(
    ("role", "allowed", "refused"),
    [
        (Role.OWNER, Permission.BUSINESS_EDIT, None),
        (Role.MANAGER, Permission.CATALOGUE_EDIT, Permission.BUSINESS_EDIT),
        (Role.MANAGER, Permission.ACTIVITY_VIEW, Permission.VIEW_AS),
        (Role.FRONT_DESK, Permission.BOOKINGS_ALL, Permission.CATALOGUE_EDIT),
        (Role.STAFF, Permission.BOOKINGS_OWN, Permission.BOOKINGS_ALL),
        (Role.STAFF, Permission.CUSTOMERS_VIEW, Permission.CUSTOMERS_CONTACT),
        (Role.ACCOUNTANT, Permission.CUSTOMERS_VIEW, Permission.CALENDAR_OWN),
    ],
)
def test_each_role_has_its_own(role: Role, allowed: Permission, refused: Permission | None) -> None:
    assert allowed in permissions_of(role)
    assert refused not in permissions_of(role)


def test_everybody_is_in_the_table_and_may_see_to_their_own_account() -> None:
    assert set(ROLES) == set(ROLE_LABELS) == set(Role)
    assert all(Permission.ACCOUNT in ROLES[role] for role in Role)
    assert ROLES[Role.OWNER] == set(Permission)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.FRONT_DESK, Role.STAFF, Role.ACCOUNTANT])
def test_grants_and_what_is_withheld(role: Role) -> None:
    granted = permissions_of(role, granted=["business.edit"])
    assert granted == ROLES[role] | {Permission.BUSINESS_EDIT}
    assert Permission.CUSTOMERS_VIEW not in permissions_of(role, withheld=["customers.view"])
    both = permissions_of(role, granted=["view_as"], withheld=["view_as"])
    assert both == ROLES[role]  # withholding wins


def test_what_cannot_be_withheld_or_granted() -> None:
    assert permissions_of(Role.OWNER, withheld=[p.value for p in Permission]) == set(Permission)
    assert Permission.ACCOUNT in permissions_of(Role.STAFF, withheld=["account", "shop.view"])
    assert permissions_of(Role.STAFF, granted=["root", ""], withheld=["nothing"]) == ROLES[Role.STAFF]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_says_what_happened_and_what_to_do(kind: type[DomainError]) -> None:
    error = kind()
    assert error.message.endswith(".")
    assert error.remedy.endswith(".")
    if kind is not PhoneTaken:  # it is made from the customer who has the number
        before = "Razorpay refused this: " if kind is GatewayRefused else ""
        assert str(kind("Only this.")) == f"{before}Only this."


def test_codes_are_told_apart() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS) >= 9


def test_an_error_s_fields_are_its_own() -> None:
    given = {"name": "Name is needed."}
    refusal = Invalid(fields=given)
    given.clear()
    assert refusal.fields == {"name": "Name is needed."}
    assert Invalid().fields == {}
