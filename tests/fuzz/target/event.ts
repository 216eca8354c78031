import assert from "node:assert/strict";
import { recordColumns, tableColumns } from "../../../src/column.ts";
import { openLog } from "../../../src/journal.ts";
import type { Lookups } from "../../../src/lookup.ts";
import { newClock } from "../../../src/output/clock.ts";
import { compileRow, csvFormat, jsonFormat, rowLimit, tableFormat } from "../../../src/output/row.ts";
import { showable } from "../../../src/show.ts";
import { tools } from "../../../tools/mod.ts";
import { newKernel, newRing } from "../../unit/fake_kernel.ts";
import { assertHarmless, parseCsv } from "../property.ts";
import type { Target } from "../target.ts";

const ROOM = 1024; // for an event
const shared = new Uint8Array(ROOM);
const views = { u8: shared, u16: new Uint16Array(shared.buffer), u32: new Uint32Array(shared.buffer) };
const clock = newClock({ seconds: 1_700_000_000, nanoseconds: 0 });
const lookups: Lookups = {
  names: new Proxy({}, { get: () => (n: number) => `name${n}` }),
  symbol: (low) => `symbol+0x${low.toString(16)}`,
  connection: (out, p) => out.fill(48, p, p + 16) && p + 16,
  // What a cgroup is called is up to others, too: the event's own bytes.
  cgroups: { text: (_, part) => part === "unit" ? undefined : new TextDecoder().decode(shared) },
};

type Check = () => void;
const checks: Check[] = [];
let entry = new Uint8Array(0);

for (const load of Object.values(tools)) {
  const tool = (await load()).default, { event } = tool.layout;
  if (!event) continue;
  assert.ok(event.size <= ROOM);
  const shown = Object.values(showable);
  const table = [...tableColumns(tool.columns, new Set()).filter((c) => !c.below), ...shown];
  const records = [...recordColumns(tool.name, tool.columns), ...shown.filter((c) => !("record" in c))];
  const out = new Uint8Array(Math.max(rowLimit(table), rowLimit(records)) + 8);
  const row = (columns: typeof table, format: typeof jsonFormat) => {
    const write = compileRow(columns, event.fields, format, views, out, clock, lookups);
    return () => {
      const end = write(0, 0);
      assert.ok(end <= rowLimit(columns), `${tool.name}: a row has ${end} bytes, and room for ${rowLimit(columns)}`);
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(out.subarray(0, end));
    };
  };
  const asTable = row(table, tableFormat), asJson = row(records, jsonFormat), asCsv = row(records, csvFormat("\r\n"));
  checks.push(() => {
    const line = asTable();
    assertHarmless(line, "\n");
    assert.equal(line.indexOf("\n"), line.length - 1, "a row is a line");
    assert.deepEqual(Object.keys(JSON.parse(asJson())), records.map(({ key }) => key));
    assertHarmless(asJson(), "\n");
    const read = parseCsv(asCsv());
    assert.equal(read.length, 1, "a record");
    assert.equal(read[0]?.length, records.length);
  });
  if (tool.journal) {
    const send = (bytes: Uint8Array) => (entry = bytes.slice(), true);
    const kernel = { ...newKernel(newRing(4096)), openJournal: () => ({ send }) };
    const log = openLog(tool.journal, event.fields, views, clock, kernel);
    const keys = tool.journal.fields.map(({ key }) => key.replace("*", "[46]"));
    const known = new RegExp(`^(${["MESSAGE", ...keys].join("|")})$`);
    checks.push(() => {
      log.log(0);
      for (const name of journalFields(entry)) assert.match(name, known);
    });
  }
}

/** The names of an entry's fields, as systemd.io/JOURNAL_NATIVE_PROTOCOL has them. */
function journalFields(bytes: Uint8Array): string[] {
  const names: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at);
    assert.ok(end > at, "a field has an end");
    const equals = bytes.indexOf(61, at);
    const isSized = equals < 0 || equals > end;
    names.push(new TextDecoder().decode(bytes.subarray(at, isSized ? end : equals)));
    if (!isSized) at = end + 1;
    else {
      at = end + 9 + Number(new DataView(bytes.buffer, end + 1).getBigUint64(0, true));
      assert.equal(bytes[at++], 10);
    }
  }
  return names;
}

/** Records of the ring: what a program noted of a process and of addresses is up to others. */
export const target: Target = {
  name: "event",
  round: 150,
  seeds: [
    new Uint8Array(ROOM),
    new Uint8Array(ROOM).fill(255),
    new Uint8Array(ROOM).fill(27),
    new Uint8Array(ROOM).fill(34),
  ],
  generate: (random) => {
    const text = new TextEncoder().encode(
      random.one(["\u009b", "\u202e", "\u200b", '"', "\n=", "\x1b[", "é", "😀", "\0"]),
    );
    return Uint8Array.from(
      { length: ROOM },
      (_, i) => random.in(9) ? random.below(256) : text[i % text.length] as number,
    );
  },
  run(bytes) {
    shared.fill(0);
    shared.set(bytes.subarray(0, ROOM));
    for (const check of checks) check();
  },
};
