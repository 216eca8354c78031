const FORM = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/;
let second = "", second_ms = NaN;

/** A time of a record (RFC 3339 in UTC, nanoseconds at most) since 1970; undefined for what is none. */
export function nanoseconds(time: unknown): bigint | undefined {
  const [, whole = "", fraction = ""] = typeof time === "string" ? FORM.exec(time) ?? [] : [];
  if (whole === "") return undefined;
  if (whole !== second) { // most records are of the same second as the one before
    second = whole;
    second_ms = Date.parse(`${whole}Z`);
  }
  if (Number.isNaN(second_ms)) return undefined;
  return BigInt(second_ms) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}
