"""Generative adversarial networks: losses, critics, training as a stream, and exact answers."""
