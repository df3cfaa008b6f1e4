"""Answers to our own scripts: JSON, refusals as well, and nothing that a cache keeps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from microcrm.domain.errors import DomainError
from microcrm.http.forms import Refused
from microcrm.http.pages import BROKE, NO_STORE, status_of
from microcrm.observability import new_request_id

log = structlog.get_logger()


def answering_in_json(
    answer: Callable[[Request], Awaitable[Mapping[str, object]]],
) -> Callable[[Request], Awaitable[Response]]:
    @wraps(answer)
    async def answered(request: Request) -> Response:
        try:
            return _json(await answer(request))
        except Refused as refused:
            return _json({"message": f"{refused.title}. {refused.text}"}, refused.status)
        except DomainError as error:
            words = {"message": f"{error.message} {error.remedy}".strip(), "fields": error.fields, "code": error.code}
            return _json(words, status_of(error))
        except Exception:  # an edge
            reference = new_request_id()
            log.exception("request_failed", path=request.url.path, reference=reference)
            return _json({"message": f"{BROKE[0]}. {BROKE[1]}" % {"reference": reference}}, 500)

    return answered


def _json(body: Mapping[str, object], status: int = 200) -> Response:
    return JSONResponse(body, status, headers=NO_STORE)
