import { deepStrictEqual, strictEqual } from "node:assert";
import { comparisons } from "./comparison.ts";
import { after, type Kept, kept as all_kept } from "./kept.ts";
import { kernels } from "./kernel.ts";
import { machines } from "./machine.ts";
import { document } from "./matrix.ts";
import { oracle_document } from "./oracle_document.ts";
import { root } from "./payload.ts";
import type { Outcome, Trial } from "./trial.ts";

const kept: Kept = {
  label: "5.10",
  suite: "tcpaccept",
  release: "5.10.0-46",
  version: "5.10.262-1",
  commit: "abc",
  outcomes: [{ plan: "fexit", preferred: true, outcome: "1 passed" }],
};
const unpacked = { dir: "", version: "5.10.263-1" };
const trial = (suite: string) => ({ label: "5.10", job: { suite }, unpacked }) as unknown as Trial;
const outcome: Outcome = {
  release: "5.10.0-47",
  commit: "def",
  rows: [{ suite: "clock", preferred: false, cases: [{ title: "a", outcome: "failed" }] }],
  failures: [],
};

Deno.test("what a trial brought takes the place of what was kept of it, in order", () => {
  const outcomes = [{ preferred: false, outcome: "0 passed, 1 failed" }];
  const clock = { label: "5.10", suite: "clock", release: "5.10.0-47", version: "5.10.263-1", commit: "def", outcomes };
  deepStrictEqual(after([kept], new Map([[trial("clock"), outcome]])), [clock, kept]);
  deepStrictEqual(after([clock, kept], new Map([[trial("clock"), { ...outcome, commit: "fed" }]])), [
    { ...clock, commit: "fed" },
    kept,
  ]);
});

Deno.test("of a trial that brought nothing, nothing is kept", () => {
  deepStrictEqual(after([kept], new Map([[trial("tcpaccept"), { rows: [], failures: ["no result"] }]])), []);
});

Deno.test("of what twins were compared with, nothing is kept here", () => {
  deepStrictEqual(after([kept], new Map([[trial("oracle-tcptop"), outcome]])), [kept]);
});

Deno.test("the documents are what is kept", async () => {
  const read = (name: string) => Deno.readTextFile(`${root}docs/${name}.md`);
  const how = "run: deno run -A tests/vm/run.ts --document";
  strictEqual(await read("kernels"), document(kernels(), machines(), await all_kept()), how);
  strictEqual(await read("oracle"), oracle_document(await comparisons()), how);
});
