/** Puts our `#cloud-config` into the user's. */
import { CocoonError } from "../errors/error.ts";
import { isYamlMap, type YamlMap, type YamlValue } from "./yaml_write.ts";

/**
 * The user's document with ours in it. Lists are joined, the user's items first; mappings are
 * merged; of two scalars the user's stands. What cocoon cannot do without is always there: our
 * account with our key, and our host key as the only one.
 *
 * @param file the user's file, for messages
 * @throws {CocoonError} `usage` when `users` is neither a list, a mapping nor text
 */
export function mergeCloudConfig(theirs: YamlMap, ours: YamlMap, file: string): YamlMap {
  const { users, user, ssh_keys, ssh_deletekeys, ...rest } = ours;
  const theirUsers = userList(theirs.users, file);
  const account = Array.isArray(users) ? users.find(isYamlMap) : undefined;
  const described = account && theirUsers.some((o) => isYamlMap(o) && o.name === account.name);
  return {
    // A default user gets the distribution's shell and rights, over what the user wrote in `users`.
    ...merge(theirs, { ...rest, ...(user === undefined || described ? {} : { user }) }),
    users: account === undefined ? theirUsers : addAccount(theirUsers, account),
    ...(ssh_keys === undefined ? {} : { ssh_keys }),
    ...(ssh_deletekeys === undefined ? {} : { ssh_deletekeys }),
  };
}

function merge(theirs: YamlMap, ours: YamlMap): YamlMap {
  const merged: YamlMap = { ...theirs };
  for (const [key, value] of Object.entries(ours)) {
    const there = Object.hasOwn(theirs, key) ? theirs[key] : undefined;
    if (there === undefined) merged[key] = value;
    else if (isYamlMap(there) && isYamlMap(value)) merged[key] = merge(there, value);
    else if (Array.isArray(there) && Array.isArray(value)) merged[key] = [...there, ...value];
  }
  return merged;
}

/** `users` as the list that its other, older spellings stand for (cloud-init, `users_groups`). */
function userList(users: YamlValue | undefined, file: string): YamlValue[] {
  if (users === undefined || users === null) return [];
  if (Array.isArray(users)) return users;
  if (typeof users === "string") {
    return users.split(",").map((name) => name.trim()).filter((name) => name !== "");
  }
  if (isYamlMap(users)) {
    return Object.entries(users).map(([name, account]): YamlValue =>
      isYamlMap(account) ? { name, ...account } : name
    );
  }
  throw new CocoonError("usage", `${file}: "users" is not a list`, {
    hint: "Write it as: users: [{name: alice}]",
  });
}

function addAccount(theirs: readonly YamlValue[], account: YamlMap): YamlValue[] {
  const index = theirs.findIndex((other) => nameOf(other) === account.name);
  const same = theirs[index];
  if (same === undefined) return [...theirs, account];
  return theirs.with(index, isYamlMap(same) ? mergeAccount(same, account) : account);
}

/** Two descriptions of our account; the keys may be a single text in the user's. */
function mergeAccount(theirs: YamlMap, ours: YamlMap): YamlMap {
  const { "ssh-authorized-keys": oldSpelling, ...account } = theirs;
  const keys = [account.ssh_authorized_keys, oldSpelling].flatMap((value) => value ?? []);
  return merge({ ...account, ssh_authorized_keys: keys }, ours);
}

function nameOf(account: YamlValue): YamlValue | undefined {
  return isYamlMap(account) ? account.name : account;
}
