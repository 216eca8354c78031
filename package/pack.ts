// deno run -A package/pack.ts DENO STUB PROGRAM OUT ASSET...: makes the executable OUT of the runtime DENO, the entry
// stub, the program (an eszip whose entry is main.js) and the assets. Deno's own bytes stay where they are.
import { archive } from "./archive.ts";
import { elf } from "./elf.ts";
import { V8_FLAGS } from "./v8_flags.ts";

/** What Deno is started with; a final % stands for the payload's descriptor. Everything is in the payload. */
const ARGUMENTS = [
  "run",
  V8_FLAGS,
  "--allow-all",
  "--no-config",
  "--no-lock",
  "--no-remote",
  "--no-npm",
  "--cached-only",
  "--no-check",
  "--no-code-cache",
  "--quiet",
  "--eszip-internal-do-not-use",
  "main.js#/proc/self/fd/%",
];

const VARIABLES = [
  // Not a directory, nor can it become one: nothing is cached.
  "DENO_DIR=/dev/null/deno",
  "DENO_LOG=error,deno::cache=off", // which on a terminal would tell that it keeps no caches
  // Deno reads $HOME/.npmrc, or that of the user's entry in the password database, and does not start if it cannot. This
  // is a name that nobody can create.
  "HOME=/proc/self/none",
  "DENO_NO_UPDATE_CHECK=1",
  "DENO_DISABLE_NODE_SHIM=1",
  "DENO_NO_PROMPT=1",
  "NETTRACE_PAYLOAD=/proc/self/fd/%",
];

/** Variables that start so would make Deno, V8 or a library in them do something else, and are kept from them. */
const DROPPED = [
  "COMPLETE=",
  "DENO_",
  "HOME=",
  "ICU_",
  "JSR_",
  "NETTRACE_PAYLOAD=",
  "NODE_",
  "NPM_",
  "npm_",
  "OTEL_",
  "RAYON_",
  "RUST_",
  "UV_",
  "V8_",
];

const ALIGN = 65536; // arm64 kernels may have pages of 64 KiB
const CONFIG_SIZE = 56;

/** FNV-1a over words of eight bytes, as the stub computes it. */
function sum(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hash = 0xcbf29ce484222325n;
  for (let at = 0; at < bytes.length; at += 8) {
    hash = BigInt.asUintN(64, (hash ^ view.getBigUint64(at, true)) * 0x100000001b3n);
  }
  return hash;
}

const roundUp = (value: number, to: number) => Math.ceil(value / to) * to;

const [denoFile, stubFile, programFile, outFile, ...assetFiles] = Deno.args;
if (denoFile === undefined || stubFile === undefined || programFile === undefined || outFile === undefined) {
  console.error("usage: pack.ts DENO STUB PROGRAM OUT ASSET...");
  Deno.exit(2);
}
const deno = Deno.readFileSync(denoFile);
const stub = Deno.readFileSync(stubFile);
const assets = new Map(assetFiles.map((file) => [file.slice(file.lastIndexOf("/") + 1), Deno.readFileSync(file)]));
const payload = archive(Deno.readFileSync(programFile), assets);
const strings = new TextEncoder().encode([...ARGUMENTS, ...VARIABLES, ...DROPPED].map((text) => text + "\0").join(""));

const runtime = elf(deno);
const offset = roundUp(deno.length, ALIGN);
const address = roundUp(runtime.end, ALIGN);
const payloadAt = roundUp(stub.length + CONFIG_SIZE + strings.length, 4096);

const segment = new Uint8Array(payloadAt + payload.length);
segment.set(stub);
segment.set(strings, stub.length + CONFIG_SIZE);
segment.set(payload, payloadAt);
// struct config of stub.c
const config = new DataView(segment.buffer, stub.length, CONFIG_SIZE);
const fromConfig = (place: number) => BigInt(place - address - stub.length);
config.setBigInt64(0, fromConfig(runtime.entry), true);
config.setBigInt64(8, fromConfig(runtime.environSlot), true);
config.setBigInt64(16, fromConfig(address + payloadAt), true);
config.setBigUint64(24, BigInt(payload.length), true);
config.setBigUint64(32, sum(payload), true);
[ARGUMENTS.length, VARIABLES.length, DROPPED.length, strings.length].forEach((count, i) =>
  config.setUint32(40 + i * 4, count, true)
);

runtime.startAt(offset, address, segment.length, ALIGN);
const executable = new Uint8Array(offset + segment.length);
executable.set(deno);
executable.set(segment, offset);
// Under another name first, since the old one may be running.
Deno.writeFileSync(`${outFile}.new`, executable, { mode: 0o755 });
Deno.renameSync(`${outFile}.new`, outFile);
