import assert from "node:assert/strict";
import type { Ready } from "./traffic.ts";

/** Where the scenario drop's listener is, or would be. */
export const OPEN_PORT = 10;

/** Rules that drop packets to OPEN_PORT, as they come in or go out. */
export const firewall = (hook: "input" | "output") =>
  `table inet filter {\n chain c { type filter hook ${hook} priority 0;\n tcp dport ${OPEN_PORT} drop\n }\n}\n`;

/** Sets rules of a firewall in the network namespace of a process. */
export async function nft({ client }: Ready, rules: string): Promise<void> {
  const child = new Deno.Command("nsenter", {
    args: [`--net=/proc/${client}/ns/net`, "nft", "-f", "-"],
    stdin: "piped",
  })
    .spawn();
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(rules));
  await stdin.close();
  assert.ok((await child.status).success);
}
