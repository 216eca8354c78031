import { deepStrictEqual } from "node:assert";
import { complaints } from "./console.ts";

Deno.test("complaints are the kernel's warnings and bugs, not words that sound like them", () => {
  const bug = "[   12.345678] BUG: kernel NULL pointer dereference, address: 0000000000000000";
  const warning = "[    3.000001] WARNING: CPU: 1 PID: 80 at kernel/bpf/verifier.c:1 check+0x1/0x2";
  deepStrictEqual(
    complaints(
      [
        '[    1.503747] PCI: Using host bridge windows from ACPI; if necessary, use "pci=nocrs" and report a bug',
        bug,
        "[   13.000000] RAS: Correctable Errors collector initialized.",
        warning,
        "[   60.000000] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [deno:80]",
      ].join("\n"),
    ),
    [bug, warning],
  );
});
