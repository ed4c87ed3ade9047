"""A host name of its own: where one is set, telemetry answers there alone, and nothing else does."""

from troth.web.asgi import Scope, header

HERE = "/telemetry"
_DOORS = ("/submit/", "/t/")
_METRICS = "/v1/metrics"
_STATIC = "/static/"


class OwnHost:
    """Tells which requests came to the wrong host.

    Args:
        name: Host name of telemetry; empty where it shares that of all pages.
    """

    def __init__(self, name: str) -> None:
        self._name = name.lower()

    def elsewhere(self, scope: Scope, path: str) -> bool:
        """Whether nothing answers a request here."""
        if not self._name:
            return False
        own = header(scope, b"host").rpartition("@")[2].partition(":")[0].lower() == self._name
        if path.startswith(_STATIC):
            return False
        return own != is_telemetry(path)


def is_telemetry(path: str) -> bool:
    """Whether a path is one of telemetry."""
    return path in {HERE, _METRICS} or path.startswith((f"{HERE}/", *_DOORS))
