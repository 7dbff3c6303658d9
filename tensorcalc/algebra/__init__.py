"""Expressions: five node types, and the builders that keep their normal form.  Knows no notation, rules or arrays."""
