import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { parseCopy } from "./copy_path.ts";
import { opensshVersion, scpCommand, type ScpOptions } from "./scp_command.ts";
import type { SshTarget } from "./ssh_options.ts";

const TARGET: SshTarget = {
  machineId: "abcdefghijkl",
  host: "127.0.0.1",
  port: 2222,
  user: "cocoon",
  keyPath: "/k",
  knownHostsPath: "/h",
};
const NEW: ScpOptions = {
  recursive: false,
  protocol: "sftp",
  client: { major: 9, minor: 2 },
};

/** The words behind the options that ssh has too. */
function tail(
  source: string,
  target: string,
  options: Partial<ScpOptions> = {},
  host = "127.0.0.1",
) {
  const argv = scpCommand({ ...TARGET, host }, parseCopy(source, target), { ...NEW, ...options });
  assert.equal(argv[0], "scp");
  return argv.slice(argv.indexOf("ServerAliveInterval=15") + 1);
}

Deno.test("scpCommand() copies in either direction when asked", () => {
  assert.deepEqual(tail("a:b/../x".slice(4), "web:/tmp/"), [
    ..."-s -P 2222 --".split(" "),
    "../x",
    "cocoon@127.0.0.1:/tmp/",
  ]);
  assert.deepEqual(tail("web:/etc/hosts", "x", { recursive: true }), [
    ..."-s -r -P 2222 --".split(" "),
    "cocoon@127.0.0.1:/etc/hosts",
    "./x",
  ]);
  assert.deepEqual(tail("web:a", "-x", {}, "fd00::1").slice(-2), ["cocoon@[fd00::1]:a", "./-x"]);
});

Deno.test("scpCommand() means paths literally when they have special characters", () => {
  assert.equal(tail("web:/a b/*.txt", ".").at(-2), "cocoon@127.0.0.1:/a b/\\*.txt");
  assert.equal(tail("x", "web:/a b/*.txt").at(-1), "cocoon@127.0.0.1:/a b/*.txt");
  const scp = { protocol: "scp" } as const;
  assert.equal(tail("web:/a b/*.txt", ".", scp).at(-2), "cocoon@127.0.0.1:/a\\ b/\\*.txt");
  assert.equal(tail("x", "web:-r", scp).at(-1), "cocoon@127.0.0.1:./-r");
  assert.throws(() => tail("web:a\nb", ".", scp), CocoonError);
});

Deno.test("scpCommand() gives the old protocol's quoting, and no flag, to an old scp", () => {
  const old = { client: { major: 8, minor: 4 } };
  const argv = tail("x", "web:/a b", old);
  assert.deepEqual(argv, ["-P", "2222", "--", "./x", "cocoon@127.0.0.1:/a\\ b"]);
  assert.equal(tail("x", "web:y", { client: { major: 8, minor: 7 }, protocol: "scp" })[0], "-O");
});

Deno.test("opensshVersion() reads the output of ssh -V when it is OpenSSH's", () => {
  const version = (major: number, minor: number) => ({ major, minor });
  assert.deepEqual(opensshVersion("OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.1"), version(9, 2));
  assert.deepEqual(opensshVersion("OpenSSH_10.0p2, LibreSSL 3.3.6"), version(10, 0));
  assert.deepEqual(opensshVersion("OpenSSH_for_Windows_8.1p1"), version(8, 1));
  assert.equal(opensshVersion("Dropbear v2022.83"), undefined);
});
