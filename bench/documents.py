"""JSON Schemas of any size, and documents that match them: the same for the same seed."""

import datetime
import json
import math
import random
import uuid

LAYERS = 4
DRAFT = "http://json-schema.org/draft-07/schema#"
WORDS = (
    "account amount battery billing building cable capacity carrier charge city client code connector contract country"
    " currency customer day delivery demand device discount distance district driver energy entrance event expiry facility"
    " fee fleet floor forecast gate grid group hour image invoice item kind label lane language layout level limit line"
    " location lot meter model month network number offer operator order origin owner parcel parking partner payment permit"
    " phase plan plug port power price product profile quantity rate reading receipt region reservation restriction route"
    " season section sensor session shift site slot socket start state station stop supplier surcharge tariff tax terminal"
    " ticket token unit vehicle vendor visit voltage voucher weight window zone"
).split()

# The order of the small example: about 300 bytes.
ORDER = {
    "$schema": DRAFT,
    "type": "object",
    "required": ["order_id", "customer", "currency", "items", "placed_at"],
    "properties": {
        "order_id": {"type": "string", "format": "uuid"},
        "customer": {"type": "string", "format": "email"},
        "currency": {"enum": ["EUR", "GBP", "SEK", "USD"]},
        "items": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["sku", "quantity", "price"],
                "properties": {
                    "sku": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
                    "quantity": {"type": "integer", "minimum": 1},
                    "price": {"type": "number", "minimum": 0},
                },
                "additionalProperties": False,
            },
        },
        "placed_at": {"type": "string", "format": "date-time"},
        "note": {"type": ["string", "null"], "maxLength": 200},
    },
    "additionalProperties": False,
}


def text(document):
    return json.dumps(document, separators=(",", ":"))


class Source(random.Random):
    """Makes schemas and documents."""

    # --- documents of the example

    def order(self):
        items = [{"sku": self.sku(), "quantity": self.randint(1, 9), "price": self.amount()} for _ in range(3)]
        return {
            "order_id": self.uuid(),
            "customer": f"{self.word()}.{self.word()}@example.com",
            "currency": self.choice(["EUR", "GBP", "SEK", "USD"]),
            "items": items,
            "placed_at": self.time(),
            "note": self.choice([None, self.words(3)]),
        }

    # --- schemas

    def schema(self, definitions):
        """A schema of a root and so many definitions, in layers: each refers to some of the layer below.

        In the root there is an array whose items are of one of three kinds, told apart by a property.
        """
        names = self.sample([f"{a}_{b}" for a in WORDS for b in WORDS if a < b], definitions)
        shared, below = {}, []
        count = math.ceil(definitions / LAYERS)
        for start in range(0, definitions, count):
            layer = {name: self.record(below) for name in names[start : start + count]}
            shared |= layer
            below = list(layer)
        kinds = {}
        for name in below[-3:]:
            record, kind = shared[name], f"{name}_item"
            kinds[kind] = {
                **record,
                "properties": {**record["properties"], "item_kind": {"const": kind}},
                "required": [*record["required"], "item_kind"],
            }
        root = self.record(below)
        root["properties"]["items"] = {"type": "array", "items": {"oneOf": [ref(name) for name in kinds]}}
        root["required"] = [*root["required"], "items"]
        return {"$schema": DRAFT, **root, "definitions": shared | kinds}

    def record(self, others):
        names = self.sample(WORDS, 8)
        properties = {name: self.value_schema() for name in names}
        if others:
            for name, other in zip(names, self.sample(others, min(2, len(others)))):
                properties[name] = ref(other)
            properties[names[2]] = {"type": "array", "items": ref(self.choice(others)), "maxItems": 20}
        return {
            "type": "object",
            "description": self.words(12),
            "required": sorted(names[3:7]),
            "properties": properties,
            "additionalProperties": False,
        }

    def value_schema(self):
        kind = self.choice(
            [
                {"type": "string", "format": self.choice(["date-time", "date", "email", "uri", "uuid"])},
                {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
                {"type": "string", "minLength": 1, "maxLength": 80},
                {"enum": self.sample(WORDS, self.randint(3, 25))},
                {"type": "integer", "minimum": 0, "maximum": 1_000_000},
                {"type": "number", "minimum": 0},
                {"type": ["string", "null"]},
                {"type": "boolean"},
                {"type": "array", "items": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}},
            ]
        )
        return {**kind, "description": self.words(8)}

    # --- documents that match them

    def document(self, schema, size):
        """A document whose text has about so many bytes."""
        document = {**self.value(schema, schema), "items": []}
        while len(text(document)) < size:
            document["items"].append(self.value(schema["properties"]["items"]["items"], schema))
        return document

    def value(self, schema, root, depth=0):
        match schema:
            case {"$ref": target}:
                return self.value(root["definitions"][target.rsplit("/", 1)[1]], root, depth)
            case {"const": value}:
                return value
            case {"enum": values}:
                return self.choice(values)
            case {"oneOf": branches}:
                return self.value(self.choice(branches), root, depth)
            case {"type": "object"}:
                # Deeper, only what is required.
                members = schema["properties"].items()
                wanted = (m for m in members if m[0] in schema["required"] or depth == 0 or self.random() < 0.5 / depth)
                return {name: self.value(member, root, depth + 1) for name, member in wanted}
            case {"type": "array"}:
                count = schema.get("minItems", self.randint(0, max(3 - depth, 1)))
                return [self.value(schema["items"], root, depth + 1) for _ in range(count)]
            case {"format": "date-time"}:
                return self.time()
            case {"format": "date"}:
                return self.time()[:10]
            case {"format": "email"}:
                return f"{self.word()}@example.com"
            case {"format": "uri"}:
                return f"https://example.com/{self.word()}/{self.word()}"
            case {"format": "uuid"}:
                return self.uuid()
            case {"pattern": _}:
                return self.sku()
            case {"type": "integer"}:
                return self.randint(0, 1_000_000)
            case {"type": "number"}:
                return self.amount()
            case {"type": "boolean"}:
                return self.random() < 0.5
            case _:
                return self.words(self.randint(1, 6))

    # --- values

    def word(self):
        return self.choice(WORDS)

    def words(self, count):
        return " ".join(self.choices(WORDS, k=count))

    def sku(self):
        return f"{''.join(self.choices('ABCDEFGH', k=3))}-{self.randint(0, 9999):04}"

    def amount(self):
        return self.randint(0, 100_000) / 100

    def uuid(self):
        return str(uuid.UUID(int=self.getrandbits(128), version=4))

    def time(self):
        return (datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=self.randint(0, 30_000_000))).isoformat() + "Z"


def ref(name):
    return {"$ref": f"#/definitions/{name}"}
