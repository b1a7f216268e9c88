import { CocoonError } from "../../../errors/error.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { type CredentialHost, findCredentials, type FoundCredentials } from "./credentials.ts";
import { registryError } from "./errors.ts";
import { exchange } from "./exchange.ts";
import { asObject, asString, parseJson } from "./json.ts";
import { MAX_ANSWER_BYTES, type RegistryLimits } from "./limits.ts";
import { isLoopback } from "./reference.ts";

/** What somebody is allowed to do with a repository. */
export type Actions = "pull" | "pull,push";

/** What an {@linkcode Authorization} is for. */
export interface AuthorizationOptions {
  registry: string;
  repository: string;
  actions: Actions;
  host: CredentialHost;
  limits: RegistryLimits;
  /** Whether the user has allowed to do without TLS. */
  plainHttp: boolean;
}

/** Seconds that a token is valid when the server does not say (distribution's token specification). */
const DEFAULT_EXPIRY_S = 60;
/** A token is renewed before it ends: it must last until the request has arrived. */
const EXPIRY_MARGIN_MS = 10_000;

/**
 * The `Authorization` of requests to one repository: none until the registry asks, then a token of
 * the server that it names (anonymous without credentials), or user and password.
 */
export class Authorization {
  readonly #options: AuthorizationOptions;
  #value: string | undefined;
  #expiresAtMs = Infinity;
  #renewing: Promise<void> | undefined;
  #found: Promise<FoundCredentials> | undefined;

  constructor(options: AuthorizationOptions) {
    this.#options = options;
  }

  /** The header's value, if there is one that is still valid. */
  get value(): string | undefined {
    return Date.now() < this.#expiresAtMs ? this.#value : undefined;
  }

  /** Why no credentials were found, for an error of the registry. */
  async problem(): Promise<string | undefined> {
    return (await this.#found)?.problem;
  }

  /**
   * Answers a registry's `WWW-Authenticate`. Several requests that are refused at once share one
   * answer.
   * @throws {CocoonError} `failed` when the registry asks for what cocoon has not, or refuses
   */
  async renew(header: string, signal?: AbortSignal): Promise<void> {
    this.#renewing ??= this.#renew(header, signal).finally(() => this.#renewing = undefined);
    await this.#renewing;
  }

  async #renew(header: string, signal: AbortSignal | undefined): Promise<void> {
    const { host, registry, repository } = this.#options;
    this.#found ??= findCredentials(host, registry, repository);
    const found = await this.#found;
    const challenges = parseChallenges(header);
    const bearer = challenges.find(({ scheme }) => scheme === "bearer");
    if (bearer !== undefined) return await this.#fetchToken(bearer, found, signal);
    const { credentials } = found;
    if (challenges.some(({ scheme }) => scheme === "basic") && credentials?.kind === "password") {
      this.#value = basic(credentials.username, credentials.password);
      this.#expiresAtMs = Infinity;
      return;
    }
    throw registryError(401, "", registry, found);
  }

  async #fetchToken(
    { parameters }: Challenge,
    found: FoundCredentials,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { registry, repository, actions, limits } = this.#options;
    const realm = this.#realm(parameters["realm"]);
    const scope = parameters["scope"] ?? `repository:${repository}:${actions}`;
    const service = parameters["service"];
    const headers = new Headers({ accept: "application/json", "user-agent": "cocoon" });
    const { credentials } = found;
    let body: string | undefined;
    if (credentials?.kind === "identity-token") {
      headers.set("content-type", "application/x-www-form-urlencoded");
      body = new URLSearchParams({
        grant_type: "refresh_token",
        refresh_token: credentials.token,
        client_id: "cocoon",
        scope,
        ...(service === undefined ? {} : { service }),
      }).toString();
    } else {
      if (service !== undefined) realm.searchParams.set("service", service);
      realm.searchParams.set("scope", scope);
      if (credentials !== undefined) {
        headers.set("authorization", basic(credentials.username, credentials.password));
      }
    }
    const method = body === undefined ? "GET" : "POST";
    const answer = await exchange(realm, { method, headers, body, limits, signal });
    const text = new TextDecoder().decode(await answer.bytes(MAX_ANSWER_BYTES));
    if (answer.status !== 200) {
      throw registryError(answer.status, text, registry, found);
    }
    const json = asObject(parseJson(text));
    const token = asString(json?.["token"]) ?? asString(json?.["access_token"]);
    // The alphabet of RFC 6750, section 2.1: anything else could break out of the header.
    if (token === undefined || !/^[A-Za-z0-9._~+/=-]+$/.test(token)) {
      throw new CocoonError("failed", `${realm.host} gave no token for ${registry}`, {
        hint: "The registry has a problem. Try again later.",
      });
    }
    const seconds = Number(json?.["expires_in"] ?? DEFAULT_EXPIRY_S);
    const lifetimeMs = (seconds > 0 ? seconds : DEFAULT_EXPIRY_S) * 1000;
    this.#value = `Bearer ${token}`;
    this.#expiresAtMs = Date.now() + lifetimeMs - Math.min(EXPIRY_MARGIN_MS, lifetimeMs / 2);
  }

  /** A password never goes over the network in the clear, unless the user allowed that. */
  #realm(text: string | undefined): URL {
    const { registry, plainHttp } = this.#options;
    const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
    const secure = url?.protocol === "https:" ||
      url?.protocol === "http:" && (plainHttp || isLoopback(url.host));
    if (url === undefined || !secure) {
      throw new CocoonError(
        "failed",
        `${registry} sends to ${JSON.stringify(text ?? "")} for a token, which is no https address`,
        { hint: "Tell whoever runs the registry." },
      );
    }
    return url;
  }
}

function basic(username: string, password: string): string {
  return `Basic ${new TextEncoder().encode(`${username}:${password}`).toBase64()}`;
}
