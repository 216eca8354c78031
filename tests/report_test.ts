// The page of `nettrace report --html` in a real browser: what is drawn, what it does, and what it does not. NETTRACE names
// another executable than ./nettrace.
import assert from "node:assert/strict";
import { installedBrowser, openPage, type Page } from "./browser/browser.ts";

const root = new URL("..", import.meta.url).pathname;
const nettrace = Deno.env.get("NETTRACE") ?? `${root}nettrace`;
const browser = installedBrowser();

const HOSTILE = "</script><img src=x onerror=alert(1)>";
const CONNECTS = 300;
const time = (s: number) => new Date(Date.UTC(2026, 10, 20, 6) + s * 1000).toISOString();

/** Connects to twelve targets, of which every tenth fails; drops; and one process with a hostile name. */
function recording(): string {
  const connects = Array.from({ length: CONNECTS }, (_, i) => ({
    ...{
      time: time(i),
      tool: "tcpconnlat",
      pid: 1000 + i,
      comm: i === 7 ? HOSTILE : "curl",
      daddr: `10.0.0.${i % 12}`,
    },
    ...{ dport: 443, result: i % 10 === 9 ? "ETIMEDOUT" : "ok", latency_ms: 1 + i },
  }));
  const drops = [1, 2, 3].map((s) => ({
    time: time(s),
    tool: "tcpdrop",
    reason: HOSTILE,
    daddr: "10.0.0.1",
    dport: 80,
  }));
  return [...connects, ...drops].map((line) => JSON.stringify(line) + "\n").join("");
}

