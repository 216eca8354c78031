import assert from "node:assert/strict";
import { BadInput } from "./failure.ts";
import { parseBufferSize, parsePorts, parseWhole } from "./option.ts";

function ports(bits: Uint8Array): number[] {
  return Array.from({ length: 65536 }, (_, port) => port).filter((port) =>
    (bits[port >> 3] as number) >> (port & 7) & 1
  );
}

Deno.test("parsePorts takes lists and ranges", () => {
  assert.deepEqual(ports(parsePorts("80")), [80]);
  assert.deepEqual(ports(parsePorts("81,80,8000-8003")), [80, 81, 8000, 8001, 8002, 8003]);
  assert.deepEqual(ports(parsePorts("0,65535")), [0, 65535]);
  assert.equal(ports(parsePorts("0-65535")).length, 65536);
});

Deno.test("parsePorts refuses what is no list of ports, in one sentence", () => {
  for (const text of ["", "80,", "x", "65536", "-1", "80-", "90-80", "1-2-3", "8 0", "0x50", "１", "80;81"]) {
    assert.throws(() => parsePorts(text), (e) => e instanceof BadInput && !e.message.includes("\n"), text);
  }
});

Deno.test("parseWhole takes decimal digits within bounds and nothing else", () => {
  assert.equal(parseWhole("181", "A PID", 1, 4194304), 181);
  for (const text of ["0", "4194305", "1.5", "1e3", " 1", "+1", "", "99999999999999999999"]) {
    assert.throws(() => parseWhole(text, "A PID", 1, 4194304), BadInput, text);
  }
});

Deno.test("parseBufferSize rounds up to a power of two", () => {
  assert.equal(parseBufferSize("4096"), 4096);
  assert.equal(parseBufferSize("5k"), 8192);
  assert.equal(parseBufferSize("512K"), 524288);
  assert.equal(parseBufferSize("3M"), 4 * 1024 ** 2);
  assert.equal(parseBufferSize("1G"), 1024 ** 3);
  for (const text of ["", "0", "4095", "2G", "K", "1T", "-1", "1.5M"]) {
    assert.throws(() => parseBufferSize(text), BadInput, text);
  }
});
