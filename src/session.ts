import { CGROUP_NAMES_BYTES, isWhole } from "./cgroup.ts";
import { BadInput, CannotRun } from "./failure.ts";
import type { Fill } from "./filter.ts";
import { isCallError, type Kernel, type KernelObject, type Ring } from "./kernel.ts";
import { cgroupObstacle, fatal, machineObstacle, obstacle, reason } from "./obstacle.ts";
import type { Constant } from "./option.ts";
import type { Losses } from "./loss.ts";
import type { Fields } from "./output/row.ts";
import type { Plan, Tool } from "./tool.ts";

/** What a command line asks of the kernel. */
export interface Request {
  /** Values of the programs' constants, by name. */
  constants: Readonly<Record<string, Constant>>;
  /** Programs to attach besides those of the plan. */
  programs: readonly string[];
  /** Iterators to run at the end, each over a map's entries. */
  last: readonly { program: string; map: string }[];
  /** What goes into maps of the object. */
  fills: readonly Fill[];
  /** Pinned maps that take the place of the object's. */
  pinned: readonly { map: string; path: string; keySize: number }[];
  /** The only plan to use, if one was asked for. */
  plan: string | undefined;
  buffer_bytes: number;
  /** How many sockets something is to be kept of; undefined for as many as this kernel has room for cheaply. */
  sockets?: number | undefined;
  /** True if events are to be counted in the map `counts`. */
  counting?: boolean;
}

/** The programs' variables of 32 bits, live. */
export interface Variables {
  get(name: string): number;
  set(name: string, value: number): void;
}

/** A tool's programs at work. */
export interface Session extends Disposable {
  readonly plan: Plan;
  readonly variables: Variables;
  /** The ring of a tool that sends records. */
  ring(): Ring;
  /** Ends an interval, and gives the entries that were counted into in it, with the time when it ended. */
  take(): { entries: Uint8Array; end_ns: bigint };
  /** Takes a last look if one was asked for, and ends tracing; what is in the ring stays. */
  detach(): void;
  /** Has the kernel send what it has seen in part, as far as it can tell already. */
  sweep(): void;
  /** What was noted of a cgroup (struct cgroup_names in bpf/cgroup.bpf.h); undefined if nothing was. */
  cgroupNames(id: bigint): Uint8Array | undefined;
  /** Makes room for more cgroups: takes what was noted, whole, of those that `isKnown` out of the map. */
  forgetCgroups(isKnown: (id: bigint) => boolean): void;
  /** The entries of `counts`, each as the layout has it. */
  counts(): Uint8Array;
  losses(): Losses;
}

/** What became of a plan that was tried: the reason why it cannot be used, or none. */
export interface Trial {
  plan: Plan;
  reason?: string;
}

/** Loads and attaches the best plan that works here. Throws BadInput for a plan that is none, CannotRun if none works. */
export function openSession(tool: Tool, request: Request, kernel: Kernel): Session {
  const machine = machineObstacle(kernel);
  if (machine !== undefined) throw new CannotRun(machine);
  const cgroups = request.constants["noting_cgroups"] ? cgroupObstacle(kernel) : undefined;
  if (cgroups !== undefined) throw new CannotRun(cgroups);
  const plans = wantedPlans(tool, request.plan);
  kernel.beginToRelinquish(); // they have what it takes to load programs to do it in, and nobody waits for them
  const trials: Trial[] = [];
  for (const plan of plans) {
    const result = tryPlan(tool, plan, request, kernel);
    if ("session" in result) return result.session;
    trials.push({ plan, reason: result.reason });
  }
  const why = trials.map((t) => `${t.plan.name}: ${t.reason}`).join("; ");
  throw new CannotRun(
    request.plan === undefined
      ? `No plan of ${tool.name} works on this kernel (${why}). \`nettrace doctor\` says more.`
      : `The plan ${why}. Leave out --plan to use the best one that works.`,
  );
}

