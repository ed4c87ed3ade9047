"""Only the policy names fields, cookies, pixels and storage; the code reads them from it by type and part."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.policies import REFERENCE
from troth.policy import Cookie, Telemetry, kept_policy

SOURCE = Path(__file__).resolve().parents[2] / "src" / "troth"
EVERYWHERE = {"name": "whatever is declared, issued or described has a name"}
MADE = frozenset({"cli/made_people.py", "cli/demo.py"})
"""The made people of the demonstration, who live in the reference policy."""
TYPE = "a type of value, which the policy format itself names"
DECLARED = "a kind of declaration, which the policy format itself names"
PART = "a part that a cookie, field or point is declared to play (`remembers`, `part`); the code finds it by this"
CHANNEL = "a channel, which the policy format itself names"
EXAMPLE = "an example of the API description"
MEMBER = "a member of a document or form that Troth itself defines"
MODULE = "a name of a module's own door"
COLUMN = "a column of a table"
WORD = "a word told to people, in a template or an error"
ALLOWED: dict[str, dict[str, str]] = {
    "accounts/attempts.py": {"passkey": PART, "password": PART},
    "accounts/model.py": {"email": TYPE, "passkey": PART, "password": PART},
    "accounts/passkeys.py": {"passkey": PART},
    "accounts/passwords.py": {"password": PART},
    "accounts/service.py": {"passkey": PART, "password": PART, "session": MEMBER},
    "bulletins/model.py": {"email": CHANNEL, "phone": CHANNEL},
    "bulletins/service.py": {"product": MEMBER},
    "bulletins/tables.py": {"product": COLUMN},
    "bulletins/text.py": {"company": WORD, "product": WORD},
    "bootstrap/bulletins.py": {"company": WORD, "product": WORD},
    "cli/bulletins.py": {"product": MEMBER},
    "storage/migrations/data/versions/0031_case_facts.py": {"product": COLUMN},
    "gate/owning.py": {"product": PART},
    "policy/products.py": {"product": DECLARED},
    "policy/checks/products.py": {"product": PART},
    "bootstrap/campaigning.py": {"company": WORD, "language": "what browsers fill a field with"},
    "bootstrap/previewing.py": {"language": MEMBER},
    "bootstrap/supporting.py": {"email": TYPE},
    "cli/desk.py": {"desk": "a group of commands"},
    "desk/picking.py": {"serial": TYPE},
    "outreach/writing.py": {"company": WORD, "email": CHANNEL, "language": MEMBER, "phone": CHANNEL},
    "web/bulletin_operations.py": {
        "product": MEMBER,
        "language": MEMBER,
        "email": CHANNEL,
        "phone": CHANNEL,
    },
    "web/bulletin_shapes.py": {"product": MEMBER},
    "web/campaign_operations.py": {"language": MEMBER, "email": CHANNEL},
    "web/message_api.py": {"language": MEMBER},
    "web/console/campaigns.py": {"language": MEMBER},
    "web/console/values.py": {"country": MEMBER},
    "bootstrap/countries.py": {"country": "a member of the records of country databases"},
    "bootstrap/intake.py": {"email": CHANNEL},
    "bootstrap/receiving.py": {"email": CHANNEL},
    "choice/model.py": {"choice": PART},
    "choice/registry.py": {"choice": PART, "session": PART},
    "cli/enforcement.py": {
        "choice": "a room of Troth",
        "desk": "a room of Troth",
        "preferences": "a room of Troth",
    },
    "cli/telemetry.py": {"product": COLUMN},
    "collection/forms.py": {"choice": TYPE, "country": TYPE, "email": TYPE, "phone": TYPE, "serial": TYPE},
    "collection/model.py": {"choice": TYPE, "country": TYPE, "email": TYPE, "phone": TYPE, "serial": TYPE},
    "collection/recognising/registry.py": {"email": TYPE, "phone": TYPE},
    "events/agents.py": {"phone": "a kind of device"},
    "bootstrap/connector_files.py": {"email": "a kind of identifier in data sets"},
    "cli/connectors.py": {"errors": MEMBER},
    "cli/telemetry_code.py": {"choice": TYPE},
    "cli/telemetry_schema.py": {"language": MEMBER},
    "cli/reports.py": {"product": MEMBER},
    "insights/engine.py": {"country": COLUMN, "product": COLUMN, "referrer": COLUMN, "robot": COLUMN},
    "insights/planning.py": {"country": COLUMN, "referrer": COLUMN},
    "insights/sql.py": {"country": COLUMN, "referrer": COLUMN, "robot": COLUMN},
    "insights/report_sums.py": {"choice": TYPE},
    "policy/checks/insights.py": {"country": PART, "referrer": PART},
    "policy/counting.py": {"choice": TYPE},
    "insights/changes.py": {"product": MEMBER},
    "insights/tables.py": {"product": COLUMN},
    "storage/migrations/data/versions/0023_product_changes.py": {"product": COLUMN},
    "events/lake.py": {"country": COLUMN, "referrer": COLUMN, "robot": COLUMN},
    "events/preparing.py": {
        "choice": PART,
        "country": TYPE,
        "referrer": PART,
        "robot": PART,
        "session": PART,
    },
    "bootstrap/accounting.py": {"language": MEMBER},
    "bootstrap/links.py": {"email": CHANNEL, "language": MEMBER, "phone": CHANNEL, "preferences": PART},
    "bootstrap/preferring.py": {"email": CHANNEL},
    "gate/collecting.py": {"email": CHANNEL},
    "preferences/model.py": {"phone": CHANNEL},
    "web/preference_operations.py": {"email": EXAMPLE},
    "web/stopping.py": {"email": MEMBER, "preferences": PART},
    "flows/certified.py": {"company": WORD, "language": MEMBER},
    "flows/copying.py": {"email": TYPE, "phone": TYPE},
    "flows/masking.py": {"phone": TYPE},
    "flows/package_forms.py": {"language": MEMBER},
    "flows/packages.py": {"language": MEMBER},
    "forum/service.py": {"posting": WORD},
    "gate/facts.py": {"email": TYPE},
    "gate/form.py": {"email": CHANNEL, "language": MEMBER, "session": MEMBER},
    "gate/opening.py": {"email": TYPE},
    "gate/orders.py": {"session": MEMBER},
    "gate/promising.py": {"language": MEMBER},
    "ledger/__init__.py": {"errors": MODULE},
    "bootstrap/reminding.py": {"company": WORD},
    "bootstrap/partners.py": {"phone": CHANNEL},
    "outreach/letter_message.py": {"language": MEMBER},
    "cli/calls.py": {"language": MEMBER, "phone": CHANNEL},
    "outreach/call_tables.py": {"language": COLUMN},
    "outreach/calls.py": {"phone": CHANNEL},
    "outreach/letter_setting.py": {"company": WORD, "language": MEMBER},
    "outreach/letter_text.py": {"country": "a part of values of the type address"},
    "outreach/letters.py": {"country": "a part of values of the type address"},
    "storage/migrations/data/versions/0033_letters_and_calls.py": {"language": COLUMN},
    "web/call_operations.py": {"language": MEMBER},
    "outreach/composing.py": {"company": WORD},
    "outreach/service.py": {"company": WORD, "email": CHANNEL, "language": MEMBER},
    "outreach/expressions.py": {"choice": TYPE, "country": TYPE},
    "policy/checks/counting.py": {"choice": TYPE, "country": TYPE},
    "policy/checks/matters.py": {"choice": TYPE, "email": TYPE},
    "policy/checks/deadlines.py": {"session": PART},
    "ingress/filling.py": {"choice": TYPE},
    "ingress/glean.py": {"choice": TYPE},
    "ingress/lake.py": {"product": COLUMN},
    "ingress/model.py": {"product": CHANNEL},
    "ingress/reading.py": {"choice": TYPE, "product": MEMBER},
    "ingress/receipts.py": {"product": COLUMN},
    "ingress/switching.py": {"product": MEMBER},
    "ingress/tables.py": {"product": COLUMN},
    "storage/migrations/data/versions/0024_telemetry.py": {"product": COLUMN},
    "web/telemetry/pages.py": {"choice": TYPE, "product": MEMBER},
    "web/telemetry/operations.py": {"cores": EXAMPLE, "product": MEMBER},
    "policy/checks/points.py": {"email": TYPE},
    "policy/checks/recipients.py": {"country": "a key of the policy format"},
    "policy/checks/technologies.py": {"choice": PART},
    "policy/checks/telemetry.py": dict.fromkeys(
        ["choice", "email", "password", "phone", "serial", "session", "username"],
        "a word that no metric may have",
    ),
    "policy/telemetry.py": {"choice": TYPE},
    "policy/checks/terms.py": {"phone": "a place of notices", "product": DECLARED},
    "policy/technologies.py": {"choice": PART, "display": PART, "form": PART, "session": PART},
    "policy/things.py": {
        "choice": TYPE,
        "country": TYPE,
        "email": TYPE,
        "passkey": PART,
        "password": PART,
        "phone": TYPE,
        "preferences": PART,
        "serial": TYPE,
    },
    "policy/websites.py": {"country": TYPE, "referrer": PART, "robot": PART},
    "relay/delivering.py": {"email": CHANNEL},
    "relay/receiving.py": {"email": CHANNEL},
    "relay/tables.py": {"relay_alias": "a table"},
    "storage/migrations/data/versions/0014_relay.py": {"relay_alias": "a table"},
    "web/relay_operations.py": {"posting": EXAMPLE},
    "web/relaying.py": {"posting": "a part of the address of a page"},
    "rights/tables.py": {"language": "a column"},
    "storage/migrations/data/versions/0013_matters.py": {"language": "a column"},
    "telemetry/commands.py": {"product": MEMBER},
    "telemetry/passes.py": {"product": MEMBER},
    "telemetry/recorder.py": {"choice": TYPE, "product": MEMBER},
    "telemetry/report.py": {"product": MEMBER},
    "telemetry/schema.py": {"choice": TYPE, "product": MEMBER},
    "vault/model.py": {"email": TYPE},
    "vault/selftest.py": {"email": TYPE, "phone": TYPE},
    "vault/service.py": {"email": TYPE},
    "web/account_api.py": {"password": MEMBER},
    "web/account_api_operations.py": {
        "company": EXAMPLE,
        "email": EXAMPLE,
        "password": EXAMPLE,
        "session": EXAMPLE,
    },
    "web/account_api_shapes.py": {"passkey": PART, "password": PART},
    "web/account_operations.py": {"email": EXAMPLE, "password": MEMBER, "session": MEMBER},
    "web/accounts.py": {"email": MEMBER, "password": PART, "session": MEMBER},
    "web/console/entering.py": {"email": CHANNEL, "phone": CHANNEL},
    "web/console/signing_in.py": {"password": MEMBER},
    "web/console/stopping.py": {"email": TYPE, "phone": TYPE},
    "web/console/words.py": {
        "choice": TYPE,
        "email": CHANNEL,
        "phone": CHANNEL,
        "product": CHANNEL,
    },
    "web/describing.py": {"errors": MEMBER},
    "web/console/reports.py": {"product": MEMBER},
    "web/event_operations.py": {"errors": MEMBER, "referrer": MEMBER},
    "web/failing.py": {"errors": MEMBER},
    "web/form_operations.py": {"email": EXAMPLE, "product": EXAMPLE, "serial": EXAMPLE},
    "web/forms/marks.py": {"form": PART},
    "web/forms/showing.py": {"form": WORD},
    "web/forum_operations.py": {"posting": MEMBER},
    "web/operations.py": {"email": EXAMPLE, "product": EXAMPLE, "serial": EXAMPLE},
    "web/pages.py": {"company": WORD, "session": PART},
    "web/portal/asking.py": {"email": TYPE, "phone": TYPE},
    "web/portal/pages.py": {"language": MEMBER},
    "web/speaking.py": {"display": PART, "language": MEMBER},
    "web/portal_operations.py": {"language": MEMBER, "request_kind": EXAMPLE, "request_text": EXAMPLE},
    "web/posting.py": {"posting": WORD},
    "web/rendering.py": {"company": WORD},
    "web/report_operations.py": {"product": EXAMPLE},
    "web/signing_in.py": {"email": MEMBER, "password": MEMBER},
    "web/tracking.py": {"errors": MEMBER},
    "web/visiting.py": {"session": PART},
}
"""For each file, the names that stand in it, each with why."""


def _names() -> frozenset[str]:
    policy = kept_policy(REFERENCE.read_bytes())
    found = set(policy.fields) | {metric.name for metric in policy.of(Telemetry)}
    for kind in ("cookie", "pixel", "storage"):
        for name, thing in policy.things.get(kind, {}).items():
            found |= {name, str(getattr(thing, "called", "") or name)}
    return frozenset(found)


def _literals(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def _unexcused(where: str, path: Path, names: frozenset[str]) -> list[str]:
    """Each literal of a file that is such a name without a reason to stand there."""
    excused = EVERYWHERE.keys() | ALLOWED.get(where, {}).keys()
    return sorted(f"{where}:{line}: {text}" for line, text in _literals(path) if text in names - excused)


def test_no_code_names_what_the_policy_declares() -> None:
    """No literal of the code is the name of a declared field, cookie, pixel or storage entry, but for reasoned ones."""
    names = _names()
    assert len(names) > 40
    files = {str(path.relative_to(SOURCE)): path for path in sorted(SOURCE.rglob("*.py"))}
    assert [
        one for where, path in files.items() if where not in MADE for one in _unexcused(where, path, names)
    ] == []


def test_a_name_in_the_code_is_found(tmp_path: Path) -> None:
    """A field, a cookie by its name in the browser and an everyday word are found; what one file may say, another may not."""
    names = _names()
    code = tmp_path / "code.py"
    code.write_text('values["order_number"] = values.get("company")\nlanguage = "language"\nname = "name"\n')
    assert _unexcused("web/new.py", code, names) == [
        "web/new.py:1: company",
        "web/new.py:1: order_number",
        "web/new.py:2: language",
    ]
    code.write_text('kind = "password"\n')
    assert _unexcused("accounts/model.py", code, names) == []
    assert _unexcused("gate/model.py", code, names) == ["gate/model.py:1: password"]
    cookies = {thing.wire_name for thing in kept_policy(REFERENCE.read_bytes()).of(Cookie)}
    assert cookies <= names


def test_no_reason_is_left_over() -> None:
    """Each excuse is for a name of the policy that still stands in the file."""
    names = _names()
    for where, words in ALLOWED.items():
        stand = {text for _, text in _literals(SOURCE / where)}
        assert words.keys() <= names & stand, (where, words.keys() - (names & stand))
