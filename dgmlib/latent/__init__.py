"""Latent-variable models so small that everything about them is exact.

line        one latent number: prior, decoder, joint density
evidence    log p(x) and the posterior by quadrature
bound       the evidence lower bound of a Gaussian q, its gap and its parts
best        the Gaussian with the highest bound
climb       a Gaussian that climbs the bound
jensen      the inequality behind the bound, as a distribution of weights
mixture     one unknown mean or weight, a discrete latent
loading     one unknown loading, a continuous latent
coordinate  E and M steps, whole or not, as ascent of one bound
regression  the straight line with Gaussian noise: maximum likelihood, MAP, full Bayes
forms       of the bound, right and wrong, in closed form; slips: puzzles made of them
"""