/** Makes a page of a recording, opens it, and holds it to complain of nothing but what is expected. */
async function withPage(
  options: { dark?: boolean; complaints?: number },
  test: (page: Page) => Promise<void>,
): Promise<void> {
  assert.ok(browser, "there is no browser: run package/deps.sh test");
  const dir = await Deno.makeTempDir({ prefix: "nettrace-report-" });
  try {
    await Deno.writeTextFile(`${dir}/events.jsonl`, recording());
    const { code, stderr } = await new Deno.Command(nettrace, {
      args: ["report", "--html", `${dir}/report.html`, `${dir}/events.jsonl`],
      stdout: "null",
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    await using page = await openPage(browser, `${dir}/report.html`, options);
    await page.until("document.querySelectorAll('.plot canvas').length === document.querySelectorAll('.plot').length");
    await test(page);
    const complained = complaints(page);
    assert.equal(complained.length, options.complaints ?? 0, complained.join("\n"));
    assert.deepEqual(requests(page), [`file://${dir}/report.html`], "nothing else is loaded");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** What the browser complained of: in its console or log, by exceptions, by dialogs that scripts opened. */
function complaints(page: Page): string[] {
  const kinds = /^(Log\.entryAdded|Runtime\.(exceptionThrown|consoleAPICalled)|Page\.javascriptDialogOpening)$/;
  return page.events.filter(({ method }) => kinds.test(method)).map((event) => JSON.stringify(event));
}

function requests(page: Page): string[] {
  return page.events.filter(({ method }) => method === "Network.requestWillBeSent")
    .map(({ params }) => (params as { request: { url: string } }).request.url);
}

/** The cells of the rows that are shown of a table, by its title and its section's. */
const rows = (section: string, title: string) =>
  `(() => {
  const table = ${tableNode(section, title)};
  return Array.from(table.querySelectorAll("tbody tr:not([hidden])"), (row) => Array.from(row.cells, (cell) => cell.innerText));
})()`;

const tableNode = (section: string, title: string) =>
  `Array.from(document.querySelectorAll("#${section} .table")).find((t) => t.querySelector("h3").textContent === "${title}")`;

/** How many pixels of a chart, by its title, have each colour, as #rrggbb; what shines through is left out. */
const colours = (title: string) =>
  `(() => {
  const figures = Array.from(document.querySelectorAll("figure"));
  const canvas = figures.find((f) => f.querySelector("figcaption").textContent === "${title}").querySelector("canvas");
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  const counts = {};
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] < 255) continue;
    const colour = "#" + [0, 1, 2].map((k) => data[i + k].toString(16).padStart(2, "0")).join("");
    counts[colour] = (counts[colour] ?? 0) + 1;
  }
  return counts;
})()`;

const LINE_LIGHT = "#1d5fbf", LINE_DARK = "#6ea8f7"; // --line-0 in page.css

Deno.test("the page draws its charts and has the rows of its tables", () =>
  withPage({}, async (page) => {
    for (const title of ["Connects", "Failed connects by result", "Latency of connects"]) {
      const drawn = await page.evaluate<Record<string, number>>(colours(title));
      assert.ok((drawn[LINE_LIGHT] ?? 0) > 100, `${title} is drawn: ${JSON.stringify(drawn)}`);
    }
    const heat = await page.evaluate<Record<string, number>>(colours("Latency of connects by time"));
    assert.ok((heat["#0b2a66"] ?? 0) > 50, `the heat map has cells: ${JSON.stringify(heat)}`);
    const targets = await page.evaluate<string[][]>(rows("connects_tcpconnlat", "Connects by target"));
    assert.equal(targets.length, 12);
    assert.deepEqual(targets[0]?.slice(0, 3), ["10.0.0.0:443", "25", "0"]);
    assert.equal(await page.evaluate("document.title"), "nettrace report 2026-11-20");
    assert.match(await page.evaluate("document.querySelector('#losses').innerText"), /it has no end/);
  }));

Deno.test("a heading sorts its table, down and then up", () =>
  withPage({}, async (page) => {
    const slowest = rows("connects_tcpconnlat", "Slowest connects");
    const click = (i: number) =>
      page.evaluate(
        `${tableNode("connects_tcpconnlat", "Slowest connects")}.querySelectorAll("th button")[${i}].click()`,
      );
    const pids = async () => (await page.evaluate<string[][]>(slowest)).map((cells) => Number(cells[1]));
    const before = await pids();
    await click(1);
    const down = await pids();
    await click(1);
    const up = await pids();
    assert.equal(before.length, 200);
    assert.deepEqual(down, before.toSorted((a, b) => b - a));
    assert.deepEqual(up, down.toReversed());
    await click(3);
    const targets = (await page.evaluate<string[][]>(slowest)).map((cells) => cells[3]);
    assert.equal(targets[0], "10.0.0.0:443");
    assert.equal(targets.at(-1), "10.0.0.11:443", "numbers in texts count as numbers");
  }));

Deno.test("a filter leaves the rows with its words, and says how many", () =>
  withPage({}, async (page) => {
    const table = tableNode("connects_tcpconnlat", "Connects by target");
    const type = (text: string) =>
      page.evaluate(`(() => {
        const input = ${table}.querySelector("input");
        input.value = ${JSON.stringify(text)};
        input.dispatchEvent(new Event("input"));
      })()`);
    const left = async () =>
      (await page.evaluate<string[][]>(rows("connects_tcpconnlat", "Connects by target"))).map(([target]) => target);
    await type("0.1");
    assert.deepEqual((await left()).toSorted(), ["10.0.0.10:443", "10.0.0.11:443", "10.0.0.1:443"].toSorted());
    assert.equal(await page.evaluate(`${table}.querySelector(".matches").textContent`), "3 of 12 rows");
    await type("no such row");
    assert.deepEqual(await left(), []);
    await type("");
    assert.equal((await left()).length, 12);
  }));

Deno.test("a hostile process name is text, and nothing of it runs", () =>
  withPage({}, async (page) => {
    const comms = await page.evaluate<string[][]>(rows("connects_tcpconnlat", "Connects by process name"));
    assert.deepEqual(comms.map(([comm]) => comm), ["curl", HOSTILE]);
    assert.equal(await page.evaluate("document.querySelectorAll('img, script[src], iframe, link').length"), 0);
    assert.match(
      await page.evaluate("document.querySelector('#drops_tcpdrop').innerText"),
      /<img src=x onerror=alert\(1\)>/,
    );
  }));

Deno.test("the page allows no script but its own, and the browser says so", () =>
  withPage({ complaints: 1 }, async (page) => {
    const ran = await page.evaluate<boolean>(`(() => {
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      document.body.append(script);
      return window.ran === true;
    })()`);
    assert.equal(ran, false);
  }));

for (const dark of [false, true]) {
  Deno.test(`the page is ${dark ? "dark" : "light"} where its reader prefers that, and on paper light`, () =>
    withPage({ dark }, async (page) => {
      const brightness = (of: string) =>
        page.evaluate<number>(
          `getComputedStyle(${of}).backgroundColor.match(/[0-9]+/g).slice(0, 3).reduce((a, b) => a + +b, 0)`,
        );
      const paper = await brightness("document.body");
      assert.ok(dark ? paper < 150 : paper > 600, `the background is ${paper} of 765`);
      const line = "getComputedStyle(document.documentElement).getPropertyValue('--line-0').trim()";
      const onScreen = await page.evaluate<string>(line);
      await page.evaluate("dispatchEvent(new Event('beforeprint'))");
      const printed = await page.evaluate<string>(line);
      await page.evaluate("dispatchEvent(new Event('afterprint'))");
      assert.equal(onScreen === printed, !dark);
      assert.equal(await page.evaluate<string>(line), onScreen);
    }));
}

Deno.test("the page follows its reader's preference while it is open", () =>
  withPage({}, async (page) => {
    const before = await page.evaluate<Record<string, number>>(colours("Connects"));
    assert.deepEqual([LINE_LIGHT in before, LINE_DARK in before], [true, false]);
    await page.call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: "dark" }] });
    await page.until(`"${LINE_DARK}" in ${colours("Connects")}`);
    assert.equal(LINE_LIGHT in await page.evaluate<Record<string, number>>(colours("Connects")), false);
  }));

