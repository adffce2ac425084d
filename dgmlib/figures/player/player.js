// The scene player: one ES module, no build step, no dependency.
//
//   mount(root, bytes, options) -> {update(bytes, options), destroy(), ...}   anywhere
//   default export                                                          Streamlit components v2
//
// Sections: 1 bytes  2 colour  3 scales  4 markers  5 layers  6 layout  7 player  8 edits
//           9 read-out  10 exports  11 mounting  12 style sheet

// ------------------------------------------------------------------ 1 bytes

// uint32 header length | JSON header | body (the header is padded so that the body is aligned)
function openEnvelope(data) {
  const u8 = data instanceof Uint8Array ? data : new Uint8Array(data);
  const buffer = u8.slice().buffer; // aligned, and ours
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return { header, buffer, start: 4 + length };
}

const TYPES = { u1: Uint8Array, u2: Uint16Array, f4: Float32Array, f8: Float64Array };

// Replaces every {array: i} of the header by a view into the bytes.
function decodeScene(bytes) {
  const { header, buffer, start } = openEnvelope(bytes);
  const array = (ref, moving) => {
    const meta = header.arrays[ref.array];
    const size = meta.shape.reduce((a, b) => a * b, 1);
    const raw = new TYPES[meta.type](buffer, start + meta.at, size);
    const stride = moving ? size / meta.shape[0] : size;
    const missing = meta.full ? -1 : meta.type === "u2" ? 65535 : meta.type === "u1" ? 255 : -1;
    return { ...meta, raw, moving, stride, missing };
  };
  for (const panel of header.panels) {
    for (const layer of panel.layers) {
      for (const [name, value] of Object.entries(layer)) {
        if (value && typeof value === "object" && "array" in value) {
          layer[name] = array(value, layer.moving.includes(name));
        }
      }
      layer.redrawn = isLive(layer);
    }
  }
  header.frame_values = header.frame_values ? Array.from(array(header.frame_values, false).raw) : [0];
  return header;
}

// Does the layer look different from frame to frame (or under the reader's hand)?
function isLive(layer) {
  const perFrameText = layer.type === "Text" && Array.isArray(layer.text?.[0]);
  return layer.moving.length > 0 || layer.trail || layer.cursor || perFrameText || layer.type in EDITS;
}

// The real numbers of an array at frame time t; between frames they are mixed.
function numbers(a, t) {
  if (!a.moving) return (a.still ??= decode(a, 0, 0, new Float64Array(a.stride)));
  if (a.t !== t) {
    const k = Math.floor(t);
    a.out = decode(a, k, t - k, a.out ?? new Float64Array(a.stride));
    a.t = t;
  }
  return a.out;
}

function decode(a, k, f, out) {
  const { raw, lo, step, missing } = a;
  const p = k * a.stride;
  const q = f > 0 ? p + a.stride : p;
  const wide = lo && lo.length > 1;
  for (let i = 0; i < a.stride; i++) {
    const u = raw[p + i];
    const v = raw[q + i];
    const code = u + (v - u) * f;
    if (!lo) out[i] = code;
    else if (u === missing || v === missing) out[i] = NaN;
    else out[i] = wide ? lo[i & 1] + step[i & 1] * code : lo[0] + step[0] * code;
  }
  return out;
}

// Raw codes of one frame, for what cannot be mixed (groups) or is coloured directly (heat maps).
function codes(a, t) {
  const p = a.moving ? Math.floor(t) * a.stride : 0;
  return a.raw.subarray(p, p + a.stride);
}

// ------------------------------------------------------------------ 2 colour

// Eight colours that stay apart in the common forms of colour blindness; groups also differ in shape.
const PALETTE = {
  light: ["#1f6fb4", "#dd7a00", "#0b8a66", "#c43d5a", "#8a5cc2", "#2a9fc9", "#8c7a00", "#6f5f55"],
  dark: ["#62aef0", "#f5a742", "#3ec79b", "#f27c93", "#bd9bf0", "#7cd4f2", "#d8c64c", "#b9a79a"],
};
const NAMED = {
  light: { ink: "#24292f", muted: "#7d848e", accent: "#c2410c", target: "#3f4650", good: "#23803a", bad: "#c22a2a" },
  dark: { ink: "#e8eaed", muted: "#8d95a1", accent: "#ff8f5e", target: "#cfd5dd", good: "#63d37d", bad: "#ff8585" },
};

let probe = null; // one pixel that knows every way of writing a colour
function parseColor(text) {
  probe ??= newCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  probe.fillStyle = "#000";
  probe.fillStyle = text;
  probe.fillRect(0, 0, 1, 1);
  return Array.from(probe.getImageData(0, 0, 1, 1).data.slice(0, 3));
}

const hex = (rgb) => "#" + rgb.map((v) => Math.round(v).toString(16).padStart(2, "0")).join("");
const blend = (a, b, f) => a.map((v, i) => v + (b[i] - v) * f);

// OKLCh -> sRGB (Ottosson, 2020): equal steps of L are equal steps for the eye.
function oklch(L, C, degrees) {
  const a = C * Math.cos((degrees * Math.PI) / 180);
  const b = C * Math.sin((degrees * Math.PI) / 180);
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return linear.map((v) => {
    const x = Math.min(1, Math.max(0, v));
    return 255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055);
  });
}

// Low values fade into the page, so that what lies on top stays legible.
const COLORMAPS = {
  light: {
    sequential: (u) => oklch(0.99 - 0.67 * u, 0.13 * Math.sin(Math.PI * 0.78 * u) ** 0.9, 222 + 54 * u),
    diverging: (u) => oklch(0.975 - 0.95 * Math.abs(u - 0.5), 0.32 * Math.abs(u - 0.5), u < 0.5 ? 250 : 35),
    gray: (u) => [255 * u, 255 * u, 255 * u],
  },
  dark: {
    sequential: (u) => oklch(0.18 + 0.74 * u, 0.015 + 0.11 * Math.sin(Math.PI * 0.85 * u), 265 - 140 * u),
    diverging: (u) => oklch(0.24 + 1.0 * Math.abs(u - 0.5), 0.3 * Math.abs(u - 0.5), u < 0.5 ? 250 : 40),
    gray: (u) => [255 * u, 255 * u, 255 * u],
  },
};

function colorTable(map) {
  const table = new Uint32Array(256); // little-endian RGBA
  for (let i = 0; i < 256; i++) {
    const [r, g, b] = map(i / 255).map(Math.round);
    table[i] = (255 << 24) | (b << 16) | (g << 8) | r;
  }
  return table;
}

// The colours of the page the player stands in.
class Theme {
  constructor(root, choice) {
    this.key = Theme.key(root, choice);
    const style = getComputedStyle(root);
    const host = style.getPropertyValue("--st-background-color").trim();
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    let background = { light: "#ffffff", dark: "#0e1117" }[choice === "auto" ? system : choice];
    if (choice === "auto" && host) background = host;
    this.background = hex(parseColor(background));
    const bg = parseColor(background);
    this.mode = 0.299 * bg[0] + 0.587 * bg[1] + 0.114 * bg[2] < 128 ? "dark" : "light";
    const text = choice === "auto" && style.getPropertyValue("--st-text-color").trim();
    this.named = { ...NAMED[this.mode], ...(text ? { ink: hex(parseColor(text)) } : {}) };
    const ink = parseColor(this.named.ink);
    this.grid = hex(blend(bg, ink, 0.085));
    this.axis = hex(blend(bg, ink, 0.38));
    this.label = hex(blend(bg, ink, 0.74));
    this.family = style.fontFamily || "system-ui, sans-serif";
    this.tables = {};
  }
  // Everything the theme is made from: cheap to compare, so that a change can be watched for.
  static key(root, choice) {
    const style = getComputedStyle(root);
    const host = ["--st-background-color", "--st-text-color"].map((name) => style.getPropertyValue(name));
    return [choice, matchMedia("(prefers-color-scheme: dark)").matches, style.fontFamily, ...host].join("|");
  }
  color(c) {
    if (typeof c === "number") return PALETTE[this.mode][((c % 8) + 8) % 8];
    return this.named[c] ?? c;
  }
  rgb(c) {
    this.rgbs ??= new Map();
    if (!this.rgbs.has(c)) this.rgbs.set(c, parseColor(this.color(c)));
    return this.rgbs.get(c);
  }
  table(name) {
    return (this.tables[name] ??= colorTable(COLORMAPS[this.mode][name]));
  }
  tableColor(name, u) {
    const v = this.table(name)[Math.round(255 * Math.min(1, Math.max(0, u)))];
    return hex([v & 255, (v >> 8) & 255, (v >> 16) & 255]);
  }
  font(size, weight = 400) {
    return `${weight} ${size}px ${this.family}`;
  }
}

// ------------------------------------------------------------------ 3 scales

// value -> pixel and back. `log` works on logarithms.
function scale(range, p0, p1, log) {
  const f = log ? Math.log : (v) => v;
  const a = f(range[0]);
  const k = (p1 - p0) / (f(range[1]) - a);
  const to = log ? (v) => p0 + (Math.log(v) - a) * k : (v) => p0 + (v - a) * k;
  to.invert = (p) => (log ? Math.exp((p - p0) / k + a) : (p - p0) / k + a);
  to.range = range;
  return to;
}

function niceTicks(range, count) {
  const [lo, hi] = range[0] < range[1] ? range : [range[1], range[0]];
  const raw = (hi - lo) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 2.5, 5, 10].find((m) => m * power >= raw * 0.999);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (step / power === 2.5 ? 1 : 0));
  const ticks = [];
  for (let i = Math.ceil(lo / step - 1e-9); i * step <= hi + 1e-9 * step; i++) {
    const v = i * step;
    const far = Math.max(Math.abs(lo), Math.abs(hi));
    ticks.push([v, far >= 1e5 || far < 1e-3 ? compact(v) : minus(v.toFixed(Math.min(decimals, 8)))]);
  }
  return ticks;
}

function logTicks(range, count) {
  const [lo, hi] = [Math.min(...range), Math.max(...range)];
  const first = Math.floor(Math.log10(lo));
  const last = Math.ceil(Math.log10(hi));
  const every = Math.max(1, Math.ceil((last - first) / Math.max(2, count)));
  const steps = last - first <= 2 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let k = first; k <= last; k += every) {
    for (const m of steps) {
      const v = m * 10 ** k;
      const text = last - first > 3 && m === 1 && k !== 0 ? `10${k < 0 ? "⁻" : ""}${superscript(k)}` : compact(v);
      if (v >= lo * 0.999 && v <= hi * 1.001) ticks.push([v, text]);
    }
  }
  return ticks.length ? ticks : niceTicks(range, count);
}

const minus = (text) => text.replace("-", "\u2212");
const superscript = (k) => [...String(Math.abs(k))].map((d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]).join("");

// At most four significant digits, powers of ten in Unicode.
function compact(v) {
  if (!Number.isFinite(v)) return v > 0 ? "∞" : v < 0 ? "\u2212∞" : "–";
  if (v === 0) return "0";
  const size = Math.abs(v);
  if (size >= 1e-3 && size < 1e5) return minus(String(Number(v.toPrecision(4))));
  const [m, e] = v.toExponential(3).split("e");
  const mantissa = String(Number(m));
  const head = mantissa === "1" ? "" : mantissa === "-1" ? "\u2212" : minus(mantissa) + "·";
  return `${head}10${+e < 0 ? "⁻" : ""}${superscript(+e)}`;
}

// ------------------------------------------------------------------ 4 markers

const SYMBOLS = ["circle", "square", "diamond", "triangle", "cross", "plus", "star", "ring"];
const polygon = (g, points) => {
  points.forEach(([x, y], i) => (i ? g.lineTo(x, y) : g.moveTo(x, y)));
  g.closePath();
};

const SHAPES = {
  circle: (g, x, y, r) => g.arc(x, y, r, 0, 2 * Math.PI),
  square: (g, x, y, r) => g.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r),
  diamond: (g, x, y, r) => polygon(g, [[x, y - 1.25 * r], [x + 1.1 * r, y], [x, y + 1.25 * r], [x - 1.1 * r, y]]),
  triangle: (g, x, y, r) => polygon(g, [[x, y - 1.2 * r], [x + 1.12 * r, y + 0.8 * r], [x - 1.12 * r, y + 0.8 * r]]),
  star: (g, x, y, r) =>
    polygon(g, Array.from({ length: 10 }, (_, i) => {
      const s = (i % 2 ? 0.6 : 1.35) * r;
      return [x + s * Math.sin((i * Math.PI) / 5), y - s * Math.cos((i * Math.PI) / 5)];
    })),
  ring: (g, x, y, r) => g.arc(x, y, r * 0.85, 0, 2 * Math.PI),
  plus: (g, x, y, r) => { g.moveTo(x - r, y); g.lineTo(x + r, y); g.moveTo(x, y - r); g.lineTo(x, y + r); },
  cross: (g, x, y, r) => {
    const s = 0.8 * r;
    g.moveTo(x - s, y - s); g.lineTo(x + s, y + s); g.moveTo(x - s, y + s); g.lineTo(x + s, y - s);
  },
};
const OPEN = { ring: true, plus: true, cross: true }; // drawn with a stroke only

function marker(g, symbol, x, y, r, color, edge) {
  g.beginPath();
  SHAPES[symbol](g, x, y, r);
  if (OPEN[symbol]) {
    g.strokeStyle = color;
    g.lineWidth = Math.max(1.25, r * 0.5);
    g.stroke();
    return;
  }
  g.fillStyle = color;
  g.fill();
  if (edge && r >= 2.5) {
    g.strokeStyle = edge;
    g.lineWidth = 0.75;
    g.stroke();
  }
}

function newCanvas(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  return canvas;
}

// ------------------------------------------------------------------ 5 layers

