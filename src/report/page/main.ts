/// <reference lib="dom" />
// The page of a report: draws what stands in it as JSON.
import { duration, grouped } from "../format.ts";
import type { Report, Section } from "../model.ts";
import { chartView } from "./chart.ts";
import { element } from "./element.ts";
import { lossView } from "./loss.ts";
import { tableView } from "./table.ts";
import { toolTable } from "../tool_table.ts";

const report: Report = JSON.parse(document.getElementById("report")?.textContent ?? "");

function header(): HTMLElement {
  const { period, hosts, events, nettrace } = report;
  const moment = (time: string) => time.replace("T", " ").slice(0, 19);
  const facts: [string, string][] = [
    ["Period (UTC)", period ? `${moment(period.start)} to ${moment(period.end)}` : "no events"],
    ...period ? [["Duration", duration(period.duration_s * 1000)] as [string, string]] : [],
    [hosts.length === 1 ? "Host" : "Hosts", hosts.length === 0 ? "not told" : hosts.join(", ")],
    ["Events", grouped(events)],
    ["Lost", report.losses.complete ? "nothing" : report.losses.lost > 0 ? grouped(report.losses.lost) : "see below"],
  ];
  return element(
    "header",
    "",
    element("h1", "", "nettrace report"),
    element(
      "dl",
      "facts",
      ...facts.map(([name, value]) => element("div", "", element("dt", "", name), element("dd", "", value))),
    ),
    element("p", "made", `Made by nettrace ${nettrace}. Times are UTC.`),
  );
}

function link(to: string, text: string): HTMLElement {
  const made = element("a", "", text);
  made.href = `#${to}`;
  return made;
}

function sectionView({ id, title, notes, tables, charts }: Section): HTMLElement {
  const made = element(
    "section",
    "",
    element("h2", "", title),
    ...notes.map((note) => element("p", "", note)),
    element("div", "charts", ...charts.map(chartView)),
    element("div", "tables", ...tables.map(tableView)),
  );
  made.id = id;
  return made;
}

const tools = element(
  "section",
  "",
  element("h2", "", "Tools"),
  element("div", "tables", tableView(toolTable(report))),
);
document.body.append(
  header(),
  element("nav", "", ...report.sections.map(({ id, title }) => link(id, title))),
  element("main", "", lossView(report.losses), tools, ...report.sections.map(sectionView)),
);
document.title = ["nettrace report", ...report.hosts, report.period?.start.slice(0, 10) ?? ""].join(" ").trim();
