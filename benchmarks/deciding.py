"""Deciding: the reference policy against a plain dict lookup of the same keys."""

from random import Random
from time import perf_counter

from benchmarks.report import Report, Result
from troth.bootstrap import reference_policy
from troth.policy import ACT_KINDS, Act, compile_policy

_ACTS = 2_000
_ROUNDS = 100


def run(report: Report) -> None:
    """Measure decide over acts that the reference policy knows, mixed."""
    policy = compile_policy(reference_policy().read_bytes())
    random = Random(20150416)
    roles, categories = sorted(policy.roles), sorted({one.category for one in policy.fields.values()})
    purposes = sorted({purpose for point in policy.points.values() for purpose in point.purposes})
    facts = ["purpose.granted", "case.open", "case.ticket", "point.declared", "notice.shown"]
    acts = [
        Act(
            random.choice(ACT_KINDS),
            random.choice(roles),
            random.choice(purposes),
            tuple(sorted(random.sample(categories, random.randint(1, 3)))),
            channel="web",
            facts=tuple(sorted(random.sample(facts, random.randint(0, 4)))),
            on="2026-01-05",
        )
        for _ in range(_ACTS)
    ]
    table = {act: policy.decide(act) for act in acts}
    decide, get = policy.decide, table.get
    ours, plain = [], []
    for _ in range(_ROUNDS):
        began = perf_counter()
        for act in acts:
            decide(act)
        middle = perf_counter()
        for act in acts:
            get(act)
        ours.append(middle - began)
        plain.append(perf_counter() - middle)
    per_second, lookups = _ACTS / min(ours), _ACTS / min(plain)
    report.add(
        Result(
            "decide on the reference policy",
            per_second,
            "/s",
            "300,000/s, within 5x of a dict",
            per_second >= 300_000 and lookups / per_second <= 5,
            f"dict lookup {lookups:,.0f}/s",
            f"{lookups / per_second:.2f}x slower",
            f"{_ACTS} mixed acts, one core, best of {_ROUNDS} rounds; the first decision of each act is not counted",
        )
    )
