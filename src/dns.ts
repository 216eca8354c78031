import { CannotRun } from "./failure.ts";
import { type Answers, isCallError, type Kernel } from "./kernel.ts";

/** Names that DNS answers gave to addresses, for the query cell. */
export interface Names {
  /** Takes the answers that have come since. */
  read(): void;
  /** What the table says of the 16 bytes of an address at `o`, at a time as the halves of its nanoseconds. */
  text(from: Uint8Array, o: number, low: number, high: number): string;
  /** The name of the address; empty if none is known. */
  name(from: Uint8Array, o: number, low: number, high: number): string;
  /** How many answers were lost, since the last time this was asked. */
  dropped(): number;
}

interface Known {
  name: string;
  /** Of CLOCK_MONOTONIC. */
  time_ns: bigint;
}

const MOST_ADDRESSES = 10240;
// Packets are stamped by the realtime clock, and events by the monotonic one.
const CLOCKS_APART_MS = 1;
const DAY_MS = 86_400_000, LATE_MS = 100;
const LOOPBACK = new Set([keyOf(ipv4(127, 0, 0, 1), 0), keyOf(Uint8Array.of(...Array(15).fill(0), 1), 0)]);

/** Listens to DNS answers in nettrace's network namespace. Throws CannotRun where it may not. */
export function openNames(kernel: Kernel): Names {
  const answers = openAnswers(kernel);
  const known = new Map<string, Known>();
  const find = (from: Uint8Array, o: number, low: number, high: number) => {
    const found = known.get(keyOf(from, o));
    if (!found) return undefined;
    const age_ms = Number((BigInt(high) << 32n | BigInt(low)) - found.time_ns) / 1e6;
    return age_ms > -CLOCKS_APART_MS && age_ms < DAY_MS ? { name: found.name, age_ms } : undefined;
  };
  return {
    read() {
      const { seconds, nanoseconds } = kernel.clockOffset();
      const offset_ns = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
      answers.read((packet, time_ns) => {
        const answer = parseAnswer(packet);
        for (const address of answer?.addresses ?? []) {
          const key = keyOf(address, 0);
          known.delete(key); // so that the oldest are the first
          known.set(key, { name: answer?.name ?? "", time_ns: time_ns - offset_ns });
        }
        for (const oldest of known.keys()) {
          if (known.size <= MOST_ADDRESSES) break;
          known.delete(oldest);
        }
      });
    },
    text(from, o, low, high) {
      const found = find(from, o, low, high);
      if (!found) return LOOPBACK.has(keyOf(from, o)) ? "localhost" : "No DNS Query";
      return found.age_ms > LATE_MS ? `${found.name} (${found.age_ms.toFixed(3)}ms)` : found.name;
    },
    name: (from, o, low, high) => find(from, o, low, high)?.name ?? "",
    dropped: () => answers.dropped(),
  };
}

function openAnswers(kernel: Kernel): Answers {
  try {
    return kernel.openAnswers();
  } catch (error) {
    if (!isCallError(error)) throw error;
    throw new CannotRun("-d listens to DNS answers, which takes CAP_NET_RAW: run nettrace with sudo, or leave out -d.");
  }
}

function keyOf(from: Uint8Array, o: number): string {
  return String.fromCharCode(...from.subarray(o, o + 16));
}

function ipv4(...bytes: number[]): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...bytes);
}

const QR = 0x80, A = 1, AAAA = 28, UDP_HEADER = 8, DNS_HEADER = 12, LONGEST_NAME = 255;

/**
 * What an IP packet with a DNS answer over UDP says: the name that was asked for and all addresses in the answer, those of
 * its aliases included, as 16 bytes each. Undefined for anything else; whoever sent it may have sent any bytes.
 */
export function parseAnswer(packet: Uint8Array): { name: string; addresses: Uint8Array[] } | undefined {
  const ip = packet[0] === undefined ? 0 : packet[0] >> 4 === 4 ? (packet[0] & 15) * 4 : 40;
  const dns = packet.subarray(ip + UDP_HEADER);
  const view = new DataView(dns.buffer, dns.byteOffset, dns.byteLength);
  if (dns.length < DNS_HEADER || !((dns[2] as number) & QR) || view.getUint16(4) !== 1) return undefined;
  const question = readName(dns, DNS_HEADER);
  if (question === undefined) return undefined;
  const addresses: Uint8Array[] = [];
  let at = question.end + 4; // type and class
  for (let left = view.getUint16(6); left > 0; left--) {
    const start = skipName(dns, at);
    if (start === undefined || start + 10 > dns.length) break;
    const type = view.getUint16(start), length = view.getUint16(start + 8);
    const data = dns.subarray(start + 10, start + 10 + length);
    if (type === A && data.length === 4) addresses.push(ipv4(...data));
    if (type === AAAA && data.length === 16) addresses.push(data.slice());
    at = start + 10 + length;
  }
  return { name: question.name, addresses };
}

/** The question's name, which is never compressed, with `?` for what a host's name does not hold. */
function readName(dns: Uint8Array, at: number): { name: string; end: number } | undefined {
  const labels: string[] = [];
  const limit = at + LONGEST_NAME;
  for (;;) {
    const length = dns[at];
    if (length === undefined || length > 63 || at + length >= limit) return undefined;
    if (length === 0) return { name: labels.join("."), end: at + 1 };
    const label = String.fromCharCode(...dns.subarray(at + 1, at + 1 + length));
    labels.push(label.replace(/[^\w-]/g, "?"));
    at += 1 + length;
  }
}

/** The place after a name, which may end in a pointer. */
function skipName(dns: Uint8Array, at: number): number | undefined {
  for (;;) {
    const length = dns[at];
    if (length === undefined) return undefined;
    if (length >= 0xc0) return at + 2;
    if (length === 0) return at + 1;
    at += 1 + length;
  }
}
