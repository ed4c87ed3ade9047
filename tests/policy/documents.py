"""A small sound policy, and how to spoil it in one place."""

from troth.policy import Policy, compile_policy

FRONT = """\
---
title: Privacy policy
controller: {name: "Example Security, Inc.", address: "1 Example Way", country: US}
contact: {privacy: privacy@example.com, support: support@example.com, page: "https://www.example.com/contact", optout_subject: Opt out}
source: {name: A policy of that day, captured: 2015-04-16}
last_updated: 2015-04-16
vocabulary: fideslang 3.1.4
promises: {requests: 30 days}
defaults: {deny: IV.2, egress: I.2}
terms:
  data_categories:
    user.contact.email.alias: An alias that hides the address.
  data_uses:
    essential.service.fulfil_order: Fulfilling an order.
---
"""

BODY = """\
# Privacy policy of Example Security, Inc.

We write [plainly][style].

## Part I. Collection {#I}

What we collect.

### Inside the company {#I.2}

What you give us stays inside the company unless a clause says otherwise.

```rule
declare: recipient
name: mailer
role: processor
country: US
mechanism: domestic
contract: {reference: C-1, signed: 2015-01-01, until: 2016-12-31}
data: [user.contact]
purposes: [essential.service.fulfil_order]
```

```rule
declare: recipient
name: bank
role: controller
country: US
mechanism: domestic
policy_url: https://bank.example/privacy
```

### The shop {#I.9}

The shop asks for your name and address when you buy.

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
declare: field
name: full_name
category: user.name
class: personal
group: contact
type: name
```

```rule
declare: point
name: shop
channels: [web]
fields: {email: required, full_name: optional}
purposes: [essential.service.fulfil_order]
actor: service.shop
notice: shop-notice
```

```rule
notice: shop-notice
at: [point.shop, page.policy]
```

```rule
permit: shop-collect
acts: [collect]
actors: [service.shop]
data: [user.contact, user.name]
purposes: [essential.service.fulfil_order]
retention: orders
then: [answer-requests]
reason: An order needs a name and an address.
```

```rule
declare: activity
name: selling
acts: [collect, send]
actors: [service.shop]
purposes: [essential.service]
```

```rule
permit: shop-mailing
acts: [send]
actors: [service.shop]
data: [user.contact]
purposes: [essential.service.fulfil_order]
recipients: [processor]
retention: orders
reason: The mailer sends what you bought.
```

## Part II. Use {#II}

### Support {#II.12}

Support staff see your address while a ticket of yours is open. Read more <b>here</b>.

```rule
permit: support-read
acts: [use]
actors: [staff]
data: [user.contact]
purposes: [essential.service.operations.support]
when: [case.ticket, purpose.granted]
unless: [person.restricted]
retention: tickets
reason: Support staff may read contact data while a ticket is open.
```

```rule
forbid: support-alias
acts: [use]
actors: ["*"]
data: [user.contact.email.alias]
reason: Nobody looks behind an alias.
```

```rule
permit: newsletter
acts: [send]
actors: [service.mail]
data: [user.contact.email]
purposes: [marketing.communications.email]
channels: [email]
when: [person.consented]
from: 2015-04-16
until: 2020-12-31
retention: tickets
reason: Who asked for news gets it.
```

### Requests {#III.6}

We answer your request within 30 days.

```rule
require: answer-requests
on: [request.received]
obligation: Answer the person's request.
within: 30 days
from: receipt
promise: requests
reason: We promise it.
```

```rule
require: tell-disclosure
on: [send]
recipients: [processor]
obligation: Note what was handed over.
reason: Corrections must follow.
```

### Business need {#IV.2}

Only those who need data for their work see it.

```rule
declare: role
name: staff.support
cases: [ticket]
```

```rule
declare: role
name: service.shop
```

```rule
declare: role
name: service.mail
```

```rule
declare: case
name: ticket
opened_by: [staff.support]
```

```rule
declare: retention
name: orders
data: [user]
purposes: [essential.service]
keep: 6 years
after: order-shipped
```

```rule
declare: retention
name: tickets
data: [user]
purposes: [essential, marketing]
keep: 2 years
after: ticket-closed
```

```rule
declare: exception
name: mailer-exception
to: I.2
by: [shop-mailing]
```

```rule
declare: data-set
name: usage
data: [user.contact]
purposes: [essential]
class: personal
source: The shop.
retention: orders
```

```rule
declare: report
name: popularity
question: What is bought most?
data_sets: [usage]
purposes: [essential]
cohort: 10
```

[style]: https://www.example.com/style
"""

SOUND = FRONT + BODY


def small_policy() -> Policy:
    """The small policy, compiled."""
    return compile_policy(SOUND)


def spoilt(old: str, new: str) -> str:
    """The small policy with one place replaced; the place must be there, once."""
    assert SOUND.count(old) == 1, f"{old!r} stands {SOUND.count(old)} times"
    return SOUND.replace(old, new)


def with_rule(rule: str, clause: str = "{#IV.2}") -> str:
    """The small policy with one more rule at the head of a clause."""
    heading = next(line for line in SOUND.splitlines() if line.endswith(clause))
    return SOUND.replace(heading, f"{heading}\n\n```rule\n{rule.strip()}\n```")


def line_of(text: str, part: str) -> int:
    """The line on which a part of a text first stands, from 1."""
    return text[: text.index(part)].count("\n") + 1
