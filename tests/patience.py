"""How long a test waits for an event.

Nothing waits so long where all is well: each wait ends with its event. The limit only ends a test whose event never
comes, and is far above the need of a machine ten times slower or busy with twenty other things.
"""

from __future__ import annotations

from typing import Final

WITHIN_S: Final = 300.0
