import assert from "node:assert/strict";
import { newKernel, newRing } from "../tests/unit/fake_kernel.ts";
import netqtop from "../tools/netqtop.ts";
import tcpaccept from "../tools/tcpaccept.ts";
import type { CallError, Kernel } from "./kernel.ts";
import { relinquish } from "./privilege.ts";
import type { Tool } from "./tool.ts";

const BPF = 1n << 39n, ADMIN = 1n << 21n, PTRACE = 1n << 19n, OVERRIDE = 1n << 1n;

/** What is kept on a kernel that is so, and what is said. */
function kept(
  { permitted = "000001ffffffffff", disabled = "2", ...overrides }:
    & { permitted?: string; disabled?: string }
    & Partial<Kernel>,
  run: { tool: Tool; given: ReadonlyMap<string, unknown> } = { tool: tcpaccept, given: new Map() },
  others?: () => ["CAP_DAC_OVERRIDE"],
): { kept: bigint | undefined; lines: string[] } {
  let bits: bigint | undefined;
  const lines: string[] = [];
  const files: Record<string, string> = {
    "/proc/self/status": `CapPrm:\t${permitted}\nCapEff:\t${permitted}\n`,
    "/proc/sys/kernel/unprivileged_bpf_disabled": `${disabled}\n`,
  };
  const kernel = newKernel(newRing(4096), {
    readText: (path) => files[path],
    relinquish: (kept) => void (bits = kept),
    ...overrides,
  });
  relinquish([run], kernel, (line) => void lines.push(line), others);
  return { kept: bits, lines };
}

Deno.test("nothing is kept where bpf(2) serves who has objects open", () => {
  assert.deepEqual(kept({}), { kept: 0n, lines: [] });
});

Deno.test("CAP_BPF is kept where bpf(2) asks for it, or may come to do so, or else what stands for it", () => {
  assert.equal(kept({ allowsBpf: () => false }).kept, BPF);
  assert.equal(kept({ disabled: "0" }).kept, BPF);
  assert.equal(kept({ disabled: "1" }).kept, 0n);
  assert.equal(kept({ allowsBpf: () => false, permitted: "0000004000200000" }).kept, ADMIN);
});

Deno.test("what options and the directory need later is kept", () => {
  const run = { tool: netqtop, given: new Map([["netns", { inode: 1 }]]) };
  assert.equal(kept({}, run).kept, ADMIN | PTRACE);
  assert.equal(kept({}, undefined, () => ["CAP_DAC_OVERRIDE"]).kept, OVERRIDE);
});

Deno.test("a kernel that refuses it is told of, and tracing goes on", () => {
  const refuse = () => {
    throw Object.assign(new Error("relinquish: EPERM"), { call: "relinquish", errno: 1, log: "" } satisfies CallError);
  };
  assert.deepEqual(kept({ relinquish: refuse }).lines, [
    "nettrace could not give up the rights that it does not need any more (relinquish: EPERM), and goes on with them.",
  ]);
});
