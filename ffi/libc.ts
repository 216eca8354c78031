import { SystemError } from "./error.ts";

// Each synchronous symbol of Deno.dlopen is compiled (0.1 ms), so only what runs often, or finds the rest, is here.
const HOT = {
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const LOADER = {
  dlopen: { parameters: ["buffer", "i32"], result: "pointer" },
  dlsym: { parameters: ["pointer", "buffer"], result: "pointer" },
  dlerror: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

const COLD = {
  __errno_location: { parameters: [], result: "pointer" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
  munmap: { parameters: ["pointer", "usize"], result: "i32" },
  malloc_trim: { parameters: ["usize"], result: "i32" },
  mallopt: { parameters: ["i32", "i32"], result: "i32" },
  sysconf: { parameters: ["i32"], result: "i64" },
  syscall: { parameters: ["i64", "i64", "buffer", "u64", "u64"], result: "i64" },
  getauxval: { parameters: ["u64"], result: "u64" },
  vsnprintf: { parameters: ["buffer", "usize", "pointer", "pointer"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "i64" },
  read: { parameters: ["i32", "buffer", "usize"], result: "i64" },
  fcntl: { parameters: ["i32", "i32"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  setns: { parameters: ["i32", "i32"], result: "i32" },
  if_nametoindex: { parameters: ["buffer"], result: "u32" },
  if_indextoname: { parameters: ["u32", "buffer"], result: "pointer" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
} as const satisfies Record<string, Deno.ForeignFunction>;

// <malloc.h>
const M_TRIM_THRESHOLD = -1, M_MMAP_THRESHOLD = -3, M_ARENA_MAX = -8;

/** A table of functions bound by name. */
export type Bound<T extends Record<string, Deno.ForeignFunction>> = {
  readonly [Name in keyof T]: Deno.UnsafeFnPointer<T[Name]>["call"];
};

export type Libc = ReturnType<typeof openLibc>;

/** A zero-terminated string, for C. The caller keeps it alive as long as C may read it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text + "\0");
}

/** Binds functions of a loaded library; 6 us each, and 1 us more a call than a symbol of Deno.dlopen. */
export function bind<const T extends Record<string, Deno.ForeignFunction>>(
  table: T,
  symbol: (name: string) => Deno.PointerObject,
): Bound<T> {
  const entries = Object.entries(table).map(([name, definition]) => {
    const pointer = new Deno.UnsafeFnPointer<Deno.ForeignFunction>(
      symbol(name) as Deno.PointerObject<never>,
      definition,
    );
    return [name, pointer.call.bind(pointer)];
  });
  return Object.fromEntries(entries) as Bound<T>;
}

/**
 * Has libc give the end of its heaps back when it is free, of which it would keep twice the largest block ever freed (2.36,
 * malloc/malloc.c: __libc_free raises the thresholds, for each thread's arena). V8 compiles in threads of its own, and for a
 * hot loop takes some 5 MiB there, with all that is inlined into it. So there is one heap for threads to come, of which
 * blocks below 4 MiB are, and 1 MiB may be free at the end; with 128 KiB each, page faults slow down a replay.
 */
function keepLittle({ mallopt }: Bound<Pick<typeof COLD, "mallopt">>): void {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
}

/** Opens the C library. Throws SystemError where there is none (a system without glibc). */
export function openLibc() {
  let hot, loader;
  try {
    hot = Deno.dlopen("libc.so.6", HOT).symbols;
    // glibc before 2.34 keeps dlopen and dlsym in a library of their own.
    try {
      loader = Deno.dlopen("libc.so.6", LOADER).symbols;
    } catch {
      loader = Deno.dlopen("libdl.so.2", LOADER).symbols;
    }
  } catch {
    throw new SystemError("dlopen libc.so.6", 0, "no GNU C library");
  }
  const { dlopen, dlsym, dlerror } = loader;
  const symbolOf = (library: Deno.PointerValue) => (name: string): Deno.PointerObject => {
    const pointer = dlsym(library, cString(name));
    if (pointer === null) throw new SystemError(`dlsym ${name}`, 0, "the library lacks it");
    return pointer;
  };
  const cold = bind(COLD, symbolOf(null)); // null: RTLD_DEFAULT, the C library that Deno itself has loaded
  keepLittle(cold);
  const errno = (): number => {
    const location = cold.__errno_location();
    // unsafe: glibc's errno is an int that lives as long as the thread.
    return location === null ? 0 : new Deno.UnsafePointerView(location).getInt32();
  };
  return {
    ...hot,
    ...cold,
    errno,
    symbolOf,
    /** Loads a shared library. Throws SystemError with the loader's reason. */
    load(path: string): Deno.PointerObject {
      const library = dlopen(cString(path), 2); // RTLD_NOW
      if (library !== null) return library;
      const reason = dlerror();
      // unsafe: dlerror returns a C string that is valid until the next dl call.
      throw new SystemError(
        `dlopen ${path}`,
        0,
        reason === null ? "" : new Deno.UnsafePointerView(reason).getCString(),
      );
    },
  };
}
