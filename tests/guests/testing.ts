/** Plain QEMU for the tests of the guests: nothing of cocoon is between them and the guest. */
import { run } from "./lib/tools.ts";

/** How long a guest may take under emulation on a busy computer. */
const BOOT_MS = 60_000;
const STOP_MS = 20_000;

/** A running guest; closing it kills QEMU. */
export class TestMachine implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #monitor: string;
  #console = "";
  #over = false;
  #drained: Promise<void>;

  private constructor(child: Deno.ChildProcess, monitor: string) {
    this.#child = child;
    this.#monitor = monitor;
    this.#drained = this.#drain();
  }

  /** @param dir for the monitor's socket; one machine a directory */
  static start(program: string, dir: string, args: readonly string[]): TestMachine {
    const monitor = `${dir}/qmp.sock`;
    const child = new Deno.Command(program, {
      args: [
        ...["-nodefaults", "-display", "none", "-m", "256", "-serial", "stdio"],
        ...["-qmp", `unix:${monitor},server=on,wait=off`],
        // QEMU takes a free port by itself; see sshPort().
        ...["-netdev", "user,id=n0,hostfwd=tcp:127.0.0.1:0-:22"],
        ...["-device", "virtio-net-pci,netdev=n0,romfile=,mac=52:54:00:12:34:56"],
        ...["-device", "virtio-rng-pci", ...args],
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    return new TestMachine(child, monitor);
  }

  async #drain(): Promise<void> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.#console += text;
    }
    this.#over = true;
  }

  /** Waits for the line that says that the guest is up, and takes it apart. */
  async ready(): Promise<{ boot: number; instance: string; host: string }> {
    const deadline = Date.now() + BOOT_MS;
    while (Date.now() < deadline && !this.#over) {
      const found = /small: ready up [\d.]+ boot (\d+) id (\S+) host (\S+)/.exec(this.#console);
      if (found !== null) {
        return { boot: Number(found[1]), instance: found[2] ?? "", host: found[3] ?? "" };
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(
      `the guest ended or was not ready in time; console:\n${this.#console.slice(-2000)}`,
    );
  }

  /** The port of 127.0.0.1 that leads to the guest's SSH. */
  async sshPort(): Promise<number> {
    const answer = await this.#command("human-monitor-command", { "command-line": "info usernet" });
    const port = /HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(String(answer))?.[1];
    if (port === undefined) throw new Error(`no forwarded port in: ${answer}`);
    return Number(port);
  }

  /** Presses the power button and waits for QEMU's end. */
  async powerButton(): Promise<void> {
    await this.#command("system_powerdown");
    await this.ended();
  }

  /** Waits until QEMU has ended by itself. */
  async ended(): Promise<void> {
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), STOP_MS);
    const end = await Promise.race([this.#child.status, late.promise]);
    clearTimeout(timer);
    if (end === "late") throw new Error(`not off in time; console:\n${this.#console.slice(-2000)}`);
    await this.#drained;
  }

  async #command(name: string, args: Record<string, string> = {}): Promise<unknown> {
    using socket = await Deno.connect({ transport: "unix", path: this.#monitor });
    const lines = socket.readable.pipeThrough(new TextDecoderStream());
    const send = (command: unknown) =>
      socket.write(new TextEncoder().encode(JSON.stringify(command) + "\n"));
    await send({ execute: "qmp_capabilities" });
    await send({ execute: name, arguments: args, id: "command" });
    let text = "";
    for await (const part of lines) {
      text += part;
      for (const line of text.split("\n").slice(0, -1)) {
        const answer = JSON.parse(line);
        if (answer.id === "command") return answer.return;
      }
    }
    throw new Error(`QEMU did not answer ${name}: ${text}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It has ended.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#child.status;
    await this.#drained;
  }
}

/** A key pair made for one test. */
export interface KeyPair {
  /** Of the private half. */
  path: string;
  privateText: string;
  /** `ssh-ed25519 BASE64`, without a comment. */
  publicText: string;
}

export async function makeKey(path: string): Promise<KeyPair> {
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]);
  return {
    path,
    privateText: await Deno.readTextFile(path),
    publicText: (await Deno.readTextFile(`${path}.pub`)).trim(),
  };
}

/** Options of ssh and scp with which a wrong host key, or a password, is a failure. */
export async function sshOptions(dir: string, client: KeyPair, host: KeyPair, port: number) {
  await Deno.writeTextFile(`${dir}/known_hosts`, `[127.0.0.1]:${port} ${host.publicText}\n`);
  return [
    ...["-F", "none", "-i", client.path, "-o", `UserKnownHostsFile=${dir}/known_hosts`],
    ...["-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"],
    ...["-o", "ConnectTimeout=20", "-o", `Port=${port}`],
  ];
}

/** Makes a NoCloud seed of the given files, as the usual tool does. */
export async function makeSeed(
  path: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${dir}/${name}`, text);
    }
    await run("genisoimage", ["-quiet", "-joliet", "-rock", "-volid", "cidata", "-o", path, dir]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
