"""Accessors for declared metrics, typed and with their reasons, as source text in Python or TypeScript."""

import json
import keyword
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Metric = Mapping[str, Any]
_PYTHON_HEAD = '''"""Telemetry{of}: every metric that may be recorded, with why.

Written by `troth telemetry generate` from the policy; write the policy, not this file. Nothing is recorded or sent until an
administrator opts in (`python -m troth.telemetry`).
"""

import json
from typing import Any, Final, Literal

from troth.telemetry import Schema, Telemetry, Timing

DOCUMENT: Final[dict[str, Any]] = json.loads(
    r"""
{document}
"""
)
Product = Literal[{products}]


class Metrics:
    """The declared metrics.

    Args:
        telemetry: Records them.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self.telemetry = telemetry
'''
_PYTHON_TAIL = '''

def open_metrics(folder: str, *, product: Product, release: str, endpoint: str, uploads: bool = True) -> Metrics:
    """The metrics of this process.

    Args:
        folder: A folder of the product's own; nothing is made in it while telemetry is off.
        product: Which product this is.
        release: Its version, such as 5.2.
        endpoint: Base address of the receiving door.
        uploads: Whether a thread of this process sends what is due.
    """
    schema = Schema.from_document(DOCUMENT)
    return Metrics(Telemetry(schema, folder, product=product, release=release, endpoint=endpoint, uploads=uploads))
'''
_TYPESCRIPT_HEAD = """// Telemetry{of}: every metric that may be recorded, with why.
// Written by `troth telemetry generate` from the policy; write the policy, not this file.

export const schema = {document} as const;

export type Product = {products};

/** What records: `WeekSums` below, or something of yours that hands on to a sender. */
export interface Recorder {{
  add(name: string, n: number, label?: string): void;
  set(name: string, value: number | boolean | string): void;
  observe(name: string, milliseconds: number): void;
}}

/** The declared metrics. */
export class Metrics {{
  constructor(private readonly recorder: Recorder) {{}}
"""
_TYPESCRIPT_TAIL = """}

type Value = number | boolean | string | number[] | { [label: string]: number };
interface Declared {
  readonly name: string;
  readonly type: string;
  readonly choices?: readonly string[];
  readonly edges?: readonly number[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly randomised?: number;
}

/**
 * The sums of one week, and its report in the exact bytes that the receiving door takes. What is undeclared or out of bounds is
 * counted in `refused`. Metrics with a randomised response are left out: blurring them is the sender's business.
 */
export class WeekSums implements Recorder {
  refused = 0;
  private readonly values = new Map<string, Value>();
  private readonly declared = new Map<string, Declared>(schema.metrics.map((one) => [one.name, one as Declared]));

  add(name: string, n: number, label?: string): void {
    const metric = this.of(name, label === undefined ? "counter" : "labelled-counter");
    if (metric === undefined || !Number.isInteger(n) || n < 0) return this.refuse();
    if (label === undefined) {
      this.values.set(name, this.sum(metric, (this.values.get(name) as number | undefined) ?? 0, n));
    } else if (metric.choices?.includes(label)) {
      const held = (this.values.get(name) ?? {}) as { [label: string]: number };
      this.values.set(name, { ...held, [label]: this.sum(metric, held[label] ?? 0, n) });
    } else this.refuse();
  }

  set(name: string, value: number | boolean | string): void {
    const metric = this.declared.get(name);
    if (metric?.type === "boolean" && typeof value === "boolean") this.values.set(name, value);
    else if (metric?.type === "choice" && metric.choices?.includes(value as string)) this.values.set(name, value);
    else if (metric === undefined || typeof value !== "number" || !Number.isInteger(value)) this.refuse();
    else if (metric.type === "weeks-in-use" && value >= 0) this.values.set(name, this.bucket(metric, value));
    else if (metric.type === "quantity" && value >= (metric.minimum ?? 0) && value <= (metric.maximum ?? 0))
      this.values.set(name, value);
    else this.refuse();
  }

  observe(name: string, milliseconds: number): void {
    const metric = this.of(name, "timing");
    if (metric === undefined || !(milliseconds >= 0)) return this.refuse();
    const held = this.values.get(name) as number[] | undefined;
    const buckets = held ?? new Array<number>((metric.edges?.length ?? 0) + 1).fill(0);
    const place = this.bucket(metric, milliseconds);
    buckets[place] = this.sum(metric, buckets[place] ?? 0, 1);
    this.values.set(name, buckets);
  }

  /** The report of a week such as 2026-W48. */
  report(product: Product, release: string, week: string): string {
    const sent = [...this.values].filter(([name]) => this.declared.get(name)?.randomised === undefined);
    const metrics = Object.fromEntries(sent);
    return canonical({ format: "troth-report/1", metrics, product, release, schema: schema.fingerprint, week });
  }

  private of(name: string, type: string): Declared | undefined {
    const metric = this.declared.get(name);
    return metric?.type === type ? metric : undefined;
  }

  private sum(metric: Declared, held: number, more: number): number {
    return Math.min(held + more, metric.maximum ?? 0);
  }

  private bucket(metric: Declared, value: number): number {
    return (metric.edges ?? []).filter((edge) => edge <= value).length;
  }

  private refuse(): void {
    this.refused += 1;
  }
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value as object).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
}
"""


