import assert from "node:assert/strict";
import fc from "fast-check";
import { CocoonError } from "../errors/error.ts";
import { realHost } from "../host/host.ts";
import { type IsoFile, writeIso9660 } from "./iso9660.ts";

const DATE = new Date("2024-05-06T07:08:09Z");
const bytes = (text: string) => new TextEncoder().encode(text);

/** Reads an image back as a reader without any of the writer's code. */
function readIso(image: Uint8Array, joliet: boolean): { label: string; files: IsoFile[] } {
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  const decoder = new TextDecoder(joliet ? "utf-16be" : "ascii");
  const descriptor = [16, 17, 18].map((s) => s * 2048).find((at) => {
    assert.equal(new TextDecoder().decode(image.subarray(at + 1, at + 6)), "CD001");
    return image[at] === (joliet ? 2 : 1);
  });
  assert(descriptor !== undefined);
  assert.equal(view.getUint32(descriptor + 80, true) * 2048, image.length);
  assert.equal(view.getUint32(descriptor + 84, false) * 2048, image.length);
  const label = decoder.decode(image.subarray(descriptor + 40, descriptor + 72)).trimEnd();
  const root = view.getUint32(descriptor + 156 + 2, true) * 2048;
  const end = root + view.getUint32(descriptor + 156 + 10, true);
  // Both path tables lead to the same root.
  assert.equal(
    view.getUint32(view.getUint32(descriptor + 140, true) * 2048 + 2, true) * 2048,
    root,
  );
  assert.equal(view.getUint32(view.getUint32(descriptor + 148) * 2048 + 2) * 2048, root);
  const files: IsoFile[] = [];
  let dots = 0;
  for (let at = root; at < end;) {
    const length = image[at] ?? 0;
    if (length === 0) {
      at = Math.ceil((at + 1) / 2048) * 2048;
      continue;
    }
    assert(at % 2048 + length <= 2048, "a record crosses a sector");
    const extent = view.getUint32(at + 2, true);
    const size = view.getUint32(at + 10, true);
    assert.equal(view.getUint32(at + 6), extent);
    assert.equal(view.getUint32(at + 14), size);
    const nameBytes = image.subarray(at + 33, at + 33 + (image[at + 32] ?? 0));
    if (((image[at + 25] ?? 0) & 2) !== 0) {
      assert.equal(extent * 2048, root);
      dots++;
    } else {
      assert(extent * 2048 + size <= image.length);
      const data = image.subarray(extent * 2048, extent * 2048 + size);
      files.push({ name: decoder.decode(nameBytes), data: Uint8Array.from(data) });
    }
    at += length;
  }
  assert.equal(dots, 2);
  return { label, files };
}

const names = fc.string({
  minLength: 1,
  maxLength: 64,
  unit: fc.oneof(
    fc.constantFrom(..."abcXYZ09-_. ~!"),
    fc.constantFrom(..."äßλЖ中\u00a0"),
  ),
}).filter((name) => name !== "." && name !== "..");

