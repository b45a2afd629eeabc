"""circlet schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.gateway.cli.invoking import circlet, yaml_of


def test_the_schema_fits_what_init_writes(net: Path) -> None:
    schema = json.loads(circlet("schema").output)
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    for path in net.glob("*.yaml"):
        validator(schema).validate(yaml_of(path))
    with pytest.raises(jsonschema.ValidationError):
        validator(schema).validate({**yaml_of(net / "node-1.yaml"), "colour": "blue"})


def test_the_schema_of_the_configuration_is_what_it_was() -> None:
    assert circlet("schema").output == circlet("schema", "config").output
    assert json.loads(circlet("schema").output)["title"] == "Circlet node or directory"


def test_another_schema_is_refused_with_words() -> None:
    result = circlet("schema", "nodes")
    assert result.exit_code == 2 and "'nodes' is not one of 'config', 'status'" in result.output
