import assert from "node:assert/strict";
import qcow2 from "../storage/qcow2/mod.ts";
import { Home } from "../state/home.ts";
import type { ImageRecord } from "../state/images.ts";
import type { MachineSpec } from "../state/machine_record.ts";
import { newMachine } from "./new_machine.ts";

const CD: ImageRecord = {
  digest: `sha256:${"a".repeat(64)}`,
  diskDigest: `sha256-4m:${"b".repeat(64)}`,
  kind: "iso",
  virtualBytes: 1,
  allocatedBytes: 1,
  sourceFormat: "iso",
  source: "/x.iso",
  verified: "none",
  createdAt: "2026-01-01T00:00:00Z",
};

const SPEC: MachineSpec = {
  name: "x",
  backend: "qemu",
  storage: "qcow2",
  architecture: "x86_64",
  cpus: 1,
  memoryBytes: 2 ** 28,
  dataDisks: [{ name: "data1", sizeBytes: 2 ** 20 }],
  networks: [],
  user: "u",
  restart: "no",
};

Deno.test("newMachine() gives a machine from a CD a raw disk first and the store's CD last", () => {
  const { disks } = newMachine(new Home("/h"), "x", {
    spec: SPEC,
    image: CD,
    storage: qcow2,
    devices: { rng: true, balloon: true, vsock: false },
  });
  assert.deepEqual(disks.map(({ role, path, readOnly }) => [role, path, readOnly]), [
    ["root", "/h/vms/x/root.raw", false],
    ["data", "/h/vms/x/data-data1.raw", false],
    ["seed", "/h/vms/x/seed.iso", true],
    ["cdrom", `/h/images/sha256/${"a".repeat(64)}/disk.raw`, true],
  ]);
  assert.deepEqual(disks.map(({ format }) => format), ["raw", "raw", "raw", "raw"]);
});
