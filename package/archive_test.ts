import { ARCHIVE_MARK } from "../src/asset.ts";
import { archive } from "./archive.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (text: string) => new TextEncoder().encode(text);

function equal(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`got ${a} instead of ${b}`);
}

Deno.test("archive leads with the program and ends with where each asset is", () => {
  const made = archive(bytes("program"), new Map([["a", bytes("one")], ["b.o", bytes("")], ["c", bytes("three")]]));
  const tail = new DataView(made.buffer, made.length - 8);
  const index = JSON.parse(text(made.subarray(made.length - 8 - tail.getUint32(0, true), made.length - 8)));
  equal(text(made.subarray(0, 7)), "program");
  equal(tail.getUint32(4, true), ARCHIVE_MARK);
  equal(Object.keys(index), ["a", "b.o", "c"]);
  const parts = Object.values(index as Record<string, [number, number]>);
  equal(parts.map(([offset, length]) => text(made.subarray(offset, offset + length))), ["one", "", "three"]);
});

Deno.test("archive has whole words of eight bytes, whatever the length of its parts", () => {
  for (let length = 0; length < 17; length++) {
    equal(archive(new Uint8Array(length), new Map([["x", new Uint8Array(3)]])).length % 8, 0);
  }
});
