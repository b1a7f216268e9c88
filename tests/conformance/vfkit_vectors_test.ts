/** The stand-in of vfkit against the answers of vfkit's own parser. */
import assert from "node:assert/strict";
import vectors from "./data/vfkit_vectors.json" with { type: "json" };
import { disagreements, type Vector } from "./vectors.ts";

const STAND_IN = new URL("../stand_ins/vfkit", import.meta.url).pathname;
const ENV = { COCOON_DENO: Deno.execPath() };

Deno.test("the stand-in of vfkit answers every vector as vfkit does", async () => {
  assert.equal(vectors.length, 180);
  assert.deepEqual(await disagreements(STAND_IN, vectors, ENV), []);
});

Deno.test("disagreements() tells a wrong answer of each kind", async () => {
  const named = (id: string): Vector => {
    const found: Vector | undefined = vectors.find((vector) => vector.id === id);
    assert.ok(found, id);
    return found;
  };
  const rng = named("vfkit-rng");
  const suffix = named("vfkit-memory-suffix");
  const told = await disagreements(STAND_IN, [
    { ...rng, id: "1", expect: { ...rng.expect, gui: true } },
    { ...rng, id: "2", valid: false, exit: 1 },
    { ...suffix, id: "3", valid: true },
    { ...suffix, id: "4", error_contains: "another text" },
    { ...suffix, id: "5", exit: 2 },
    { ...named("vfkit-version"), id: "6", expect: { stdout_contains: "v9" } },
  ], ENV);
  assert.deepEqual(told.map((line) => line.slice(0, 12)), [
    "1: understoo",
    "2: accepted ",
    "3: exit 1 in",
    '4: said "inv',
    "5: exit 1 in",
    '6: no "v9" o',
  ]);
});
