// What is measured: nettrace's tcpaccept, and the C program that does the same with the same object.
import layout from "../../bpf/tcpaccept.gen.ts";
import { openLibc } from "../../ffi/libc.ts";
import { toRun } from "../../src/cli.ts";
import type { Plan } from "../../src/tool.ts";
import tcpaccept from "../../tools/tcpaccept.ts";
import { plans } from "../live/nettrace.ts";

const root = new URL("../../", import.meta.url).pathname;

/** A file that make has made, by its name in out/. */
export function made(name: string): string {
  return `${root}out/${name}`;
}

export const nettrace = `${root}nettrace`;
export const LOST_OFFSET = layout.bss.lost_ring_full.offset;
export const RING_BYTES = toRun(tcpaccept, new Map()).buffer_bytes;

/** The plans of tcpaccept that work on this kernel, the best first; tracefs need not be mounted for that. */
export async function usablePlans(): Promise<Plan[]> {
  const names = await plans("tcpaccept");
  return tcpaccept.plans.filter((plan) => names.includes(plan.name));
}

/** The command line of nettrace with this plan. */
export function nettraceWith(plan: Plan, ...options: string[]): string[] {
  return [nettrace, "tcpaccept", "--plan", plan.name, ...options];
}

/** The command line of the C program that attaches the same programs. */
export function readerWith(plan: Plan): string[] {
  const optional = (plan.optional ?? []).map((program) => `?${program}`);
  return [
    made("bench-reader"),
    made("tcpaccept.bpf.o"),
    `${RING_BYTES}`,
    `${LOST_OFFSET}`,
    ...plan.programs,
    ...optional,
  ];
}

const TRACEFS = "/sys/kernel/tracing";

/** The same command, with tracefs in a mount namespace of its own after `first` was run there. */
export function withTracefs(command: readonly string[], first = "true"): string[] {
  const script = `[ -e ${TRACEFS}/events ] || mount -t tracefs tracefs ${TRACEFS}; ${first}; exec "$@"`;
  return ["unshare", "--mount", "sh", "-c", script, "sh", ...command];
}

/** A tracer at work, its output in a file. Disposing of it ends it, if it has not been stopped. */
export interface Tracing extends AsyncDisposable {
  readonly pid: number;
  /** CPU time of all its threads so far. */
  cpu_ns(): number;
  /** Ends it, and gives how many rows it printed under its heading, and how many events it says it lost. */
  stop(): Promise<{ rows: number; lost: number }>;
}

/**
 * Runs a tracer with its output in a file in memory, and returns once it traces: once it has printed its heading, or by
 * what `traces` tells of its process. Throws what it says if it ends before that.
 */
export async function trace(command: readonly string[], traces?: (pid: number) => boolean): Promise<Tracing> {
  const file = await Deno.makeTempFile({ dir: "/dev/shm" });
  const [program = "", ...args] = withTracefs(command, `exec >${file}`);
  const child = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "piped" }).spawn();
  const said = new Response(child.stderr).text();
  let ended = false;
  child.status.then(() => ended = true);
  const begun = () => {
    try {
      return traces ? traces(child.pid) : Deno.statSync(file).size > 0;
    } catch {
      return false; // it has just ended
    }
  };
  while (!begun()) {
    if (ended) {
      await Deno.remove(file);
      throw new Error(`${command.join(" ")}: ${await said}`);
    }
    await new Promise((done) => setTimeout(done, 2)); // the interval of a bounded poll
  }
  return {
    pid: child.pid,
    cpu_ns() {
      if (ended) throw new Error(`${command.join(" ")} ended by itself`);
      return cpu_ns(child.pid);
    },
    async stop() {
      child.kill("SIGINT");
      await child.status;
      const printed = await Deno.readFile(file);
      const rows = printed.reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), -1);
      const losses = (await said).matchAll(/lost (\d+) event/g); // twins have a line for each CPU and time
      return { rows, lost: losses.reduce((sum, [, n]) => sum + Number(n), 0) };
    },
    async [Symbol.asyncDispose]() {
      if (!ended) child.kill("SIGKILL");
      await child.status;
      await Deno.remove(file);
    },
  };
}

const libc = openLibc();

/** CPU time of a process, of its threads that have ended too. */
function cpu_ns(pid: number): number {
  const time = new BigInt64Array(2); // struct timespec
  const clock = (~pid << 3) | 2; // MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED), include/linux/posix-timers_types.h
  if (libc.clock_gettime(clock, time) !== 0) throw new Error(`process ${pid} has no CPU clock`);
  return Number(time[0]) * 1e9 + Number(time[1]);
}
