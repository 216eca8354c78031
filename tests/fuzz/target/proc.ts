import assert from "node:assert/strict";
import { diagnose, report } from "../../../src/doctor.ts";
import { isAdmin, machineObstacle, missingCapabilities } from "../../../src/obstacle.ts";
import { tools } from "../../../tools/mod.ts";
import { newKernel, newRing } from "../../unit/fake_kernel.ts";
import { assertHarmless, sentenceOr } from "../property.ts";
import { type Target, utf8 } from "../target.ts";

const all = await Promise.all(Object.values(tools).map(async (load) => (await load()).default));
const build = { version: "0", commit: "0", libbpf: "1", clang: "1", runtime: "deno" } as const;

/** Files of /proc and /sys, whatever of them is read. */
export const target: Target = {
  name: "proc",
  round: 500,
  seeds: [
    utf8("Name:\tx\nCapEff:\t000001ffffffffff\nSeccomp:\t0\n"),
    utf8("none integrity [confidentiality]\n"),
    utf8("0-3,5\n"),
    utf8("0.10 0.20 0.30 1/234 5678\n"),
    utf8("x86_64\n"),
  ],
  async run(bytes) {
    const text = new TextDecoder().decode(bytes);
    const readText = (path: string) => path === "/proc/sys/kernel/arch" ? "x86_64\n" : text;
    const kernel = { ...newKernel(newRing(4096)), readText, readBytes: () => bytes };
    isAdmin(text);
    missingCapabilities(text);
    machineObstacle({ ...kernel, readText: () => text });
    for (const seen of [kernel, { ...kernel, readText: () => text }]) {
      const diagnosis = await sentenceOr(() => diagnose(all, seen, build));
      assert.ok(diagnosis !== undefined, "doctor has an answer");
      assertHarmless(report(diagnosis), "\n");
    }
    for (const tool of all) await sentenceOr(() => tool.learn?.(kernel, () => {}, new Map([["cpu", 3]])));
  },
};
