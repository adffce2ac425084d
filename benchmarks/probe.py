"""Measures, inside the browser, how long after an event the last part of a picture changed.

Every drawing call on a canvas and every change below a Plotly chart is noted with its time;
the event is noted with the browser's own time stamp. A picture counts as finished when
nothing has changed for a while, and its time is that of the last change.
"""

from typing import NamedTuple

from playwright.sync_api import Locator, Page

WATCH = """
(() => {
  const zero = { first: 0, last: 0, draws: 0, answers: 0, arrived: 0 }
  const seen = window.__seen = { start: 0, ...zero, sent: [] }
  // A drawing is thousands of calls: only its end is timed, so that watching costs next to nothing.
  let marked = false
  const note = () => {
    seen.draws += 1
    if (marked) return
    marked = true
    queueMicrotask(() => {
      marked = false
      seen.last = performance.now()
      if (seen.start && !seen.first) seen.first = seen.last
    })
  }
  const g = CanvasRenderingContext2D.prototype
  for (const name of ["fill", "stroke", "fillRect", "fillText", "drawImage", "putImageData"]) {
    const original = g[name]
    g[name] = function (...rest) {
      if (this.canvas.isConnected) note() // a scratch canvas is no picture
      return original.apply(this, rest)
    }
  }
  const begin = (event) => {
    if (!seen.armed || event.type !== seen.armed) return
    seen.armed = null
    Object.assign(seen, zero, { start: event.timeStamp })
    seen.sent.length = 0
  }
  for (const type of ["keydown", "pointermove"]) window.addEventListener(type, begin, true)
  seen.arm = (type) => { seen.armed = type }
  // Every question, and every answer that carries data: a picture is never smaller than a kilobyte.
  const answered = (size) => {
    if (size < 1000) return
    seen.answers += 1
    seen.arrived = performance.now()
  }
  const ask = window.fetch
  window.fetch = async (...rest) => {
    seen.sent.push(performance.now())
    const response = await ask(...rest)
    const read = response.arrayBuffer.bind(response)
    response.arrayBuffer = async () => {
      const data = await read()
      answered(data.byteLength)
      return data
    }
    return response
  }
  const Native = window.WebSocket
  window.WebSocket = class extends Native {
    constructor(...rest) {
      super(...rest)
      this.addEventListener("message", (m) => {
        answered(m.data.size ?? m.data.byteLength ?? m.data.length)
      })
    }
    send(data) { seen.sent.push(performance.now()); return super.send(data) }
  }
  seen.plotly = () => {
    const chart = document.querySelector(".js-plotly-plot")
    if (!chart || seen.observed === chart) return
    // Streamlit replaces the chart's element, so the whole main part is watched, then filtered.
    seen.observed = chart
    new MutationObserver((records) => {
      if (records.some(r => r.target.closest?.("[data-testid=stPlotlyChart]"))) note()
    }).observe(document.querySelector("[data-testid=stMain]"),
               { subtree: true, childList: true, attributes: true, characterData: true })
  }
})()
"""


def press(page: Page, keys: str, *, quiet: int = 350) -> float:
    """Milliseconds from a key press to the last change of the picture after it."""
    page.evaluate("__seen.arm('keydown')")
    page.keyboard.press(keys)
    return finished(page, quiet)


def finished(page: Page, quiet: int) -> float:
    done = f"__seen.start && __seen.last && performance.now() - __seen.last > {quiet}"
    page.wait_for_function(done, timeout=20_000, polling=20)
    return page.evaluate("__seen.last - __seen.start")


def scrub(page: Page, key: str) -> float:
    """Milliseconds from a key press to the end of the drawing that it caused."""
    page.evaluate("__seen.arm('keydown')")
    page.keyboard.press(key)
    return finished(page, 60)


class Trip(NamedTuple):
    """Milliseconds from a pointer's move until ..."""

    sent: float  # the browser has asked
    arrived: float  # the last data are in the browser
    drawn: float  # they are drawn


def drag(page: Page, handle: Locator, n: int, *, quiet: int = 60) -> list[Trip]:
    """Moves a handle n times. The next move follows as soon as the last answer has been seen."""
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    times: list[Trip] = []
    for i in range(n):
        page.evaluate("__seen.arm('pointermove')")
        page.mouse.move(x + 3 + 2 * (i % 40), y - i // 40)  # never the same picture twice
        page.wait_for_function("__seen.start && __seen.answers", timeout=20_000, polling=5)
        drawn = finished(page, quiet)
        sent, arrived = page.evaluate("[__seen.sent[0], __seen.arrived].map(t => t - __seen.start)")
        times.append(Trip(sent, arrived, drawn))
    page.mouse.up()
    return times


def stream(page: Page, handle: Locator, seconds: float) -> float:
    """New pictures a second while the pointer never stops."""
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("__seen.sent.length = 0")
    begin = page.evaluate("performance.now()")
    i = 0
    while page.evaluate("performance.now()") - begin < 1e3 * seconds:
        i += 1
        page.mouse.move(x + 40 * ((i % 60) / 30 - 1), y)
        page.wait_for_timeout(8)
    page.mouse.up()
    sent, end = page.evaluate("[__seen.sent.length, performance.now()]")
    return 1e3 * sent / (end - begin)
