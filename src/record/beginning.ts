import { type Found, openFile } from "./files.ts";
import { kindOf, parseLine, type RecordedEvent } from "./line.ts";
import type { Header } from "./segment.ts";
import { linesOf, type Source } from "./source.ts";
import { toNumber, toText } from "./value.ts";

/** Realtime minus monotonic clock in ms when the first segment of a boot began, by boot. */
export type FirstOffsets = Map<string, number>;

/** What a header tells of clocks. */
export function clockOf(header: Header): { boot: string; offset_ms: number } {
  return { boot: toText(header.boot_id), offset_ms: toNumber(header.clock_offset_ns) / 1e6 };
}

/**
 * The files with their beginnings by the clock that their hosts had first: a later one may have been set back, so that the
 * names tell another order. `offsets` takes the boots that are new.
 */
export function placed(files: readonly Found[], offsets: FirstOffsets): Found[] {
  const clocks = new Map<Found, ReturnType<typeof clockOf>>();
  for (const file of files) {
    const header = file.begin_ms === -Infinity ? undefined : headerOf(file.path);
    const clock = header && clockOf(header);
    if (clock && Number.isFinite(clock.offset_ms)) clocks.set(file, clock);
  }
  const sinceBoot_ms = (file: Found) => file.begin_ms - (clocks.get(file)?.offset_ms ?? 0);
  for (const file of [...clocks.keys()].sort((a, b) => sinceBoot_ms(a) - sinceBoot_ms(b))) {
    const { boot, offset_ms } = clocks.get(file) as ReturnType<typeof clockOf>;
    if (!offsets.has(boot)) offsets.set(boot, offset_ms);
  }
  return files.map((file) => {
    const clock = clocks.get(file);
    return clock ? { ...file, begin_ms: sinceBoot_ms(file) + (offsets.get(clock.boot) as number) } : file;
  });
}

const HEADER_BYTES = 64 * 1024, READ_BYTES = 4096;

/** The header of a file that begins with one, and can be read. */
function headerOf(path: string): Header | undefined {
  let left = HEADER_BYTES;
  try {
    using file = openFile(path, false);
    const start: Source = {
      read(into) {
        const n = file.read(into.subarray(0, Math.min(left, READ_BYTES)));
        left -= n;
        return n;
      },
    };
    const line = firstLine(start);
    return line && kindOf(line) === "header" ? line["header"] as Header : undefined;
  } catch {
    return undefined; // whoever reads the file says why it cannot be
  }
}

function firstLine(source: Source): RecordedEvent | undefined {
  for (const block of linesOf(source, () => {})) {
    return parseLine(new TextDecoder().decode(block.subarray(0, block.indexOf(NEWLINE))));
  }
  return undefined;
}

const NEWLINE = 10;
