"""Library, command line and HTTP give the same answer for the same act.

One folder is prepared, then copied for each door, so that acts that change something are done once behind each. The
expected answer stands beside the act; every door must give exactly it.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest

import troth
from tests.support.policies import any_serial_file
from tests.support.process import TROTH, ClockFile, Troth
from tests.support.starting import run
from troth.kernel import FileClock

SUPPORT = "essential.service.operations.support"
REGISTER = "essential.service.product_registration"
RIGHTS = "essential.service.rights_request"
ORDERS = "essential.service.fulfil_order"
MAIL = "marketing.communications.email"
NOBODY = "0" * 32


class Answer(NamedTuple):
    """What an act came to, as far as every door must agree.

    Args:
        effect: permit or deny.
        code: Kind of problem; empty when the act was done.
        clause: Clause that the problem names.
        field: Part at fault that the problem names.
        clauses: Clauses that decided, when something was decided.
        values: Values read.
        withheld: Fields withheld.
        recorded: Whether the ledger has an entry.
    """

    effect: str
    code: str = ""
    clause: str = ""
    field: str = ""
    clauses: tuple[str, ...] = ()
    values: Mapping[str, Any] = MappingProxyType({})
    withheld: tuple[str, ...] = ()
    recorded: bool = True


class Case(NamedTuple):
    """An act, by whom, and the one right answer."""

    name: str
    key: str
    ask: dict[str, Any]
    answer: Answer


def denied(clause: str, *others: str) -> Answer:
    """Denied by clauses, and recorded."""
    return Answer("deny", "refused", clause, "", (clause, *others))


def invalid(field: str, clause: str = "") -> Answer:
    """Malformed; nothing was decided or recorded."""
    return Answer("deny", "invalid-input", clause, field, (clause,) if clause else (), recorded=False)


def read(*fields: str, **more: Any) -> dict[str, Any]:
    """Support reads Ann under her open ticket."""
    return {"act": "use", "purpose": SUPPORT, "person": "ann", "fields": fields, "case": "ticket", **more}


def register(person: str, **more: Any) -> dict[str, Any]:
    """Somebody registers a product."""
    values = {
        "name": person,
        "email": f"{person}@example.com",
        "product": "Example Sensor",
        "serial": f"EX-{person}",
    }
    return {
        "act": "collect", "purpose": REGISTER, "point": "product-registration", "channel": "web",
        "notice": "registration-notice", "age_passed": True, "values": values, **more,
    }  # fmt: skip


CASES = (
    Case("read under a ticket", "support", read("name", "email"), Answer("permit", clauses=("II.12",), values={"name": "ann", "email": "ann@example.com"})),
    Case("read by an address", "support", read("name", person="", identify={"email": "ann@example.com"}), Answer("permit", clauses=("II.12",), values={"name": "ann"})),
    Case("read of what there is not", "support", read("phone"), Answer("permit", clauses=("II.12",))),
    Case("partial read", "support", read("name", "payment_token", partial=True), Answer("permit", clauses=("II.12",), values={"name": "ann"}, withheld=("payment_token",))),
    Case("read without a ticket", "support", read("name", case=""), denied("II.12", "IV.2")),
    Case("read under another's ticket", "support", read("name", person="bob"), denied("II.12", "IV.2")),
    Case("read under a closed ticket", "support", read("name", case="closed"), denied("II.12", "IV.2")),
    Case("read for another purpose", "support", read("name", purpose=MAIL), denied("IV.2")),
    Case("read by another role", "fulfilment", read("billing_address", purpose=ORDERS), denied("II.11", "IV.2")),
    Case("export without a recipient", "support", read("email", act="disclose"), denied("I.2")),
    Case("export to a stranger", "support", read("email", act="disclose", recipient="stranger"), denied("I.2")),
    Case("read of nobody", "support", read("name", person=NOBODY), denied("II.12", "IV.2")),
    Case("read of an undeclared field", "support", read("shoe_size"), invalid("shoe_size", "0.4")),
    Case("no such kind of act", "support", read("name", act="dance"), invalid("act")),
    Case("no purpose", "support", read("name", purpose=""), invalid("purpose", "0.2")),
    Case("a key that does not work", "nonsense", read("name"), Answer("deny", "unauthenticated", recorded=False)),
    Case("registration", "collecting", register("carl"), Answer("permit", clauses=("I.9",))),
    Case("registration without a channel", "collecting", register("dora", channel=""), invalid("channel", "0.5")),
    Case("registration at no point", "collecting", register("dora", point="back-door"), denied("I.1", "I.9")),
    Case("registration without the notice", "collecting", register("dora", notice=""), denied("I.9")),
    Case("registration of another's serial", "collecting", register("dora", values={"name": "dora", "email": "dora@example.com", "product": "x", "serial": "EX-ann"}), Answer("deny", "conflict", "I.12", "serial", ("I.12",), recorded=False)),
    Case("a ticket is opened", "support", {"act": "instruct", "order": "open-case", "case_type": "ticket", "purpose": SUPPORT, "person": "bob"}, Answer("permit", clauses=("II.12",))),
    Case("a case of no type", "support", {"act": "instruct", "order": "open-case", "case_type": "whim", "purpose": SUPPORT, "person": "bob"}, Answer("deny", "invalid-input", "", "case_type", ("II.12",), recorded=False)),
    Case("erasure without a request", "privacy", {"act": "erase", "purpose": RIGHTS, "person": "bob"}, denied("III.2")),
    Case("erasure under a request", "privacy", {"act": "erase", "purpose": RIGHTS, "person": "eve", "case": "request"}, Answer("permit", clauses=("III.2",))),
)  # fmt: skip


class Prepared(NamedTuple):
    """The folder that is copied for each door, with the names that acts use for handles, cases and keys."""

    folder: Path
    clock: ClockFile
    names: dict[str, str]
    keys: dict[str, str]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Ann, Bob and Eve are registered; Ann has an open and a closed ticket, Eve a request."""
    base = tmp_path_factory.mktemp("doors")
    clock = ClockFile(base / "clock")
    troth.init_folder(base / "data", policy=any_serial_file(base), clock=FileClock(clock.path))
    with troth.open(base / "data", clock=FileClock(clock.path)) as t:
        roles = {
            "support": ("staff.support", [SUPPORT], ["ticket"]),
            "privacy": ("staff.privacy", [RIGHTS], ["request"]),
            "fulfilment": ("staff.fulfilment", [ORDERS], ["order"]),
            "collecting": ("service.collection", [REGISTER], []),
        }
        keys = {
            name: t.issue_key(name=name, role=role, purposes=purposes, cases=cases)[0]
            for name, (role, purposes, cases) in roles.items()
        }

        def done(key: str, **ask: Any) -> troth.Outcome:
            outcome = t.perform([msgspec.convert({**ask, "key": keys[key]}, troth.Ask)])[0]
            assert outcome.permitted, outcome
            return outcome

        names = {one: done("collecting", **register(one)).person for one in ("ann", "bob", "eve")}
        opening = {"act": "instruct", "order": "open-case"}
        for name, kind, person, purpose, key in (
            ("ticket", "ticket", "ann", SUPPORT, "support"),
            ("closed", "ticket", "ann", SUPPORT, "support"),
            ("request", "request", "eve", RIGHTS, "privacy"),
        ):
            names[name] = done(key, **opening, case_type=kind, purpose=purpose, person=names[person]).case
        done("support", act="instruct", order="close-case", purpose=SUPPORT, case=names["closed"])
    return Prepared(base / "data", clock, names, {**keys, "nonsense": "troth_nonsense_nonsense"})


