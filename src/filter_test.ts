import assert from "node:assert/strict";
import { BadInput } from "./failure.ts";
import { filters, parseAddress, parsePorts, pids } from "./filter.ts";
import type { Option } from "./option.ts";

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
  assert.deepEqual(ports(parsePorts("80-83,!81,!82")), [80, 83]);
  assert.equal(ports(parsePorts("!22")).length, 65535);
});

Deno.test("parsePorts refuses what is no list of ports, in one sentence", () => {
  for (const text of ["", "80,", "x", "65536", "-1", "80-", "90-80", "1-2-3", "8 0", "0x50", "１", "80;81"]) {
    assert.throws(() => parsePorts(text), (e) => e instanceof BadInput && !e.message.includes("\n"), text);
  }
});

/** What an option's text puts into its map, in hexadecimal, and its constants. */
function made(option: Option, text: string) {
  const value = option.parse?.(text);
  const entries = option.fill?.(value).entries.map(({ key, value }) => `${value[0] ? "+" : "-"}${key.toHex()}`);
  return { entries, constants: option.constants?.(value) };
}

Deno.test("a list keeps what it names, or leaves out what it names with !", () => {
  assert.deepEqual(made(pids(), "1,!258"), {
    entries: ["+0100000000000000", "-0201000000000000"],
    constants: { filter_pids: 1 },
  });
  assert.deepEqual(made(pids(), "!7").constants, { filter_pids: 2 });
});

Deno.test("parseAddress reads both families and refuses all else", () => {
  const hex = (text: string) => parseAddress(text)?.toHex();
  assert.equal(hex("10.0.255.1"), "00000000000000000000ffff0a00ff01");
  assert.equal(hex("::1"), "0".repeat(31) + "1");
  assert.equal(hex("::"), "0".repeat(32));
  assert.equal(hex("2001:DB8::5:0:0:1"), "20010db8000000000005000000000001");
  assert.equal(hex("::ffff:10.0.255.1"), "00000000000000000000ffff0a00ff01");
  for (
    const text of [
      "",
      "10.0.0",
      "10.0.0.256",
      "010.0.0.1",
      "1.2.3.4.5",
      "::1::",
      "fe80::1%eth0",
      "localhost",
      "[::1]",
      "0x7f.1",
    ]
  ) {
    assert.equal(parseAddress(text), undefined, text);
  }
});

Deno.test("addresses and CIDRs are prefixes of sixteen bytes", () => {
  assert.deepEqual(made(filters.raddr, "10.0.0.0/8,!10.1.0.0/16,2001:db8::/32,::1").entries, [
    "+68000000" + "00000000000000000000ffff0a000000",
    "-70000000" + "00000000000000000000ffff0a010000",
    "+20000000" + "20010db8000000000000000000000000",
    "+80000000" + "00000000000000000000000000000001",
  ]);
});

Deno.test("names of threads are exact, or beginnings with a *", () => {
  const bytes = (text: string) => new TextEncoder().encode(text).toHex().padEnd(32, "0");
  assert.deepEqual(made(filters.comm, "sshd,nginx*,!nginx-old").entries, [
    `+80000000${bytes("sshd")}`,
    `+28000000${bytes("nginx")}`,
    `-80000000${bytes("nginx-old")}`,
  ]);
});

Deno.test("filters refuse in a sentence what they cannot take", () => {
  const cases: [Option, string[]][] = [
    [filters.raddr, ["10.0.0.0/33", "::1/129", "10.0.0.0/8/8", "x", "", "10.0.0.0/-1"]],
    [filters.comm, ["", "a-name-of-16-byte", "!"]],
    [filters.uid, ["-1", "root", "4294967295"]],
    [filters.netns, ["/nowhere", "/etc/passwd", "/proc/self/status", "/proc/self/ns/pid", "pid:x", "pid:4194305", ""]],
    [filters.cgroup, ["/nowhere", "/etc/passwd", "/etc"]],
    [filters.container, ["xyz", "abc", "0123456789abcdef"]],
    [filters.lport, ["", "80,", "x", "!"]],
  ];
  for (const [option, texts] of cases) {
    for (const text of texts) {
      assert.throws(() => option.parse?.(text), (e) => e instanceof BadInput && !e.message.includes("\n"), text);
    }
  }
});

Deno.test("--netns takes an inode number, a path or a process", () => {
  const own = Deno.statSync("/proc/self/ns/net").ino ?? 0;
  const numbers = [String(own), "/proc/self/ns/net", `pid:${Deno.pid}`].map((text) =>
    made(filters.netns, text).entries
  );
  assert.deepEqual(numbers[0], numbers[1]);
  assert.deepEqual(numbers[0], numbers[2]);
});
