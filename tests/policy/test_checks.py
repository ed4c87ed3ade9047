"""Each blocking check refuses what it is for, at its line, and nothing else."""

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.policy.documents import BODY, FRONT, SOUND, line_of, spoilt, with_rule
from troth.policy import PolicyErrors, check_policy, compile_policy
from troth.policy.checks import CHECKS, READING

REFERENCE = Path(__file__).parents[2] / "policies" / "software-vendor" / "policy.md"
RECIPIENT = "declare: recipient\nname: other\nrole: {role}\ncountry: US\nmechanism: domestic\n"
PERMIT = (
    "permit: extra\nacts: [use]\nactors: [service.shop]\ndata: [user.contact]\n"
    "purposes: [essential.service.fulfil_order]\nretention: orders\nreason: Extra.\n"
)
FORBID = "forbid: extra\nacts: [use]\nactors: [service.shop]\nreason: Extra.\n"
SLOT = "declare: slot\nname: extra\npurposes: [essential]\nvariants: {plain: Words., other: More.}\ndefault: plain\n"
TOPIC = "declare: topic\nname: news\npurposes: [essential.service.fulfil_order]\nchannels: [pigeon]\n"
STOPPER = 'forbid: stopper\nacts: [send, disclose]\nactors: ["*"]\npurposes: [essential.service.fulfil_order]\nwhen: [topic.stopped]\nreason: Extra.\n'
SEGMENT = "declare: segment\nname: some\nslot: extra\nvariant: other\nbecause: of it.\nfrom: {section: /a}\n"
COOKIE = "declare: cookie\nname: extra\nessential: true\nremembers: choice\npurposes: [essential]\nlifetime: session\n"
REPEATED = PERMIT.replace("[use]", "[collect]").replace("[user.contact]", "[user.name, user.contact]")
REQUIRE = "require: extra\non: [request.received]\nobligation: Extra.\nreason: Extra.\n"


_NEXT = "```\n\n```rule\n"
FAITH = "declare: field\nname: faith\ncategory: user.demographic.religious_belief\nclass: personal\ngroup: contact\ntype: text\n"
REPORT = "question: What is bought most?\ndata_sets: [usage]\npurposes: [essential]\n"
AUDIENCE = "declare: audience\nname: some\npurposes: [marketing]\ncohort: 10\nattributes: [{}]\n"


METRIC = (
    "declare: telemetry\nname: crashes\ntype: counter\nmaximum: 1000\ncategory: system.operations\nreason: To mend them.\n"
    "owner: the product team\nexpires: never\npurposes: [essential.service.fulfil_order]\nschedule: weekly\ndestination: us\n"
)
TELEMETRY = (
    "permit: reports\nacts: [collect]\nactors: [service.shop]\ndata: [system]\npurposes: [essential.service.fulfil_order]\n"
    "retention: reports\nthen: [answer-requests]\nreason: Reports of installations.\n"
    f"{_NEXT}declare: retention\nname: reports\ndata: [system]\npurposes: [essential.service.fulfil_order]\nkeep: 1 year\nafter: report.received\n"
    f"{_NEXT}declare: point\nname: reports\nchannels: [product]\ntelemetry: true\nform: false\nactor: service.shop\n"
    f"purposes: [essential.service.fulfil_order]\nnotice: shop-notice\n{_NEXT}declare: product\nname: sensor\nreports_from: '5'\n"
    f"{_NEXT}{METRIC}"
)


INSIGHT = (
    "declare: data-set\nname: quality\ndata: [system.operations]\npurposes: [essential.service.fulfil_order]\nclass: anonymous\n"
    f"source: Installations.\nretention: reports\nholds: reports\nbudget: {{epsilon: 2, each: week}}\n{_NEXT}declare: report\nname: quality\n"
    "question: How often does it crash?\ndata_sets: [quality]\npurposes: [essential.service.fulfil_order]\nmetrics: [{metric: crashes}]\n"
    "epsilon: 1.0\ncohort: 10\n"
)