def written_out(case: Case, prepared: Prepared) -> dict[str, Any]:
    """The act with handles and ids in place of names."""
    named: dict[str, Any] = {
        part: prepared.names.get(case.ask[part], case.ask[part])
        for part in ("person", "case")
        if part in case.ask
    }
    return {**case.ask, **named}


def of_outcome(outcome: dict[str, Any]) -> Answer:
    """The answer in an outcome."""
    problem = outcome["problem"] or {"code": "", "clause": "", "field": ""}
    return Answer(
        outcome["effect"],
        problem["code"],
        problem.get("clause", ""),
        problem.get("field", ""),
        tuple(outcome["clauses"]),
        outcome["values"],
        tuple(outcome["withheld"]) if outcome["problem"] is None else (),
        bool(outcome["entry"]),
    )


Door = Callable[[dict[str, Any], str], Answer]


@pytest.fixture(scope="module")
def stack() -> Iterator[ExitStack]:
    """Closes the doors after the module's tests."""
    with ExitStack() as opened:
        yield opened


def copy_of(prepared: Prepared, name: str) -> Path:
    """A copy of the prepared folder for one door."""
    folder = prepared.folder.with_name(name)
    shutil.copytree(prepared.folder, folder)
    return folder


@pytest.fixture(scope="module")
def library(prepared: Prepared, stack: ExitStack) -> Door:
    """The gate in this process."""
    opened = stack.enter_context(
        troth.open(copy_of(prepared, "library"), clock=FileClock(prepared.clock.path))
    )

    def ask(given: dict[str, Any], key: str) -> Answer:
        outcome = opened.perform([msgspec.convert({**given, "key": key}, troth.Ask)])[0]
        return of_outcome(json.loads(msgspec.json.encode(outcome)))

    return ask


