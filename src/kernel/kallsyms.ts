/** The functions of the running kernel by address. */
export interface Symbols {
  /** How many functions have an address; 0 where the kernel hides them all. */
  readonly count: number;
  /** The function at or before an address, as its halves, and how far behind its beginning; undefined if there is none. */
  find(low: number, high: number): { name: string; offset: number } | undefined;
}

// Kernel addresses begin with these bits, on x86-64 as on arm64; what is left of them is exact in a double.
const HIGH_BASE = 0xffff0000;

const LINE_FEED = 10, TAB = 9;
const ADDRESS_DIGITS = 16;
const KINDS_OF_CODE = new Set(Array.from("tTwW", (c) => c.charCodeAt(0)));

/**
 * Reads /proc/kallsyms: "address kind name" and, for modules, "[module]". The text's bytes are used for the names, and
 * are not as they were afterwards. No more is made than three arrays, however many symbols there are.
 */
export function parseKallsyms(text: Uint8Array): Symbols {
  const most = Math.floor(text.length / (ADDRESS_DIGITS + 4));
  const addresses = new Float64Array(most);
  const nameEnds = new Uint32Array(most);
  let count = 0, kept = 0;
  for (let line = 0; line < text.length;) {
    let end = line + ADDRESS_DIGITS + 3;
    const code = KINDS_OF_CODE.has(text[line + ADDRESS_DIGITS + 1] as number);
    if (code) {
      const address = hex(text, line) - HIGH_BASE;
      const known = address >= 0;
      for (let byte; end < text.length && (byte = text[end] as number) !== LINE_FEED && byte !== TAB; end++) {
        if (known) text[kept++] = byte;
      }
      if (known) {
        addresses[count] = address * 2 ** 32 + hex(text, line + 8);
        nameEnds[count++] = kept;
      }
    }
    while (end < text.length && text[end] !== LINE_FEED) end++;
    line = end + 1;
  }
  return symbols(addresses.slice(0, count), nameEnds.slice(0, count), text.slice(0, kept));
}

/**
 * Texts for addresses: `symbol+0xoff`, or the address where none is found. The symbols are read when the first is asked
 * for; if they are hidden, `warn` takes a line that says so.
 */
export function newSymbolizer(
  read: () => Uint8Array | undefined,
  warn: (line: string) => void,
): (low: number, high: number) => string {
  let all: Symbols | undefined;
  const known = new Map<number, string>();
  const load = () => {
    const symbols = parseKallsyms(read() ?? new Uint8Array(0));
    if (symbols.count === 0) {
      warn(
        "stacks are shown as addresses, as the kernel hides its symbols: run as root or with CAP_SYSLOG, and with kernel.kptr_restrict below 2",
      );
    }
    return symbols;
  };
  return (low, high) => {
    const key = (high - HIGH_BASE) * 2 ** 32 + low;
    let text = known.get(key);
    if (text === undefined) {
      all ??= load();
      const found = all.find(low, high);
      text = found
        ? `${found.name}+0x${found.offset.toString(16)}`
        : `0x${((BigInt(high) << 32n) | BigInt(low)).toString(16)}`;
      known.set(key, text);
    }
    return text;
  };
}

/** Rows write names as they are, and have room for so long a one (KSYM_NAME_LEN). */
const MOST_NAME = 512;

function plain(name: string): string {
  return name.slice(0, MOST_NAME).replace(/[^\x21-\x7e]|["\\]/g, "?");
}

/** Eight hexadecimal digits in lower case. */
function hex(text: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + 8; i++) {
    const c = text[i] as number;
    value = value * 16 + (c < 58 ? c - 48 : c - 87);
  }
  return value;
}

/** Modules' symbols are in no order, so that finding one looks at all: 0.2 ms, once for each address. */
function symbols(addresses: Float64Array, nameEnds: Uint32Array, names: Uint8Array): Symbols {
  return {
    count: addresses.length,
    find(low, high) {
      const address = (high - HIGH_BASE) * 2 ** 32 + low;
      let best = -1, start = -1;
      for (let i = 0; i < addresses.length; i++) {
        const here = addresses[i] as number;
        if (here <= address && here > start) [best, start] = [i, here];
      }
      if (best < 0) return undefined;
      const name = names.subarray(best === 0 ? 0 : nameEnds[best - 1], nameEnds[best]);
      return { name: plain(new TextDecoder().decode(name)), offset: address - start };
    },
  };
}
