"""The application: one house, one gate, and the routes."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

import churnlens
from churnlens.options import WebOptions
from churnlens.web import completions, conversations, feeds, handovers, questions, sessions
from churnlens.web.access import Doors, Guesses, Rate, Tokens
from churnlens.web.desk import Desk
from churnlens.web.errors import add_handlers
from churnlens.web.gate import Gate
from churnlens.web.history import History
from churnlens.web.house import House, Places, Services
from churnlens.web.pages import ask, chat, desk, reports, summaries, value
from churnlens.web.pages import handovers as handovers_page
from churnlens.web.pages.rendering import HERE, Assets, show_error

ROUTERS = (
    feeds.router,
    sessions.router,
    completions.router,
    questions.router,
    conversations.router,
    handovers.router,
    chat.router,
    ask.router,
    desk.router,
    handovers_page.router,
    summaries.router,
    value.router,
    reports.router,
)


def create_app(
    services: Services, history: History, places: Places, tokens: Tokens, options: WebOptions
) -> FastAPI:
    """Return the application.

    Args:
        services: what is served.
        history: where conversations are kept; closed by whoever opened it.
        places: what a run has left.
        tokens: who may come in, see `access.load_tokens`.
        options: of the server.
    """
    limits = options.limits
    house = House(
        services=services,
        options=options,
        tokens=tokens,
        history=history,
        places=places,
        desk=Desk(options.queue),
        doors=Doors(options),
        rate=Rate(limits.requests_per_minute, limits.burst),
        guesses=Guesses(tokens, limits.wrong_tokens_per_minute),
    )

    # The pages of FastAPI that show an API load scripts from elsewhere; its description of the API
    # knows no body that `json_body` reads.
    app = FastAPI(
        title="churnlens",
        version=churnlens.__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.house = house
    # Not by FastAPI's `max_body_size`: its refusal would go past the gate, without headers.
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=limits.body_bytes)
    app.add_middleware(Gate, house=house, show=show_error)
    add_handlers(app, show_error)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", Assets(directory=HERE / "static"))
    reports.add_lineage(app, places)
    return app