@pytest.fixture(scope="module")
def program(prepared: Prepared) -> Door:
    """The command line, as a process for each act."""
    folder = copy_of(prepared, "program")
    environment = {**os.environ, "TROTH_CLOCK_FILE": str(prepared.clock.path), "TROTH_DATA": str(folder)}

    def ask(given: dict[str, Any], key: str) -> Answer:
        result = run(
            [TROTH, "act", "--ask", "-", "--json"], {**environment, "TROTH_KEY": key}, json.dumps(given)
        )
        document = json.loads(result.stdout)
        assert bool(result.returncode) == ("error" in document), result
        return of_outcome(document)

    return ask


@pytest.fixture(scope="module")
def client(prepared: Prepared, stack: ExitStack) -> httpx.Client:
    """An HTTP client of a real server."""
    serving = stack.enter_context(Troth(copy_of(prepared, "http"), prepared.clock).serving())
    return stack.enter_context(httpx.Client(base_url=serving.base_url, timeout=60, trust_env=False))


@pytest.fixture(scope="module")
def http(client: httpx.Client) -> Door:
    """A real server, asked over HTTP."""

    def ask(given: dict[str, Any], key: str) -> Answer:
        response = client.post("/v1/acts", json=given, headers={"Authorization": f"Bearer {key}"})
        found = response.json()
        if response.is_success:
            return of_outcome(found)
        assert response.headers["content-type"] == "application/problem+json"
        assert found["status"] == response.status_code
        clauses = found.get("clauses", [found["clause"]] if "clause" in found else [])
        code = found["type"].rsplit("/", 1)[-1]
        return Answer(
            "deny",
            code,
            found.get("clause", ""),
            found.get("field", ""),
            tuple(clauses),
            recorded="entry" in found,
        )

    return ask


@pytest.mark.parametrize("door", ["library", "program", "http"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_door_gives_the_same_answer(
    case: Case, door: str, prepared: Prepared, request: pytest.FixtureRequest
) -> None:
    """The same act by the same actor comes to the one expected answer, whichever door it goes through."""
    ask: Door = request.getfixturevalue(door)
    assert ask(written_out(case, prepared), prepared.keys[case.key]) == case.answer


DECISIONS = (
    {"kind": "use", "actor": "staff.support", "purpose": SUPPORT, "data": ["user.name"], "facts": ["case.open", "case.ticket", "purpose.granted"]},
    {"kind": "use", "actor": "staff.support", "purpose": SUPPORT, "data": ["user.contact.email", "user.payment.token"], "facts": ["case.open", "case.ticket", "purpose.granted"]},
    {"kind": "use", "actor": "staff.marketing", "purpose": MAIL, "data": ["user.contact.email"], "facts": ["person.consented", "person.objected", "purpose.granted"]},
    {"kind": "disclose", "actor": "staff.legal", "purpose": "third_party_sharing.legal_obligation", "data": ["user.name"], "recipient": "old-survey-bureau"},
    {"kind": "use", "actor": "staff.wizard", "purpose": SUPPORT, "data": ["user.telepathy"]},
)  # fmt: skip


@pytest.mark.parametrize("act", DECISIONS, ids=lambda act: f"{act['actor']} {act['kind']}")
def test_every_door_decides_alike(act: dict[str, Any], prepared: Prepared, client: httpx.Client) -> None:
    """An act in the abstract is decided alike by the library, the command line and HTTP, explanation included."""
    with troth.open(prepared.folder, clock=FileClock(prepared.clock.path), sequencer=False) as opened:
        day = opened.clock.now().date().isoformat()
        lists = {"data": tuple(act["data"]), "facts": tuple(act.get("facts", ()))}
        expected = opened.policy().explain(troth.Act(**{**act, **lists, "on": day})).to_dict()
    result = run(
        [TROTH, "policy", "explain", "--act", json.dumps(act), "--json", "--data", prepared.folder],
        {**os.environ, "TROTH_CLOCK_FILE": str(prepared.clock.path)},
    )
    assert result.returncode == 0, result
    assert json.loads(result.stdout) == json.loads(json.dumps(expected))
    response = client.post(
        "/v1/decide", json=act, headers={"Authorization": f"Bearer {prepared.keys['support']}"}
    )
    assert response.json() == json.loads(json.dumps(expected))
