import assert from "node:assert/strict";
import fc from "fast-check";
import { CocoonError } from "../errors/error.ts";
import { realHost } from "../host/host.ts";
import { quoteShell } from "../host/shell.ts";
import { remoteCommand, sshCommand } from "./ssh_command.ts";
import type { SshTarget } from "./ssh_options.ts";

const host = realHost();
const TARGET: SshTarget = {
  machineId: "abcdefghijkl",
  host: "127.0.0.1",
  port: 2222,
  user: "cocoon",
  keyPath: "/home/me/.cocoon/ssh/id_ed25519",
  knownHostsPath: "/home/me/.cocoon/vms/abcdefghijkl/known_hosts",
  connectTimeoutSeconds: 7,
};

Deno.test("sshCommand() verifies the host and offers only our key when called", () => {
  assert.deepEqual(sshCommand(TARGET), [
    "ssh",
    ...["-F", "none"],
    ...["-o", 'IdentityFile="/home/me/.cocoon/ssh/id_ed25519"'],
    ...["-o", "IdentitiesOnly=yes"],
    ...["-o", 'UserKnownHostsFile="/home/me/.cocoon/vms/abcdefghijkl/known_hosts"'],
    ...["-o", "GlobalKnownHostsFile=/dev/null"],
    ...["-o", "HostKeyAlias=cocoon-abcdefghijkl"],
    ...["-o", "HostKeyAlgorithms=ssh-ed25519"],
    ...["-o", "StrictHostKeyChecking=yes"],
    ...["-o", "UpdateHostKeys=no"],
    ...["-o", "CheckHostIP=no"],
    ...["-o", "PasswordAuthentication=no"],
    ...["-o", "KbdInteractiveAuthentication=no"],
    ...["-o", "LogLevel=ERROR"],
    ...["-o", "ConnectTimeout=7"],
    ...["-o", "ServerAliveInterval=15"],
    ...["-p", "2222", "-l", "cocoon", "--", "127.0.0.1"],
  ]);
});

Deno.test("sshCommand() puts the user's arguments before the host and the command behind it", () => {
  const argv = sshCommand(TARGET, {
    tty: true,
    extra: ["-A", "-L", "8080:localhost:80"],
    command: ["uname", "-a"],
  });
  assert.deepEqual(argv.slice(-8), [
    "cocoon",
    "-t",
    "-A",
    "-L",
    "8080:localhost:80",
    "--",
    "127.0.0.1",
    "uname -a",
  ]);
});

Deno.test("sshCommand() refuses a path when ssh could not be given it", () => {
  for (const keyPath of ['/a"b', "/a\\b", "/a\nb", "/a${HOME}b"]) {
    assert.throws(() => sshCommand({ ...TARGET, keyPath }), CocoonError, keyPath);
  }
});

Deno.test({
  name: "sshCommand() is read by ssh as it was meant when paths are odd",
  ignore: host.which("ssh") === undefined,
  async fn() {
    for (
      const folder of ["plain", "with space", "per%cent %h", "do$llar", "tab\there", "a'b", "#x"]
    ) {
      const [program, ...args] = sshCommand({
        ...TARGET,
        keyPath: `/tmp/${folder}/key`,
        knownHostsPath: `/tmp/${folder}/hosts`,
      }, { command: ["true"], batch: true });
      // -G shows what ssh made of its arguments, and connects to nothing.
      const result = await host.run([program, "-G", ...args]);
      assert.equal(result.code, 0, result.stderr);
      const lines = result.stdout.split("\n");
      for (
        const line of [
          `userknownhostsfile /tmp/${folder}/hosts`,
          `identityfile /tmp/${folder.replaceAll("%", "%%")}/key`,
          "hostkeyalias cocoon-abcdefghijkl",
          "stricthostkeychecking true",
          "user cocoon",
          "port 2222",
          "hostname 127.0.0.1",
        ]
      ) {
        // Versions differ in whether -G shows % expanded.
        assert(lines.includes(line) || lines.includes(line.replaceAll("%", "%%")), line);
      }
    }
  },
});

Deno.test("remoteCommand() leaves a single word to the guest's shell", () => {
  assert.equal(remoteCommand(["ls | wc -l"]), "ls | wc -l");
  assert.equal(remoteCommand(["uname", "-a"]), "uname -a");
  assert.equal(remoteCommand(["sh", "-c", "echo $HOME"]), "sh -c 'echo $HOME'");
  assert.equal(remoteCommand(["A=1", "x"]), "'A=1' x");
});

Deno.test("remoteCommand() keeps every word when a shell reads it", async () => {
  const word = fc.string({
    unit: fc.oneof(
      fc.constantFrom(..." '\"$`\\!*?~#&;|<>(){}[]=\n\t-%aä"),
      fc.string({ minLength: 1, maxLength: 1 }),
    ),
  })
    .filter((text) => !text.includes("\0") && text.isWellFormed());
  const samples = fc.sample(fc.array(word, { minLength: 1, maxLength: 5 }), 60);
  // Each as a line of its own shell, all in one process tree.
  const script = samples.map((words) => `printf '%s\\0' ${words.map(quoteShell).join(" ")}`).join(
    "\n",
  );
  const result = await host.run(["sh", "-c", script]);
  assert.deepEqual(result.stdout.split("\0").slice(0, -1), samples.flat());
});
