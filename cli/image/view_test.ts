import assert from "node:assert/strict";
import type { TaggedImage } from "../../state/images.ts";
import { imageFacts, imageJson } from "./view.ts";

const IMAGE: TaggedImage = {
  digest: `sha256:${"1".repeat(64)}`,
  diskDigest: "sha256-4m:2",
  kind: "disk",
  tags: ["x"],
  virtualBytes: 1024,
  allocatedBytes: 512,
  sourceFormat: "raw",
  source: "/x",
  verified: "none",
  createdAt: "2026-01-01T00:00:00Z",
};
const LAYERS = [
  { digest: "sha256:a", diskDigest: "sha256-4m:a", kernel: true, initrd: true },
  { digest: "sha256:b", diskDigest: "sha256-4m:b", kernel: false, initrd: false },
  { digest: "sha256:c", diskDigest: "sha256-4m:c", kernel: true, initrd: false },
];

Deno.test("imageFacts() shows the digest of the disk, and layers with what boots", () => {
  const facts = new Map(imageFacts(IMAGE));
  assert.equal(facts.get("disk digest"), "sha256-4m:2");
  assert.ok(!facts.has("layer 1"));
  const direct = new Map(imageFacts({ ...IMAGE, kind: "direct", layers: LAYERS }));
  assert.deepEqual([1, 2, 3].map((n) => direct.get(`layer ${n}`)), [
    "sha256:a (initrd)",
    "sha256:b",
    "sha256:c (kernel)",
  ]);
});

Deno.test("imageJson() has the layers, or null", () => {
  assert.equal(imageJson(IMAGE)["layers"], null);
  assert.deepEqual(imageJson({ ...IMAGE, layers: LAYERS })["layers"], LAYERS);
});
