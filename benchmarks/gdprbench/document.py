"""The policy document of the bench: purposes, shares, choices and record fields as the mix needs them."""

from benchmarks.gdprbench.mix import ACCESS, DECISIONS, OBJECTIONS, PURPOSES, SHARES, SLOTS, SOURCES, TERMS

BASE = "functional.m"
CONTROL = f"{BASE}.control"
DISPOSAL = f"{BASE}.disposal"
_CATEGORY = "user.content"


def purpose(number: int, access: int | None = None) -> str:
    """The data use of a purpose, or of one of its access classes."""
    return f"{BASE}.p{number:02d}" + ("" if access is None else f".a{access}")


def share(number: int, source: int | None = None) -> str:
    """The data use of sharing with a group of recipients, or of one of its source classes."""
    return f"{BASE}.share{number:02d}" + ("" if source is None else f".c{source}")


def objection(number: int | None = None) -> str:
    """The data use that a person can object to."""
    return f"{BASE}.obj" + ("" if number is None else f".o{number:02d}")


def decision(number: int) -> str:
    """The data use of deciding by machine."""
    return f"{BASE}.dec.d{number}"


def slot(number: int, choice: int | None = None) -> str:
    """The data use of one record of a person, or of deciding by machine on it."""
    return f"{BASE}.slot{number:02d}" + ("" if choice is None else f".d{choice}")


def term(number: int) -> str:
    """The data use of keeping a record until its day."""
    return f"{BASE}.term.t{number:03d}"


def document() -> str:
    """The policy document."""
    return _front() + _body()


def _uses() -> list[str]:
    uses = [BASE, CONTROL, DISPOSAL, objection(), f"{BASE}.dec", f"{BASE}.term"]
    for number in range(PURPOSES):
        uses += [purpose(number), *(purpose(number, access) for access in range(ACCESS))]
    for number in range(SHARES):
        uses += [share(number), *(share(number, source) for source in range(SOURCES))]
    uses += [objection(number) for number in range(OBJECTIONS)]
    uses += [decision(number) for number in range(DECISIONS)]
    uses += [term(number) for number in range(TERMS)]
    for number in range(SLOTS):
        uses += [slot(number), *(slot(number, choice) for choice in range(DECISIONS))]
    return uses


def _front() -> str:
    uses = "\n".join(f"    {use}: Of the mix." for use in _uses())
    return f"""---
title: Privacy policy of the benchmark
controller: {{name: "Example Security, Inc.", address: "1 Example Way", country: US}}
contact: {{privacy: privacy@example.com, support: support@example.com, page: "https://www.example.com/contact", optout_subject: Opt out}}
source: {{name: the benchmark, captured: 2026-11-24}}
last_updated: 2026-11-24
vocabulary: fideslang 3.1.4
promises: {{}}
defaults: {{deny: B.1, egress: B.1}}
terms:
  data_uses:
{uses}
---
"""


def _body() -> str:
    names = [f"r{number:02d}" for number in range(SLOTS)]
    fields = "".join(_field(name) for name in names)
    taken = ", ".join(f"{name}: optional" for name in names)
    purposes = ", ".join(purpose(number) for number in range(PURPOSES))
    permits = "".join(_purpose_rules(number) for number in range(PURPOSES))
    return f"""# Privacy policy of the benchmark

## Part B. Benchmark {{#B}}

### Records {{#B.1}}

People have records, which are kept and read for the purposes below, by the roles named here and nobody else.

```rule
notice: record-notice
at: [point.records, page.policy]
```
{fields}
```rule
declare: field
name: email
category: user.contact.email
class: personal
group: contact
type: email
identifier: true
```

```rule
declare: point
name: records
channels: [api]
fields: {{email: required, {taken}}}
purposes: [{purposes}]
actor: service.records
notice: record-notice
```
{_roles()}
### Purposes {{#B.2}}

Each purpose keeps its records for as long as it says.
{permits}
### Choices {{#B.3}}

What people choose is recorded, shown and obeyed. Records go when their day has come.

```rule
permit: choices
acts: [instruct]
actors: [service.records]
data: [user.privacy_preferences]
purposes: [{CONTROL}]
when: [purpose.granted]
retention: choices
reason: Choices are recorded and shown.
```

```rule
declare: retention
name: choices
data: [user.privacy_preferences]
purposes: [{CONTROL}]
keep: 5 years
after: last-visit
```

```rule
permit: deciding-by-machine
acts: [use]
actors: [service.records]
data: [{_CATEGORY}]
purposes: [{BASE}.dec]
when: [purpose.granted, person.consented]
retention: deciding
reason: Who agreed to it is decided about by machine.
```

```rule
declare: retention
name: deciding
data: [{_CATEGORY}]
purposes: [{BASE}.dec]
keep: 1 month
after: last-visit
```

```rule
permit: disposal
acts: [erase]
actors: [service.records]
data: ["*"]
purposes: [{DISPOSAL}]
when: [purpose.granted]
reason: Records are erased when asked for, or when their day has come.
```

```rule
declare: activity
name: records
acts: [collect, use, erase, instruct]
actors: [service.records]
purposes: [{BASE}]
```
"""


def _field(name: str) -> str:
    return f"""
```rule
declare: field
name: {name}
category: {_CATEGORY}
class: personal
group: records
type: text
max_length: 100
```
"""


def _roles() -> str:
    return """
```rule
declare: role
name: service.records
title: The service that keeps the records
```
"""


def _purpose_rules(number: int) -> str:
    use = purpose(number)
    return f"""
```rule
permit: keep-p{number:02d}
acts: [collect, use]
actors: [service.records]
data: [{_CATEGORY}, user.contact.email]
purposes: [{use}]
when: [purpose.granted]
unless: [person.restricted]
retention: p{number:02d}
reason: Records are kept and read for this purpose.
```

```rule
declare: retention
name: p{number:02d}
data: [{_CATEGORY}, user.contact.email]
purposes: [{use}]
keep: {number + 1} months
after: last-visit
```
"""
