import assert from "node:assert/strict";

const PAUSES = 2000, MOST_BYTES = 200_000;

/** Prints by how many bytes the heap has grown after so many pauses, of which each once left some 300 behind. */
const PROGRAM = `
  import { openTerminal } from ${JSON.stringify(import.meta.resolve("./terminal.ts"))};
  const terminal = openTerminal({ waitWritable: () => true, room: () => 0 });
  const pauses = async (n) => {
    for (let i = 0; i < n; i++) await terminal.pause(0);
    gc();
    return Deno.memoryUsage().heapUsed;
  };
  const before = await pauses(${PAUSES});
  console.log(await pauses(${PAUSES}) - before);
  Deno.exit();
`;

Deno.test("a terminal that pauses again and again keeps nothing of it", async () => {
  const args = ["run", "-A", "--v8-flags=--expose-gc", "-"];
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" }).spawn();
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(PROGRAM));
  await stdin.close();
  const { code, stdout } = await child.output();
  const text = new TextDecoder().decode(stdout), grown = Number(text);
  assert.equal(code, 0);
  assert.match(text, /^-?\d+\n$/);
  assert.ok(grown < MOST_BYTES, `it has kept ${grown} bytes`);
});
