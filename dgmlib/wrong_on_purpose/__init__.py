"""Samplers with one mistake each, to be found by a reader. Never use them to sample.

``dgmlib.samplers.spot_the_bug`` is the only module that may import them; a test sees to it.
"""
