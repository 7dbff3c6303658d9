"""The tensors that people hold in Python: names, the operators of NumPy, functions."""
