"""The changes that versions of schemas make: each kind as a function that changes a schema at a place drawn by lot.

A function answers whether it found a place. Places are the schemas that the root leads to, through references as well, so
that no change is in a definition that nobody uses.
"""

import copy

ONE = (
    "additionalProperties additionalItems items contains not if then else propertyNames unevaluatedProperties unevaluatedItems"
).split()
LIST = "allOf anyOf oneOf prefixItems items".split()
MAP = "properties patternProperties dependentSchemas".split()
SHARED = ("definitions", "$defs")
TYPES = ["null", "boolean", "integer", "string", "array", "object"]
FORMATS = ["date", "date-time", "email", "uri", "uuid", "ipv4"]
NOTES = ("title", "description", "$comment", "default", "examples")


def target(root, reference):
    """The schema that a reference within the document leads to."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    place = root
    for step in reference[1:].split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        try:
            place = place[int(step)] if isinstance(place, list) else place[step]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return place if isinstance(place, dict) else None


def places(root):
    """The schemas that are objects and that the root leads to."""
    found, seen, pending = [], set(), [root]
    while pending:
        schema = pending.pop()
        if not isinstance(schema, dict) or id(schema) in seen:
            continue
        seen.add(id(schema))
        found.append(schema)
        pending += [schema.get(keyword) for keyword in ONE]
        for keyword in LIST:
            if isinstance(schema.get(keyword), list):
                pending += schema[keyword]
        for keyword in MAP:
            if isinstance(schema.get(keyword), dict):
                pending += schema[keyword].values()
        pending.append(target(root, schema.get("$ref")))
    return found


def members(schema):
    value = schema.get("properties")
    return value if isinstance(value, dict) and value else None


def required(schema):
    value = schema.get("required")
    return value if isinstance(value, list) else []


def optional(schema):
    return [name for name in members(schema) or {} if name not in required(schema)]


def is_closed(schema):
    return schema.get("additionalProperties") is False


def is_open(schema):
    return schema.get("additionalProperties", True) is True and "unevaluatedProperties" not in schema


def at(condition):
    """Makes a kind of a change to one schema: at a place drawn from those where the condition holds."""

    def kind(change):
        def applied(root, lot):
            found = [schema for schema in places(root) if condition(schema)]
            if not found:
                return False
            change(lot.choice(found), lot)
            return True

        return applied

    return kind


def drop(schema, lot):
    name = lot.choice(optional(schema))
    del schema["properties"][name]


def add(schema, lot):
    schema["properties"][f"added{lot.randrange(1000)}"] = lot.choice(
        [{"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "array", "items": {"type": "string"}}, {"enum": ["x", "y"]}]
    )


def rename(schema, lot):
    name = lot.choice(optional(schema))
    schema["properties"][f"{name}Renamed"] = schema["properties"].pop(name)


def close(schema, _):
    schema["additionalProperties"] = False


def open_up(schema, _):
    del schema["additionalProperties"]


def require(schema, lot):
    schema["required"] = [*required(schema), lot.choice(optional(schema))]


def relax(schema, lot):
    schema["required"] = lot.sample(schema["required"], len(schema["required"]) - 1)
    # Draft 4 has no empty list.
    if not schema["required"]:
        del schema["required"]


def add_value(schema, lot):
    schema["enum"] = [*schema["enum"], f"added{lot.randrange(1000)}"]


def drop_value(schema, lot):
    schema["enum"].pop(lot.randrange(len(schema["enum"])))


def types(schema):
    value = schema.get("type")
    return [value] if isinstance(value, str) else value if isinstance(value, list) else []


def widen(schema, lot):
    now = types(schema)
    schema["type"] = [*now, lot.choice([it for it in TYPES if it not in now and not (it == "integer" and "number" in now)])]


def narrow(schema, lot):
    schema["type"] = lot.sample(schema["type"], len(schema["type"]) - 1)


def add_format(schema, lot):
    schema["format"] = lot.choice(FORMATS)


def drop_format(schema, _):
    del schema["format"]


def move_bound(schema, lot):
    keyword = lot.choice([it for it in BOUNDS if isinstance(schema.get(it), int) and not isinstance(schema.get(it), bool)])
    schema[keyword] = max(0, schema[keyword] + lot.choice([-1, 1, 10]))


def change_pattern(schema, lot):
    now = schema["pattern"]
    schema["pattern"] = lot.choice([now.replace("a-z", "a-z_"), now.replace("0-9", "0-8"), now.rstrip("$"), f"{now}|^$"])


def name_in_map(schema, _):
    schema.setdefault("properties", {})["bar"] = copy.deepcopy(schema["additionalProperties"])


BOUNDS = "minimum maximum minLength maxLength minItems maxItems minProperties maxProperties".split()


def extract(root, lot):
    """A schema becomes a definition; annotations are gone."""
    holders = [(schema, name) for schema in places(root) for name, part in (members(schema) or {}).items() if isinstance(part, dict)]
    if not holders:
        return False
    schema, name = lot.choice(holders)
    shared = "$defs" if "$defs" in root else "definitions"
    new = f"extracted{lot.randrange(1000)}"
    part = schema["properties"][name]
    root.setdefault(shared, {})[new] = {keyword: value for keyword, value in part.items() if keyword not in NOTES}
    schema["properties"][name] = {"$ref": f"#/{shared}/{new}"}
    return True


def referring(root):
    return [schema for schema in places(root) if target(root, schema.get("$ref"))]


def rename_definition(root, lot):
    for shared in lot.sample(SHARED, 2):
        names = [name for name in root.get(shared, {}) if "/" not in name and "~" not in name and "%" not in name]
        if isinstance(root.get(shared), dict) and names:
            name = lot.choice(names)
            old, new = f"#/{shared}/{name}", f"#/{shared}/{name}Renamed"
            root[shared][f"{name}Renamed"] = root[shared].pop(name)
            redirect(root, old, new)
            return True
    return False


def redirect(value, old, new):
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if key == "$ref" and isinstance(inner, str) and (inner == old or inner.startswith(old + "/")):
            value[key] = new + inner[len(old) :]
        else:
            redirect(inner, old, new)


def write_out(root, lot):
    found = [schema for schema in referring(root) if schema is not root and len(schema) == 1]
    if not found:
        return False
    schema = lot.choice(found)
    part = copy.deepcopy(target(root, schema.pop("$ref")))
    schema.update({keyword: value for keyword, value in part.items() if keyword not in ("$id", "id", "$anchor")})
    return True


def add_in_branch(root, lot):
    branches = []
    for schema in places(root):
        for branch in [it for keyword in ("oneOf", "anyOf") for it in schema.get(keyword) or []]:
            part = target(root, branch.get("$ref")) or branch if isinstance(branch, dict) else {}
            if members(part):
                branches.append(part)
    if not branches:
        return False
    add(lot.choice(branches), lot)
    return True


def describe(root, lot):
    lot.choice(places(root))["description"] = f"Changed {lot.randrange(1000)}."
    return True


def change_draft(root, _):
    successors = {"draft-06": "draft-07", "draft-07": "draft-06"}
    uri = root.get("$schema", "")
    for draft, successor in successors.items():
        if draft in uri:
            root["$schema"] = uri.replace(draft, successor)
            return True
    return False


KINDS = {
    "closed object, an optional property dropped": at(lambda it: is_closed(it) and optional(it))(drop),
    "closed object, an optional property added": at(lambda it: is_closed(it) and members(it))(add),
    "closed object, a property renamed": at(lambda it: is_closed(it) and optional(it))(rename),
    "open object, an optional property dropped": at(lambda it: is_open(it) and optional(it))(drop),
    "open object, an optional property added": at(lambda it: is_open(it) and members(it))(add),
    "open object closed": at(lambda it: is_open(it) and members(it))(close),
    "closed object opened": at(is_closed)(open_up),
    "an existing property becomes required": at(optional)(require),
    "a required property becomes optional": at(required)(relax),
    "enum value added": at(lambda it: isinstance(it.get("enum"), list))(add_value),
    "enum value dropped": at(lambda it: isinstance(it.get("enum"), list) and len(it["enum"]) > 1)(drop_value),
    "type widened": at(lambda it: types(it) and len(types(it)) < 4)(widen),
    "type narrowed": at(lambda it: len(types(it)) > 1)(narrow),
    "format added": at(lambda it: "string" in types(it) and "format" not in it and "enum" not in it)(add_format),
    "format dropped": at(lambda it: "format" in it)(drop_format),
    "a bound moved": at(lambda it: any(isinstance(it.get(word), int) for word in BOUNDS))(move_bound),
    "a pattern changed": at(lambda it: isinstance(it.get("pattern"), str))(change_pattern),
    "a definition extracted": extract,
    "a definition renamed": rename_definition,
    "a reference written out": write_out,
    "a map with a name of its own": at(lambda it: isinstance(it.get("additionalProperties"), dict))(name_in_map),
    "an optional property in one branch of a union": add_in_branch,
    "only a description changed": describe,
    "another draft": change_draft,
    "everything allowed": None,
}


def evolved(schema, kinds, lot):
    """The schema after these kinds of changes, or None where one finds no place."""
    new = copy.deepcopy(schema)
    for kind in kinds:
        if KINDS[kind] is None:
            return True if kinds == [kind] else None
        if not KINDS[kind](new, lot):
            return None
    return new