// Each draws one layer at v.t. v: {X, Y, box, t, theme, ratio, vector, frames, values, ...}.
const DRAW = {
  Points(g, L, v) {
    const xy = numbers(L.xy, v.t);
    const look = pointLook(L, v);
    const edge = xy.length < 1200 ? v.theme.background : null; // keeps few markers apart; many need the time
    g.globalAlpha = L.opacity;
    for (let i = 0; i < xy.length / 2; i++) {
      const x = v.X(xy[2 * i]);
      const y = v.Y(xy[2 * i + 1]);
      if (!inBox(v.box, [x, y], 1)) continue;
      const { symbol, color } = look(i);
      marker(g, symbol, x, y, L.size, color, edge);
    }
  },

  Path(g, L, v) {
    const xy = numbers(L.xy, v.t);
    const shape = L.xy.shape;
    const lines = L.trail || L.many ? shape[0] : 1;
    const n = shape[shape.length - 2];
    stroke(g, v.theme.color(L.color), L.width, L.dash, L.opacity);
    for (let l = 0; l < lines; l++) {
      const at = (i) => [v.X(xy[2 * (l * n + i)]), v.Y(xy[2 * (l * n + i) + 1])];
      const last = L.trail ? Math.floor(v.t) : n - 1;
      g.beginPath();
      polyline(g, last + 1, at);
      if (L.trail) {
        const head = between(at, v.t, n);
        if (v.t > last) g.lineTo(...head);
        g.stroke();
        if (head.every(Number.isFinite)) {
          marker(g, "circle", ...head, L.width + 2.5, v.theme.color(L.color), v.theme.background);
          stroke(g, v.theme.color(L.color), L.width, L.dash, L.opacity);
        }
      } else g.stroke();
    }
  },

  Lines(g, L, v) {
    const x = numbers(L.x, v.t);
    const y = numbers(L.y, v.t);
    const n = x.length;
    const px = Array.from(x, v.X);
    if (L.cursor) {
      stroke(g, v.theme.axis, 1, false, 0.8);
      segment(g, v.X(v.value), v.box.y, v.X(v.value), v.box.y + v.box.h);
    }
    for (let l = 0; l < y.length / n; l++) {
      if (v.hidden.has(curveId(v, L, l))) continue;
      const color = v.theme.color(L.colors?.[l] ?? l);
      const at = (i) => [px[i], v.Y(y[l * n + i])];
      if (L.fill) {
        g.globalAlpha = 0.14;
        g.fillStyle = color;
        runs(n, (i) => Number.isFinite(y[l * n + i]), (a, b) => {
          g.beginPath();
          g.moveTo(px[a], v.Y(0));
          for (let i = a; i <= b; i++) g.lineTo(...at(i));
          g.lineTo(px[b], v.Y(0));
          g.fill();
        });
      }
      stroke(g, color, L.width, L.dashes?.[l], 1);
      g.beginPath();
      polyline(g, n, at);
      g.stroke();
      if (L.cursor) {
        const value = interpolate(x, y, l * n, v.value);
        if (Number.isFinite(value)) marker(g, "circle", v.X(v.value), v.Y(value), L.width + 2.5, color, v.theme.background);
      }
    }
  },

  Band(g, L, v) {
    const x = numbers(L.x, v.t);
    const low = numbers(L.low, v.t);
    const high = numbers(L.high, v.t);
    g.globalAlpha = L.opacity;
    g.fillStyle = v.theme.color(L.color);
    runs(x.length, (i) => Number.isFinite(low[i] + high[i]), (a, b) => {
      g.beginPath();
      g.moveTo(v.X(x[a]), v.Y(high[a]));
      for (let i = a; i <= b; i++) g.lineTo(v.X(x[i]), v.Y(high[i]));
      for (let i = b; i >= a; i--) g.lineTo(v.X(x[i]), v.Y(low[i]));
      g.fill();
    });
  },

  Arrows(g, L, v) {
    const from = numbers(L.start, v.t);
    const to = numbers(L.end, v.t);
    const color = v.theme.color(L.color);
    stroke(g, color, L.width, false, L.opacity);
    g.fillStyle = color;
    for (let i = 0; i < from.length; i += 2) {
      arrow(g, v.X(from[i]), v.Y(from[i + 1]), v.X(to[i]), v.Y(to[i + 1]), L.width);
    }
  },

  Ellipses(g, L, v) {
    const mean = numbers(L.mean, v.t);
    const cov = numbers(L.cov, v.t);
    const weight = L.weight ? numbers(L.weight, v.t) : null;
    for (let k = 0; k < mean.length / 2; k++) {
      const color = v.theme.color(L.colors?.[k] ?? k);
      const [a, b, d] = [cov[3 * k], cov[3 * k + 1], cov[3 * k + 2]];
      const l11 = Math.sqrt(Math.max(a, 0)); // Cholesky: mean + sd * L * (cos, sin)
      const l21 = l11 > 0 ? b / l11 : 0;
      const l22 = Math.sqrt(Math.max(d - l21 * l21, 0));
      for (const sd of L.sd ?? []) {
        g.beginPath();
        for (let i = 0; i < 64; i++) {
          const [c, s] = CIRCLE[i];
          const x = v.X(mean[2 * k] + sd * l11 * c);
          const y = v.Y(mean[2 * k + 1] + sd * (l21 * c + l22 * s));
          if (i) g.lineTo(x, y);
          else g.moveTo(x, y);
        }
        g.closePath();
        if (L.fill) {
          g.globalAlpha = weight ? 0.03 + 0.22 * weight[k] : 0.1;
          g.fillStyle = color;
          g.fill();
        }
        stroke(g, color, L.width, L.dash, 0.9);
        g.stroke();
      }
      marker(g, "plus", v.X(mean[2 * k]), v.Y(mean[2 * k + 1]), 4 + L.width, color);
    }
  },

  Bars(g, L, v) {
    const x = numbers(L.x, v.t);
    const height = numbers(L.height, v.t);
    const error = L.error ? numbers(L.error, v.t) : null;
    const base = v.Y(v.logY ? Math.max(L.base, v.Y.range[0]) : L.base);
    for (let i = 0; i < x.length; i++) {
      const left = v.X(x[i] - L.width / 2);
      const top = v.Y(height[i]);
      g.globalAlpha = L.opacity;
      g.fillStyle = v.theme.color(L.colors?.[i] ?? L.color);
      g.fillRect(left, Math.min(top, base), v.X(x[i] + L.width / 2) - left, Math.abs(base - top));
      if (error) {
        const [p, lo, hi] = [v.X(x[i]), v.Y(height[i] - error[i]), v.Y(height[i] + error[i])];
        stroke(g, v.theme.named.ink, 1.25, false, 0.85);
        segment(g, p, lo, p, hi);
        segment(g, p - 4, lo, p + 4, lo);
        segment(g, p - 4, hi, p + 4, hi);
      }
    }
  },

  HeatMap(g, L, v) {
    const [H, W] = L.value.shape.slice(-2);
    const frame = L.value.moving ? Math.floor(v.t) : 0;
    const key = `${frame}|${v.theme.key}`;
    L.cache ??= { canvas: newCanvas(W, H) };
    if (L.cache.key !== key) {
      paintCells(L.cache.canvas, codes(L.value, v.t), L.value, L.range, v.theme.table(L.colormap), W, H);
      L.cache.key = key;
    }
    const [x0, x1, y0, y1] = [v.X(L.extent[0]), v.X(L.extent[1]), v.Y(L.extent[2]), v.Y(L.extent[3])];
    g.globalAlpha = L.opacity;
    g.imageSmoothingEnabled = Math.abs(x1 - x0) / W < 14; // few large cells are shown as cells
    g.imageSmoothingQuality = "low";
    g.drawImage(L.cache.canvas, x0, y1, x1 - x0, y0 - y1);
    g.imageSmoothingEnabled = true;
  },

  Images(g, L, v) {
    const [n, h, w] = L.value.shape.slice(-3);
    const rows = Math.ceil(n / L.columns);
    const frame = L.value.moving ? Math.floor(v.t) : 0;
    L.cache ??= { canvas: newCanvas(L.columns * w, rows * h) };
    if (L.cache.key !== frame) {
      const all = codes(L.value, v.t);
      const part = newCanvas(w, h);
      for (let i = 0; i < n; i++) {
        const cells = all.subarray(i * w * h, (i + 1) * w * h);
        paintCells(part, cells, L.value, L.range, v.theme.table("gray"), w, h, true);
        L.cache.canvas.getContext("2d").drawImage(part, (i % L.columns) * w, Math.floor(i / L.columns) * h);
      }
      L.cache.key = frame;
    }
    g.imageSmoothingEnabled = false;
    for (let i = 0; i < n; i++) {
      const [c, r] = [i % L.columns, Math.floor(i / L.columns)];
      const [x, y, x1, y1] = [v.X(c + 0.03), v.Y(rows - r - 0.03), v.X(c + 0.97), v.Y(rows - r - 0.97)];
      g.drawImage(L.cache.canvas, c * w, r * h, w, h, x, y, x1 - x, y1 - y);
    }
    g.imageSmoothingEnabled = true;
  },

  Rules(g, L, v) {
    stroke(g, v.theme.color(L.color), L.width, L.dash, 1);
    for (const at of numbers(L.at, v.t)) {
      if (L.axis === "x") segment(g, v.X(at), v.box.y, v.X(at), v.box.y + v.box.h);
      else segment(g, v.box.x, v.Y(at), v.box.x + v.box.w, v.Y(at));
    }
  },

  Text(g, L, v) {
    const xy = numbers(L.xy, v.t);
    const words = Array.isArray(L.text?.[0]) ? L.text[Math.floor(v.t)] : (L.text ?? []);
    g.font = v.theme.font(L.size);
    g.textAlign = { start: "left", middle: "center", end: "right" }[L.anchor];
    g.textBaseline = "middle";
    words.forEach((text, i) => label(g, text, v.X(xy[2 * i]), v.Y(xy[2 * i + 1]), v.theme.color(L.color), v.theme));
  },

  Handles(g, L, v) {
    const { xy, width } = v.edit(L);
    xy.forEach(([a, b], i) => {
      const [x, y, color] = [v.X(a), v.Y(b), v.theme.color(L.colors?.[i] ?? i)];
      if (width) {
        const grip = v.X(a + width[i]);
        stroke(g, color, 2, false, 0.9);
        segment(g, x, y, grip, y);
        marker(g, "square", grip, y, 5, color, v.theme.background);
      }
      g.globalAlpha = 1;
      marker(g, "circle", x, y, 9, color);
      marker(g, "circle", x, y, 6.5, v.theme.background);
      marker(g, "circle", x, y, 4.5, color);
      if (L.labels?.[i] && !L.spoken) {
        g.font = v.theme.font(12, 600);
        g.textAlign = "center";
        g.textBaseline = "alphabetic";
        label(g, L.labels[i], x, y - 14, color, v.theme);
      }
    });
  },

  Brush(g, L, v) {
    g.globalAlpha = 0.85;
    for (const [x, y] of v.edit(L).xy) marker(g, "circle", v.X(x), v.Y(y), 3.5, v.theme.color(0), v.theme.background);
  },

  Pick(g, L, v) {
    const { xy } = v.edit(L);
    if (!xy) return;
    marker(g, "ring", v.X(xy[0]), v.Y(xy[1]), 8, v.theme.named.accent);
    marker(g, "plus", v.X(xy[0]), v.Y(xy[1]), 4, v.theme.named.accent);
  },

  Pad(g, L, v) {
    const { pixels } = v.edit(L);
    const cache = (L.cache ??= { canvas: newCanvas(L.size, L.size) });
    paintCells(cache.canvas, pixels, {}, [0, 255], v.theme.table("gray"), L.size, L.size, true);
    g.imageSmoothingEnabled = false;
    g.drawImage(cache.canvas, v.X(0), v.Y(L.size), v.X(L.size) - v.X(0), v.Y(0) - v.Y(L.size));
    g.imageSmoothingEnabled = true;
    stroke(g, v.theme.axis, 1, false, 1);
    g.strokeRect(v.X(0), v.Y(L.size), v.X(L.size) - v.X(0), v.Y(0) - v.Y(L.size));
  },
};

const EDITS = { Handles: true, Brush: true, Pick: true, Pad: true };
const CIRCLE = Array.from({ length: 64 }, (_, i) => [Math.cos((i * Math.PI) / 32), Math.sin((i * Math.PI) / 32)]);

// i -> {symbol, color} of a point: by responsibilities, by group, by value, or all alike.
function pointLook(L, v) {
  const { theme } = v;
  const looks = SYMBOLS.map((symbol, i) => ({ symbol, color: theme.color(i) }));
  if (L.weights) {
    const w = numbers(L.weights, v.t);
    const K = L.weights.shape.at(-1);
    const rgb = Array.from({ length: K }, (_, k) => theme.rgb(k));
    const look = { symbol: "", color: "" }; // one object for thousands of points
    return (i) => {
      let [r, g, b, best] = [0.5, 0.5, 0.5, 0];
      for (let k = 0, at = i * K; k < K; k++) {
        const p = w[at + k];
        r += p * rgb[k][0]; g += p * rgb[k][1]; b += p * rgb[k][2];
        if (p > w[at + best]) best = k;
      }
      look.symbol = SYMBOLS[best % 8];
      look.color = mixedColor(r, g, b);
      return look;
    };
  }
  if (L.group) {
    const group = codes(L.group, v.t);
    return (i) => looks[group[i] % 8];
  }
  if (L.value) {
    const value = numbers(L.value, v.t);
    const [lo, hi] = L.range;
    return (i) => ({ symbol: L.symbol, color: theme.tableColor("sequential", (value[i] - lo) / (hi - lo)) });
  }
  const look = { symbol: L.symbol, color: theme.color(L.color) };
  return () => look;
}

// "#rrggbb" from a table: 64 levels a channel are too fine to see, and spare the making of words.
const MIXED = [];
function mixedColor(r, g, b) {
  const key = ((r >> 2) << 12) | ((g >> 2) << 6) | (b >> 2);
  return (MIXED[key] ??= hex([r, g, b].map((c) => Math.min(255, ((c >> 2) * 255) / 63))));
}

function stroke(g, color, width, dash, opacity) {
  g.globalAlpha = opacity;
  g.strokeStyle = color;
  g.lineWidth = width;
  g.lineJoin = "round";
  g.setLineDash(dash ? [3 * width + 1, 2 * width + 1.5] : []);
}

function segment(g, x0, y0, x1, y1) {
  g.beginPath();
  g.moveTo(x0, y0);
  g.lineTo(x1, y1);
  g.stroke();
}

function polyline(g, n, at) {
  let pen = false;
  for (let i = 0; i < n; i++) {
    const [x, y] = at(i);
    if (!Number.isFinite(x + y)) pen = false;
    else if (pen) g.lineTo(x, y);
    else {
      g.moveTo(x, y);
      pen = true;
    }
  }
}

// Calls use(first, last) for every stretch of indices that is good.
function runs(n, good, use) {
  for (let a = 0; a < n; a++) {
    if (!good(a)) continue;
    let b = a;
    while (b + 1 < n && good(b + 1)) b++;
    use(a, b);
    a = b;
  }
}

