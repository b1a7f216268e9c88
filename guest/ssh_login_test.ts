/**
 * Our keys, known hosts and command lines against a real server: Debian's dropbear on the loopback.
 *
 * It looks for `authorized_keys` in root's own home, so it runs in a mount namespace where that is
 * a temporary folder: only root can have that.
 */
import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { realHost } from "../host/host.ts";
import { parseCopy } from "./copy_path.ts";
import { writeKnownHosts } from "./known_hosts.ts";
import { opensshVersion, scpCommand } from "./scp_command.ts";
import { sshCommand } from "./ssh_command.ts";
import { ensureUserKey, makeHostKey } from "./ssh_keys.ts";
import type { SshTarget } from "./ssh_options.ts";
import { waitForSsh } from "./ssh_probe.ts";

const host = realHost();
const programs = ["ssh", "scp", "unshare", "mount", "dropbear", "dropbearconvert"];
const possible = programs.every((name) => host.which(name) !== undefined) &&
  Deno.uid() === 0 &&
  (await host.run(["unshare", "--mount", "true"])).code === 0;

/** A machine id as records have it. */
const MACHINE = "abcdefghijkl";

interface Server {
  target: SshTarget;
  /** A temporary folder, whose name is hard on quoting. */
  directory: string;
  /** The server's home of root. */
  home: string;
}

async function withServer(body: (server: Server) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "cocoon-login-" });
  const directory = `${root}/it's 100% & more`;
  const home = `${root}/home`;
  let server: Deno.ChildProcess | undefined;
  try {
    await Deno.mkdir(directory);
    await Deno.mkdir(`${home}/.ssh`, { recursive: true, mode: 0o700 });
    const user = await ensureUserKey(`${directory}/ssh`);
    const hostKey = await makeHostKey();
    await Deno.writeTextFile(`${root}/host`, hostKey.privateKey, { mode: 0o600 });
    const convert = ["openssh", "dropbear", `${root}/host`, `${root}/host.dropbear`];
    const converted = await host.run(["dropbearconvert", ...convert]);
    assert.equal(converted.code, 0, converted.stderr);
    await Deno.writeTextFile(`${home}/.ssh/authorized_keys`, `${user.publicKey}\n`, {
      mode: 0o600,
    });
    const knownHostsPath = `${directory}/known_hosts`;
    await writeKnownHosts(knownHostsPath, MACHINE, hostKey.publicKey);

    const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = free.addr.port;
    free.close();
    const script =
      'mount --bind "$1" /root && exec dropbear -F -E -s -p "127.0.0.1:$2" -r "$3" -P "$4"';
    server = new Deno.Command("unshare", {
      args: [
        ...["--mount", "sh", "-c", script, "sh"],
        ...[home, String(port), `${root}/host.dropbear`, `${root}/pid`],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const target: SshTarget = {
      machineId: MACHINE,
      host: "127.0.0.1",
      port,
      user: "root",
      keyPath: user.privateKeyPath,
      knownHostsPath,
    };
    await waitForSsh(host, {
      machine: "web",
      target,
      timeoutMs: 20_000,
      stillRunning: () => Promise.resolve(true),
    });
    await body({ target, directory, home });
  } finally {
    server?.kill("SIGKILL");
    await server?.status;
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test({
  name: "sshCommand() logs in with our key and runs the words that were given",
  ignore: !possible,
  fn: () =>
    withServer(async ({ target }) => {
      const run = (...command: string[]) => host.run(sshCommand(target, { command, batch: true }));
      const words = ["a b", "$HOME", "it's", '"', "*", "", "-n"];
      assert.equal((await run("printf", "%s\\n", ...words)).stdout, `${words.join("\n")}\n`);
      assert.equal((await run("sh", "-c", "exit 7")).code, 7);
      assert.equal((await run("echo one | tr o 0")).stdout, "0ne\n");
    }),
});

Deno.test({
  name: "sshCommand() refuses a server when its host key is not the machine's",
  ignore: !possible,
  fn: () =>
    withServer(async ({ target, directory }) => {
      const knownHostsPath = `${directory}/other`;
      await writeKnownHosts(knownHostsPath, MACHINE, (await makeHostKey()).publicKey);
      const other = { ...target, knownHostsPath };
      const refused = await host.run(sshCommand(other, { command: ["true"], batch: true }));
      assert.equal(refused.code, 255);
      assert.match(refused.stderr, /Host key verification failed/);

      const stillRunning = () => Promise.resolve(true);
      await assert.rejects(
        waitForSsh(host, { machine: "web", target: other, timeoutMs: 4000, stillRunning }),
        (error) => error instanceof CocoonError && /another host key/.test(error.message),
      );
      // Another machine at the same address and port is another host.
      const unknown = await host.run(
        sshCommand({ ...target, machineId: "zzzzzzzzzzzz" }, { command: ["true"], batch: true }),
      );
      assert.equal(unknown.code, 255);
    }),
});

Deno.test({
  name: "waitForSsh() says that the login is refused when the key is not the guest's",
  ignore: !possible,
  fn: () =>
    withServer(async ({ target, directory }) => {
      const { privateKeyPath: keyPath } = await ensureUserKey(`${directory}/another`);
      const stillRunning = () => Promise.resolve(true);
      await assert.rejects(
        waitForSsh(host, {
          machine: "web",
          target: { ...target, keyPath },
          timeoutMs: 4000,
          stillRunning,
        }),
        (error) => error instanceof CocoonError && /permission denied/.test(error.message),
      );
    }),
});

Deno.test({
  name: "scpCommand() copies files and folders with odd names in both directions",
  ignore: !possible,
  fn: () =>
    withServer(async ({ target, directory, home }) => {
      const version = await host.run(["ssh", "-V"]);
      const client = opensshVersion(version.stderr);
      assert(client !== undefined, version.stderr);
      const copy = async (source: string, path: string, recursive = false) => {
        const request = parseCopy(source, path);
        // dropbear comes without an SFTP server.
        const argv = scpCommand(target, request, { recursive, protocol: "scp", client });
        const result = await host.run(argv);
        assert.equal(result.code, 0, result.stderr);
      };
      const odd = "odd $(name): *'\"[x]{a,b}~é\\ %h";
      await Deno.mkdir(`${directory}/up/inner`, { recursive: true });
      await Deno.writeTextFile(`${directory}/up/inner/${odd}`, "content");

      await copy(`${directory}/up/inner/${odd}`, `web:${odd}`);
      assert.equal(await Deno.readTextFile(`${home}/${odd}`), "content");
      await copy(`web:${odd}`, `${directory}/down`);
      assert.equal(await Deno.readTextFile(`${directory}/down`), "content");
      await copy(`${directory}/up`, "web:", true);
      assert.equal(await Deno.readTextFile(`${home}/up/inner/${odd}`), "content");
      await copy("web:up", `${directory}/again`, true);
      assert.equal(await Deno.readTextFile(`${directory}/again/inner/${odd}`), "content");
    }),
});
