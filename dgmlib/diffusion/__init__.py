"""Diffusion models: noise schedules, exact denoisers, samplers, bounds, and networks."""