function between(at, t, n) {
  const k = Math.min(n - 1, Math.floor(t));
  const [p, q] = [at(k), at(Math.min(n - 1, k + 1))];
  return [p[0] + (q[0] - p[0]) * (t - k), p[1] + (q[1] - p[1]) * (t - k)];
}

// The curve y[offset ...] over x, read at a value (x may run either way).
function interpolate(x, y, offset, at) {
  for (let i = 0; i + 1 < x.length; i++) {
    const [a, b] = [x[i], x[i + 1]];
    if ((at - a) * (at - b) <= 0) {
      const f = a === b ? 0 : (at - a) / (b - a);
      if (f === 0) return y[offset + i];
      return f === 1 ? y[offset + i + 1] : y[offset + i] * (1 - f) + y[offset + i + 1] * f;
    }
  }
  return x.length === 1 && x[0] === at ? y[offset] : NaN;
}

function arrow(g, x0, y0, x1, y1, width) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (!(length > 0.5)) return;
  const head = Math.min(length * 0.6, 4 + 2.2 * width);
  const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
  segment(g, x0, y0, x1 - ux * head * 0.8, y1 - uy * head * 0.8);
  g.beginPath();
  polygon(g, [
    [x1, y1],
    [x1 - ux * head - uy * head * 0.45, y1 - uy * head + ux * head * 0.45],
    [x1 - ux * head + uy * head * 0.45, y1 - uy * head - ux * head * 0.45],
  ]);
  g.fill();
}

function label(g, text, x, y, color, theme) {
  g.globalAlpha = 0.85;
  g.setLineDash([]);
  g.strokeStyle = theme.background;
  g.lineWidth = 3.5;
  g.lineJoin = "round";
  g.strokeText(text, x, y);
  g.globalAlpha = 1;
  g.fillStyle = color;
  g.fillText(text, x, y);
}

// Codes -> coloured pixels. Row 0 goes to the bottom, unless `down`.
function paintCells(canvas, cells, meta, range, table, W, H, down = false) {
  const g = canvas.getContext("2d");
  const image = (canvas.image ??= g.createImageData(W, H));
  const out = new Uint32Array(image.data.buffer);
  const [lo, step] = meta.lo ? [meta.lo[0], meta.step[0]] : [0, 1];
  const k = 255 / (range[1] - range[0]);
  const [gain, offset] = [step * k, (lo - range[0]) * k + 0.5];
  for (let row = 0; row < H; row++) {
    const p = row * W;
    const q = (down ? row : H - 1 - row) * W;
    for (let i = 0; i < W; i++) {
      const c = cells[p + i] * gain + offset;
      out[q + i] = table[c < 0 ? 0 : c > 255 ? 255 : c | 0];
    }
  }
  g.putImageData(image, 0, 0);
}

// ------------------------------------------------------------------ 6 layout

const NARROW = 560; // below it panels stand one below the other
const SMALL = 720; // below it the height stays: titles, legends and axes do not shrink with the width
const GAP = 18;
const LEGEND_ROW = 24;
const BAR = 70; // a colour bar with its numbers

// What surrounds the plot of a panel without axes, legend and colour bar.
const around = (panel) => ({ top: panel.title ? 32 : 10, right: 12, bottom: 6, left: 6 });

