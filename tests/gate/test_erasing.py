"""An erasure ends once, whoever finishes it, and one that a store holds up is told and finished by itself."""

from collections.abc import Sequence

import pytest

from tests.gate.conftest import RIGHTS, Company
from troth.gate import Gate, Outcome
from troth.kernel import Unavailable, micros
from troth.vault import KeyRing, Vault, begin_erasure, begun_erasures
from troth.vault.tables import erasure, person, sealed_field


def begin(company: Company, *people: str) -> None:
    """Commit to erasures as a process does that is killed right afterwards."""
    with company.database.transaction() as tx:
        for who in people:
            begin_erasure(tx, who, micros(company.clock.now()))


def erase(company: Company, who: str, gate: Gate | None = None) -> Outcome:
    """Erase somebody under a case of their request."""
    case = company.open_case("request", "staff.privacy", RIGHTS, who)
    return (gate or company.gate).perform(
        [company.ask("erase", "staff.privacy", RIGHTS, person=who, case=case)]
    )[0]


def ended(company: Company) -> list[str]:
    """Whose erasure the ledger calls finished, sorted."""
    return sorted(entry.person for entry in company.entries() if entry.act == "erased")


def second_gate(company: Company) -> Gate:
    """The gate of another process."""
    keys = KeyRing(company.keystore, company.vault.keys._root)
    return Gate(company.database, Vault(keys), company.clock)


def test_two_processes_that_resume_record_each_end_once(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that starts while another finishes the same erasures finishes none of them a second time."""
    people = sorted(company.register(number) for number in range(3))
    begin(company, *people)
    starting = second_gate(company)
    destroy = KeyRing.destroy

    def overtaken(keys: KeyRing, persons: Sequence[str]) -> None:
        destroy(keys, persons)
        if keys is company.vault.keys:
            assert starting.resume_erasures() == len(people)

    monkeypatch.setattr(KeyRing, "destroy", overtaken)
    assert company.gate.resume_erasures() == 0
    assert ended(company) == people
    assert company.count(person) == 0


def test_a_start_beside_a_running_erasure_records_its_end_once(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that starts between the intent and the end of an erasure finishes it; the eraser sees it done."""
    who = company.register(1)
    starting = second_gate(company)
    destroy = KeyRing.destroy

    def overtaken(keys: KeyRing, persons: Sequence[str]) -> None:
        if keys is company.vault.keys:
            assert starting.resume_erasures() == 1
        destroy(keys, persons)

    monkeypatch.setattr(KeyRing, "destroy", overtaken)
    assert erase(company, who).permitted
    assert ended(company) == [who]


def test_an_erasure_held_up_is_told_and_finished_later(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the key store takes no work after the intent, the erasure is told as unfinished, and the next act ends it."""
    who, other = company.register(1), company.register(2)
    case = company.open_case("request", "staff.privacy", RIGHTS, who)
    asks = [
        company.ask("erase", "staff.privacy", RIGHTS, person=who, case=case),
        company.registration(3),
    ]
    with monkeypatch.context() as held:

        def full(keys: KeyRing, persons: Sequence[str]) -> None:
            raise Unavailable("The disk is full.", mend="Free some space.")

        held.setattr(KeyRing, "destroy", full)
        erased, registered = company.gate.perform(asks)
        assert registered.permitted  # its unit of work was committed, and so it is told
        assert erased.problem is not None
        assert erased.problem.status == 503
        assert "begun" in erased.problem.detail
        assert "Free some space." in erased.problem.mend
        assert company.register(4)  # others go on meanwhile
        with company.database.snapshot() as tx:
            assert begun_erasures(tx) == [who]
        assert ended(company) == []
    assert company.register(5)
    assert ended(company) == [who]
    assert company.count(erasure) == 0
    assert company.vault.keys.newest_keys([who]) == {}
    assert company.vault.keys.newest_keys([other]).keys() == {other}
    assert company.count(sealed_field) == 4 * 4


def test_a_field_erasure_held_up_is_told_and_finished_later(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same with the keys of groups that an erasure of fields left empty."""
    who = company.register(1)
    case = company.open_case("request", "staff.privacy", RIGHTS, who)
    fields = ("email", "name", "product", "serial")
    ask = company.ask("erase", "staff.privacy", RIGHTS, person=who, case=case, fields=fields)
    with monkeypatch.context() as held:

        def full(*_: object) -> None:
            raise Unavailable("The disk is full.", mend="Free some space.")

        held.setattr("troth.gate.service.end_keys", full)
        (erased,) = company.gate.perform([ask])
        assert erased.problem is not None
        assert erased.problem.status == 503
        assert company.vault.keys.newest_keys([who])[who]
    assert company.count(sealed_field) == 0
    assert company.register(2)
    assert company.vault.keys.newest_keys([who]) == {}
