"""Who makes a request: what the visitor chose, and who is signed in. Reads cookies by what the policy says they remember."""

from functools import lru_cache
from typing import Any, NamedTuple

from litestar import Request

from troth.choice import Choice, cookie_values, read_choice
from troth.kernel import Unauthenticated
from troth.policy import Cookie, Policy
from troth.web.asgi import Scope
from troth.web.site import Site, site_of


class Visitor(NamedTuple):
    """The visitor of a request.

    Args:
        choice: What the visitor chose, and the browser's signal.
        person: Handle of who is signed in; empty when nobody is.
        key: The session's key, in whose name the person acts through the gate; empty when nobody is signed in.
    """

    choice: Choice
    person: str = ""
    key: str = ""

    @property
    def signed_in(self) -> bool:
        """Whether somebody is signed in."""
        return bool(self.person)


def visitor_of(site: Site, scope: Scope) -> Visitor:
    """The visitor of a request; a session that is over, forged or unknown is nobody's. Reads the database."""
    policy = site.troth.policy()
    choice = read_choice(policy, scope["headers"])
    key = cookie_of(scope, session_cookie(site))
    if not key:
        return Visitor(choice)
    try:
        actor = site.troth.gate.actor(key)
    except Unauthenticated:
        return Visitor(choice)
    # An API key in a cookie is not a session: whoever holds one is no visitor.
    return Visitor(choice, actor.person, key) if actor.person else Visitor(choice)


def visitor(request: Request[Any, Any, Any]) -> Visitor:
    """The visitor of a framework's request; see `visitor_of`."""
    return visitor_of(site_of(request), request.scope)


def session_cookie(site: Site) -> str:
    """The name in the browser of the cookie that says who is signed in; empty where the policy declares none."""
    policy, https = site.troth.policy(), site.troth.settings.web.over_https
    return next((one.name_over(https=https) for one in policy.of(Cookie) if one.remembers == "session"), "")


@lru_cache(maxsize=64)
def cookie_that_remembers(policy: Policy, what: str) -> str:
    """The name in the browser of the declared cookie that has a part; empty where the policy declares none."""
    return next((one.wire_name for one in policy.of(Cookie) if one.remembers == what), "")


def cookie_of(scope: Scope, name: str) -> str:
    """The value of a cookie; empty where there is none, or where two differ, as when somebody planted one."""
    found = {
        value
        for key, header in scope["headers"]
        if key == b"cookie" and name
        for value in cookie_values(header, name)
    }
    return found.pop() if len(found) == 1 else ""
