"""A coarse name of the device that a session is opened on: kind of browser and system, no version and nothing rarer."""

from troth.web.asgi import Scope, header

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
"""A mark in the header's value, and what it stands for; the first that fits counts, because browsers name each other."""


def device_name(scope: Scope) -> str:
    """Such as `Firefox on Linux`; empty where the request tells neither. One of a closed list of names."""
    told = header(scope, b"user-agent")
    browser = next((name for mark, name in _BROWSERS if mark in told), "")
    system = next((name for mark, name in _SYSTEMS if mark in told), "")
    return f"{browser} on {system}" if browser and system else browser or system
