"""How far one density is from another, in nats, with the error of every number.

mixture1d       Gaussian mixtures on the line: density, score, cdf, quantile, samples
gaussian        closed forms between two Gaussians on the line (gaussian_nd: in d dimensions)
adaptive        KL, JS, Jeffreys, TV, Hellinger between mixtures by adaptive quadrature
tilted          alpha and Renyi divergences, infinite where they are
wasserstein     W1 and W2 between mixtures, and exactly between samples
transport       W1 and W2 between clouds in any dimension with the cheapest plan (sliced: by lines)
sinkhorn        entropic transport as a stream, and its debiased divergence
grid            all of them for many pairs at once, fast, without an error of its own
tables          probability vectors; piecewise: uniforms and histograms
monte_carlo     estimates with standard errors; infinite: where they deceive
gradients       of KL(q||p): exact, score-function and reparameterised
plane_mixture   KL, JS, TV between mixtures in the plane
shift           all of them along a shift, with slopes: Diracs, lines (shift_densities: mixtures)
information     entropies and mutual information of a table, and InfoGAN's bound
mean_field      a correlated Gaussian and its best independent ones
fit             one Gaussian under five divergences as streams; fit_*: what a page shows of it

Under them: f_divergence (integrands), quadrature (panels and their error), crossings (kinks).
"""
