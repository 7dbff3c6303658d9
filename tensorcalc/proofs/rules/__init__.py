"""Rules that decide identities.  Not for answers: they lead to normal forms, not to short ones.

Each holds where both of its sides are defined; those with conditions check them with
:mod:`tensorcalc.calculus.assume`.
"""
