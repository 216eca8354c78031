import type { Target } from "./target.ts";

/** All that is fuzzed. */
export const targets: readonly (() => Promise<Target>)[] = [
  async () => (await import("./target/dns.ts")).target,
  async () => (await import("./target/btf.ts")).target,
  async () => (await import("./target/elf.ts")).target,
  async () => (await import("./target/kallsyms.ts")).target,
  async () => (await import("./target/cgroup.ts")).target,
  async () => (await import("./target/proc.ts")).target,
  async () => (await import("./target/event.ts")).target,
  async () => (await import("./target/argv.ts")).target,
  async () => (await import("./target/frame.ts")).target,
  async () => (await import("./target/recording.ts")).target,
];
