// Gives up all rights while other threads, workers of its own, make more and more threads; then waits to be looked at.
import { openLibc } from "../../ffi/libc.ts";
import { openPrivileges } from "../../ffi/privilege.ts";

const libc = openLibc();
const { symbols: threads } = Deno.dlopen("libc.so.6", {
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32", nonblocking: true },
});
const SYS_bpf = Deno.build.arch === "aarch64" ? 280n : 321n;

/** So many calls at once that wait, each in a thread of the runtime's pool. */
const wait = (calls: number, ms: number) =>
  Promise.all(Array.from({ length: calls }, () => threads.poll(null, 0n, ms)));

const { postMessage } = globalThis as { postMessage?: (message: string) => void }; // a worker has it
if (postMessage) {
  postMessage("ready");
  for (let calls = 1;; calls += 2) await wait(Math.min(calls, 24), 20);
} else {
  const workers = Array.from({ length: 3 }, () => new Worker(import.meta.url, { type: "module" }));
  await Promise.all(workers.map((worker) => new Promise((ready) => worker.onmessage = ready)));
  const privileges = openPrivileges(libc, Deno.readFileSync(Deno.args[0] ?? ""), SYS_bpf);
  await wait(4, 3);
  privileges.relinquish(0n);
  console.log("given up");
  await wait(8, 10_000_000);
}