function wantedPlans(tool: Tool, name: string | undefined): readonly Plan[] {
  if (name === undefined) return tool.plans;
  const plan = tool.plans.find((p) => p.name === name || p.aliases?.includes(name));
  if (!plan) {
    throw new BadInput(`${tool.name} has no plan '${name}': type one of ${tool.plans.map((p) => p.name).join(", ")}.`);
  }
  return [plan];
}

/** Tries one plan. Throws CannotRun for what no other plan can mend. */
export function tryPlan(
  tool: Tool,
  plan: Plan,
  request: Request,
  kernel: Kernel,
): { session: Session } | { reason: string } {
  const known = obstacle(plan, tool.layout, kernel);
  if (known !== undefined) return { reason: known };
  using cleanup = new DisposableStack();
  try {
    const object = cleanup.use(kernel.open(tool.object ?? tool.name));
    const optional = prepare(object, tool, plan, request);
    makeRoomForSockets(object, tool, request.sockets, kernel);
    object.load();
    for (const { map, entries } of request.fills) {
      for (const { key, value } of entries) object.put(map, key, value);
    }
    for (const program of [...plan.programs, ...request.programs]) object.attach(program);
    for (const program of optional) ifThere(() => object.attach(program));
    if (plan.seed !== undefined) object.iterate(plan.seed);
    const bss = tool.layout.bss;
    const section = object.bss(sizeOf(bss));
    let active = 0;
    const owner = cleanup.move();
    return {
      session: {
        plan,
        variables: {
          get: (name) => section.getUint32(placeOf(bss, name), true),
          set: (name, value) => section.setUint32(placeOf(bss, name), value, true),
        },
        ring: () => object.ring(request.buffer_bytes),
        take() {
          if (plan.look !== undefined) object.iterate(plan.look);
          const end_ns = kernel.monotonic_ns(), ended = `samples_${active}`;
          active = 1 - active;
          object.exchange("samples", `samples_${active}`);
          return { entries: object.take(ended), end_ns };
        },
        detach() {
          for (const { program, map } of request.last) object.iterate(program, map);
          object.detach();
          if (plan.sweep) object.iterate(plan.sweep.last, plan.sweep.map);
        },
        sweep() {
          if (!plan.sweep) return;
          const { offset } = bss[plan.sweep.size] as Fields[string];
          if (section.getBigUint64(offset, true) > 0n) object.iterate(plan.sweep.often, plan.sweep.map);
        },
        cgroupNames: (id) => object.get("cgroup_names", new Uint8Array(BigUint64Array.of(id).buffer)),
        forgetCgroups(isKnown) {
          const noted = object.entries("cgroup_names");
          for (let at = 0; at < noted.length; at += 8 + CGROUP_NAMES_BYTES) {
            const key = noted.subarray(at, at + 8), id = new DataView(noted.buffer, at).getBigUint64(0, true);
            if (isWhole(noted.subarray(at + 8)) && isKnown(id)) object.remove("cgroup_names", key);
          }
        },
        counts: () => object.entries("counts"),
        losses() {
          const lost: Record<string, number> = {};
          for (const [name, { offset }] of Object.entries(bss)) {
            if (name.startsWith("lost_")) lost[name.slice(5)] = Number(section.getBigUint64(offset, true));
          }
          return { ...lost, missed: object.missed() };
        },
        [Symbol.dispose]: () => owner.dispose(),
      },
    };
  } catch (error) {
    if (!isCallError(error)) throw error;
    const sentence = fatal(error, kernel);
    if (sentence !== undefined) throw new CannotRun(sentence);
    return { reason: reason(error, kernel) };
  }
}

function placeOf(section: Fields, name: string): number {
  const field = section[name];
  if (field?.size !== 4) throw new Error(`the programs have no variable ${name} of 32 bits`);
  return field.offset;
}

function sizeOf(section: Fields): number {
  return Math.max(...Object.values(section).map((f) => f.offset + f.size));
}

/** Processes that --children can follow, what can be told apart when counting, and cgroups whose names are noted. */
const ROOM_FOR_CHILDREN = 4096, ROOM_FOR_COUNTS = 16384, ROOM_FOR_CGROUPS = 2048;

