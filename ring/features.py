"""The network's feature levels: an integer per build, and what each level brought.

A network acts at the lowest level of the nodes that it knows. A command, event, field or kind of group that a level
brought is used only while the network acts at that level or above.
"""

from __future__ import annotations

from typing import Final

LEVELS: Final[tuple[str, ...]] = (
    "the build before feature levels: a node record without the field",
    "feature levels: in records and hellos, and committed in the network's group (Raise, Raised, Merged.level). "
    "Texts of people keep their bytes that are not UTF-8. "
    "Stopped (50), and the outcome of a command that could not be judged",
)
"""What each level brought, by its number."""

RECLAIMS: Final = 1
"""From this level on, nodes tell each other of nicks claimed from people of dead nodes."""

LEVEL: Final = len(LEVELS) - 1
"""The level of this build."""

OLDEST: Final = 0
"""The oldest level at which this build can act: nodes of an older level are not linked with."""
