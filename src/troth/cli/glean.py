"""Metrics of a glean_parser file (YAML) as rule blocks of the policy; what cannot be declared is told with why."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from troth.kernel import InvalidInput

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_LABEL = re.compile(r"[a-z0-9][a-z0-9 +_-]{0,39}")
_TYPES = {
    "counter": "counter",
    "labeled_counter": "labelled-counter",
    "boolean": "boolean",
    "quantity": "quantity",
    "timing_distribution": "timing",
}
_MEMORY = "a distribution can be declared as timing only; count sizes with a labelled counter"
_REASONS = {
    "uuid": "it tells one installation from every other",
    "url": "an address can hold a name; count what is visited with a labelled counter",
    "string": "free text; declare a choice with a list of values",
    "text": "free text; declare a choice with a list of values",
    "string_list": "free text; declare a labelled counter with a list of labels",
    "event": "events have times and an order; count them with a counter",
    "datetime": "an instant tells one installation from others; declare weeks-in-use",
    "timespan": "a single duration; declare timing",
    "rate": "two counters in one; declare both",
    "labeled_boolean": "declare a labelled counter with the maximum 1, or a boolean for each label",
    "memory_distribution": _MEMORY,
    "custom_distribution": _MEMORY,
    "jwe": "nobody could look at what is sent",
    "object": "no list of values; declare each member",
}
_SENSITIVE = frozenset(("web_activity", "stored_content", "highly_sensitive"))
_EDGES = (1, 10, 100, 1000, 10_000, 60_000)
_MOST, _MOST_LABELS = 1_000_000, 100
_NUMBERED = frozenset(("counter", "labelled-counter", "quantity", "timing"))


class Terms(NamedTuple):
    """What the blocks say that a Glean file does not.

    Args:
        purpose: Purpose of the point that takes telemetry.
        category: Data category.
        owner: The team that answers for the metrics.
        destination: Host name of the receiving door.
        expires: Day for metrics that expire with a version; empty: they are left out.
    """

    purpose: str
    category: str
    owner: str
    destination: str
    expires: str = ""


class Imported(NamedTuple):
    """What came of a file: rule blocks by metric of Glean, and why others cannot be declared."""

    declared: dict[str, str]
    left_out: dict[str, str]


class _Unfit(Exception):
    """Why a metric cannot be declared."""


def import_glean(text: str, terms: Terms) -> Imported:
    """Rule blocks for the metrics of a glean_parser file.

    Args:
        text: The YAML.
        terms: What the blocks say beside it.

    Raises:
        InvalidInput: It is no YAML, or no file of metrics.
    """
    declared: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for name, metric in _metrics(text):
        try:
            declared[name] = _block(name, metric, terms)
        except _Unfit as unfit:
            left_out[name] = str(unfit)
    return Imported(declared, left_out)


def _metrics(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    import yaml

    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidInput("The file is no YAML.", mend="Name a metrics.yaml of glean_parser.") from error
    if not isinstance(given, dict) or "/metrics/" not in str(given.get("$schema")):
        raise InvalidInput(
            "The file is no metrics.yaml: its `$schema` names none of Glean's metrics schemas.",
            mend="Name a file that begins with `$schema: moz://mozilla.org/schemas/glean/metrics/2-0-0`.",
        )
    for category, metrics in given.items():
        if str(category).startswith("$") or category == "no_lint" or not isinstance(metrics, dict):
            continue
        for name, metric in metrics.items():
            yield f"{category}.{name}", metric if isinstance(metric, dict) else {}


def _block(name: str, metric: Mapping[str, Any], terms: Terms) -> str:
    kind = _kind(metric)
    ours = name.replace(".", "_").lower()
    _check_name(ours)
    lines = ["declare: telemetry", f"name: {ours}", f"type: {kind}"]
    if kind == "labelled-counter":
        lines.append(f"choices: [{', '.join(_labels(metric))}]")
    if kind == "timing":
        lines += ["unit: milliseconds", f"edges: [{', '.join(map(str, _EDGES))}]"]
    if kind == "quantity" and metric.get("unit"):
        lines.append(f"unit: {_quoted(str(metric['unit']))}")
    if kind in _NUMBERED:
        lines.append(f"maximum: {_MOST}")
    lines += [
        f"sensitivity: {'interaction' if 'interaction' in _listed(metric, 'data_sensitivity') else 'technical'}",
        f"category: {terms.category}",
        f"reason: {_quoted(_reason(metric))}",
        f"owner: {_quoted(terms.owner)}",
        f"expires: {_expires(metric, terms)}",
        f"purposes: [{terms.purpose}]",
        "schedule: weekly, on Sunday at two in the morning, local time",
        f"destination: {terms.destination}",
    ]
    return "\n".join(["```rule", *lines, "```", ""])


def _kind(metric: Mapping[str, Any]) -> str:
    kind = str(metric.get("type"))
    if metric.get("disabled"):
        raise _Unfit("it is disabled")
    if kind not in _TYPES:
        why = _REASONS.get(kind.removeprefix("labeled_"), "no type of Troth's schema")
        raise _Unfit(f"{kind}: {_REASONS.get(kind, why)}")
    sensitive = sorted(_SENSITIVE.intersection(_listed(metric, "data_sensitivity")))
    if sensitive:
        raise _Unfit(f"{sensitive[0]}: nothing beyond technical and interaction may be declared")
    return _TYPES[kind]


def _check_name(name: str) -> None:
    from troth.policy import points_to_somebody

    if not _NAME.fullmatch(name):
        raise _Unfit(
            "its name with its category is longer than 60 characters, or has others than letters and digits"
        )
    if found := points_to_somebody(name):
        raise _Unfit(f"{found!r} in its name may point to somebody; rename it by what is counted")


def _labels(metric: Mapping[str, Any]) -> list[str]:
    from troth.policy import points_to_somebody

    labels = _listed(metric, "labels")
    if not labels:
        raise _Unfit("labeled_counter without a list of labels: anything could be sent")
    unfit = [one for one in labels if not _LABEL.fullmatch(one) or points_to_somebody(one)]
    if unfit or len(labels) > _MOST_LABELS:
        raise _Unfit(
            f"{len(unfit)} of its {len(labels)} labels are no short words in lower case, or may point to somebody"
            if unfit
            else f"it has {len(labels)} labels, at most {_MOST_LABELS} can be declared"
        )
    return [_quoted(one) for one in labels]


def _expires(metric: Mapping[str, Any], terms: Terms) -> str:
    given = metric.get("expires")
    if isinstance(given, date):
        return given.isoformat()
    if given == "never":
        return "never"
    if given == "expired":
        raise _Unfit("it has expired")
    if terms.expires:
        return terms.expires
    raise _Unfit("it expires with a version of the product; name a day with --expires")


def _reason(metric: Mapping[str, Any]) -> str:
    told = " ".join(str(metric.get("description") or "").split())
    if not told:
        raise _Unfit("it has no description, so nobody could be told why it is collected")
    return told[:1000]


def _listed(metric: Mapping[str, Any], name: str) -> list[str]:
    found = metric.get(name)
    return [str(one) for one in found] if isinstance(found, list) else []


def _quoted(text: str) -> str:
    """A text as YAML that reads the same."""
    import json

    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9 .'_()-]*", text) and text == text.strip()
    word = text.lower() in {"yes", "no", "on", "off", "true", "false", "null", "y", "n"}
    return text if plain and not word else json.dumps(text, ensure_ascii=False)
