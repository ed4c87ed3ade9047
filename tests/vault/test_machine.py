"""The vault against a dictionary: any order of adding, writing, stances, erasing and changing keys answers the same."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.vault.stand import FIELDS, Stand
from troth.kernel import Conflict, new_id
from troth.vault import STANCES, record_stance, rekey_persons, rotate_store_key, withdraw_stance

PURPOSES = ("marketing.communications.email", "analytics")
NAMES = st.sampled_from(sorted(FIELDS))
VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.integers(0, 99), st.none()
)


def test_the_vault_answers_like_a_dictionary(stand: Stand) -> None:
    """Whatever is done in whatever order, values, identifiers and stances are those of a dictionary."""

    class Machine(RuleBasedStateMachine):
        """People in the vault and in a dictionary."""

        people = Bundle("people")

        def __init__(self) -> None:
            super().__init__()
            self.values: dict[str, dict[str, Any]] = {}
            self.addresses: dict[str, str] = {}
            self.stances: dict[str, set[tuple[str, str]]] = {}
            self.mark = new_id()
            self.now = 100

        @rule(target=people, number=st.integers(0, 5), token=VALUES)
        def add(self, number: int, token: Any) -> str:
            """Somebody new, unless somebody has the address already."""
            who, address = new_id(), f"{number}.{self.mark}@example.com"
            if address in self.addresses:
                try:
                    stand.add(who, email=address)
                except Conflict:
                    return self.addresses[address]
                raise AssertionError(address)
            stand.add(who, email=address, payment_token=token)
            self.values[who] = {"email": address, "payment_token": token}
            self.addresses[address] = who
            self.stances[who] = set()
            return who

        @rule(who=people, name=NAMES, value=VALUES)
        def write(self, who: str, name: str, value: Any) -> None:
            """A value of somebody known."""
            if who in self.values:
                stand.write(who, **{name: value})
                self.values[who][name] = value

        @rule(
            who=people,
            stance=st.sampled_from(STANCES),
            purpose=st.sampled_from(PURPOSES),
            taken=st.booleans(),
        )
        def say(self, who: str, stance: str, purpose: str, taken: bool) -> None:  # noqa: FBT001
            """Something said or taken back."""
            if who not in self.values:
                return
            with stand.data.transaction() as tx:
                if taken:
                    there = withdraw_stance(tx, who, purpose, stance)
                    assert there == ((stance, purpose) in self.stances[who])
                    self.stances[who].discard((stance, purpose))
                else:
                    record_stance(tx, who, purpose, stance, self.now)
                    self.stances[who].add((stance, purpose))

        @rule(who=consumes(people))
        def erase(self, who: str) -> None:
            """Somebody goes; twice is once."""
            stand.erase(who)
            self.values.pop(who, None)
            self.stances.pop(who, None)
            self.addresses = {a: one for a, one in self.addresses.items() if one != who}

        @rule(kind=st.sampled_from(["rekey", "rotate", "open anew"]))
        def change_keys(self, kind: str) -> None:
            """New keys, or the vault opened again."""
            self.now += 1
            if kind == "rekey":
                rekey_persons(stand.data, stand.keys, self.now)
            elif kind == "rotate":
                rotate_store_key(stand.keystore, stand.root, self.now)
            else:
                stand.vault = Stand(stand.data, stand.keystore, stand.root).vault

        @invariant()
        def agrees(self) -> None:
            """Both say the same of everybody."""
            for who, values in self.values.items():
                assert stand.read(who) == values
            for number in range(6):
                address = f"{number}.{self.mark}@example.com"
                assert stand.find(address) == self.addresses.get(address)
            with stand.data.snapshot() as tx:
                known = stand.vault.people(tx, self.values)
            assert {who: set(state.stances) for who, state in known.items()} == self.stances

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
