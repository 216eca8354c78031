import { linesOf } from "../live/lines.ts";

/** A program that does something for each line it is given, and answers with a line. */
export interface Responder extends AsyncDisposable {
  /** The next line it says. */
  answer(): Promise<string>;
  /** Gives it a line, and returns the next line it says. */
  ask(line: string): Promise<string>;
}

/** Starts such a program; it answers on stdout, or, as its output is measured, on stderr. Throws what it complains of. */
export function responder(command: readonly string[], answers: "stdout" | "stderr" = "stdout"): Responder {
  const [program = "", ...args] = command;
  const child = new Deno.Command(program, {
    args,
    stdin: "piped",
    stdout: answers === "stdout" ? "piped" : "null",
    stderr: answers === "stderr" ? "piped" : "inherit",
  }).spawn();
  const lines = linesOf(child[answers]);
  const stdin = child.stdin.getWriter();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${command.join(" ")} ended too early`);
    return value;
  };
  return {
    answer,
    async ask(line) {
      await stdin.write(new TextEncoder().encode(line + "\n"));
      return await answer();
    },
    async [Symbol.asyncDispose]() {
      await stdin.close().catch(() => {}); // it may have ended by itself
      await lines.return(undefined);
      await child.status;
    },
  };
}

/** Runs a program to its end and gives its stdout. Throws if it fails. */
export async function outputOf(command: readonly string[]): Promise<string> {
  const [program = "", ...args] = command;
  const { code, stdout } = await new Deno.Command(program, { args, stdin: "null", stderr: "inherit" }).output();
  if (code !== 0) throw new Error(`${command.join(" ")} ended with status ${code}`);
  return new TextDecoder().decode(stdout);
}
