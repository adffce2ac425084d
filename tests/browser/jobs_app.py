"""The toy page alone, served: ``?hide=nav``, as there is no course around it."""

import runpy
from pathlib import Path

from dgmlib.ui import gate, prose, spec

spec.PAGES = prose.PAGES = Path(__file__).parents[1] / "toy_pages"
gate.SHARED.places = 1
runpy.run_path(str(spec.PAGES / "toy.py"))
