/** Debian's `docker-registry` and `skopeo`, for tests: a real registry on loopback. */
import { join } from "../../host/path.ts";
import { freePort } from "./ports.ts";
import { waitFor } from "./wait_for.ts";

/** A registry that runs until it is disposed of. */
export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:PORT`, the host of references. */
  readonly host: string;
  /** What it has written to its log until now. */
  log(): Promise<string>;
}

/** Options of {@linkcode startRegistry}. */
export interface RegistryOptions {
  /** Lets in only this user, with the password `secret`. */
  user?: string;
}

/** bcrypt of `secret`, the only form that the registry takes. */
const SECRET = "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";

/** Starts one, empty, on a free port of 127.0.0.1. */
export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const directory = await Deno.makeTempDir({ prefix: "registry-" });
  const host = `127.0.0.1:${freePort()}`;
  const config = {
    version: "0.1",
    log: { level: "info" },
    storage: { filesystem: { rootdirectory: join(directory, "data") } },
    http: { addr: host },
    ...(options.user === undefined
      ? {}
      : { auth: { htpasswd: { realm: "tests", path: join(directory, "users") } } }),
  };
  // Its configuration is YAML, of which JSON is a part.
  await Deno.writeTextFile(join(directory, "config.yml"), JSON.stringify(config));
  await Deno.writeTextFile(join(directory, "users"), `${options.user}:${SECRET}\n`);
  const log = join(directory, "log");
  const child = new Deno.Command("sh", {
    args: ["-c", 'exec docker-registry serve "$0" >"$1" 2>&1', join(directory, "config.yml"), log],
    stdin: "null",
  }).spawn();
  const end = async () => {
    child.kill("SIGKILL");
    await child.status;
    await Deno.remove(directory, { recursive: true });
  };
  try {
    await waitFor("the registry", async () => {
      const response = await fetch(`http://${host}/v2/`);
      await response.body?.cancel();
      return response.status === (options.user === undefined ? 200 : 401);
    });
  } catch (error) {
    const said = await Deno.readTextFile(log).catch(() => "");
    await end();
    throw new Error(`${error}\n${said}`, { cause: error });
  }
  return { host, log: () => Deno.readTextFile(log), [Symbol.asyncDispose]: end };
}

/** Runs `skopeo ARGS` and returns what it printed; any failure fails the test. */
export async function skopeo(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("skopeo", {
    args: ["--insecure-policy", ...args],
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  if (code !== 0) throw new Error(`skopeo ${args.join(" ")}: exit ${code}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}
