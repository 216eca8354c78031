import assert from "node:assert/strict";
import tcpaccept from "../tools/tcpaccept.ts";
import tcpconnlat from "../tools/tcpconnlat.ts";
import tcpsubnet from "../tools/tcpsubnet.ts";
import { allOptions } from "./cli.ts";
import { commands } from "./command.ts";
import { completions } from "./completion.ts";
import { diagnose, report } from "./doctor.ts";
import { listing, toolHelp } from "./help.ts";
import { manual } from "./man.ts";
import { newKernel, newRing } from "../tests/unit/fake_kernel.ts";

const build = { version: "1.2.3", commit: "abc", libbpf: "1.5.0", clang: "14", runtime: "packed" } as const;
const longNames = Object.keys(allOptions(tcpaccept)).map((name) => `--${name}`);

Deno.test("toolHelp has bcc's parts in bcc's order, every option and every example", () => {
  const help = toolHelp(tcpaccept);
  assert.match(
    help,
    /^usage: nettrace tcpaccept \[-h\][^]*\n\nTrace TCP accepts\n\noptions:\n {2}-h, --help[^]*\n\nexamples:\n/,
  );
  assert.match(help, /\[-4 \| -6\]/);
  for (const name of longNames) assert.ok(help.includes(name), name);
  for (const { command } of tcpaccept.examples) assert.ok(help.includes(`nettrace ${command}`), command);
  const options = help.slice(0, help.indexOf("examples:"));
  assert.ok(options.split("\n").every((line) => line.length < 80));
});

Deno.test("listing names every tool and command", () => {
  const text = listing([tcpaccept], commands);
  for (const name of ["tcpaccept", ...commands.map((c) => c.name)]) {
    assert.match(text, new RegExp(`^  ${name}\\b`, "m"));
  }
});

Deno.test("manual has every section, option and field", () => {
  const page = manual(tcpaccept, "1.2.3");
  for (
    const section of [
      "NAME",
      "SYNOPSIS",
      "DESCRIPTION",
      "OPTIONS",
      "FIELDS",
      "EXAMPLES",
      "OVERHEAD",
      "CAVEATS",
      "EXIT STATUS",
    ]
  ) {
    assert.ok(page.includes(`.SH ${section}\n`), section);
  }
  for (const name of longNames) assert.ok(page.includes(name.replaceAll("-", "\\-")), name);
  for (const { heading, description } of tcpaccept.columns) {
    assert.ok(page.includes(`.B ${heading}\n`), heading);
    assert.ok(page.includes(description.replaceAll("-", "\\-")), description);
  }
  assert.doesNotMatch(page, /^\.(?!TH|SH|TP|PP|B |BR )/m, "no text is taken for a request");
});

Deno.test("completions for bash offer tools, options, plans and files", async () => {
  const complete = async (...words: string[]) => {
    const script = `${completions("bash", [tcpaccept], commands)}
COMP_WORDS=(nettrace ${words.map((w) => `'${w}'`).join(" ")}) COMP_CWORD=${words.length}
_nettrace; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { code, stdout, stderr } = await new Deno.Command("bash", { args: ["-c", script] }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).trimEnd().split("\n");
  };
  assert.deepEqual(await complete("tcp"), ["tcpaccept"]);
  assert.deepEqual(await complete("man", "tcp"), ["tcpaccept"]);
  assert.deepEqual(await complete("schema", ""), ["tcpaccept"]);
  assert.deepEqual(await complete("tcpaccept", "--cgroupm"), ["--cgroupmap"]);
  assert.deepEqual(await complete("tcpaccept", "--plan", "k"), ["kprobe"]);
  assert.ok((await complete("tcpaccept", "--mntnsmap", "/proc/self/moun")).includes("/proc/self/mountinfo"));
  assert.deepEqual(await complete("completions", "z"), ["zsh"]);
});

Deno.test("completions for zsh and fish name every option", () => {
  for (const shell of ["zsh", "fish"]) {
    const script = completions(shell, [tcpaccept], commands);
    for (const name of Object.keys(allOptions(tcpaccept))) {
      assert.match(script, new RegExp(`(--|-l )${name}\\b`), `${shell} ${name}`);
    }
    const quotes = script.split("'").length - 1;
    assert.equal(quotes % 2, 0, `${shell}'s quotes are closed`);
  }
});

Deno.test("doctor says which plan is used and why the better ones are not", () => {
  const kernel = newKernel(newRing(4096), { fexitErrno: () => 1, exists: (path) => !path.includes("kprobe") });
  const diagnosis = diagnose([tcpaccept], kernel, build);
  assert.equal(diagnosis.ok, true);
  assert.equal(diagnosis.tools[0]?.plan, "tracepoint");
  assert.deepEqual(diagnosis.tools[0]?.plans.map((p) => p.usable), [false, false, true, true]);
  const text = report(diagnosis);
  assert.match(text, /^tcpaccept +uses tracepoint\n {2}fexit +this kernel does not allow/m);
});

Deno.test("doctor tries a tool's programs as they are when its name is all that is typed", () => {
  const kernel = newKernel(newRing(4096));
  const places = ["counting_tx", "counting_rx"].map((name) =>
    tcpsubnet.layout.rodata[name]?.offset ?? assert.fail(name)
  );
  for (const place of places) kernel.constants.setUint8(place, 1); // as the object has them
  diagnose([tcpsubnet], kernel, build);
  assert.deepEqual(places.map((place) => kernel.constants.getUint8(place)), [1, 0]);
});

Deno.test("doctor says what keeps every tool from running", () => {
  const kernel = newKernel(newRing(4096), {
    readText: (path) => path.endsWith("/status") ? "CapEff:\t0000000000000000\n" : undefined,
  });
  const diagnosis = diagnose([tcpaccept], kernel, build);
  assert.equal(diagnosis.ok, false);
  assert.match(report(diagnosis), /needs root/);
  assert.match(report(diagnosis), /tcpaccept +cannot run/);
});

Deno.test("help, manual and completion name the arguments by their place", () => {
  assert.match(toolHelp(tcpconnlat), /\[duration_ms\]\n\n[^]*\npositional arguments:\n {2}duration_ms {11}show /);
  assert.match(manual(tcpconnlat, "1.2.3"), /\.B duration_ms\nshow /);
  assert.match(completions("zsh", [tcpconnlat], commands), /':duration_ms: '/);
});
