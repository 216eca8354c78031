import { outputOf } from "./responder.ts";
import { nettrace } from "./tracer.ts";
import { withoutTwin } from "./twin.ts";

/** What the numbers depend on: name and value of each fact. */
export async function machine(): Promise<[string, string][]> {
  const cpuinfo = await Deno.readTextFile("/proc/cpuinfo");
  const model = /^model name\s*: (.*)$/m.exec(cpuinfo)?.[1] ?? (await outputOf(["uname", "-m"])).trim();
  const memory = Number(/^MemTotal: +(\d+) kB$/m.exec(await Deno.readTextFile("/proc/meminfo"))?.[1]) / 1024 ** 2;
  const virtual = /^flags.*\bhypervisor\b/m.test(cpuinfo) ? ", in a virtual machine" : "";
  const version = (await outputOf([nettrace, "version"])).trim().split("\n");
  const jit = await Deno.readTextFile("/proc/sys/net/core/bpf_jit_enable").catch(() => "unknown");
  const clang = (await outputOf(["clang", "--version"])).split("\n")[0] ?? "";
  return [
    ["CPU", `${model}, ${navigator.hardwareConcurrency} cores${virtual}`],
    ["memory", `${memory.toFixed(0)} GiB`],
    ["kernel", `${(await outputOf(["uname", "-r", "-m"])).trim()}, BPF JIT ${jit.trim() === "0" ? "off" : "on"}`],
    ["nettrace", version.join("; ")],
    ["libbpf of the C side", await systemLibbpf()],
    ["compiler of the C side", `${clang}, -O2`],
    ["tools without a twin", await withoutTwin()],
    ["date", new Date().toISOString().slice(0, 10)],
  ];
}

async function systemLibbpf(): Promise<string> {
  return (await outputOf(["dpkg-query", "--show", "--showformat=${Version}", "libbpf1"])).trim();
}
