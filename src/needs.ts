import { LOCKED_NEED, type Need, PERF_NEED, TRACEFS_NEED, TRACING } from "./capability.ts";
import { allOptions, spelled } from "./cli.ts";
import type { Plan, Tool } from "./tool.ts";

/** A need, and what of the command line has it: nothing if every run of the tool does. */
export interface Declared extends Need {
  readonly by?: readonly string[];
}

/** All that a tool may need; nothing else in it asks for more. */
export function declaredNeeds(tool: Tool): Declared[] {
  const byOptions = Object.entries(allOptions(tool)).flatMap(([name, option]) =>
    (option.capabilities ?? []).map((need) => [spelled(name, option), need] as const)
  );
  const byPlans = tool.plans.flatMap((plan) => [
    ...readsTracefs(plan, tool) ? [[`--plan ${plan.name}`, TRACEFS_NEED] as const] : [],
    ...opensPerfEvents(plan, tool) ? [[`--plan ${plan.name}`, PERF_NEED] as const] : [],
  ]);
  const together = new Map<string, { need: Need; by: string[] }>();
  for (const [by, need] of [...byOptions, ...byPlans]) {
    const key = JSON.stringify(Object.entries(need).sort());
    const known = together.get(key);
    if (known) known.by.push(by);
    else together.set(key, { need, by: [by] });
  }
  const conditional = Array.from(together.values(), ({ need, by }) => ({ ...need, by }));
  return [...TRACING, LOCKED_NEED, ...tool.capabilities ?? [], ...conditional];
}

/** What a run of a tool with these options may need. */
export function needsOf(tool: Tool, given: ReadonlyMap<string, unknown>): Need[] {
  const options = Object.entries(allOptions(tool)).filter(([name]) => given.has(name));
  return [
    ...TRACING,
    ...tool.capabilities ?? [],
    ...options.flatMap(([, { capabilities }]) => capabilities ?? []),
  ];
}

/** What a capability is for, in a sentence. */
export function needText({ what, by, unless }: Declared): string {
  const text = `${by === undefined ? what : `with ${by.join(" or ")}, ${what}`}${
    unless === undefined ? "" : `; not where ${unless}`
  }.`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What is kept once tracing has begun, for people. */
export function keptText(needs: readonly Declared[]): string {
  const kept = needs.filter(({ later }) => later).map(({ capability, by }) =>
    `${capability} with ${by?.join(" or ")}, and `
  );
  return "Once it traces, nettrace gives up all of them on all of its threads and sets no_new_privs. What it keeps is " +
    `${kept.join("")}CAP_BPF on kernels before 5.19, or where kernel.unprivileged_bpf_disabled is 0.`;
}

/** True if attaching the plan's programs reads files of tracefs. */
export function readsTracefs(plan: Plan, tool: Pick<Tool, "layout">): boolean {
  return hooksInto(plan, tool, ["tracepoint/"]);
}

/** True if attaching the plan's programs opens perf events (libbpf: perf_event_open_probe, perf_event_open_tracepoint). */
function opensPerfEvents(plan: Plan, tool: Pick<Tool, "layout">): boolean {
  return hooksInto(plan, tool, ["tracepoint/", "kprobe/", "kretprobe/"]);
}

function hooksInto(plan: Plan, { layout }: Pick<Tool, "layout">, kinds: readonly string[]): boolean {
  return plan.programs.some((program) => kinds.some((kind) => layout.programs[program]?.startsWith(kind)));
}
