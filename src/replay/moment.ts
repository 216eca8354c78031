import { BadInput } from "../failure.ts";
import { parseDuration } from "../record/plan.ts";

/**
 * Milliseconds since 1970 of a time as people type it: RFC 3339; `2026-11-20 06:00[:00]` or `06:00[:00]`, both local, the
 * latter of today; or how long before now, as in -10m. Throws BadInput.
 */
export function parseMoment(text: string, now: Date): number {
  const ago = text.startsWith("-") ? parseDuration(text.slice(1)) : undefined;
  if (ago !== undefined) return now.getTime() - ago;
  const [, hours, minutes, seconds = "0"] = /^(\d\d?):(\d\d)(?::(\d\d))?$/.exec(text) ?? [];
  if (hours !== undefined) return new Date(now).setHours(Number(hours), Number(minutes), Number(seconds), 0);
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) {
    throw new BadInput(`A time is like 2026-11-20T06:00:00Z, '2026-11-20 06:00', 06:00 or -10m, not '${text}'.`);
  }
  return ms;
}
