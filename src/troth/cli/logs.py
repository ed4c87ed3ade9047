"""Reading and checking logs for `troth ledger`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from troth.cli.codes import BadUsage
from troth.cli.say import Say, Text
from troth.cli.sources import file_text, moment
from troth.kernel import NotFound

if TYPE_CHECKING:
    from troth.ledger import Recorded, Signer

Answer = tuple[dict[str, Any], Text]


def verifier_key(say: Say, given: str) -> str:
    """The verifier key given, else that of the data folder.

    Raises:
        BadUsage: None was given and there is no data folder.
    """
    if given:
        return given
    from troth.bootstrap import read_settings
    from troth.ledger import load_signer

    try:
        settings = read_settings(say.folder)
    except NotFound as error:
        raise BadUsage(
            "Without a data folder nothing says which key the log signs with.",
            mend="Add --key with the log's verifier key; its operator publishes it (`troth ledger head`).",
            field="key",
        ) from error
    return load_signer(say.folder / settings.ledger.signer).verifier_key


def verified_receipt(say: Say, file: Path, key: str) -> Answer:
    """A receipt that was verified."""
    import json

    from troth.ledger import verify_receipt

    found = verify_receipt(file_text(file), verifier_key(say, key))
    entry = json.loads(found.body)
    document = {"origin": found.origin, "size": found.size, "root": "", "index": found.index, "entry": entry}
    told = f"{entry.get('act')} {entry.get('effect')} by {', '.join(entry.get('clauses', ()))} at {moment(entry['at'])}"
    return document, f"Verified: leaf {found.index} of {found.size} entries of {found.origin}.\n{told}"


def verified_log(say: Say, place: str, key: str, since: Path | None) -> Answer:
    """A whole log that was verified: the data folder's own, or one elsewhere."""
    from troth.ledger import DatabaseSource, recount, verify_log

    earlier = file_text(since) if since else None
    if place:
        found = verify_log(place, verifier_key(say, key), since=earlier)
    else:
        with say.open() as troth:
            troth.flush_ledger()
            with troth.database.snapshot() as tx:
                found = verify_log(DatabaseSource(tx), key or troth.signer.verifier_key, since=earlier)
                recount(tx)
    document = {"origin": found.origin, "size": found.size, "root": found.root.hex()}
    return document, f"Verified: all {found.size} entries of {found.origin}, root {found.root.hex()}"


def look(say: Say, place: str, key: str, state: Path) -> Answer:
    """One look of a witness."""
    from troth.bootstrap import chosen_clock
    from troth.ledger import Checkpoint, DatabaseSource, Witness

    signer = _witness_key(state)
    witness = Witness(state, signer, chosen_clock(None))
    if place:
        note = witness.look(place, verifier_key(say, key))
    else:
        with say.open() as troth:
            troth.flush_ledger()
            with troth.database.snapshot() as tx:
                note = witness.look(DatabaseSource(tx), key or troth.signer.verifier_key)
    seen = Checkpoint.of_note(note)
    document = {"origin": seen.origin, "size": seen.size, "checkpoint": note, "witness": signer.verifier_key}
    return document, f"Seen and cosigned: {seen.size} entries of {seen.origin}.\n\n{note.rstrip()}"


def _witness_key(state: Path) -> "Signer":
    from troth.ledger import create_signer, load_signer

    file = state / "witness.key"
    if file.exists():
        return load_signer(file)
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    return create_signer(file, "witness", cosigner=True)


def recorded(say: Say, entry_id: str, person: str, last: int) -> list["Recorded"]:
    """Entries of the data folder's ledger: one, those about a person, or the newest."""
    from troth.ledger import entries, entry, journal, tree_head

    with say.open() as troth:
        troth.flush_ledger()
        with troth.database.snapshot() as tx:
            if entry_id:
                return [entry(tx, entry_id)]
            if person:
                return journal(tx, person, limit=last, newest=True)
            size = tree_head(tx).size
            return entries(tx, max(0, size - last), size)
