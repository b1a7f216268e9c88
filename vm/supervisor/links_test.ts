import assert from "node:assert/strict";
import { openLinks, placeLinks } from "./links.ts";

Deno.test("placeLinks() gives the two ends of a link to two processes, at the wanted places", async () => {
  using descriptors = new DisposableStack();
  const open = await openLinks(
    [{ name: "net0", kind: "datagram-pair" }, { name: "net1", kind: "datagram-pair" }],
    descriptors,
  );
  const all = [...open.values()].flat();
  assert.equal(new Set(all).size, 4);
  const helper = placeLinks({ role: "helper", links: [{ link: "net0", fd: 0 }] }, open);
  const hypervisor = placeLinks({
    role: "hypervisor",
    links: [{ link: "net1", fd: 4 }, { link: "net0", fd: 3 }],
  }, open);
  assert.deepEqual(helper, { stdin: all[0], inherit: [] });
  assert.deepEqual(hypervisor, { inherit: [all[1], all[2]] });
});

Deno.test("placeLinks() refuses a third user of a link, and a gap", async () => {
  using descriptors = new DisposableStack();
  const open = await openLinks([{ name: "net0", kind: "datagram-pair" }], descriptors);
  const want = (fd: number) => placeLinks({ role: "x", links: [{ link: "net0", fd }] }, open);
  assert.throws(() => want(4), /without gaps/);
  want(3);
  assert.throws(() => want(3), /none left/);
});
