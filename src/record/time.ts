/** A time as RFC 3339 has it in UTC, in whole seconds since 1970 and nanoseconds. */
export interface Time {
  seconds: number;
  nanoseconds: number;
}

const SECOND = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/, FRACTION = /^(?:\.\d{1,9})?Z$/;

/** Milliseconds since 1970 of a time without fraction and zone; NaN for what is none. */
export function parseSecond(text: string): number {
  return SECOND.test(text) ? Date.parse(`${text}Z`) : NaN; // Date.parse alone takes a lot else for a time
}

/** True for what stands behind the seconds of a time. */
export function isFraction(text: string): boolean {
  return FRACTION.test(text);
}

let prefix = "", seconds = 0;

/** Parses the times of records into `into`, which is given back; false for what is none. One second's text is parsed once. */
export function parseTime(text: string, into: Time): boolean {
  if (text.slice(0, 19) !== prefix) {
    const ms = parseSecond(text.slice(0, 19));
    if (Number.isNaN(ms)) return false;
    prefix = text.slice(0, 19);
    seconds = ms / 1000;
  }
  into.seconds = seconds;
  into.nanoseconds = 0;
  if (text.charCodeAt(19) !== 46) return true;
  let scale = 1e8;
  for (let i = 20; i < 29; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    into.nanoseconds += digit * scale;
    scale /= 10;
  }
  return true;
}
