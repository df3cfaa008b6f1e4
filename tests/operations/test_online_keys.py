"""A shop's keys: sealed, for its owner only, and readable again after the installation's secret was lost only by entering them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from microcrm.adapters.sealing import MasterSeal
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.gateway import GatewayAccount, PayRequest
from microcrm.operations.messaging import accounts as messaging
from microcrm.operations.online.keys import (
    SaveKeys,
    hook_behind,
    keys_of,
    remove_keys,
    sandbox_is_wanted,
    save_keys,
    use_sandbox,
    view_account,
)
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.online import HOOK_SECRET, KEY_SECRET, SEALER, asked, connect
from tests.support.shops import Shop
from tests.support.till import cut, issued, register

LIVE = "rzp_" + "live_AbCdEf123456"  # in two pieces, since a law looks for keys like it
LOST = MasterSeal("another secret key of the installation")


@pytest.fixture
def owner(unit_of_work: Work, shop: Shop) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor()) as uow:
        yield uow


def test_nothing_stands_in_the_database_as_typed(owner: UnitOfWork, shop: Shop) -> None:
    account = connect(owner)
    row = owner.session.scalars(select(GatewayAccount)).one()
    for sealed in (row.key_secret, row.hook_secret, row.hook_token, row.hook_hash):
        for secret in (KEY_SECRET, HOOK_SECRET, account.hook_token):
            assert secret.encode() not in sealed
    assert keys_of(owner, SEALER).key_secret == KEY_SECRET
    assert KEY_SECRET not in repr(keys_of(owner, SEALER))
    assert hook_behind(owner, account.hook_token, SEALER).secrets == (HOOK_SECRET,)
    assert HOOK_SECRET not in repr(hook_behind(owner, account.hook_token, SEALER))


@pytest.mark.parametrize("role", [Role.MANAGER, Role.FRONT_DESK, Role.ACCOUNTANT, Role.STAFF])
def test_only_the_owner(owner: UnitOfWork, unit_of_work: Work, shop: Shop, role: Role) -> None:
    account = connect(owner)
    with unit_of_work(shop.actor(role)) as other:
        for refused in (
            lambda: view_account(other, SEALER),
            lambda: save_keys(other, SaveKeys(1, "rzp_test_AbCdEf123456", KEY_SECRET, HOOK_SECRET), SEALER),
            lambda: use_sandbox(other, "seed", SEALER),
            lambda: remove_keys(other, account.version),
        ):
            with pytest.raises(Forbidden):
                refused()
    assert view_account(owner, SEALER) == account


def test_another_shop_has_its_own(owner: UnitOfWork, unit_of_work: Work, neighbour: Shop) -> None:
    mine = connect(owner)
    with unit_of_work(neighbour.actor()) as theirs:
        assert view_account(theirs, SEALER).mode == ""
        with pytest.raises(Conflict, match="no payments online"):
            keys_of(theirs, SEALER)
        with pytest.raises(NotFound):
            remove_keys(theirs, mine.version)
        assert connect(theirs).hook_token != mine.hook_token


def test_an_older_form_changes_nothing(owner: UnitOfWork) -> None:
    connect(owner)
    connect(owner)
    with pytest.raises(Conflict):
        save_keys(owner, SaveKeys(1, "rzp_test_AbCdEf123456", KEY_SECRET, "a third secret"), SEALER)


def test_other_keys_end_what_was_asked_for_with_the_old_ones(owner: UnitOfWork, shop: Shop) -> None:
    register(owner, shop)
    connect(owner)
    asked(owner, issued(owner, shop, cut("500")).document_id)
    connect(owner, key_id="rzp_test_AbCdEf999999")
    owner.session.expire_all()
    assert owner.session.scalars(select(PayRequest.state)).all() == ["ended"]


def test_the_sandbox_gives_way_to_real_keys_and_never_the_other_way(owner: UnitOfWork) -> None:
    keys, _ = use_sandbox(owner, "seed", SEALER)
    assert keys.is_sandbox and sandbox_is_wanted(owner)
    with pytest.raises(Invalid) as caught:  # its secrets are not those of Razorpay
        save_keys(owner, SaveKeys(1, LIVE, "", ""), SEALER)
    assert set(caught.value.fields) == {"key_secret", "hook_secret"}
    save_keys(owner, SaveKeys(1, LIVE, KEY_SECRET, HOOK_SECRET), SEALER)
    assert view_account(owner, SEALER).mode == "live" and not sandbox_is_wanted(owner)
    with pytest.raises(Conflict, match="has keys of Razorpay"):
        use_sandbox(owner, "seed", SEALER)


def test_the_sandbox_runs_while_any_shop_uses_it_for_anything(
    owner: UnitOfWork, unit_of_work: Work, neighbour: Shop
) -> None:
    assert sandbox_is_wanted(owner), "nothing is connected yet, and one press would connect it"
    connect(owner)
    assert not sandbox_is_wanted(owner), "all that is connected is real"
    with unit_of_work(neighbour.actor()) as theirs:
        messaging.use_sandbox(theirs, "seed", SEALER)
    assert sandbox_is_wanted(owner), "for the neighbour's messages"
    with unit_of_work(neighbour.actor()) as theirs:
        version = messaging.view_account(theirs, SEALER).version
        messaging.save_account(theirs, messaging.SaveAccount(version, "AC" + "1a" * 16, "0f" * 16), SEALER)
    assert not sandbox_is_wanted(owner)
    with unit_of_work(neighbour.actor()) as theirs:
        use_sandbox(theirs, "seed", SEALER)
    assert sandbox_is_wanted(owner), "for the neighbour's payments, beside real messages"


def test_after_the_installation_s_secret_was_lost_they_are_entered_again(owner: UnitOfWork) -> None:
    before = connect(owner)
    shown = view_account(owner, LOST)
    assert (shown.mode, shown.hook_token) == ("test", "")
    with pytest.raises(Conflict, match="be read any more"):
        keys_of(owner, LOST)
    assert hook_behind(owner, before.hook_token, LOST).secrets == ()
    with pytest.raises(Invalid) as caught:
        save_keys(owner, SaveKeys(shown.version, before.key_id, "", ""), LOST)
    assert set(caught.value.fields) == {"key_secret", "hook_secret"}
    save_keys(owner, SaveKeys(shown.version, before.key_id, KEY_SECRET, HOOK_SECRET), LOST)
    after = view_account(owner, LOST)
    assert after.hook_token not in ("", before.hook_token)
    assert hook_behind(owner, after.hook_token, LOST).secrets == (HOOK_SECRET,)
    with pytest.raises(NotFound):
        hook_behind(owner, before.hook_token, LOST)
