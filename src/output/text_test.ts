import assert from "node:assert/strict";
import { csvText, harmless, harmlessJson, jsonText, sizedText, tableText } from "./text.ts";

const out = new Uint8Array(256);

function comm(text: string | number[]): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set(typeof text === "string" ? new TextEncoder().encode(text).subarray(0, 16) : text);
  return bytes;
}

function table(text: string | number[], most = 12, width = 12): string {
  return new TextDecoder().decode(out.subarray(0, tableText(out, 0, comm(text), 0, 16, most, width)));
}

Deno.test("tableText cuts and pads plain names", () => {
  assert.equal(table("sshd"), "sshd        ");
  assert.equal(table("amazon-ssm-agen"), "amazon-ssm-a");
  assert.equal(table("sixteen-bytes-ok", 16, 16), "sixteen-bytes-ok");
});

Deno.test("tableText lets nothing through that could steer a terminal or break a line", () => {
  assert.equal(table("\x1b[31mred\n"), "?[31mred?   ");
  assert.equal(table([0xc2, 0x9b, 0x33, 0x31, 0x6d]), "?31m        ");
  assert.equal(table("a\u202eb"), "a?b         ");
  assert.equal(table([0x61, 0xff, 0xfe]), "a\ufffd\ufffd         ");
  assert.equal(table("gr\u00fc\u00dfe"), "gr\u00fc\u00dfe       ");
});

Deno.test("harmless leaves nothing that shows nothing, and harmlessJson escapes it", () => {
  const hidden = "a\u007f\u009b\u00ad\u200b\u200d\u2060\u2066\ufeff\u{e0041}b";
  assert.equal(harmless(hidden), "a?????????b");
  const json = harmlessJson({ [hidden]: hidden });
  assert.match(json, /^[ -~]*$/);
  assert.deepEqual(JSON.parse(json), { [hidden]: hidden });
  assert.equal(harmless("gr\u00fc\u00dfe \u{1f98a} \u65e5\u672c"), "gr\u00fc\u00dfe \u{1f98a} \u65e5\u672c");
});

Deno.test("tableText finds an unsafe byte beyond the cut", () => {
  assert.equal(table("abcdefghijkl\x1b[m"), "abcdefghijkl");
});

Deno.test("jsonText is read back as the same text, whatever the name", () => {
  for (const name of ["sshd", 'a"b\\c', "new\nline", "\x1b[31m", "gr\u00fc\u00dfe", "\u2028", "\x7f"]) {
    const text = new TextDecoder().decode(out.subarray(0, jsonText(out, 0, comm(name), 0, 16)));
    assert.equal(JSON.parse(text), name);
  }
  const invalid = new TextDecoder().decode(out.subarray(0, jsonText(out, 0, comm([0x61, 0xff]), 0, 16)));
  assert.equal(JSON.parse(invalid), "a\ufffd");
});

Deno.test("csvText quotes what RFC 4180 wants quoted", () => {
  const csv = (text: string) => new TextDecoder().decode(out.subarray(0, csvText(out, 0, comm(text), 0, 16)));
  assert.equal(csv("sshd"), "sshd");
  assert.equal(csv("a,b"), '"a,b"');
  assert.equal(csv('a"b'), '"a""b"');
  assert.equal(csv("a\nb"), '"a\nb"');
});

Deno.test("sizedText writes the length before the bytes, and leaves these as they are", () => {
  out.fill(255);
  const sized = (text: string | number[]) => Array.from(out.subarray(0, sizedText(out, 0, comm(text), 0, 16)));
  assert.deepEqual(sized("a\nb"), [3, 0, 0, 0, 0, 0, 0, 0, 97, 10, 98]);
  assert.deepEqual(sized([255]), [1, 0, 0, 0, 0, 0, 0, 0, 255]);
  assert.deepEqual(sized("sixteen letters!").slice(0, 9), [16, 0, 0, 0, 0, 0, 0, 0, 115]);
});
