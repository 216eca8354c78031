// Results that are kept beside the tests, so that a fresh clone knows them too: a line of JSON each.
import { root } from "./payload.ts";

const path = (name: string) => `${root}tests/vm/${name}.jsonl`;

/** All that is kept under this name. */
export async function kept_lines<T>(name: string): Promise<T[]> {
  return (await Deno.readTextFile(path(name))).split("\n").flatMap((line) => line ? [JSON.parse(line)] : []);
}

/** Keeps these and no others under this name. */
export async function keep_lines(name: string, all: readonly unknown[]): Promise<void> {
  await Deno.writeTextFile(path(name), all.map((one) => `${JSON.stringify(one)}\n`).join(""));
}

/** The entries' values by their keys' order, which is that of lines in a file. */
export function in_order<T>(all: ReadonlyMap<string, T>): T[] {
  return [...all].sort(([a], [b]) => a < b ? -1 : 1).map(([, one]) => one);
}