// The cells of the grid, in CSS pixels, and the height of the whole picture.
function grid(scene, width, wantedHeight) {
  const top = scene.title ? 34 : 4;
  const columns = scene.columns;
  let next = 0;
  const areas = scene.panels.map((p) => {
    const area = p.area ?? [0, next, columns, 1];
    next = Math.max(next, area[1] + area[3]);
    return area;
  });
  const rows = next;
  const height = wantedHeight ?? Math.max(180, Math.min(Math.max(width, SMALL) / scene.aspect, 1000));
  const cw = (width - GAP * (columns - 1)) / columns;
  const ch = (height - top - GAP * (rows - 1)) / rows;
  if (width >= NARROW) {
    const cells = areas.map(([c, r, w, h]) => ({
      x: c * (cw + GAP), y: top + r * (ch + GAP), w: w * cw + (w - 1) * GAP, h: h * ch + (h - 1) * GAP,
    }));
    return { cells, height };
  }
  let y = top;
  const order = areas.map((a, i) => [a[1], a[0], i]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const cells = [];
  const wide = 1000; // the shape that the panel would have on a wide screen
  for (const [, , i] of order) {
    const [, , w, h] = areas[i];
    const panel = scene.panels[i];
    const ratio = ((w * wide) / columns) / ((h * wide) / scene.aspect / rows);
    const m = around(panel);
    const tall = panel.aspect
      ? m.top + m.bottom + (width - m.left - m.right) / panel.aspect
      : width / Math.min(1.7, Math.max(panel.equal ? 0.95 : 1.35, ratio));
    cells[i] = { x: 0, y, w: width, h: tall };
    y += tall + GAP;
  }
  return { cells, height: y - GAP };
}

// Where the axes, the legend and the plot of one panel stand inside its cell.
function place(panel, cell, v, g) {
  const { theme } = v;
  const images = panel.layers.length > 0 && panel.layers.every((L) => L.type === "Images" || L.type === "Pad");
  const square = panel.equal || images;
  const bare = { x: panel.x.hidden || images, y: panel.y.hidden || images };
  const bar = panel.layers.find((L) => L.type === "HeatMap" && L.legend && !v.hidden.has(v.id(L)));
  const m = around(panel);
  if (bar) m.right = BAR;

  g.font = theme.font(12);
  const legend = [];
  let [lx, ly] = [0, 0];
  for (const entry of v.entries) {
    const w = g.measureText(entry.name).width + 34;
    if (lx > 0 && lx + w > cell.w - 16) [lx, ly] = [0, ly + LEGEND_ROW];
    legend.push({ ...entry, x: lx, y: ly, w, h: LEGEND_ROW });
    lx += w + 8;
  }
  const legendTop = panel.title ? 24 : 0;
  if (legend.length) m.top = legendTop + ly + LEGEND_ROW + 8;
  if (!bare.x) m.bottom = 24 + (panel.x.label ? 20 : 0);

  const h = Math.max(40, cell.h - m.top - m.bottom);
  const ticksOf = (axis, length, per) => {
    const count = Math.max(2, Math.round(length / per));
    return axis.ticks ?? (axis.log ? logTicks(axis.range, count) : niceTicks(axis.range, count));
  };
  let yTicks = ticksOf(panel.y, h, 52);
  if (!bare.y) {
    const widest = Math.max(0, ...yTicks.map(([, text]) => g.measureText(text).width));
    m.left = Math.ceil(widest) + 12 + (panel.y.label ? 22 : 0);
  }
  let box = { x: cell.x + m.left, y: cell.y + m.top, w: Math.max(40, cell.w - m.left - m.right), h };
  let [xr, yr] = [panel.x.range, panel.y.range];
  if (square) {
    const unit = Math.min(box.w / Math.abs(xr[1] - xr[0]), box.h / Math.abs(yr[1] - yr[0]));
    if (images || panel.layers.some((L) => L.type === "HeatMap" || L.type === "Images")) {
      const [w, tall] = [unit * Math.abs(xr[1] - xr[0]), unit * Math.abs(yr[1] - yr[0])];
      box = { x: box.x + (box.w - w) / 2, y: box.y + (box.h - tall) / 2, w, h: tall };
    } else {
      xr = widen(xr, box.w / unit);
      yr = widen(yr, box.h / unit);
      yTicks = panel.y.ticks ?? niceTicks(yr, Math.max(2, Math.round(h / 52)));
    }
  }
  const xTicks = panel.x.ticks ?? (panel.x.log
    ? logTicks(xr, Math.max(2, Math.round(box.w / 80)))
    : niceTicks(xr, Math.max(2, Math.round(box.w / 80))));
  const X = scale(xr, box.x, box.x + box.w, panel.x.log);
  const Y = scale(yr, box.y + box.h, box.y, panel.y.log);
  const inside = (S) => ([at]) => at >= Math.min(...S.range) - 1e-12 && at <= Math.max(...S.range) + 1e-12;
  return {
    cell, box, X, Y, bare, bar, logY: panel.y.log,
    xTicks: xTicks.filter(inside(X)), yTicks: yTicks.filter(inside(Y)),
    legend: legend.map((e) => ({ ...e, x: cell.x + 8 + e.x, y: cell.y + legendTop + e.y })),
  };
}

function widen(range, length) {
  const mid = (range[0] + range[1]) / 2;
  const half = (Math.sign(range[1] - range[0]) * length) / 2;
  return [mid - half, mid + half];
}

function drawAxes(g, panel, v) {
  const { box, theme, X, Y } = v;
  const crisp = (p) => Math.round(p) + 0.5;
  g.font = theme.font(12);
  g.textBaseline = "middle";
  stroke(g, theme.grid, 1, false, 1);
  if (!v.bare.x) for (const [at] of v.xTicks) segment(g, crisp(X(at)), box.y, crisp(X(at)), box.y + box.h);
  if (!v.bare.y) for (const [at] of v.yTicks) segment(g, box.x, crisp(Y(at)), box.x + box.w, crisp(Y(at)));
  g.fillStyle = theme.label;
  if (!v.bare.x) {
    g.textAlign = "center";
    let end = -Infinity; // labels that would touch the one before are left out
    const shown = [...v.xTicks].sort((a, b) => X(a[0]) - X(b[0]));
    for (const [at, text] of shown) {
      const half = g.measureText(text).width / 2;
      if (X(at) - half < end + 6) continue;
      end = X(at) + half;
      g.fillText(text, Math.min(X(at), v.cell.x + v.cell.w - half), box.y + box.h + 14);
    }
  }
  if (!v.bare.y) {
    g.textAlign = "right";
    for (const [at, text] of v.yTicks) g.fillText(text, box.x - 7, Y(at));
  }
  g.textAlign = "center";
  g.font = theme.font(12.5);
  if (!v.bare.x && panel.x.label) g.fillText(panel.x.label, box.x + box.w / 2, box.y + box.h + 34, v.cell.w - 8);
  if (!v.bare.y && panel.y.label) {
    g.save();
    g.translate(v.cell.x + 9, box.y + box.h / 2);
    g.rotate(-Math.PI / 2);
    g.fillText(panel.y.label, 0, 0, box.h + 16);
    g.restore();
  }
  if (panel.title) {
    g.font = theme.font(13.5, 600);
    g.textAlign = "left";
    g.fillStyle = theme.named.ink;
    g.fillText(panel.title, v.cell.x + 8, v.cell.y + 12);
  }
  for (const entry of v.legend) drawLegendEntry(g, entry, v);
  if (v.bar) drawColorBar(g, v.bar, v);
}

function drawFrame(g, v) {
  stroke(g, v.theme.axis, 1, false, 1);
  const [left, bottom] = [Math.round(v.box.x) + 0.5, Math.round(v.box.y + v.box.h) + 0.5];
  if (!v.bare.x) segment(g, left, bottom, v.box.x + v.box.w, bottom);
  if (!v.bare.y) segment(g, left, v.box.y, left, bottom);
}

// What can be switched on and off: [{id, name, layer, curve}] of a panel.
function legendEntries(panel, index) {
  if (panel.legend === false) return [];
  return panel.layers.flatMap((L, j) => {
    if (L.type in EDITS) return [];
    if (L.type === "Lines" && L.names?.length) {
      return L.names.map((name, l) => ({ id: `${index}.${j}.${l}`, name, layer: L, curve: l })).filter((e) => e.name);
    }
    return L.name ? [{ id: `${index}.${j}`, name: L.name, layer: L, curve: 0 }] : [];
  });
}
const curveId = (v, L, l) => (L.names?.[l] ? `${v.id(L)}.${l}` : "");

function drawLegendEntry(g, entry, v) {
  const { layer: L, curve } = entry;
  const { theme } = v;
  const off = v.hidden.has(entry.id);
  const [x, y] = [entry.x, entry.y + entry.h / 2];
  const color = theme.color(L.type === "Lines" || L.type === "Ellipses" ? (L.colors?.[curve] ?? curve) : (L.color ?? "muted"));
  g.save();
  if (L.type === "Points") {
    const mixed = L.group || L.weights || L.value;
    g.globalAlpha = off ? 0.3 : 1;
    if (mixed) {
      [0, 1, 2].forEach((i) => {
        const tint = L.value ? theme.tableColor("sequential", 0.25 + 0.3 * i) : theme.color(i);
        marker(g, L.value ? L.symbol : SYMBOLS[i], x + 3 + 8 * i, y, 3.2, tint);
      });
    } else marker(g, L.symbol, x + 11, y, 4.2, color);
  } else if (L.type === "HeatMap") {
    g.globalAlpha = off ? 0.3 : 1;
    for (let i = 0; i < 10; i++) {
      g.fillStyle = theme.tableColor(L.colormap, (i + 0.5) / 10);
      g.fillRect(x + 2 * i, y - 5, 2, 10);
    }
  } else if (L.type === "Bars" || L.type === "Band" || L.type === "Images") {
    g.globalAlpha = off ? 0.3 : L.type === "Band" ? Math.max(0.35, L.opacity) : 0.9;
    g.fillStyle = color;
    g.fillRect(x + 2, y - 5, 18, 10);
  } else if (L.type === "Ellipses") {
    stroke(g, color, Math.min(2, L.width), L.dash, off ? 0.3 : 1);
    g.beginPath();
    CIRCLE.forEach(([c, s], i) => (i ? g.lineTo(x + 11 + 10 * c, y + 5.5 * s) : g.moveTo(x + 11 + 10 * c, y + 5.5 * s)));
    g.closePath();
    g.stroke();
  } else if (L.type === "Arrows") {
    stroke(g, color, L.width, false, off ? 0.3 : 1);
    g.fillStyle = color;
    arrow(g, x, y, x + 22, y, L.width);
  } else {
    stroke(g, color, Math.min(3, L.width ?? 2), L.dash || L.dashes?.[curve], off ? 0.3 : 1);
    segment(g, x, y, x + 22, y);
  }
  g.restore();
  g.globalAlpha = off ? 0.45 : 1;
  g.font = theme.font(12);
  g.textAlign = "left";
  g.textBaseline = "middle";
  g.fillStyle = theme.label;
  g.fillText(entry.name, x + 28, y);
  if (off) {
    stroke(g, theme.label, 1, false, 0.6);
    segment(g, x + 28, y, x + 28 + g.measureText(entry.name).width, y);
  }
  g.globalAlpha = 1;
}

function drawColorBar(g, L, v) {
  const { box, theme } = v;
  const [x, w] = [box.x + box.w + 10, 11];
  for (let i = 0; i < 64; i++) {
    g.fillStyle = theme.tableColor(L.colormap, (i + 0.5) / 64);
    g.fillRect(x, box.y + box.h * (1 - (i + 1) / 64), w, box.h / 64 + 0.6);
  }
  g.font = theme.font(11);
  g.fillStyle = theme.label;
  g.textAlign = "left";
  g.textBaseline = "middle";
  const S = scale(L.range, box.y + box.h, box.y, false);
  for (const [at, text] of niceTicks(L.range, Math.max(2, Math.round(box.h / 60)))) g.fillText(text, x + w + 5, S(at));
  if (L.unit) g.fillText(L.unit, x, box.y - 9);
}

// ------------------------------------------------------------------ 7 player

const ICON = {
  play: "M7 4.5v15l12.5-7.5z",
  pause: "M6.5 5h4v14h-4zM13.5 5h4v14h-4z",
  back: "M6 5h2.6v14H6zM19 5v14l-9.6-7z",
  step: "M15.4 5H18v14h-2.6zM5 5v14l9.6-7z",
  loop: "M7 7h10v3l4-4-4-4v3H5v6h2zm10 10H7v-3l-4 4 4 4v-3h12v-6h-2z",
  save: "M11 4h2v8.2l3-3 1.4 1.4L12 16l-5.4-5.4L8 9.2l3 3zM5 18h14v2H5z",
};
const OWNERS = new Map(); // path of a page -> key of the player that its address speaks of
const SPEEDS = [0.25, 0.5, 1, 2, 4];

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node[name] = value;
    else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

function iconButton(icon, text, onclick, more = {}) {
  const button = el("button", { type: "button", class: "dgm-button", "aria-label": text, title: text, onclick, ...more });
  setIcon(button, icon);
  return button;
}

function setIcon(button, icon) {
  button.innerHTML = `<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><path d="${ICON[icon]}"/></svg>`;
}

class Player {
  constructor(root, bytes, options) {
    this.root = root;
    this.options = { theme: "auto", ...options };
    this.t = 0; // frame time: whole when paused, fractional while playing with tweens
    this.playing = false;
    this.speed = 1;
    this.hidden = new Set(); // ids of legend entries that are switched off
    this.cost = []; // milliseconds of the last draws
    this.motion = matchMedia("(prefers-reduced-motion: reduce)");
    this.edits = new Edits(this);
    this.build();
    this.load(bytes);
    const url = this.claimUrl();
    this.t = this.clamp(url ?? this.scene?.start ?? 0);
    this.resizer = new ResizeObserver(() => this.resize());
    this.resizer.observe(this.stage);
    this.timer = setInterval(() => this.watch(), 250);
    this.resize();
    if (this.options.autoplay ?? this.scene?.autoplay) if (!this.motion.matches && url == null) this.play();
  }

  // --- the parts of the page
  build() {
    this.canvas = el("canvas", { role: "img" });
    this.overlay = el("div", { class: "dgm-overlay" });
    this.tip = el("div", { class: "dgm-tip", hidden: true });
    this.ring = el("div", { class: "dgm-ring", hidden: true });
    this.stage = el("div", { class: "dgm-stage" }, this.canvas, this.overlay, this.ring, this.tip);
    this.tools = el("div", { class: "dgm-tools", hidden: true });
    this.playButton = iconButton("play", "Play", () => this.toggle(), { class: "dgm-button dgm-main" });
    this.slider = el("input", { type: "range", min: 0, step: 1, class: "dgm-slider" });
    this.slider.oninput = () => { this.pause(); this.seek(Number(this.slider.value)); };
    this.readout = el("output", { class: "dgm-frame", "aria-hidden": "true" });
    const rate = (s) => el("option", { value: s, selected: s === 1 }, `${s}×`);
    this.rate = el("select", { class: "dgm-select", "aria-label": "Speed", title: "Speed" }, ...SPEEDS.map(rate));
    this.rate.onchange = () => (this.speed = Number(this.rate.value));
    this.loopButton = iconButton("loop", "Loop", () => this.setLoop(!this.loop), { "aria-pressed": "false" });
    this.menu = new Menu(this);
    this.stepBack = iconButton("back", "Step back", () => this.step(-1));
    this.stepOn = iconButton("step", "Step forward", () => this.step(1));
    this.transport = el(
      "div", { class: "dgm-transport", role: "group", "aria-label": "Playback" },
      this.playButton, this.stepBack, this.stepOn, this.slider, this.readout, this.rate, this.loopButton,
    );
    this.bar = el("div", { class: "dgm-bar" }, this.transport, this.menu.root);
    this.words = el("span");
    this.ghost = el("span", { class: "dgm-ghost", "aria-hidden": "true" }); // keeps the longest caption's room
    this.caption = el("p", { class: "dgm-caption" }, this.words, this.ghost);
    this.live = el("div", { class: "dgm-hidden", "aria-live": "polite" });
    this.message = el("p", { class: "dgm-message", role: "alert", hidden: true });
    this.frame = el(
      "div", { class: "dgm", role: "group" },
      this.message, this.stage, this.tools, this.bar, this.caption, this.live,
    );
    this.frame.onkeydown = (event) => this.key(event);
    this.stage.onpointermove = (event) => showReadout(this, event);
    this.stage.onpointerdown = (event) => showReadout(this, event);
    this.stage.onpointerleave = (event) => event.pointerType === "touch" || hideReadout(this);
    this.stage.onclick = (event) => {
      if (event.target === this.canvas && this.frames > 1) this.slider.focus({ preventScroll: true });
    };
    this.root.replaceChildren(el("style", {}, STYLE), this.frame);
  }

  // New bytes: decoded aside, then swapped in, so that a bad scene leaves a message and nothing half done.
  load(bytes) {
    try {
      const scene = decodeScene(bytes);
      this.scene = scene;
      this.bytes = bytes;
      this.frames = scene.frames;
      this.views = [];
      this.message.hidden = true;
    } catch (error) {
      this.message.textContent = `This picture cannot be shown: its data are damaged (${error.message}).`;
      this.message.hidden = false;
      if (!this.scene) this.stage.hidden = this.bar.hidden = true;
      return;
    }
    const { scene } = this;
    this.stage.hidden = this.bar.hidden = false;
    this.canvas.setAttribute("aria-label", scene.alt);
    this.frame.setAttribute("aria-label", scene.title || "Figure");
    this.transport.hidden = this.frames < 2;
    this.bar.classList.toggle("dgm-moves", this.frames > 1);
    this.frame.classList.toggle("dgm-compact", Boolean(this.options.compact));
    this.slider.max = this.frames - 1;
    this.slider.setAttribute("aria-label", scene.frame_label || "frame");
    this.caption.hidden = !scene.captions.length;
    this.longest = scene.captions.reduce((a, b) => (b.length > a.length ? b : a), "");
    const digits = Math.max(...[0, (this.frames - 1) >> 1, this.frames - 1].map((k) => this.valueText(k).length));
    this.readout.style.minWidth = `${digits + 1}ch`;
    this.setLoop(this.loop ?? scene.loop);
    this.edits.load(scene);
  }

  update(bytes, options = {}) {
    const before = this.options.theme;
    this.options = { ...this.options, ...options };
    this.edits.acknowledge(options.ack);
    const same = this.scene && this.options.theme === before && equalBytes(bytes, this.bytes);
    if (same) {
      this.edits.load(this.scene);
      this.draw();
      return;
    }
    const [frames, t] = [this.frames, this.t];
    this.load(bytes);
    if (!this.scene) return;
    if (frames && frames !== this.frames) this.t = frames > 1 ? (t / (frames - 1)) * (this.frames - 1) : this.scene.start;
    this.t = this.clamp(this.playing ? this.t : Math.round(this.t));
    if (this.width && this.options.theme === before) this.arrange();
    else this.resize(true);
  }

  destroy() {
    this.pause();
    this.resizer.disconnect();
    clearInterval(this.timer);
    clearTimeout(this.urlTimer);
    clearTimeout(this.liveTimer);
    cancelAnimationFrame(this.soon);
    this.edits.destroy();
    this.root.replaceChildren();
  }

  clamp(t) {
    return Math.min(Math.max(0, t || 0), (this.frames ?? 1) - 1);
  }

  // --- time
  get k() {
    return Math.floor(this.t + 1e-9);
  }
  seek(t) {
    this.t = this.clamp(t);
    this.draw();
    this.sync();
  }
  step(by) {
    this.pause();
    const to = this.k + by;
    this.seek(this.loop ? (to + this.frames) % this.frames : to);
  }
  setLoop(on) {
    this.loop = on;
    this.loopButton.setAttribute("aria-pressed", String(on));
  }
  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }
  play() {
    if (this.playing || this.frames < 2) return;
    if (this.t >= this.frames - 1) this.t = 0;
    this.playing = true;
    setIcon(this.playButton, "pause");
    this.playButton.setAttribute("aria-label", (this.playButton.title = "Pause"));
    this.last = null;
    this.clock = this.t;
    this.request = requestAnimationFrame((now) => this.tick(now));
  }
  pause() {
    if (!this.playing) return;
    this.playing = false;
    cancelAnimationFrame(this.request);
    setIcon(this.playButton, "play");
    this.playButton.setAttribute("aria-label", (this.playButton.title = "Play"));
    this.seek(Math.round(this.t)); // between two frames there is nothing computed
  }
  tick(now) {
    if (!this.playing) return;
    this.request = requestAnimationFrame((next) => this.tick(next));
    const dt = Math.min(0.1, (now - (this.last ?? now)) / 1000);
    this.last = now;
    const fps = this.motion.matches ? Math.min(4, this.scene.fps) : this.scene.fps;
    this.clock += dt * fps * this.speed;
    const end = this.frames - 1;
    if (this.clock >= end && !this.loop) {
      this.t = end;
      this.pause();
      return;
    }
    if (this.clock > end) this.clock = this.clock < this.frames ? this.clock : 0;
    const tween = this.scene.interpolate && !this.motion.matches;
    const t = Math.min(end, tween ? this.clock : Math.floor(this.clock));
    if (t === this.t) return;
    this.t = t;
    this.draw();
    this.sync();
  }

  // --- words: slider, caption, live region, address
  valueText(k) {
    return compact(this.scene.frame_values[k] ?? k);
  }
  sync() {
    const { k, scene } = this;
    if (this.shown === k && this.shownScene === scene && !this.wasPlaying) return;
    [this.shown, this.shownScene, this.wasPlaying] = [k, scene, this.playing];
    const words = `${scene.frame_label} ${this.valueText(k)}`;
    const caption = scene.captions[k] ?? "";
    this.slider.value = k;
    this.slider.setAttribute("aria-valuetext", caption ? `${words}: ${caption}` : words);
    this.slider.style.setProperty("--part", `${(100 * k) / Math.max(1, this.frames - 1)}%`);
    this.readout.textContent = words;
    this.words.textContent = caption;
    clearTimeout(this.liveTimer);
    if (this.playing) return;
    if (document.activeElement !== this.slider) {
      this.liveTimer = setTimeout(() => (this.live.textContent = caption || words), 400);
    }
    clearTimeout(this.urlTimer);
    this.urlTimer = setTimeout(() => this.writeUrl(), 200);
  }
  // The frame in the address belongs to one player of a page: that of the view shown last. The next
  // view starts at its own frame, and a player about to go never writes into the next page's address.
  claimUrl() {
    if (!this.options.url_key || !/^https?:$/.test(location.protocol)) return null;
    const owner = OWNERS.get(location.pathname);
    this.path = location.pathname;
    OWNERS.set(this.path, this.options.key ?? "");
    return owner === undefined || owner === (this.options.key ?? "") ? this.readUrl() : null;
  }
  canUseUrl() {
    return this.path === location.pathname && OWNERS.get(this.path) === (this.options.key ?? "") && this.frames > 1;
  }
  readUrl() {
    const text = new URLSearchParams(location.search).get(this.options.url_key);
    return /^\d+$/.test(text ?? "") ? Number(text) : null;
  }
  // Streamlit rewrites the address from its own copy at every widget change; `watch` puts the frame back.
  writeUrl() {
    if (!this.canUseUrl() || this.playing || this.readUrl() === this.k) return;
    const url = new URL(location.href);
    if (this.k !== this.scene.start) url.searchParams.set(this.options.url_key, this.k);
    else if (url.searchParams.has(this.options.url_key)) url.searchParams.delete(this.options.url_key);
    else return;
    history.replaceState(history.state, "", url);
  }
  watch() {
    if (!this.scene || !this.frame.isConnected) return;
    if (Theme.key(this.frame, this.options.theme) !== this.theme?.key) this.resize(true);
    this.writeUrl();
  }

  key(event) {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || this.frames < 2) return;
    const target = event.composedPath()[0];
    if (target.tagName === "SELECT" || target.closest(".dgm-menu, .dgm-overlay")) return;
    const act = {
      " ": () => this.toggle(), ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1),
      ",": () => this.step(-1), ".": () => this.step(1),
      Home: () => { this.pause(); this.seek(0); }, End: () => { this.pause(); this.seek(this.frames - 1); },
    }[event.key];
    if (!act || (event.key === " " && target.tagName === "BUTTON")) return;
    event.preventDefault();
    act();
  }

  // --- drawing
  resize(force = false) {
    const width = Math.round(this.stage.clientWidth);
    if (!this.scene || width < 40 || (!force && width === this.width)) return;
    this.width = width;
    this.theme = new Theme(this.frame, this.options.theme);
    this.frame.dataset.theme = this.theme.mode;
    this.frame.style.setProperty("--dgm-bg", this.theme.background);
    this.frame.style.setProperty("--dgm-ink", this.theme.named.ink);
    this.arrange();
  }

  // All that follows from the scene, a width and a theme. It asks the browser for no layout.
  arrange() {
    const { width } = this;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const { cells, height } = grid(this.scene, width, this.options.height);
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.width = w;
      this.canvas.height = h;
      this.canvas.style.height = `${height}px`;
    }
    this.g = this.canvas.getContext("2d", { alpha: false });
    this.views = this.layout(cells, this.theme, ratio, this.g);
    this.placeLegend();
    this.edits.place();
    this.draw(true);
    // Words last: a font measured after they change would make the browser lay out the page first.
    if (this.ghost.textContent !== this.longest) this.ghost.textContent = this.longest;
    this.sync();
  }

  layout(cells, theme, ratio, g) {
    return this.scene.panels.map((panel, i) => {
      const v = {
        panel, index: i, theme, ratio, hidden: this.hidden, entries: legendEntries(panel, i),
        id: (L) => `${i}.${panel.layers.indexOf(L)}`, edit: (L) => this.edits.state(i, L), caches: [],
      };
      return Object.assign(v, place(panel, cells[i], v, g));
    });
  }

  placeLegend() {
    const entries = this.views.flatMap((v) => v.legend);
    const key = JSON.stringify(entries.map((e) => [e.id, e.name, e.x, e.y, e.w, e.h]));
    if (key === this.legendKey) return;
    this.legendKey = key;
    this.overlay.querySelectorAll(".dgm-legend").forEach((node) => node.remove());
    for (const v of this.views) {
      for (const entry of v.legend) {
        const button = el("button", {
          type: "button", class: "dgm-legend", "aria-pressed": String(!this.hidden.has(entry.id)),
          "aria-label": `Show ${entry.name}`, title: `Show or hide: ${entry.name}`,
          style: `left:${entry.x - 6}px;top:${entry.y}px;width:${entry.w + 6}px;height:${entry.h}px`,
        });
        button.onclick = () => {
          const on = this.hidden.has(entry.id);
          if (on) this.hidden.delete(entry.id);
          else this.hidden.add(entry.id);
          button.setAttribute("aria-pressed", String(on));
          this.views[v.index].caches.length = 0;
          this.draw(true);
        };
        this.overlay.append(button);
      }
    }
  }

  // One panel, in the next frame however often it is asked for until then.
  drawSoon(panel) {
    this.soon ??= requestAnimationFrame(() => {
      this.soon = null;
      if (!this.g || !this.views.length) return;
      this.drawPanel(this.g, this.views[panel]);
      this.edits.follow();
    });
  }
  draw(all = false) {
    if (!this.g || !this.views.length) return;
    const begin = performance.now();
    const { g } = this;
    g.setTransform(1, 0, 0, 1, 0, 0);
    if (all) {
      g.fillStyle = this.theme.background;
      g.fillRect(0, 0, this.canvas.width, this.canvas.height);
      g.setTransform(this.views[0].ratio, 0, 0, this.views[0].ratio, 0, 0);
      drawTitle(g, this.scene, this.theme);
    }
    for (const v of this.views) {
      if (all || v.panel.layers.some((L) => L.redrawn)) this.drawPanel(g, v);
    }
    this.edits.follow();
    this.cost.push(performance.now() - begin);
    if (this.cost.length > 500) this.cost.shift();
  }

  // Stretches of still layers are drawn once, each on a canvas of its own; the first carries the axes.
  drawPanel(g, v) {
    const { cell, ratio, theme, panel } = v;
    this.atFrame(v);
    const [x, y] = [Math.round(cell.x * ratio) - ratio, Math.round(cell.y * ratio)];
    const [w, h] = [Math.ceil(cell.w * ratio) + 2 * ratio, Math.ceil(cell.h * ratio) + ratio];
    const blocks = stillAndLive(panel.layers);
    if (blocks.length === 0 || blocks[0].live) blocks.unshift({ live: false, layers: [] });
    blocks.forEach((block, i) => {
      if (block.live) {
        g.setTransform(ratio, 0, 0, ratio, 0, 0);
        drawLayers(g, block.layers, v);
        return;
      }
      if (!v.caches[i]) {
        v.caches[i] = newCanvas(w, h);
        const c = v.caches[i].getContext("2d", { alpha: i > 0 });
        if (i === 0) {
          c.fillStyle = theme.background;
          c.fillRect(0, 0, w, h);
        }
        c.setTransform(ratio, 0, 0, ratio, -x, -y);
        if (i === 0) drawAxes(c, panel, v);
        drawLayers(c, block.layers, v);
      }
      g.setTransform(1, 0, 0, 1, 0, 0);
      g.drawImage(v.caches[i], x, y);
    });
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawFrame(g, v);
  }

  atFrame(v, t = this.t) {
    const k = Math.floor(t);
    const values = this.scene.frame_values;
    v.t = t;
    v.value = values[k] + ((values[k + 1] ?? values[k]) - values[k]) * (t - k);
  }

  // The whole picture at frame time t on any context: exports use it.
  paint(g, t, width, ratio, vector = false) {
    const { cells, height } = grid(this.scene, width, this.options.height);
    g.save();
    g.fillStyle = this.theme.background;
    g.fillRect(0, 0, width, height);
    drawTitle(g, this.scene, this.theme);
    for (const v of this.layout(cells, this.theme, ratio, g)) {
      v.vector = vector;
      this.atFrame(v, t);
      drawAxes(g, v.panel, v);
      drawLayers(g, v.panel.layers, v);
      drawFrame(g, v);
    }
    g.restore();
    return height;
  }
}

