"""Templates to answers: every value goes in as text, and a browser gets errors as pages."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.staticfiles import StaticFiles

from churnlens.web.access import Session
from churnlens.web.errors import WebError
from churnlens.web.gate import wants_page
from churnlens.web.house import house_of
from churnlens.web.pages.words import COOKIE, PARAMETER, Words, asked_language, language_of

HERE = Path(__file__).parent
NAVIGATION = ("chat", "ask", "desk", "summaries", "value", "reports")
_YEAR = 365 * 24 * 3600


@cache
def environment() -> Environment:
    """Return the templates; a value that is missing is an error, and markup in one is text."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["moment"] = _moment
    made.filters["share"] = _share
    return made


def _moment(seconds: float) -> str:
    """Return a time as it is printed, in the zone of the server."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page, or a part of one.

    Args:
        request: asked for it, in some language.
        template: name of the file.
        status: of the answer.
        values: of the template's names.
    """
    words = Words(language_of(request))
    session: Session | None = request.scope.get("session")
    shared = {
        "language": words.language,
        "say": words.say,
        "name": words.name,
        "words": words,
        "navigation": NAVIGATION,
        "here": request.url.path.split("/")[1],
        "owner": session.owner if session and house_of(request).tokens else "",
        "switch": _switch(request),
    }
    text = environment().get_template(template).render(shared | values)
    response = HTMLResponse(text, status)
    if chosen := asked_language(request):
        response.set_cookie(COOKIE, chosen, max_age=_YEAR, httponly=True, samesite="strict")
    return response


def _switch(request: Request) -> dict[str, str]:
    """Return the address of this page in each language."""
    url = request.url
    return {
        language: "?" + url.include_query_params(**{PARAMETER: language}).query
        for language in ("en", "zh")
    }


def show_error(request: Request, error: WebError) -> Response:
    """Return an error as a page where a browser shows it, otherwise as JSON."""
    if not wants_page(request.method, request.headers):
        return error.response()
    return render(request, "error.html", error.status, code=error.code, number=error.status)


class Assets(StaticFiles):
    """Style, script and icon; a browser asks each time whether they are still the same."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a file that may be kept, but not used unasked."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
