// A socket that takes journal entries as systemd-journald does.

const { symbols: libc } = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "i64", nonblocking: true },
  close: { parameters: ["i32"], result: "i32" },
});

const AF_UNIX = 1, SOCK_DGRAM = 2, SOL_SOCKET = 1, SO_RCVTIMEO = 20;
const PATIENCE_MS = 60_000, LOOK_US = 50_000n;

/** Fields of an entry, by name. */
export type Entry = Record<string, string>;

/** The fields in a datagram of the native protocol: NAME=value, or NAME, a line break, the length, and the value. */
export function parseEntry(bytes: Uint8Array): Entry {
  const entry: Entry = {};
  const text = (from: number, to: number) => new TextDecoder().decode(bytes.subarray(from, to));
  for (let at = 0; at < bytes.length;) {
    const line = bytes.indexOf(10, at), equals = bytes.indexOf(61, at);
    if (equals >= 0 && equals < line) {
      entry[text(at, equals)] = text(equals + 1, line);
      at = line + 1;
    } else {
      const length = Number(new DataView(bytes.buffer).getBigUint64(line + 1, true));
      entry[text(at, line)] = text(line + 9, line + 9 + length);
      if (bytes[line + 9 + length] !== 10) throw new Error(`no line break after ${text(at, line)}`);
      at = line + 9 + length + 1;
    }
  }
  return entry;
}

/** A journal at `socket` in a new directory. */
export interface Journal extends Disposable {
  /** The shell command that mounts it where nettrace looks for it. */
  readonly mount: string;
  /** Takes entries as they come, until there are as many as `count` tells in the end. */
  entries(count: number | Promise<number>): Promise<Entry[]>;
}

export function newJournal(): Journal {
  const directory = Deno.makeTempDirSync();
  const path = new TextEncoder().encode(`${directory}/socket\0`);
  const address = Uint8Array.of(AF_UNIX, 0, ...path);
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd < 0 || libc.bind(fd, address, address.length) < 0) throw new Error("cannot bind a socket");
  libc.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, new BigInt64Array([0n, LOOK_US]), 16);
  let closed = false;
  return {
    mount:
      `mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal && mount --bind ${directory} /run/systemd/journal`,
    async entries(count) {
      const found: Entry[] = [];
      let wanted = Infinity, end_ms = Infinity;
      void Promise.resolve(count).then((count) => {
        wanted = count;
        end_ms = performance.now() + PATIENCE_MS;
      });
      while (!closed && found.length < wanted) {
        const bytes = new Uint8Array(65536);
        const length = Number(await libc.recv(fd, bytes, BigInt(bytes.length), 0));
        if (length >= 0) found.push(parseEntry(bytes.slice(0, length)));
        else if (performance.now() > end_ms) throw new Error(`only ${found.length} of ${wanted} entries came`);
      }
      return found;
    },
    [Symbol.dispose]() {
      closed = true;
      libc.close(fd);
      Deno.removeSync(directory, { recursive: true });
    },
  };
}
