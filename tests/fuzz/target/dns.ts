import assert from "node:assert/strict";
import { openNames, parseAnswer } from "../../../src/dns.ts";
import type { Kernel } from "../../../src/kernel.ts";
import { assertHarmless } from "../property.ts";
import { type Target, utf8 } from "../target.ts";
import { newKernel, newRing } from "../../unit/fake_kernel.ts";

const NAME = [3, ...utf8("www"), 7, ...utf8("example"), 3, ...utf8("com"), 0];
const HEAD = [0, 1, 0x81, 0x80, 0, 1, 0, 3, 0, 0, 0, 0];
const ANSWERS = [
  ...[0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 4, 1, 97, 0xc0, 16],
  ...[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1],
  ...[0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
];
const packet = (ip: number[], name = NAME) =>
  Uint8Array.from([...ip, ...Array(8).fill(0), ...HEAD, ...name, 0, 1, 0, 1, ...ANSWERS]);
const FOUR = [0x45, ...Array(19).fill(0)], SIX = [0x60, ...Array(39).fill(0)];

/** As the widest cell of a row takes (src/output/row.ts), without what is said of its age. */
const MOST_NAME = 255;

/** IP packets that claim to be answers of DNS. */
export const target: Target = {
  name: "dns",
  round: 20_000,
  seeds: [packet(FOUR), packet(SIX), packet(FOUR, [...Array(5).fill([63, ...Array(63).fill(97)]).flat(), 0])],
  run(bytes) {
    const answer = parseAnswer(bytes);
    if (answer !== undefined) {
      assert.match(answer.name, /^[\w.?-]*$/);
      assert.ok(answer.name.length <= MOST_NAME, `a name of ${answer.name.length}`);
      assert.ok(answer.addresses.length <= bytes.length / 12);
      for (const address of answer.addresses) assert.equal(address.length, 16);
    }
    const openAnswers: Kernel["openAnswers"] = () => ({ read: (take) => take(bytes, 5n), dropped: () => 0 });
    const names = openNames({ ...newKernel(newRing(4096)), openAnswers });
    names.read();
    for (const address of answer?.addresses ?? []) assertHarmless(names.text(address, 0, 5, 0));
  },
};
