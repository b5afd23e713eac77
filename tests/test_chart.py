"""The flame chart: traces read rightly, depth and self time, the part of a page, what a browser shows."""
import fnmatch
import gzip
import json
import random
import re
import tomllib
import xml.etree.ElementTree as xml

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import book
import edunets as en
import pages
from edunets.profiler import chart
from edunets.profiler.chart import FlameChart, Slice, nest

NASTY = "</script><b>\"x\" & 'y' `````\u2028 <!-- \u00e4\u4e2d\U0001f600 \x00 \ud800 $z$"


def event(name, start, duration, tid=1, **more):
    return {"ph": "X", "name": name, "cat": "op", "pid": 1, "tid": tid, "ts": start, "dur": duration, **more}


def small():
    """A step with all that is drawn: nested slices, arguments, an arrow, two threads, names, a curve."""
    memory = [{"ph": "C", "name": "live bytes", "pid": 1, "ts": ts,
               "args": {"parameters": 4096, "activations": n}}
              for ts, n in ((0, 0), (20, 8192), (60, 65536), (90, 1024))]
    ends = [{"ph": phase, "name": "saved", "cat": "f", "id": 7, "pid": 1, "tid": 1, "ts": ts}
            for phase, ts in (("s", 12), ("f", 61))]
    return [{"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "train"}},
            {"ph": "M", "name": "thread_name", "pid": 1, "tid": 1, "args": {"name": "main"}},
            event("step", 0, 100, cat="annotation"), event("forward", 4, 40, cat="module"),
            event("linear", 6, 24, args={"shapes": [[64, 784], [784, 128]], "FLOPs": 12845056}),
            event("relu", 32, 10), event("linear'", 60, 23, cat="node"),
            event("batch", 10, 50, tid=2, cat="data"), *ends, *memory]


def many(count, seed=0):
    """So many slices with different arguments, four deep."""
    rng, events = random.Random(seed), []
    for n in range(count // 4):
        for depth, share in enumerate((1, 0.8, 0.5, 0.2)):
            shape = [rng.choice((1, 8, 64)), rng.choice((10, 784))]
            events.append(event(f"op{n % 40}.{depth}", 100 * n + 2 * depth, 90 * share, args={
                "shapes": [shape, shape], "dtype": "float32", "FLOPs": rng.randrange(10 ** 7), "sequence": n,
                "line": f"train.py:{n % 50}", "bytes": 4 * shape[0] * shape[1]}))
    return events


def slices_of(events):
    return {s.name: s for track in FlameChart(events).tracks for s in track.slices}


# Depth and self time

@st.composite
def nested(draw, start=0, end=4000, depth=0):
    """[(name, start, end, depth, self time)] of a random nesting, outer before inner."""
    found, now = [], start
    for _ in range(draw(st.integers(0, 3 if depth < 4 else 0))):
        begin = draw(st.integers(now, end))
        now = draw(st.integers(begin, end))
        if now == begin: break
        inner = draw(nested(begin, now, depth + 1))
        below = sum(b - a for _, a, b, level, _ in inner if level == depth + 1)
        found += [("", begin, now, depth, now - begin - below), *inner]
    return found


@given(nested())
@settings(max_examples=60, deadline=None)
def test_depth_and_self_time_of_what_nests(found):
    found = [(str(n), *rest) for n, (_, *rest) in enumerate(found)]
    as_x = [event(name, a, b - a) for name, a, b, *_ in found]
    as_pairs, stack = [], []
    for name, a, b, *_ in [*found, ("", 10 ** 6, 0)]:
        while stack and stack[-1] <= a: as_pairs.append({"ph": "E", "pid": 1, "tid": 1, "ts": stack.pop()})
        as_pairs.append({"ph": "B", "name": name, "pid": 1, "tid": 1, "ts": a})
        stack.append(b)
    for events in (as_x, as_pairs[:-1]):
        slices = slices_of(events)
        assert {(name, s.depth, s.self_time) for name, s in slices.items()} == \
            {(name, depth, 1000 * own) for name, _, _, depth, own in found}


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=25))
@settings(max_examples=60, deadline=None)
def test_slices_that_cross_are_drawn_beside_each_other(found):
    slices = [Slice({"name": "", "ts": start, "dur": length}) for start, length in found]
    nest(slices)
    assert all(s.self_time >= 0 for s in slices)
    for row in range(25):
        lane = [s for s in slices if s.depth == row]
        assert all(one.end <= other.start for one, other in zip(lane, lane[1:]))


