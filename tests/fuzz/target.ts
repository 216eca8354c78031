import type { Random } from "./random.ts";

/** Something that reads what others write. */
export interface Target {
  readonly name: string;
  /** What it is fed first; what once broke it stands in corpus/NAME besides. */
  readonly seeds: readonly Uint8Array[];
  /** Makes an input where changing another is not all; undefined for "change one". */
  generate?(random: Random): Uint8Array | undefined;
  /** Reads the bytes, and throws if what comes of it is not what may. */
  run(bytes: Uint8Array): void | Promise<void>;
  /** How many inputs make up a round; those that take longer have fewer. */
  readonly round: number;
}

/** The bytes of a text. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
