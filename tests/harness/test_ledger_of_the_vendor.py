"""What proofs read of the ledger: each entry once, however often it was exported before."""

from pathlib import Path

from tests.clauses.vendor import Vendor


def test_each_entry_is_told_once(tmp_path: Path) -> None:
    """Shorter files that earlier exports left beside a bundle tell nothing a second time."""
    vendor = Vendor(tmp_path)
    with vendor.open() as site:
        assert site.register(1).status_code == 201
        before = vendor.ledger()
        assert site.register(2).status_code == 201
        after = vendor.ledger()
    ids = [one["id"] for one in after]
    assert after[: len(before)] == before
    assert len(ids) == len(set(ids)) > len(before)