def python_source(document: Mapping[str, Any]) -> str:
    """A module that records the metrics of a schema document through `troth.telemetry`."""
    taken = {"telemetry", *(one["name"] for one in document["metrics"])}
    parts = [
        _PYTHON_HEAD.format(
            of=_of(document), document=_json(document), products=_literal(sorted(document["products"]))
        )
    ]
    for metric in document["metrics"]:
        parts.extend(_python_methods(metric, taken))
    return "".join([*parts, _PYTHON_TAIL])


def typescript_source(document: Mapping[str, Any]) -> str:
    """A module with the same accessors, and the sums and report of a week."""
    products = " | ".join(json.dumps(one) for one in sorted(document["products"]))
    parts = [_TYPESCRIPT_HEAD.format(of=_of(document), document=_json(document), products=products)]
    parts += [_typescript_method(metric) for metric in document["metrics"]]
    return "".join([*parts, _TYPESCRIPT_TAIL])


def _python_methods(metric: Metric, taken: set[str]) -> Iterator[str]:
    name = json.dumps(metric["name"])
    given, call = _PYTHON[metric["type"]](metric)
    own = str(metric["name"])
    reserved = keyword.iskeyword(own) or own == "telemetry"
    yield _python_method(
        _free(own, taken) if reserved else own, given, "None", metric, call.format(name=name)
    )
    if metric["type"] == "timing":
        timer = _free(f"time_{metric['name']}", taken)
        yield _python_method(timer, "", "Timing", metric, f"return self.telemetry.time({name})")


def _python_method(name: str, given: str, back: str, metric: Metric, call: str) -> str:
    about = (
        "\n".join(f"        {line}".rstrip() for line in _lines(metric))
        .strip()
        .replace("\\", "\\\\")
        .replace('"""', "'''")
    )
    shown = f", {given}" if given else ""
    return f'''
    def {name}(self{shown}) -> {back}:
        """{about}
        """
        {call}
'''


def _choices(metric: Metric) -> str:
    return f"Literal[{_literal(metric['choices'])}]"


_PYTHON: Mapping[str, Callable[[Metric], tuple[str, str]]] = {
    "counter": lambda _: ("n: int = 1", "self.telemetry.add({name}, n)"),
    "labelled-counter": lambda one: (
        f"label: {_choices(one)}, n: int = 1",
        "self.telemetry.add({name}, n, label)",
    ),
    "quantity": lambda _: ("value: int", "self.telemetry.set({name}, value)"),
    "boolean": lambda _: ("value: bool", "self.telemetry.set({name}, value)"),
    "choice": lambda one: (f"value: {_choices(one)}", "self.telemetry.set({name}, value)"),
    "timing": lambda _: ("milliseconds: float", "self.telemetry.observe({name}, milliseconds)"),
    "weeks-in-use": lambda _: ("weeks: int", "self.telemetry.set({name}, weeks)"),
}


def _typescript_method(metric: Metric) -> str:
    kind, name = metric["type"], json.dumps(metric["name"])
    union = " | ".join(json.dumps(one) for one in metric.get("choices", ()))
    given, call = {
        "counter": ("n = 1", f"add({name}, n)"),
        "labelled-counter": (f"label: {union}, n = 1", f"add({name}, n, label)"),
        "boolean": ("value: boolean", f"set({name}, value)"),
        "choice": (f"value: {union}", f"set({name}, value)"),
        "timing": ("milliseconds: number", f"observe({name}, milliseconds)"),
    }.get(kind, ("value: number", f"set({name}, value)"))
    about = (
        "\n".join(f"   * {line}".rstrip() for line in _lines(metric))
        .removeprefix("   * ")
        .replace("*/", "* /")
    )
    return f"""
  /**
   * {about}
   */
  {_camel(metric["name"])}({given}): void {{
    this.recorder.{call};
  }}
"""


def _lines(metric: Metric) -> Iterator[str]:
    unit = f" ({metric['unit']})" if metric.get("unit") else ""
    yield f"{metric['title'].capitalize()}{unit}."
    yield ""
    yield " ".join(str(metric["reason"]).split())
    yield f"Owner: {metric['owner']}. Expires: {metric['expires']}. Since release {metric['since']}."
    if metric.get("randomised"):
        yield f"Blurred by chance before it leaves (randomised response, epsilon {metric['randomised']})."
    if metric.get("clause"):
        yield f"Source: clause {metric['clause']}."


def _free(name: str, taken: set[str]) -> str:
    while name in taken or keyword.iskeyword(name):
        name += "_"
    taken.add(name)
    return name


def _camel(name: str) -> str:
    first, *more = name.split("_")
    made = first + "".join(one.capitalize() for one in more)
    return f"{made}_" if made in {"constructor", "recorder"} else made


def _literal(values: list[str]) -> str:
    return ", ".join(json.dumps(one) for one in values)


def _json(document: Mapping[str, Any]) -> str:
    # Escaped quotes would end a raw text of Python early; as \u0022 they are the same to JSON and to TypeScript.
    return json.dumps(document, indent=2, sort_keys=True).replace('\\"', "\\u0022")


def _of(document: Mapping[str, Any]) -> str:
    controller = " ".join(str(document.get("controller", "")).split())
    return f" of {controller}" if controller.replace(" ", "").replace(".", "").isalnum() else ""
