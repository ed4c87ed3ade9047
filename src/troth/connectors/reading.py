"""Reading a data-set file in the format of Fides (fideslang's `dataset`), as it stands.

What the format knows and SQL has no use for is read over; what would be obeyed and cannot be is refused.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import yaml

from troth.connectors.masking import STRATEGIES
from troth.connectors.model import Collection, Dataset, Field, Masking, Reference
from troth.kernel import InvalidInput

MAX_BYTES = 4_000_000
_MANY = 2_000
_DEEPEST = 60
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_dataset(text: str) -> Dataset:
    """The data sets of a file, as one: all of them lie in one database.

    Raises:
        InvalidInput: It is no such file; the message says where and how to mend it.
    """
    if len(text) > MAX_BYTES:
        raise _fault("file", f"it has more than {MAX_BYTES} characters", "Split it.")
    read = _plain_yaml(text)
    listed = read.get("dataset") if isinstance(read, dict) else None
    if isinstance(listed, dict):
        listed = [listed]
    if not isinstance(listed, list) or not listed:
        raise _fault("dataset", "it has no list `dataset:`", "Begin the file with `dataset:`.")
    raw = [_mapping(one, f"dataset[{number}]") for number, one in enumerate(listed)]
    keys = [_text(one, "fides_key", "dataset") for one in raw]
    reader = _Reader(frozenset(keys), single=len(keys) == 1)
    collections: dict[str, Collection] = {}
    for key, one in zip(keys, raw, strict=True):
        for made in reader.collections(key, one):
            if made.name in collections:
                raise _fault(made.name, "a collection stands twice", "Keep one of them.")
            collections[made.name] = made
    _check_references(collections)
    return Dataset(keys[0], str(raw[0].get("name") or keys[0]), collections, tuple(reader.outside))


def _plain_yaml(text: str) -> Any:
    """The data of a YAML text without aliases, nested to a depth that no data set reaches."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.AliasEvent):
                raise _fault("file", "it has an alias", "Write the value out.")
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                raise _fault("file", f"it is nested deeper than {_DEEPEST} levels", "Write it flatter.")
        return yaml.load(text, Loader=_LOADER)  # noqa: S506  the safe loader
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}" if mark else "file"
        raise _fault(line, "it is not YAML", "Mend the syntax; quote text that holds : or #.") from error


class _Reader:
    """Reads collections; names them alone where a file has one data set, else with the data set's key before."""

    def __init__(self, keys: frozenset[str], *, single: bool) -> None:
        self._keys = keys
        self._single = single
        self.outside: list[str] = []

    def name(self, key: str, collection: str) -> str:
        return collection if self._single else f"{key}.{collection}"

    def collections(self, key: str, raw: Mapping[str, Any]) -> list[Collection]:
        """The collections of one data set."""
        meta = _meta(raw, key)
        namespace = meta.get("namespace")
        schema = namespace.get("schema", "") if isinstance(namespace, dict) else ""
        listed = raw.get("collections")
        if not isinstance(listed, list) or not 0 < len(listed) <= _MANY:
            raise _fault(key, "it has no list of collections", f"List 1 to {_MANY} of them.")
        above = _categories(raw, key)
        return [self._collection(key, _mapping(one, key), above, str(schema or "")) for one in listed]

    def _collection(
        self, key: str, raw: Mapping[str, Any], above: tuple[str, ...], schema: str
    ) -> Collection:
        bare = _text(raw, "name", key)
        name = self.name(key, bare)
        meta = _meta(raw, name)
        categories = _categories(raw, name) or above
        listed = raw.get("fields")
        if not isinstance(listed, list) or not 0 < len(listed) <= _MANY:
            raise _fault(name, "it has no list of fields", f"List 1 to {_MANY} of them.")
        fields: dict[str, Field] = {}
        for one in listed:
            made = self._field(name, _mapping(one, name), categories)
            if made.name in fields:
                raise _fault(f"{name}.{made.name}", "the field stands twice", "Keep one of them.")
            fields[made.name] = made
        override = meta.get("masking_strategy_override") or raw.get("masking_strategy_override")
        strategy = override.get("strategy") if isinstance(override, dict) else None
        if strategy not in (None, "delete"):
            raise _fault(name, f"a whole collection is not masked by {str(strategy)[:40]!r}", "Use delete.")
        return Collection(
            name=name,
            table=f"{schema}.{bare}" if schema else bare,
            fields=fields,
            erase_after=self._after(meta, name),
            delete=strategy == "delete",
            skip=meta.get("skip_processing") is True,
        )

    def _after(self, meta: Mapping[str, Any], name: str) -> tuple[str, ...]:
        found = []
        for one in _texts(meta.get("erase_after"), f"{name}.erase_after"):
            dataset, _, collection = one.partition(".")
            if dataset in self._keys and collection:
                found.append(self.name(dataset, collection))
        return tuple(found)

    def _field(self, collection: str, raw: Mapping[str, Any], above: tuple[str, ...]) -> Field:
        name = _text(raw, "name", collection)
        where = f"{collection}.{name}"
        meta = _meta(raw, where)
        own = _categories(raw, where) + _nested(raw, where)
        length = meta.get("length") or 0
        if not isinstance(length, int) or isinstance(length, bool) or length < 0:
            raise _fault(where, "its length is no number", "Write a whole number.")
        return Field(
            name=name,
            categories=own or above,
            identity=_identity(meta, where),
            references=tuple(self._references(meta, where)),
            primary_key=meta.get("primary_key") is True,
            length=length,
            masking=_masking(meta, where),
            read_only=meta.get("read_only") is True,
        )

    def _references(self, meta: Mapping[str, Any], where: str) -> list[Reference]:
        listed = meta.get("references") or []
        if not isinstance(listed, list):
            raise _fault(where, "its references are no list", "Write them as a list.")
        found = []
        for one in listed:
            raw = _mapping(one, where)
            dataset, target = _text(raw, "dataset", where), _text(raw, "field", where)
            direction = raw.get("direction")
            if direction not in (None, "to", "from"):
                raise _fault(where, "a direction is neither to nor from", "Write to, from, or none.")
            collection, _, field = target.partition(".")
            if not field:
                raise _fault(where, "a reference names no field", "Write it as collection.field.")
            if dataset not in self._keys or "." in field:  # another database, or inside a column
                self.outside.append(where)
                continue
            found.append(Reference(self.name(dataset, collection), field, direction))
        return found


