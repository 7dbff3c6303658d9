"""Text to expression and back.  Knows no rules, no derivatives, no arrays."""
