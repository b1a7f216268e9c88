import assert from "node:assert/strict";
import { isVerifiedConnection } from "./connection.ts";

Deno.test("isVerifiedConnection() is true of TLS and of this computer alone", () => {
  for (const url of ["https://host/S", "http://127.0.0.1:80/S", "http://localhost:8000/S"]) {
    assert.equal(isVerifiedConnection(new URL(url)), true, url);
  }
  for (const url of ["http://host/S", "http://127.0.0.1.host/S", "http://10.0.0.1/S"]) {
    assert.equal(isVerifiedConnection(new URL(url)), false, url);
  }
});
