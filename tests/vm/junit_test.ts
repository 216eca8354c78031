import { deepStrictEqual } from "node:assert";
import { parse_junit } from "./junit.ts";

// as deno 2.9 writes it
const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="5" failures="2" errors="0" time="0.071">
    <testsuite name="./a_test.ts" tests="5" disabled="1" errors="0" failures="2">
        <testcase name="shows 3 &amp; &quot;x&quot; &lt;y&gt;" classname="./a_test.ts" time="0.000" line="1" col="6">
        </testcase>
        <testcase name="needs MPTCP" classname="./a_test.ts" time="0.000" line="2" col="6">
            <skipped/>
        </testcase>
        <testcase name="closes" classname="./a_test.ts" time="0.027" line="3" col="6">
            <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
        <testcase name="closes &gt; twice" classname="./a_test.ts" time="0.001" line="3" col="72">
            <failure message="Uncaught Error: bad
thing">Error: bad
thing</failure>
        </testcase>
    </testsuite>
</testsuites>`;

Deno.test("parse_junit reads titles and outcomes, and leaves steps to their test", () => {
  deepStrictEqual(parse_junit(report), [
    { title: 'shows 3 & "x" <y>', outcome: "passed" },
    { title: "needs MPTCP", outcome: "ignored" },
    { title: "closes", outcome: "failed", message: "1 test step failed" },
  ]);
});

Deno.test("parse_junit finds no tests in a report without", () => {
  deepStrictEqual(parse_junit('<testsuites name="deno test" tests="0">\n</testsuites>'), []);
  deepStrictEqual(parse_junit(""), []);
});
