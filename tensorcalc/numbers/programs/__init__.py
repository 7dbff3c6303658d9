"""Plans as functions: straight-line code that reuses its memory, made for the sizes of a call, and run."""
