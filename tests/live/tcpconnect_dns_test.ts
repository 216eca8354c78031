import assert from "node:assert/strict";
import { binary } from "./nettrace.ts";
import { traffic } from "./traffic.ts";

Deno.test("tcpconnect -d counts the DNS answers that came faster than it read them", async () => {
  const answers = 2003;
  await using made = await traffic("connect", { v4: 1, name: "www.example.org", answers });
  const words = [`--net=/proc/${made.ready.pid}/ns/net`, binary, "tcpconnect", "-d"];
  const tracer = new Deno.Command("nsenter", { args: words, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  const complaints = new Response(tracer.stderr).text();
  const stdout = tracer.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (text.split("\n").length < 3) text += (await stdout.read()).value ?? assert.fail("it ended");
  tracer.kill("SIGSTOP");
  await made.go();
  tracer.kill("SIGCONT");
  tracer.kill("SIGINT");
  while (!(await stdout.read()).done);
  const [, lost = 0] = /lost (\d+) events: \1 only in part: DNS answers/.exec(await complaints) ?? [];
  await tracer.status;
  assert.ok(Number(lost) > 0 && Number(lost) < answers, `${lost} of ${answers}`);
});
