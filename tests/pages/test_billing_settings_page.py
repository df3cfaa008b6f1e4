"""How the shop bills, on the screen of the settings, through the gate."""

from __future__ import annotations

from microcrm.domain.permissions import Role
from microcrm.operations.billing.tax_rates import own_rates
from microcrm.operations.billing.terms import BillingTerms, billing_terms
from microcrm.state.base import AppState
from microcrm.state.settings_billing import BillingSettings
from microcrm.state.settings_rates import TaxRates
from tests.conftest import act_as
from tests.support.shops import TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.till import register


def tab_of(server: Server, both: TwoShops, role: Role = Role.OWNER) -> Tab:
    act_as(both.a.actor(), lambda uow: register(uow, both.a))
    return server.tab(sign_in(both.a.users[role], both.a.business_id), "/settings/billing")


def terms(both: TwoShops) -> BillingTerms:
    terms: BillingTerms = act_as(both.a.actor(), billing_terms)
    return terms


async def test_each_card_saves_its_own(server: Server, fresh_database: TwoShops) -> None:
    tab = tab_of(server, fresh_database)
    await tab.open(BillingSettings.load)
    shown = await tab.state(BillingSettings)
    assert (shown.form.gstin, shown.form.registration) == ("29 ABCFS1234K 1Z3", "regular")
    assert ("Tax Invoice", "INV/2627/0001") in [(line.title, line.number) for line in shown.series]
    await tab.send(BillingSettings.save_paid, form={"upi_id": "glow@okaxis", "upi_name": "", "bank": "A/c 12"})
    await tab.send(BillingSettings.save_prices, form={"due_days": "7", "is_rounded": "on"})
    await tab.send(BillingSettings.save_paper, form={"second_language": "kn", "terms": "T", "footer": "F"})
    await tab.send(
        BillingSettings.save_registration, form={"registration": "composition", "registered_from": "2026-04-01"}
    )
    now = terms(fresh_database)
    assert (now.upi_id, now.bank, now.due_days, now.is_rounded, now.is_price_with_tax) == (
        "glow@okaxis", "A/c 12", 7, True, False,
    )  # fmt: skip
    assert (now.second_language, now.terms, now.footer, now.registration) == ("kn", "T", "F", "composition")
    shown = await tab.state(BillingSettings)
    assert shown.form.history == "Regular until 01 Apr 2026, then composition" and shown.saving == ""
    token = (await tab.state(AppState)).notices[-1].undo
    assert (await tab.send(AppState.undo, token=token)).refusals == []
    assert terms(fresh_database).registration == "regular"
    assert act_as(fresh_database.b.actor(), billing_terms).version == 0


async def test_a_pattern_is_previewed_while_it_is_typed(server: Server, fresh_database: TwoShops) -> None:
    tab = tab_of(server, fresh_database)
    await tab.open(BillingSettings.load)
    await tab.send(BillingSettings.preview, kind="tax_invoice", pattern="GLOW/{FY}")
    shown = await tab.state(BillingSettings)
    assert "running number" in shown.errors["pattern_tax_invoice"]
    assert next(line.number for line in shown.series if line.kind == "tax_invoice") == ""
    await tab.send(BillingSettings.preview, kind="tax_invoice", pattern="GLOW/{FY}/{NNNN}")
    shown = await tab.state(BillingSettings)
    assert shown.errors == {}
    assert next(line.number for line in shown.series if line.kind == "tax_invoice") == "GLOW/2627/0001"
    await tab.send(BillingSettings.save_numbers, form={"pattern_tax_invoice": "GLOW/{FY}/{NNNN}"})
    assert terms(fresh_database).patterns["tax_invoice"] == "GLOW/{FY}/{NNNN}"
    for form in ([], "x", None, {"pattern_tax_invoice": {}}):
        assert (await tab.send(BillingSettings.save_numbers, form=form)).crashes == []
    assert (await tab.send(BillingSettings.preview, kind="gold", pattern=[])).crashes == []


async def test_rates_are_added_seen_and_removed(server: Server, fresh_database: TwoShops) -> None:
    tab = tab_of(server, fresh_database)
    await tab.open(TaxRates.load)
    assert {line.rate for line in (await tab.state(TaxRates)).book} >= {"5% GST", "18% GST", "Exempt from GST"}
    await tab.send(TaxRates.begin)
    form = {"tax_class": "hair", "rate": "", "valid_from": "2026-11-01", "citation": "Told so"}
    await tab.send(TaxRates.add, form=form)
    shown = await tab.state(TaxRates)
    assert set(shown.errors) == {"rate"} and shown.is_adding
    await tab.send(TaxRates.add, form=form | {"rate": "12"})
    await tab.send(TaxRates.load)
    [mine] = (await tab.state(TaxRates)).own
    assert (mine.kind, mine.rate, mine.is_used) == ("Hairdressing and barber", "12% GST", True)
    await tab.send(TaxRates.remove, rate_id=mine.id)
    assert act_as(fresh_database.a.actor(), own_rates) == ()


async def test_only_owners_come_here(server: Server, fresh_database: TwoShops) -> None:
    tab = tab_of(server, fresh_database, Role.MANAGER)
    assert (await tab.send(BillingSettings.save_paid, form={"upi_id": "glow@okaxis"})).codes == ["forbidden"]
    assert terms(fresh_database).upi_id == ""


async def test_returns_by_the_quarter_and_e_invoices(server: Server, fresh_database: TwoShops) -> None:
    tab = tab_of(server, fresh_database)
    await tab.open(BillingSettings.load)
    assert not (await tab.state(BillingSettings)).form.is_quarterly
    await tab.send(BillingSettings.save_returns, form={"is_quarterly": "on", "has_e_invoices": "on"})
    now = terms(fresh_database)
    assert (now.is_quarterly, now.e_invoice_gstins) == (True, ("29ABCFS1234K1Z3",))
    await tab.send(BillingSettings.save_returns, form={"is_quarterly": "on"})
    assert (terms(fresh_database).is_quarterly, terms(fresh_database).e_invoice_gstins) == (True, ())
    for odd in (None, [], "x", {"is_quarterly": {}}):
        assert (await tab.send(BillingSettings.save_returns, form=odd)).crashes == []
