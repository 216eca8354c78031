import { CannotRun } from "./failure.ts";
import { isCallError, type Kernel } from "./kernel.ts";
import { isCapable, sparedOf } from "./capability.ts";
import { declaredNeeds } from "./needs.ts";
import { machineObstacle, missingCapabilities, TRACEFS, tracefsMount } from "./obstacle.ts";
import { harmless } from "./output/text.ts";
import { type Request, tryPlan } from "./session.ts";
import type { Tool } from "./tool.ts";
import type { Build } from "./version.ts";

/** What a machine allows, as `doctor --json` prints it. */
export interface Diagnosis {
  nettrace: Build & { deno: string };
  kernel: { release: string; machine: string };
  btf: boolean;
  libbpf: { version: string; origin: string } | { error: string };
  capabilities: { effective: string; missing: string[] };
  seccomp: boolean;
  /** none, integrity or confidentiality; unknown where securityfs is not mounted. */
  lockdown: string;
  /** Where tracefs is mounted. */
  tracefs: string | null;
  /** True if this user may read it. */
  tracefs_readable: boolean;
  tools: ToolDiagnosis[];
  /** What keeps every tool from running, if anything does. */
  obstacle: string | null;
  /** True if every tool can run. */
  ok: boolean;
}

interface ToolDiagnosis {
  name: string;
  /** The plan it would use; null if none can be. */
  plan: string | null;
  plans: { name: string; usable: boolean; reason?: string }[];
  /** What it needs, in all runs or by an option; `unless` tells where it does not. */
  capabilities: { name: string; for: string; by?: readonly string[]; unless?: string; missing: boolean }[];
}

const NOTHING_ASKED: Request = {
  constants: {},
  fills: [],
  programs: [],
  last: [],
  pinned: [],
  plan: undefined,
  buffer_bytes: 4096,
};

/** Finds out what works by doing it: each plan of each tool is loaded, attached and detached. */
export function diagnose(tools: readonly Tool[], kernel: Kernel, build: Build): Diagnosis {
  const machine = machineObstacle(kernel) ?? null;
  const release = kernel.readText("/proc/sys/kernel/osrelease")?.trim();
  const status = kernel.readText("/proc/self/status") ?? "";
  const here: Here = { kernel, machine, status, spared: sparedOf((path) => kernel.readText(path)) };
  const diagnosed = tools.map((tool) => diagnoseTool(tool, here));
  const readable = TRACEFS.find((path) => kernel.exists(path))?.replace(/\/events$/, "");
  return {
    nettrace: { ...build, deno: Deno.version.deno },
    kernel: { release: release ?? "unknown", machine: Deno.build.arch },
    btf: kernel.exists("/sys/kernel/btf/vmlinux"),
    libbpf: libbpfOf(kernel),
    capabilities: {
      effective: /^CapEff:\s*(\w+)$/m.exec(status)?.[1] ?? "unknown",
      missing: missingCapabilities(status),
    },
    seccomp: /^Seccomp:\s*[12]$/m.test(status),
    lockdown: /\[(\w+)\]/.exec(kernel.readText("/sys/kernel/security/lockdown") ?? "")?.[1] ?? "unknown",
    tracefs: readable ?? tracefsMount(kernel) ?? null,
    tracefs_readable: readable !== undefined,
    tools: diagnosed,
    obstacle: machine,
    ok: diagnosed.every((tool) => tool.plan !== null),
  };
}

function libbpfOf(kernel: Kernel): Diagnosis["libbpf"] {
  try {
    const { version, origin } = kernel.libbpf();
    return { version, origin };
  } catch (error) {
    if (!isCallError(error)) throw error;
    return { error: error.message };
  }
}

/**
 * The constants of a tool whose name is all that is typed; those that are always set where that is not enough for it. They
 * decide which parts of its programs the verifier looks at, and so whether a kernel takes them.
 */
