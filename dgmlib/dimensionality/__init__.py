"""What grows with the number of dimensions, and what an assumption saves.

counts              numbers that a distribution over d variables needs, under each assumption
balls               volumes of balls and shells, distances, where a Gaussian keeps its mass
trees               images as trees of pixels: independent, a chain, the best tree (Chow & Liu)
bernoulli_mixture   images whose pixels are independent once the component is known
"""
