"""The configuration of nodes and directories: models, loader, schema and the generator of local networks.

`load_node(path)` and `load_directory(path)` give frozen models or raise ConfigErrors with every mistake of the file.
Every setting, with its unit and default, is shown in `node.example.yaml` and `directory.example.yaml`.
"""

from config.directory import DirectoryConfig
from config.loader import load, load_directory, load_node
from config.mistakes import ConfigErrors, Mistake
from config.node import NodeConfig

__all__ = ["ConfigErrors", "DirectoryConfig", "Mistake", "NodeConfig", "load", "load_directory", "load_node"]
