/**
 * Finds what Docker and Podman know about a registry: `config.json`, credential helpers,
 * `auth.json`. Formats: the documentation of `docker login` and containers-auth.json(5).
 */
import { messageOf } from "../../../errors/error.ts";
import type { Host } from "../../../plugins/contract.ts";
import { asObject, asString, parseJson, type UnknownObject } from "./json.ts";
import { DOCKER_HUB } from "./reference.ts";

/** How a user proves who he is. */
export type Credentials =
  | { kind: "password"; username: string; password: string }
  /** A refresh token, which the token server changes into an access token. */
  | { kind: "identity-token"; token: string };

/** What was found, and why something was not. */
export interface FoundCredentials {
  credentials?: Credentials;
  /** A helper or a file that failed; told when the registry then refuses. */
  problem?: string;
}

/** The part of the host that credentials are looked for with. */
export type CredentialHost = Pick<Host, "env" | "which" | "run">;

/** Docker's key for its own registry. */
const HUB_KEY = "https://index.docker.io/v1/";
/** A helper may ask the user to unlock a keychain. */
const HELPER_TIMEOUT_MS = 30_000;

/**
 * Credentials for a repository of a registry. Nothing that fails here fails the command: many
 * images are public although a configuration names a helper that is gone.
 */
export async function findCredentials(
  host: CredentialHost,
  registry: string,
  repository: string,
): Promise<FoundCredentials> {
  const problems: string[] = [];
  for (const path of configPaths(host)) {
    let config: UnknownObject | undefined;
    try {
      config = asObject(parseJson(await Deno.readTextFile(path)));
      if (config === undefined) problems.push(`${path} is not JSON`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) problems.push(`${path}: ${messageOf(error)}`);
    }
    if (config === undefined) continue;
    const found = await fromConfig(host, { path, config }, registry, repository);
    if (found.credentials !== undefined) return found;
    if (found.problem !== undefined) problems.push(found.problem);
  }
  return problems.length === 0 ? {} : { problem: problems.join("; ") };
}

function configPaths({ env }: CredentialHost): string[] {
  const home = env("HOME");
  const docker = env("DOCKER_CONFIG") ?? (home && `${home}/.docker`);
  const runtime = env("XDG_RUNTIME_DIR");
  const config = env("XDG_CONFIG_HOME") ?? (home && `${home}/.config`);
  return [
    docker && `${docker}/config.json`,
    env("REGISTRY_AUTH_FILE"),
    runtime && `${runtime}/containers/auth.json`,
    config && `${config}/containers/auth.json`,
  ].filter((path): path is string => path !== undefined && path !== "");
}

async function fromConfig(
  host: CredentialHost,
  { path, config }: { path: string; config: UnknownObject },
  registry: string,
  repository: string,
): Promise<FoundCredentials> {
  const own = asString(asObject(config["credHelpers"])?.[registry]);
  if (own !== undefined) return await askHelper(host, own, registry);
  const found = fromAuths(asObject(config["auths"]) ?? {}, registry, repository);
  if (found.problem !== undefined) found.problem = `${path}: ${found.problem}`;
  if (found.credentials !== undefined) return found;
  const store = asString(config["credsStore"]);
  if (store === undefined || store === "") return found;
  const asked = await askHelper(host, store, registry);
  return asked.credentials === undefined && asked.problem === undefined ? found : asked;
}

/** The entry whose key is the longest beginning of `REGISTRY/REPOSITORY`. */
function fromAuths(
  auths: UnknownObject,
  registry: string,
  repository: string,
): FoundCredentials {
  const wanted = `${registry}/${repository}/`;
  const keys = Object.keys(auths)
    .map((key) => ({ key, path: keyPath(key) }))
    .filter(({ path }) => wanted.startsWith(path))
    .sort((a, b) => b.path.length - a.path.length);
  let problem: string | undefined;
  for (const { key } of keys) {
    const credentials = fromEntry(asObject(auths[key]) ?? {});
    if (credentials === "unreadable") {
      problem ??= `the "auth" of ${JSON.stringify(key)} is not USER:PASSWORD in base64`;
    } else if (credentials !== undefined) return { credentials };
  }
  return problem === undefined ? {} : { problem };
}

/** `HOST/` or `HOST/NAMESPACE/`; Docker also wrote `https://HOST/v1/`. */
function keyPath(key: string): string {
  if (key === HUB_KEY) return `${DOCKER_HUB}/`;
  return `${key.replace(/^https?:\/\//, "").replace(/\/v[12]\/?$/, "").replace(/\/+$/, "")}/`;
}

function fromEntry(entry: UnknownObject): Credentials | "unreadable" | undefined {
  const token = asString(entry["identitytoken"]);
  if (token) return { kind: "identity-token", token };
  const auth = asString(entry["auth"]);
  if (!auth) return undefined;
  let text: string;
  try {
    text = new TextDecoder().decode(Uint8Array.fromBase64(auth));
  } catch {
    return "unreadable";
  }
  // At the first colon: a password may have more of them.
  const colon = text.indexOf(":");
  if (colon < 0) return "unreadable";
  const password = text.slice(colon + 1).replace(/\0+$/, "");
  return { kind: "password", username: text.slice(0, colon), password };
}

/** Asks `docker-credential-NAME get` (the protocol of docker-credential-helpers). */
async function askHelper(
  host: CredentialHost,
  name: string,
  registry: string,
): Promise<FoundCredentials> {
  const program = `docker-credential-${name}`;
  if (!/^[A-Za-z0-9._-]+$/.test(name)) return { problem: `"${program}" is no name of a helper` };
  const path = host.which(program);
  if (path === undefined) return { problem: `${program} is not on PATH` };
  const server = registry === DOCKER_HUB ? HUB_KEY : registry;
  try {
    const options = { stdin: server, timeoutMs: HELPER_TIMEOUT_MS };
    const { code, stdout, stderr } = await host.run([path, "get"], options);
    if (code !== 0) {
      const said = `${stdout}${stderr}`.trim();
      return /credentials not found/i.test(said) ? {} : { problem: `${program}: ${said}` };
    }
    const answer = asObject(parseJson(stdout));
    const username = asString(answer?.["Username"]);
    const secret = asString(answer?.["Secret"]);
    if (username === undefined || secret === undefined) {
      return { problem: `${program} answered neither user nor secret` };
    }
    const credentials: Credentials = username === "<token>"
      ? { kind: "identity-token", token: secret }
      : { kind: "password", username, password: secret };
    return { credentials };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}
