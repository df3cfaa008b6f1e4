"""The only list of screens: where each is, what it is called, who may open it, and what loads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.pages.account import account
from microcrm.pages.activity import activity
from microcrm.pages.bank import bank
from microcrm.pages.calendar import calendar
from microcrm.pages.campaign import campaign
from microcrm.pages.campaigns import campaigns
from microcrm.pages.customer import customer
from microcrm.pages.customer_files import customer_files
from microcrm.pages.customer_import import customer_import
from microcrm.pages.customer_records import customer_records
from microcrm.pages.customers import customers
from microcrm.pages.dues import dues
from microcrm.pages.duplicates import duplicates
from microcrm.pages.inbox import inbox
from microcrm.pages.invoice import invoice
from microcrm.pages.invoices import invoices
from microcrm.pages.messages import messages
from microcrm.pages.queue import queue
from microcrm.pages.recurring import recurring
from microcrm.pages.returns import returns
from microcrm.pages.returns_why import returns_why
from microcrm.pages.settings_billing import settings_billing
from microcrm.pages.settings_booking import settings_booking
from microcrm.pages.settings_business import settings_business
from microcrm.pages.settings_forms import settings_forms
from microcrm.pages.settings_home import settings_home
from microcrm.pages.settings_hours import settings_hours
from microcrm.pages.settings_members import settings_members
from microcrm.pages.settings_messages import settings_messages
from microcrm.pages.settings_payments import settings_payments
from microcrm.pages.settings_products import settings_products
from microcrm.pages.settings_reminders import settings_reminders
from microcrm.pages.settings_resources import settings_resources
from microcrm.pages.settings_services import settings_services
from microcrm.pages.settings_staff import settings_staff
from microcrm.pages.statement import statement
from microcrm.pages.stock import stock
from microcrm.pages.till import till
from microcrm.pages.today import today
from microcrm.pages.waitlist import waitlist
from microcrm.pages.welcome import welcome
from microcrm.state.account import Account
from microcrm.state.activity import ActivityPage
from microcrm.state.bank import BankPage
from microcrm.state.bill import Bill
from microcrm.state.bill_money import Till
from microcrm.state.bill_online import OnlineTill
from microcrm.state.bills import Bills
from microcrm.state.calendar import Calendar
from microcrm.state.campaign import CampaignPage
from microcrm.state.campaign_names import CampaignNames
from microcrm.state.campaign_words import CampaignWords
from microcrm.state.campaigns import CampaignList
from microcrm.state.customer import CustomerPage
from microcrm.state.customer_bills import CustomerBills
from microcrm.state.customer_columns import Columns
from microcrm.state.customer_erasure import Erasure
from microcrm.state.customer_field import CustomerField
from microcrm.state.customer_files import PATH as FILES
from microcrm.state.customer_files import CustomerFiles
from microcrm.state.customer_form_link import FormLinks
from microcrm.state.customer_glance import CustomerGlance
from microcrm.state.customer_import import ImportPage
from microcrm.state.customer_records import PATH as RECORDS
from microcrm.state.customer_records import CustomerRecords
from microcrm.state.customer_segments import Segments
from microcrm.state.customer_timeline import CustomerTimeline
from microcrm.state.customers import Customers
from microcrm.state.dues import DuesPage, StatementPage
from microcrm.state.duplicates import Duplicates
from microcrm.state.filed_months import FiledMonths
from microcrm.state.inbox import Inbox
from microcrm.state.messages import MessageLog
from microcrm.state.queue import QueuePage
from microcrm.state.recurring import RecurringPage
from microcrm.state.returns import ReturnsPage, WhyPage
from microcrm.state.reveal_budgets import RevealBudgets
from microcrm.state.settings_billing import BillingSettings
from microcrm.state.settings_booking import BookingRules
from microcrm.state.settings_business import BusinessSettings
from microcrm.state.settings_days import DaysSettings, HolidaySettings
from microcrm.state.settings_forms import FormSettings
from microcrm.state.settings_hours import ShopHours
from microcrm.state.settings_members import MemberSettings
from microcrm.state.settings_messages import MessageSettings
from microcrm.state.settings_payments import PaymentSettings
from microcrm.state.settings_products import ProductSettings
from microcrm.state.settings_rates import TaxRates
from microcrm.state.settings_reminders import Reminders
from microcrm.state.settings_resources import ResourceSettings
from microcrm.state.settings_services import ServiceSettings
from microcrm.state.settings_staff import StaffSettings
from microcrm.state.settings_texts import MessageWords
from microcrm.state.stock import StockPage
from microcrm.state.till import TillPage
from microcrm.state.today import TodayPage
from microcrm.state.today_aside import TodayAside
from microcrm.state.today_tasks import TodayTasks
from microcrm.state.waitlist import WaitlistPage
from microcrm.state.welcome import Welcome


@dataclass(frozen=True, slots=True)
class Screen:
    """One route. ``on_load`` runs after ``AppState.enter``; its handlers need the same permission as the screen."""

    path: str
    title: str
    page: Callable[[], rx.Component]
    needs: Permission
    on_load: tuple[Any, ...] = ()


_BUSINESS, _HOURS, _MEMBERS = Permission.BUSINESS_EDIT, Permission.HOURS_EDIT, Permission.MEMBERS_EDIT
_CATALOGUE = Permission.CATALOGUE_EDIT
_HOURS_LOADS = (ShopHours.load, DaysSettings.load, HolidaySettings.load)
_PERSON_LOADS = (CustomerPage.load, CustomerGlance.load, CustomerField.load)
_CUSTOMER_LOADS = (*_PERSON_LOADS, CustomerTimeline.load, CustomerBills.load)
_MEMBERS_LOADS = (MemberSettings.load, RevealBudgets.load)
_BILLING_LOADS = (BillingSettings.load, TaxRates.load, FiledMonths.load)

SCREENS: tuple[Screen, ...] = (
    Screen("/today", "Today", today, Permission.SHOP_VIEW, (TodayPage.load, TodayAside.load, TodayTasks.load)),
    Screen("/calendar", "Calendar", calendar, Permission.CALENDAR_OWN, (Calendar.load,)),
    Screen("/queue", "Queue", queue, Permission.CALENDAR_OWN, (QueuePage.load,)),
    Screen("/waitlist", "Waiting list", waitlist, Permission.CALENDAR_ALL, (WaitlistPage.load,)),
    Screen(
        "/customers",
        "Customers",
        customers,
        Permission.CUSTOMERS_VIEW,
        (Columns.load, Customers.load, Segments.refresh),
    ),
    Screen("/customers/import", "Import customers", customer_import, Permission.CUSTOMERS_IMPORT, (ImportPage.load,)),
    Screen("/duplicates", "Possible duplicates", duplicates, Permission.CUSTOMERS_MERGE, (Duplicates.load,)),
    Screen("/customer", "Customer", customer, Permission.CUSTOMERS_VIEW, _CUSTOMER_LOADS),
    Screen(
        RECORDS,
        "Sealed records",
        customer_records,
        Permission.CUSTOMERS_VIEW,
        (*_PERSON_LOADS, CustomerRecords.load, Erasure.load, FormLinks.close),
    ),
    Screen(FILES, "Files", customer_files, Permission.CUSTOMERS_VIEW, (*_PERSON_LOADS, CustomerFiles.load)),
    Screen("/inbox", "Inbox", inbox, Permission.MESSAGES_VIEW, (Inbox.load,)),
    Screen("/messages", "Sent messages", messages, Permission.MESSAGES_VIEW, (MessageLog.load,)),
    Screen("/campaigns", "Campaigns", campaigns, Permission.MESSAGES_VIEW, (CampaignList.load,)),
    Screen(
        "/campaign",
        "Campaign",
        campaign,
        Permission.MESSAGES_VIEW,
        (CampaignPage.load, CampaignNames.close, CampaignWords.load),
    ),
    Screen("/invoices", "Bills", invoices, Permission.INVOICES_VIEW, (Bills.load,)),
    Screen("/invoice", "Bill", invoice, Permission.INVOICES_VIEW, (Bill.load, Till.load, OnlineTill.load)),
    Screen("/till", "Close the till", till, Permission.PAYMENTS_TAKE, (TillPage.load,)),
    Screen("/bank", "Match a bank statement", bank, Permission.INVOICES_CORRECT, (BankPage.load,)),
    Screen("/dues", "Dues", dues, Permission.INVOICES_VIEW, (DuesPage.load,)),
    Screen("/recurring", "Recurring bills", recurring, Permission.INVOICES_VIEW, (RecurringPage.load,)),
    Screen("/statement", "Statement", statement, Permission.INVOICES_VIEW, (StatementPage.load,)),
    Screen("/returns", "GST returns", returns, Permission.RETURNS_VIEW, (ReturnsPage.load,)),
    Screen("/returns/why", "Why this number", returns_why, Permission.RETURNS_VIEW, (WhyPage.load,)),
    Screen("/activity", "Activity", activity, Permission.ACTIVITY_VIEW, (ActivityPage.load,)),
    Screen("/welcome", "Set up your shop", welcome, _BUSINESS, (Welcome.load,)),
    Screen("/settings", "Settings", settings_home, Permission.SHOP_VIEW),
    Screen("/settings/business", "Business and GST", settings_business, _BUSINESS, (BusinessSettings.load,)),
    Screen("/settings/billing", "Billing", settings_billing, _BUSINESS, _BILLING_LOADS),
    Screen("/settings/booking", "Booking rules", settings_booking, _BUSINESS, (BookingRules.load,)),
    Screen("/settings/payments", "Online payments", settings_payments, _BUSINESS, (PaymentSettings.load,)),
    Screen(
        "/settings/reminders", "Reminders and texts", settings_reminders, _BUSINESS, (Reminders.load, MessageWords.load)
    ),
    Screen("/settings/messages", "Messages", settings_messages, _BUSINESS, (MessageSettings.load,)),
    Screen("/settings/hours", "Hours and holidays", settings_hours, _HOURS, _HOURS_LOADS),
    Screen("/settings/services", "Services and prices", settings_services, _CATALOGUE, (ServiceSettings.load,)),
    Screen(
        "/settings/products",
        "Products and stock",
        settings_products,
        Permission.CATALOGUE_VIEW,
        (ProductSettings.load,),
    ),
    Screen("/stock", "Stock report", stock, Permission.CATALOGUE_VIEW, (StockPage.load,)),
    Screen("/settings/forms", "Forms", settings_forms, _BUSINESS, (FormSettings.load,)),
    Screen("/settings/resources", "Rooms and chairs", settings_resources, _CATALOGUE, (ResourceSettings.load,)),
    Screen("/settings/staff", "Staff and their hours", settings_staff, _MEMBERS, (StaffSettings.load,)),
    Screen("/settings/members", "Sign-in and roles", settings_members, _MEMBERS, _MEMBERS_LOADS),
    Screen("/account", "Your account", account, Permission.ACCOUNT, (Account.load,)),
)
