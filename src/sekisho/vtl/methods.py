"""What templates may call: the methods of Java's String, List, Map and number classes that make sense in a template.

Each table row is a name and the numbers of arguments it takes. A method that does not exist, or not for these
arguments, is null, as in Velocity; one that fails in Java (an index out of bounds) fails the rendering. Regular
expressions run on re2, in linear time, whatever the template or the client put into them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import re2

from sekisho.vtl.values import (
    MAX_ITEMS,
    MAX_TEXT,
    Entry,
    JavaList,
    Special,
    TemplateFailure,
    bounded_int,
    bounded_text,
    number,
    text,
)

Row = tuple[Callable[..., Any], tuple[int, ...]]


def call(target: Any, name: str, arguments: list[Any]) -> Any:
    """``target.name(arguments)``; null when there is no such method. Raises TemplateFailure."""
    if isinstance(target, Special):
        return target.call(name, arguments)
    table = TABLES.get(type(target))
    row = table.get(name) if table is not None else None
    if row is None or len(arguments) not in row[1]:
        return None
    try:
        return row[0](target, *arguments)
    except TypeError:
        return None
    except (IndexError, ValueError, OverflowError) as problem:
        raise TemplateFailure(f"{name}: {problem}") from problem


def get(target: Any, key: Any) -> Any:
    """``target.key`` and ``target[key]``: map entries, list items."""
    kind = type(target)
    if kind is dict:
        try:
            return target.get(key)
        except TypeError:
            return None
    if kind is list or kind is JavaList:
        if type(key) is int:
            return target[key] if -len(target) <= key < len(target) else None
        return not target if key == "empty" else None
    if isinstance(target, Special):
        return target.prop(key) if type(key) is str else None
    if kind is str and key == "empty":
        return not target
    return None


def put(target: Any, key: Any, value: Any) -> None:
    """``#set(target.key = value)``. Raises TemplateFailure."""
    kind = type(target)
    if kind is dict:
        _map_put(target, key, value)
    elif kind in (list, JavaList) and type(key) is int:
        _list_set(target, key, value)
    elif isinstance(target, Special):
        raise TemplateFailure("this variable cannot be assigned")


# -- strings


