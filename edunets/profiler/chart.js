// The flame chart of edunets.profiler.chart (nbs/10d_chart.ipynb). Each chart brings its data as JSON, and
// a copy of this file, which draws all charts of the page that are not drawn yet: order does not matter.
(() => {
"use strict";

const ROW = 18, HEAD = 20, GAP = 6;           // pixels: a row, a thread's name, the space below a thread
const AXIS = 22, CURVE = 84;                  // pixels: the axis of time, a curve with its name
const SMALL = 1.5, WORD = 26, NEAR = 4;       // pixels: merged, labelled, hit although beside the pointer
const SHORTEST = 10;                          // nanoseconds that can be on show
const STRONG = 0.42, FAINT = 0.1;             // how much colour: a slice; one that is not what is searched
const still = matchMedia("(prefers-reduced-motion: reduce)");

// -- Numbers as text

const digits = x => x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2);

function scaled(x, units, step) {
  let n = 0;
  while (Math.abs(x) >= step && n < units.length - 1) { x /= step; n++; }
  return `${n ? digits(x) : Number(x.toPrecision(4))} ${units[n]}`.trim();
}

const shortened = (text, room) => text.length <= room ? text : text.slice(0, room - 1) + "…";
const TIMES = ["ns", "µs", "ms", "s"];
const time = ns => scaled(ns, TIMES, 1000);

// A time with as many digits as tell it from another one `step` later: 25.0013 ms.
function moment(ns, step) {
  const n = Math.min(Math.max(0, Math.floor(Math.log10(Math.max(ns, step)) / 3)), TIMES.length - 1);
  const unit = 1000 ** n, places = Math.max(0, Math.ceil(Math.log10(unit / step) - 1e-9));
  return `${(ns / unit).toFixed(places)} ${TIMES[n]}`;
}

const amount = (x, bytes) => bytes ? scaled(x, ["bytes", "KiB", "MiB", "GiB", "TiB"], 1024)
                                   : scaled(x, ["", "K", "M", "G", "T"], 1000);

// -- Data: columns of numbers, one entry a slice, those of a row in order of their start

function summed(steps) {
  const found = new Float64Array(steps.length);
  let last = 0;
  steps.forEach((step, i) => { found[i] = last += step; });
  return found;
}

function unpack(data) {
  const all = name => data.tracks.flatMap(track => track[name]);
  const found = {
    ...data, start: Float64Array.from(data.tracks.flatMap(track => [...summed(track.start)])),
    length: Float64Array.from(all("length")), inside: Float64Array.from(all("inside")),
    name: Int32Array.from(all("name")), category: Int32Array.from(all("category")),
    argument: Int32Array.from(all("args")), rows: [], heads: [], height: 0,
  };
  found.count = found.start.length;
  found.outer = new Int32Array(found.count).fill(-1);
  found.row = new Int32Array(found.count);
  let next = 0;
  for (const track of data.tracks) {
    found.heads.push({ name: track.label, y: found.height });
    found.height += HEAD;
    const first = found.rows.length, last = [];      // the last slice of each depth: around those that follow
    for (let depth = 0; depth < track.rows; depth++)
      found.rows.push({ y: found.height + depth * ROW, slices: [] });
    for (const depth of track.depth) {
      last[depth] = next;
      if (depth) found.outer[next] = last[depth - 1] ?? -1;
      found.row[next] = first + depth;
      found.rows[first + depth].slices.push(next++);
    }
    found.height += track.rows * ROW + GAP;
  }
  found.curves = data.curves.map(stack);
  found.arrows = new Map();
  for (let i = 0; i < data.arrows.length; i += 2)
    for (const end of [data.arrows[i], data.arrows[i + 1]])
      found.arrows.set(end, [...found.arrows.get(end) || [], [data.arrows[i], data.arrows[i + 1]]]);
  return found;
}

// The series of a curve know when they change; drawn on top of each other they need one list of times.
function stack(curve) {
  const series = curve.series.map(one => ({ t: summed(one.t), v: summed(one.v), at: 0 }));
  const times = [...new Set(series.flatMap(one => [...one.t]))].sort((a, b) => a - b);
  const tops = times.map(t => {
    let top = 0;
    return series.map(one => {
      while (one.at < one.t.length && one.t[one.at] <= t) one.at++;
      return top += one.at ? one.v[one.at - 1] : 0;
    });
  });
  return { ...curve, times, tops, most: Math.max(0, ...tops.map(top => top[top.length - 1])) };
}

// How many of a sorted list are at most x.
function upTo(list, x, value = i => list[i]) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value(middle) <= x) low = middle + 1; else high = middle;
  }
  return low;
}

