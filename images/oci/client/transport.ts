import { CocoonError } from "../../../errors/error.ts";
import { pause } from "../../sources/deadline.ts";
import { retryAfter, TransientError } from "../../sources/http_errors.ts";
import { type Actions, Authorization } from "./authorization.ts";
import type { CredentialHost } from "./credentials.ts";
import { registryError } from "./errors.ts";
import { type Answer, exchange, type RequestBody } from "./exchange.ts";
import { DEFAULT_LIMITS, MAX_ANSWER_BYTES, type RegistryLimits } from "./limits.ts";
import { DOCKER_HUB, isLoopback, type OciReference } from "./reference.ts";
import { isTransientStatus, retryDelayMs } from "./retry.ts";

/** How a registry is spoken to. */
export interface TransportOptions {
  host: CredentialHost;
  /** Without TLS also where the registry is not this computer. @default {false} */
  plainHttp?: boolean | undefined;
  /** @default {"pull"} */
  actions?: Actions;
  limits?: Partial<RegistryLimits> | undefined;
  signal?: AbortSignal | undefined;
}

/** One request to a repository. */
export interface RegistryRequest {
  /** @default {"GET"} */
  method?: "GET" | "HEAD" | "POST" | "PATCH" | "PUT";
  /** Path below the repository (`manifests/latest`), or an address that the registry gave. */
  target: string | URL;
  headers?: Record<string, string>;
  /** Called once for each try. */
  body?: () => RequestBody;
  /** Not to be tried again when it fails: half of it may have been taken. @default {false} */
  once?: boolean;
  /** Ends this request, beside the signal of all. */
  signal?: AbortSignal;
  /** Statuses that are an answer; every other one is an error. */
  expect: readonly number[];
}

const MAX_REDIRECTS = 10;

/** Sends requests to one repository: authorization, redirects, deadlines, repetition. */
export class Transport {
  readonly registry: string;
  readonly limits: RegistryLimits;
  readonly signal: AbortSignal;
  readonly #base: URL;
  readonly #authorization: Authorization;

  constructor(reference: OciReference, options: TransportOptions) {
    const { registry, repository } = reference;
    const plainHttp = options.plainHttp === true || isLoopback(registry);
    const host = registry === DOCKER_HUB ? "registry-1.docker.io" : registry;
    this.registry = registry;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.signal = options.signal ?? new AbortController().signal;
    this.#base = new URL(`${plainHttp ? "http" : "https"}://${host}/v2/${repository}/`);
    this.#authorization = new Authorization({
      registry,
      repository,
      actions: options.actions ?? "pull",
      host: options.host,
      limits: this.limits,
      plainHttp: options.plainHttp === true,
    });
  }

  /**
   * Sends a request until it is answered as expected.
   * @throws {CocoonError} `not-found` for what the registry does not have, else `failed`
   */
  async send(request: RegistryRequest): Promise<Answer> {
    const url = typeof request.target === "string"
      ? new URL(request.target, this.#base)
      : request.target;
    const signal = request.signal === undefined
      ? this.signal
      : AbortSignal.any([this.signal, request.signal]);
    let challenged = false;
    const attempts = request.once ? 1 : this.limits.attempts;
    for (let attempt = 1;;) {
      let answer: Answer;
      try {
        answer = await this.#follow(url, request, signal);
      } catch (error) {
        if (attempt >= attempts || !(error instanceof TransientError)) throw error;
        await pause(retryDelayMs(++attempt, this.limits), signal);
        continue;
      }
      if (request.expect.includes(answer.status)) return answer;
      const header = answer.headers.get("www-authenticate");
      // A storage host that was redirected to never learns who the user is: it may ask for that in
      // vain, and neither gets a password nor sends one to a token server of its own.
      const isRegistry = answer.url.origin === this.#base.origin;
      if (answer.status === 401 && header !== null && isRegistry && !challenged) {
        await answer.discard();
        // Once: a registry that refuses what its own token server gave would do so for ever.
        challenged = true;
        await this.#authorization.renew(header, this.signal);
      } else if (isTransientStatus(answer.status) && attempt < attempts) {
        await answer.discard();
        const header = answer.headers.get("retry-after");
        await pause(retryDelayMs(++attempt, this.limits, header), signal);
      } else throw await this.#refusal(answer, request);
    }
  }

  async #refusal(answer: Answer, { target }: RegistryRequest): Promise<CocoonError> {
    const body = await answer.bytes(MAX_ANSWER_BYTES).catch(() => new Uint8Array());
    const problem = await this.#authorization.problem();
    const text = new TextDecoder().decode(body);
    const retryAfterMs = retryAfter(answer.headers.get("retry-after"), Date.now());
    return registryError(answer.status, text, answer.url.host, {
      problem,
      retryAfterMs,
      target: String(target),
    });
  }

  async #follow(
    start: URL,
    request: RegistryRequest,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { method = "GET", body } = request;
    let url = start;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await exchange(url, {
        method,
        headers: this.#headers(url, request),
        body: body?.(),
        limits: this.limits,
        signal,
      });
      const location = answer.headers.get("location");
      const redirected = [301, 302, 303, 307, 308].includes(answer.status) && location !== null;
      if (!redirected || (method !== "GET" && method !== "HEAD")) return answer;
      await answer.discard();
      url = nextHop(url, location);
    }
    throw new CocoonError("failed", `${this.registry}: more than ${MAX_REDIRECTS} redirects`, {
      hint: "Tell whoever runs the registry.",
    });
  }

  /** Who the user is, the registry itself learns and no other: blobs are often kept elsewhere. */
  #headers(url: URL, request: RegistryRequest): Headers {
    const headers = new Headers({ "accept-encoding": "identity", "user-agent": "cocoon" });
    for (const [name, value] of Object.entries(request.headers ?? {})) headers.set(name, value);
    const authorization = this.#authorization.value;
    if (authorization !== undefined && url.origin === this.#base.origin) {
      headers.set("authorization", authorization);
    }
    return headers;
  }
}

function nextHop(from: URL, location: string): URL {
  const to = URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (to === undefined || !["http:", "https:"].includes(to.protocol)) {
    throw new CocoonError("failed", `${from.host} redirects to ${JSON.stringify(location)}`, {
      hint: "Only http and https addresses are followed. Tell whoever runs the registry.",
    });
  }
  if (from.protocol === "https:" && to.protocol === "http:") {
    throw new CocoonError("failed", `${from.host} redirects from https to http (${to.host})`, {
      hint: "Tell whoever runs the registry.",
    });
  }
  to.username = to.password = "";
  return to;
}
