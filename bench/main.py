"""``microcrm bench [NAME ...] [--quick] [--json]``: each benchmark prints one object. Exit code 1 when a goal is missed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from bench import (
    calendar,
    customer_page,
    events,
    gstr1,
    hooks,
    imports,
    invoice,
    lighthouse,
    public,
    race,
    remind,
    remind_faults,
    replies,
    seal,
    signin,
    slots,
    start,
    typeahead,
    weight,
)
from bench.report import Choice, Report
from microcrm.processes import Failed

BENCHMARKS: dict[str, Callable[[Choice], Report]] = {
    "weight": weight.measure,
    "start": start.measure,
    "signin": signin.measure,
    "events": events.measure,
    "cal-week": calendar.measure,
    "lighthouse": lighthouse.measure,
    "slots-month": slots.measure,
    "typeahead": typeahead.measure,
    "customer-page": customer_page.measure,
    "public-page": public.measure,
    "book-race": race.measure,
    "hooks": hooks.measure,
    "remind-100k": remind.measure,
    "remind-faults": remind_faults.measure,
    "replies": replies.measure,
    "invoice": invoice.measure,
    "gstr1-100k": gstr1.measure,
    "import-100k": imports.measure,
    "seal": seal.measure,
}


def run(arguments: Sequence[str]) -> None:
    """Raises: Failed, for a name that is none of ours."""
    names = [argument for argument in arguments if not argument.startswith("-")] or list(BENCHMARKS)
    unknown = {*arguments} - {"--quick", "--json", *BENCHMARKS}
    if unknown:
        raise Failed(f"There is no benchmark {', '.join(sorted(unknown))}: choose among {', '.join(BENCHMARKS)}.")
    is_json = "--json" in arguments
    reports = []
    for name in names:
        report = BENCHMARKS[name](Choice("--quick" in arguments, _progress))
        reports.append(report)
        print(report.as_json() if is_json else report.as_text(), flush=True)
    if not all(report.ok for report in reports):
        sys.exit(1)


def _progress(line: str) -> None:
    """Beside the reports, so that these can be read by a program."""
    sys.stderr.write(f"  ... {line}\n")
    sys.stderr.flush()
