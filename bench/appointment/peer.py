"""django-appointment doing the same month: a Django project in one file, run by the bench in an environment of its own.

    python peer.py SHOP.json ROUNDS

It keeps to the empty schema ``appointment`` of the database that ``DATABASE_URL`` names. Its own view answers for one member
and one day, so a month of ten people are 280 calls. They go through Django's test client: no web server, no network.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import date, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings


def configure() -> None:
    url = urlsplit(os.environ["DATABASE_URL"])
    settings.configure(
        SECRET_KEY="only for the bench",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        TIME_ZONE="Asia/Kolkata",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.messages",
            "django.contrib.sessions", "appointment",
        ],
        MIGRATION_MODULES=dict.fromkeys(("admin", "auth", "contenttypes", "sessions")),  # tables are made in one go
        MIDDLEWARE=[],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql", "NAME": url.path.strip("/"), "USER": unquote(url.username or ""),
                "PASSWORD": unquote(url.password or ""), "HOST": url.hostname or "", "PORT": str(url.port or ""),
                "CONN_MAX_AGE": None, "OPTIONS": {"options": "-c search_path=appointment"},
            }
        },
        LOGGING_CONFIG=None,
    )  # fmt: skip


def fill(shop: dict[str, Any]) -> list[int]:
    """The same people, hours, days off and visits. Returns the ids of the staff."""
    from appointment import models
    from django.contrib.auth.models import User

    service = models.Service.objects.create(name="Colour", duration=timedelta(minutes=shop["minutes"]), price=100)
    client = User.objects.create(username="client")
    ids = []
    for n, member in enumerate(shop["staff"]):
        staff = models.StaffMember.objects.create(
            user=User.objects.create(username=f"staff-{n}", first_name=f"Staff {n}"), slot_duration=shop["step"],
            lead_time=at(shop["opens"]), finish_time=at(shop["closes"]), work_on_saturday=True, work_on_sunday=True,
        )  # fmt: skip
        staff.services_offered.add(service)
        hours = [models.WorkingHours(staff_member=staff, day_of_week=day, start_time=at(shop["opens"]),
                                     end_time=at(shop["closes"])) for day in range(7)]  # fmt: skip
        models.WorkingHours.objects.bulk_create(hours)
        models.DayOff.objects.bulk_create(
            models.DayOff(staff_member=staff, start_date=day, end_date=day) for day in member["off"]
        )
        requests = models.AppointmentRequest.objects.bulk_create(
            models.AppointmentRequest(
                date=day, start_time=at(start), end_time=at(end), service=service, staff_member=staff
            )
            for day, start, end in member["visits"]
        )
        models.Appointment.objects.bulk_create(
            models.Appointment(client=client, appointment_request=one, id_request=f"{n}-{place}")
            for place, one in enumerate(requests)
        )
        ids.append(staff.pk)
    return [service.pk, *ids]


def at(minute: int) -> clock:
    return clock(minute // 60, minute % 60)


def ask(client: Any, service: int, staff: list[int], first: date, days: int) -> float:
    """Milliseconds for everybody on every day."""
    began = time.perf_counter()
    for member in staff:
        for day in (first + timedelta(days=n) for n in range(days)):
            answer = client.get(
                "/ajax/available_slots/",
                {"selected_date": day.isoformat(), "staff_member": member, "service_id": service},
                headers={"x-requested-with": "XMLHttpRequest"},
            )
            answer.json()["available_slots"]
    return (time.perf_counter() - began) * 1000


def main() -> None:
    configure()
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client
    from django.urls import include, path

    globals()["urlpatterns"] = [path("", include("appointment.urls"))]
    shop = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    call_command("migrate", run_syncdb=True, verbosity=0)
    service, *staff = fill(shop)
    client, first = Client(), date.fromisoformat(shop["first"])
    ask(client, service, staff[:1], first, 3)  # warm
    rounds = [ask(client, service, staff, first, shop["days"]) for _ in range(int(sys.argv[2]))]
    sys.stdout.write(json.dumps({"asked_ms": rounds}) + "\n")


if __name__ == "__main__":
    sys.modules["peer"] = sys.modules[__name__]
    main()