def test_a_legend_says_each_series_once():
    "Of a trace of several processes each has its own curve, of the same series."
    curves = [{"ph": "C", "pid": pid, "tid": 1, "ts": ts, "name": "bytes", "args": {"weights": ts, "rest": 2}}
              for pid in (1, 2) for ts in (0, 5)]
    shown = FlameChart([*curves, event("a", 0, 9), event("b", 0, 9) | {"pid": 2}])
    assert len(shown.curves) == 2
    assert re.findall(r"</i>(\w+)</span>", shown.html()) == ["weights", "rest"]


def test_pairs():
    """An `E` takes the last `B`; its arguments come too; a `B` without one lasts to the end."""
    b, e = ({"ph": phase, "pid": 1, "tid": 1, "name": ""} for phase in "BE")
    slices = slices_of([e | {"ts": 1}, b | {"ts": 2, "name": "open"},
                        b | {"ts": 3, "name": "in", "args": {"a": 1}}, e | {"ts": 5, "args": {"b": 2}},
                        event("last", 6, 1)])
    assert (slices["in"].length, slices["in"].depth, slices["in"].args) == (2000, 1, {"a": 1, "b": 2})
    assert (slices["open"].start, slices["open"].length, slices["last"].depth) == (1000, 5000, 1)


# What is read

def test_files_and_dicts(tmp_path):
    text = json.dumps({"traceEvents": small(), "displayTimeUnit": "ms"})
    plain, zipped = tmp_path / "t.json", tmp_path / "t.json.gz"
    plain.write_text(text)
    zipped.write_bytes(gzip.compress(text.encode()))
    charts = [FlameChart(trace) for trace in (small(), json.loads(text), plain, str(zipped))]
    assert len({one.said for one in charts}) == 1 and len({one.html() for one in charts}) == 1


def test_names_curves_and_arrows():
    found = FlameChart(small())
    assert [track.label for track in found.tracks] == ["main", "thread 2"]
    assert [(one.name, other.name) for one, other in found.arrows] == [("linear", "linear'")]
    [curve] = found.curves
    assert curve.in_bytes and chart.highest(curve) == 4096 + 65536
    assert curve.series["parameters"] == [(0, 4096)] and len(curve.series["activations"]) == 4
    assert "Peak of live bytes: 68.0 KiB" in found.said and "6 slices in 2 threads" in repr(found)


def test_a_profile_shows_itself():
    model = en.nn.Sequential(en.nn.Linear(4, 3), en.nn.ReLU())
    with en.profiler.profile(memory=True) as prof: model(en.ones(2, 4)).sum().backward()
    found = prof.show("a step")
    assert isinstance(found, FlameChart) and found.title == "a step" and found.curves and found.arrows
    assert {"module", "op", "node", "backward"} <= {category for category, _ in found.palette.entries}


def test_what_is_missing_or_odd_is_no_error():
    """Events of other phases or without a time, numbers that are none; a trace without anything."""
    odd = [{}, {"ph": "b", "ts": 3, "id": 1}, {"ph": "X", "ts": 5}, {"ph": "i", "ts": 7, "name": "now"},
           {"ph": "C", "ts": 5, "name": "n", "args": {"a": float("nan"), "b": "text", "c": 2.5}},
           {"ph": "C", "ts": 6}, {"ph": "f", "ts": 5, "id": 3}, {"ph": "M", "name": "thread_name", "pid": 1}]
    found = FlameChart(odd)
    assert list(found.curves[0].series) == ["c"] and len(found.tracks) == 1 and "NaN" not in found.html()
    assert "0 slices in 0 threads" in FlameChart([]).html()


def test_processes_and_threads_in_their_order():
    order = [{"ph": "M", "name": name, "pid": pid, "tid": tid, "args": {"sort_index": index}}
             for name, pid, tid, index in (("process_sort_index", 2, 0, -1), ("thread_sort_index", 1, 5, -2))]
    events = [event("a", 0, 1, 4), event("b", 1, 1, 5), event("c", 2, 1, 6) | {"pid": 2}]
    assert [track.slices[0].name for track in FlameChart(events + order).tracks] == ["c", "b", "a"]


# What is written

