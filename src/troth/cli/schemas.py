"""Walking both stores' schemas up and down."""

from troth.cli.codes import BadUsage
from troth.cli.say import Say


def walk(say: Say, direction: str, to: str, *, sure: bool) -> dict[str, str]:
    """Take both stores up or down; gives their revisions afterwards.

    Raises:
        BadUsage: The direction is unknown, or going down was not confirmed.
        Conflict: A store was made by a later version of Troth.
    """
    from troth.bootstrap import read_settings, store_places
    from troth.storage import downgrade, migrate, open_database, revision

    if direction not in {"up", "down"}:
        raise BadUsage(
            f"{direction!r} is no direction.", mend="Use troth migrate up, or down.", field="direction"
        )
    if direction == "down" and not (to and sure):
        raise BadUsage(
            "Going down loses what later revisions added.",
            mend="Name --to REVISION and add --yes.",
            field="yes",
        )
    data, keys = store_places(say.folder, read_settings(say.folder))
    found = {}
    for name, place, key_store in (("keys", keys, True), ("data", data, False)):
        if direction == "up":
            migrate(place, key_store=key_store, to=to or "head")
        else:
            downgrade(place, key_store=key_store, to=to)
        store = open_database(place, key_store=key_store)
        found[name] = revision(store, key_store=key_store) or "none"
        store.close()
    return {"data": found["data"], "keys": found["keys"]}
