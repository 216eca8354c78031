import { deepStrictEqual, strictEqual } from "node:assert";
import { compare, type Fact, faults, median_apart_ms, referee, type Terms } from "./compare.ts";

const terms: Terms = { identity: ["port"], compared: ["pid"], measured_ms: "ms" };
const of = (port: string, pid: string, ms = "1"): Fact => ({ port, pid, ms });

Deno.test("events are equal in any order, each as often as it is there", () => {
  deepStrictEqual(compare([of("1", "7"), of("2", "8")], [of("2", "8"), of("1", "7")], terms), {
    equal: 2,
    different: [],
  });
  const once = compare([of("1", "7"), of("1", "7")], [of("1", "7")], terms);
  deepStrictEqual(once, { equal: 1, different: [[{ field: "missing", ours: of("1", "7") }]] });
});

Deno.test("an event that both show differs in fields, one that one shows is missing or extra", () => {
  const { equal, different } = compare([of("1", "7"), of("2", "7")], [of("1", "9"), of("3", "7")], terms);
  strictEqual(equal, 0);
  deepStrictEqual(different.flat().map(({ field }) => field), ["pid", "missing", "extra"]);
});

Deno.test("an equal event is not paired with one that differs", () => {
  const { equal, different } = compare([of("1", "8"), of("1", "7")], [of("1", "7")], terms);
  strictEqual(equal, 1);
  deepStrictEqual(different.flat(), [{ field: "missing", ours: of("1", "8") }]);
});

Deno.test("an event that the twin is known to miss is not paired with one that it shows", () => {
  const known = of("1", "7"), shown = of("1", "8");
  const { different } = compare([known, shown], [of("1", "9")], terms, (fact) => fact === known);
  deepStrictEqual(different.flat().map(({ field, ours }) => [field, ours]), [["pid", shown], ["missing", known]]);
});

Deno.test("the referee is for nettrace only if the traffic did what it says, and not what its twin says", () => {
  const pid = { field: "pid", ours: of("1", "7"), theirs: of("1", "9") };
  strictEqual(referee(pid, { facts: [{ port: "1", pid: "7" }] }, terms), "ours");
  strictEqual(referee(pid, { facts: [{ port: "1", pid: "9" }] }, terms), "unknown");
  strictEqual(referee(pid, { facts: [{ port: "1", pid: "7" }, { port: "1", pid: "9" }] }, terms), "unknown");
  strictEqual(referee(pid, { facts: [{ port: "2", pid: "7" }] }, terms), "unknown");
  strictEqual(referee(pid, { facts: [{ port: "1" }] }, terms), "unknown", "it does not know of the field");
  const missing = { field: "missing", ours: of("1", "7") }, extra = { field: "extra", theirs: of("1", "7") };
  strictEqual(referee(missing, { facts: [{ port: "1", pid: "7" }] }, terms), "ours");
  strictEqual(referee(missing, { facts: [{ port: "1", pid: "8" }] }, terms), "unknown");
  strictEqual(referee(extra, { facts: [{ port: "1", pid: "8" }] }, terms), "ours");
  strictEqual(referee(extra, { facts: [{ port: "1", pid: "7" }] }, terms), "unknown");
});

Deno.test("nettrace is at fault for each event too many, too few or wrong", () => {
  const truth = { facts: [{ port: "1", pid: "7" }, { port: "2" }] };
  deepStrictEqual(faults([of("2", "x"), of("1", "7")], truth), []);
  strictEqual(faults([of("1", "7")], truth).length, 1);
  strictEqual(faults([of("1", "7"), of("2", "x"), of("2", "x")], truth).length, 1);
  strictEqual(faults([of("1", "8"), of("2", "x")], truth).length, 3, "wrong, not shown, and too many");
  deepStrictEqual(faults([of("2", "x"), of("2", "y")], { ...truth, count: 2 }), []);
  strictEqual(faults([of("2", "x")], { ...truth, count: 2 }).length, 1);
  deepStrictEqual(faults([of("2", "x")], { ...truth, count: "any" }), []);
  strictEqual(faults([of("3", "x")], { ...truth, count: "any" }).length, 1);
});

Deno.test("how far measured times are apart is the median, which one that is far off does not move", () => {
  const ours = [of("1", "7", "10"), of("2", "7", "10"), of("3", "7", "10")];
  const theirs = [of("1", "7", "10.2"), of("2", "7", "99"), of("3", "7", "10.1")];
  strictEqual(median_apart_ms(ours, theirs, terms).toFixed(1), "0.2");
  strictEqual(median_apart_ms([], theirs, terms), 0);
});
