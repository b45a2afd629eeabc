"""The base of all sections of the configuration: strict, frozen, with a description for each setting."""

from __future__ import annotations

from collections.abc import Iterator
from types import EllipsisType
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

from config.mistakes import Key, clash
from config.units import format_duration, format_size

Unit = Literal["seconds", "bytes"]

REQUIRED: EllipsisType = ...


class Section(BaseModel):
    """A mapping in the YAML file. Unknown keys and values of a wrong type are refused; instances never change."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True, validate_default=True
    )

    def mistakes(self) -> Iterator[tuple[Key, str]]:
        """Find contradictions between settings that are valid by themselves: (key in the section, whole message).

        A message names the other setting by its full dotted key. If the other setting has a mistake, too, the
        contradiction is not reported.
        """
        return iter(())

    @model_validator(mode="after")
    def _settings_agree(self) -> Self:
        if found := list(self.mistakes()):
            clash(found)
        return self


def setting(
    default: Any, description: str, *, live: bool = False, unit: Unit | None = None, secret: bool = False, **more: Any
) -> Any:
    """Make a pydantic field. The description also states the unit, the default, and whether SIGHUP applies a change.

    default: a value, or REQUIRED. If the default depends on another setting, pass `default_factory`, and mention the
    rule in the description. secret: keeps the value out of errors and reprs. more: further arguments of Field, like ge
    and le.
    """
    parts = [description]
    if unit:
        parts.append(f"In {unit}.")
    follows = "default_factory" in more
    if not follows:
        parts.append("Required." if default is REQUIRED else f"Default: {_in_words(default, unit)}.")
    parts.append("SIGHUP applies a change." if live else "A change needs a restart.")
    extra = {"live": live, "unit": unit, "secret": secret}
    if not follows:
        more["default"] = default
    return Field(
        description=" ".join(parts),
        json_schema_extra={name: value for name, value in extra.items() if value or name == "live"},
        repr=not secret,
        **more,
    )


def subsection(model: type[Section], description: str) -> Any:
    """Make a field for a section in which every setting has a default."""
    return Field(default_factory=model, description=f"{description} Default: the defaults of its settings.")


def section_of(field: FieldInfo) -> type[Section] | None:
    """Return the section that `field` holds: directly, as an option, or as items of a list."""
    for kind in (field.annotation, *get_args(field.annotation)):
        if isinstance(kind, type) and issubclass(kind, Section):
            return kind
    return None


def fact(field: FieldInfo, name: Literal["live", "unit", "secret"]) -> Any:
    """Return an argument of `setting` for this field."""
    extra = field.json_schema_extra
    return extra.get(name) if isinstance(extra, dict) else None


def _in_words(default: object, unit: Unit | None) -> str:
    if unit == "seconds" and isinstance(default, int | float):
        return format_duration(default)
    if unit == "bytes" and isinstance(default, int):
        return format_size(default)
    if default is None or default == "" or default == ():
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ", ".join(map(str, default))
    return str(default)
