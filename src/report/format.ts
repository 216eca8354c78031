// Numbers for people, in the terminal and on the page.
import type { Cell, Kind } from "./model.ts";

/** A cell as people read it, times as they are. */
export function formatted(value: Cell, kind: Kind): string {
  if (value === null) return "-";
  if (typeof value === "string") return value;
  switch (kind) {
    case "id":
      return String(value);
    case "bytes":
      return bytes(value);
    case "ms":
      return duration(value);
    case "rate":
      return rate(value);
    default:
      return grouped(value);
  }
}

/** 1234567 as 1,234,567. */
export function grouped(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Three digits that matter: 0.00123, 1.23, 12.3, 123, 1,234. */
export function significant(n: number): string {
  if (n === 0) return "0";
  if (n >= 99.95) return grouped(n);
  return n < 0.001 ? n.toExponential(1) : n >= 9.995 ? n.toFixed(1) : n >= 0.9995 ? n.toFixed(2) : n.toPrecision(3);
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

export function bytes(n: number): string {
  let unit = 0;
  for (; n >= 1000 && unit < BYTE_UNITS.length - 1; unit++) n /= 1024; // at 1000, lest there be four digits
  return `${unit === 0 ? grouped(n) : significant(n)} ${BYTE_UNITS[unit]}`;
}

const S = 1000, MIN = 60 * S, H = 60 * MIN, DAY = 24 * H;

/** A duration with its unit. */
export function duration(duration_ms: number): string {
  if (duration_ms === 0) return "0";
  if (duration_ms < 0.9995) return `${significant(duration_ms * 1000)} us`;
  if (duration_ms < S - 0.5) return `${significant(duration_ms)} ms`;
  if (duration_ms < 2 * MIN) return `${significant(duration_ms / S)} s`;
  if (duration_ms < 2 * H) return `${significant(duration_ms / MIN)} min`;
  return duration_ms < 2 * DAY ? `${significant(duration_ms / H)} h` : `${significant(duration_ms / DAY)} d`;
}

/** How many a second, or where that is few, a minute or an hour. */
export function rate(per_s: number): string {
  if (per_s >= 0.1 || per_s === 0) return `${significant(per_s)}/s`;
  return per_s >= 1 / 60 ? `${significant(per_s * 60)}/min` : `${significant(per_s * 3600)}/h`;
}
