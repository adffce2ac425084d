"""Gaussian mixtures by k-means and EM.

gmm         the model: Params, log_prob, responsibilities, sample, aic, bic, score
em          e_step, m_step, bound, gap, free_energy
collapse    CollapseError: when a component is no density any more
prior       what prevents collapse: Prior, default_prior
starts      where to begin: start, from_means, from_responsibilities
half_steps  the stream: init, step -> State, Info
trace       a recorded run of it: fit -> Trace
anneal      one temperature after another: anneal -> Annealed
fast        many points: stream of whole iterations as two matrix products
basins      many starts at once: fit_many -> Many
slices      the likelihood and its bound along a line: slice_along -> Slice
kmeans      plus_plus, init, step, fit -> Trace
agreement   the share of points owned by the right component, whatever the names
runs        begin, climb -> Run: a whole run of EM, also up to a collapse
touch       the bound along the way of one mean: touch -> Touch
by_hand     the M-step for the means, tried by hand: score -> ByHand
basin_map   where every start of one mean ends: basin_map -> BasinMap, optima
sweep_k     how many components: sweep_k -> SweepK
"""
