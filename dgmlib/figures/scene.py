r"""Scenes: pictures that move, described once and drawn anywhere.

A :class:`Scene` is one or more panels over a single axis of frames. The axis is time (an
iteration, a half-step of EM) or a swept parameter (a temperature, a dimension): whatever
is computed once and then scrubbed. Every array whose first axis is the frames moves; an
array without that axis stands still. A scene is pure data: it knows nothing of the
browser, of Streamlit or of the model that made it.

The player draws it: in the app (``dgmlib.ui``), in a notebook (``_repr_html_``) and as a
file that works from disk (``to_html``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

Array = np.ndarray
Symbol = Literal["circle", "square", "diamond", "triangle", "cross", "plus", "ring", "star"]
Color = str | int  # a CSS colour, or a number into the qualitative palette of the theme

# F frames, N points, K components, L lines. "(F?, N, 2)" means (F, N, 2) or (N, 2).


@dataclass(frozen=True, kw_only=True)
class Points:
    """Markers. With ``weights`` the colour mixes the palette by responsibility."""

    xy: Array  # (F?, N, 2)
    group: Array | None = None  # (F?, N) integers: palette colour *and* marker shape
    weights: Array | None = (
        None  # (F?, N, K) rows sum to 1: mixed palette colours, shape of the largest
    )
    value: Array | None = None  # (F?, N) reals, drawn with the sequential colour map
    color: Color = 0
    size: float = 4.0  # radius in CSS pixels
    opacity: float = 0.8
    symbol: Literal["circle", "square", "diamond", "triangle", "cross", "plus", "ring", "star"] = (
        "circle"
    )
    name: str = ""  # the legend's entry, and the toggle's; "" hides both


@dataclass(frozen=True, kw_only=True)
class Path:
    """Polylines. ``trail`` draws only the part up to the current frame, with a head."""

    xy: Array  # (F?, N, 2), or (L, N, 2) lines when ``many``; NaN rows break a line
    many: bool = False  # static (L, N, 2): L separate lines
    trail: bool = False  # xy is (F, 2) or (L, F, 2): one vertex a frame
    color: Color = 0
    width: float = 2.0
    dash: bool = False
    opacity: float = 1.0
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Curves over a shared x. A panel of Lines is the ordinary line chart."""

    x: Array  # (N,)
    # (F?, L, N) or (F?, N); NaN breaks a line. A 2-d y with F rows is one moving curve, unless
    # several names, colors or dashes, or the cursor, say that its rows are still curves.
    y: Array
    names: Sequence[str] = ()  # L of them: the legend
    colors: Sequence[Color] = ()  # L of them, default 0, 1, ...
    dashes: Sequence[bool] = ()  # L of them
    fill: bool = False  # shade down to y = 0
    width: float = 2.0
    cursor: bool = False  # static y over x = the frame axis: mark the current frame on every curve
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Band:
    """A shaded interval, for error bars along a curve."""

    x: Array  # (N,)
    low: Array  # (F?, N)
    high: Array  # (F?, N)
    color: Color = 0
    opacity: float = 0.2
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Arrows:
    start: Array  # (F?, N, 2)
    end: Array  # (F?, N, 2)
    color: Color = 0
    width: float = 1.5
    opacity: float = 1.0
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Ellipses:
    """Level sets of Gaussians at the given numbers of standard deviations."""

    mean: Array  # (F?, K, 2)
    cov: Array  # (F?, K, 2, 2)
    sd: Sequence[float] = (1.0, 2.0)
    colors: Sequence[Color] = ()  # K of them, default 0, 1, ...
    weight: Array | None = None  # (F?, K) in [0, 1]: the fill's opacity
    width: float = 2.0
    dash: bool = False
    fill: bool = True
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Vertical bars. ``error`` draws plus and minus one of it."""

    x: Array  # (N,) centres, or a sequence of labels through Panel.x.ticks
    height: Array  # (F?, N)
    error: Array | None = None  # (F?, N)
    width: float = 0.8  # in x units
    base: float = 0.0
    color: Color = 0
    colors: Sequence[Color] = ()  # N of them instead of one
    opacity: float = 0.8
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class HeatMap:
    """Values on a grid, row 0 at the bottom, drawn over the whole extent."""

    value: Array  # (F?, H, W)
    extent: tuple[float, float, float, float]  # x_min, x_max, y_min, y_max of the outer edges
    range: tuple[float, float] | None = None  # of the colour map; default the data's
    colormap: Literal["sequential", "diverging", "gray"] = "sequential"
    opacity: float = 1.0
    unit: str = ""  # shown in the read-out
    legend: bool = False  # draw a colour bar
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Images:
    """A grid of gray images, row 0 at the top."""

    value: Array  # (F?, N, h, w)
    columns: int
    range: tuple[float, float] = (0.0, 1.0)
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Straight lines across the whole panel."""

    at: Array  # (F?, N)
    axis: Literal["x", "y"] = "x"  # "x": vertical lines at x = at
    color: Color = "muted"
    dash: bool = True
    width: float = 1.5
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Text:
    """Labels at data coordinates; ``text`` may differ per frame."""

    xy: Array  # (F?, N, 2)
    text: Sequence[str] | Sequence[Sequence[str]]  # N strings, or F x N
    color: Color = "ink"
    anchor: Literal["start", "middle", "end"] = "middle"
    size: float = 13.0
    name: str = ""