Deno.test("dragging in a chart by time zooms all of them, and a double click shows all again", () =>
  withPage({}, async (page) => {
    const area = (title: string) =>
      page.evaluate<{ x: number; y: number; width: number; height: number }>(`(() => {
        const figures = Array.from(document.querySelectorAll("figure"));
        const figure = figures.find((f) => f.querySelector("figcaption").textContent === "${title}");
        figure.scrollIntoView({ block: "center" });
        return figure.querySelector(".u-over").getBoundingClientRect().toJSON();
      })()`);
    const mouse = (type: string, x: number, y: number, clickCount = 1) =>
      page.call("Input.dispatchMouseEvent", { type, x, y, button: "left", buttons: 1, clickCount });
    const heat = async () => JSON.stringify(await page.evaluate(colours("Latency of connects by time")));
    const before = await heat();
    const { x, y, width, height } = await area("Failed connects by result");
    const at = (part: number) => [x + width * part, y + height / 2] as const;
    await mouse("mouseMoved", ...at(0.2));
    await mouse("mousePressed", ...at(0.2));
    await mouse("mouseMoved", ...at(0.4));
    await mouse("mouseMoved", ...at(0.6));
    await mouse("mouseReleased", ...at(0.6));
    await page.until(`JSON.stringify(${colours("Latency of connects by time")}) !== ${JSON.stringify(before)}`);
    for (const clicks of [1, 2]) {
      await mouse("mousePressed", ...at(0.5), clicks);
      await mouse("mouseReleased", ...at(0.5), clicks);
    }
    await page.until(`JSON.stringify(${colours("Latency of connects by time")}) === ${JSON.stringify(before)}`);
  }));

Deno.test("the page prints", () =>
  withPage({}, async (page) => {
    const { data } = await page.call<{ data: string }>("Page.printToPDF", { printBackground: false });
    const pdf = Uint8Array.fromBase64(data);
    assert.equal(new TextDecoder().decode(pdf.subarray(0, 5)), "%PDF-");
    const pages = new TextDecoder("latin1").decode(pdf).match(/\/Type\s*\/Page\b/g)?.length ?? 0;
    assert.ok(pages >= 2 && pages <= 12, `${pages} pages`);
  }));
