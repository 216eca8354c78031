import assert from "node:assert/strict";
import { BadInput, CannotRun } from "../../src/failure.ts";

// By Unicode's own classes, so that this is said in another way than in the product: controls, format characters (which
// turn text around or hide in it), line separators, and whatever else shows nothing.
const STEERS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Fails if a terminal could be steered by the text, or made to hide some of it; `allowed` may be in it. */
export function assertHarmless(text: string, allowed: "" | "\n" | "\n\t" = ""): void {
  const steering = text.match(STEERS)?.filter((c) => !allowed.includes(c)) ?? [];
  assert.ok(steering.length === 0, `a terminal may be steered: ${JSON.stringify(steering)}`);
}

/** Fails unless what was thrown is meant for people, and is a sentence. */
export function assertSentence(error: unknown): void {
  if (!(error instanceof BadInput) && !(error instanceof CannotRun)) throw error;
  assert.match(error.message, /[.:?)]$/s, "a sentence ends");
  assert.ok(!error.message.includes("outputHelp"), error.message);
  assert.ok(!/\n\s+at |internal error|\[object |function /.test(error.message.replace(/'.*'/s, "")), error.message);
}

/** Runs it; what it throws must be a sentence. */
export async function sentenceOr<T>(run: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    assertSentence(error);
    return undefined;
  }
}

/** The records of RFC 4180, with either end of line. Fails where quotes do not match. */
export function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|$)/y;
  let record: string[] = [];
  while (field.lastIndex < text.length) {
    const at = field.lastIndex, [, quoted, plain, end] = field.exec(text) ?? [];
    assert.ok(end !== undefined, `no field: ${JSON.stringify(text.slice(at, at + 80))}`);
    record.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === ",") continue;
    records.push(record);
    record = [];
  }
  return records;
}
