"""Settings that all tests share."""

from hypothesis import settings

# The first example of a test pays for caches that the others find filled, so no single one has a deadline.
settings.register_profile("tensorcalc", deadline=None, print_blob=True)
settings.load_profile("tensorcalc")
