import type { Column } from "../column.ts";
import { hex64 } from "../output/bytes.ts";
import type { Fields } from "../output/row.ts";
import type { Moment, Tool } from "../tool.ts";

/** The column that recordings have besides those of records. */
export const connectionColumn: Column = {
  key: "conn_id",
  width: 0,
  cell: { kind: "connection" },
  description:
    "Alike in all events of a connection that one nettrace recorded, of whatever tool; 16 hexadecimal digits.",
};

/** Writes the id of the connection of the event at byte `q`. */
export type WriteConnection = (out: Uint8Array, p: number, u32: Uint32Array, q: number) => number;

/**
 * Connections by network namespace, addresses and ports, the same for both ends. Those that have all of that alike are
 * told apart by when each was first heard of: one begins anew when an event of the same kind begins it again, or when it
 * had ended. So many are remembered at least, and twice as many at most; one that was forgotten has another id from then
 * on.
 */
export interface Connections {
  /** For the events of a tool; undefined if they are not of connections. */
  of(tool: Tool): WriteConnection | undefined;
}

const ROOM = 1 << 16, SLOTS = 2 * ROOM;
const SLOT_MASK = SLOTS - 1;

/**
 * Some connections: slots by their hash's lower half, as far as the next free one. All of a slot stands together, as each
 * event looks up another: a fetch from memory is most of what that takes.
 */
function newGeneration() {
  const words = new Uint32Array(SLOTS * SLOT_WORDS);
  return { count: 0, words, times: new Float64Array(words.buffer) };
}
type Generation = ReturnType<typeof newGeneration>;

// A slot: the hash's halves, kinds of events that began the connection as bits (0 is a free slot), and times.
const SLOT_WORDS = 10, SLOT_TIMES = SLOT_WORDS / 2;
const LOW = 0, HIGH = 1, BEGUN = 2;
/** When it was born, when it ended, and when the one before was born that had the same addresses and ports. */
const BIRTH = 2, ENDED = 3, BEFORE = 4;

const TAKEN = 0x80000000, MOST_KINDS = 31;

/** The slot of a connection, or of a free place for it. */
function slotOf({ words }: Generation, l: number, h: number): number {
  for (let slot = l & SLOT_MASK;; slot = (slot + 1) & SLOT_MASK) {
    const at = slot * SLOT_WORDS;
    if (words[at + BEGUN] === 0 || (words[at + LOW] === l && words[at + HIGH] === h)) return slot;
  }
}

export function newConnections(): Connections {
  let young = newGeneration(), old = newGeneration(), kinds = 0;

  /** The slot in the young generation, with what the old one knew. */
  const find = (l: number, h: number, time: number): number => {
    let slot = slotOf(young, l, h);
    if (young.words[slot * SLOT_WORDS + BEGUN] !== 0) return slot;
    if (young.count === ROOM) {
      [young, old] = [old, young];
      young.words.fill(0);
      young.count = 0;
      slot = slotOf(young, l, h);
    }
    const { words, times } = young, at = slot * SLOT_WORDS, t = slot * SLOT_TIMES;
    const was = slotOf(old, l, h), wasAt = was * SLOT_WORDS;
    young.count++;
    if (old.words[wasAt + BEGUN] !== 0) words.set(old.words.subarray(wasAt, wasAt + SLOT_WORDS), at);
    else {
      words[at + LOW] = l;
      words[at + HIGH] = h;
      words[at + BEGUN] = TAKEN;
      times[t + BIRTH] = times[t + BEFORE] = time;
      times[t + ENDED] = Infinity;
    }
    return slot;
  };

  /** When the connection was born that an event belongs to; `bit` is not 0 if it begins one. */
  const birthOf = (l: number, h: number, time: number, bit: number, ends: boolean): number => {
    const slot = find(l, h, time), { words, times } = young, at = slot * SLOT_WORDS, t = slot * SLOT_TIMES;
    const begun = words[at + BEGUN] as number, born = times[t + BIRTH] as number, ended = times[t + ENDED] as number;
    if (bit !== 0) {
      // Tools' events come in batches, one tool's after another's: what ended later has begun before.
      const again = time > ended || ((begun & bit) !== 0 && time > born && ended === Infinity);
      if (again) {
        times[t + BEFORE] = born;
        times[t + BIRTH] = time;
        times[t + ENDED] = Infinity;
        words[at + BEGUN] = TAKEN | bit;
        return time;
      }
      words[at + BEGUN] = begun | bit;
    }
    const before = times[t + BEFORE] as number;
    if (time < born && before !== born && (begun & bit) !== 0) return before;
    if (ends && time >= born && ended === Infinity) times[t + ENDED] = time;
    return born;
  };

  return {
    of(tool) {
      const fields = tool.layout.event?.fields ?? {};
      const ends = endsOf(fields);
      const isRemote = ({ cell }: Column) => cell.kind === "port" && /^(rport|dport)$/.test(cell.field);
      if (ends === undefined || !tool.columns.some(isRemote)) return undefined; // as of sockets that listen
      const { local, localPort, remote, remotePort, netns, time } = ends;
      const first = kinds;
      const begins = (tool.connection?.begins ?? []).map((moment) => compileMoment(moment, fields));
      const finishes = (tool.connection?.ends ?? []).map((moment) => compileMoment(moment, fields));
      kinds += begins.length;
      if (kinds > MOST_KINDS) throw new Error("there are more kinds of events that begin connections than bits");
      return (out, p, u32, q) => {
        const word = q >>> 2;
        const a = endHash(u32, word + local, port(u32, q + localPort), 0x9e3779b9);
        const b = endHash(u32, word + remote, port(u32, q + remotePort), 0x9e3779b9);
        const c = endHash(u32, word + local, port(u32, q + localPort), 0x85ebca6b);
        const d = endHash(u32, word + remote, port(u32, q + remotePort), 0x85ebca6b);
        const space = u32[word + netns] as number;
        const l = mix((a + b) ^ space), h = mix((c ^ d) + space);
        const at = (u32[word + time + 1] as number) * 4294967296 + (u32[word + time] as number);
        let bit = 0;
        for (let i = 0; i < begins.length; i++) if (begins[i]?.(u32, q)) bit = 1 << (first + i);
        let isEnd = false;
        for (let i = 0; i < finishes.length; i++) if (finishes[i]?.(u32, q)) isEnd = true;
        const birth = birthOf(l, h, at, bit, isEnd);
        const birthLow = birth >>> 0, birthHigh = (birth / 4294967296) >>> 0;
        const low = mix(l ^ mix(birthLow)), high = mix(h + mix(birthHigh ^ birthLow));
        return digits16(out, p, low, high);
      };
    },
  };
}

