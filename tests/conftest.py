"""Settings that all tests share."""

import os

from hypothesis import settings

# The first example of a test pays for caches that the others find filled, so no single one has a deadline.
# Where a change is judged, the examples are the same each time; elsewhere they are new ones.
settings.register_profile("tensorcalc", deadline=None, print_blob=True, derandomize=bool(os.environ.get("CI")))
settings.load_profile("tensorcalc")

# Texts are compared without colours, whatever the machine likes.
os.environ.pop("FORCE_COLOR", None)
