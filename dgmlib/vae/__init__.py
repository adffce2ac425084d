"""Variational autoencoders: the bound, the networks, and what a trained one knows.

Every formula here is written once and takes NumPy arrays (the pages, exact tests in float64) as
well as torch tensors (training); nothing imports torch by itself. Parameters are a plain
dictionary from names to arrays, exactly what a safetensors file holds. Noise is an argument.
"""
