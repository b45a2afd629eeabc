"""Rewrites pydantic's errors in the words of DESIGN.md section 9: the value found, and a right value."""

from __future__ import annotations

import json
from difflib import get_close_matches

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from config.mistakes import Key, dotted
from config.section import Section, fact, section_of
from config.units import format_duration, format_size

_KINDS = {
    "string_type": "a text (a number or true meant as text stands in quotes)",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list: one `- ` item a line, or [] for none",
    "model_type": "a section of `key: value` lines",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def in_words(error: ErrorDetails, model: type[Section]) -> str:
    """Describe an error that pydantic found in `model`, for a person."""
    key: Key = error["loc"]
    kind = error["type"]
    context = error.get("ctx", {})
    section, field = _place(key, model)
    if kind in ("said", "clash"):
        return str(context["text"])
    if kind == "missing":
        return f"is missing: {_first_sentence(field)}"
    if kind == "extra_forbidden":
        return _unknown(key, section)
    found = "" if field and fact(field, "secret") else f"found {shown(error['input'])}: "
    if kind == "wanted":
        return f"{found}{context['text']}"
    if kind == "literal_error":
        return f"{found}{str(context['expected']).replace(chr(39), '')}"
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"found {_measure(error['input'], field)}: {words} {_measure(context[name], field)}"
    if kind in ("too_short", "too_long"):
        words, count = ("at least", "min_length") if kind == "too_short" else ("at most", "max_length")
        return f"found a list of {context['actual_length']}: {words} {context[count]}"
    if kind == "model_type" and error["input"] is None:
        return f"{found}{_KINDS[kind]}, or leave {dotted(key)} out"
    return found + _KINDS.get(kind, _first_sentence(field))


def shown(value: object) -> str:
    """Format a value for a message: as in the file, on a single line, shortened, without control characters."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value) if isinstance(value, str | bool) else str(value)
    return text if len(text) <= 60 else f"{text[:56]}...{text[0]}"


def _place(key: Key, model: type[Section]) -> tuple[type[Section], FieldInfo | None]:
    """Find the section that should hold the last name of `key`, and the setting of this name; None if there is none."""
    section, field, inner = model, None, model
    for part in key:
        if isinstance(part, str):
            section = inner
            field = section.model_fields.get(part)
            inner = (section_of(field) if field else None) or section
    return section, field


def _unknown(key: Key, section: type[Section]) -> str:
    known = list(section.model_fields)
    near = get_close_matches(str(key[-1]), known, n=1)
    hint = f"did you mean {dotted((*key[:-1], near[0]))}?" if near else f"known here are {', '.join(known)}"
    return f"there is no such setting: {hint}"


def _measure(bound: float, field: FieldInfo | None) -> str:
    unit = fact(field, "unit") if field else None
    if unit == "seconds":
        return format_duration(bound)
    return format_size(int(bound)) if unit == "bytes" else f"{bound:g}"


def _first_sentence(field: FieldInfo | None) -> str:
    return ((field.description if field else None) or "see the example file").partition(". ")[0].rstrip(".")
