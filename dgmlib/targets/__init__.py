"""Densities to sample from whose answers are known.

target           what a density tells: log p, its gradient, its moments, exact draws
closed           Gaussian, mixture, banana, funnel, ring, box
painted          a density drawn by hand on a grid
line             densities on the line with their distribution functions
polyline         a density on the line painted by hand, straight between knots
choose           those of the pages, by name and by text
eight_schools    a real posterior in ten dimensions, with its exact moments by quadrature
"""