class Fault(NamedTuple):
    """A spoilt document, the check that must refuse it, and a text on the line it must name."""

    check: str
    text: str
    at: str


def _telemetry(old: str, new: str) -> str:
    """A point that takes telemetry, with one fault."""
    assert old in TELEMETRY
    return with_rule(TELEMETRY.replace(old, new))


def _insight(old: str, new: str) -> str:
    """A report over telemetry, with one fault."""
    assert INSIGHT.count(old) == 1, old
    return with_rule(f"{TELEMETRY}{_NEXT}{INSIGHT.replace(old, new)}")


def _permit(old: str, new: str) -> str:
    assert old in PERMIT
    return with_rule(PERMIT.replace(old, new))


def _segment(old: str, new: str) -> str:
    """A slot, and a segment for it with one fault."""
    sound = SEGMENT.replace("{section: /a}", "{field: email, value: x}")
    assert old in sound
    return SLOT + _NEXT + sound.replace(old, new)


def _forbid(extra: str) -> str:
    return with_rule(FORBID + extra)


FAULTS = [
    Fault("size", SOUND + "a" * 6000, "a" * 6000),
    Fault("size", SOUND + "some words\n" * 2000, "some words"),
    Fault("encoding", SOUND + "\x00", "\x00"),
    Fault("layout", spoilt("### Support {#II.12}", "### Support"), "### Support"),
    Fault("layout", spoilt("## Part II. Use {#II}", "## Part II. Use"), "## Part II. Use"),
    Fault("layout", SOUND + "\n```rule\nnotice: late\nat: [page.x]\n", "```rule\nnotice: late"),
    Fault("layout", spoilt("What we collect.", "```rule\nnotice: early\nat: [page.x]\n```"), "```rule\nnotice: early"),
    Fault("layout", SOUND + "\n- ```rule\n  notice: x\n  ```\n", "- ```rule"),
    Fault("layout", SOUND + "> " * 70 + "x", "> > "),
    Fault("yaml", spoilt("identifier: true", "identifier: &a true"), "identifier: &a"),
    Fault("yaml", spoilt("identifier: true", "identifier: true: yes"), "identifier: true: yes"),
    Fault("yaml", spoilt("identifier: true", "type: email"), "type: email\n```"),
    Fault("yaml", spoilt("promises: {", "promises: {requests: 1 day, "), "promises: {"),
    Fault("shape", spoilt("identifier: true", "identifer: true"), "identifer: true"),
    Fault("shape", spoilt("identifier: true", "identifier: perhaps"), "identifier: perhaps"),
    Fault("shape", spoilt("declare: point", "declare: place"), "declare: place"),
    Fault("shape", spoilt("permit: support-read", "allow: support-read"), "allow: support-read"),
    Fault("shape", spoilt("permit: support-read", "permit: Support Read"), "permit: Support Read"),
    Fault("shape", spoilt("acts: [use]\nactors: [staff]", "acts: [read]\nactors: [staff]"), "acts: [read]"),
    Fault("shape", spoilt("to: I.2", "clause: I.2"), "clause: I.2"),
    Fault("shape", with_rule("just text"), "just text"),
    Fault("front-matter", BODY, "# Privacy policy"),
    Fault("front-matter", "---\n---\n" + BODY, "---"),
    Fault("front-matter", FRONT.replace("last_updated: 2015-04-16\n", "") + BODY, "title: Privacy policy"),
    Fault("front-matter", spoilt("country: US}", "country: usa}"), "controller: {"),
    Fault("front-matter", spoilt("defaults: {deny: IV.2, egress: I.2}\n", ""), "title: Privacy policy"),
    Fault("clause-without-rule", SOUND + "\n### Nothing {#IV.4}\n\nNo rule here.\n", "### Nothing"),
    Fault("clause-without-prose", spoilt("Only those who need data for their work see it.", ""), "### Business need"),
    Fault("duplicate-id", spoilt("### Support {#II.12}", "### Support {#III.6}"), "### Requests"),
    Fault("duplicate-id", spoilt("## Part II. Use {#II}", "## Part II. Use {#I.9}"), "## Part II. Use"),
    Fault("permit-without-retention", _permit("retention: orders\n", ""), "permit: extra"),
    Fault("unknown-retention", _permit("retention: orders", "retention: forever"), "permit: extra"),
    Fault("retention-scope", _permit("retention: orders", "retention: logs").replace("### Business need {#IV.2}\n", "### Business need {#IV.2}\n\n```rule\ndeclare: retention\nname: logs\ndata: [user.name]\npurposes: [essential]\nkeep: 1 year\nafter: visit\n```\n"), "permit: extra"),
    Fault("retention-scope", spoilt("purposes: [essential, marketing]", "purposes: [essential]"), "permit: newsletter"),
    Fault("unknown-obligation", with_rule(PERMIT + "then: [shop-notice]"), "permit: extra"),
    Fault("unknown-exception", spoilt("by: [shop-mailing]", "by: [nobody]"), "declare: exception"),
    Fault("unknown-exception", spoilt("to: I.2", "to: X.2"), "declare: exception"),
    Fault("vocabulary", spoilt("fideslang 3.1.4", "fideslang 2.0.0"), "vocabulary: fideslang"),
    Fault("own-term", spoilt("    user.contact.email.alias:", "    user.dreams.email: Dreams.\n    user.contact.email.alias:"), "    user.dreams.email"),
    Fault("own-term", spoilt("    user.contact.email.alias:", "    user.name: Name.\n    user.contact.email.alias:"), "    user.name: Name."),
    Fault("unknown-clause", spoilt("deny: IV.2", "deny: IV.9"), "defaults: {"),
    Fault("promise", spoilt("promises: {requests: 30 days}", "promises: {requests: 30 days, disputes: 90 days}"), "promises: {"),
    Fault("promise", spoilt("promises: {requests: 30 days}", "promises: {requests: 40 days}"), "require: answer-requests"),
    Fault("promise", spoilt("promise: requests\n", "promise: answers\n"), "require: answer-requests"),
    Fault("date", spoilt("last_updated: 2015-04-16", "last_updated: 2015-02-30"), "last_updated: 2015-02-30"),
    Fault("date", spoilt("until: 2020-12-31", "until: 2020-13-31"), "permit: newsletter"),
    Fault("date", spoilt("signed: 2015-01-01", "signed: 2015-01-32"), "declare: recipient\nname: mailer"),
    Fault("unknown-category", _permit("[user.contact]", "[user.contact, user.shoe_size]"), "permit: extra"),
    Fault("unknown-category", spoilt("data: [user]\npurposes: [essential.service]", "data: [usr]\npurposes: [essential.service]"), "declare: retention\nname: orders"),
    Fault("unknown-use", _permit("essential.service.fulfil_order", "essential.service.magic"), "permit: extra"),
    Fault("unknown-use", _permit("purposes: [essential.service.fulfil_order]", 'purposes: ["*"]'), "permit: extra"),
    Fault("unknown-role", _permit("service.shop", "service.shoe"), "permit: extra"),
    Fault("unknown-role", spoilt("opened_by: [staff.support]", "opened_by: [staff.nobody]"), "declare: case"),
    Fault("unknown-recipient", _forbid("recipients: [nobody]"), "forbid: extra"),
    Fault("unknown-recipient", spoilt("name: bank", "name: controller"), "declare: recipient\nname: controller"),
    Fault("unknown-fact", _forbid("when: [moon.full]"), "forbid: extra"),
    Fault("unknown-fact", _forbid("unless: [not case.order]"), "forbid: extra"),
    Fault("unknown-case", spoilt("cases: [ticket]", "cases: [tickets]"), "declare: role\nname: staff.support"),
    Fault("unknown-field", spoilt("data: [user.contact]\npurposes: [essential.service.fulfil_order]\n```", "fields: [mail]\n```"), "declare: recipient\nname: mailer"),
    Fault("unknown-thing", spoilt("data_sets: [usage]", "data_sets: [sales]"), "declare: report"),
    Fault("unknown-place", spoilt("page.policy]", "billboard.town]"), "notice: shop-notice\nat"),
    Fault("unknown-place", spoilt("at: [point.shop,", "at: [point.market,"), "notice: shop-notice\nat"),
    Fault("unknown-event", with_rule(REQUIRE.replace("request.received", "sometimes")), "require: extra"),
    Fault("duplicate-name", spoilt("permit: newsletter", "permit: support-read"), "permit: support-read\nacts: [send]"),
    Fault("duplicate-declaration", with_rule("declare: role\nname: service.mail"), "declare: role\nname: service.mail\n```\n\n```rule\ndeclare: case"),
    Fault("deadline-conflict", with_rule("require: sooner\non: [request.received]\nobligation: answer the  person's request.\nwithin: 10 days\nreason: X."), "require: sooner"),
    Fault("retention-conflict", with_rule("declare: retention\nname: sooner\ndata: [user]\npurposes: [essential]\nkeep: 3 years\nafter: ticket-closed"), "declare: retention\nname: tickets"),
    Fault("recipient-conflict", spoilt("policy_url: https://bank.example/privacy", "policy_url: https://bank.example/privacy\ncontract: {reference: C, signed: 2015-01-01}"), "declare: recipient\nname: bank"),
    Fault("recipient-conflict", spoilt("contract: {reference: C-1", "policy_url: https://mail.example/\ncontract: {reference: C-1"), "declare: recipient\nname: mailer"),
    Fault("recipient-conflict", spoilt("data: [user.contact]\npurposes: [essential.service.fulfil_order]\n```", "data: [user.contact]\nfields: [email, full_name]\n```"), "declare: recipient\nname: mailer"),
    Fault("recipient-terms", with_rule(RECIPIENT.format(role="processor")), "declare: recipient\nname: other"),
    Fault("recipient-terms", with_rule(RECIPIENT.format(role="controller")), "declare: recipient\nname: other"),
    Fault("recipient-terms", with_rule(RECIPIENT.format(role="authority")), "declare: recipient\nname: other"),
    Fault("recipient-terms", with_rule(RECIPIENT.format(role="acquirer")), "declare: recipient\nname: other"),
    Fault("recipient-terms", spoilt("country: US\nmechanism: domestic\npolicy_url", "mechanism: domestic\npolicy_url"), "declare: recipient\nname: bank"),
    Fault("recipient-terms", spoilt("country: US\nmechanism: domestic\npolicy_url", "country: US\npolicy_url"), "declare: recipient\nname: bank"),
    Fault("shadowed", with_rule('forbid: all-support\nacts: [use, send]\nactors: ["*"]\npurposes: [essential.service]\nreason: X.'), "permit: support-read"),
    Fault("repeated-rule", with_rule(REPEATED), "permit: extra"),
    Fault("window-closed", _forbid("from: 2016-02-01\nuntil: 2016-01-01"), "forbid: extra"),
    Fault("window-closed", _forbid("until: 2014-12-31"), "forbid: extra"),
    Fault("never-fires", _forbid("when: [person.consented]\nunless: [person.consented]"), "forbid: extra"),
    Fault("never-fires", with_rule(PERMIT + "recipients: [authority]"), "permit: extra"),
    Fault("never-fires", with_rule(PERMIT.replace("user.contact", "user.name") + "recipients: [mailer]"), "permit: extra"),
    Fault("never-fires", with_rule(PERMIT + "recipients: [mailer]\nfrom: 2018-01-01"), "permit: extra"),
    Fault("deadline-mismatch", spoilt("answer your request within 30 days", "answer your request within 20 days"), "require: answer-requests"),
    Fault("deadline-mismatch", spoilt("their work see it.", "their work see it, for not more than five weeks."), "### Business need"),
    Fault("deadline-mismatch", spoilt("their work see it.", "their work see it. We keep orders for 7 years."), "declare: retention\nname: orders"),
    Fault("unreadable-span", spoilt("keep: 6 years", "keep: some years"), "declare: retention\nname: orders"),
    Fault("point-incomplete", spoilt("notice: shop-notice\n```\n\n```rule\nnotice", "```\n\n```rule\nnotice"), "declare: point"),
    Fault("age-limit", spoilt("channels: [web]\nfields", "age_screen: true\nchannels: [web]\nfields"), "declare: point"),
    Fault("point-incomplete", spoilt("channels: [web]\nfields", "fields"), "declare: point"),
    Fault("point-incomplete", spoilt("actor: service.shop\nnotice: shop-notice", "actor: service.shop\nnotice: newsletter"), "declare: point"),
    Fault("point-unconfirmable", spoilt("fields: {email: required, full_name: optional}", "fields: {full_name: optional}\nconfirm: mail"), "declare: point"),
    Fault("point-reference", spoilt("fields: {email: required, full_name: optional}", "fields: {email: required, full_name: optional}\nrefers: {email: full_name}"), "declare: point"),
    Fault("point-reference", spoilt("fields: {email: required, full_name: optional}", "fields: {email: required, full_name: optional}\nmentions: [full_name]"), "declare: point"),
    Fault("point-opens", spoilt("fields: {email: required, full_name: optional}", "fields: {email: required, full_name: optional}\nopens: nothing-declared\nrecord: order"), "declare: point"),
    Fault("matter-incomplete", spoilt("declare: case\n", "declare: case\nmatter: question\n"), "declare: case"),
    Fault("hold-records", with_rule("declare: hold\nname: books\ntitle: Books\nlaw: tax law\nrecords: [nothing]\ndata: [user.name]\npurposes: [essential.service.operations.support]\nkeep: 7 years\n"), "declare: hold"),
    Fault("case-stages", spoilt("declare: case\n", "declare: case\nstages: [{name: packed, by: [staff.support], purpose: essential.service.fulfil_order}]\n"), "declare: case"),
    Fault("stages-unheld", spoilt("declare: case\n", "declare: case\npurpose: essential.service.operations.support\nstages: [{name: packed, by: [staff.support], purpose: essential.service.operations.support}]\n"), "declare: case"),
    Fault("by-itself", spoilt("declare: case\n", "declare: case\nby_itself: [erase]\n"), "declare: case"),
    Fault("reminder", spoilt("on: [send]\nrecipients: [processor]", "on: [request.received]\nremind: staff.support"), "require: tell-disclosure"),
    Fault("request-kind", spoilt("name: full_name\n", "name: full_name\nasks: true\n"), "declare: field\nname: full_name"),
    Fault("agent-field", spoilt("name: full_name\n", "name: full_name\nagent: mailbox\n"), "declare: field\nname: full_name"),
    Fault("agent-field", spoilt("name: full_name\n", "name: full_name\nagent: name\n"), "declare: point"),
    Fault("field-corrects", spoilt("name: full_name\n", "name: full_name\ncorrects: email\n"), "declare: field\nname: full_name"),
    Fault("field-mail-id", spoilt("name: full_name\n", "name: full_name\nmail_id: true\n"), "declare: field\nname: full_name"),
    Fault("point-amends", spoilt("declare: point\n", "declare: point\namends: [nothing]\n"), "declare: point"),
    Fault("request-uses", spoilt("name: full_name\n", "name: full_name\nuses: true\n"), "declare: field\nname: full_name"),
    Fault("point-issued", spoilt("fields: {email: required, full_name: optional}", "fields: {email: required, full_name: optional}\nissued: [order_number]"), "declare: point"),
    Fault("point-issued", spoilt("fields: {email: required, full_name: optional}", "fields: {email: required, full_name: optional}\nissued: [email]\npublic: true"), "declare: point"),
    Fault("unclassed-field", spoilt("full_name: optional", "birth_date: optional"), "declare: point"),
    Fault("point-unpermitted", spoilt("actor: service.shop", "actor: service.mail"), "declare: point"),
    Fault("point-unpermitted", spoilt("data: [user.contact, user.name]", "data: [user.contact]"), "declare: point"),
    Fault("event-point", spoilt("channels: [web]\nfields", "events: true\nchannels: [web]\nfields"), "declare: point"),
    Fault("telemetry-point", with_rule(METRIC), "declare: telemetry"),
    Fault("telemetry-point", _telemetry("form: false\n", ""), "declare: point\nname: reports"),
    Fault("telemetry-point", _telemetry("\nreports_from: '5'", ""), "declare: point\nname: reports"),
    Fault("telemetry-metric", _telemetry("maximum: 1000\n", ""), "declare: telemetry"),
    Fault("telemetry-metric", _telemetry("type: counter", "type: labelled-counter"), "declare: telemetry"),
    Fault("telemetry-metric", _telemetry("type: counter", "type: timing\nedges: [10, 5]"), "declare: telemetry"),
    Fault("telemetry-metric", _telemetry("expires: never", "expires: 2016-02-31"), "declare: telemetry"),
    Fault("telemetry-metric", _telemetry("type: counter", "type: counter\nrandomised: 1.5"), "declare: telemetry"),
    Fault("telemetry-identity", _telemetry("name: crashes", "name: host_name"), "declare: telemetry"),
    Fault("telemetry-identity", _telemetry("type: counter", "type: labelled-counter\nchoices: [c0ffee00aa]"), "declare: telemetry"),
    Fault("slot-default", with_rule(SLOT.replace("default: plain", "default: none")), "declare: slot"),
    Fault("segment-slot", with_rule(SEGMENT.replace("{section: /a}", "{field: email, value: x}")), "declare: segment"),
    Fault("segment-slot", with_rule(_segment("variant: other", "variant: none")), "declare: segment"),
    Fault("segment-rule", with_rule(SLOT + _NEXT + SEGMENT), "declare: segment"),
    Fault("segment-rule", with_rule(_segment("value: x", "value: ''")), "declare: segment"),
    Fault("segment-rule", with_rule(_segment("field: email", "field: nothing")), "declare: segment"),
    Fault("segment-sensitive", with_rule(_segment("field: email", "field: faith") + _NEXT + FAITH), "declare: segment"),
    Fault("topic-stop", with_rule(TOPIC + _NEXT + PERMIT.replace("[use]", "[disclose]") + "channels: [pigeon]\n"), "declare: topic"),
    Fault("topic-channel", with_rule(TOPIC + _NEXT + STOPPER), "declare: topic"),
    Fault("report-field", spoilt(REPORT, REPORT + "by: [full_name]\n"), "declare: report"),
    Fault("report-field", spoilt(REPORT, REPORT + "by: [email]\n"), "declare: report"),
    Fault("report-field", spoilt(REPORT, REPORT + "by: [nothing]\n"), "declare: report"),
    Fault("report-actor", with_rule(f"declare: report\nname: some\n{REPORT}schedule: weekly\nby: [telephoned]\ncohort: 10\n" + _NEXT + FAITH.replace("faith", "telephoned").replace("user.demographic.religious_belief", "user.contact")), "declare: report\nname: some"),
    Fault("report-epsilon", _insight("epsilon: 1.0\n", ""), "declare: report\nname: quality"),
    Fault("report-epsilon", spoilt(REPORT, REPORT + "epsilon: 1.0\n"), "declare: report"),
    Fault("report-budget", _insight("budget: {epsilon: 2, each: week}\n", ""), "declare: report\nname: quality"),
    Fault("report-budget", _insight("epsilon: 1.0\n", "epsilon: 3.0\n"), "declare: report\nname: quality"),
    Fault("report-budget", _insight("epsilon: 1.0\n", "epsilon: 1.0\ndelta: 0.001\n"), "declare: report\nname: quality"),
    Fault("report-shown", _insight("metric: crashes", "metric: hangs"), "declare: report\nname: quality"),
    Fault("report-shown", _insight("metric: crashes", "metric: crashes, show: funnel, steps: [a]"), "declare: report\nname: quality"),
    Fault("report-shown", _insight("metric: crashes", "metric: crashes, edges: [1, 2]"), "declare: report\nname: quality"),
    Fault("report-shown", _insight("holds: reports", "holds: actions"), "declare: report\nname: quality"),
    Fault("report-shown", _insight("epsilon: 1.0\n", "epsilon: 1.0\nsteps: [a, b]\n"), "declare: report\nname: quality"),
    Fault("audience-attribute", with_rule(AUDIENCE.format("faith") + _NEXT + FAITH), "declare: audience"),
    Fault("audience-attribute", with_rule(AUDIENCE.format("email")), "declare: audience"),
    Fault("audience-attribute", with_rule(AUDIENCE.format("school_year")), "declare: audience"),
    Fault("crucial-undeclared", with_rule("declare: product\nname: sensor\ncrucial: [whim]"), "declare: product"),
    Fault("product-name", with_rule("declare: product\nname: a\nknown_as: [One]\n```\n\n```rule\ndeclare: product\nname: b\nknown_as: [one]"), "declare: product\nname: b"),
    Fault("point-owner", spoilt("notice: shop-notice\n```", "notice: shop-notice\nowns: {product: serial}\n```"), "declare: point"),
    Fault("browser-part", with_rule(f"{COOKIE}called: x\n```\n\n```rule\ndeclare: cookie\nname: x\nessential: true\npurposes: [essential]\nlifetime: session"), "declare: cookie\nname: x"),
    Fault("choice-cookie", with_rule("declare: pixel\nname: extra\npurposes: [analytics]"), "declare: pixel"),
    Fault("choice-cookie", with_rule(COOKIE.replace("essential: true\n", "").replace("[essential]", "[analytics]")), "declare: cookie"),
    Fault("essential-purpose", with_rule(COOKIE.replace("[essential]", "[analytics]")), "declare: cookie"),
    Fault("site-host", with_rule("declare: site\nname: a\nhosts: [a.example, a.example]\npolicy_url: https://a.example/"), "declare: site"),
    Fault("website-incomplete", with_rule("declare: website\nname: www\ndomain: www.example.com"), "declare: website"),
    Fault("activity-unpermitted", spoilt("acts: [collect, send]", "acts: [collect, analyse]"), "declare: activity"),
    Fault("activity-unpermitted", spoilt("actors: [service.shop]\npurposes: [essential.service]", 'actors: ["*"]\npurposes: [marketing.communications.email]'), "declare: activity"),
    Fault("activity-unpermitted", spoilt("purposes: [essential.service]\n```", "purposes: [essential.service, marketing]\n```"), "declare: activity"),
]  # fmt: skip


