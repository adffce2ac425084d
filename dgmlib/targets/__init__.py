"""Densities to sample from whose answers are known.

target           what a density tells: log p, its gradient, its moments, exact draws
closed           Gaussian, mixture, banana, funnel, ring, box
painted          a density drawn by hand on a grid
eight_schools    a real posterior in ten dimensions, with its exact moments by quadrature
"""
