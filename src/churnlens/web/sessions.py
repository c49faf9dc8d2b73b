"""`/session`: a browser gives its token once and has a cookie ever after."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from churnlens.schema import Frozen
from churnlens.web.access import COOKIE, LOCAL, hashed, new_secret
from churnlens.web.errors import WebError
from churnlens.web.gate import address_of, cookie_of
from churnlens.web.history import Records
from churnlens.web.house import house_of, session_of
from churnlens.web.reading import json_body

router = APIRouter(prefix="/session")


class SignIn(Frozen):
    """The token of who comes in; none where the server has no tokens."""

    token: str = Field(default="", max_length=1_000)


@router.post("", status_code=201)
async def sign_in(
    request: Request, body: Annotated[SignIn, Depends(json_body(SignIn))]
) -> Response:
    """Begin a session in a cookie; conversations belong to the token's name, not to the session."""
    house = house_of(request)
    address = address_of(request.scope)
    owner = house.guesses.owner(body.token, address) if house.tokens else LOCAL
    if owner is None:
        raise WebError(401, "no such token", "invalid_api_key", param="token")
    house.rate.take(f"sign-in:{owner}")
    secret, seconds = new_secret(), house.options.session_hours * 3600
    expires, mark = time.time() + seconds, house.tokens.mark(body.token)
    await house.history.call(Records.open_session, hashed(secret), owner, expires, mark)
    response = JSONResponse({"owner": owner}, 201)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(seconds),
        httponly=True,
        samesite="strict",
        secure=house.options.secure_cookies,
    )
    return response


@router.get("")
async def show(request: Request) -> dict[str, Any]:
    """Tell who is asking."""
    return {"owner": session_of(request).owner}


@router.delete("", status_code=204)
async def sign_out(request: Request) -> Response:
    """End the session of the cookie."""
    if secret := cookie_of(request.headers):
        await house_of(request).history.call(Records.close_session, hashed(secret))
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response
