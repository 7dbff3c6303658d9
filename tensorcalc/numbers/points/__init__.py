"""Small tensors at many points at once: entry by entry, in blocks that stay in the cache."""