def test_what_is_too_small_is_merged():
    slices = [Slice({"name": "", "ts": start, "dur": length}) for start, length in
              ((0, 1), (2, 1), (4, 1), (10, 20), (31, 1), (50, 1))]
    pieces = [(0, 4, 0.5), (4, 8, 0.25), (10, 30, 1), (31, 35, 0.25), (50, 54, 0.25)]
    assert [(a, b, share) for a, b, _, share in chart.merged(slices, 4)] == pieces
    rng = random.Random(1)
    row = [Slice({"name": "", "ts": 10 * n, "dur": rng.choice((1, 2, 9))}) for n in range(5000)]
    for least in (1, 50, 1000, 10 ** 6): assert len(chart.merged(row, least)) <= 1 + 100_000 / least
    assert len(chart.merged(row, 0)) == 5000


def test_the_longest_are_kept_with_all_around_them():
    [track] = chart.longest_slices(FlameChart(many(400)).tracks, 150)
    assert len(track.slices) == 150 and all(s.outer is None or s.outer in track.slices for s in track.slices)


def test_a_part_of_a_page_is_small():
    assert len(FlameChart(many(3000)).html().encode()) < 300_000


def test_no_name_ends_the_script():
    found = FlameChart([event(NASTY, 0, 10, args={NASTY: NASTY}),
                        {"ph": "C", "name": NASTY, "ts": 3, "args": {NASTY: 1, "b": 2}}], NASTY)
    part = found.html()
    assert part.count("</script>") == 2 and "<b>" not in part and "`````" not in part.split("<script")[1]
    assert part.encode()
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', part, re.DOTALL)[1])
    assert data["names"][0].startswith("</script><b>\"x\"") and "\U0001f600" in data["names"][0]


def test_svg_is_well_formed(tmp_path):
    for name, events in (("a", small()), ("b", [event(NASTY, 0, 1)]), ("c", [])):
        FlameChart(events, NASTY).save(tmp_path / f"{name}.svg")
        root = xml.parse(tmp_path / f"{name}.svg").getroot()
        words = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
        assert name != "a" or {"step", "forward", "main"} < set(words)


def test_script_and_python_agree():
    script = chart.page_part("chart.js")
    for name in ("ROW", "HEAD", "GAP", "AXIS", "CURVE"):
        assert re.search(rf"\b{name} = (\d+)", script)[1] == str(getattr(chart, f"{name}_PX")), name
    assert all(len(line) <= 110 for line in script.splitlines()) and "://" not in script


