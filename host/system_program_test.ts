import assert from "node:assert/strict";
import { findSystemProgram } from "./system_program.ts";

Deno.test("findSystemProgram() prefers PATH, and knows where systems keep such programs", () => {
  const finding = (...paths: string[]) =>
    findSystemProgram({ which: (name) => paths.find((path) => path === name) }, "mkfs.x");
  assert.equal(finding("mkfs.x", "/usr/sbin/mkfs.x"), "mkfs.x");
  assert.equal(finding("/sbin/mkfs.x"), "/sbin/mkfs.x");
  assert.equal(finding("/elsewhere/mkfs.x"), undefined);
});
