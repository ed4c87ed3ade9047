"""A try to sign in, counted where the request comes from."""

from troth.web.asgi import Scope
from troth.web.limiting import network_of
from troth.web.problems import TooManyAttempts
from troth.web.site import Site


def count_attempt(site: Site, scope: Scope, way: str, name: str) -> None:
    """Count a try before anything is compared, whether or not anybody has the name.

    Raises:
        TooManyAttempts: Too many failed for this name, or from this network.
    """
    seconds = site.troth.attempts.begin(way, name, network_of(scope))
    if seconds:
        raise TooManyAttempts(
            "Too many tries to sign in failed.",
            mend=f"Try again in {seconds} seconds, or have a link sent to your mailbox.",
            seconds=seconds,
        )


def count_success(site: Site, scope: Scope, way: str, name: str) -> None:
    """Take a try back that signed somebody in."""
    site.troth.attempts.signed_in(way, name, network_of(scope))
