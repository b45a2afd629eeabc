"""How long a test waits for something that has to happen.

Nothing waits so long where all is well: each wait ends with its event. The limit only ends a test whose event never
comes, and is far above what a machine needs that is ten times slower or has twenty other things to do.
"""

from __future__ import annotations

from typing import Final

WITHIN_S: Final = 300.0
