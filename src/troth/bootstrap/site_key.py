"""The API key of the service's own pages: accounts, forum, content."""

from troth.bootstrap.service_keys import ServiceKeys
from troth.kernel import NotFound
from troth.policy import Permit, Policy

ROLE = "service.web"


def site_key(keys: ServiceKeys, policy: Policy) -> str:
    """The key of the pages; made when there is none that serves every purpose permitted to their role.

    Raises:
        NotFound: The policy in force permits the role nothing.
    """
    purposes = {
        purpose
        for rule in policy.rules.values()
        if isinstance(rule, Permit) and ROLE in rule.actors
        for purpose in rule.purposes
    }
    if ROLE not in policy.roles or not purposes:
        raise NotFound(
            f"The policy permits {ROLE} nothing.",
            field="role",
            mend=f"Declare the role {ROLE} and a permit for it.",
        )
    return keys.key("pages.key", name="pages of the service", role=ROLE, purposes=sorted(purposes))
