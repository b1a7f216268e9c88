/** The stand-in of krunkit against the answers of krunkit's own parser. */
import assert from "node:assert/strict";
import vectors from "./data/krunkit_vectors.json" with { type: "json" };
import { disagreements, type Vector } from "./vectors.ts";

const STAND_IN = new URL("../stand_ins/krunkit", import.meta.url).pathname;
const ENV = { COCOON_DENO: Deno.execPath() };

Deno.test("the stand-in of krunkit answers every vector as krunkit does", async () => {
  const all: Vector[] = vectors;
  assert.equal(all.length, 69);
  assert.deepEqual(await disagreements(STAND_IN, all, ENV), []);
});
