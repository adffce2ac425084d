"""What grows with the number of dimensions, and what an assumption saves.

counts              numbers that a distribution over d variables needs, under each assumption
balls               volumes of balls and shells, distances, where a Gaussian keeps its mass
typical             typical sets of coins, cells of grids
sweep               all of these for d = 1 .. 100
acceptance          rejection, importance and random-walk sampling: exact, and by counting
densities           histograms, kernels and fitted Gaussians, held out
methods             these two for d = 1 .. 30
networks            Bayesian networks of discrete variables
graph_text          their graphs as short texts
network_run         a graph, its tables, its draws one by one
trees               images as trees of pixels: independent, a chain, the best tree (Chow & Liu)
pixel_networks      images whose pixels know a few neighbours
bernoulli_mixture   images whose pixels are independent once the component is known
gaussian_images     one Gaussian over grey pixels
digit_fits          all of these on handwritten digits, from few images to many
"""
