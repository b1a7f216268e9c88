import assert from "node:assert/strict";
import { isFullDisk } from "./error.ts";
import { explainUnexpected } from "./unexpected.ts";

Deno.test("isFullDisk() knows the system's errors and SQLite's", () => {
  const full = Object.assign(new Error("write failed"), { code: "ENOSPC" });
  assert.equal(isFullDisk(full), true);
  assert.equal(isFullDisk(new Error("database or disk is full")), true);
  assert.equal(isFullDisk(Object.assign(new Error("no"), { code: "EACCES" })), false);
  assert.equal(isFullDisk("ENOSPC"), false);
});

Deno.test("explainUnexpected() calls everything but a full disk a defect", () => {
  const full = explainUnexpected(new Error("database or disk is full"), "web");
  assert.equal(full.message, "web: no space left on the disk: database or disk is full");
  assert.match(full.hint ?? "", /cocoon gc/);
  const defect = explainUnexpected(new TypeError("x is undefined"));
  assert.equal(defect.message, "internal error: x is undefined");
  assert.match(defect.hint ?? "", /defect of cocoon/);
  assert.equal(defect.code, "failed");
});
