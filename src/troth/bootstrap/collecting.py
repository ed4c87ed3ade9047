"""The API key of the public collection points: the running service's own."""

from troth.bootstrap.service_keys import ServiceKeys
from troth.kernel import NotFound
from troth.policy import Policy


def collection_key(keys: ServiceKeys, policy: Policy) -> str:
    """The key in whose name public points collect; made when there is none that serves all their purposes.

    Raises:
        NotFound: The policy in force declares no public collection point.
    """
    role, purposes = _needed(policy)
    return keys.key("collection.key", name="public collection points", role=role, purposes=purposes)


def _needed(policy: Policy) -> tuple[str, list[str]]:
    """Role and purposes of the public points."""
    public = [point for point in policy.points.values() if point.public]
    if not public:
        raise NotFound(
            "The policy declares no public collection point.", mend="Declare one with `public: true`."
        )
    role = public[0].actor
    return role, sorted({purpose for point in public if point.actor == role for purpose in point.purposes})
