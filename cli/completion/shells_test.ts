/** The scripts in the real shells, where TAB is typed on a real terminal. */
import assert from "node:assert/strict";
import type { MachineRecord } from "../../state/machine_record.ts";
import { openHome } from "../../state/home.ts";
import { openStore } from "../../state/store.ts";
import { cocoonArgv, cocoonEnv } from "../../tests/support/cocoon.ts";
import { openTerminal, type Terminal } from "../../tests/support/pty.ts";

interface Fixture extends AsyncDisposable {
  env: Record<string, string>;
  directory: string;
}

/**
 * A home with machines and images, and on PATH a `cocoon` that completes as the real one does, and
 * otherwise prints its arguments: what a shell makes of a line is seen without its colours.
 */
async function fixture(): Promise<Fixture> {
  const directory = await Deno.makeTempDir();
  const quote = (word: string) => `'${word}'`;
  const script = [
    "#!/bin/sh",
    'case "$1" in',
    // Deno's cache is found by the real HOME.
    `complete | completion) HOME=${quote(Deno.env.get("HOME") ?? "")} exec ${
      cocoonArgv([]).map(quote).join(" ")
    } "$@" ;;`,
    "esac",
    'printf "[%s]" arguments "$@"',
    "",
  ].join("\n");
  await Deno.writeTextFile(`${directory}/cocoon`, script, { mode: 0o755 });
  await Deno.writeTextFile(`${directory}/zz-a-file`, "");
  const home = openHome(`${directory}/home`);
  using store = await openStore(home);
  for (const name of ["web-server", "database"]) {
    const id = name.padEnd(12, "0").slice(0, 12);
    // Completion reads the names only.
    store.machines.insert({ id, name } as MachineRecord);
  }
  store.images.put({
    digest: `sha256:${"0".repeat(64)}`,
    diskDigest: "",
    kind: "disk",
    virtualBytes: 1,
    allocatedBytes: 1,
    sourceFormat: "raw",
    source: "-",
    verified: "none",
    createdAt: "2026-01-01T00:00:00Z",
  }, "debian:13");
  const env = cocoonEnv({ path: home.root });
  return {
    directory,
    env: { ...env, PATH: `${directory}:${env["PATH"]}`, HOME: directory, PS1: "> " },
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}

/** The shell's path; a shell that is not installed fails the test, by its name. */
function shell(name: string): string {
  const path = (Deno.env.get("PATH") ?? "").split(":").map((folder) => `${folder}/${name}`)
    .find((path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        return false;
      }
    });
  assert.ok(path, `${name} is not installed, and this test needs it`);
  return path;
}

/** Types the beginning of a line, TAB and Enter, and sees what the command was given. */
async function completes(terminal: Terminal, typed: string, given: string[]): Promise<void> {
  const from = terminal.output().length;
  await terminal.type(`cocoon ${typed}\t\r`);
  await terminal.see(["arguments", ...given].map((word) => `[${word}]`).join(""), { from });
}

async function tryAll(terminal: Terminal): Promise<void> {
  await completes(terminal, "vm sta", ["vm", "start"]);
  await completes(terminal, "vm stop web", ["vm", "stop", "web-server"]);
  await completes(terminal, "vm stop web-server da", ["vm", "stop", "web-server", "database"]);
  await completes(terminal, "image rm deb", ["image", "rm", "debian:13"]);
  await completes(terminal, "image rm debian:", ["image", "rm", "debian:13"]);
  await completes(terminal, "vm list --out", ["vm", "list", "--output"]);
  await completes(terminal, "vm list --output js", ["vm", "list", "--output", "json"]);
  await completes(terminal, "vm list --output=js", ["vm", "list", "--output=json"]);
  await completes(terminal, "image import x zz", ["image", "import", "x", "zz-a-file"]);
}

Deno.test("completion works in bash", async () => {
  await using place = await fixture();
  await using terminal = await openTerminal([shell("bash"), "--norc", "--noprofile", "-i"], {
    env: place.env,
    cwd: place.directory,
    columns: 200,
  });
  await terminal.see("> ");
  await terminal.type("source <(cocoon completion bash); echo rea''dy\r");
  await terminal.see("ready\r\n");
  await tryAll(terminal);
});

Deno.test("completion works in zsh", async () => {
  await using place = await fixture();
  await using terminal = await openTerminal([shell("zsh"), "-f", "-i"], {
    env: { ...place.env, ZDOTDIR: place.directory },
    cwd: place.directory,
    columns: 200,
  });
  await terminal.type("autoload -U compinit && compinit -u -D; echo lo''aded\r");
  await terminal.see("loaded\r\n");
  await terminal.type("source <(cocoon completion zsh); echo rea''dy\r");
  await terminal.see("ready\r\n");
  await tryAll(terminal);
});

Deno.test("completion works in zsh as a file of fpath", async () => {
  await using place = await fixture();
  const script = await new Deno.Command(`${place.directory}/cocoon`, {
    args: ["completion", "zsh"],
    env: place.env,
    clearEnv: true,
  }).output();
  await Deno.mkdir(`${place.directory}/functions`);
  await Deno.writeFile(`${place.directory}/functions/_cocoon`, script.stdout);
  await using terminal = await openTerminal([shell("zsh"), "-f", "-i"], {
    env: { ...place.env, ZDOTDIR: place.directory },
    cwd: place.directory,
    columns: 200,
  });
  await terminal.type("fpath=(~/functions $fpath); autoload -U compinit && compinit -u -D\r");
  await terminal.type("echo rea''dy\r");
  await terminal.see("ready\r\n");
  await completes(terminal, "vm sta", ["vm", "start"]);
  await completes(terminal, "vm stop web", ["vm", "stop", "web-server"]);
});

Deno.test("completion works in fish", async () => {
  await using place = await fixture();
  const fish = shell("fish");
  /** What fish proposes for a line: words, without their descriptions. */
  const proposals = async (line: string) => {
    const code = `cocoon completion fish | source; complete -C "${line}"`;
    const { stdout, stderr } = await new Deno.Command(fish, {
      args: ["--no-config", "-c", code],
      env: place.env,
      clearEnv: true,
      cwd: place.directory,
    }).output();
    assert.equal(new TextDecoder().decode(stderr), "");
    return new TextDecoder().decode(stdout).trim().split("\n").map((each) => each.split("\t")[0]);
  };
  assert.deepEqual(await proposals("cocoon vm sta"), ["start"]);
  assert.deepEqual(await proposals("cocoon vm stop "), ["database", "web-server"]);
  assert.deepEqual(await proposals("cocoon vm stop web-server da"), ["database"]);
  assert.deepEqual(await proposals("cocoon image rm debian:"), ["debian:13"]);
  assert.deepEqual(await proposals("cocoon vm list --output "), ["json", "table"]);
  assert.deepEqual(await proposals("cocoon vm list --output=js"), ["--output=json"]);
  assert.deepEqual(await proposals("cocoon image import x zz"), ["zz-a-file"]);
});
