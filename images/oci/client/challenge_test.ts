import assert from "node:assert/strict";
import fc from "fast-check";
import { parseChallenges } from "./challenge.ts";

Deno.test("parseChallenges() respects quoted commas, escapes and several challenges", () => {
  assert.deepEqual(
    parseChallenges(
      'Bearer realm="https://a/token?x=1,2",service="s \\"q\\"", scope="repository:a/b:pull,push"',
    ),
    [{
      scheme: "bearer",
      parameters: {
        realm: "https://a/token?x=1,2",
        service: 's "q"',
        scope: "repository:a/b:pull,push",
      },
    }],
  );
  assert.deepEqual(parseChallenges('Basic Realm="r", BEARER realm=x'), [
    { scheme: "basic", parameters: { realm: "r" } },
    { scheme: "bearer", parameters: { realm: "x" } },
  ]);
  assert.deepEqual(parseChallenges("Negotiate, Basic"), [
    { scheme: "negotiate", parameters: {} },
    { scheme: "basic", parameters: {} },
  ]);
  assert.deepEqual(parseChallenges(""), []);
});

Deno.test("parseChallenges() ends with every text", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    parseChallenges(text);
    parseChallenges(`Bearer realm="${text}`);
  }));
});
