"""Identities and claimed derivatives: proved by rules, refuted by numbers.  Knows expressions and how to evaluate them."""