// -- Elements

function make(tag, properties = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties))
    if (name.includes("-") || name == "role") element.setAttribute(name, value); else element[name] = value;
  element.append(...inside);
  return element;
}

const KEYS = [["W S, + −, Ctrl+wheel, pinch", "zoom"], ["A D, ← →, Shift+drag, swipe", "move"],
  ["drag", "zoom to a span"], ["Enter", "choose a slice; zoom to it"], ["Tab, ↑ ↓", "from there to others"],
  ["/", "search; Enter: the next one found"], ["Home, double click, Esc", "the whole span"]];

class Flame {
  constructor(root) {
    this.root = root;
    this.data = unpack(JSON.parse(root.querySelector("script[type='application/json']").textContent));
    this.view = [0, this.data.span];
    this.chosen = this.under = -1;
    this.found = null;                               // a 1 for each slice that the search finds
    this.pointers = new Map();
    this.build();
    this.listen();
    this.resize();
  }

  build() {
    const button = (label, text, run) =>
      make("button", { type: "button", "aria-label": label, title: label, textContent: text, onclick: run });
    this.search = make("input", { type: "search", placeholder: "Search",
                                  "aria-label": "Search the names of slices" });
    this.count = make("output", { "aria-live": "polite" });
    this.help = make("dl", { className: "edu-keys", hidden: true },
                     ...KEYS.map(([keys, what]) => make("div", {}, make("dt", { textContent: keys }),
                                                        make("dd", { textContent: what }))));
    const keys = button("Keys and gestures", "?", () => this.toggleHelp());
    keys.setAttribute("aria-expanded", "false");
    this.keys = keys;
    const bar = make("div", { className: "edu-bar" }, this.search, this.count,
                     button("Zoom in", "+", () => this.zoom(0.5)),
                     button("Zoom out", "−", () => this.zoom(2)),
                     button("The whole span", "↔", () => this.reset()), keys);
    this.stage = this.root.querySelector(".edu-stage");
    this.below = this.root.querySelector(".edu-below");
    this.stage.before(bar, this.help);
    this.flames = make("canvas", { "aria-hidden": "true" });
    this.tall = make("div", { className: "edu-tall" }, this.flames);
    this.tall.style.height = `${this.data.height}px`;
    this.curves = make("canvas", { "aria-hidden": "true" });
    this.box = make("div", { className: "edu-box", hidden: true, popover: "manual" });
    this.live = make("div", { className: "edu-live", role: "status" });
    this.stage.replaceChildren(this.tall);
    this.below.replaceChildren(this.curves);
    this.root.append(this.box, this.live);
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "application");
    this.stage.setAttribute("aria-label", `Flame chart. ${this.root.querySelector(".edu-said").textContent}`
                            + " Enter chooses a slice, arrows and Tab go on from there, Escape ends it.");
    this.root.classList.add("edu-ready");
  }

  toggleHelp() {
    this.help.hidden = !this.help.hidden;
    this.keys.setAttribute("aria-expanded", String(!this.help.hidden));
  }

  // -- What is on show

  get width() { return this.stage.clientWidth; }
  x(t) { return (t - this.view[0]) / (this.view[1] - this.view[0]) * this.width; }
  t(x) { return this.view[0] + x / this.width * (this.view[1] - this.view[0]); }

  show(from, to, smooth = false) {
    const span = this.data.span, length = Math.min(span, Math.max(to - from, SHORTEST));
    from = Math.min(Math.max(0, (from + to - length) / 2), span - length);
    cancelAnimationFrame(this.moving);
    this.moving = null;
    if (!smooth || still.matches) { this.view = [from, from + length]; return this.later(); }
    const [a, b] = this.view, begun = performance.now();
    const step = now => {
      const part = Math.min(1, Math.max(0, (now - begun) / 150)), eased = part * (2 - part);
      this.view = [a + (from - a) * eased, b + (from + length - b) * eased];
      this.draw();
      this.moving = part < 1 ? requestAnimationFrame(step) : null;
    };
    this.moving = requestAnimationFrame(step);
  }

  zoom(factor, x = this.width / 2, smooth = true) {
    const [from, to] = this.view, middle = this.t(x);
    this.show(middle - (middle - from) * factor, middle + (to - middle) * factor, smooth);
  }

  move(part, smooth = true) {
    const [from, to] = this.view, step = (to - from) * part;
    this.show(from + step, to + step, smooth);
  }

  reset() { this.choose(-1); this.show(0, this.data.span, true); }

  resize() {
    const ratio = devicePixelRatio || 1;
    const fit = (canvas, height) => {
      canvas.width = Math.round(this.width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.height = `${height}px`;
      const pen = canvas.getContext("2d");
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      return pen;
    };
    if (!this.width) return;                         // folded away: told again when it is not
    this.pen = fit(this.flames, this.stage.clientHeight);
    this.lower = fit(this.curves, AXIS + CURVE * this.data.curves.length);
    this.draw();
  }

  later() {
    this.waiting ??= requestAnimationFrame(() => { this.waiting = null; this.draw(); });
  }

  // -- Drawing

  draw() {
    if (!this.pen) return;
    const style = getComputedStyle(this.root);
    this.ink = style.color;
    this.font = style.getPropertyValue("--edu-chart-font");
    for (const pen of [this.pen, this.lower]) {
      pen.clearRect(0, 0, this.width, pen.canvas.height);
      pen.font = this.font;
      pen.textBaseline = "middle";
      pen.fillStyle = pen.strokeStyle = this.ink;
    }
    this.letter = this.pen.measureText("m".repeat(50)).width / 50;
    this.drawTicks();
    this.pen.save();
    this.pen.translate(0, -this.stage.scrollTop);
    this.drawHeads();
    for (const row of this.data.rows) if (this.visible(row.y)) this.drawRow(row);
    this.drawChosen();
    this.pen.restore();
    this.data.curves.forEach((curve, n) => this.drawCurve(curve, AXIS + n * CURVE));
    this.drawSpan();
    this.placeBox();
  }

  visible(y) { return y + ROW > this.stage.scrollTop && y < this.stage.scrollTop + this.stage.clientHeight; }

  drawHeads() {
    for (const { name, y } of this.data.heads)
      if (this.visible(y)) this.pen.fillText(name, 3, y + HEAD / 2);
  }

  // Slices too small to see that begin within one column are one piece, as strong as they fill it. So a row
  // costs at most two rectangles for each column, however many slices it has.
  drawRow(row) {
    const { start, length, category } = this.data, slices = row.slices;
    const first = upTo(slices, this.view[0], n => start[slices[n]] + length[slices[n]] + 0.5);
    const end = upTo(slices, this.view[1], n => start[slices[n]]);
    let run = null;
    const close = () => {
      if (!run) return;
      const right = Math.max(run.right, run.left + SMALL), share = run.filled / (right - run.left);
      this.paint(run.left, right, row.y, category[run.longest], run.hit, Math.max(0.5, share));
      run = null;
    };
    for (let n = first; n < end; n++) {
      const i = slices[n], a = this.x(start[i]), b = this.x(start[i] + length[i]), hit = this.found?.[i];
      if (run && (b - a >= SMALL || a >= run.left + SMALL)) close();
      if (b - a >= SMALL) { this.drawSlice(i, a, b, row.y, hit); continue; }
      run ??= { left: a, longest: i, filled: 0, hit: false };
      run.right = b;
      run.filled += b - a;
      run.hit ||= hit;
      if (length[i] > length[run.longest]) run.longest = i;
    }
    close();
  }

  drawSlice(i, a, b, y, hit) {
    const left = Math.max(a, 0), right = Math.min(b, this.width);
    const room = Math.floor((right - left - 6) / this.letter);
    this.paint(left, right - (right - left > 3 ? 1 : 0.3), y, this.data.category[i], hit);
    if (right - left < WORD || room < 2) return;
    this.pen.fillStyle = this.ink;
    this.pen.fillText(shortened(this.data.names[this.data.name[i]], room), left + 3, y + ROW / 2);
  }

  paint(left, right, y, category, hit, share = 1) {
    this.pen.globalAlpha = this.found && !hit ? FAINT : STRONG * share;
    this.pen.fillStyle = this.data.categories[category][1];
    this.pen.fillRect(left, y, right - left, ROW - 1);
    this.pen.globalAlpha = 1;
  }

  drawChosen() {
    for (const i of new Set([this.chosen, this.under])) {
      if (i < 0) continue;
      const [a, b, y] = this.place(i);
      this.pen.strokeStyle = this.ink;
      this.pen.lineWidth = i == this.chosen ? 2 : 1;
      this.pen.strokeRect(a, y + 0.5, Math.max(b - a, 2), ROW - 2);
      for (const ends of this.data.arrows.get(i) || []) this.drawArrow(...ends);
    }
  }

  place(i) {
    const { start, length, rows, row } = this.data;
    return [this.x(start[i]), this.x(start[i] + length[i]), rows[row[i]].y];
  }

  drawArrow(one, other) {
    const [, x0, y0] = this.place(one), [x1, , y1] = this.place(other), pen = this.pen, bend = 30;
    const a = y0 + ROW / 2, b = y1 + ROW / 2;
    pen.lineWidth = 1.25;
    pen.beginPath();
    pen.moveTo(x0, a);
    pen.bezierCurveTo(x0 + bend, a, x1 - bend, b, x1 - 5, b);
    pen.stroke();
    pen.fillStyle = this.ink;
    pen.beginPath();
    pen.moveTo(x1, b);
    pen.lineTo(x1 - 7, b - 4);
    pen.lineTo(x1 - 7, b + 4);
    pen.fill();
  }

  drawTicks() {
    const pen = this.lower, [from, to] = this.view, least = (to - from) / Math.max(2, this.width / 95);
    const power = 10 ** Math.floor(Math.log10(least));
    const step = power * ([1, 2, 5].find(n => n * power >= least) || 10);
    for (let n = Math.ceil(from / step); n * step <= to; n++) {
      const x = this.x(n * step);
      for (const [one, top, high] of [[this.pen, 0, this.stage.clientHeight], [pen, 0, pen.canvas.height]]) {
        one.globalAlpha = 0.12;
        one.fillRect(x, top, 1, high);
        one.globalAlpha = 1;
      }
      const text = n ? moment(n * step, step) : "0";
      if (x + 4 + text.length * this.letter <= this.width) pen.fillText(text, x + 4, AXIS / 2);
    }
  }

  // Where many changes fall on one pixel, its highest stack is drawn, and the last one goes on from there.
  drawCurve(curve, y) {
    const { times, tops, most, series } = curve, pen = this.lower, [from, to] = this.view;
    const shown = [], height = CURVE - 24, floor = y + CURVE - 4;
    let column = -Infinity;
    for (let n = Math.max(0, upTo(times, from) - 1); n < times.length && times[n] <= to; n++) {
      const x = Math.max(0, Math.floor(this.x(times[n]))), top = tops[n];
      if (x > column) { shown.push({ x, high: top, last: top }); column = x; continue; }
      const point = shown[shown.length - 1];
      point.last = top;
      if (top[top.length - 1] > point.high[top.length - 1]) point.high = top;
    }
    for (let s = series.length - 1; s >= 0; s--) {
      const up = (top, which) => floor - (most ? Math.max(0, top[which] ?? 0) / most * height : 0);
      pen.beginPath();
      for (const layer of [s, s - 1]) {               // the upper border to the right, the lower one back
        const points = [];
        shown.forEach(({ x, high, last }, n) => {
          const next = n + 1 < shown.length ? shown[n + 1].x : this.width;
          points.push([x, up(high, layer)], [x + 1, up(high, layer)],
                      [x + 1, up(last, layer)], [next, up(last, layer)]);
        });
        if (layer < s) points.reverse();
        for (const point of points) pen.lineTo(...point);
      }
      pen.globalAlpha = 0.5;
      pen.fillStyle = series[s].hue;
      pen.fill();
      pen.globalAlpha = 1;
    }
    pen.fillStyle = this.ink;
    const said = `${curve.label}, at most ${amount(most, curve.bytes)}`;
    pen.fillText(shortened(said, Math.floor(this.width / this.letter) - 1), 3, y + 9);
    if (this.pointed == null) return;
    pen.fillRect(this.x(this.pointed), y + 18, 1, CURVE - 22);
  }

  drawSpan() {                                        // the span that is being selected
    if (!this.selecting) return;
    const [a, b] = this.selecting;
    this.pen.globalAlpha = 0.15;
    this.pen.fillStyle = this.ink;
    this.pen.fillRect(Math.min(a, b), 0, Math.abs(b - a), this.stage.clientHeight);
    this.pen.globalAlpha = 1;
  }

  // -- What lies under the pointer

  hit(x, y) {
    const { rows, start, length } = this.data, row = rows.find(one => y >= one.y && y < one.y + ROW);
    if (!row) return -1;
    const low = this.t(x - NEAR), high = this.t(x + NEAR), exact = this.t(x);
    let best = -1;
    for (let n = upTo(row.slices, high, i => start[row.slices[i]]) - 1; n >= 0; n--) {
      const i = row.slices[n], end = start[i] + length[i];
      if (end < low) break;
      if (start[i] <= exact && exact <= end && length[i]) return i;
      if (best < 0 || length[i] > length[best]) best = i;
    }
    return best;
  }

  at(event) {
    const { left, top } = this.stage.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top + this.stage.scrollTop];
  }

  choose(i) {
    this.chosen = i;
    this.under = -1;
    this.live.textContent = i < 0 ? "" : this.facts(i).map(([key, value]) => `${key} ${value}`).join(", ");
    this.tell(i);
    if (i >= 0) this.bring(i);
    this.later();
  }

  bring(i) {                                          // into sight
    const { start, length, rows, row } = this.data, [from, to] = this.view, y = rows[row[i]].y;
    if (start[i] >= to || start[i] + length[i] <= from) {
      const middle = start[i] + length[i] / 2, span = Math.max(to - from, length[i] * 1.2);
      this.show(middle - span / 2, middle + span / 2, true);
    }
    if (y < this.stage.scrollTop) this.stage.scrollTop = y - HEAD;
    const lowest = y + ROW - this.stage.clientHeight;
    if (lowest > this.stage.scrollTop) this.stage.scrollTop = lowest;
  }

  facts(i) {
    const { start, length, inside, names, name, args, keys, words, argument, arrows } = this.data;
    const [category] = this.data.categories[this.data.category[i]];
    const [set, ...values] = args[argument[i]], own = length[i] - inside[i];
    const share = length[i] ? ` (${Math.round(100 * own / length[i])}%)` : "";
    const joined = (arrows.get(i) || []).map(
      ([one, other]) => one == i ? ["arrow to", names[name[other]]] : ["arrow from", names[name[one]]]);
    const lines = [["", names[name[i]]], ["duration", time(length[i])], ["self", time(own) + share],
                   ["category", category], ["start", moment(start[i], 1)],
                   ...keys[set].map((key, n) => [words[key], words[values[n]]]), ...joined];
    return lines.filter(([, value]) => value !== "");
  }

  tell(i, lines = i < 0 ? null : this.facts(i)) {
    this.told = i;
    this.openBox(Boolean(lines));
    if (!lines) return;
    this.box.replaceChildren(...lines.map(([key, value]) => key
      ? make("div", {}, make("span", { textContent: key }), make("span", { textContent: value }))
      : make("strong", { textContent: value })));
    this.placeBox();
  }

  openBox(open) {                                     // above all that could clip it
    if (open == !this.box.hidden) return;
    this.box.hidden = !open;
    if (open) this.box.showPopover?.(); else this.box.hidePopover?.();
  }

  placeBox() {                                        // below what it tells of, or above it for want of room
    if (this.box.hidden) return;
    const stage = this.stage.getBoundingClientRect(), below = this.below.getBoundingClientRect();
    const pointed = this.pointed != null && (this.told < 0 || this.told == this.under);
    let x = pointed ? this.x(this.pointed) : 0, top = below.top, bottom = below.bottom;
    if (this.told >= 0) {
      const [a, , row] = this.place(this.told), lowest = stage.height - ROW;
      if (!pointed) x = Math.max(0, a);
      top = stage.top + Math.min(Math.max(row - this.stage.scrollTop, 0), lowest);
      bottom = top + ROW;
    }
    const { offsetWidth: width, offsetHeight: height } = this.box, room = bottom + 4 + height <= innerHeight;
    this.box.style.left = `${Math.max(0, Math.min(stage.left + x, stage.right - width))}px`;
    this.box.style.top = `${room || top - 4 - height < 0 ? bottom + 4 : top - 4 - height}px`;
    this.box.style.visibility = below.bottom < 0 || stage.top > innerHeight ? "hidden" : "visible";
  }

  // -- Search

  seek() {
    const wanted = this.search.value.trim().toLowerCase(), { names, name, length, outer, count } = this.data;
    this.found = null;
    this.count.textContent = "";
    if (wanted) {
      const hits = names.map(one => one.toLowerCase().includes(wanted));
      this.found = Uint8Array.from(name, n => hits[n]);
      let total = 0, number = 0;
      for (let i = 0; i < count; i++) {
        if (!this.found[i]) continue;
        number++;
        let up = outer[i];                            // the time of one within another one counts once
        while (up >= 0 && !this.found[up]) up = outer[up];
        if (up < 0) total += length[i];
      }
      this.count.textContent = `${number.toLocaleString("en")} found, ${time(total)}`;
    }
    this.later();
  }

  nextFound(back) {
    if (!this.found) return;
    const { count } = this.data, step = back ? count - 1 : 1;
    let i = this.chosen < 0 ? (back ? 0 : count - 1) : this.chosen;
    for (let tries = 0; tries < count; tries++) {
      i = (i + step) % count;
      if (this.found[i]) return this.choose(i);
    }
  }

  // -- Keys

  listen() {
    const on = (element, events, run, options) => events.split(" ").forEach(
      event => element.addEventListener(event, run, options));
    on(this.stage, "keydown", event => this.key(event));
    on(this.search, "input", () => this.seek());
    on(this.search, "keydown", event => {
      if (event.key == "Enter") this.nextFound(event.shiftKey);
      if (event.key == "Escape") { this.search.value = ""; this.seek(); this.stage.focus(); }
    });
    on(this.stage, "scroll", () => this.later());
    on(window, "scroll", () => this.placeBox(), { capture: true, passive: true });
    on(this.stage, "dblclick", () => this.reset());
    for (const area of [this.stage, this.below]) {
      on(area, "wheel", event => this.wheel(event), { passive: false });
      on(area, "pointerdown", event => this.down(event, area));
      on(area, "pointermove", event => this.over(event, area));
      on(area, "pointerup pointercancel", event => this.up(event, area));
      on(area, "pointerleave", event => { if (event.pointerType != "touch") this.leave(); });
    }
    new ResizeObserver(() => this.resize()).observe(this.stage);
    const changed = new MutationObserver(() => this.later());          // of theme
    for (const element of [document.documentElement, document.body])
      changed.observe(element, { attributes: true });
    on(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.later());
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const closer = () => this.zoom(0.5), farther = () => this.zoom(2), reset = () => this.reset();
    const left = () => this.move(-0.25), right = () => this.move(0.25);
    const run = {
      w: closer, "+": closer, "=": closer, s: farther, "-": farther, a: left, ArrowLeft: left,
      d: right, ArrowRight: right, Home: reset, Escape: reset, Enter: () => this.enter(),
      "/": () => this.search.focus(), "?": () => this.toggleHelp(),
    }[event.key.length == 1 ? event.key.toLowerCase() : event.key] ?? this.steps(event);
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();                          // the page and Jupyter have keys of their own
    run();
  }

  enter() {
    if (this.chosen < 0) return this.choose(this.onShow()[0] ?? -1);
    const { start, length } = this.data, i = this.chosen, spare = length[i] * 0.04;
    this.show(start[i] - spare, start[i] + length[i] + spare, true);
  }

  // From the chosen slice to others. Where there is none, Tab leaves the chart.
  steps(event) {
    if (this.chosen < 0 || !["Tab", "ArrowUp", "ArrowDown"].includes(event.key)) return null;
    const { outer } = this.data, list = this.onShow();
    const next = event.key == "Tab" ? list[list.indexOf(this.chosen) + (event.shiftKey ? -1 : 1)]
      : event.key == "ArrowUp" ? outer[this.chosen] : list.find(i => outer[i] == this.chosen);
    if (event.key != "Tab") return () => next >= 0 && this.choose(next);
    if (next === undefined) { this.choose(-1); return null; }
    return () => this.choose(next);
  }

  onShow() {                                          // slices that are wide enough to be seen
    const { start, length, count } = this.data, [from, to] = this.view, list = [];
    const least = (to - from) / this.width * SMALL;
    for (let i = 0; i < count; i++) {
      const seen = length[i] >= least && start[i] < to && start[i] + length[i] > from;
      if (seen || i == this.chosen) list.push(i);
    }
    return list;
  }

  // -- Wheel, mouse and fingers

  wheel(event) {
    const [along, down] = event.shiftKey && !event.deltaX ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
    const unit = event.deltaMode ? 25 : 1;            // lines, or pixels
    if (event.ctrlKey || event.metaKey) this.zoom(Math.exp(down * unit * 0.004), this.at(event)[0], false);
    else if (Math.abs(along) > Math.abs(down)) this.move(along * unit / this.width, false);
    else return;                                      // the page scrolls
    event.preventDefault();
  }

  down(event, area) {
    if (event.button) return;
    const [x] = this.at(event);
    if (event.pointerType != "touch") area.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, x);
    const moves = event.pointerType == "touch" || event.shiftKey || area == this.below;
    const fingers = [...this.pointers.values()];
    this.begun = { x, view: this.view, moves, fingers, dragged: fingers.length > 1 };
    this.stage.focus({ preventScroll: true });
  }

  over(event, area) {
    const [x, y] = this.at(event);
    if (!this.pointers.has(event.pointerId)) return this.hover(x, y, area);
    this.pointers.set(event.pointerId, x);
    const begun = this.begun, width = begun.view[1] - begun.view[0];
    if (Math.abs(x - begun.x) > NEAR) begun.dragged = true;
    if (!begun.dragged) return;
    const now = [...this.pointers.values()];
    if (now.length > 1) this.pinch(begun.fingers, now, begun.view);
    else if (begun.moves) {
      const from = begun.view[0] - (x - begun.x) / this.width * width;
      this.show(from, from + width);
    } else { this.selecting = [begun.x, x]; this.later(); }
  }

  pinch(before, now, [from, to]) {
    const scale = Math.max(Math.abs(before[0] - before[1]), 10) / Math.max(Math.abs(now[0] - now[1]), 10);
    const middle = from + (before[0] + before[1]) / 2 / this.width * (to - from);
    const length = (to - from) * scale, left = middle - (now[0] + now[1]) / 2 / this.width * length;
    this.show(left, left + length);
  }

  up(event, area) {
    if (!this.pointers.delete(event.pointerId)) return;
    const [x, y] = this.at(event), { dragged } = this.begun, selected = this.selecting;
    this.selecting = null;
    if (this.pointers.size) {                         // one finger of two was lifted: the other one moves on
      const [rest] = this.pointers.values();
      this.begun = { x: rest, view: this.view, moves: true, fingers: [], dragged: true };
    } else if (selected) this.show(...selected.map(one => this.t(one)).sort((a, b) => a - b), true);
    else if (!dragged && event.type == "pointerup") {
      if (area == this.stage) this.choose(this.hit(x, y)); else this.hover(x, y, area);
      if (event.pointerType == "touch" && area == this.stage) this.pointed = null;
    }
    this.later();
  }

  hover(x, y, area) {
    this.pointed = this.t(x);
    this.under = area == this.stage ? this.hit(x, y) : -1;
    if (area == this.below) this.tell(-1, this.amounts());
    else this.tell(this.under >= 0 ? this.under : this.chosen);
    this.later();
  }

  amounts() {                                         // what the curves say at the time that is pointed at
    const lines = [["", time(this.pointed)]];
    for (const { times, tops, series, bytes, label } of this.data.curves) {
      const top = tops[upTo(times, this.pointed) - 1] || series.map(() => 0);
      series.forEach((one, n) => lines.push([one.name, amount(top[n] - (top[n - 1] ?? 0), bytes)]));
      if (series.length > 1) lines.push([`${label} in all`, amount(top[top.length - 1], bytes)]);
    }
    return this.data.curves.length ? lines : null;
  }

  leave() {
    this.pointed = null;
    this.under = -1;
    this.tell(this.chosen);
    this.later();
  }
}

for (const root of document.querySelectorAll(".edu-flame:not(.edu-ready)")) root.flame = new Flame(root);
})();