def test_script_and_style_are_in_the_package():
    project = tomllib.loads((book.ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["edunets.profiler"]
    names = [path.name for path in (book.ROOT / "edunets" / "profiler").iterdir()
             if path.suffix in (".js", ".css")]
    assert len(names) == 2 and all(any(fnmatch.fnmatch(name, one) for one in patterns) for name in names)


# In a browser

@pytest.fixture
def shown(browser, tmp_path):
    """Open a chart (or several) on a page; at the end nothing may have been said on the console."""
    contexts, said = [], []

    def opened(*charts, style="", width=1000, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith("file:") else said.append(asked.url))
        file = tmp_path / f"page{len(contexts)}.html"
        head = ('<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" '
                f'content="width=device-width"><title>t</title><style>{style}</style><body>')
        file.write_text(head + "".join(one.html() for one in charts), encoding="utf-8")
        page.goto(file.as_uri())
        return page
    yield opened
    for context in contexts: context.close()
    assert said == []


VIEW = "document.querySelector('.edu-flame').flame.view"


def at_rest(page):
    """When all that was asked for is drawn."""
    page.wait_for_function("""() => {
        const { flame } = document.querySelector('.edu-flame');
        return !flame.moving && !flame.waiting && flame.ink == getComputedStyle(flame.root).color }""")


def width_of(page):
    at_rest(page)
    start, end = page.evaluate(VIEW)
    return end - start


def middle_of(page, name):
    """Where a slice is on the page."""
    return page.evaluate("""name => {
        const flame = document.querySelector('.edu-flame').flame, { data } = flame;
        const i = [...data.name].findIndex(n => data.names[n] == name), [a, b, y] = flame.place(i);
        const { left, top } = flame.stage.getBoundingClientRect();
        const x = (Math.max(a, 0) + Math.min(b, flame.width)) / 2;
        return [left + x, top + y + 9 - flame.stage.scrollTop] }""", name)


def text(page, where):
    return page.locator(where).first.inner_text()


def test_it_draws(shown):
    page = shown(FlameChart(small(), "one"), FlameChart(many(2000), "two"), FlameChart([], "three"))
    inked = """canvas => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return data.filter((value, n) => n % 4 == 3 && value).length }"""
    for canvas in page.query_selector_all(".edu-flame canvas")[:4]: assert canvas.evaluate(inked) > 1000
    assert page.locator(".edu-flame svg").count() == 0 and page.locator(".edu-flame.edu-ready").count() == 3


def test_it_draws_where_scripts_are_made_anew(shown):
    """As JupyterLab and VS Code do: HTML goes into an element, its scripts are copied, then it is shown."""
    page = shown()
    page.evaluate("""parts => {
        for (const part of parts) {
            const host = document.createElement('div');
            host.innerHTML = part;
            for (const old of [...host.querySelectorAll('script')].reverse()) {
                const copy = document.createElement('script');
                for (const { name, value } of old.attributes) copy.setAttribute(name, value);
                copy.textContent = old.textContent;
                old.replaceWith(copy);
            }
            document.body.append(host);
        }
    }""", [FlameChart(small(), "one").html(), FlameChart(small(), "two").html()])
    assert page.locator(".edu-flame.edu-ready canvas").count() == 4


def test_without_javascript_there_is_a_picture(shown):
    page = shown(FlameChart(small()), java_script_enabled=False)
    assert page.locator(".edu-stage svg").first.bounding_box()["width"] > 900
    assert page.locator(".edu-stage text", has_text="forward").is_visible()
    assert "live bytes, at most 68.0 KiB" in text(page, ".edu-below")


def test_wheel_and_keys_change_the_span(shown):
    page = shown(FlameChart(small()))
    x, y = middle_of(page, "linear'")
    page.mouse.move(x, y)
    page.mouse.wheel(0, 100)
    assert width_of(page) == 100_000                         # the page scrolls
    under = f"x => document.querySelector('.edu-flame').flame.t(x - 9)"
    before = page.evaluate(under, x)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    zoomed = width_of(page)
    assert zoomed < 60_000
    assert page.evaluate(under, x) == pytest.approx(before, abs=100)
    page.locator(".edu-stage").focus()
    start = page.evaluate(VIEW)[0]
    page.keyboard.press("a")
    assert width_of(page) == pytest.approx(zoomed) and page.evaluate(VIEW)[0] < start
    for key, change in (("w", 0.5), ("s", 1), ("+", 0.5), ("-", 1)):
        page.keyboard.press(key)
        assert width_of(page) == pytest.approx(zoomed * change), key
    page.keyboard.press("Home")
    assert width_of(page) == 100_000


def test_the_axis_tells_near_times_apart(shown):
    page = shown(FlameChart([event("a", 0, 30_000)]))
    said = page.evaluate("""() => {
        const flame = document.querySelector('.edu-flame').flame, said = [];
        flame.lower.fillText = text => said.push(text);
        for (const span of [[0, 3e7], [25.001e6, 25.002e6], [25e6, 25e6 + 10]]) {
            flame.show(...span);
            flame.draw();
        }
        return said }""")
    assert len(set(said)) == len(said) > 15 and "10 ms" in said and "25.0012 ms" in said


def test_mouse_selects_a_span_and_double_click_resets(shown):
    page = shown(FlameChart(small()))
    x, y = middle_of(page, "forward")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 100, y, steps=3)
    page.mouse.up()
    assert width_of(page) == pytest.approx(100_000 * 100 / 982, rel=0.02)
    start = page.evaluate(VIEW)[0]
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(x, y, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    assert width_of(page) == pytest.approx(100_000 * 100 / 982, rel=0.02) and page.evaluate(VIEW)[0] > start
    page.mouse.dblclick(x, y)
    assert width_of(page) == 100_000


def test_the_box_tells_duration_self_time_and_arguments(shown):
    page = shown(FlameChart(small()))
    page.mouse.move(*middle_of(page, "forward"))
    page.mouse.move(*middle_of(page, "linear"))
    box = text(page, ".edu-box")
    for part in ("linear", "24.0 µs", "100%", "12,845,056", "[[64, 784], [784, 128]]", "arrow to", "linear'"):
        assert part in box, part
    page.mouse.move(*middle_of(page, "step"))
    assert "37.0 µs (37%)" in text(page, ".edu-box")
    page.locator(".edu-below").hover()
    for part in ("parameters", "4 KiB", "activations", "live bytes in all"):
        assert part in text(page, ".edu-box").replace("4.00", "4"), part
    page.mouse.move(500, 880)
    assert page.locator(".edu-box").is_hidden()


def test_the_box_is_not_cut(shown):
    """Output scrolls on the book's pages: the box lies above that, and turns up for want of room below."""
    tall = [event("a", 0, 9, args={f"argument {n}": n for n in range(20)})]
    page = shown(FlameChart(tall), style=".edu-flame { overflow: auto; height: 160px; transform: scale(1) }")
    for above in (0, 700):
        page.evaluate("above => document.body.style.paddingTop = `${above}px`", above)
        x, y = middle_of(page, "a")
        page.mouse.move(x, y + 100)
        page.mouse.move(x, y)
        box = page.locator(".edu-box").bounding_box()
        assert 350 < box["height"] and 0 <= box["y"] and box["y"] + box["height"] <= 900
        assert box["y"] + box["height"] < y if above else box["y"] > y
        assert page.locator(".edu-box").evaluate("box => box.matches(':popover-open')")


def test_search_counts_and_adds_up(shown):
    events = [event("f", 0, 60), event("f", 10, 20), event("g", 70, 5), event("F2", 80, 10)]
    page = shown(FlameChart(events))
    page.locator(".edu-stage").focus()
    page.keyboard.press("/")
    page.keyboard.type("f")
    assert text(page, "output") == "3 found, 70.0 µs"        # the inner one's time counts once
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert "20.0 µs" in text(page, ".edu-box")
    page.keyboard.press("Escape")
    assert text(page, "output") == "" and page.evaluate("document.activeElement.className") == "edu-stage"


def test_slices_by_keyboard(shown):
    page = shown(FlameChart(small()))
    name, live = "document.activeElement.className", ".edu-live"
    page.locator(".edu-stage").focus()
    page.keyboard.press("Enter")
    assert "step" in page.locator(live).text_content()
    for key, found in (("Tab", "forward"), ("ArrowDown", "linear"), ("ArrowUp", "forward"),
                       ("Shift+Tab", "step")):
        page.keyboard.press(key)
        assert page.locator(live).text_content().strip().startswith(f"{found},"), key
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert width_of(page) == pytest.approx(43_200, rel=0.01)
    page.keyboard.press("Escape")
    assert width_of(page) == 100_000 and page.locator(live).text_content() == ""
    page.keyboard.press("Tab")                               # nothing is chosen: Tab leaves the chart
    assert page.evaluate(name) != "edu-stage"


def test_fingers_tap_move_and_pinch(shown):
    page = shown(FlameChart(small()), width=390, has_touch=True, is_mobile=True)
    page.touchscreen.tap(*middle_of(page, "linear"))
    assert "24.0 µs" in text(page, ".edu-box")
    fingers = page.context.new_cdp_session(page)

    def touch(kind, *points):
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [
            {"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]})
    page.locator(".edu-below").tap(position={"x": 200, "y": 60})
    assert "activations" in text(page, ".edu-box")
    x, y = middle_of(page, "forward")
    page.touchscreen.tap(x, y - 40)                          # where nothing is
    assert page.locator(".edu-box").is_hidden()
    touch("touchStart", (x - 20, y), (x + 20, y))
    touch("touchMove", (x - 40, y), (x + 40, y))
    touch("touchEnd")
    zoomed, start = width_of(page), page.evaluate(VIEW)[0]
    assert zoomed == pytest.approx(50_000, rel=0.1)
    touch("touchStart", (x, y))
    touch("touchMove", (x - 20, y))
    touch("touchMove", (x - 60, y))
    touch("touchEnd")
    assert width_of(page) == pytest.approx(zoomed) and page.evaluate(VIEW)[0] > start


def test_a_phone_shows_all_of_it(shown):
    wide = FlameChart(small() + [event("n" * 300, 101, 30, args={"k" * 80: "v" * 900})], "a title " * 20)
    page = shown(wide, width=390, has_touch=True, is_mobile=True)
    page.locator("button[aria-label^=Keys]").tap()
    page.touchscreen.tap(*middle_of(page, "n" * 300))
    assert page.locator(".edu-box").is_visible() and page.locator(".edu-keys").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator(".edu-box").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    for control in page.query_selector_all(".edu-bar :is(button, input)"):
        assert control.bounding_box()["height"] >= 32


LEAST_CONTRAST = pages.LOW_CONTRAST.split("const bad")[0] + """
  const flame = document.querySelector('.edu-flame').flame;
  const probe = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const solid = colours => {
    for (const [colour, alpha] of colours) {
      probe.globalAlpha = alpha; probe.fillStyle = colour; probe.fillRect(0, 0, 1, 1);
    }
    return [...probe.getImageData(0, 0, 1, 1).data];
  };
  const ratio = (ink, fills) => {
    const [a, b] = [[[least, 1], ...fills, [ink, 1]], [[least, 1], ...fills]].map(solid).map(light);
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const found = flame.data.categories.map(([, hue]) => ratio(flame.ink, [[hue, 0.42]]));
  for (const e of flame.root.querySelectorAll('strong, span, p, input, button, output, dt, dd')) {
    const ground = e.closest('.edu-box, input, button');
    const fills = ground ? [[getComputedStyle(ground).backgroundColor, 1]] : [];
    if (e.offsetParent) found.push(ratio(getComputedStyle(e).color, fills));
  }
  return [found.length, Math.min(...found)] }"""
PAPER = {("plain", "light"): "#fff", ("plain", "dark"): "#121212", ("book", "light"): "#fff",
         ("book", "dark"): "#171b21", ("Jupyter", "light"): "#fff", ("Jupyter", "dark"): "#111"}


@pytest.mark.parametrize("host", ["plain", "book", "Jupyter"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(shown, host, theme):
    """On the fills of slices, in the box and around; on a page of its own, in the book and in JupyterLab."""
    names = ["op", "node", "module", "annotation", "backward", "optimizer", "data", "kernel", "python", "x"]
    found = FlameChart(small() + [event(name, 120, 3, cat=name) for name in names])
    paper, ink = PAPER[host, theme], {"light": "rgba(0, 0, 0, 0.87)", "dark": "rgba(255, 255, 255, 1)"}[theme]
    style = {"plain": ":root { color-scheme: light dark }",
             "book": (book.ROOT / "assets/book.css").read_text(),
             "Jupyter": f"body {{ --jp-layout-color0: {paper}; --jp-content-font-color1: {ink} }}"}[host]
    page = shown(found, style=f"{style} body {{ background: {paper} }}", color_scheme=theme)
    if host == "book": page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    page.locator("button[aria-label^=Keys]").click()
    page.locator("input").fill("linear")
    page.mouse.move(*middle_of(page, "linear"))
    at_rest(page)
    count, least = page.evaluate(LEAST_CONTRAST, paper)
    assert count > 30 and least >= 4.5


def test_it_follows_the_theme_of_the_page(shown):
    page = shown(FlameChart(small()), style=(book.ROOT / "assets/book.css").read_text())
    inks = []
    for theme in ("light", "dark"):
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        at_rest(page)
        inks.append(page.evaluate("document.querySelector('.edu-flame').flame.ink"))
    assert inks == ["rgb(34, 38, 46)", "rgb(215, 219, 226)"]


def test_ten_thousand_slices_stay_smooth(shown):
    """A frame draws at most two rectangles for each column of a row; the bound on its time is wide."""
    page = shown(FlameChart(many(10_000)))
    painted, took = page.evaluate("""() => {
        const flame = document.querySelector('.edu-flame').flame, times = [];
        let count = 0, most = 0;
        const fill = flame.pen.fillRect.bind(flame.pen);
        flame.pen.fillRect = (...box) => { count++; fill(...box) };
        for (let n = 0; n < 40; n++) {
            const part = flame.data.span / 1.3 ** n;
            count = 0;
            const begun = performance.now();
            flame.show(0, part);
            flame.draw();
            times.push(performance.now() - begun);
            most = Math.max(most, count);
        }
        return [most, times.sort((a, b) => a - b)[20]] }""")
    assert painted < 4 * 2 * 1000 / 1.5 + 50 and took < 200


def test_who_wants_no_motion_gets_none(shown):
    page = shown(FlameChart(small()), reduced_motion="reduce")
    page.locator(".edu-stage").focus()
    page.keyboard.press("w")
    assert page.evaluate(f"{VIEW}[1] - {VIEW}[0]") == 50_000