Deno.test("writeIso9660() keeps every name and byte when any files are given", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.record({ name: names, data: fc.uint8Array({ maxLength: 5000 }) }), {
        selector: (file) => file.name,
        maxLength: 60,
      }),
      (files) => {
        const image = writeIso9660({ label: "cidata", files, date: DATE });
        const expected = [...files].sort((a, b) => a.name < b.name ? -1 : 1)
          .map(({ name, data }) => ({ name, data: Uint8Array.from(data) }));
        const joliet = readIso(image, true);
        assert.equal(joliet.label, "cidata");
        assert.deepEqual(joliet.files, expected);
        const plain = readIso(image, false);
        assert.equal(plain.label, "cidata");
        assert.equal(new Set(plain.files.map((file) => file.name)).size, files.length);
        for (const { name } of plain.files) {
          assert.match(name, /^[A-Z0-9_-]{0,30}\.[A-Z0-9_-]{0,8};1$/);
        }
        const contents = (list: readonly IsoFile[]) => list.map((file) => file.data.join()).sort();
        assert.deepEqual(contents(plain.files), contents(expected));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("writeIso9660() gives the same bytes when called again", () => {
  const files = [{ name: "meta-data", data: bytes("a") }, { name: "user-data", data: bytes("b") }];
  const first = writeIso9660({ label: "cidata", files, date: DATE });
  const second = writeIso9660({ label: "cidata", files: [...files].reverse(), date: DATE });
  assert.deepEqual(first, second);
});

Deno.test("writeIso9660() makes at least 128 KiB, so that busybox finds the label", () => {
  assert.equal(writeIso9660({ label: "cidata", files: [], date: DATE }).length, 128 * 1024);
});

Deno.test("writeIso9660() names the seed's files as a guest without Joliet expects them", () => {
  const files = ["user-data", "meta-data", "network-config"]
    .map((name) => ({ name, data: bytes(name) }));
  const image = writeIso9660({ label: "cidata", files, date: DATE });
  assert.deepEqual(
    readIso(image, false).files.map((file) => file.name),
    ["META-DATA.;1", "NETWORK-CONFIG.;1", "USER-DATA.;1"],
  );
});

Deno.test("writeIso9660() refuses names and labels when they cannot be written", () => {
  const make = (name: string, label = "cidata") => () =>
    writeIso9660({ label, files: [{ name, data: bytes("") }], date: DATE });
  for (const name of ["", ".", "..", "a/b", "a:b", "x".repeat(65), "\u0001", "😀"]) {
    assert.throws(make(name), CocoonError, name);
  }
  for (const label of ["", "has space", "x".repeat(17), "ü"]) {
    assert.throws(make("a", label), CocoonError, label);
  }
  const twice = [{ name: "a", data: bytes("") }, { name: "a", data: bytes("") }];
  assert.throws(() => writeIso9660({ label: "cidata", files: twice, date: DATE }), /given twice/);
});

const host = realHost();
const isoinfo = host.which("isoinfo");
const blkid = host.which("blkid") ?? host.which("/usr/sbin/blkid");

Deno.test({
  name: "writeIso9660() is read by isoinfo and blkid when they look at it",
  ignore: isoinfo === undefined || blkid === undefined,
  async fn() {
    const directory = await Deno.makeTempDir({ prefix: "cocoon-iso-" });
    try {
      const path = `${directory}/seed.iso`;
      const long = "a-name-of-more-than-thirty-one-characters.with.dots";
      const big = new Uint8Array(20 * 1024 * 1024 + 1);
      for (let i = 0; i < big.length; i += 4093) big[i] = i;
      const filler = Array.from({ length: 40 }, (_, i) => ({
        name: `filler-${i}-${"x".repeat(40)}`,
        data: bytes(`${i}`),
      }));
      const files = [
        { name: "user-data", data: bytes("#cloud-config\n{}") },
        { name: "meta-data", data: bytes("") },
        { name: long, data: bytes("long") },
        { name: "big", data: big },
        ...filler,
      ];
      await Deno.writeFile(path, writeIso9660({ label: "cidata", files, date: DATE }));

      const probe = await host.run([blkid ?? "", "-p", "-o", "export", path]);
      assert.match(probe.stdout, /^LABEL=cidata$/m);
      assert.match(probe.stdout, /^TYPE=iso9660$/m);

      const listing = await host.run([isoinfo ?? "", "-J", "-f", "-i", path]);
      assert.equal(listing.code, 0, listing.stderr);
      assert.deepEqual(
        listing.stdout.trim().split("\n").sort(),
        files.map((f) => `/${f.name}`).sort(),
      );
      const dates = await host.run([isoinfo ?? "", "-J", "-l", "-i", path]);
      assert.match(dates.stdout, /May\s+6 2024/);

      for (
        const [file, flags] of [["user-data", ["-J"]], [long, ["-J"]], [
          "USER-DATA.;1",
          [],
        ]] as const
      ) {
        const read = await host.run([isoinfo ?? "", ...flags, "-x", `/${file}`, "-i", path]);
        assert.equal(read.stdout, file === long ? "long" : "#cloud-config\n{}");
      }
      const read = await new Deno.Command(isoinfo ?? "", {
        args: ["-J", "-x", "/big", "-i", path],
      }).output();
      assert.deepEqual(new Uint8Array(read.stdout), big);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
