"""What stays after somebody is erased, in plain words: the holds that the policy declares, item by item; pure."""

from typing import TYPE_CHECKING, NamedTuple

from troth.policy.holds import Hold, covers

if TYPE_CHECKING:
    from troth.policy.policy import Policy


class Staying(NamedTuple):
    """What a law has the company keep.

    Args:
        title: Of what it stands in.
        fields: Titles of what is kept of it.
        law: Which law, as people are told.
        keep: How long, such as "7 years".
        clause: Clause that says so.
    """

    title: str
    fields: tuple[str, ...]
    law: str
    keep: str
    clause: str


def staying(policy: "Policy") -> list[Staying]:
    """What stays, where there is any of it, whoever asks for its deletion.

    Args:
        policy: The version in force.
    """
    found = []
    for hold in policy.of(Hold):
        names = {
            name for point in policy.points.values() if point.record in hold.records for name in point.fields
        }
        titles = [
            field.title or name.replace("_", " ")
            for name, field in policy.fields.items()
            if name in names and covers(hold, field.category)
        ]
        title = hold.title or hold.name.replace("_", " ")
        found.append(Staying(title, tuple(dict.fromkeys(titles)), hold.law, hold.keep, hold.clause))
    return found
