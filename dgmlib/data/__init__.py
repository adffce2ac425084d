"""Data that needs no network: toy sets, bundled sets, and points from outside.

Everything random is a function of ``(n, *, rng)`` and returns float64.
"""
