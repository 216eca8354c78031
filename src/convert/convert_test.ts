import assert from "node:assert/strict";
import { BadInput } from "../failure.ts";
import { accept, converted, drop, footer, header, life, segment } from "../../tests/unit/recordings.ts";

const line = (record: unknown) => JSON.stringify(record) + "\n";

Deno.test("convert has the events of all segments by time in jsonl, as they were", async () => {
  const { code, files, text, warnings } = await converted(
    [segment("tcplife", life), segment("tcpaccept", accept), segment("tcpdrop", drop)],
    { to: "jsonl", output: "{}/all" },
  );
  assert.equal(code, 0);
  assert.equal(text("all"), line(accept) + line(life) + line(drop));
  assert.deepEqual([Array.from(files.keys()), warnings], [["all"], []]);
});

Deno.test("convert makes a file for each tool in a directory, also of a recording without events", async () => {
  const contents = [segment("tcplife", life), segment("tcpaccept", accept, accept), segment("solisten")];
  const { files, text } = await converted(contents, { to: "csv", output: "{}/made" });
  assert.deepEqual(Array.from(files.keys()), ["made/solisten.csv", "made/tcpaccept.csv", "made/tcplife.csv"]);
  const rows = Array.from(files.keys(), (path) => text(path).trimEnd().split("\r\n").length - 1);
  assert.deepEqual(rows, [0, 2, 1]);
});

Deno.test("convert makes directories by tool, date and hour, and leaves out the column that they tell", async () => {
  const late = { ...life, time: "2026-11-21T00:00:00.000000000Z" };
  const { files, text } = await converted([segment("tcplife", life, late, life)], {
    to: "csv",
    output: "{}",
    partition: true,
  });
  assert.deepEqual(Array.from(files.keys()), [
    "tool=tcplife/date=2026-11-20/hour=06/part-0.csv",
    "tool=tcplife/date=2026-11-21/hour=00/part-0.csv",
  ]);
  const [first] = text("tool=tcplife/date=2026-11-20/hour=06/part-0.csv").split("\r\n");
  assert.match(first ?? "", /^time,pid,comm,/);
  assert.equal(text("tool=tcplife/date=2026-11-20/hour=06/part-0.csv").trimEnd().split("\r\n").length, 3);
});

Deno.test("convert says what was lost, what is missing and what it left out, and has the rest", async () => {
  const cut = line(header("tcplife")) + line({ time: life.time, tool: "tcplife", lost: { ring_full: 3 } }) + line(life);
  const odd = line({ ...accept, tool: "bash\u009breadline" }) + line({ ...accept, time: "now" }) + line(accept);
  const { code, warnings, text } = await converted([cut, odd], { to: "jsonl", output: "{}/x" });
  assert.equal(code, 0);
  assert.equal(text("x").trimEnd().split("\n").length, 2);
  const said = warnings.join("\n");
  assert.match(said, /left out 1 event of tools that this nettrace does not have, as bash\?readline/);
  assert.match(said, /left out 1 event whose time is none/);
  assert.match(said, /while it was recorded, tcplife lost 3 events: 3 because the ring was full/);
  assert.match(said, /Of \/0 something may be missing: it has no end/);
});

Deno.test("convert reads what --json printed", async () => {
  const summary = { time: life.time, tool: "tcplife", summary: { printed: 1, lost: 1, lost_by: { missed: 1 } } };
  const { text, warnings } = await converted([line(life) + line(summary)], { to: "jsonl", output: "{}/x" });
  assert.equal(text("x"), line(life));
  assert.match(warnings.join(), /tcplife lost 1 event:/);
});

Deno.test("convert refuses with a sentence what cannot be, and leaves nothing", async () => {
  const refused = async (contents: string[], request: Parameters<typeof converted>[1], what: RegExp) => {
    await assert.rejects(converted(contents, request), (error: Error) => {
      assert.ok(error instanceof BadInput, error.message);
      assert.match(error.message, what);
      return true;
    });
  };
  const one = [segment("tcplife", life)];
  await refused(one, {}, /as in --to parquet: one of parquet, csv, jsonl, otlp-jsonl, ecs/);
  await refused(one, { to: "xml" }, /--to takes one of parquet, .*, and not 'xml'/);
  await refused(one, { to: "toString" }, /and not 'toString'/);
  await refused([], { to: "csv" }, /Type what to convert/);
  await refused(["root:x:0:0\n"], { to: "csv", output: "{}" }, /There is nothing of nettrace in .*: type a recording/);
  await refused([""], { to: "csv", output: "{}" }, /There is nothing of nettrace/);
  await refused(one, { to: "csv", partition: true }, /--partition makes directories/);
  const two = [segment("tcpaccept", accept), segment("tcplife", life)];
  await refused(two, { to: "csv", output: "{}/x.csv" }, /There are tcpaccept and tcplife, which take a file each/);
});

Deno.test("convert tells of hosts by segment", async () => {
  const other = line(header("tcplife", "db1")) + line(life) + line(footer("tcplife"));
  const { text } = await converted([segment("tcplife", life), other], { to: "csv", output: "{}/x.csv" });
  assert.deepEqual(text("x.csv").trimEnd().split("\r\n").slice(1).map((row) => row.split(",").at(-1)).sort(), [
    "db1",
    "web1",
  ]);
});

Deno.test("convert leaves no file when it is interrupted", async () => {
  const many = segment("tcplife", ...Array.from({ length: 20_000 }, () => life));
  const { code, files } = await converted([many], { to: "csv", output: "{}/x.csv" }, () => Promise.resolve(true));
  assert.deepEqual([code, files.size], [130, 0]);
});

Deno.test("convert makes one file of many hours although they take turns", async () => {
  const hours = Array.from({ length: 300 }, (_, i) => new Date(Date.UTC(2026, 10, 1, i % 100)).toISOString());
  const { files, text } = await converted([segment("tcplife", ...hours.map((time) => ({ ...life, time })))], {
    to: "csv",
    output: "{}",
    partition: true,
  });
  const rows = Array.from(files.keys(), (path) => text(path).trimEnd().split("\r\n").length - 1);
  assert.deepEqual(rows, Array.from({ length: 100 }, () => 3));
});

Deno.test("convert tells of values that a column cannot hold, and of counts in a file of their own", async () => {
  const count = {
    time: life.time,
    tool: "tcpdrop",
    reason: "NO_SOCKET",
    reason_code: 3,
    function: "f",
    drops: 2 ** 60,
  };
  const { files, warnings } = await converted([segment("tcpdrop", count)], { to: "parquet", output: "{}" });
  assert.deepEqual(Array.from(files.keys()), ["tcpdrop.parquet", "tcpdrop_count.parquet"]);
  assert.deepEqual(warnings, ["1 value does not fit the type of the column: null stands there"]);
});
