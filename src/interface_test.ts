import assert from "node:assert/strict";
import { BadInput, CannotRun } from "./failure.ts";
import { followInterface, type InterfaceKernel } from "./interface.ts";
import type { Variables } from "./session.ts";

const OWN = 4026531840, OTHER = 4026532621, PATH = "/run/netns/other";

/** A machine with these interfaces by name in the namespace that is looked into. */
function machine(interfaces: Record<string, number>, override: Partial<InterfaceKernel> = {}) {
  const values: Record<string, number> = { tx_queues: 0, rx_queues: 0 };
  const variables: Variables = {
    get: (name) => values[name] ?? NaN,
    set: (name, value) => void (values[name] = value),
  };
  const lines: string[] = [];
  const kernel: InterfaceKernel = {
    exists: (path) => /\/queues\/(tx-[0-3]|rx-[01])$/.test(path),
    inode: (path) => path === "/proc/self/ns/net" ? OWN : path === PATH ? OTHER : undefined,
    interfaceIndex: (name) => interfaces[name] ?? 0,
    interfaceName: (index) => Object.entries(interfaces).find(([, i]) => i === index)?.[0] ?? "",
    netnsCookie: () => 7n,
    readText: (path) => path === "/sys/class/net/eth0/ifindex" ? "2\n" : undefined,
    ...override,
  };
  return { kernel, variables, values, interfaces, lines, warn: (line: string) => void lines.push(line) };
}

Deno.test("an interface is known by its index in our namespace, with as many queues as sysfs shows", () => {
  const { kernel, variables, values, warn, lines } = machine({ eth0: 2 });
  const followed = followInterface("eth0", undefined, kernel, warn);
  followed.look(variables);
  assert.deepEqual([followed.netns, values, lines], [OWN, { ifindex: 2, tx_queues: 4, rx_queues: 2 }, []]);
});

Deno.test("what the programs know of the queues goes before what sysfs shows", () => {
  const { kernel, variables, values, warn } = machine({ eth0: 2 });
  const { look } = followInterface("eth0", undefined, kernel, warn);
  variables.set("tx_queues", 1);
  look(variables);
  assert.deepEqual([values["tx_queues"], values["rx_queues"]], [1, 2]);
});

Deno.test("sysfs is not asked where it shows another namespace's interfaces", () => {
  for (const [index, netns] of [[3, undefined], [2, { inode: OTHER, path: PATH }]] as const) {
    const { kernel, variables, values, warn } = machine({ eth0: index });
    followInterface("eth0", netns, kernel, warn).look(variables);
    assert.deepEqual(values, { ifindex: index, tx_queues: 0, rx_queues: 0 });
  }
});

Deno.test("two interfaces that exchange their names are told apart by their indexes", () => {
  const { kernel, variables, values, warn, lines, interfaces } = machine({ eth0: 2, eth1: 3 });
  const { look } = followInterface("eth0", undefined, kernel, warn);
  Object.assign(interfaces, { eth0: 3, eth1: 2 });
  look(variables);
  look(variables);
  assert.equal(values["ifindex"], 2);
  assert.deepEqual(lines, ["eth0 is called eth1 now, and is counted on."]);
});

Deno.test("an interface that vanishes is counted again under its name, each change is told once", () => {
  const { kernel, variables, values, warn, lines, interfaces } = machine({ eth0: 2 });
  const { look } = followInterface("eth0", undefined, kernel, warn);
  look(variables);
  delete interfaces["eth0"];
  for (let i = 0; i < 3; i++) look(variables);
  assert.equal(values["ifindex"], 0);
  interfaces["eth0"] = 7;
  for (let i = 0; i < 3; i++) look(variables);
  assert.deepEqual([values["ifindex"], values["tx_queues"]], [7, 0]);
  interfaces["eth0"] = 9; // at once
  look(variables);
  assert.equal(values["ifindex"], 9);
  assert.deepEqual(lines, [
    "eth0 has vanished; it is counted again if one of this name comes.",
    "eth0 is new, with index 7, and is counted from now on.",
    "eth0 is new, with index 9, and is counted from now on.",
  ]);
});

Deno.test("a new name that could steer a terminal is made harmless", () => {
  const { kernel, variables, warn, lines, interfaces } = machine({ eth0: 2 });
  const { look } = followInterface("eth0", undefined, kernel, warn);
  delete interfaces["eth0"];
  interfaces["\u001b[2J"] = 2;
  look(variables);
  assert.deepEqual(lines, ["eth0 is called ?[2J now, and is counted on."]);
});

Deno.test("nothing is counted any more where its namespace cannot be looked into, as another may have its number", () => {
  const gone: Partial<InterfaceKernel>[] = [{ inode: (path) => path === PATH ? OTHER + 1 : OWN }, {
    interfaceName: () => {
      throw Object.assign(new Error("setns: EINVAL"), { call: "setns", errno: 22, log: "" });
    },
  }];
  for (const override of gone) {
    const { kernel, variables, values, warn, lines } = machine({ eth0: 2 });
    const { look } = followInterface("eth0", { inode: OTHER, path: PATH }, kernel, warn);
    Object.assign(kernel, override);
    for (let i = 0; i < 3; i++) look(variables);
    assert.equal(values["ifindex"], 0);
    assert.deepEqual(lines.length, 1);
    assert.match(lines[0] ?? "", /other does not lead to the network namespace of eth0 any more: nothing is counted/);
  }
});

Deno.test("what cannot be followed is refused with a sentence", () => {
  const { kernel, warn } = machine({ eth0: 2 });
  const refused = (name: string, netns: Parameters<typeof followInterface>[1], of: InterfaceKernel = kernel) => () =>
    followInterface(name, netns, of, warn);
  assert.throws(refused("eth1", undefined), (e) => e instanceof BadInput && /no interface 'eth1'/.test(e.message));
  assert.throws(refused("eth0", { inode: 1 }), (e) => e instanceof BadInput && /namespace 1/.test(e.message));
  const forbidden = () => {
    throw Object.assign(new Error("setns: EPERM"), { call: "setns", errno: 1, log: "" });
  };
  assert.throws(
    refused("eth0", { inode: OTHER, path: PATH }, { ...kernel, interfaceIndex: forbidden }),
    (e) => e instanceof CannotRun && /may not look into \/run\/netns\/other/.test(e.message),
  );
});
