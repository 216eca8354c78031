// Values of recorded lines, of which nothing is certain: a recording may come from anywhere. String() and Number() throw
// for objects that say they have no text, and do not end for lists of lists of lists.

/** The text of a text or of a number; empty for all else. */
export function toText(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

/** A number, also one in quotes; NaN for what is none. */
export function toNumber(value: unknown): number {
  return typeof value === "number" ? value : typeof value === "string" && value !== "" ? Number(value) : NaN;
}

/** A cell's text in a format that has nothing but text: lists with commas, all else as JSON has it. */
export function cellText(value: unknown): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.map(cellText).join(",") : JSON.stringify(value);
}

// Of our own lines, none goes deeper (an option in a header), and those that could are longer.
const MOST_DEPTH = 8, SHALLOW_CHARACTERS = 1024;

/** True if a value of a line goes deeper than any of ours: whoever walked through it might come to the stack's end. */
export function isTooDeep(line: object, characters: number): boolean {
  return characters > SHALLOW_CHARACTERS && isDeeper(line, MOST_DEPTH);
}

function isDeeper(value: unknown, most: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return most === 0 || Object.values(value).some((each) => isDeeper(each, most - 1));
}
