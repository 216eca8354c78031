import assert from "node:assert/strict";
import { newKernel, newRing } from "../tests/unit/fake_kernel.ts";
import { openNames, parseAnswer } from "./dns.ts";

const bytes = (text: string) => Array.from(text, (c) => c.charCodeAt(0));
const ipv4 = Array<number>(20).fill(0).with(0, 0x45), ipv6 = Array<number>(40).fill(0).with(0, 0x60);
const udp = Array<number>(8).fill(0);
const question = [...bytes("\x03www\x07example\x03org\0"), 0, 1, 0, 1];
const pointer = [0xc0, 12];

function record(type: number, data: readonly number[], name: readonly number[] = pointer): number[] {
  return [...name, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length, ...data];
}

function packet(records: readonly number[][], { ip = ipv4, flags = 0x81, asked = question, questions = 1 } = {}) {
  const header = [0, 7, flags, 0x80, 0, questions, 0, records.length, 0, 0, 0, 0];
  return Uint8Array.from([...ip, ...udp, ...header, ...asked, ...records.flat()]);
}

const a = record(1, [192, 0, 2, 1]);
const aaaa = record(28, [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
const cname = record(5, bytes("\x05alias\xc0\x10"));

Deno.test("parseAnswer finds all addresses behind the name that was asked for", () => {
  for (const ip of [ipv4, ipv6]) {
    const found = parseAnswer(packet([cname, a, record(1, [192, 0, 2, 2], bytes("\x05alias\xc0\x10")), aaaa], { ip }));
    assert.equal(found?.name, "www.example.org");
    assert.deepEqual(found?.addresses.map((x) => [...x.subarray(10)]), [
      [255, 255, 192, 0, 2, 1],
      [255, 255, 192, 0, 2, 2],
      [0, 0, 0, 0, 0, 9],
    ]);
  }
});

Deno.test("parseAnswer takes nothing from questions, nor from what asks for several names", () => {
  assert.equal(parseAnswer(packet([a], { flags: 0x01 })), undefined);
  assert.equal(parseAnswer(packet([a], { questions: 2 })), undefined);
});

Deno.test("parseAnswer shows no bytes of a name that a host's name does not hold", () => {
  const asked = [...bytes('\x05"\x1b[m,\x02\xff-\0'), 0, 1, 0, 1];
  assert.equal(parseAnswer(packet([a], { asked }))?.name, "??[m?.?-".replace("[", "?"));
});

Deno.test("parseAnswer survives whatever is cut off, added or wrong", () => {
  const whole = packet([cname, a, aaaa]);
  for (let length = 0; length < whole.length; length++) parseAnswer(whole.subarray(0, length));
  let state = 20261121;
  for (let i = 0; i < 20_000; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const found = parseAnswer(whole.with(28 + (state >>> 8) % (whole.length - 28), state & 255));
    assert.ok((found?.name.length ?? 0) < 320);
  }
  const endless = Array.from({ length: 60 }, () => bytes("\x3f" + "x".repeat(63))).flat();
  assert.equal(parseAnswer(packet([a], { asked: [...endless, 0, 0, 1, 0, 1] })), undefined);
});

Deno.test("openNames tells names with their age, localhost, and what no answer told of", () => {
  const waiting = [packet([a])];
  const kernel = newKernel(newRing(4096), {
    clockOffset: () => ({ seconds: 1000, nanoseconds: 0 }),
    openAnswers: () => ({
      read: (take) => waiting.splice(0).forEach((p) => take(p, 1_001_000_000_000n)),
      dropped: () => 0,
    }),
  });
  const names = openNames(kernel);
  names.read();
  const known = parseAnswer(packet([a]))?.addresses[0] ?? assert.fail();
  const text = (address: Uint8Array, ms: number) =>
    names.text(address, 0, ms * 1e6 % 2 ** 32, Math.floor(ms * 1e6 / 2 ** 32));
  assert.equal(text(known, 1100), "www.example.org");
  assert.equal(text(known, 1123.456), "www.example.org (123.456ms)");
  assert.equal(text(known, 990), "No DNS Query", "the answer came later");
  assert.equal(text(known, 86_402_000), "No DNS Query", "a day has passed");
  assert.equal(text(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1), 1), "localhost");
  assert.equal(names.name(known, 0, 1_100_000_000, 0), "www.example.org");
  assert.equal(names.name(new Uint8Array(16), 0, 0, 0), "");
});
