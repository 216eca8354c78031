export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Throws one sentence when the program is not installed. */
export async function run([program, ...args]: string[], options: Deno.CommandOptions = {}): Promise<Output> {
  let child;
  try {
    child = await new Deno.Command(program!, { ...options, args, stdin: "null" }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`${program} is missing: install what tests/vm/README.md lists.`);
  }
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code: child.code, stdout: text(child.stdout), stderr: text(child.stderr) };
}

/** Stdout of a program that must succeed. Throws what it printed when it did not. */
export async function output(command: string[], options: Deno.CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(command, options);
  if (code !== 0) throw new Error(`${command[0]} failed: ${stderr.trim() || `exit ${code}`}`);
  return stdout;
}