@lru_cache(512)
def _pattern(source: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 22
    try:
        return re2.compile(source, options)
    except re2.error as problem:
        raise TemplateFailure(f"the regular expression {source!r} is not supported") from problem


def _regex(source: Any) -> Any:
    if type(source) is not str or len(source) > 10_000:
        raise TypeError
    return _pattern(source)


def _replacement(template: Any) -> list[str | int]:
    """Java's replacement text: ``$1`` is a group, a backslash takes the meaning from the next character."""
    if type(template) is not str:
        raise TypeError
    parts: list[str | int] = []
    at = 0
    while at < len(template):
        mark = template[at]
        if mark == "\\":
            if at + 1 == len(template):
                raise ValueError("character to be escaped is missing")
            parts.append(template[at + 1])
            at += 2
        elif mark == "$":
            if not template[at + 1 : at + 2].isdigit():
                raise ValueError("Illegal group reference")
            parts.append(int(template[at + 1]))
            at += 2
        else:
            parts.append(mark)
            at += 1
    return parts


def _replace(value: str, source: Any, template: Any, count: int) -> str:
    pattern, parts = _regex(source), _replacement(template)
    if len(parts) * (len(value) + 1) > MAX_TEXT:
        raise TemplateFailure("a text is too long")
    groups = [part for part in parts if isinstance(part, int)]
    if groups and max(groups) > pattern.groups:
        raise ValueError(f"No group {max(groups)}")
    budget = MAX_TEXT

    def substitute(match: Any) -> str:
        nonlocal budget
        made = "".join(part if isinstance(part, str) else (match.group(part) or "") for part in parts)
        budget -= len(made)
        if budget < 0:
            raise TemplateFailure("a text is too long")
        return made

    return bounded_text(str(pattern.sub(substitute, value, count)))


def _replace_plain(value: str, old: Any, new: Any) -> str:
    if type(old) is not str or type(new) is not str:
        raise TypeError
    if (value.count(old) if old else len(value) + 1) * len(new) > MAX_TEXT:
        raise TemplateFailure("a text is too long")
    return bounded_text(value.replace(old, new))


def _split(value: str, source: Any, limit: int = 0) -> JavaList:
    """Java's: trailing empty parts are left out unless a limit is given; at most ``limit`` parts."""
    if type(limit) is not int:
        raise TypeError
    pattern = _regex(source)
    parts: list[str] = []
    last = 0
    for match in pattern.finditer(value):
        if limit > 0 and len(parts) == limit - 1:
            break
        if match.end() == 0:  # an empty match at the beginning makes no empty part
            continue
        if match.start() == match.end() == len(value):
            break
        parts.append(value[last : match.start()])
        last = match.end()
        if len(parts) > MAX_ITEMS:
            raise TemplateFailure("a list is too long")
    parts.append(value[last:])
    if limit == 0 and len(parts) > 1:
        while parts and not parts[-1]:
            parts.pop()
    return JavaList(parts)


def _substring(value: str, first: Any, last: Any = None) -> str:
    end = len(value) if last is None else last
    if type(first) is not int or type(end) is not int:
        raise TypeError
    if not 0 <= first <= end <= len(value):
        raise IndexError(f"begin {first}, end {end}, length {len(value)}")
    return value[first:end]


def _char_at(value: str, index: Any) -> str:
    if type(index) is not int:
        raise TypeError
    if not 0 <= index < len(value):
        raise IndexError(f"String index out of range: {index}")
    return value[index]


def _index_of(value: str, part: Any, start: int = 0) -> int:
    return value.find(part, max(start, 0))


def _last_index_of(value: str, part: Any) -> int:
    return value.rfind(part)


def _text_only(test: Callable[[str, str], Any]) -> Callable[[str, Any], Any]:
    def checked(value: str, other: Any) -> Any:
        if type(other) is not str:
            raise TypeError
        return test(value, other)

    return checked


def _equals(value: Any, other: Any) -> bool:
    return type(value) is type(other) and bool(value == other)


def _compare(a: Any, b: Any) -> int:
    return int(a > b) - int(a < b)


def _hash_code(value: str) -> int:
    raw = value.encode("utf-16-be", "surrogatepass")
    total = 0
    for at in range(0, len(raw), 2):
        total = (31 * total + (raw[at] << 8 | raw[at + 1])) & 0xFFFFFFFF
    return total - (1 << 32) if total >> 31 else total


_STRING: Mapping[str, Row] = {
    "length": (len, (0,)),
    "size": (len, (0,)),
    "isEmpty": (lambda value: not value, (0,)),
    "isBlank": (lambda value: not value.strip(), (0,)),
    "toString": (lambda value: value, (0,)),
    "toLowerCase": (str.lower, (0,)),
    "toUpperCase": (str.upper, (0,)),
    "trim": (lambda value: value.strip("".join(map(chr, range(33)))), (0,)),
    "strip": (str.strip, (0,)),
    "substring": (_substring, (1, 2)),
    "charAt": (_char_at, (1,)),
    "indexOf": (_index_of, (1, 2)),
    "lastIndexOf": (_last_index_of, (1,)),
    "contains": (_text_only(lambda value, other: other in value), (1,)),
    "startsWith": (_text_only(str.startswith), (1,)),
    "endsWith": (_text_only(str.endswith), (1,)),
    "equals": (_equals, (1,)),
    "equalsIgnoreCase": (_text_only(lambda value, other: value.lower() == other.lower()), (1,)),
    "compareTo": (_text_only(_compare), (1,)),
    "concat": (_text_only(lambda value, other: bounded_text(value + other)), (1,)),
    "replace": (_replace_plain, (2,)),
    "replaceAll": (lambda value, source, new: _replace(value, source, new, 0), (2,)),
    "replaceFirst": (lambda value, source, new: _replace(value, source, new, 1), (2,)),
    "matches": (lambda value, source: _regex(source).fullmatch(value) is not None, (1,)),
    "split": (_split, (1, 2)),
    "hashCode": (_hash_code, (0,)),
}


# -- numbers and booleans


def _parse_int(value: Any, source: Any) -> int:
    if type(source) is not str or len(source) > 20 or not source.lstrip("+-").isdecimal():
        raise ValueError(f"For input string: {source!r}")
    return bounded_int(int(source))


def _parse_double(value: Any, source: Any) -> float:
    if type(source) is not str or len(source) > 400 or "_" in source:
        raise ValueError(f"For input string: {source!r}")
    return float(source)


def _value_of(value: Any, source: Any) -> Any:
    if number(source):
        return source
    return _parse_int(value, source) if type(value) is int else _parse_double(value, source)


_NUMBER: Mapping[str, Row] = {
    "toString": (lambda value, other=None: text(value if other is None else other), (0, 1)),
    "intValue": (int, (0,)),
    "longValue": (int, (0,)),
    "doubleValue": (float, (0,)),
    "floatValue": (float, (0,)),
    "equals": (_equals, (1,)),
    "compareTo": (_compare, (1,)),
    "parseInt": (_parse_int, (1,)),
    "parseLong": (_parse_int, (1,)),
    "parseDouble": (_parse_double, (1,)),
    "valueOf": (_value_of, (1,)),
    "isNaN": (lambda value: value != value, (0,)),
}

_BOOLEAN: Mapping[str, Row] = {
    "toString": (text, (0,)),
    "booleanValue": (lambda value: value, (0,)),
    "equals": (_equals, (1,)),
    "parseBoolean": (lambda value, source: type(source) is str and source.lower() == "true", (1,)),
    "valueOf": (lambda value, source: type(source) is str and source.lower() == "true", (1,)),
}


# -- lists


def _at(items: list[Any], index: Any) -> int:
    if type(index) is not int:
        raise TypeError
    if not 0 <= index < len(items):
        raise IndexError(f"Index {index} out of bounds for length {len(items)}")
    return index


def _room(items: Any, more: int) -> None:
    if len(items) + more > MAX_ITEMS:
        raise TemplateFailure("a list or map is too long")


def _list_set(items: list[Any], index: Any, value: Any) -> Any:
    at = _at(items, index)
    old, items[at] = items[at], value
    return old


def _list_add(items: list[Any], first: Any, *rest: Any) -> Any:
    _room(items, 1)
    if not rest:
        items.append(first)
        return True
    if type(first) is not int:
        raise TypeError
    if not 0 <= first <= len(items):
        raise IndexError(f"Index: {first}, Size: {len(items)}")
    items.insert(first, rest[0])
    return None


def _list_add_all(items: list[Any], more: Any) -> bool:
    if not isinstance(more, list):
        raise TypeError
    _room(items, len(more))
    items.extend(list(more))
    return bool(more)


def _list_remove(items: list[Any], what: Any) -> Any:
    if type(what) is int:
        return items.pop(_at(items, what))
    at = _list_index(items, what)
    if at >= 0:
        items.pop(at)
    return at >= 0


def _list_index(items: list[Any], what: Any) -> int:
    return next((at for at, item in enumerate(items) if _equals(item, what)), -1)


def _clear(container: Any) -> None:
    container.clear()


_LIST: Mapping[str, Row] = {
    "size": (len, (0,)),
    "length": (len, (0,)),
    "isEmpty": (lambda items: not items, (0,)),
    "get": (lambda items, index: items[_at(items, index)], (1,)),
    "set": (_list_set, (2,)),
    "add": (_list_add, (1, 2)),
    "addAll": (_list_add_all, (1,)),
    "remove": (_list_remove, (1,)),
    "clear": (_clear, (0,)),
    "contains": (lambda items, what: _list_index(items, what) >= 0, (1,)),
    "containsAll": (lambda items, what: all(_list_index(items, item) >= 0 for item in list(what)[:1000]), (1,)),
    "indexOf": (_list_index, (1,)),
    "subList": (lambda items, first, last: JavaList(items[first:last]), (2,)),
    "toString": (text, (0,)),
    "toJSONString": (lambda items: text(list(items)), (0,)),
    "equals": (lambda items, other: isinstance(other, list) and list(items) == list(other), (1,)),
    "iterator": (lambda items: items, (0,)),
}

# -- maps


def _map_put(entries: dict[Any, Any], key: Any, value: Any) -> Any:
    _room(entries, 1)
    if type(key) not in (str, int, float, bool):
        raise TypeError
    old = entries.get(key)
    entries[key] = value
    return old


def _map_put_all(entries: dict[Any, Any], more: Any) -> None:
    if type(more) is not dict:
        raise TypeError
    _room(entries, len(more))
    entries.update(more)


_MAP: Mapping[str, Row] = {
    "size": (len, (0,)),
    "isEmpty": (lambda entries: not entries, (0,)),
    "get": (lambda entries, key: entries.get(key), (1,)),
    "getOrDefault": (lambda entries, key, default: entries.get(key, default), (2,)),
    "put": (_map_put, (2,)),
    "putAll": (_map_put_all, (1,)),
    "putIfAbsent": (
        lambda entries, key, value: entries[key] if key in entries else _map_put(entries, key, value),
        (2,),
    ),
    "remove": (lambda entries, key: entries.pop(key, None), (1,)),
    "clear": (_clear, (0,)),
    "containsKey": (lambda entries, key: key in entries, (1,)),
    "containsValue": (lambda entries, value: any(_equals(item, value) for item in entries.values()), (1,)),
    "keySet": (lambda entries: JavaList(entries), (0,)),
    "values": (lambda entries: JavaList(entries.values()), (0,)),
    "entrySet": (lambda entries: JavaList(Entry(key, value) for key, value in entries.items()), (0,)),
    "toString": (text, (0,)),
    "equals": (_equals, (1,)),
}

TABLES: Mapping[type, Mapping[str, Row]] = {
    str: _STRING,
    int: _NUMBER,
    float: _NUMBER,
    bool: _BOOLEAN,
    list: _LIST,
    JavaList: _LIST,
    dict: _MAP,
}
