"""Networks that name what is on an image: what generators are measured with."""
