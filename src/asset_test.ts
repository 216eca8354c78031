import { asset, runtime } from "./asset.ts";

Deno.test("asset says what to do when there is no such asset", () => {
  try {
    asset("no-such-asset");
  } catch (error) {
    if (String(error) === "Error: There is no asset no-such-asset in this build; run: make nettrace") return;
    throw error;
  }
  throw new Error("asset found what is not there");
});

Deno.test("runtime is deno where the source is run, whatever the environment says", () => {
  Deno.env.set("NETTRACE_PAYLOAD", "/etc/passwd");
  try {
    if (runtime() !== "deno") throw new Error(`runtime is ${runtime()}`);
  } finally {
    Deno.env.delete("NETTRACE_PAYLOAD");
  }
});
