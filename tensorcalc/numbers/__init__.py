"""Arrays: plans, evaluation, generated code, and functions that run it.  Knows expressions, and no notation."""
