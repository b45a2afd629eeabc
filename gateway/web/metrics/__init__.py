"""Prometheus metrics of a node and of a directory, read from the core when somebody asks.

Names are an interface: a metric's name keeps its meaning. contrib/docs/metrics.md describes each metric. Label values
are bounded: nodes, directories, reasons and commands, never a channel, a nick or an account.

`people` has what clients do, `ring` groups, nodes and links, `process` the node's own health, `directory` a directory.
Source: Prometheus, "Metric and label naming".
"""
