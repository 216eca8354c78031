import { ok, strictEqual } from "node:assert";
import type { Exclusion } from "./judge.ts";
import { kernels, newest } from "./kernel.ts";
import { machines } from "./machine.ts";
import { depends } from "./modules.ts";
import { suites } from "./payload.ts";

Deno.test("newest takes the highest version, by numbers and not by letters", () => {
  const names = ["linux-image-6.12.90+deb13-cloud-amd64", "linux-image-6.12.117+deb13-cloud-amd64", "linux-base"];
  strictEqual(newest(names, /^linux-image-6\.12/), "linux-image-6.12.117+deb13-cloud-amd64");
  const same = ["linux-image-6.12.115+deb13.1-cloud-amd64", "linux-image-6.12.115+deb13-cloud-amd64"];
  strictEqual(newest(same, /^linux-image-6\.12/), "linux-image-6.12.115+deb13.1-cloud-amd64");
  strictEqual(newest(names, /^linux-binary/), undefined);
});

Deno.test("kernels.json pins packages that its own patterns match, in one version per kernel", () => {
  for (const { label, packages } of kernels()) {
    for (const { name, newest, version } of packages) {
      strictEqual(new RegExp(newest).test(name), true, `${label} ${name}`);
      strictEqual(version, packages[0]?.version, `${label} ${name}`);
    }
  }
});

Deno.test("expected.json speaks of kernels or machines and live tests that there are, and of a plan or a test", async () => {
  const exclusions: Exclusion[] = JSON.parse(await Deno.readTextFile(new URL("expected.json", import.meta.url)));
  const labels = [...kernels().map(({ label }) => label), ...machines().map(({ name }) => name)];
  for (const { kernel, tool, plan, test, reason } of exclusions) {
    ok(labels.includes(kernel), kernel);
    ok(suites().includes(tool), tool);
    ok((plan ?? test) && reason, `${kernel} ${tool}`);
    if (test) ok(await has_test(tool, test), `${tool} has no test "${test}"`);
  }
});

/** Whether a string in the live tests of `tool` is `title`, as written there: with `${...}` for anything but its start. */
async function has_test(tool: string, title: string): Promise<boolean> {
  const source = await Deno.readTextFile(new URL(`../live/${tool}_test.ts`, import.meta.url));
  const own_title = title.replace(`${tool} `, "");
  return [...source.matchAll(/"([^"\n]+)"|`([^`\n]+)`/g)].some(([, plain, template]) => {
    const name = (plain ?? template!).replace("(${plan}) ", "");
    const [start, ...rest] = name.split(/\$\{[^}]*\}/).map((part) => RegExp.escape(part));
    return name === title || start !== "" && new RegExp(`^${[start, ...rest].join(".+")}$`).test(own_title);
  });
}

Deno.test("depends reads a module's dependencies as the kernel names them", () => {
  const module = (text: string) => new TextEncoder().encode(text);
  strictEqual(
    depends(module("license=GPL\0depends=nf-tables,nf_conntrack\0name=x\0")).join(),
    "nf_tables,nf_conntrack",
  );
  strictEqual(depends(module("license=GPL\0depends=\0name=x\0")).length, 0);
});
