import { deepStrictEqual, ok } from "node:assert";
import { kernels } from "./kernel.ts";
import { disagreements, type Machine, machines } from "./machine.ts";
import { suites } from "./payload.ts";
import type { Doctor } from "./result.ts";

const machine: Machine = { name: "odd", what: "odd", kernel: "7.2", suites: ["every"] };
const refused = { name: "kprobe", usable: false, reason: "it is off" };
const doctor = (obstacle: string | null): Doctor => ({
  nettrace: { commit: "abc" },
  obstacle,
  tools: [{ name: "tcplife", plans: [{ name: "fexit", usable: true }, refused] }],
});

Deno.test("machines have kernels of the matrix and live tests that there are, and each its own name", () => {
  const all = machines();
  for (const { kernel, suites: wanted } of all) {
    ok(kernels().some(({ label }) => label === kernel), kernel);
    for (const suite of wanted) ok(suites().includes(suite), suite);
  }
  deepStrictEqual(
    new Set([...all, ...kernels().map(({ label }) => ({ name: label }))].map(({ name }) => name)).size,
    all.length + kernels().length,
  );
});

Deno.test("a plan that cannot be used must be declared with its reason, and one that can must not", () => {
  const unusable = { "it is off": ["tcplife kprobe"] };
  deepStrictEqual(disagreements({ ...machine, unusable }, doctor(null)), []);
  deepStrictEqual(disagreements(machine, doctor(null)), [
    "odd: tcplife kprobe is not usable, and not declared so: it is off",
  ]);
  deepStrictEqual(disagreements({ ...machine, unusable: { "it is on": ["tcplife kprobe"] } }, doctor(null)).length, 1);
  deepStrictEqual(
    disagreements({ ...machine, unusable: { "it is off": ["tcplife kprobe", "tcplife fexit"] } }, doctor(null)),
    [
      "odd: tcplife fexit is declared unusable, and is usable: mend machines.json.",
    ],
  );
});

Deno.test("what keeps every tool from running must be declared in the doctor's words", () => {
  deepStrictEqual(disagreements({ ...machine, obstacle: "No." }, doctor("No.")), []);
  deepStrictEqual(disagreements(machine, doctor("No.")), ["odd: the doctor says No.: mend machines.json."]);
  deepStrictEqual(disagreements({ ...machine, obstacle: "No." }, doctor(null)), [
    "odd: the doctor says that nothing is in the way: mend machines.json.",
  ]);
});