def test_the_small_policy_is_sound() -> None:
    """A sound policy has no finding, so whatever a fault below reports comes from the fault."""
    assert check_policy(SOUND) == []


def test_a_policy_with_telemetry_is_sound() -> None:
    """A point for telemetry, a metric, and a product that may send it are no fault."""
    assert check_policy(with_rule(TELEMETRY)) == []


def test_the_reference_policy_is_sound() -> None:
    """The reference policy passes every check."""
    assert check_policy(REFERENCE.read_bytes(), "policy.md") == []


@pytest.mark.parametrize(
    "rule",
    [
        'forbid: some\nacts: [use, send]\nactors: ["*"]\npurposes: [essential.service]\nuntil: 2016-12-31\nreason: X.',
        'forbid: some\nacts: [use, send]\nactors: ["*"]\npurposes: [essential.service]\nfrom: 2016-01-01\nreason: X.',
        'forbid: some\nacts: [use, send]\nactors: ["*"]\nwhen: [person.child]\nreason: X.',
        'forbid: some\nacts: [use, send]\nactors: ["*"]\nunless: [person.self]\nreason: X.',
        'forbid: some\nacts: [use, send]\nactors: ["*"]\nchannels: [phone]\nreason: X.',
        "forbid: some\nacts: [use, send]\nactors: [staff.support]\nreason: X.",
        'forbid: some\nacts: [use, send]\nactors: ["*"]\nrecipients: [bank]\nreason: X.',
        'forbid: some\nacts: [use, send]\nactors: ["*"]\ndata: [user.contact.phone_number]\nreason: X.',
        PERMIT + "from: 2016-01-01\nrecipients: [mailer]",
        PERMIT + "unless: [person.consented]\nwhen: [not person.objected]",
        'declare: activity\nname: mailing\nacts: [send]\nactors: ["*"]\npurposes: [marketing]',
    ],
)
def test_what_may_fire_is_left_alone(rule: str) -> None:
    """A rule that takes away, or adds, only part of what others say is no fault."""
    assert check_policy(with_rule(rule)) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.check)
