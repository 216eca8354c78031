// nettrace as a user who has some of root's capabilities, and what its threads have left of them.
import { binary } from "./nettrace.ts";

const NUMBERS: Record<string, number> = {
  CAP_DAC_OVERRIDE: 1,
  CAP_FOWNER: 3,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
};

/** A user that owns nothing, and the executable where that user can reach it. */
export interface User extends Disposable {
  /** The words that run it with these capabilities only. */
  as(capabilities: readonly string[]): string[];
}

/** nobody; NETTRACE may be in a directory that only root may enter. */
export function newUser(): User {
  const directory = Deno.makeTempDirSync({ prefix: "nettrace-user-" });
  Deno.chmodSync(directory, 0o755);
  Deno.copyFileSync(binary, `${directory}/nettrace`);
  Deno.chmodSync(`${directory}/nettrace`, 0o755);
  return {
    as(capabilities) {
      const set = ["-all", ...capabilities.map((name) => `+${name.slice(4).toLowerCase()}`)].join();
      const user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
      return ["setpriv", ...user, `--inh-caps=${set}`, `--ambient-caps=${set}`, `${directory}/nettrace`];
    },
    [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }),
  };
}

/** What a process may still do: its threads' sets, each with all its values. */
export interface Rights {
  threads: number;
  /** Names of the capabilities, or numbers of those without one here. */
  effective: string[];
  permitted: string[];
  inheritable: string[];
  ambient: string[];
  bounding: string[];
  /** True if each thread has no_new_privs. */
  noNewPrivileges: boolean;
}

/** What all threads of a process may do, together. */
export function rightsOf(pid: number): Rights {
  const statuses = Array.from(Deno.readDirSync(`/proc/${pid}/task`)).flatMap(({ name }) => {
    try {
      return Deno.readTextFileSync(`/proc/${pid}/task/${name}/status`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return []; // a thread that has just ended
      throw error;
    }
  });
  statuses.push(Deno.readTextFileSync(`/proc/${pid}/status`));
  const set = (name: string) => {
    const bits = statuses.reduce(
      (all, text) => all | BigInt(`0x${new RegExp(`^${name}:\t(\\w+)$`, "m").exec(text)?.[1]}`),
      0n,
    );
    const numbers = Array.from({ length: 64 }, (_, n) => n).filter((n) => bits >> BigInt(n) & 1n);
    return numbers.map((n) => Object.keys(NUMBERS).find((name) => NUMBERS[name] === n) ?? String(n));
  };
  return {
    threads: statuses.length - 1,
    effective: set("CapEff"),
    permitted: set("CapPrm"),
    inheritable: set("CapInh"),
    ambient: set("CapAmb"),
    bounding: set("CapBnd"),
    noNewPrivileges: statuses.every((text) => /^NoNewPrivs:\t1$/m.test(text)),
  };
}