function drawTitle(g, scene, theme) {
  if (!scene.title) return;
  g.font = theme.font(16, 600);
  g.textAlign = "left";
  g.textBaseline = "middle";
  g.globalAlpha = 1;
  g.fillStyle = theme.named.ink;
  g.fillText(scene.title, 8, 14);
}

const WHOLE = { Points: true, Handles: true, Text: true }; // may stand across the edge of the plot

function drawLayers(g, layers, v) {
  const { box } = v;
  for (const L of layers) {
    if (v.hidden.has(v.id(L))) continue;
    g.save();
    if (!WHOLE[L.type]) {
      g.beginPath();
      const slack = L.cursor || L.trail ? 6 : 0.5; // heads stay whole at the edge
      g.rect(box.x - slack, box.y - slack, box.w + 2 * slack, box.h + 2 * slack);
      g.clip();
    }
    g.globalAlpha = 1;
    DRAW[L.type](g, L, v);
    g.restore();
  }
}

function stillAndLive(layers) {
  const blocks = [];
  for (const L of layers) {
    if (blocks.at(-1)?.live === L.redrawn) blocks.at(-1).layers.push(L);
    else blocks.push({ live: L.redrawn, layers: [L] });
  }
  return blocks;
}

function equalBytes(a, b) {
  if (!a || !b || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

// ------------------------------------------------------------------ 8 edits

// What the reader changes: the local truth, the parts to touch, and the messages to Python.
class Edits {
  constructor(player) {
    this.player = player;
    this.states = new Map(); // "panel.name" -> {layer, panel, values..., nodes}
    this.seq = 0;
    this.flying = 0; // the number of the message in flight, 0 for none
    this.answered = 0; // the number of the last message known to be answered
    this.waiting = null; // the latest edit that has not been sent
    this.patience = 2000; // ms after which the next message no longer waits for an answer
    this.alone = false; // nobody answers a question for a picture
  }

  get connected() {
    return typeof this.player.options.send === "function";
  }

  // A new scene: the server's values, except what the reader holds or has not had answered.
  load(scene) {
    this.answered = Math.max(this.answered, this.player.options.ack ?? 0);
    this.seq = Math.max(this.seq, this.answered);
    const seen = new Set();
    scene.panels.forEach((panel, i) => panel.layers.forEach((L) => {
      if (!(L.type in EDITS)) return;
      const key = `${i}.${L.name}`;
      seen.add(key);
      const old = this.states.get(key);
      const state = old ?? { panel: i, nodes: [], tool: "paint", undo: [] };
      const mine = { xy: state.xy, width: state.width };
      state.layer = L;
      const keep = old && this.pending(state);
      if (!keep) Object.assign(state, initialValues(L, old));
      if (keep && L.type === "Handles" && state.held != null && L.xy.length === mine.xy.length) {
        const hold = state.held; // the finger keeps its handle, the others follow the server
        state.xy = L.xy.map((p, n) => (n === hold ? mine.xy[n] : [...p]));
        state.width = L.width?.map((w, n) => (n === hold ? mine.width[n] : w));
      }
      this.states.set(key, state);
    }));
    for (const key of this.states.keys()) if (!seen.has(key)) this.states.delete(key);
  }

  state(panel, L) {
    return this.states.get(`${panel}.${L.name}`);
  }

  // Held, or changed and not yet answered, however long a busy server takes.
  pending(state) {
    return state.held != null || state.sent > this.answered;
  }

  // At most one message is in flight; of what happens meanwhile the latest is sent next.
  send(state, payload) {
    if (!this.connected) return;
    this.waiting = { layer: state.layer.name, panel: state.panel, ...payload };
    state.sent = this.seq + 1;
    if (!this.flying) this.flush();
  }
  flush() {
    const edit = this.waiting;
    this.waiting = null;
    clearTimeout(this.timeout);
    this.flying = edit ? ++this.seq : 0;
    this.player.frame.setAttribute("aria-busy", String(this.seq > this.answered));
    if (!edit) return;
    this.timeout = setTimeout(() => this.flush(), this.patience);
    const { live } = this.player.options;
    if (edit.final === false && live && !this.alone) this.ask(live, { seq: this.flying, ...edit });
    else this.player.options.send({ seq: this.flying, ...edit });
  }
  // While a handle is held: the next picture alone. Where nobody answers, edits go the long way.
  async ask(live, edit) {
    const { seq, ...position } = edit;
    let bytes = null;
    let refused = false;
    try {
      const response = await fetch(live.url, { method: "POST", body: JSON.stringify({ ...live.ask, edit }) });
      const packed = response.ok && response.headers.get("Content-Type") === "application/octet-stream";
      if (packed) bytes = new Uint8Array(await response.arrayBuffer());
      else refused = response.status !== 400;
    } catch {
      refused = true;
    }
    if (seq !== this.flying) return; // too late: what is shown is newer, or the player is gone
    if (bytes) this.player.update(bytes);
    if (refused) {
      this.alone = true;
      this.waiting ??= position;
    }
    this.acknowledge(seq);
  }
  acknowledge(seq = 0) {
    this.answered = Math.max(this.answered, seq);
    if (this.flying && seq >= this.flying) return this.flush();
    this.player.frame.setAttribute("aria-busy", String(this.seq > this.answered));
  }
  destroy() {
    clearTimeout(this.timeout);
    this.flying = 0;
  }

  // --- the parts: rebuilt only when their number changes, so that focus and drags survive
  place() {
    const { player } = this;
    player.tools.replaceChildren();
    const live = new Set();
    for (const state of this.states.values()) {
      const L = state.layer;
      const v = player.views[state.panel];
      if (L.type === "Handles") this.placeHandles(state, v);
      else this.placeSurface(state, v);
      if (this.connected || L.type === "Pad") this.placeTools(state);
      state.nodes.forEach((node) => live.add(node));
    }
    player.overlay.querySelectorAll(".dgm-handle, .dgm-surface").forEach((n) => live.has(n) || n.remove());
    player.tools.hidden = !player.tools.childElementCount;
    this.follow();
  }

  placeHandles(state) {
    const want = this.connected ? state.xy.length * (state.width ? 2 : 1) : 0;
    if (state.nodes.length === want) return;
    state.nodes.forEach((node) => node.remove());
    state.nodes = [];
    for (let i = 0; i < want; i++) {
      const grip = i >= state.xy.length;
      const node = el("div", { class: grip ? "dgm-handle dgm-grip" : "dgm-handle", role: "slider", tabindex: 0 });
      drag(node, {
        start: (event) => this.grab(state, i, event),
        move: (event) => this.moveHandle(state, i, event),
        end: () => this.release(state),
      });
      node.onkeydown = (event) => this.handleKey(state, grip ? i - state.xy.length : i, grip, event);
      this.player.overlay.append(node);
      state.nodes.push(node);
    }
  }

  // Puts the invisible parts where the drawing is, and words on them.
  follow() {
    for (const state of this.states.values()) {
      if (state.layer.type !== "Handles") continue;
      const v = this.player.views[state.panel];
      const n = state.xy.length;
      state.nodes.forEach((node, i) => {
        const j = i % n;
        const [x, y] = state.xy[j];
        const at = i < n ? x : x + state.width[j];
        node.style.transform = `translate(${v.X(at)}px, ${v.Y(y)}px)`;
        const name = state.layer.labels?.[j] ?? `handle ${j + 1}`;
        const text = i < n ? `x ${compact(x)}, y ${compact(y)}` : `width ${compact(state.width[j])}`;
        node.setAttribute("aria-label", i < n ? name : `width of ${name}`);
        node.setAttribute("aria-valuenow", String(Number((i >= n ? state.width[j] : state.layer.axes === "y" ? y : x).toPrecision(6))));
        node.setAttribute("aria-valuetext", text);
      });
    }
  }

  grab(state, i, event) {
    const n = state.xy.length;
    const [x, y] = state.xy[i % n];
    const v = this.player.views[state.panel];
    const p = this.pointer(event);
    state.held = i % n;
    state.offset = [v.X(i < n ? x : x + state.width[i - n]) - p[0], v.Y(y) - p[1]];
  }
  moveHandle(state, i, event) {
    const n = state.xy.length;
    const v = this.player.views[state.panel];
    const p = this.pointer(event);
    const x = v.X.invert(p[0] + state.offset[0]);
    const y = v.Y.invert(p[1] + state.offset[1]);
    if (i < n) this.setHandle(state, i, x, y);
    else this.setWidth(state, i - n, x - state.xy[i - n][0]);
    if (state.layer.live) this.sendHandles(state, false); // first: the server works while this draws
    this.player.drawSoon(state.panel);
  }
  release(state) {
    state.held = null;
    this.sendHandles(state);
  }
  setHandle(state, i, x, y) {
    const L = state.layer;
    const v = this.player.views[state.panel];
    const bound = (value, axis, S) => {
      const lo = L.low?.[axis] ?? Math.min(...S.range);
      const hi = L.high?.[axis] ?? Math.max(...S.range);
      return Math.min(hi, Math.max(lo, value));
    };
    if (L.axes.includes("x")) state.xy[i][0] = bound(x, 0, v.X);
    if (L.axes.includes("y")) state.xy[i][1] = bound(y, 1, v.Y);
  }
  setWidth(state, i, width) {
    const [lo, hi] = state.layer.width_range;
    state.width[i] = Math.min(hi, Math.max(lo, width));
  }
  // `final` is false while a handle is held: then only the picture has to follow.
  sendHandles(state, final = true) {
    this.send(state, { xy: state.xy.map((p) => [...p]), ...(state.width ? { width: [...state.width] } : {}), final });
  }
  handleKey(state, i, grip, event) {
    const v = this.player.views[state.panel];
    const size = event.shiftKey ? 0.05 : 0.01;
    const [dx, dy] = [size * (v.X.range[1] - v.X.range[0]), size * (v.Y.range[1] - v.Y.range[0])];
    const [x, y] = state.xy[i];
    const widen = (by) => state.width && this.setWidth(state, i, state.width[i] + by * Math.abs(dx));
    const move = (a, b) => (grip ? widen(Math.sign(a || b)) : this.setHandle(state, i, x + a, y + b));
    const act = {
      ArrowLeft: () => move(-dx, 0), ArrowRight: () => move(dx, 0),
      ArrowUp: () => move(0, dy), ArrowDown: () => move(0, -dy),
      "[": () => widen(-1), "]": () => widen(1),
      Delete: () => this.remove(state, i), Backspace: () => this.remove(state, i),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
    this.player.draw();
    this.sendHandles(state);
  }
  add(state, x, y) {
    const L = state.layer;
    if (!L.editable || state.xy.length >= L.at_most) return;
    const v = this.player.views[state.panel];
    const mid = (S) => (S.range[0] + S.range[1]) / 2;
    state.xy.push([mid(v.X), mid(v.Y)]);
    state.width?.push(state.width.at(-1) ?? 1);
    this.setHandle(state, state.xy.length - 1, x ?? mid(v.X), y ?? mid(v.Y));
    this.changedCount(state);
  }
  remove(state, i) {
    const L = state.layer;
    if (!L.editable || state.xy.length <= L.at_least) return;
    state.xy.splice(i, 1);
    state.width?.splice(i, 1);
    this.changedCount(state);
    state.nodes[Math.min(i, state.xy.length - 1)]?.focus();
  }
  changedCount(state) {
    this.placeHandles(state);
    this.follow();
    this.player.draw();
    this.sendHandles(state);
  }

  // --- brush, pick and pad share a surface with a keyboard crosshair
  placeSurface(state, v) {
    const L = state.layer;
    if (!state.nodes.length) {
      if (!this.connected && L.type !== "Pad") return;
      const cross = el("div", { class: "dgm-cross" });
      const node = el("div", { class: "dgm-surface", tabindex: 0, role: "application" }, cross);
      node.dataset.kind = L.type;
      state.cross = [0.5, 0.5];
      if (L.type === "Pick") node.onclick = (event) => this.pick(state, ...this.pointer(event));
      else {
        drag(node, {
          start: (event) => { this.remember(state); this.touch(state, this.pointer(event), null); },
          move: (event, before) => this.touch(state, this.pointer(event), this.pointer(before)),
          end: () => this.report(state),
        });
      }
      node.onkeydown = (event) => this.surfaceKey(state, node, event);
      this.player.overlay.prepend(node);
      state.nodes = [node];
    }
    const [node] = state.nodes;
    const words = { Brush: "Painting area", Pick: L.label, Pad: "Drawing pad" }[L.type];
    node.setAttribute("aria-label", `${words}: arrow keys move the crosshair, Enter acts`);
    const { box } = v;
    node.style.cssText = `left:${box.x}px;top:${box.y}px;width:${box.w}px;height:${box.h}px`;
    this.moveCross(state);
  }
  moveCross(state) {
    const [node] = state.nodes;
    node.firstChild.style.left = `${100 * state.cross[0]}%`;
    node.firstChild.style.top = `${100 * state.cross[1]}%`;
  }
  surfaceKey(state, node, event) {
    const step = (state.layer.type === "Pad" ? 1 / state.layer.size : 0.01) * (event.shiftKey ? 5 : 1);
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const { box } = this.player.views[state.panel];
    const at = () => [box.x + state.cross[0] * box.w, box.y + state.cross[1] * box.h];
    if (move) {
      const before = at();
      state.cross = state.cross.map((c, i) => Math.min(1, Math.max(0, c + step * move[i])));
      this.moveCross(state);
      if (state.down) this.touch(state, at(), before);
    } else if (event.key === "Enter" || event.key === " ") {
      if (state.layer.type === "Pick") this.pick(state, ...at());
      else {
        this.remember(state);
        this.touch(state, at(), null);
        this.report(state);
      }
    } else return;
    event.preventDefault();
  }
  pick(state, px, py) {
    const v = this.player.views[state.panel];
    state.xy = [v.X.invert(px), v.Y.invert(py)];
    this.player.draw();
    this.send(state, { xy: state.xy });
  }
  remember(state) {
    state.undo.push(state.layer.type === "Pad" ? state.pixels.slice() : state.xy.slice());
    if (state.undo.length > 50) state.undo.shift();
  }
  touch(state, p, before) {
    if (state.layer.type === "Pad") this.touchPad(state, p, before ?? p);
    else if (state.tool === "erase") this.eraseNear(state, p);
    else this.spray(state, p);
    this.player.draw();
  }
  spray(state, p) {
    const L = state.layer;
    const v = this.player.views[state.panel];
    const far = (q) => Math.hypot(v.X(q[0]) - p[0], v.Y(q[1]) - p[1]) > 5;
    if (state.xy.length >= L.at_most || (L.spread === 0 && state.xy.length && !far(state.xy.at(-1)))) return;
    const jitter = () => L.spread * Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
    const inside = (value, S) => Math.min(Math.max(...S.range), Math.max(Math.min(...S.range), value));
    state.xy.push([inside(v.X.invert(p[0]) + jitter(), v.X), inside(v.Y.invert(p[1]) + jitter(), v.Y)]);
  }
  eraseNear(state, p) {
    const v = this.player.views[state.panel];
    state.xy = state.xy.filter(([x, y]) => Math.hypot(v.X(x) - p[0], v.Y(y) - p[1]) > 16);
  }
  // A round pen with a soft edge, along the segment from the last place to this one.
  touchPad(state, p, before) {
    const { size } = state.layer;
    const v = this.player.views[state.panel];
    const cell = ([x, y]) => [v.X.invert(x) - 0.5, size - v.Y.invert(y) - 0.5];
    const [[ax, ay], [bx, by]] = [cell(before), cell(p)];
    const length2 = (bx - ax) ** 2 + (by - ay) ** 2;
    for (let i = 0; i < size * size; i++) {
      const [x, y] = [i % size, Math.floor(i / size)];
      const f = length2 ? Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length2)) : 0;
      const d = Math.hypot(x - ax - f * (bx - ax), y - ay - f * (by - ay));
      const ink = Math.round(255 * Math.min(1, Math.max(0, 1.75 - d)));
      state.pixels[i] = state.tool === "erase" ? Math.min(state.pixels[i], 255 - ink) : Math.max(state.pixels[i], ink);
    }
  }
  report(state) {
    this.send(state, state.layer.type === "Pad" ? { pixels: Array.from(state.pixels) } : { xy: state.xy });
  }
  pointer(event) {
    const r = this.player.canvas.getBoundingClientRect();
    return [event.clientX - r.left, event.clientY - r.top];
  }

  placeTools(state) {
    const L = state.layer;
    const title = this.player.scene.panels[state.panel].title || L.name;
    const tools = el("div", { class: "dgm-toolgroup", role: "group", "aria-label": title });
    this.player.tools.append(tools);
    const button = (text, onclick, pressed) => {
      const b = el("button", { type: "button", class: "dgm-tool", onclick }, text);
      if (pressed != null) b.setAttribute("aria-pressed", String(pressed));
      tools.append(b);
      return b;
    };
    if (L.type === "Pick") tools.append(el("span", { class: "dgm-hint" }, L.label));
    if (L.type === "Handles" && L.editable) {
      button("+ Add", () => this.add(state));
      this.player.stage.ondblclick = (event) => {
        const p = this.pointer(event);
        const v = this.player.views[state.panel];
        if (inBox(v.box, p)) this.add(state, v.X.invert(p[0]), v.Y.invert(p[1]));
      };
      button("− Remove", () => this.remove(state, state.xy.length - 1));
    }
    if (L.type === "Brush" || L.type === "Pad") {
      const choose = (tool, chosen, other) => {
        state.tool = tool;
        chosen.setAttribute("aria-pressed", "true");
        other.setAttribute("aria-pressed", "false");
      };
      const pen = button(L.type === "Pad" ? "Pen" : "Paint", () => choose("paint", pen, eraser), state.tool === "paint");
      const eraser = button("Eraser", () => choose("erase", eraser, pen), state.tool === "erase");
      button("Undo", () => this.restore(state, state.undo.pop()));
      button("Clear", () => {
        this.remember(state);
        this.restore(state, L.type === "Pad" ? new Uint8Array(L.size ** 2) : []);
      });
    }
  }
  restore(state, values) {
    if (!values) return;
    if (state.layer.type === "Pad") state.pixels = values;
    else state.xy = values;
    this.player.draw();
    this.report(state);
  }
}

function initialValues(L, old) {
  if (L.type === "Handles") return { xy: L.xy.map((p) => [...p]), width: L.width?.slice() };
  if (L.type === "Brush") return { xy: L.xy.map((p) => [...p]) };
  if (L.type === "Pad") return { pixels: Uint8Array.from(L.pixels ? L.pixels.flat() : (old?.pixels ?? new Array(L.size ** 2).fill(0))) };
  return { xy: old?.xy ?? null };
}

function inBox(box, [x, y], slack = 0) {
  return x >= box.x - slack && x <= box.x + box.w + slack && y >= box.y - slack && y <= box.y + box.h + slack;
}

// Mouse, touch and pen alike: the part keeps the pointer until it is let go.
function drag(node, { start, move, end }) {
  let before = null;
  node.onpointerdown = (event) => {
    if (event.button || before) return;
    node.setPointerCapture(event.pointerId);
    before = event;
    start(event);
  };
  node.onpointermove = (event) => {
    if (!before || event.pointerId !== before.pointerId) return;
    move(event, before);
    before = event;
  };
  node.onpointerup = node.onpointercancel = (event) => {
    if (!before || event.pointerId !== before.pointerId) return;
    before = null;
    end();
  };
}

// ------------------------------------------------------------------ 9 read-out

// The numbers under the pointer: coordinates, the nearest point or curve, the value of the heat map.
function showReadout(player, event) {
  const p = player.edits.pointer(event);
  const v = player.views.find((view) => inBox(view.box, p));
  const busy = [...player.edits.states.values()].some((state) => state.held != null);
  if (!v || busy || event.target.closest?.("button")) return hideReadout(player);
  const lines = [];
  let mark = null;
  for (const L of v.panel.layers) {
    if (v.hidden.has(v.id(L))) continue;
    const found = READ[L.type]?.(L, v, p);
    if (!found) continue;
    lines.push(...[found.text].flat());
    mark = found.at ?? mark;
  }
  if (!(v.bare.x && v.bare.y)) lines.unshift(`x ${compact(v.X.invert(p[0]))}   y ${compact(v.Y.invert(p[1]))}`);
  const { tip, ring } = player;
  tip.replaceChildren(...lines.slice(0, 9).map((text) => el("div", {}, text)));
  tip.hidden = !lines.length;
  const [w, h] = [tip.offsetWidth, tip.offsetHeight];
  const left = p[0] + 16 + w > player.width ? p[0] - 16 - w : p[0] + 16;
  tip.style.transform = `translate(${Math.max(0, left)}px, ${Math.max(0, p[1] - h - 10)}px)`;
  ring.hidden = !mark;
  if (mark) ring.style.transform = `translate(${mark[0]}px, ${mark[1]}px)`;
}

function hideReadout(player) {
  player.tip.hidden = player.ring.hidden = true;
}

const READ = {
  Points(L, v, p) {
    const xy = numbers(L.xy, v.t);
    let [best, at] = [144, -1]; // within 12 pixels
    for (let i = 0; i < xy.length / 2; i++) {
      const d = (v.X(xy[2 * i]) - p[0]) ** 2 + (v.Y(xy[2 * i + 1]) - p[1]) ** 2;
      if (d < best) [best, at] = [d, i];
    }
    if (at < 0) return null;
    const words = [`${L.name || "point"} ${at}: (${compact(xy[2 * at])}, ${compact(xy[2 * at + 1])})`];
    if (L.group) words.push(`group ${codes(L.group, v.t)[at]}`);
    if (L.value) words.push(`value ${compact(numbers(L.value, v.t)[at])}`);
    if (L.weights) {
      const K = L.weights.shape.at(-1);
      const w = numbers(L.weights, v.t).slice(at * K, at * K + K);
      words.push(`weights ${Array.from(w, (x) => x.toFixed(2)).join(", ")}`);
    }
    return { text: words, at: [v.X(xy[2 * at]), v.Y(xy[2 * at + 1])] };
  },
  Lines(L, v, p) {
    const x = numbers(L.x, v.t);
    const y = numbers(L.y, v.t);
    const at = v.X.invert(p[0]);
    const text = [];
    for (let l = 0; l < y.length / x.length; l++) {
      if (v.hidden.has(curveId(v, L, l))) continue;
      const value = interpolate(x, y, l * x.length, at);
      if (Number.isFinite(value)) text.push(`${L.names?.[l] ?? (L.name || "curve")}: ${compact(value)}`);
    }
    return text.length ? { text } : null;
  },
  Bars(L, v, p) {
    const x = numbers(L.x, v.t);
    const i = Array.from(x).findIndex((c) => Math.abs(v.X.invert(p[0]) - c) <= L.width / 2);
    if (i < 0) return null;
    const error = L.error ? ` ± ${compact(numbers(L.error, v.t)[i])}` : "";
    return { text: `${L.name || "bar"}: ${compact(numbers(L.height, v.t)[i])}${error}` };
  },
  HeatMap(L, v, p) {
    const [H, W] = L.value.shape.slice(-2);
    const column = Math.floor(((v.X.invert(p[0]) - L.extent[0]) / (L.extent[1] - L.extent[0])) * W);
    const row = Math.floor(((v.Y.invert(p[1]) - L.extent[2]) / (L.extent[3] - L.extent[2])) * H);
    if (column < 0 || row < 0 || column >= W || row >= H) return null;
    const code = codes(L.value, v.t)[row * W + column];
    const value = L.value.lo ? L.value.lo[0] + L.value.step[0] * code : code;
    const digits = L.value.type === "u1" ? Number(value.toPrecision(2)) : value; // 8 bits know no more
    return { text: `${L.name || "value"} ${compact(digits)}${L.unit ? " " + L.unit : ""}` };
  },
  Ellipses(L, v, p) {
    const mean = numbers(L.mean, v.t);
    for (let k = 0; k < mean.length / 2; k++) {
      const at = [v.X(mean[2 * k]), v.Y(mean[2 * k + 1])];
      if (Math.hypot(at[0] - p[0], at[1] - p[1]) > 12) continue;
      const [a, b, d] = numbers(L.cov, v.t).slice(3 * k, 3 * k + 3);
      return { text: `${L.name || "component"} ${k}: var ${compact(a)}, ${compact(d)}, cov ${compact(b)}`, at };
    }
    return null;
  },
};

// ------------------------------------------------------------------ 10 exports

const pause = () => new Promise((done) => setTimeout(done));
const EXPORT_WIDTH = 900; // of a moving picture, at most

class Menu {
  constructor(player) {
    this.player = player;
    this.button = iconButton("save", "Export", () => this.open(this.list.hidden), { "aria-haspopup": "menu", "aria-expanded": "false" });
    this.list = el("div", { class: "dgm-menu", role: "menu", "aria-label": "Export", hidden: true });
    this.progress = el("div", { class: "dgm-progress", role: "status", hidden: true });
    this.root = el("div", { class: "dgm-menu-root" }, this.button, this.list, this.progress);
    this.list.onkeydown = (event) => this.key(event);
    this.root.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !this.root.contains(event.relatedTarget)) this.open(false, false);
    });
  }
  open(on, focus = true) {
    if (on) this.fill();
    this.list.hidden = !on;
    this.button.setAttribute("aria-expanded", String(on));
    if (on) this.list.firstChild.focus();
    else if (focus) this.button.focus();
  }
  fill() {
    const { player } = this;
    const item = (text, act) => el("button", {
      type: "button", role: "menuitem", tabindex: -1, onclick: () => { this.open(false); this.run(text, act); },
    }, text);
    const items = [item("Picture (PNG)", exportPng), item("Vector picture (SVG)", exportSvg)];
    if (player.frames > 1) {
      items.push(item("Animation (GIF)", exportGif));
      if (videoType()) items.push(item("Video (WebM)", exportVideo));
    }
    items.push(item("Page that works offline (HTML)", exportHtml));
    if (/^https?:$/.test(location.protocol)) items.push(item("Copy link to this frame", copyLink));
    this.list.replaceChildren(...items);
  }
  key(event) {
    const items = [...this.list.children];
    const i = items.indexOf(event.composedPath()[0]);
    const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: items.length - 1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") this.open(false);
    else if (to !== undefined) items[(to + items.length) % items.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  // One export at a time, in pieces, with its progress and a way out.
  async run(title, act) {
    if (this.job) return;
    const job = (this.job = { cancelled: false });
    const text = el("span", {}, `${title} …`);
    const cancel = el("button", { type: "button", class: "dgm-tool", onclick: () => (job.cancelled = true) }, "Cancel");
    this.progress.replaceChildren(text, cancel);
    this.progress.hidden = false;
    job.report = async (part) => {
      text.textContent = `${title} ${Math.round(100 * part)} %`;
      await pause();
      return !job.cancelled;
    };
    try {
      const done = await act(this.player, job);
      text.textContent = job.cancelled ? "Cancelled" : (done ?? "Saved");
    } catch (error) {
      text.textContent = `Not exported: ${error.message}`;
    }
    cancel.remove();
    this.job = null;
    setTimeout(() => { if (!this.job) this.progress.hidden = true; }, 2500);
  }
}

function save(blob, player, extension) {
  const words = player.scene.title || player.scene.alt;
  const name = words.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 40) || "scene";
  const link = el("a", { href: URL.createObjectURL(blob), download: `${name}.${extension}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// A canvas that is painted again for every frame asked for.
function stagehand(player, width, ratio) {
  const height = grid(player.scene, width, player.options.height).height;
  const canvas = newCanvas(2 * Math.round((width * ratio) / 2), 2 * Math.round((height * ratio) / 2));
  const g = canvas.getContext("2d", { willReadFrequently: true });
  const paint = (t) => {
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    player.paint(g, t, width, ratio);
    return g;
  };
  return { canvas, paint };
}

async function exportPng(player) {
  const { canvas, paint } = stagehand(player, player.width, 2);
  paint(player.k);
  save(await new Promise((done) => canvas.toBlob(done, "image/png")), player, "png");
}

async function exportSvg(player) {
  const g = new SvgContext(player.g);
  const height = player.paint(g, player.k, player.width, 1, true);
  save(new Blob([g.text(player.width, height, player.scene.alt)], { type: "image/svg+xml" }), player, "svg");
}

async function exportHtml(player) {
  const source = player.options.source ?? (await (await fetch(import.meta.url)).text());
  let data = "";
  for (let i = 0; i < player.bytes.length; i += 8190) data += btoa(String.fromCharCode(...player.bytes.subarray(i, i + 8190)));
  const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  const parts = { title: escape(player.scene.title || player.scene.alt), theme: player.options.theme, data, module: source.replaceAll("</script", "<\\/script") };
  const page = PAGE.replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name]);
  save(new Blob([page], { type: "text/html" }), player, "html");
}

async function copyLink(player) {
  const url = new URL(location.href);
  if (player.frames > 1) url.searchParams.set(player.options.url_key ?? "frame", player.k);
  await navigator.clipboard.writeText(url.href);
  return "Link copied";
}

// SVG with the calls of a canvas, so that the same drawing code writes vectors.
class SvgContext {
  constructor(measure) {
    Object.assign(this, { measure, out: [], clips: [], path: "", stack: [], matrix: "", clipId: "" });
    Object.assign(this, { fillStyle: "#000", strokeStyle: "#000", lineWidth: 1, globalAlpha: 1, font: "", textAlign: "left", textBaseline: "middle", dash: [] });
  }
  save() {
    const { fillStyle, strokeStyle, lineWidth, globalAlpha, font, textAlign, textBaseline, dash, matrix, clipId } = this;
    this.stack.push({ fillStyle, strokeStyle, lineWidth, globalAlpha, font, textAlign, textBaseline, dash, matrix, clipId });
  }
  restore() { Object.assign(this, this.stack.pop()); }
  translate(x, y) { this.matrix += `translate(${num(x)} ${num(y)})`; }
  rotate(a) { this.matrix += `rotate(${num((a * 180) / Math.PI)})`; }
  setLineDash(dash) { this.dash = dash; }
  measureText(text) {
    this.measure.font = this.font;
    return this.measure.measureText(text);
  }
  beginPath() { this.path = ""; }
  moveTo(x, y) { this.path += `M${num(x)} ${num(y)}`; }
  lineTo(x, y) { this.path += `L${num(x)} ${num(y)}`; }
  closePath() { this.path += "Z"; }
  rect(x, y, w, h) { this.path += `M${num(x)} ${num(y)}h${num(w)}v${num(h)}h${num(-w)}Z`; }
  arc(x, y, r) { this.path += `M${num(x - r)} ${num(y)}a${num(r)} ${num(r)} 0 1 0 ${num(2 * r)} 0a${num(r)} ${num(r)} 0 1 0 ${num(-2 * r)} 0Z`; }
  clip() {
    this.clipId = `clip${this.clips.length}`;
    this.clips.push(`<clipPath id="${this.clipId}"><path d="${this.path}"/></clipPath>`);
  }
  common(extra) {
    const clip = this.clipId ? ` clip-path="url(#${this.clipId})"` : "";
    const move = this.matrix ? ` transform="${this.matrix}"` : "";
    return `opacity="${num(this.globalAlpha)}"${clip}${move} ${extra}`;
  }
  strokeWords() {
    const dash = this.dash.length ? ` stroke-dasharray="${this.dash.map(num).join(" ")}"` : "";
    return `fill="none" stroke="${this.strokeStyle}" stroke-width="${num(this.lineWidth)}" stroke-linejoin="round"${dash}`;
  }
  fill() { this.out.push(`<path d="${this.path}" ${this.common(`fill="${this.fillStyle}"`)}/>`); }
  stroke() { this.out.push(`<path d="${this.path}" ${this.common(this.strokeWords())}/>`); }
  fillRect(x, y, w, h) {
    this.out.push(`<rect x="${num(x)}" y="${num(y)}" width="${num(w)}" height="${num(h)}" ${this.common(`fill="${this.fillStyle}"`)}/>`);
  }
  strokeRect(x, y, w, h) {
    this.out.push(`<rect x="${num(x)}" y="${num(y)}" width="${num(w)}" height="${num(h)}" ${this.common(this.strokeWords())}/>`);
  }
  words(text, x, y, paint) {
    const [, weight, size, family] = this.font.match(/^(\d+) ([\d.]+)px (.*)$/) ?? [0, 400, 12, "sans-serif"];
    const anchor = { left: "start", center: "middle", right: "end" }[this.textAlign];
    const base = this.textBaseline === "middle" ? "central" : "auto";
    const clean = (s) => String(s).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
    this.out.push(`<text x="${num(x)}" y="${num(y)}" text-anchor="${anchor}" dominant-baseline="${base}" font-family="${clean(family)}" font-size="${size}" font-weight="${weight}" ${this.common(paint)}>${clean(text)}</text>`);
  }
  fillText(text, x, y) { this.words(text, x, y, `fill="${this.fillStyle}"`); }
  strokeText(text, x, y) { this.words(text, x, y, this.strokeWords()); }
  // Values on a grid stay an image of exactly their cells; everything else is a vector.
  drawImage(image, ...at) {
    let [x, y, w, h] = at;
    if (at.length === 8) {
      const part = newCanvas(at[2], at[3]);
      part.getContext("2d").drawImage(image, at[0], at[1], at[2], at[3], 0, 0, at[2], at[3]);
      [image, x, y, w, h] = [part, ...at.slice(4)];
    }
    const crisp = this.imageSmoothingEnabled ? "" : ' style="image-rendering:pixelated"';
    this.out.push(`<image x="${num(x)}" y="${num(y)}" width="${num(w)}" height="${num(h)}" preserveAspectRatio="none"${crisp} href="${image.toDataURL()}" ${this.common("")}/>`);
  }
  text(width, height, alt) {
    const title = alt.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${num(width)}" height="${num(height)}" viewBox="0 0 ${num(width)} ${num(height)}" role="img"><title>${title}</title><defs>${this.clips.join("")}</defs>${this.out.join("\n")}</svg>`;
  }
}
const num = (v) => String(Math.round(v * 1000) / 1000);

// The frames of an export: all of them, or evenly chosen ones where they are very many.
function chosenFrames(player, most) {
  const n = Math.min(player.frames, most);
  return Array.from({ length: n }, (_, i) => Math.round((i * (player.frames - 1)) / Math.max(1, n - 1)));
}

async function exportGif(player, job) {
  const width = Math.min(player.width, EXPORT_WIDTH);
  const { canvas, paint } = stagehand(player, width, 1);
  const frames = chosenFrames(player, 300);
  const pixels = (k) => new Uint32Array(paint(k).getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  const palette = new GifPalette();
  for (const [i, k] of chosenFrames(player, 12).entries()) {
    palette.count(pixels(k));
    if (!(await job.report((0.1 * i) / 12))) return;
  }
  palette.build();
  const seconds = player.frames / player.scene.fps / player.speed;
  const gif = new Gif(canvas.width, canvas.height, palette, Math.max(2, Math.round((100 * seconds) / frames.length)));
  for (const [i, k] of frames.entries()) {
    gif.add(pixels(k));
    if (!(await job.report(0.1 + (0.9 * i) / frames.length))) return;
  }
  save(new Blob([gif.finish()], { type: "image/gif" }), player, "gif");
}

// 255 colours by median cut over 5 bits a channel; the 256th means "as in the frame before".
class GifPalette {
  constructor() {
    this.histogram = new Uint32Array(32768);
  }
  static bin(c) {
    return ((c & 0xf8) << 7) | ((c >> 6) & 0x3e0) | ((c >> 19) & 0x1f); // rrrrrgggggbbbbb
  }
  count(pixels) {
    for (let i = 0; i < pixels.length; i++) {
      this.histogram[GifPalette.bin(pixels[i])]++;
      if (i % 7 === 0) this.sum(pixels[i]);
    }
  }
  // The mean colour of a bin, not its middle: flat areas (the background) keep their exact colour.
  sum(c) {
    const b = GifPalette.bin(c);
    this.sums ??= new Float64Array(4 * 32768);
    this.sums[4 * b] += c & 255;
    this.sums[4 * b + 1] += (c >> 8) & 255;
    this.sums[4 * b + 2] += (c >> 16) & 255;
    this.sums[4 * b + 3]++;
  }
  build() {
    const used = [];
    for (let b = 0; b < 32768; b++) {
      if (!this.histogram[b]) continue;
      const n = this.sums[4 * b + 3];
      const mean = n ? [0, 1, 2].map((j) => this.sums[4 * b + j] / n) : [((b >> 10) & 31) * 8.226, ((b >> 5) & 31) * 8.226, (b & 31) * 8.226];
      used.push({ rgb: mean, weight: Math.sqrt(this.histogram[b]) }); // so that small markers get colours too
    }
    const boxes = [used];
    while (boxes.length < 255) {
      let [best, widest, axis] = [-1, 0, 0];
      boxes.forEach((box, i) => [0, 1, 2].forEach((j) => {
        if (box.length < 2) return;
        const values = box.map((c) => c.rgb[j]);
        const spread = (Math.max(...values) - Math.min(...values)) * Math.sqrt(box.reduce((a, c) => a + c.weight, 0));
        if (spread > widest) [best, widest, axis] = [i, spread, j];
      }));
      if (best < 0) break;
      const box = boxes[best].sort((a, b) => a.rgb[axis] - b.rgb[axis]);
      const half = box.reduce((a, c) => a + c.weight, 0) / 2;
      let [cut, sum] = [1, box[0].weight];
      while (cut < box.length - 1 && sum < half) sum += box[cut++].weight;
      boxes.splice(best, 1, box.slice(0, cut), box.slice(cut));
    }
    this.colors = boxes.map((box) => {
      const total = box.reduce((a, c) => a + c.weight ** 2, 0);
      return [0, 1, 2].map((j) => Math.round(box.reduce((a, c) => a + c.weight ** 2 * c.rgb[j], 0) / total));
    });
    this.nearest = new Int16Array(32768).fill(-1);
  }
  index(c) {
    const b = GifPalette.bin(c);
    if (this.nearest[b] < 0) {
      let best = Infinity;
      this.colors.forEach(([r, g, bl], i) => {
        const d = (r - (c & 255)) ** 2 + (g - ((c >> 8) & 255)) ** 2 + (bl - ((c >> 16) & 255)) ** 2;
        if (d < best) [best, this.nearest[b]] = [d, i];
      });
    }
    return this.nearest[b];
  }
}

const CLEAR = 255; // the transparent index

class Gif {
  constructor(width, height, palette, delay) {
    Object.assign(this, { width, height, palette, delay, parts: [] });
    const table = new Uint8Array(768);
    palette.colors.forEach((rgb, i) => table.set(rgb, 3 * i));
    const word = (v) => [v & 255, v >> 8];
    this.parts.push(
      new TextEncoder().encode("GIF89a"), new Uint8Array([...word(width), ...word(height), 0xf7, 0, 0]), table,
      new Uint8Array([0x21, 0xff, 11]), new TextEncoder().encode("NETSCAPE2.0"), new Uint8Array([3, 1, 0, 0, 0]),
    );
  }
  add(pixels) {
    const indices = new Uint8Array(pixels.length);
    const now = new Uint8Array(pixels.length);
    for (let i = 0; i < pixels.length; i++) {
      now[i] = this.palette.index(pixels[i]);
      indices[i] = this.before && this.before[i] === now[i] ? CLEAR : now[i];
    }
    this.before = now;
    const word = (v) => [v & 255, v >> 8];
    this.parts.push(
      new Uint8Array([0x21, 0xf9, 4, 0x05, ...word(this.delay), CLEAR, 0]),
      new Uint8Array([0x2c, 0, 0, 0, 0, ...word(this.width), ...word(this.height), 0, 8]), lzw(indices), new Uint8Array([0]),
    );
  }
  finish() {
    return new Blob([...this.parts, new Uint8Array([0x3b])]);
  }
}

// Lempel-Ziv-Welch with 8-bit symbols, in blocks of at most 255 bytes as GIF wants them.
function lzw(indices) {
  const [clear, end] = [256, 257];
  const out = [];
  let [block, bits, held] = [[], 0, 0];
  let [width, next, table] = [9, 258, new Map()];
  const flush = () => {
    out.push(block.length, ...block);
    block = [];
  };
  const emit = (code) => {
    held |= code << bits;
    bits += width;
    while (bits >= 8) {
      block.push(held & 255);
      held >>>= 8;
      bits -= 8;
      if (block.length === 255) flush();
    }
  };
  emit(clear);
  let prefix = indices[0];
  for (let i = 1; i < indices.length; i++) {
    const key = (prefix << 8) | indices[i];
    const known = table.get(key);
    if (known !== undefined) {
      prefix = known;
      continue;
    }
    emit(prefix);
    prefix = indices[i];
    if (next < 4096) {
      table.set(key, next);
      if (next++ === 1 << width && width < 12) width++;
    } else {
      emit(clear);
      [width, next, table] = [9, 258, new Map()];
    }
  }
  emit(prefix);
  emit(end);
  if (bits) block.push(held & 255);
  if (block.length) flush();
  return Uint8Array.from(out);
}

function videoType() {
  if (typeof MediaRecorder === "undefined" || !HTMLCanvasElement.prototype.captureStream) return null;
  return ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"].find((t) => MediaRecorder.isTypeSupported(t));
}

async function exportVideo(player, job) {
  const { canvas, paint } = stagehand(player, Math.min(player.width, EXPORT_WIDTH), 1);
  const stream = canvas.captureStream(0);
  const [track] = stream.getVideoTracks();
  const recorder = new MediaRecorder(stream, { mimeType: videoType(), videoBitsPerSecond: 6e6 });
  const chunks = [];
  recorder.ondataavailable = (event) => chunks.push(event.data);
  const stopped = new Promise((done) => (recorder.onstop = done));
  recorder.start(250);
  const interval = 1000 / (player.scene.fps * player.speed);
  const begin = performance.now();
  for (let k = 0; k < player.frames && !job.cancelled; k++) {
    paint(k);
    track.requestFrame();
    await job.report(k / player.frames);
    await new Promise((done) => setTimeout(done, Math.max(0, begin + (k + 1) * interval - performance.now())));
  }
  for (let wait = 0; wait < 50 && !job.cancelled && !chunks.some((c) => c.size); wait++) {
    track.requestFrame(); // a busy machine encodes late
    await new Promise((done) => setTimeout(done, 100));
  }
  recorder.stop();
  await stopped;
  if (!job.cancelled) save(new Blob(chunks, { type: "video/webm" }), player, "webm");
}

// The stand-alone page. Python fills the same template (dgmlib/figures/html.py reads it from here).
const PAGE = String.raw`<!doctype html>
<html lang="en" data-theme="{{theme}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{title}}</title>
<style>
  html { color-scheme: light dark; background: #ffffff; }
  html[data-theme=light] { color-scheme: light; }
  html[data-theme=dark] { color-scheme: dark; background: #0e1117; }
  @media (prefers-color-scheme: dark) { html[data-theme=auto] { background: #0e1117; } }
  body { margin: 0; background: transparent; }
  main { max-width: 1100px; margin: 0 auto; padding: 12px; }
</style>
</head>
<body>
<main id="scene"></main>
<script type="text/plain" id="dgm-data">{{data}}</script>
<script type="text/plain" id="dgm-module">{{module}}</script>
<script>
const read = (id) => document.getElementById(id).textContent;
const source = read("dgm-module").replaceAll("<\\/script", "</" + "script");
const bytes = Uint8Array.from(atob(read("dgm-data").trim()), (c) => c.charCodeAt(0));
import(URL.createObjectURL(new Blob([source], { type: "text/javascript" }))).then((player) => {
  const options = { theme: document.documentElement.dataset.theme, source };
  window.dgmPlayer = player.mount(document.getElementById("scene"), bytes, options);
});
</` + String.raw`script>
</body>
</html>
`;

// ------------------------------------------------------------------ 11 mounting

// options: theme, height, url_key, autoplay, send(edit), ack, source. Never throws for bad bytes.
export function mount(root, bytes, options = {}) {
  const player = new Player(root, bytes, options);
  return {
    player,
    update: (next, more) => player.update(next, more),
    destroy: () => player.destroy(),
    // data -> CSS pixels from the top left of the canvas
    toPixel: (panel, x, y) => [player.views[panel].X(x), player.views[panel].Y(y)],
  };
}

const MOUNTED = new WeakMap();

// Streamlit calls this at every rerun with new data, and the returned function once, at the end.
export default function component({ data, parentElement, setStateValue }) {
  if (!data) return undefined;
  const { header, buffer, start } = openEnvelope(data);
  const bytes = new Uint8Array(buffer, start);
  const options = { ...header, send: (edit) => setStateValue("edit", edit) };
  const mounted = MOUNTED.get(parentElement);
  if (mounted) mounted.update(bytes, options);
  else {
    const root = document.createElement("div");
    parentElement.append(root);
    MOUNTED.set(parentElement, mount(root, bytes, options));
  }
  return () => {
    MOUNTED.get(parentElement)?.destroy();
    MOUNTED.delete(parentElement);
  };
}

// ------------------------------------------------------------------ 12 style sheet

const STYLE = `
.dgm { position: relative; color: var(--dgm-ink, #24292f); font: 14px/1.45 var(--st-font, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif); font-variant-numeric: tabular-nums; --soft: color-mix(in srgb, var(--dgm-ink) 9%, transparent); --line: color-mix(in srgb, var(--dgm-ink) 22%, transparent); --accent: var(--st-primary-color, #1f6fb4); }
.dgm[data-theme=dark] { --accent: var(--st-primary-color, #62aef0); }
.dgm [hidden] { display: none !important; }
.dgm-stage { position: relative; }
.dgm-stage canvas { display: block; width: 100%; }
.dgm-overlay { position: absolute; inset: 0; pointer-events: none; overflow: hidden; }
.dgm-overlay > * { pointer-events: auto; }
.dgm :focus { outline: none; }
.dgm :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.dgm-legend { position: absolute; padding: 0; border: 0; border-radius: 5px; background: transparent; cursor: pointer; }
.dgm-legend:focus-visible { outline-offset: -1px; }
.dgm-legend::after { content: ""; position: absolute; inset: -8px 0; }
.dgm-legend:hover { background: var(--soft); }
.dgm-handle { position: absolute; left: -22px; top: -22px; width: 44px; height: 44px; border-radius: 50%; cursor: grab; touch-action: none; }
.dgm-grip { left: -11px; width: 36px; cursor: ew-resize; } /* outwards: a narrow mode keeps its centre free */
.dgm-handle:active { cursor: grabbing; }
.dgm-handle:focus-visible { outline-offset: -8px; }
.dgm-surface { position: absolute; cursor: crosshair; }
.dgm-surface[data-kind=Brush], .dgm-surface[data-kind=Pad] { touch-action: none; }
.dgm-cross { display: none; position: absolute; width: 17px; height: 17px; margin: -8px; pointer-events: none; background: linear-gradient(var(--accent), var(--accent)) center / 1.5px 100% no-repeat, linear-gradient(var(--accent), var(--accent)) center / 100% 1.5px no-repeat; }
.dgm-surface:focus-visible .dgm-cross { display: block; }
.dgm-tip { position: absolute; left: 0; top: 0; pointer-events: none; padding: 5px 9px; border: 1px solid var(--line); border-radius: 6px; background: color-mix(in srgb, var(--dgm-bg) 93%, transparent); font-size: 12px; line-height: 1.5; white-space: pre; box-shadow: 0 2px 8px rgb(0 0 0 / 0.12); z-index: 3; }
.dgm-ring { position: absolute; left: -8px; top: -8px; width: 12px; height: 12px; border: 2px solid var(--dgm-ink); border-radius: 50%; pointer-events: none; }
.dgm-bar { display: flex; align-items: center; gap: 4px; margin-top: 6px; justify-content: flex-end; }
.dgm-transport { display: flex; align-items: center; gap: 4px; flex: 1; min-width: 0; }
.dgm-button { flex: none; display: inline-grid; place-items: center; width: 40px; height: 40px; padding: 0; border: 0; border-radius: 8px; background: transparent; color: inherit; cursor: pointer; }
.dgm-button svg { fill: currentColor; opacity: 0.82; }
.dgm-button:hover, .dgm-tool:hover, .dgm-select:hover { background: var(--soft); }
.dgm-main { background: var(--soft); border-radius: 50%; }
.dgm-button[aria-pressed=false] svg { opacity: 0.38; }
.dgm-button[aria-pressed=true] { color: var(--accent); }
.dgm-slider { flex: 1; min-width: 60px; height: 40px; margin: 0 8px; appearance: none; background: transparent; cursor: pointer; touch-action: pan-y; }
.dgm-slider::-webkit-slider-runnable-track { height: 4px; border-radius: 2px; background: linear-gradient(to right, var(--accent) var(--part, 0%), var(--line) var(--part, 0%)); }
.dgm-slider::-moz-range-track { height: 4px; border-radius: 2px; background: var(--line); }
.dgm-slider::-moz-range-progress { height: 4px; border-radius: 2px; background: var(--accent); }
.dgm-slider::-webkit-slider-thumb { appearance: none; width: 18px; height: 18px; margin-top: -7px; border: 2px solid var(--dgm-bg); border-radius: 50%; background: var(--accent); box-shadow: 0 0 0 1px var(--line); }
.dgm-slider::-moz-range-thumb { width: 15px; height: 15px; border: 2px solid var(--dgm-bg); border-radius: 50%; background: var(--accent); }
.dgm-frame { flex: none; margin-right: 8px; font-size: 13px; text-align: right; white-space: nowrap; opacity: 0.85; }
.dgm-select { flex: none; height: 40px; padding: 0 4px; border: 0; border-radius: 8px; background: transparent; color: inherit; font: inherit; font-size: 13px; cursor: pointer; }
.dgm-select option { color: #24292f; background: #fff; }
.dgm-caption { display: grid; margin: 2px 4px 0; font-size: 14px; }
.dgm-caption span { grid-area: 1 / 1; }
.dgm-ghost { visibility: hidden; }
.dgm-message { margin: 8px 0; padding: 10px 14px; border-left: 3px solid #c22a2a; background: var(--soft); }
.dgm-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.dgm-tools, .dgm-toolgroup { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; }
.dgm-tools { gap: 6px 22px; margin-top: 6px; }
.dgm-tool { min-height: 40px; padding: 0 14px; border: 1px solid var(--line); border-radius: 8px; background: transparent; color: inherit; font: inherit; font-size: 13px; cursor: pointer; }
.dgm-tool[aria-pressed=true] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
.dgm-hint { font-size: 13px; opacity: 0.85; }
.dgm-menu-root { position: relative; }
.dgm-menu { position: absolute; right: 0; bottom: 44px; z-index: 5; min-width: 230px; padding: 4px; border: 1px solid var(--line); border-radius: 10px; background: var(--dgm-bg); box-shadow: 0 6px 24px rgb(0 0 0 / 0.18); }
.dgm-menu button { display: block; width: 100%; min-height: 40px; padding: 0 12px; border: 0; border-radius: 7px; background: transparent; color: inherit; font: inherit; font-size: 13.5px; text-align: left; cursor: pointer; }
.dgm-menu button:hover, .dgm-menu button:focus { background: var(--soft); }
.dgm-progress { position: absolute; right: 0; bottom: 48px; z-index: 4; display: flex; align-items: center; gap: 12px; padding: 6px 8px 6px 14px; border: 1px solid var(--line); border-radius: 10px; background: var(--dgm-bg); white-space: nowrap; font-size: 13px; }
@media (pointer: coarse) {
  .dgm-button { width: 44px; height: 44px; }
  .dgm-select, .dgm-slider, .dgm-tool, .dgm-menu button { min-height: 44px; }
}
.dgm-compact > :not(.dgm-stage, .dgm-bar, .dgm-message), .dgm-compact .dgm-menu-root, .dgm-compact .dgm-transport > :not(.dgm-main) { display: none !important; }
.dgm-compact .dgm-bar { position: absolute !important; right: 0; bottom: 0; margin: 0; background: none !important; }
@container (max-width: 559px) {
  .dgm-transport { flex-wrap: wrap; }
  .dgm-slider { order: -1; flex: 0 0 calc(100% + 28px); } /* above the menu button too */
  .dgm-frame { flex: 1; min-width: 0 !important; margin: 0; padding-left: 4px; white-space: normal; line-height: 1.2; font-size: 12px; text-align: left; }
  .dgm-select { appearance: none; width: 44px; text-align: center; }
  .dgm-moves { align-items: flex-end; position: sticky; bottom: 0; z-index: 2; background: var(--dgm-bg); }
}
.dgm { container-type: inline-size; }
`;
