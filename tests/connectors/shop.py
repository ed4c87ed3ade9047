"""A shop's database in the shape of the Fides example, and its data set: customers, addresses, orders, cards, visits, staff."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

ADA, BEN = "ada@example.com", "ben@example.com"
DATASET = """
dataset:
  - fides_key: shop
    name: Example shop
    description: The database of a shop
    collections:
      - name: address
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: True}}
          - {name: house, data_categories: [user.contact.address.street]}
          - {name: street, data_categories: [user.contact.address.street]}
          - {name: city, data_categories: [user.contact.address.city]}
          - {name: state, data_categories: [user.contact.address.state]}
          - {name: zip, data_categories: [user.contact.address.postal_code]}
      - name: customer
        fields:
          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: True}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
          - {name: name, data_categories: [user.name], fides_meta: {data_type: string, length: 40}}
          - {name: created, data_categories: [system.operations]}
          - name: address_id
            data_categories: [system.operations]
            fides_meta:
              references:
                - {dataset: shop, field: address.id, direction: to}
      - name: employee
        fields:
          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: True}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
          - name: name
            data_categories: [user.name]
            fides_meta:
              data_type: string
              masking_strategy_override:
                strategy: string_rewrite
                configuration: {rewrite_value: erased, format_preservation: {suffix: "-person"}}
          - name: address_id
            data_categories: [system.operations]
            fides_meta:
              references:
                - {dataset: shop, field: address.id, direction: to}
      - name: login
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: True}}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta:
              references:
                - {dataset: shop, field: customer.id, direction: from}
          - {name: time, data_categories: [user.sensor]}
      - name: orders
        fides_meta: {after: [shop.customer]}
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: True}}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta:
              references:
                - {dataset: shop, field: customer.id, direction: from}
          - name: shipping_address_id
            data_categories: [system.operations]
            fides_meta:
              references:
                - {dataset: shop, field: address.id, direction: to}
          - {name: note, data_categories: [user.content]}
      - name: order_item
        fields:
          - name: order_id
            data_categories: [system.operations]
            fides_meta:
              primary_key: True
              references:
                - {dataset: shop, field: orders.id, direction: from}
          - {name: line, data_categories: [system.operations], fides_meta: {primary_key: True}}
          - name: product_id
            data_categories: [system.operations]
            fides_meta:
              references:
                - {dataset: shop, field: product.id, direction: to}
          - {name: engraving, data_categories: [user.content]}
      - name: shipment
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: True}}
          - name: order_id
            data_categories: [system.operations]
            fides_meta:
              references:
                - {dataset: shop, field: order_item.order_id, direction: from}
          - name: line
            data_categories: [system.operations]
            fides_meta:
              references:
                - {dataset: shop, field: order_item.line, direction: from}
          - {name: signed_by, data_categories: [user.name]}
      - name: payment_card
        fides_meta: {erase_after: [shop.orders]}
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: True}}
          - {name: name, data_categories: [user.financial]}
          - {name: ccn, data_categories: [user.financial.bank_account]}
          - {name: code, data_categories: [user.financial]}
          - {name: preferred, data_categories: [user]}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta:
              references:
                - {dataset: shop, field: customer.id, direction: from}
          - name: billing_address_id
            data_categories: [system.operations]
            fides_meta:
              references:
                - {dataset: shop, field: address.id, direction: to}
      - name: product
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: True}}
          - {name: name, data_categories: [system.operations]}
          - {name: price, data_categories: [system.operations]}
      - name: report
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: True}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
          - {name: name, data_categories: [system.operations]}
          - {name: month, data_categories: [system.operations]}
      - name: service_request
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: True}}
          - {name: email, data_categories: [system.operations], fides_meta: {identity: email, data_type: string}}
          - {name: alt_email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
          - {name: opened, data_categories: [system.operations]}
          - name: employee_id
            data_categories: [user.unique_id]
            fides_meta:
              references:
                - {dataset: shop, field: employee.id, direction: from}
      - name: visit
        fields:
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
          - {name: last_visit, data_categories: [system.operations]}
      - name: newsletter
        fides_meta:
          masking_strategy_override: {strategy: delete}
        fields:
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, primary_key: True}}
"""
metadata = sa.MetaData()
address = sa.Table(
    "address",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("house", sa.String(10)),
    sa.Column("street", sa.String(100)),
    sa.Column("city", sa.String(100)),
    sa.Column("state", sa.String(20)),
    sa.Column("zip", sa.String(12)),
)
customer = sa.Table(
    "customer",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("email", sa.String(100), nullable=False, unique=True),
    sa.Column("name", sa.String(40), nullable=False),
    sa.Column("created", sa.DateTime),
    sa.Column("address_id", sa.ForeignKey("address.id")),
)
employee = sa.Table(
    "employee",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("email", sa.String(100)),
    sa.Column("name", sa.String(40)),
    sa.Column("address_id", sa.ForeignKey("address.id")),
)
login = sa.Table(
    "login",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("customer_id", sa.ForeignKey("customer.id"), nullable=False),
    sa.Column("time", sa.DateTime, nullable=False),
)
orders = sa.Table(
    "orders",
    metadata,
    sa.Column("id", sa.String(20), primary_key=True),
    sa.Column("customer_id", sa.ForeignKey("customer.id")),
    sa.Column("shipping_address_id", sa.ForeignKey("address.id")),
    sa.Column("note", sa.Text),
)
product = sa.Table(
    "product",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(40)),
    sa.Column("price", sa.Numeric(10, 2)),
)
order_item = sa.Table(
    "order_item",
    metadata,
    sa.Column("order_id", sa.ForeignKey("orders.id"), primary_key=True),
    sa.Column("line", sa.Integer, primary_key=True),
    sa.Column("product_id", sa.ForeignKey("product.id")),
    sa.Column("engraving", sa.String(30)),
)
shipment = sa.Table(
    "shipment",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("order_id", sa.String(20)),
    sa.Column("line", sa.Integer),
    sa.Column("signed_by", sa.String(40)),
    sa.ForeignKeyConstraint(["order_id", "line"], ["order_item.order_id", "order_item.line"]),
)
payment_card = sa.Table(
    "payment_card",
    metadata,
    sa.Column("id", sa.String(20), primary_key=True),
    sa.Column("name", sa.String(100)),
    sa.Column("ccn", sa.BigInteger),
    sa.Column("code", sa.SmallInteger, nullable=False),
    sa.Column("preferred", sa.Boolean),
    sa.Column("customer_id", sa.ForeignKey("customer.id")),
    sa.Column("billing_address_id", sa.ForeignKey("address.id")),
)
report = sa.Table(
    "report",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("email", sa.String(100)),
    sa.Column("name", sa.String(40)),
    sa.Column("month", sa.Integer),
)
service_request = sa.Table(
    "service_request",
    metadata,
    sa.Column("id", sa.String(20), primary_key=True),
    sa.Column("email", sa.String(100)),
    sa.Column("alt_email", sa.String(100)),
    sa.Column("opened", sa.Date),
    sa.Column("employee_id", sa.ForeignKey("employee.id")),
)
visit = sa.Table(
    "visit",
    metadata,
    sa.Column("email", sa.String(100), primary_key=True),
    sa.Column("last_visit", sa.DateTime, primary_key=True),
)
newsletter = sa.Table("newsletter", metadata, sa.Column("email", sa.String(100), primary_key=True))


def fill(engine: sa.Engine) -> None:
    """Make the tables, and two customers: Ada and Ben, who share one address of two."""
    when = datetime(2025, 3, 4, 5, 6, 7)  # noqa: DTZ001  columns without zones
    metadata.create_all(engine)
    with engine.begin() as connection:

        def add(table: sa.Table, *rows: Mapping[str, object]) -> None:
            connection.execute(sa.insert(table), list(rows))

        add(product, {"id": 1, "name": "lamp", "price": 12}, {"id": 2, "name": "ring", "price": 99})
        for number, (who, mail) in enumerate((("ADA", ADA), ("BEN", BEN)), 1):
            home = {
                "house": f"{who}-h",
                "street": f"{who}-street",
                "city": f"{who}-city",
                "state": "CA",
                "zip": f"{who}-z",
            }
            add(address, {"id": number, **home})
            if number == 1:
                shared = {name: f"SHARED-{name}"[:10] for name in ("house", "street", "city", "state", "zip")}
                add(address, {"id": 9, **shared})
            person = {"name": f"{who}-name", "created": when, "address_id": number}
            add(customer, {"id": number, "email": mail.upper() if who == "ADA" else mail, **person})
            add(login, *({"id": number * 10 + n, "customer_id": number, "time": when} for n in range(3)))
            for n in range(2):
                order = f"o-{number}-{n}"
                add(
                    orders,
                    {"id": order, "customer_id": number, "shipping_address_id": 9, "note": f"{who}-note-{n}"},
                )
                add(
                    order_item,
                    *(
                        {
                            "order_id": order,
                            "line": line,
                            "product_id": line,
                            "engraving": f"{who}-engraved-{n}{line}",
                        }
                        for line in (1, 2)
                    ),
                )
                add(
                    shipment,
                    {"id": number * 10 + n, "order_id": order, "line": 1, "signed_by": f"{who}-signed"},
                )
            card = {"name": f"{who}-card", "ccn": 4111000 + number, "code": 300 + number, "preferred": True}
            add(
                payment_card,
                {"id": f"card-{number}", **card, "customer_id": number, "billing_address_id": number},
            )
            add(report, {"id": number, "email": mail, "name": "monthly", "month": 3})
            add(visit, {"email": mail, "last_visit": when})
            add(newsletter, {"email": mail})
        add(employee, {"id": 1, "email": "staff@example.com", "name": "STAFF-name", "address_id": None})
        add(
            service_request,
            {"id": "s-1", "email": ADA, "alt_email": None, "opened": when.date(), "employee_id": 1},
            {"id": "s-2", "email": BEN, "alt_email": ADA, "opened": when.date(), "employee_id": 1},
        )


def dump(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for table in metadata.sorted_tables
        }
