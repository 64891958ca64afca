"""The difference between two states of a project as a small JSON patch, and a state made from another by one.

A patch is a list of operations, each ``[path, "set", value]``, ``[path, "drop"]`` (a key of a mapping) or
``[path, "splice", start, count, values]`` (items of a tuple); a path is a list of field names, keys and indices.
States share what did not change: a difference is found without looking into shared parts, and made states share too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias, get_args, get_origin, get_type_hints

import msgspec

from studio.core.project.document import ProjectState

Patch: TypeAlias = list[list[Any]]


class PatchError(ValueError):
    """A patch does not fit the state, or is none."""


def to_json(value: Any) -> Any:
    """Return a value of the project as what `json` writes."""
    return sorted(value) if isinstance(value, frozenset) else msgspec.to_builtins(value)


def from_json(value: Any, kind: Any = ProjectState) -> Any:
    """Return the value, of a type of the project, that `to_json` told of.

    Raises
    ------
    ValueError
        If it is no such value.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def diff(before: ProjectState, after: ProjectState) -> Patch:
    """Return the patch that makes `after` of `before`; empty where they are equal."""
    return list(_differences(before, after, ProjectState, []))


def apply(state: ProjectState, patch: Patch) -> ProjectState:
    """Return the state that a patch makes.

    Raises
    ------
    ValueError
        If the patch does not fit.
    """
    for operation in patch:
        match operation:
            case [list(path), str(name), *values]:
                state = _changed(state, ProjectState, path, name, values)
            case _:
                raise PatchError("not an operation")
    return state


@lru_cache(maxsize=64)
def _fields(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


@lru_cache(maxsize=256)
def _item(kind: Any) -> tuple[str, Any]:
    """Return how a type is looked into: "record", "list" or "map" with the type of its items, or "" for not at all."""
    if is_dataclass(kind):
        return "record", None
    arguments = get_args(kind)
    if get_origin(kind) is tuple and arguments[1:] == (...,):
        return "list", arguments[0]
    if get_origin(kind) is Mapping:
        return "map", arguments[1]
    return "", None


def _differences(before: Any, after: Any, kind: Any, path: list[Any]) -> Iterator[list[Any]]:
    if before is after:
        return
    looked_into, item = _item(kind)
    if looked_into == "record":
        for name, hint in _fields(kind).items():
            yield from _differences(getattr(before, name), getattr(after, name), hint, [*path, name])
    elif looked_into == "map":
        for key in before:
            if key not in after:
                yield [[*path, key], "drop"]
        for key, value in after.items():
            if key in before:
                yield from _differences(before[key], value, item, [*path, key])
            else:
                yield [[*path, key], "set", to_json(value)]
    elif looked_into == "list":
        yield from _list_differences(before, after, item, path)
    elif before != after:
        yield [path, "set", to_json(after)]


def _list_differences(before: tuple, after: tuple, item: Any, path: list[Any]) -> Iterator[list[Any]]:
    if len(before) == len(after):
        for i, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(old, new, item, [*path, i])
        return
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    new = [to_json(value) for value in after[head : len(after) - tail]]
    yield [path, "splice", head, len(before) - tail - head, new]


def _changed(value: Any, kind: Any, path: list[Any], name: str, values: list[Any]) -> Any:
    """Return a value with the operation done at `path` below it."""
    looked_into, item = _item(kind)
    if not path:
        match name, values:
            case "set", [new]:
                return from_json(new, kind)
            case "splice", [int(start), int(count), list(new)] if looked_into == "list":
                if not 0 <= start <= start + count <= len(value):
                    raise PatchError("a splice outside its tuple")
                return (*value[:start], *(from_json(one, item) for one in new), *value[start + count :])
        raise PatchError("an unknown operation")
    step, rest = path[0], path[1:]
    if looked_into == "record" and step in _fields(kind):
        part = _changed(getattr(value, step), _fields(kind)[step], rest, name, values)
        return replace(value, **{step: part})
    if looked_into == "list" and type(step) is int and 0 <= step < len(value):
        return (*value[:step], _changed(value[step], item, rest, name, values), *value[step + 1 :])
    if looked_into == "map" and isinstance(step, str):
        others = {key: part for key, part in value.items() if key != step}
        if name == "drop" and not rest:
            return others
        if step not in value and (rest or name != "set"):
            raise PatchError("no such key")
        return {**value, step: _changed(value.get(step), item, rest, name, values)}
    raise PatchError("no such place")
