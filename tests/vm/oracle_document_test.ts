import { match } from "node:assert";
import { KNOWN } from "../oracle/known.ts";
import { summed } from "./comparison.ts";
import { oracle_document } from "./oracle_document.ts";

Deno.test("oracle_document has a line per tool and kernel, and one per known difference with how often it was met", () => {
  const [first] = KNOWN;
  const one = { tool: "tcptracer", twin: "tcptracer", events: 28, equal: 21 };
  const found = summed("6.12", "6.12.1", { "/usr/sbin/tcptracer": "libbpf-tools 0.26" }, [
    { ...one, scenario: "close", known: { [first!.why]: 7 }, apart_ms: 0.5 },
    { ...one, scenario: "outcome", equal: 28, known: {}, apart_ms: 0.25 },
  ]);
  const text = oracle_document(found);
  match(text, /^\| tcptracer \| tcptracer \(libbpf-tools 0\.26\) \| 6\.12\.1 \| 2 \| 56 \| 49 \| 7 \| 0\.500 \|$/m);
  match(text, new RegExp(`^\\| tcptracer \\| missing \\| ${first!.why} \\| .* \\| 7 on 6\\.12\\.1 \\|$`, "m"));
  match(text, /\| not met \|$/m);
});
