"""Words of a policy as people read them."""

from typing import TYPE_CHECKING

from troth.policy.things import Activity

if TYPE_CHECKING:
    from troth.policy.policy import Policy


def use_title(policy: "Policy", use: str) -> str:
    """A data use in plain words: the company's own meaning, else the first activity that it belongs to, else the words of its key.

    Args:
        policy: The version whose words they are.
        use: The data use.
    """
    own = policy.front.terms.data_uses.get(use, "")
    if own:
        return own.rstrip(".")
    for activity in policy.of(Activity):
        if activity.title and any(use == one or use.startswith(f"{one}.") for one in activity.purposes):
            return activity.title
    words = use.replace("_", " ").replace(".", ", ")
    return words[:1].upper() + words[1:]
