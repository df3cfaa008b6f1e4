"""Steps of ``import-100k`` by a process of its own, as the worker does them: how long each took, and the most memory that it held."""

from __future__ import annotations

import json
import sys
import time

from bench.gstr1_write import peak_mb
from microcrm import wiring
from microcrm.operations.customer_imports.working import next_job
from microcrm.operations.unit_of_work import system
from tasks import imports


def main(business: int) -> None:
    """One step of the list that is at work."""
    with wiring.unit_of_work(system(business)) as uow:
        job = next_job(uow)
    if job is None:
        raise SystemExit("there is nothing to do")
    held = peak_mb()
    began, worked = time.perf_counter(), time.process_time()
    imports.work_on(business, job)
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    peak = peak_mb()
    print(
        json.dumps(
            {
                "step": job.state,
                "seconds": round(seconds, 2),
                "cpu_s": round(worked, 2),
                "peak_mb": round(peak, 1),
                "grown_mb": round(peak - held, 1),
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
