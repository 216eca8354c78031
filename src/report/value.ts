// Values of recorded events, of which nothing is certain: a recording may come from anywhere.

// Longer than every name that a kernel gives; what is kept of a text is bounded so.
const LONGEST = 256;

/** A text, cut where it is too long; undefined for what is none. */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  return value.length <= LONGEST ? value : value.slice(0, LONGEST);
}

/** A number that is not negative; undefined for what is none. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value < Infinity ? value : undefined;
}

/** An address and a port as people type them. */
export function endpoint(address: unknown, port: unknown): string {
  const host = textOf(address) ?? "?";
  return `${host.includes(":") ? `[${host}]` : host}:${numberOf(port) ?? "?"}`;
}
