import assert from "node:assert/strict";
import { sparedOf } from "./capability.ts";

Deno.test("what a kernel does not ask for is told by its release and by how it restricts perf events", () => {
  const spared = (release?: string, paranoid?: string) =>
    sparedOf((path) =>
      path.endsWith("osrelease") ? release : path.endsWith("perf_event_paranoid") ? paranoid : undefined
    );
  assert.deepEqual(spared("5.10.262-1-cloud-amd64\n", "3\n"), []);
  assert.deepEqual(spared("5.11.0\n", "2\n"), ["to have maps", "to open perf events"]);
  assert.deepEqual(spared("6.1.0-56\n", "4\n"), ["to have maps"]);
  assert.deepEqual(spared("4.19.0\n", "-1\n"), ["to open perf events"]);
  assert.deepEqual(spared(), [], "what is not known is asked for");
});