function constantsOf(tool: Tool, kernel: Kernel): Request["constants"] {
  const needs = Object.values(tool.options).some((option) => option.required);
  return { ...!needs && tool.learn?.(kernel, () => {}, new Map()).constants, ...tool.constants };
}

/** What is so for all tools. */
interface Here {
  kernel: Kernel;
  /** What keeps every tool from tracing. */
  machine: string | null;
  /** /proc/self/status */
  status: string;
  /** What declared needs are for that this kernel does not ask for. */
  spared: readonly string[];
}

function diagnoseTool(tool: Tool, { kernel, machine, status, spared }: Here): ToolDiagnosis {
  const plans = tool.plans.map((plan) => {
    const reason = machine ?? reasonAgainst(tool, plan, kernel);
    return reason === undefined ? { name: plan.name, usable: true } : { name: plan.name, usable: false, reason };
  });
  const needs = declaredNeeds(tool).filter(({ what }) => !spared.includes(what));
  const capabilities = needs.map(({ capability, what, by, unless }) => ({
    name: capability,
    for: what,
    ...by !== undefined && { by },
    ...unless !== undefined && { unless },
    missing: !isCapable(status, capability),
  }));
  return { name: tool.name, plan: plans.find((p) => p.usable)?.name ?? null, plans, capabilities };
}

function reasonAgainst(tool: Tool, plan: Tool["plans"][number], kernel: Kernel): string | undefined {
  try {
    const result = tryPlan(tool, plan, { ...NOTHING_ASKED, constants: constantsOf(tool, kernel) }, kernel);
    if ("reason" in result) return result.reason;
    result.session[Symbol.dispose]();
    return undefined;
  } catch (error) {
    if (error instanceof CannotRun) return error.message;
    throw error;
  }
}

/** A diagnosis for people. */
export function report(d: Diagnosis): string {
  const rows: [string, string][] = [
    ["nettrace", `${d.nettrace.version} (${d.nettrace.commit}), ${d.nettrace.runtime}, Deno ${d.nettrace.deno}`],
    ["kernel", `${d.kernel.release} ${d.kernel.machine}`],
    ["BTF", d.btf ? "there" : "missing"],
    ["libbpf", "error" in d.libbpf ? d.libbpf.error : `${d.libbpf.version}, ${d.libbpf.origin}`],
    [
      "capabilities",
      d.capabilities.missing.length === 0 ? "enough" : `without ${d.capabilities.missing.join(" and ")}`,
    ],
    ["seccomp", d.seccomp ? "a filter is on" : "no filter"],
    ["lockdown", d.lockdown],
    ["tracefs", tracefsOf(d)],
  ];
  const lines = rows.map(([name, value]) => `${name.padEnd(14)}${value}`);
  if (d.obstacle !== null) lines.push("", d.obstacle);
  for (const tool of d.tools) {
    lines.push("", `${tool.name.padEnd(14)}${tool.plan === null ? "cannot run" : `uses ${tool.plan}`}`);
    for (const plan of tool.plans) lines.push(`  ${plan.name.padEnd(16)}${plan.usable ? "works" : plan.reason}`);
    const missing = tool.capabilities.filter((capability) => capability.missing);
    lines.push(`  ${"takes".padEnd(16)}${listed(tool.capabilities)}`);
    if (missing.length > 0) lines.push(`  ${"lacks".padEnd(16)}${listed(missing)}`);
  }
  return lines.map(harmless).join("\n") + "\n";
}

function tracefsOf({ tracefs, tracefs_readable, lockdown }: Diagnosis): string {
  if (tracefs !== null && tracefs_readable) return tracefs;
  if (lockdown === "confidentiality") return "locked down";
  return tracefs === null ? "not mounted" : `${tracefs}, closed to this user`;
}

/** Capabilities in a line, with what of the command line they are for. */
function listed(capabilities: ToolDiagnosis["capabilities"]): string {
  return capabilities.map(({ name, by }) => by === undefined ? name : `${name} (${by.join(", ")})`).join(", ");
}
