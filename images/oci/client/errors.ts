import { CocoonError, type ErrorCode } from "../../../errors/error.ts";
import { TransientError } from "../../sources/http_errors.ts";
import { asObject, asString, parseJson } from "./json.ts";
import { isTransientStatus } from "./retry.ts";

/** Longest part of a registry's own words that is shown. */
const MAX_WORDS = 300;

/** What a registry says in the body of an error (distribution specification 1.1, "Error codes"). */
export function errorWords(body: string): string | undefined {
  const errors = asObject(parseJson(body))?.["errors"];
  const first = asObject(Array.isArray(errors) ? errors[0] : undefined);
  const code = asString(first?.["code"]);
  const message = asString(first?.["message"]);
  const words = [code, message].filter((word) => word !== undefined && word !== "").join(": ");
  return words === "" ? undefined : printable(words);
}

/** A text of a stranger, on one line and not too long. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex -- these are what is to be taken out
  const line = text.replace(/[\x00-\x1f\x7f-\x9f]+/g, " ").trim();
  return line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS)}…` : line;
}

/** What else is known of an answer that is no success. */
export interface RegistryErrorOptions {
  /** Why no credentials were found, if that is so. */
  problem?: string | undefined;
  /** What was asked for, below the repository: `manifests/latest`. */
  target?: string | undefined;
  /** Milliseconds that the registry asks to wait for. */
  retryAfterMs?: number | undefined;
}

/**
 * The error for an answer that is no success.
 * @param registry host that answered
 */
export function registryError(
  status: number,
  body: string,
  registry: string,
  { problem, retryAfterMs, target = "" }: RegistryErrorOptions = {},
): CocoonError {
  const words = errorWords(body);
  const said = words === undefined ? `HTTP ${status}` : `HTTP ${status}, ${words}`;
  const make = (code: ErrorCode, message: string, hint: string) =>
    new CocoonError(code, `${message} (${said})`, { hint });
  const transient = (message: string, hint: string) =>
    new TransientError(`${message} (${said})`, {
      hint,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  switch (status) {
    case 401:
    case 403:
      return make(
        "failed",
        `${registry} refuses the access`,
        `Log in (docker login ${registry}), or check the name: registries say the same of an ` +
          `image that does not exist.${problem === undefined ? "" : `\n${problem}`}`,
      );
    case 404:
    case 410:
      return missing(target, registry, make);
    case 429:
      return transient(
        `${registry} allows no more requests for now`,
        "Try again later; whoever has logged in (docker login) is often allowed more.",
      );
    default:
      if (isTransientStatus(status)) {
        return transient(`${registry} has a problem`, "Try again later.");
      }
      return make(
        "failed",
        `${registry} did not answer as a registry does`,
        "Check the address.",
      );
  }
}

/** What is not there: a digest that nobody has mistyped is no matter of names. */
function missing(
  target: string,
  registry: string,
  make: (code: ErrorCode, message: string, hint: string) => CocoonError,
): CocoonError {
  const [, kind, digest] = /^(manifests|blobs)\/(sha\d+:[0-9a-f]+)$/.exec(target) ?? [];
  if (kind === "manifests") {
    return make(
      "not-found",
      `${registry} does not have ${digest} in this repository`,
      "Check the name and the digest; what no tag points to any more, registries may remove.",
    );
  }
  if (kind === "blobs") {
    return make(
      "not-found",
      `${registry} has the image but not its part ${digest}`,
      "Tell whoever published the image, or runs the registry.",
    );
  }
  return make("not-found", `${registry} has no such image`, "Check the name and the tag.");
}
