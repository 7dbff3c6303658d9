"""Expressions of other libraries, in and out.  Knows expressions and notations; loads SymPy when it is used."""
