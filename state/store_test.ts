import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { openDatabase, SCHEMA_VERSION } from "./database.ts";
import { openHome } from "./home.ts";
import type { ImageRecord } from "./images.ts";
import { openStore, type Store } from "./store.ts";
import { exampleRecord } from "./testing.ts";

async function withStore(body: (store: Store, root: string) => unknown): Promise<void> {
  const root = Deno.makeTempDirSync({ dir: "/tmp" });
  try {
    using store = await openStore(openHome(root));
    await body(store, root);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

const IMAGE: ImageRecord = {
  digest: "sha256:aa",
  diskDigest: "sha256:bb",
  kind: "disk",
  virtualBytes: 1024,
  allocatedBytes: 512,
  sourceFormat: "raw",
  source: "/x.raw",
  verified: "none",
  createdAt: "2026-01-01T00:00:00.000Z",
};

function codeOf(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    if (error instanceof CocoonError) return error.code;
    throw error;
  }
  return "no error";
}

Deno.test("ImageTable.note() replaces each fact as a whole, and no other part of a record", () =>
  withStore(({ images }) => {
    images.put(IMAGE);
    images.note(IMAGE.digest, {
      validators: { etag: '"1"', lastModified: "then" },
      verified: "sha256",
    });
    images.note(IMAGE.digest, { validators: { etag: '"2"' } });
    images.note(IMAGE.digest, {});
    // More than facts, as a whole record is: only the facts are taken.
    const record = { ...IMAGE, verified: "signature" as const, source: "/elsewhere" };
    images.note(IMAGE.digest, record);
    assert.deepEqual(images.get(IMAGE.digest), {
      ...IMAGE,
      tags: [],
      validators: { etag: '"2"' },
      verified: "signature",
    });
  }));

Deno.test("MachineTable.insert() refuses a name that is taken and keeps the first machine", () =>
  withStore(({ machines }) => {
    machines.insert(exampleRecord());
    assert.equal(codeOf(() => machines.insert(exampleRecord({ id: "other0000000" }))), "conflict");
    assert.deepEqual(machines.list().map((record) => record.id), ["0123456789ab"]);
  }));

Deno.test("MachineTable.insert() refuses an image that was removed meanwhile", () =>
  withStore(({ machines }) => {
    const record = exampleRecord({ imageDigest: "sha256:gone" });
    assert.equal(codeOf(() => machines.insert(record)), "not-found");
    assert.deepEqual(machines.list(), []);
  }));

Deno.test("MachineTable.update() stores what the change returns, and nothing when it throws", () =>
  withStore(({ machines }) => {
    machines.insert(exampleRecord());
    machines.update("0123456789ab", (now) => ({ ...now, state: "running" }));
    assert.equal(machines.byName("web")?.state, "running");
    assert.throws(() =>
      machines.update("0123456789ab", () => {
        throw new Error("no");
      })
    );
    assert.equal(machines.get("0123456789ab")?.state, "running");
    assert.equal(machines.update("nobody", (now) => now), undefined);
  }));

Deno.test("MachineTable.update() loses no change when several processes write at once", async () => {
  const root = Deno.makeTempDirSync({ dir: "/tmp" });
  try {
    using store = await openStore(openHome(root));
    store.machines.insert(exampleRecord());
    const script = `
      import { openHome } from "${import.meta.resolve("./home.ts")}";
      import { openStore } from "${import.meta.resolve("./store.ts")}";
      using store = await openStore(openHome(${JSON.stringify(root)}));
      for (let i = 0; i < 50; i++) {
        store.machines.update("0123456789ab", (now) => ({ ...now, restarts: now.restarts + 1 }));
      }`;
    const writers = Array.from({ length: 4 }, () =>
      new Deno.Command(Deno.execPath(), {
        args: ["eval", "--no-check", script],
        stderr: "inherit",
      }).output());
    for (const { success } of await Promise.all(writers)) assert(success);
    assert.equal(store.machines.get("0123456789ab")?.restarts, 200);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});

Deno.test("ImageTable.put() re-points a tag and keeps the older image", () =>
  withStore(({ images }) => {
    images.put(IMAGE, "debian");
    images.put({ ...IMAGE, digest: "sha256:cc" }, "debian");
    assert.equal(images.byTag("debian")?.digest, "sha256:cc");
    assert.deepEqual(images.get("sha256:aa")?.tags, []);
    assert.deepEqual(images.tags(), ["debian"]);
  }));

Deno.test("ImageTable.deleteUnused() keeps an image that a machine uses", () =>
  withStore(({ images, machines }) => {
    images.put(IMAGE, "debian");
    machines.insert(exampleRecord({ imageDigest: IMAGE.digest }));
    assert.equal(images.deleteUnused(IMAGE.digest), false);
    assert.deepEqual(machines.usersOf(IMAGE.digest), ["web"]);
    machines.delete("0123456789ab");
    assert.equal(images.deleteUnused(IMAGE.digest), true);
    assert.equal(images.byTag("debian"), undefined);
  }));

Deno.test("Reservations.reserve() gives a value to one machine and frees it with the machine", () =>
  withStore(({ machines, reservations }) => {
    machines.insert(exampleRecord());
    machines.insert(exampleRecord({ id: "second000000", name: "db" }));
    const web = reservations.of("0123456789ab", "nic0");
    const db = reservations.of("second000000", "nic0");
    const any = () => true;
    assert.equal(web.reserve("host-port", ["1", "2"], any), "1");
    assert.equal(web.reserve("host-port", ["1", "2"], any), "1", "the same one again");
    assert.equal(db.reserve("host-port", ["1", "2"], any), "2");
    assert.equal(codeOf(() => db.reserve("host-port", ["1"], any)), "conflict");
    machines.delete("0123456789ab");
    assert.equal(db.reserve("host-port", ["1"], any), "1");
  }));

Deno.test("Reservations.preview() says what would be reserved, and reserves nothing", () =>
  withStore(({ machines, reservations }) => {
    machines.insert(exampleRecord());
    machines.insert(exampleRecord({ id: "second000000", name: "db" }));
    const preview = reservations.preview("0123456789ab", "nic0");
    assert.equal(preview.reserve("host-port", ["1", "2"], () => true), "1");
    assert.equal(
      reservations.of("second000000", "nic0").reserve("host-port", ["1", "2"], () => true),
      "1",
    );
    assert.equal(preview.reserve("host-port", ["1", "2"], () => true), "2");
    assert.equal(codeOf(() => preview.reserve("host-port", ["1"], () => true)), "conflict");
    reservations.of("0123456789ab", "nic0").reserve("host-port", ["2"], () => true);
    // In use, by the machine itself.
    assert.equal(preview.reserve("host-port", ["1", "2", "3"], () => false), "2");
  }));

Deno.test("Reservations.reserve() moves on when its old value is no longer usable", () =>
  withStore(({ machines, reservations }) => {
    machines.insert(exampleRecord());
    const web = reservations.of("0123456789ab", "nic0");
    web.reserve("host-port", ["1", "2"], () => true);
    assert.equal(web.reserve("host-port", ["1", "2"], (value) => value !== "1"), "2");
    machines.insert(exampleRecord({ id: "second000000", name: "db" }));
    const db = reservations.of("second000000", "nic0");
    assert.equal(db.reserve("host-port", ["1", "2"], () => true), "1", "the old one is free");
  }));

Deno.test("openDatabase() refuses a file of a newer cocoon", () => {
  const root = Deno.makeTempDirSync({ dir: "/tmp" });
  try {
    const db = openDatabase(`${root}/state.db`);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    db.close();
    assert.throws(() => openDatabase(`${root}/state.db`), /newer cocoon/);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});

Deno.test("openDatabase() says so when the file is damaged, and leaves it as it is", () => {
  const root = Deno.makeTempDirSync({ dir: "/tmp" });
  try {
    const text = "this is no database, but it is long enough to look like one ".repeat(20);
    Deno.writeTextFileSync(`${root}/state.db`, text);
    assert.throws(() => openDatabase(`${root}/state.db`), (error: unknown) => {
      assert(error instanceof CocoonError);
      assert.match(error.message, /cannot be opened/);
      return true;
    });
    assert.equal(Deno.readTextFileSync(`${root}/state.db`), text);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});
