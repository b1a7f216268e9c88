import assert from "node:assert/strict";
import fc from "fast-check";
import { CocoonError } from "../../errors/error.ts";
import { joined, paxRecord, pieces, TAR_END, tarBlocks, tarHeader } from "../testing/tar_header.ts";
import { ByteSource } from "./byte_source.ts";
import { tarMembers } from "./tar_members.ts";

/** All members: names and contents, which must be text. */
async function read(archive: Uint8Array, pieceBytes = 700): Promise<[string, string][]> {
  const members: [string, string][] = [];
  for await (const member of tarMembers(new ByteSource(pieces(archive, pieceBytes)))) {
    let content = "";
    for await (const part of member.content) content += new TextDecoder("latin1").decode(part);
    assert.equal(content.length, member.bytes);
    members.push([member.name, content]);
  }
  return members;
}

async function refuses(archive: Uint8Array, message: RegExp): Promise<void> {
  await assert.rejects(read(archive), (error) => {
    assert.ok(error instanceof CocoonError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

function file(name: string, content: string): Uint8Array {
  return joined(tarHeader({ name, size: content.length }), tarBlocks(content));
}

function extended(...records: [string, string][]): Uint8Array {
  const text = records.map(([key, value]) => paxRecord(key, value)).join("");
  const bytes = new TextEncoder().encode(text);
  return joined(tarHeader({ type: "x", size: bytes.length }), tarBlocks(bytes));
}

Deno.test("tarMembers() gives the regular files, in pieces of any length", async () => {
  const archive = joined(
    tarHeader({ name: "folder/", type: "5" }),
    tarHeader({ name: "link", type: "2", size: 4096 }), // has no data, whatever it says
    file("folder/one", "1".repeat(1300)),
    tarHeader({ name: "empty" }),
    tarHeader({ name: "old folder/" }),
    tarHeader({ name: "two", type: "7", size: 512 }),
    tarBlocks("2".repeat(512)),
    TAR_END,
    new Uint8Array(9000).fill(1), // what follows the end is not looked at
  );
  const expected = [["folder/one", "1".repeat(1300)], ["empty", ""], ["two", "2".repeat(512)]];
  for (const length of [1, 511, 512, 513, 100_000]) {
    assert.deepEqual(await read(archive, length), expected);
  }
});

Deno.test("tarMembers() reads names and lengths wherever they stand", async () => {
  const base256 = new Uint8Array(12);
  base256.set([0x80], 0);
  base256.set([3, 0], 10);
  const long = `${"long/".repeat(40)}name`;
  const archive = joined(
    tarHeader({ name: "name", patches: [[345, "prefix"]] }),
    tarHeader({ type: "L", name: "././@LongLink", size: long.length + 1 }),
    tarBlocks(`${long}\0`),
    file("cut", "a"),
    extended(["path", "päth"], ["size", "3"], ["mtime", "1.5"]),
    tarHeader({ name: "other", size: 0 }),
    tarBlocks("abc"),
    tarHeader({ name: "big", patches: [[124, base256]] }),
    tarBlocks("x".repeat(768)),
    tarHeader({ type: "g", size: 0 }),
    file("last", "z"),
    TAR_END,
  );
  assert.deepEqual(await read(archive), [
    ["prefix/name", ""],
    [long, "a"],
    ["päth", "abc"],
    ["big", "x".repeat(768)],
    ["last", "z"],
  ]);
});

Deno.test("tarMembers() goes on when a member is not read to its end", async () => {
  const archive = joined(file("one", "1".repeat(3000)), file("two", "2"), TAR_END);
  const names: string[] = [];
  for await (const member of tarMembers(new ByteSource(pieces(archive, 600)))) {
    names.push(member.name);
    if (member.name === "one") await member.content.next();
  }
  assert.deepEqual(names, ["one", "two"]);
});

Deno.test("tarMembers() refuses an archive that is cut off, at any place", async () => {
  const archive = joined(file("one", "1".repeat(600)), extended(["path", "p"]), file("two", "2"));
  for (let length = 0; length <= archive.length; length += 128) {
    await refuses(archive.subarray(0, length), /its tar data is damaged or cut off/);
  }
});

Deno.test("tarMembers() refuses headers that cannot be", async () => {
  const huge = new Uint8Array(12).fill(0xff);
  huge[0] = 0x80;
  const cases: [Uint8Array, RegExp][] = [
    [tarHeader({ checksum: "0000000\0" }), /checksum/],
    [new Uint8Array(512).fill(0x41), /checksum/],
    [tarHeader({ patches: [[124, huge]] }), /length of a file is impossible/],
    [tarHeader({ patches: [[124, "-0000000001\0"]] }), /length of a file is impossible/],
    [joined(extended(["size", "-1"]), tarHeader()), /impossible/],
    [joined(extended(["size", "999999999999999"]), tarHeader()), /impossible/],
    [tarHeader({ size: 8 * 1024 ** 3 - 1 }), /middle of a file/],
    [tarHeader({ type: "L", size: 2 * 1024 ** 2 }), /name of more than a megabyte/],
    [tarHeader({ type: "x", size: 2 * 1024 ** 2 }), /name of more than a megabyte/],
  ];
  for (const text of ["5 a=b\n", "0 a=b\n", "99 a=b\n", "x a=b\n", "6 a=b", "7 abcd\n", " "]) {
    cases.push([
      joined(tarHeader({ type: "x", size: text.length }), tarBlocks(text), tarHeader(), TAR_END),
      /extended header is torn/,
    ]);
  }
  for (const [archive, message] of cases) await refuses(joined(archive, TAR_END), message);
});

Deno.test("tarMembers() refuses maps of sparse files that cannot be", async () => {
  const octal = (value: number) => `${value.toString(8).padStart(11, "0")}\0`;
  const gnu = (runs: [number, number][], size: number, real: number) =>
    joined(
      tarHeader({
        type: "S",
        size,
        patches: [
          ...runs.map(([at, length], i): [number, string] => [
            386 + 24 * i,
            octal(at) + octal(length),
          ]),
          [483, octal(real)],
        ],
      }),
      tarBlocks("d".repeat(size)),
      TAR_END,
    );
  assert.deepEqual(await read(gnu([[2, 1], [5, 2]], 3, 9)), [["file", "\0\0d\0\0dd\0\0"]]);
  await refuses(gnu([[5, 2], [2, 1]], 3, 9), /not in order/);
  await refuses(gnu([[0, 2], [1, 2]], 4, 9), /not in order/);
  await refuses(gnu([[0, 2]], 3, 9), /does not fit/);
  await refuses(gnu([[8, 2]], 2, 9), /does not fit/);
  await refuses(gnu([[0, 3]], 3, 2), /does not fit/);

  const pax = (records: [string, string][], content: string) =>
    joined(
      extended(...records.map(([key, value]): [string, string] => [`GNU.sparse.${key}`, value])),
      tarHeader({ size: content.length }),
      tarBlocks(content),
      TAR_END,
    );
  const one: [string, string][] = [["major", "1"], ["minor", "0"], ["realsize", "9"]];
  const map = (text: string) => text.padEnd(512, "\0");
  const good = pax([...one, ["name", "real"]], `${map("2\n1\n2\n5\n1\n")}abc`);
  assert.deepEqual(await read(good), [["real", "\0ab\0\0c\0\0\0"]]);
  await refuses(pax([["major", "2"], ["minor", "0"]], ""), /unknown version/);
  await refuses(pax(one, `${map("x\n")}abc`), /no numbers/);
  await refuses(pax(one, `${map("99999999\n")}abc`), /too many parts/);
  await refuses(pax(one, `${map("1\n0\n")}abc`), /damaged/);
  await refuses(pax(one, `${map("1\n0\n2\n")}abc`), /does not fit/);
  await refuses(pax([["size", "9"], ["map", "1,2,3"]], "ab"), /half a pair/);
  await refuses(pax([["size", "9"], ["map", "a,2"]], "ab"), /no numbers/);
  await refuses(pax([["map", "0,2"]], "ab"), /no numbers/);
  await refuses(pax([["size", "99999999999999"], ["map", "0,2"]], "ab"), /impossible/);
});

Deno.test("tarMembers() of a damaged archive ends, with members or with a clear error", async () => {
  const archive = joined(
    file("one", "1".repeat(600)),
    extended(["path", "p"], ["GNU.sparse.size", "20"], ["GNU.sparse.map", "3,2,9,1"]),
    file("two", "abc"),
    tarHeader({ type: "L", size: 5 }),
    tarBlocks("long\0"),
    file("three", "3"),
    TAR_END,
  );
  const change = fc.tuple(fc.nat(archive.length - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const damaged = archive.slice();
      for (const [at, byte] of changes) {
        damaged[at] = byte;
        // A right checksum lets the change in.
        const start = at - at % 512;
        const block = damaged.subarray(start, start + 512);
        if (at % 2 === 0 && block[257] === 0x75) resum(block);
      }
      try {
        await read(damaged, 4096);
      } catch (error) {
        assert.ok(error instanceof CocoonError, String(error));
      }
    }),
    { numRuns: 400, seed: 1 },
  );
});

function resum(block: Uint8Array): void {
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
}