/** Where an event has what tells connections apart: words, and bytes of ports. Undefined if it has not all of it. */
function endsOf(fields: Fields) {
  const [local, remote] = fields["laddr"] ? [fields["laddr"], fields["raddr"]] : [fields["saddr"], fields["daddr"]];
  const [localPort, remotePort] = fields["lport"]
    ? [fields["lport"], fields["rport"]]
    : [fields["sport"], fields["dport"]];
  const netns = fields["netns"], time = fields["time_ns"];
  if (!local || !remote || !localPort || !remotePort || !netns || !time) return undefined;
  return {
    local: local.offset >>> 2,
    remote: remote.offset >>> 2,
    localPort: localPort.offset,
    remotePort: remotePort.offset,
    netns: netns.offset >>> 2,
    time: time.offset >>> 2,
  };
}

/** The 16 bits at a byte. */
function port(u32: Uint32Array, byte: number): number {
  return ((u32[byte >>> 2] as number) >>> (8 * (byte & 3))) & 0xffff;
}

/** Murmur3's finish (Austin Appleby, public domain), which spreads each bit over all. */
function mix(n: number): number {
  n = Math.imul(n ^ (n >>> 16), 0x85ebca6b);
  n = Math.imul(n ^ (n >>> 13), 0xc2b2ae35);
  return (n ^ (n >>> 16)) >>> 0;
}

function endHash(u32: Uint32Array, at: number, port: number, seed: number): number {
  let h = mix((u32[at] as number) + seed);
  h = mix((u32[at + 1] as number) ^ h);
  h = mix((u32[at + 2] as number) ^ h);
  h = mix((u32[at + 3] as number) ^ h);
  return mix(port ^ h);
}

function compileMoment(moment: Moment, fields: Fields): (u32: Uint32Array, q: number) => boolean {
  if (moment.field === undefined) return () => true;
  const { field, is } = moment;
  const { offset, size } = fields[field] ?? { offset: NaN, size: 0 };
  const bits = size === 4 ? 0xffffffff : size === 2 ? 0xffff : 0xff;
  return (u32, q) => is.includes(((u32[(q + offset) >>> 2] as number) >>> (8 * ((q + offset) & 3)) & bits) >>> 0);
}

function digits16(out: Uint8Array, p: number, low: number, high: number): number {
  // A leading one makes the digits as many as the number has bits for; it is written over by the first.
  hex64(out, p, high | 0x10000000, 0);
  out[p] = HEX[high >>> 28] as number;
  hex64(out, p + 8, low | 0x10000000, 0);
  out[p + 8] = HEX[low >>> 28] as number;
  return p + 16;
}

const HEX = new TextEncoder().encode("0123456789abcdef");