# What a reader may do. Each returns plain numbers to whoever shows the scene.


@dataclass(frozen=True, kw_only=True)
class Handles:
    """Points to drag. With ``width`` each has a second grip at ``x + width`` (one deviation).

    Returns ``{"xy": [[x, y], ...], "width": [...]}`` while dragging (at most one message in
    flight) and on release; ``add`` allows double-click / the + button, ``remove`` the - button.
    """

    xy: Array  # (K, 2)
    width: Array | None = None  # (K,)
    labels: Sequence[str] = ()  # spoken and shown: "mode 1"
    spoken: bool = False  # labels only spoken: for a row of handles that needs no names
    colors: Sequence[Color] = ()
    axes: Literal["x", "y", "xy"] = "xy"  # which coordinates may change
    low: tuple[float, float] | None = None  # bounds, default the panel's
    high: tuple[float, float] | None = None
    width_range: tuple[float, float] = (0.05, 10.0)
    at_least: int = 1
    at_most: int = 8
    editable: bool = False  # may add and remove
    live: bool = True  # report while dragging, not only on release
    name: str = "handles"


@dataclass(frozen=True, kw_only=True)
class Brush:
    """Paint a cloud of points. Returns ``{"xy": [[x, y], ...]}`` on release."""

    xy: Array  # (N, 2) the points so far
    at_most: int = 500
    spread: float = 0.0  # standard deviation of the spray, in data units
    name: str = "brush"


@dataclass(frozen=True, kw_only=True)
class Pick:
    """Click anywhere. Returns ``{"xy": [x, y]}``."""

    label: str = "click to choose a point"
    name: str = "pick"


@dataclass(frozen=True, kw_only=True)
class Pad:
    """A pad for digits. Returns ``{"pixels": [...]}``: ``size * size`` integers 0..255, by rows."""

    size: int = 28
    pixels: Array | None = None  # (size, size) in 0..255
    name: str = "pad"


Layer = (
    Points | Path | Lines | Band | Arrows | Ellipses | Bars | HeatMap | Images | Rules | Text
    | Handles | Brush | Pick | Pad
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Axis:
    label: str = ""
    range: tuple[float, float] | None = None  # default: the data's over all frames, padded
    ticks: Sequence[tuple[float, str]] | None = None  # default: nice numbers
    log: bool = False
    hidden: bool = False  # no ticks, no grid


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One plot. ``area`` places it: column, row, columns wide, rows high in the scene's grid.

    On a narrow screen panels stand one below the other, each about as high as it is wide. A strip
    of images asks for less with ``aspect``, the width / height of its plot: without title, and for
    plots without axes and legend, which would take room from it.
    """

    layers: Sequence[Layer]
    title: str = ""
    x: Axis = field(default_factory=Axis)
    y: Axis = field(default_factory=Axis)
    equal: bool = False  # one unit is as long in x as in y
    area: tuple[int, int, int, int] | None = None  # default: below the previous panel
    aspect: float | None = None  # on a narrow screen; default: as in the grid, 0.95 to 1.7
    legend: bool = True


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Panels over one axis of frames.

    Args:
        frame_values: (F,) what the frames are: iterations, temperatures, ...
        frame_label: its name and unit, "iteration", "temperature T".
        captions: F sentences for the slider's value text, read aloud and shown below.
        alt: one sentence that says what the whole picture is.
        start: the frame to open at.
        aspect: width / height of the whole grid on a wide screen; on a narrow one panels stack.
        fps: frames a second at speed 1.
    """

    panels: Sequence[Panel]
    alt: str
    frame_values: Array | None = None  # None: one frame, no transport
    frame_label: str = "frame"
    captions: Sequence[str] = ()
    start: int = 0
    fps: float = 20.0
    loop: bool = False
    autoplay: bool = False  # never under reduced motion
    columns: int = 1  # of the grid
    aspect: float = 1.6
    interpolate: bool = True  # tween points, ellipses and lines between frames while playing
    title: str = ""

    def pack(self) -> bytes:
        """The scene as the player reads it. Raises ValueError that says what is wrong and where."""
        from dgmlib.figures.pack import pack

        return pack(self)

    def to_html(self, theme: Literal["auto", "light", "dark"] = "auto") -> str:
        """A complete page that plays from disk, without a network."""
        from dgmlib.figures.html import page

        return page(self, theme=theme)

    def _repr_html_(self) -> str:
        from dgmlib.figures.html import notebook

        return notebook(self)
