"""The web room: the API, the published pages and the server, all through the one gate."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from troth.web.app import create_app
    from troth.web.cookies import CookieGuard
    from troth.web.serving import serve

__all__ = ["CookieGuard", "create_app", "serve"]

_PLACES = {"CookieGuard": "troth.web.cookies", "create_app": "troth.web.app", "serve": "troth.web.serving"}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that nobody pays for a framework without serving (PEP 562)."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)
