"""Expression to expression: rules, derivatives, simplification, derivations.  Knows no arrays."""
