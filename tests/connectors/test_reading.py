"""Reading data-set files: the format as it is, and errors that say where."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.shop import DATASET
from troth.connectors import read_dataset
from troth.kernel import InvalidInput

SMALL = """
dataset:
  - fides_key: app
    name: App
    fides_meta: {{namespace: {{database_name: app, schema: sales}}, after: [other.dataset]}}
    collections:
      - name: person
        fields:
          - name: email
            data_categories: [user.contact.email]
            {meta}
"""


def small(meta: str) -> str:
    """A data set of one field."""
    return SMALL.format(meta=meta)


def test_everything_of_the_format_is_read() -> None:
    """Collections, categories, identities, references, keys, lengths, orders and overrides."""
    read = read_dataset(DATASET)
    assert (read.key, read.title, len(read.collections)) == ("shop", "Example shop", 13)
    customer = read.collections["customer"].fields
    assert (customer["email"].identity, customer["name"].length, customer["id"].primary_key) == (
        "email",
        40,
        True,
    )
    assert customer["address_id"].references[0] == ("address", "id", "to")
    assert read.collections["payment_card"].erase_after == ("orders",)
    assert read.collections["newsletter"].delete
    override = read.collections["employee"].fields["name"].masking
    assert override is not None
    assert (override.strategy, override.settings["rewrite_value"]) == ("string_rewrite", "erased")


def test_a_schema_older_names_and_nested_fields() -> None:
    """The namespace's schema stands before the table; `fidesops_meta` is the older name; nested fields are one column."""
    read = read_dataset(
        small(
            "fidesops_meta: {identity: email}\n            fields: [{name: x, data_categories: [user.name]}]"
        )
    )
    field = read.collections["person"].fields["email"]
    assert read.collections["person"].table == "sales.person"
    assert field.identity == "email"
    assert field.categories == ("user.contact.email", "user.name")


def test_categories_come_from_above_where_a_field_has_none() -> None:
    """A field without categories has those of its collection, else those of the data set."""
    text = small("").replace("data_categories: [user.contact.email]", "description: d")
    assert read_dataset(text.replace("name: App", "name: App\n    data_categories: [user]")).collections[
        "person"
    ].fields["email"].categories == ("user",)


def test_what_leads_out_of_the_file_is_remembered() -> None:
    """A reference to another data set is not followed, and told."""
    meta = "fides_meta: {references: [{dataset: elsewhere, field: a.b, direction: from}]}"
    assert read_dataset(small(meta)).outside == ("person.email",)


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("", "dataset", "no list"),
        ("a:\n  - [}", "line 2", "not YAML"),
        ("dataset: [&a {fides_key: x, collections: [*a]}]", "file", "alias"),
        ("dataset: [{name: x}]", "dataset", "fides_key"),
        ("dataset: [{fides_key: x}]", "x", "collections"),
        (
            small("fides_meta: {masking_strategy_override: {strategy: scramble}}"),
            "person.email",
            "no masking strategy",
        ),
        (
            small("fides_meta: {masking_strategy_override: {strategy: aes_encrypt}}"),
            "person.email",
            "read again",
        ),
        (
            small("fides_meta: {masking_strategy_override: {strategy: string_rewrite}}"),
            "person.email",
            "rewrite_value",
        ),
        (
            small("fides_meta: {references: [{dataset: app, field: person.no}]}"),
            "person.email",
            "does not have",
        ),
        (
            small("fides_meta: {references: [{dataset: app, field: person}]}"),
            "person.email",
            "names no field",
        ),
        (
            small("fides_meta: {references: [{dataset: app, field: person.email, direction: up}]}"),
            "person.email",
            "direction",
        ),
        (small("fides_meta: {length: long}"), "person.email", "length"),
    ],
)
def test_errors_say_where(text: str, where: str, words: str) -> None:
    """Each says the place, what is wrong and how to mend it."""
    with pytest.raises(InvalidInput, match=words) as error:
        read_dataset(text)
    assert error.value.field == where
    assert error.value.mend


_leaf = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["a", "b", "a.b"])
_words = st.sampled_from(
    [
        "dataset",
        "fides_key",
        "collections",
        "fields",
        "name",
        "fides_meta",
        "references",
        "field",
        "direction",
        "identity",
        "data_categories",
    ]
)
_any = st.recursive(
    _leaf,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=4),
    max_leaves=30,
)


@given(_any)
def test_no_file_breaks_the_reader(value: object) -> None:
    """Whatever stands in a file, it is read or refused."""
    for text in (json.dumps({"dataset": value}), json.dumps(value), str(value)):
        with suppress(InvalidInput):
            assert read_dataset(text).collections
