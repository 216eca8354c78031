import assert from "node:assert/strict";
import { describe, newCgroups, parseNames } from "./cgroup.ts";

const ID = "0123456789abcdef".repeat(4);

Deno.test("describe finds the container by each runtime's way to name its cgroup", () => {
  for (
    const path of [
      `/system.slice/docker-${ID}.scope`,
      `/docker/${ID}`,
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-${ID}.scope`,
      `/kubepods/besteffort/pod1/${ID}`,
      `/machine.slice/libpod-${ID}.scope/container`,
      `/kubepods.slice/crio-${ID}.scope`,
      `/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:${ID}`,
    ]
  ) assert.equal(describe(path).container, ID, path);
  for (const path of ["/", "/system.slice/ssh.service", `/docker/${ID.slice(1)}`, `/x/${ID}g`]) {
    assert.equal(describe(path).container, undefined, path);
  }
});

Deno.test("describe takes the deepest container", () => {
  const inner = "f".repeat(64);
  assert.equal(describe(`/docker/${ID}/kubelet.slice/cri-containerd-${inner}.scope`).container, inner);
});

Deno.test("describe takes the deepest unit that is no container's", () => {
  assert.equal(describe("/system.slice/ssh.service").unit, "ssh.service");
  assert.equal(describe("/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope/y").unit, "x.scope");
  assert.equal(describe("/system.slice").unit, undefined);
  assert.equal(describe(`/system.slice/docker-${ID}.scope`).unit, undefined);
  assert.equal(describe(`/user.slice/user@1000.service/user.slice/libpod-${ID}.scope/x`).unit, "user@1000.service");
  assert.equal(describe(`/system.slice/docker-${ID}.scope/system.slice/nginx.service`).unit, "nginx.service");
});

/** What the programs note: whole or not, and names from the cgroup to the root. */
function noted(whole: number, ...names: string[]): Uint8Array {
  const bytes = new Uint8Array(8 + 10 * 128);
  bytes[0] = whole;
  for (const [i, name] of names.entries()) new TextEncoder().encodeInto(name, bytes.subarray(8 + 128 * i));
  return bytes;
}

Deno.test("parseNames reads names from the cgroup to the root, if they are all there", () => {
  assert.equal(parseNames(noted(1, "b.scope", "a.slice", "")), "/a.slice/b.scope");
  assert.equal(parseNames(noted(1, "b.scope", "a.slice", "/")), "/a.slice/b.scope");
  assert.equal(parseNames(noted(1, "")), "/");
  assert.equal(parseNames(noted(0, "b.scope")), undefined);
});

Deno.test("newCgroups looks each up once, and counts those without a name", () => {
  let asked = 0;
  const cgroups = newCgroups({
    cgroupNames: (id) => (asked++, id === 7n ? noted(1, "b.scope", "") : undefined),
    forgetCgroups: () => assert.fail("there is room"),
  });
  assert.deepEqual([cgroups.text(7n, "path"), cgroups.text(7n, "unit"), asked], ["/b.scope", "b.scope", 1]);
  assert.equal(cgroups.text(0n, "path"), undefined);
  assert.equal(cgroups.unnamed, 0);
  for (const _ of [1, 2]) assert.equal(cgroups.text(2n ** 63n, "path"), undefined);
  assert.equal(cgroups.unnamed, 1);
});

Deno.test("newCgroups makes room for new ones before the programs' map is full, and still knows the others", () => {
  const map = new Map<bigint, Uint8Array>();
  const cgroups = newCgroups({
    cgroupNames: (id) => map.get(id),
    forgetCgroups(isKnown) {
      for (const id of map.keys()) if (isKnown(id)) map.delete(id);
    },
  });
  for (let id = 1n; id <= 5003n; id++) {
    map.set(id, noted(1, `${id}.scope`, ""));
    map.set(1n, noted(1, "1.scope", "")); // which lives on
    assert.ok(map.size <= 257);
    assert.equal(cgroups.text(id, "unit"), `${id}.scope`);
  }
  assert.equal(cgroups.text(2n, "unit"), "2.scope");
  assert.equal(cgroups.unnamed, 0);
});

Deno.test("newCgroups forgets after 65536 cgroups, and learns those that live on again", () => {
  let asked = 0;
  const cgroups = newCgroups({
    cgroupNames: (id) => (asked++, noted(1, `${id}.scope`, "")),
    forgetCgroups: () => {},
  });
  for (let id = 1n; id <= 65537n; id++) assert.equal(cgroups.text(id, "unit"), `${id}.scope`);
  assert.deepEqual([cgroups.text(65537n, "unit"), asked], ["65537.scope", 65537]);
  assert.deepEqual([cgroups.text(1n, "unit"), asked], ["1.scope", 65538]);
});
