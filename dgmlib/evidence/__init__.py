"""Estimating log p(x) and its gradients in models small enough to know the answer.

A linear Gaussian model in d dimensions, and curves with one latent number: every estimate here has
its exact value, and most have their exact variance, by closed form or by quadrature.
"""
