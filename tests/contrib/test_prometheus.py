"""Metrics, their description, the alerts and the dashboard say the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from config.http import Http
from tests.contrib.promql import Unknown, names
from tests.gateway.web import everything

CONTRIB = Path(__file__).parents[2] / "contrib"
SCRAPED = {"job", "instance"}
"""Labels added by Prometheus to every target."""


def families() -> list[Metric]:
    texts = [exporter.text().decode() for exporter in (everything.node(), everything.directory())]
    return [family for text in texts for family in text_string_to_metric_families(text)]


FAMILIES = families()
LABELS: dict[str, set[str]] = {"up": set()}
for _family in FAMILIES:
    for _sample in _family.samples:
        LABELS.setdefault(_sample.name, set()).update(_sample.labels)


def own() -> Iterator[tuple[str, Metric]]:
    """Return our metrics, each with the name used in queries."""
    for family in FAMILIES:
        if family.name.startswith("circlet_"):
            yield family.name + ("_total" if family.type == "counter" else ""), family


def rules() -> list[dict[str, Any]]:
    found = YAML(typ="safe").load(CONTRIB / "prometheus" / "circlet.rules.yml")
    return [rule for group in found["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((CONTRIB / "grafana" / "circlet.json").read_text())["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def queries() -> Iterator[tuple[str, str]]:
    """Return (place of the query, the query)."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    dashboard = json.loads((CONTRIB / "grafana" / "circlet.json").read_text())
    for annotation in dashboard["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]


def described() -> dict[str, set[str]]:
    """Return the metrics with a row in the document, and the metrics' labels."""
    text = (CONTRIB / "docs" / "metrics.md").read_text()
    rows = re.findall(r"^\| `(circlet_\w+)(?:\{([\w,]+)\})?` \| [^|]+\|", text, re.MULTILINE)
    assert len(rows) == len({name for name, _ in rows}), "a metric is described twice"
    return {name: set(labels.split(",")) if labels else set() for name, labels in rows}


def test_every_metric_is_described_and_nothing_else_is() -> None:
    labels = {}
    for name, family in own():
        labels[name] = {label for sample in family.samples for label in sample.labels} - {"le"}
    assert described() == labels


@pytest.mark.parametrize(("name", "family"), [pytest.param(*found, id=found[0]) for found in own()])
def test_every_metric_has_a_help_text_and_a_name_by_the_conventions(name: str, family: Metric) -> None:
    assert len(family.documentation) > 10 and family.documentation.endswith(".")
    assert family.samples, "the example does not show it"
    assert re.fullmatch(r"circlet_[a-z]+(_[a-z]+)*", name)
    assert family.type in ("counter", "gauge", "histogram")
    assert not re.search(r"_(ms|milliseconds|minutes|kb|mb|percent|count|sum)(_|$)", name)
    if family.type == "histogram":
        assert name.endswith("_seconds")
    if family.type == "gauge":
        assert not name.endswith("_total")


@pytest.mark.parametrize(("where", "query"), list(queries()))
def test_every_query_names_metrics_and_labels_that_are_exported(where: str, query: str) -> None:
    metrics, labels = names(query)
    assert metrics, "the query asks for nothing"
    for metric, matched in metrics.items():
        assert metric in LABELS, f"{where}: nobody exports {metric}"
        assert matched <= LABELS[metric] | SCRAPED, f"{where}: {metric} has only the labels {LABELS[metric]}"
    known = set[str]().union(*(LABELS[metric] for metric in metrics)) | SCRAPED
    assert labels <= known, f"{where}: {labels - known} is no label of {list(metrics)}"


@pytest.mark.parametrize("query", [query for _, query in queries() if "histogram_quantile" in query])
def test_quantiles_are_of_buckets_and_keep_their_bounds(query: str) -> None:
    metrics, labels = names(query)
    assert all(metric.endswith("_bucket") for metric in metrics) and "le" in labels


@pytest.mark.parametrize(
    "query",
    [
        "sum(circlet_clients",
        "max_over_time(circlet_clients[5m])",
        'up{job="x" instance="y"}',
        "circlet_clients $ 5",
        '{a="b"}',
    ],
)
def test_a_query_that_the_test_cannot_read_fails(query: str) -> None:
    with pytest.raises(Unknown):
        names(query)


def test_every_alert_says_what_is_wrong_and_is_described() -> None:
    text = (CONTRIB / "docs" / "metrics.md").read_text()
    alerts = [rule["alert"] for rule in rules()]
    assert re.findall(r"^\| (Circlet\w+) \|", text, re.MULTILINE) == alerts and len(set(alerts)) == len(alerts) > 20
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert len(rule["annotations"]["summary"]) > 15 and len(rule["annotations"]["description"]) > 20
        for label in re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())):
            assert label in set().union(*(LABELS[metric] for metric in names(rule["expr"]).metrics)) | SCRAPED


def test_the_example_scrapes_what_init_makes_and_loads_the_alerts() -> None:
    found = YAML(typ="safe").load(CONTRIB / "prometheus" / "prometheus.yml")
    jobs = {job["job_name"]: job["static_configs"][0]["targets"] for job in found["scrape_configs"]}
    assert jobs["circlet-nodes"] == [f"127.0.0.{number}:{Http().port}" for number in (1, 2, 3)]
    assert jobs["circlet-directories"] == [f"127.0.0.1:{8070 + number}" for number in (1, 2, 3)]
    assert found["rule_files"] == ["circlet.rules.yml"]
    used = {match for _, query in queries() for match in re.findall(r'job="([^"]+)"', query)}
    assert used == set(jobs)


def test_every_panel_of_the_dashboard_has_words_and_a_place_of_its_own() -> None:
    dashboard = json.loads((CONTRIB / "grafana" / "circlet.json").read_text())
    places = set()
    for panel in dashboard["panels"]:
        box = panel["gridPos"]
        assert box["x"] + box["w"] <= 24
        cells = {(x, y) for x in range(box["x"], box["x"] + box["w"]) for y in range(box["y"], box["y"] + box["h"])}
        assert not cells & places, f"{panel['title']} lies over another panel"
        places |= cells
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert all(panel["title"] and len(panel["description"]) > 5 for panel in panels())
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", " ".join(query for _, query in queries()))) - {"__rate_interval"}
    assert used <= variables == {"datasource", "instance"}
