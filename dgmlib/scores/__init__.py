"""Scores grad log p: matched to data, followed by Langevin dynamics, and derived from energies.

exact            score, its Jacobian and the smoothed density of a Gaussian mixture
network          a score network and its derivatives along directions
matching         the objectives: explicit, implicit, Hutchinson, sliced, denoising
fisher           expectations and Fisher divergences by quadrature
variance         mean and variance of every objective on a known score, exact and measured
train            training a network as a stream
learned, watch   the same as a job: a network while it learns, held against the truth
mesh             nodes in the plane that are used again at every frame of it
field            trained networks beside exact scores, at all noise levels; field_* for its page
dials            mean and variance of the objectives in any dimension, for Gaussians
chains           ULA and MALA on any score
law              where ULA and MALA settle on the line, exactly
annealed         Langevin dynamics at falling noise levels
weights          what a score does not know: the proportions of far modes
features         what energies are made of: powers, bumps
energy           p = exp(-f) / Z with Z by quadrature, and the two forces on its parameters
contrastive      those forces estimated by short, persistent and long chains
"""
