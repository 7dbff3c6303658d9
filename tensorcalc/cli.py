"""The command line."""

from __future__ import annotations

import json
import sys

from .service import handle


def main() -> int:
    for line in sys.stdin:
        try:
            request = json.loads(line)
        except ValueError:
            request = None
        sys.stdout.write(json.dumps(handle(request), ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return 0
