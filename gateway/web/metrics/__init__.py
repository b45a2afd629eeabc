"""Prometheus metrics of a node and of a directory, read from the core at each request.

Names are an interface: a metric's name keeps its meaning. contrib/docs/metrics.md describes each metric. Label values
are limited to nodes, directories, reasons and commands; channels, nicks and accounts never appear.

The module `people` measures clients, `ring` groups, nodes and links, `process` the node's own health, and `directory` a
directory. Source: Prometheus, "Metric and label naming".
"""
