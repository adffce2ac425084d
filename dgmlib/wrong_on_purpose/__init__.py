"""Samplers with one mistake each, to be found by a reader. Never use them to sample.

``dgmlib.experiments.suspects`` is the only module that may import them; a test sees to it.
"""
