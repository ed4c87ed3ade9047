"""Stopping announcements for who calls or writes: staff note it, and it counts at once, known or not (clauses II.14 and II.15)."""

from http import HTTPStatus
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from troth.inbound import parted_address
from troth.kernel import InvalidInput, TrothError
from troth.policy import Field, Policy
from troth.staff import Working
from troth.web.console.desk import Given, Pairs, console_page, done, shown, told
from troth.web.site import Site

AnyRequest = Request[Any, Any, Any]
HERE = "/console/stop"
_REACHING = frozenset({"email", "phone", "address"})


@get(HERE)
async def stop_page(request: AnyRequest) -> Response[bytes]:
    """The form."""

    def make(site: Site, who: Working, given: Given) -> Response[bytes]:
        return _page(site, who, {}, noted=given.get("noted") == "yes")

    return await shown(request, make, ("noted",))


@post(HERE)
async def note_stop(request: AnyRequest) -> Response[bytes]:
    """Note what somebody does not want to hear about."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        form = dict(pairs)
        topic, _, channel = form.get("what", "").partition(":")
        try:
            identify = _identify(site.troth.policy(), form)
            site.troth.preferences.stop_address(identify, key=who.key, topic=topic, channel=channel)
        except TrothError as error:
            return _page(site, who, form, told(error), status=error.status)
        return _page(site, who, {}, noted=True)

    return await done(request, do)


def reaching(policy: Policy) -> list[Field]:
    """The identifiers by which people are reached."""
    return [
        one for one in policy.fields.values() if one.identifier and not one.unique and one.type in _REACHING
    ]


def _identify(policy: Policy, form: Given) -> dict[str, str]:
    field = next((one for one in reaching(policy) if one.name == form.get("field")), None)
    value = form.get("value", "").strip()
    if field is None or not value or (field.type == "email" and parted_address(value) is None):
        raise InvalidInput("This is no address or number.", field="value", mend="Read it back to who called.")
    return {field.name: value}


def _page(
    site: Site,
    who: Working,
    form: Given,
    fault: str = "",
    *,
    noted: bool = False,
    status: int = HTTPStatus.OK,
) -> Response[bytes]:
    policy = site.troth.policy()
    return console_page(
        site,
        "console_stop.html",
        who,
        status=status,
        here="/console/enter",
        fields=reaching(policy),
        topics=policy.topics.values(),
        form=form,
        fault=fault,
        noted=noted,
    )


HANDLERS: list[HTTPRouteHandler] = [stop_page, note_stop]
