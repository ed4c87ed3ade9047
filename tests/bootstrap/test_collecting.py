"""The service's own key follows the public points of the policy in force."""

from pathlib import Path

import troth
from troth.bootstrap import init_folder
from troth.kernel import SettableClock


def test_key_that_lacks_a_public_purpose_is_replaced(tmp_path: Path, clock: SettableClock) -> None:
    """When a version adds a purpose to a public point, the service gets a key that serves it, and the old one ends."""
    folder = tmp_path / "data"
    init_folder(folder, clock=clock)
    with troth.open(folder, clock=clock) as opened:
        narrow, narrow_id = opened.issue_key(
            name="of an earlier version", role="service.collection", purposes=["marketing"]
        )
        (folder / "keys" / "collection.key").write_text(narrow, encoding="ascii")
        assert opened.collection.points()
        key = (folder / "keys" / "collection.key").read_text(encoding="ascii").strip()
        actor = opened.gate.actor(key)
        public = [
            point for point in opened.policy().points.values() if point.public and point.actor == actor.role
        ]
        assert public
        assert all(actor.may_serve(purpose) for point in public for purpose in point.purposes)
        assert {record.key_id for record in opened.key_records() if record.revoked_at} == {narrow_id}


def test_key_that_serves_every_public_purpose_stays(tmp_path: Path, clock: SettableClock) -> None:
    """Opening a folder again makes no further keys."""
    folder = tmp_path / "data"
    init_folder(folder, clock=clock)
    for _ in range(2):
        with troth.open(folder, clock=clock) as opened:
            assert opened.collection.points()
            count = len(opened.key_records())
    assert count == 2
