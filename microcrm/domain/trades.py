"""What a new shop starts with: one template for each trade. Everything in it can be changed or left out afterwards.

Prices are ordinary ones of a city neighbourhood in 2026, meant to be overwritten. Tax classes and SACs: india.md 1.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from microcrm.domain.calendar_text import parse_clock
from microcrm.domain.hours import CLOSED, Week, Window, Windows
from microcrm.domain.occupancy import Gap
from microcrm.domain.permissions import Role
from microcrm.domain.taxbook import TaxClass


class Trade(StrEnum):
    SALON = "salon"
    CLINIC = "clinic"
    GYM = "gym"
    TUTOR = "tutor"


class ResourceKind(StrEnum):
    ROOM = "room"
    CHAIR = "chair"
    EQUIPMENT = "equipment"


@dataclass(frozen=True, slots=True)
class ServiceTemplate:
    name: str
    category: str
    minutes: int
    price_paise: int
    tax_class: TaxClass
    sac: str
    colour: str
    before: int = 0  # buffers, minutes
    after: int = 0
    gap: Gap | None = None
    is_online: bool = True  # customers may book it by themselves
    needs: ResourceKind | None = None
    seats: int = 1  # more than one: a class, booked by the seat


@dataclass(frozen=True, slots=True)
class TradeTemplate:
    trade: Trade
    label: str
    description: str
    customer_word: str  # what the trade calls the people it serves
    role_labels: Mapping[Role, str]  # what it calls those who work there
    prices_include_tax: bool
    week: Week
    resources: tuple[tuple[str, ResourceKind], ...]
    services: tuple[ServiceTemplate, ...]

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(service.category for service in self.services))


def _open(*stretches: str) -> Windows:
    """Windows of "9:30-13:00", …"""
    ends = [stretch.split("-") for stretch in stretches]
    return tuple(Window(parse_clock(start) or 0, parse_clock(end) or 0) for start, end in ends)


_HAIR, _BEAUTY, _FITNESS = TaxClass.HAIR, TaxClass.BEAUTY, TaxClass.FITNESS
_HEALTH, _COACHING = TaxClass.HEALTH, TaxClass.COACHING
_CHAIR, _ROOM, _EQUIPMENT = ResourceKind.CHAIR, ResourceKind.ROOM, ResourceKind.EQUIPMENT
_S = ServiceTemplate

_SALON = TradeTemplate(
    trade=Trade.SALON,
    label="Salon or spa",
    description="Hair, beauty, nails, massage",
    customer_word="client",
    role_labels={Role.STAFF: "Stylist", Role.FRONT_DESK: "Reception"},
    prices_include_tax=True,
    week=(CLOSED, *[_open("10:00-20:00")] * 6),
    resources=(("Chair 1", _CHAIR), ("Chair 2", _CHAIR), ("Chair 3", _CHAIR), ("Beauty room", _ROOM)),
    services=(
        _S("Haircut, women", "Hair", 45, 700_00, _HAIR, "999721", "teal", needs=_CHAIR),
        _S("Haircut, men", "Hair", 30, 350_00, _HAIR, "999721", "teal", needs=_CHAIR),
        _S("Haircut, child", "Hair", 30, 300_00, _HAIR, "999721", "teal", needs=_CHAIR),
        _S("Wash and blow-dry", "Hair", 45, 600_00, _HAIR, "999721", "sky", needs=_CHAIR),
        _S("Head massage", "Hair", 30, 450_00, _HAIR, "999721", "sky", after=5, needs=_CHAIR),
        _S("Root touch-up", "Colour", 90, 1_500_00, _HAIR, "999721", "violet", gap=Gap(30, 30), needs=_CHAIR),
        _S("Full colour", "Colour", 150, 3_800_00, _HAIR, "999721", "violet", gap=Gap(60, 45), needs=_CHAIR),
        _S("Keratin treatment", "Colour", 180, 5_500_00, _HAIR, "999721", "indigo", gap=Gap(60, 40), needs=_CHAIR),
        _S("Eyebrow threading", "Skin", 15, 80_00, _BEAUTY, "999729", "rose"),
        _S("Waxing, arms and legs", "Skin", 60, 900_00, _BEAUTY, "999729", "rose", after=10, needs=_ROOM),
        _S("Clean-up", "Skin", 45, 800_00, _BEAUTY, "999729", "rose", after=10, needs=_ROOM),
        _S("Facial", "Skin", 60, 1_400_00, _BEAUTY, "999729", "rose", after=10, needs=_ROOM),
        _S("Manicure", "Nails", 45, 600_00, _BEAUTY, "999722", "amber", after=5),
        _S("Pedicure", "Nails", 60, 800_00, _BEAUTY, "999722", "amber", after=5),
        _S("Bridal make-up", "Make-up", 180, 12_000_00, _BEAUTY, "999729", "orange", before=15, is_online=False),
    ),
)

_CLINIC = TradeTemplate(
    trade=Trade.CLINIC,
    label="Clinic",
    description="Doctor, dentist, physiotherapy",
    customer_word="patient",
    role_labels={Role.STAFF: "Doctor", Role.FRONT_DESK: "Reception"},
    prices_include_tax=False,
    week=(*[_open("9:30-13:00", "17:00-20:30")] * 6, CLOSED),
    resources=(("Consulting room 1", _ROOM), ("Consulting room 2", _ROOM), ("Dental chair", _CHAIR)),
    services=(
        _S("First consultation", "Consultation", 20, 600_00, _HEALTH, "999312", "teal", after=5, needs=_ROOM),
        _S("Follow-up", "Consultation", 10, 300_00, _HEALTH, "999312", "teal", after=5, needs=_ROOM),
        _S("Video consultation", "Consultation", 15, 500_00, _HEALTH, "999312", "sky", after=5),
        _S("Health check-up", "Consultation", 45, 1_800_00, _HEALTH, "999312", "emerald", after=10, needs=_ROOM),
        _S("Dental check-up", "Dental", 30, 500_00, _HEALTH, "999312", "indigo", after=10, needs=_CHAIR),
        _S("Scaling and polishing", "Dental", 45, 1_500_00, _HEALTH, "999312", "indigo", after=10, needs=_CHAIR),
        _S("Filling", "Dental", 45, 1_800_00, _HEALTH, "999312", "indigo", after=10, needs=_CHAIR),
        _S(
            "Root canal, one sitting",
            "Dental",
            75,
            5_000_00,
            _HEALTH,
            "999312",
            "indigo",
            before=5,
            after=15,
            is_online=False,
            needs=_CHAIR,
        ),
        _S("Physiotherapy session", "Physiotherapy", 45, 900_00, _HEALTH, "999314", "lime", after=5, needs=_ROOM),
        _S("Dressing or injection", "Nursing", 15, 250_00, _HEALTH, "999314", "amber", after=5),
        _S("ECG", "Tests", 15, 400_00, _HEALTH, "999316", "slate", after=5),
    ),
)

_GYM = TradeTemplate(
    trade=Trade.GYM,
    label="Gym or studio",
    description="Gym, yoga, personal training",
    customer_word="member",
    role_labels={Role.STAFF: "Trainer", Role.FRONT_DESK: "Front desk"},
    prices_include_tax=True,
    week=(*[_open("6:00-11:00", "16:00-22:00")] * 6, _open("7:00-11:00")),
    resources=(("Training floor", _ROOM), ("Studio", _ROOM), ("Body scanner", _EQUIPMENT)),
    services=(
        _S("Personal training", "Training", 60, 1_200_00, _FITNESS, "999723", "teal", after=5),
        _S("Personal training, short", "Training", 30, 700_00, _FITNESS, "999723", "teal", after=5),
        _S("Training for two", "Training", 60, 1_800_00, _FITNESS, "999723", "teal", after=5),
        _S("Trial session", "Training", 45, 0, _FITNESS, "999723", "lime"),
        _S("Yoga, one to one", "Yoga", 60, 1_000_00, _FITNESS, "999723", "violet", after=10, needs=_ROOM),
        _S("Stretch and recovery", "Yoga", 45, 900_00, _FITNESS, "999723", "violet", after=10, needs=_ROOM),
        _S("Yoga class", "Classes", 60, 300_00, _FITNESS, "999723", "violet", after=10, needs=_ROOM, seats=15),
        _S("Zumba class", "Classes", 45, 250_00, _FITNESS, "999723", "rose", after=10, needs=_ROOM, seats=20),
        _S("Strength class", "Classes", 45, 300_00, _FITNESS, "999723", "orange", after=10, needs=_ROOM, seats=12),
        _S("Fitness assessment", "Assessment", 45, 500_00, _FITNESS, "999723", "amber", needs=_EQUIPMENT),
        _S("Diet consultation", "Assessment", 30, 800_00, _FITNESS, "999723", "amber"),
    ),
)

_TUTOR = TradeTemplate(
    trade=Trade.TUTOR,
    label="Tutor or coaching",
    description="Lessons, coaching, music, languages",
    customer_word="student",
    role_labels={Role.STAFF: "Tutor", Role.FRONT_DESK: "Office"},
    prices_include_tax=True,
    week=(*[_open("15:00-20:30")] * 5, _open("9:00-13:00", "15:00-19:00"), _open("10:00-13:00")),
    resources=(("Room 1", _ROOM), ("Room 2", _ROOM)),
    services=(
        _S("Trial lesson", "Start here", 30, 0, _COACHING, "999293", "lime", needs=_ROOM),
        _S("Maths, classes 6 to 8", "School subjects", 60, 500_00, _COACHING, "999293", "teal", needs=_ROOM),
        _S("Maths, classes 9 and 10", "School subjects", 60, 600_00, _COACHING, "999293", "teal", needs=_ROOM),
        _S("Physics, classes 11 and 12", "School subjects", 60, 800_00, _COACHING, "999293", "indigo", needs=_ROOM),
        _S("Chemistry, classes 11 and 12", "School subjects", 60, 800_00, _COACHING, "999293", "indigo", needs=_ROOM),
        _S("Maths batch, class 10", "Batches", 90, 350_00, _COACHING, "999293", "emerald", needs=_ROOM, seats=12),
        _S("Entrance exam batch", "Batches", 120, 500_00, _COACHING, "999293", "orange", needs=_ROOM, seats=20),
        _S("Entrance exam coaching", "Exams", 90, 1_200_00, _COACHING, "999293", "rose", after=10, needs=_ROOM),
        _S("Doubt clearing", "Exams", 30, 300_00, _COACHING, "999293", "rose"),
        _S("Spoken English", "Languages", 60, 500_00, _COACHING, "999294", "amber", needs=_ROOM),
        _S("Guitar or keyboard lesson", "Music", 45, 700_00, _COACHING, "999294", "violet", after=5, needs=_ROOM),
    ),
)

TRADES: Mapping[Trade, TradeTemplate] = MappingProxyType(
    {template.trade: template for template in (_SALON, _CLINIC, _GYM, _TUTOR)}
)
