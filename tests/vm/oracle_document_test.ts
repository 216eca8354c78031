import { match } from "node:assert";
import { KNOWN } from "../oracle/known.ts";
import { oracle_document } from "./oracle_document.ts";

Deno.test("oracle_document has a line per tool and kernel, and one per known difference with how often it was met", () => {
  const [first] = KNOWN;
  const one = { tool: "tcptracer", twin: "tcptracer", events: 28, equal: 21 };
  const text = oracle_document([{
    release: "6.12",
    twins: { "/usr/sbin/tcptracer": "libbpf-tools 0.26" },
    compared: [
      { ...one, scenario: "close", known: { [first!.why]: 7 }, apart_ms: 0.5 },
      { ...one, scenario: "outcome", equal: 28, known: {}, apart_ms: 0.25 },
    ],
  }]);
  match(text, /^\| tcptracer \| tcptracer \(libbpf-tools 0\.26\) \| 6\.12 \| 2 \| 56 \| 49 \| 7 \| 0\.500 \|$/m);
  match(text, new RegExp(`^\\| tcptracer \\| missing \\| ${first!.why} \\| .* \\| 7 on 6\\.12 \\|$`, "m"));
  match(text, /\| not met \|$/m);
});
