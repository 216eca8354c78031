// Reads lines of OTLP logs from standard input and prints each as the published protocol understands it: what it does
// not know is missing then, and what has the wrong type is something else.
import root from "@opentelemetry/otlp-transformer/build/src/generated/root.js";

interface Type {
  fromObject(line: unknown): unknown;
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
  toObject(message: unknown, options: Record<string, unknown>): unknown;
}
interface Root {
  opentelemetry: { proto: { collector: { logs: { v1: { ExportLogsServiceRequest: Type } } } } };
}
const { ExportLogsServiceRequest: type } = (root as unknown as Root).opentelemetry.proto.collector.logs.v1;

const text = await new Response(Deno.stdin.readable).text();
for (const line of text.split("\n").slice(0, -1)) {
  const bytes = type.encode(type.fromObject(JSON.parse(line))).finish();
  console.log(JSON.stringify(type.toObject(type.decode(bytes), { longs: String })));
}
