"""Plans as the text of modules for NumPy, JAX and PyTorch."""