def test_a_fault_is_refused_by_its_check_alone(fault: Fault) -> None:
    """A document with one fault has findings of that check only, and one names the line of the fault."""
    findings = check_policy(fault.text, "spoilt.md")
    assert {finding.check for finding in findings} == {fault.check}, "\n".join(map(str, findings))
    assert line_of(fault.text, fault.at) in {finding.line for finding in findings}, "\n".join(
        map(str, findings)
    )
    assert all(finding.reason and finding.mend and finding.file == "spoilt.md" for finding in findings)


def test_every_check_has_a_fault() -> None:
    """No check of the registry goes untested, and no fault names a check that is not in it."""
    assert {fault.check for fault in FAULTS} == {*CHECKS, *READING}


@pytest.mark.parametrize("fault", FAULTS[:3] + FAULTS[-3:], ids=lambda fault: fault.check)
def test_a_faulty_policy_does_not_compile(fault: Fault) -> None:
    """Compiling raises all findings, in the order of their lines."""
    with pytest.raises(PolicyErrors) as caught:
        compile_policy(fault.text)
    assert list(caught.value.findings) == check_policy(fault.text)
    assert caught.value.findings == tuple(sorted(caught.value.findings))


def test_findings_come_in_the_order_of_lines() -> None:
    """Findings of different checks are sorted by line, whichever check ran first."""
    text = spoilt("last_updated: 2015-04-16", "last_updated: 2015-02-30").replace(
        "class: personal\ngroup: contact\ntype: name", "class: personal\ngroup: contact\ntype: text"
    )
    text = text.replace("cases: [ticket]", "cases: [nothing]").replace(
        "[style]:", "### More {#IX.1}\n\nProse.\n\n[style]:"
    )
    lines = [finding.line for finding in check_policy(text)]
    assert len(lines) == 3
    assert lines == sorted(lines)


def test_a_finding_reads_as_file_line_check_reason_and_mend() -> None:
    """The text of a finding is what a person needs to mend it."""
    (finding,) = check_policy(spoilt("identifier: true", "identifer: true"), "p.md")
    line = finding.line
    assert (
        str(finding)
        == f"p.md:{line}: shape: unknown key 'identifer' (clause I.9); did you mean 'identifier'?"
    )


def test_a_document_that_is_not_utf8_is_refused() -> None:
    """Bytes that are no UTF-8 give a finding, not an error of the decoder."""
    assert [finding.check for finding in check_policy(SOUND.encode("utf-16"))] == ["encoding"]
    assert [finding.check for finding in check_policy("\ud800")] == ["encoding"]


def test_line_ends_and_byte_order_marks_do_not_matter() -> None:
    """A document saved on Windows is the same policy with the same lines, under a hash of its own."""
    windows = b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode()
    ours, theirs = compile_policy(SOUND), compile_policy(windows)
    assert theirs.clauses == ours.clauses
    assert theirs.sha256 != ours.sha256
