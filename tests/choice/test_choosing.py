"""A choice is made when it is on record, and not before."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from troth.choice import choose, offered_purposes
from troth.kernel import InvalidInput, SettableClock, Unavailable
from troth.ledger.tables import ledger_staged
from troth.policy import kept_policy
from troth.storage import Database, Statement

POLICY = kept_policy((Path(__file__).parents[2] / "policies/software-vendor/policy.md").read_bytes())
ANALYTICS, CONTENT = "analytics.reporting.site_usage", "personalize.content"


def test_what_was_chosen_is_recorded_without_a_name(database: Database, clock: SettableClock) -> None:
    """The entry says what was allowed, refused and overruled, and names neither a person nor a browser."""
    made = choose(database, clock, POLICY, allow=[ANALYTICS], knowingly=[ANALYTICS], signal="gpc")
    assert made.choice.allows(ANALYTICS)
    assert not made.choice.allows(CONTENT)
    with database.snapshot() as tx:
        ((body,),) = tx.rows(Statement(select(ledger_staged.c.body)))
    entry = json.loads(body)
    assert entry["detail"] == {
        "allowed": ANALYTICS,
        "refused": " ".join(one for one in offered_purposes(POLICY) if one != ANALYTICS),
        "knowingly": ANALYTICS,
        "signal": "gpc",
    }
    assert (entry["id"], entry["act"], entry["policy"]) == (made.entry, "choose", POLICY.sha256)
    assert not {"person", "key", "actor"} & entry.keys()


def test_an_unoffered_purpose_is_refused(database: Database, clock: SettableClock) -> None:
    """The whole choice is refused, and nothing is recorded."""
    for allow, knowingly in (([CONTENT, "marketing"], []), ([CONTENT], ["marketing"])):
        with pytest.raises(InvalidInput):
            choose(database, clock, POLICY, allow=allow, knowingly=knowingly)
    with database.snapshot() as tx:
        assert tx.rows(Statement(select(ledger_staged.c.body))) == []


def test_without_a_record_nothing_is_chosen(database: Database, clock: SettableClock) -> None:
    """A ledger that cannot be written refuses the choice."""
    database.close()
    with pytest.raises(Unavailable):
        choose(database, clock, POLICY, allow=[])
