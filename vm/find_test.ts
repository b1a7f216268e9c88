import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { openHome } from "../state/home.ts";
import { openStore } from "../state/store.ts";
import { exampleRecord } from "../state/testing.ts";
import { findMachine } from "./find.ts";

Deno.test("findMachine() takes id, name, and the start of an id; says what is ambiguous or near", async () => {
  const root = Deno.makeTempDirSync({ dir: "/tmp" });
  try {
    using store = await openStore(openHome(root));
    store.machines.insert(exampleRecord({ id: "aaa111111111", name: "web" }));
    store.machines.insert(exampleRecord({ id: "aaa222222222", name: "db" }));
    // A name may look like the start of another machine's id: the name wins.
    store.machines.insert(exampleRecord({ id: "ccc333333333", name: "aaa1" }));
    const idOf = (reference: string) => findMachine(store, reference).id;
    assert.equal(idOf("web"), "aaa111111111");
    assert.equal(idOf("aaa222222222"), "aaa222222222");
    assert.equal(idOf("aaa2"), "aaa222222222");
    assert.equal(idOf("aaa1"), "ccc333333333");
    const failure = (reference: string): CocoonError => {
      try {
        findMachine(store, reference);
      } catch (error) {
        if (error instanceof CocoonError) return error;
      }
      throw new Error("it was found");
    };
    assert.equal(failure("aaa").code, "usage");
    assert.match(failure("aaa").message, /web.*db|db.*web/);
    assert.equal(failure("aa").code, "not-found", "too short for the start of an id");
    assert.match(failure("wbe").message, /did you mean "web"/);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});
