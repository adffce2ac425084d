"""The frame of a page: ``ui.page`` and the words a page declares itself with."""

from dgmlib.ui.fields import choice, digit, handles, points, seed, slider, toggle, view
from dgmlib.ui.frame import page
from dgmlib.ui.front import front_page
from dgmlib.ui.server import lifespan, routes
from dgmlib.ui.spec import Check, Edit, Prediction, View

__all__ = [
    "Check",
    "Edit",
    "Prediction",
    "View",
    "choice",
    "digit",
    "front_page",
    "handles",
    "lifespan",
    "page",
    "points",
    "routes",
    "seed",
    "slider",
    "toggle",
    "view",
]
