// Stands for node:process in the bundle: Deno's own costs 19 ms at start, and commander needs only this much of it.

type Output = typeof Deno.stdout | typeof Deno.stderr;

function stream(output: Output) {
  return {
    write(text: string): boolean {
      const bytes = new TextEncoder().encode(text);
      for (let written = 0; written < bytes.length;) written += output.writeSync(bytes.subarray(written));
      return true;
    },
    get isTTY() {
      return output.isTerminal();
    },
    get columns() {
      return Deno.consoleSize().columns;
    },
    hasColors: () => true,
  };
}

export const stdout = stream(Deno.stdout);
export const stderr = stream(Deno.stderr);
export const platform = Deno.build.os;
export const argv = ["nettrace", "nettrace", ...Deno.args];
export const exit = Deno.exit;
export const env: Record<string, string> = new Proxy({}, {
  get: (_, name) => typeof name === "string" ? Deno.env.get(name) : undefined,
  has: (_, name) => typeof name === "string" && Deno.env.has(name),
});
