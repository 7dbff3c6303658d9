"""The rules of tensor calculus: named identities, each with its statement and its reference.

Every rule shrinks something, and says what.  The tests prove each one numerically
from its statement.
"""