def _check_references(collections: Mapping[str, Collection]) -> None:
    for collection in collections.values():
        for field in collection.fields.values():
            for one in field.references:
                there = collections.get(one.collection)
                if there is None or one.field not in there.fields:
                    raise _fault(
                        f"{collection.name}.{field.name}",
                        f"it refers to {one.collection}.{one.field}, which the file does not have",
                        "Add that field, or take the reference out.",
                    )


def _nested(raw: Mapping[str, Any], where: str) -> tuple[str, ...]:
    """Categories of everything inside a field that has fields of its own: in SQL it is one column."""
    found: list[str] = []
    for one in raw.get("fields") or []:
        inner = _mapping(one, where)
        found += _categories(inner, where) + _nested(inner, where)
    return tuple(dict.fromkeys(found))


def _identity(meta: Mapping[str, Any], where: str) -> str:
    found = meta.get("identity") or ""
    if not isinstance(found, str):
        raise _fault(where, "its identity is no text", "Write the kind of identifier, such as email.")
    return found


def _masking(meta: Mapping[str, Any], where: str) -> Masking | None:
    raw = meta.get("masking_strategy_override")
    if raw is None:
        return None
    override = _mapping(raw, where)
    strategy = _text(override, "strategy", where)
    if strategy not in STRATEGIES:
        raise _fault(
            where,
            f"there is no masking strategy {strategy[:40]!r}",
            f"Use one of {', '.join(sorted(STRATEGIES))}.",
        )
    settings = override.get("configuration") or {}
    masking = Masking(strategy, _mapping(settings, where))
    wrong = STRATEGIES[strategy].wrong(masking.settings)
    if wrong:
        raise _fault(where, f"its masking strategy {strategy}: {wrong}", "Mend its configuration.")
    return masking


def _meta(raw: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    found = raw.get("fides_meta") or raw.get("fidesops_meta") or {}
    return _mapping(found, where)


def _categories(raw: Mapping[str, Any], where: str) -> tuple[str, ...]:
    return _texts(raw.get("data_categories"), f"{where}.data_categories")


def _texts(value: Any, where: str) -> tuple[str, ...]:
    try:
        return tuple(msgspec.convert(value or [], list[str]))
    except msgspec.ValidationError as error:
        raise _fault(where, "it is no list of texts", "Write a list.") from error


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _fault(where, "a part is no mapping", "Write it as `name: value` lines.")
    return value


def _text(raw: Mapping[str, Any], name: str, where: str) -> str:
    found: Sequence[str] | Any = raw.get(name)
    if not isinstance(found, str) or not found:
        raise _fault(where, f"`{name}` is missing or no text", f"Write its {name}.")
    return found


def _fault(where: str, what: str, mend: str) -> InvalidInput:
    return InvalidInput(f"The data-set file, at {where[:120]}: {what}.", field=where[:120], mend=mend)
