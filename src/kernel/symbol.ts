import { CannotRun } from "../failure.ts";

/** The address of a function of the running kernel, as the eight bytes of it. Throws CannotRun where it is hidden. */
export function addressOf(name: string): Uint8Array {
  const symbols = Deno.readTextFileSync("/proc/kallsyms");
  const [, digits = "0"] = new RegExp(`^([0-9a-f]+) [tT] ${name}$`, "m").exec(symbols) ?? [];
  const address = BigInt(`0x${digits}`);
  if (address === 0n) {
    throw new CannotRun(
      `The kernel does not tell the address of ${name}: run nettrace as root or with CAP_SYSLOG, and with kernel.kptr_restrict at most 1.`,
    );
  }
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, address, true);
  return bytes;
}