/** Makes the object ready to be loaded. Returns the plan's optional programs that will be. */
function prepare(object: KernelObject, tool: Tool, plan: Plan, request: Request): string[] {
  const optional = (plan.optional ?? []).filter((program) => {
    const target = FUNCTION.exec(tool.layout.programs[program] ?? "")?.[1];
    return target === undefined || ifThere(() => object.aim(program, target));
  });
  const wanted = new Set<string | undefined>([
    ...plan.programs,
    ...request.programs,
    ...optional,
    plan.seed,
    plan.look,
    plan.sweep?.often,
    plan.sweep?.last,
    ...request.last.map((look) => look.program),
  ]);
  for (const program of Object.keys(tool.layout.programs)) object.select(program, wanted.has(program));
  if (tool.layout.event) object.resize("events", request.buffer_bytes);
  if (request.counting) object.resize("counts", ROOM_FOR_COUNTS);
  if (request.constants["noting_cgroups"]) object.resize("cgroup_names", ROOM_FOR_CGROUPS);
  for (const { map, entries, alike = [] } of request.fills) {
    for (const sized of [map, ...alike]) object.resize(sized, entries.length + ROOM_FOR_CHILDREN);
  }
  for (const { map, path, keySize } of request.pinned) usePinned(object, map, path, keySize);
  const rodata = tool.layout.rodata;
  const section = object.rodata(sizeOf(rodata));
  for (const [name, value] of Object.entries(request.constants)) setConstant(section, rodata[name], name, value);
  return optional;
}

/** What allocates as sockets come, and what must have all its memory from the beginning. */
const ROOM_FOR_SOCKETS = 1 << 18, PREALLOCATED_SOCKETS = 1 << 14;

function makeRoomForSockets(object: KernelObject, tool: Tool, wanted: number | undefined, kernel: Kernel): void {
  const maps = tool.layout.perSocket ?? [];
  if (maps.length === 0) return;
  const allocates = kernel.programsAllocate();
  for (const map of maps) {
    object.resize(map, wanted ?? (allocates ? ROOM_FOR_SOCKETS : PREALLOCATED_SOCKETS));
    if (!allocates) object.preallocate(map);
  }
}

function setConstant(
  section: DataView,
  field: { offset: number; size: number } | undefined,
  name: string,
  value: Constant,
) {
  if (!field) throw new Error(`the program has no constant ${name}`);
  if (value instanceof Uint8Array) {
    new Uint8Array(section.buffer, section.byteOffset + field.offset, field.size).set(value);
  } else if (field.size === 1) section.setUint8(field.offset, Number(value));
  else if (field.size === 2) section.setUint16(field.offset, Number(value), true);
  else if (field.size === 4) section.setUint32(field.offset, Number(value), true);
  else section.setBigUint64(field.offset, BigInt(value), true);
}

function usePinned(object: KernelObject, map: string, path: string, keySize: number): void {
  try {
    object.usePinned(map, path, keySize);
  } catch (error) {
    if (!isCallError(error)) throw error;
    throw new CannotRun(
      error.errno === EACCES
        ? `This user may not open the map pinned at ${path}: run nettrace as root, or with CAP_DAC_OVERRIDE.`
        : error.errno === 0
        ? `What is pinned at ${path} is ${error.log}: nettrace needs one, as \`bpftool map create\` makes it.`
        : `No BPF map is pinned at ${path} that nettrace may open: make one with ` +
          `\`bpftool map create ${path} type hash key ${keySize} value 8 entries 1024 name ${map}\`.`,
    );
  }
}

const ENOENT = 2, ESRCH = 3, EACCES = 13;

/** The section of a program whose function must be there for the object to load; its group is that function. */
const FUNCTION = /^f(?:entry|exit)\/(.+)$/;

/** False if the kernel lacks what `use` hooks. */
function ifThere(use: () => void): boolean {
  try {
    use();
    return true;
  } catch (error) {
    if (!isCallError(error) || (error.errno !== ENOENT && error.errno !== ESRCH)) throw error;
    return false;
  }
}
