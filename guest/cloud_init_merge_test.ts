import assert from "node:assert/strict";
import fc from "fast-check";
import { CocoonError } from "../errors/error.ts";
import { mergeCloudConfig } from "./cloud_init_merge.ts";
import type { YamlMap } from "./yaml_write.ts";

const OURS: YamlMap = {
  hostname: "web",
  user: { name: "cocoon", lock_passwd: true },
  users: [{ name: "cocoon", sudo: "ALL", ssh_authorized_keys: ["ours"] }],
  ssh_deletekeys: true,
  ssh_keys: { ed25519_private: "private", ed25519_public: "public" },
};
const ACCOUNT = { name: "cocoon", sudo: "ALL", ssh_authorized_keys: ["ours"] };
const merge = (theirs: YamlMap) => mergeCloudConfig(theirs, OURS, "user.yaml");

Deno.test("mergeCloudConfig() is ours when the user's is empty", () => {
  assert.deepEqual(merge({}), OURS);
});

Deno.test("mergeCloudConfig() joins lists, merges mappings, keeps the user's scalars", () => {
  const merged = mergeCloudConfig(
    { hostname: "other", packages: ["nginx"], chpasswd: { expire: true, list: ["a"] } },
    { ...OURS, packages: ["vim"], chpasswd: { expire: false, list: ["b"], users: [] } },
    "f",
  );
  assert.equal(merged.hostname, "other");
  assert.deepEqual(merged.packages, ["nginx", "vim"]);
  assert.deepEqual(merged.chpasswd, { expire: true, list: ["a", "b"], users: [] });
});

Deno.test("mergeCloudConfig() adds our account when the user has accounts in any spelling", () => {
  const users = (value: YamlMap[string]) => merge({ users: value }).users;
  assert.deepEqual(users(["default", { name: "alice" }]), ["default", { name: "alice" }, ACCOUNT]);
  assert.deepEqual(users("default, alice"), ["default", "alice", ACCOUNT]);
  assert.deepEqual(users({ default: true, alice: { shell: "/bin/zsh" } }), [
    "default",
    { name: "alice", shell: "/bin/zsh" },
    ACCOUNT,
  ]);
  assert.deepEqual(users(null), [ACCOUNT]);
  assert.deepEqual(users([]), [ACCOUNT]);
  assert.deepEqual(users(["cocoon"]), [ACCOUNT]);
  assert.throws(() => users(3), CocoonError);
});

Deno.test("mergeCloudConfig() adds our key to our account when the user describes it", () => {
  for (
    const [spelling, keys] of [
      [{ ssh_authorized_keys: ["mine"] }, ["mine", "ours"]],
      [{ ssh_authorized_keys: "mine" }, ["mine", "ours"]],
      [{ "ssh-authorized-keys": ["mine"] }, ["mine", "ours"]],
      [{}, ["ours"]],
    ] as [YamlMap, string[]][]
  ) {
    const merged = merge({ users: [{ name: "cocoon", sudo: "none", ...spelling }, "alice"] });
    assert.deepEqual(merged.users, [
      { name: "cocoon", sudo: "none", ssh_authorized_keys: keys },
      "alice",
    ]);
    // Else the distribution's default user would override what the user wrote.
    assert.equal("user" in merged, false);
  }
});

Deno.test("mergeCloudConfig() leaves the user's default user alone when there is one", () => {
  assert.equal(merge({ user: "bob" }).user, "bob");
  assert.deepEqual(merge({ user: { name: "bob" } }).user, { name: "bob", lock_passwd: true });
});

Deno.test("mergeCloudConfig() keeps our host key as the only one when the user has others", () => {
  const merged = merge({ ssh_deletekeys: false, ssh_keys: { rsa_private: "x", rsa_public: "y" } });
  assert.deepEqual(merged.ssh_keys, OURS.ssh_keys);
  assert.equal(merged.ssh_deletekeys, true);
});

Deno.test("mergeCloudConfig() always has our key and host key when given any mapping", () => {
  const keys = fc.constantFrom("hostname", "user", "users", "ssh_keys", "packages", "x");
  const values = fc.jsonValue({ maxDepth: 3 });
  fc.assert(fc.property(fc.dictionary(keys, values), (document) => {
    // JSON is a part of YAML's values.
    const theirs = document as YamlMap;
    let merged: YamlMap;
    try {
      merged = merge(theirs);
    } catch (error) {
      assert(error instanceof CocoonError);
      return;
    }
    assert.deepEqual(merged.ssh_keys, OURS.ssh_keys);
    assert(JSON.stringify(merged.users).includes('"ours"'));
    for (const key of Object.keys(theirs)) assert(key in merged, key);
    if ("packages" in theirs) assert.deepEqual(merged.packages, theirs.packages);
  }));
});
