import type { Doctor } from "./result.ts";

/** A machine that differs from the matrix's by more than its kernel, as machines.json declares it. */
export interface Machine {
  readonly name: string;
  /** What is special about it, in words that can follow "Here". */
  readonly what: string;
  /** Label of a kernel of the matrix. */
  readonly kernel: string;
  /** Words of the kernel's command line. */
  readonly append?: string;
  /** 2 when absent. */
  readonly cpus?: number;
  /** As QEMU has it; 2G when absent. */
  readonly memory?: string;
  /** Lines of shell that init runs once /proc, /sys and /dev are there; they may define its functions anew. */
  readonly init?: readonly string[];
  /** Whether large programs are on a disk, and not in the initramfs, which is in memory. */
  readonly disk?: boolean;
  /** The live tests to run there; what they must ignore is in expected.json, under the machine's name. */
  readonly suites: readonly string[];
  /** What keeps every tool from running there, in nettrace's words. */
  readonly obstacle?: string;
  /** Plans that cannot be used there, as "TOOL PLAN", by the reason that nettrace gives. */
  readonly unusable?: Readonly<Record<string, readonly string[]>>;
}

/** All machines, in the order of the document. */
export function machines(): Machine[] {
  return JSON.parse(Deno.readTextFileSync(new URL("machines.json", import.meta.url)));
}

/** A sentence for each thing that the doctor says of `machine` and that is not declared, and the other way round. */
export function disagreements({ name, obstacle, unusable = {} }: Machine, doctor: Doctor): string[] {
  if (obstacle !== undefined || doctor.obstacle !== null) {
    if (obstacle === doctor.obstacle) return [];
    return [`${name}: the doctor says ${doctor.obstacle ?? "that nothing is in the way"}: mend machines.json.`];
  }
  const declared = new Map(Object.entries(unusable).flatMap(([reason, plans]) => plans.map((plan) => [plan, reason])));
  const found = new Map(
    doctor.tools.flatMap((tool) =>
      tool.plans.filter(({ usable }) => !usable).map((plan) => [`${tool.name} ${plan.name}`, plan.reason ?? ""])
    ),
  );
  return [
    ...[...found].filter(([plan, reason]) => declared.get(plan) !== reason)
      .map(([plan, reason]) => `${name}: ${plan} is not usable, and not declared so: ${reason}`),
    ...[...declared.keys()].filter((plan) => !found.has(plan))
      .map((plan) => `${name}: ${plan} is declared unusable, and is usable: mend machines.json.`),
  ];
}
