import { ok, strictEqual } from "node:assert";
import type { Row } from "./judge.ts";
import type { Kept } from "./kept.ts";
import { document, outcome } from "./matrix.ts";

const row: Row = {
  suite: "tcpaccept",
  plan: "fexit",
  preferred: true,
  cases: [{ title: "a", outcome: "passed" }],
};
const machine = {
  name: "no-btf",
  what: "no BTF",
  kernel: "7.2",
  suites: ["every"],
  unusable: { "it is off": ["tcplife fexit"] },
};
const kernel = { label: "5.10", suite: "bullseye-security", packages: [] };

Deno.test("outcome counts what there is, and gives an exclusion's reason", () => {
  strictEqual(outcome(row), "1 passed");
  strictEqual(outcome({ ...row, cases: [...row.cases, { title: "b", outcome: "ignored" }] }), "1 passed, 1 ignored");
  strictEqual(outcome({ ...row, cases: [{ title: "b", outcome: "failed" }] }), "0 passed, 1 failed");
  strictEqual(outcome({ ...row, cases: [], excluded: "no fexit" }), "excluded: no fexit");
});

Deno.test("document has a table per tool with a line per kernel and a column per plan", () => {
  const kept: Kept = {
    label: "5.10",
    suite: "tcpaccept",
    release: "5.10.0-46",
    version: "5.10.262-1",
    commit: "abc",
    outcomes: [
      { plan: "fexit", preferred: true, outcome: "1 passed" },
      { plan: "kprobe", preferred: false, outcome: "excluded: no kprobes" },
    ],
  };
  const other: Kept = { ...kept, label: "6.1", release: "6.1.0-56", outcomes: kept.outcomes.slice(0, 1) };
  const every: Kept = {
    ...kept,
    label: "no-btf",
    suite: "every",
    outcomes: [{ preferred: false, outcome: "1 passed" }],
  };
  const kernels = [kernel, { ...kernel, label: "6.1" }];
  const text = document(kernels, [machine], [kept, other, every]);
  ok(text.includes("| 5.10 | 5.10.0-46 | 5.10.262-1 | bullseye-security |\n"));
  ok(text.includes(`## tcpaccept

| kernel | fexit | kprobe | commit |
| --- | --- | --- | --- |
| 5.10 | **1 passed** | excluded: no kprobes | abc |
| 6.1 | **1 passed** |  | abc |
`));
  ok(text.includes("| no-btf | no BTF | 7.2 | every: 1 passed | abc |\n"));
  ok(text.includes('Unusable on no-btf, as "it is off": tcplife fexit.'));
  const without = document(kernels, [machine], [other]);
  ok(without.includes("| 5.10 |  | not run |\n"));
  ok(without.includes("| no-btf | no BTF | 7.2 | not run |  |\n"));
});
