import assert from "node:assert/strict";
import * as bytes from "./bytes.ts";

const out = new Uint8Array(256);

function written(write: (p: number) => number): string {
  return new TextDecoder().decode(out.subarray(7, write(7)));
}

Deno.test("uint writes every number of digits", () => {
  for (const n of [0, 7, 10, 99, 100, 999, 1000, 65535, 99999, 4194304, 12345678, 999999999, 4294967295, 4294967296]) {
    assert.equal(written((p) => bytes.uint(out, p, n)), String(n));
  }
  for (let n = 1; n < Number.MAX_SAFE_INTEGER; n = n * 3 + 1) {
    assert.equal(written((p) => bytes.uint(out, p, n)), String(n));
  }
});

Deno.test("uint64 writes numbers beyond 2^53 exactly", () => {
  for (const n of [0n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
    const words = new Uint32Array(new BigUint64Array([n]).buffer);
    assert.equal(written((p) => bytes.uint64(out, p, words, 0)), String(n));
  }
});

Deno.test("uint32 writes numbers of every length", () => {
  for (const n of [0, 9, 10, 99, 123456, 999_999_999, 1_000_000_000, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
    assert.equal(written((p) => bytes.uint32(out, p, Uint32Array.of(n), 0)), String(n));
  }
});

Deno.test("digits9 keeps leading zeros", () => {
  for (const n of [0, 5, 42, 1000000, 123456789, 999999999]) {
    assert.equal(written((p) => bytes.digits9(out, p, n)), String(n).padStart(9, "0"));
  }
});

Deno.test("fixed rounds as C does: exact halves to the even neighbour, all else to the nearest", () => {
  const cases: [number, number, string][] = [
    [40.125, 2, "40.12"],
    [40.375, 2, "40.38"],
    [0.0625, 3, "0.062"],
    [0.5, 0, "0"],
    [1.5, 0, "2"],
    [4.35, 1, "4.3"],
    [1.005, 2, "1.00"],
    [62204.999, 2, "62205.00"],
    [0, 3, "0.000"],
    [104999, 3, "104999.000"],
  ];
  for (const [x, digits, text] of cases) assert.equal(written((p) => bytes.fixed(out, p, x, digits)), text);
});

Deno.test("fixed writes what roundedAsC tells, of numbers of any size", () => {
  for (const x of [NaN, Infinity, -1, -0, 5e-324, 0.005, 0.015, 1.005, 9.995, 999999.9999995, 2 ** 30, 1e9, 1e21]) {
    for (let digits = 0; digits <= 6; digits++) {
      assert.equal(written((p) => bytes.fixed(out, p, x, digits)), bytes.roundedAsC(x, digits));
    }
  }
  for (let n = 1; n < 2 ** 40; n = n * 1.003 + 1) {
    for (const x of [Math.floor(n) / 1000, Math.floor(n) / 1e6, Math.floor(n) / 2 ** 7, n]) {
      for (let digits = 0; digits <= 6; digits++) {
        assert.equal(written((p) => bytes.fixed(out, p, x, digits)), bytes.roundedAsC(x, digits));
      }
    }
  }
});

Deno.test("ipv4 writes every octet", () => {
  for (let n = 0; n < 256; n++) {
    assert.equal(written((p) => bytes.ipv4(out, p, Uint8Array.of(n, 255 - n, 0, n), 0)), `${n}.${255 - n}.0.${n}`);
  }
});

Deno.test("ipv6 writes the text of RFC 5952", () => {
  const cases: Record<string, string> = {
    "0,0,0,0,0,0,0,0": "::",
    "0,0,0,0,0,0,0,1": "::1",
    "fe80,0,0,0,0,0,0,0": "fe80::",
    "2001,db8,0,0,0,0,2,1": "2001:db8::2:1",
    "2001,db8,0,1,1,1,1,1": "2001:db8:0:1:1:1:1:1",
    "2001,0,0,1,0,0,0,1": "2001:0:0:1::1",
    "2001,db8,0,0,1,0,0,1": "2001:db8::1:0:0:1",
    "0,0,0,0,0,ffff,c0a8,3801": "::ffff:192.168.56.1",
    "0,0,0,0,0,ffff,0,0": "::ffff:0.0.0.0",
    "1,2,3,4,5,6,7,8": "1:2:3:4:5:6:7:8",
    "0,2,3,4,5,6,7,0": "0:2:3:4:5:6:7:0",
    "abcd,ef01,2345,6789,abcd,ef01,2345,6789": "abcd:ef01:2345:6789:abcd:ef01:2345:6789",
    "1,2,3,4,5,6,0,0": "1:2:3:4:5:6::",
  };
  for (const [groups, text] of Object.entries(cases)) {
    const from = Uint8Array.from(groups.split(",").flatMap((g) => [parseInt(g, 16) >> 8, parseInt(g, 16) & 255]));
    assert.equal(written((p) => bytes.ipv6(out, p, from, 0)), text);
  }
});

Deno.test("alignRight moves a value to the end of its column, and leaves one that is too wide", () => {
  assert.equal(written((p) => bytes.alignRight(out, p, bytes.uint(out, p, 42), 5)), "   42");
  assert.equal(written((p) => bytes.alignRight(out, p, bytes.uint(out, p, 123456), 5)), "123456");
});
