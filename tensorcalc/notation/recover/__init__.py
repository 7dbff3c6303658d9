"""Expressions to surface trees, one notation a module."""
