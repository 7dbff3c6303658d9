"""Arrays: plans, evaluation and generated code.  Knows nothing of text."""
