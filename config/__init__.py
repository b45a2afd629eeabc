"""The configuration of nodes and directories: models, loader, schema, and the generator of networks.

`load_node(path)` and `load_directory(path)` return frozen models, or raise ConfigErrors with all mistakes of the file.
`node.example.yaml` and `directory.example.yaml` show every setting with unit and default.
"""

from config.directory import DirectoryConfig
from config.loader import load, load_directory, load_node
from config.mistakes import ConfigErrors, Mistake
from config.node import NodeConfig

__all__ = ["ConfigErrors", "DirectoryConfig", "Mistake", "NodeConfig", "load", "load_directory", "load_node"]
