// FUZZ_ROUNDS=n: so many rounds instead of one. FUZZ_SEED=n: begin with this seed, as a failure says.
import { mutated } from "./mutate.ts";
import { newRandom } from "./random.ts";
import type { Target } from "./target.ts";
import { targets } from "./targets.ts";

const rounds = Number(Deno.env.get("FUZZ_ROUNDS") ?? 1), first = Number(Deno.env.get("FUZZ_SEED") ?? 0);

// So long may one input take: many times what any of this size does, on a machine that is busy.
const MOST_MS = 10_000;

for (const load of targets) {
  const target = await load();
  Deno.test(`${target.name}: whatever is read, there are rows or a sentence`, async () => {
    const inputs = [...target.seeds, ...found(target.name)];
    for (const [i, bytes] of inputs.entries()) await feed(target, bytes, `input ${i} of its corpus`);
    for (let seed = first; seed < first + rounds * target.round; seed++) {
      const random = newRandom(seed);
      const made = random.in(2) ? target.generate?.(random) : undefined;
      await feed(target, made ?? mutated(random.one(inputs), random), `FUZZ_SEED=${seed}`);
    }
  });
}

async function feed(target: Target, bytes: Uint8Array, name: string): Promise<void> {
  const start_ms = performance.now();
  try {
    await target.run(bytes);
    const spent_ms = performance.now() - start_ms;
    if (spent_ms > MOST_MS) throw new Error(`it took ${Math.round(spent_ms)} ms`);
    if (Object.keys(Object.prototype).length > 0) throw new Error("it gave all objects a key");
  } catch (error) {
    const file = await Deno.makeTempFile({ prefix: `fuzz-${target.name}-` });
    await Deno.writeFile(file, bytes);
    throw new Error(`${target.name} failed with ${name}, which is in ${file}`, { cause: error });
  }
}

/** What once broke a target. */
function found(name: string): Uint8Array[] {
  const directory = new URL(`corpus/${name}/`, import.meta.url);
  try {
    return Array.from(Deno.readDirSync(directory), (entry) => entry.name).sort()
      .map((file) => Deno.readFileSync(new URL(file, directory)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
