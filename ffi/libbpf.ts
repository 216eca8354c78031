import { SystemError } from "./error.ts";
import { bind, type Bound, type Libc } from "./libc.ts";
import { loadFromMemory } from "./memory_library.ts";

const FUNCTIONS = {
  libbpf_major_version: { parameters: [], result: "u32" },
  libbpf_minor_version: { parameters: [], result: "u32" },
  libbpf_set_print: { parameters: ["function"], result: "pointer" },
  libbpf_get_error: { parameters: ["pointer"], result: "i64" },
  bpf_object__open_mem: { parameters: ["buffer", "usize", "buffer"], result: "pointer" },
  bpf_object__load: { parameters: ["pointer"], result: "i32" },
  bpf_object__close: { parameters: ["pointer"], result: "void" },
  bpf_object__find_map_by_name: { parameters: ["pointer", "buffer"], result: "pointer" },
  bpf_object__find_program_by_name: { parameters: ["pointer", "buffer"], result: "pointer" },
  bpf_program__set_autoload: { parameters: ["pointer", "bool"], result: "i32" },
  bpf_program__set_attach_target: { parameters: ["pointer", "i32", "buffer"], result: "i32" },
  bpf_program__attach: { parameters: ["pointer"], result: "pointer" },
  bpf_program__fd: { parameters: ["pointer"], result: "i32" },
  bpf_map__fd: { parameters: ["pointer"], result: "i32" },
  bpf_map__initial_value: { parameters: ["pointer", "buffer"], result: "pointer" },
  bpf_map__reuse_fd: { parameters: ["pointer", "i32"], result: "i32" },
  bpf_map__set_max_entries: { parameters: ["pointer", "u32"], result: "i32" },
  bpf_map__set_map_flags: { parameters: ["pointer", "u32"], result: "i32" },
  bpf_map__key_size: { parameters: ["pointer"], result: "u32" },
  bpf_map__value_size: { parameters: ["pointer"], result: "u32" },
  bpf_map__type: { parameters: ["pointer"], result: "u32" },
  bpf_map__max_entries: { parameters: ["pointer"], result: "u32" },
  bpf_map__get_next_key: { parameters: ["pointer", "buffer", "buffer", "usize"], result: "i32" },
  bpf_map__lookup_elem: { parameters: ["pointer", "buffer", "usize", "buffer", "usize", "u64"], result: "i32" },
  bpf_map__update_elem: { parameters: ["pointer", "buffer", "usize", "buffer", "usize", "u64"], result: "i32" },
  bpf_map__delete_elem: { parameters: ["pointer", "buffer", "usize", "u64"], result: "i32" },
  bpf_map_lookup_elem: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  bpf_map_update_elem: { parameters: ["i32", "buffer", "buffer", "u64"], result: "i32" },
  bpf_map_lookup_and_delete_batch: {
    parameters: ["i32", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer"],
    result: "i32",
  },
  libbpf_num_possible_cpus: { parameters: [], result: "i32" },
  bpf_program__attach_iter: { parameters: ["pointer", "buffer"], result: "pointer" },
  bpf_iter_create: { parameters: ["i32"], result: "i32" },
  bpf_link__fd: { parameters: ["pointer"], result: "i32" },
  bpf_link__destroy: { parameters: ["pointer"], result: "i32" },
  bpf_obj_get: { parameters: ["buffer"], result: "i32" },
  bpf_obj_get_info_by_fd: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
} as const satisfies Record<string, Deno.ForeignFunction>;

/** libbpf's functions, with its two kinds of result checked. */
export interface Libbpf extends Bound<typeof FUNCTIONS> {
  readonly origin: "given" | "system" | "embedded";
  readonly version: string;
  /** Passes a pointer on; throws SystemError for NULL. */
  pointer(call: string, result: Deno.PointerValue): Deno.PointerObject;
  /** Passes a number on; throws SystemError for a negative one, which is -errno. */
  number(call: string, result: number): number;
}

/** Which libbpf to open: `path` if given, else the system's from minor version 1.`oldestMinor` on, else the embedded. */
export interface LibbpfChoice {
  path: string | undefined;
  oldestMinor: number;
  embedded: () => Uint8Array<ArrayBuffer>;
}

/**
 * Opens libbpf. Its messages are kept for errors; with `debug` all of them are also passed to it as they come. Throws
 * SystemError.
 */
export function openLibbpf(
  libc: Libc,
  from: LibbpfChoice & { debug?: (message: string) => void },
): Libbpf {
  const { origin, library } = find(libc, from);
  const functions = bind(FUNCTIONS, libc.symbolOf(library));
  const version = versionOf(functions);
  let log = "";
  const text = new Uint8Array(16384);
  const print = new Deno.UnsafeCallback(
    { parameters: ["u32", "pointer", "pointer"], result: "i32" },
    (level, format, args) => {
      if (level > 0 && !from.debug) return 0; // 0 is LIBBPF_WARN
      // A va_list argument is a pointer in both ABIs: an array that decays (x86-64), a struct by reference (AAPCS64).
      const length = libc.vsnprintf(text, BigInt(text.length), format, args);
      const message = new TextDecoder().decode(text.subarray(0, Math.min(length, text.length - 1)));
      if (level === 0) log += message;
      from.debug?.(message);
      return 0;
    },
  );
  functions.libbpf_set_print(print.pointer);
  const fail = (call: string, errno: number): never => {
    const error = new SystemError(call, errno, log);
    log = "";
    throw error;
  };
  return {
    ...functions,
    origin,
    version: `${version.major}.${version.minor}`,
    pointer: (call, result) => result ?? fail(call, -Number(functions.libbpf_get_error(null))),
    number: (call, result) => result < 0 ? fail(call, -result) : result,
  };
}

function versionOf(functions: Pick<Bound<typeof FUNCTIONS>, "libbpf_major_version" | "libbpf_minor_version">) {
  return { major: functions.libbpf_major_version(), minor: functions.libbpf_minor_version() };
}

function find(
  libc: Libc,
  from: LibbpfChoice,
): { origin: Libbpf["origin"]; library: Deno.PointerObject } {
  const newEnough = (library: Deno.PointerObject): boolean => {
    try {
      const symbol = libc.symbolOf(library);
      const { libbpf_major_version, libbpf_minor_version } = FUNCTIONS;
      const { major, minor } = versionOf(bind({ libbpf_major_version, libbpf_minor_version }, symbol));
      return major > 1 || (major === 1 && minor >= from.oldestMinor);
    } catch {
      return false; // before 0.6 there was no way to ask
    }
  };
  if (from.path !== undefined) {
    const library = libc.load(from.path);
    if (!newEnough(library)) {
      throw new SystemError(`dlopen ${from.path}`, 0, `older than libbpf 1.${from.oldestMinor}, or not libbpf`);
    }
    return { origin: "given", library };
  }
  try {
    const library = libc.load("libbpf.so.1");
    if (newEnough(library)) return { origin: "system", library };
  } catch {
    // There is none, or it cannot be loaded: the embedded copy serves.
  }
  return { origin: "embedded", library: loadFromMemory(libc, "libbpf.so", from.embedded()) };
}
