import { deepStrictEqual, strictEqual } from "node:assert";
import { type Exclusion, judge } from "./judge.ts";
import type { Doctor, Results, Run } from "./result.ts";

const job = { suite: "tcpaccept" };
const nettrace = { commit: "abc" };
const usable: Doctor = {
  nettrace,
  obstacle: null,
  tools: [{ name: "tcpaccept", plans: [{ name: "fexit", usable: true }], plan: "fexit" }],
};
const unusable: Doctor = {
  nettrace,
  obstacle: null,
  tools: [{ name: "tcpaccept", plans: [{ name: "fexit", usable: false, reason: "no BTF" }] }],
};
const excluded: Exclusion = { kernel: "5.10", tool: "tcpaccept", plan: "fexit", reason: "has no fexit" };

const passed = '<testcase name="works" time="0"></testcase>';
const ignored = '<testcase name="tcpaccept (fexit) shows io_uring" time="0"><skipped/></testcase>';
const failed = '<testcase name="counts" time="0"><failure message="3 != 5">x</failure></testcase>';

function fexit(junit: string, ended: Run["ended"] = 0): Results {
  return { doctor: usable, runs: [{ plan: "fexit", ended, spent_s: 1, junit }] };
}

function failures(results: Results, exclusions: Exclusion[] = []): readonly string[] {
  return judge("5.10", job, results, exclusions).failures;
}

Deno.test("judge accepts a usable plan whose tests pass, and an excluded plan that is unusable", () => {
  deepStrictEqual(failures(fexit(passed)), []);
  deepStrictEqual(failures({ doctor: unusable, runs: [] }, [excluded]), []);
});

Deno.test("judge marks the plan that a tool takes by itself", () => {
  strictEqual(judge("5.10", job, fexit(passed), []).rows[0]?.preferred, true);
});

Deno.test("judge rejects an unusable plan that is not excluded on this kernel", () => {
  const wanted = ["5.10 tcpaccept fexit: not usable, and not excluded: no BTF"];
  deepStrictEqual(failures({ doctor: unusable, runs: [] }), wanted);
  deepStrictEqual(failures({ doctor: unusable, runs: [] }, [{ ...excluded, kernel: "6.1" }]), wanted);
});

Deno.test("judge rejects an excluded plan that is usable, and an exclusion of no plan", () => {
  deepStrictEqual(failures(fexit(passed), [excluded]), [
    "5.10 tcpaccept fexit: excluded (has no fexit), but usable: mend expected.json.",
  ]);
  deepStrictEqual(failures(fexit(passed), [{ ...excluded, plan: "fexti" }]), [
    "5.10 tcpaccept: there is no plan fexti to exclude: mend expected.json.",
  ]);
});

Deno.test("judge rejects ignored tests that are not excluded, and excluded tests that ran", () => {
  const test = "tcpaccept shows io_uring";
  const { plan: _, ...every_plan } = { ...excluded, test };
  deepStrictEqual(failures(fexit(passed + ignored), [every_plan]), []);
  const exclusion = { ...excluded, test };
  deepStrictEqual(failures(fexit(passed + ignored), [exclusion]), []);
  deepStrictEqual(failures(fexit(passed + ignored)), [
    '5.10 tcpaccept fexit: "tcpaccept shows io_uring" was ignored, and is not excluded.',
  ]);
  deepStrictEqual(failures(fexit(passed), [exclusion]), [
    '5.10 tcpaccept fexit: "tcpaccept shows io_uring" is excluded, but was not ignored: mend expected.json.',
  ]);
});

Deno.test("judge rejects every way of not having passed", () => {
  deepStrictEqual(failures(fexit(passed + failed, 1)), ['5.10 tcpaccept fexit: "counts" failed: 3 != 5']);
  deepStrictEqual(failures(fexit(passed, 1)), ["5.10 tcpaccept fexit: deno test ended with 1."]);
  deepStrictEqual(failures(fexit("", "timeout")), ["5.10 tcpaccept fexit: the tests did not end in time."]);
  deepStrictEqual(failures(fexit("")), ["5.10 tcpaccept fexit: no test passed."]);
  deepStrictEqual(failures({ doctor: usable, runs: [] }), ["5.10 tcpaccept fexit: the guest did not run it."]);
  deepStrictEqual(failures({ runs: [], doctor_error: "no root" }), ["5.10: nettrace doctor --json failed: no root"]);
});

Deno.test("judge rejects a choice of plans that leaves nothing to test", () => {
  deepStrictEqual(judge("5.10", { ...job, plans: ["fexti"] }, fexit(passed), []).failures, [
    "5.10 tcpaccept: nothing was tested.",
  ]);
});

Deno.test("judge takes tests that are no tool's without a plan", () => {
  const run: Run = { ended: 0, spent_s: 1, junit: passed };
  const { rows, failures } = judge("5.10", { suite: "doctor" }, { doctor: usable, runs: [run] }, []);
  deepStrictEqual(failures, []);
  deepStrictEqual(rows, [{ suite: "doctor", cases: [{ title: "works", outcome: "passed" }], preferred: false }]);
});
