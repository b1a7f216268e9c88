/** One HTTP request over a Unix socket, with one deadline for all of it. */
import { RestError } from "./rest_error.ts";

/** What came back. */
export interface Answer {
  status: number;
  text: string;
}

/**
 * Sends one request on a connection of its own.
 * @param timeoutMs milliseconds until the whole answer must be there
 * @throws {RestError} when there is no answer
 */
export async function send(
  socketPath: string,
  method: "GET" | "POST",
  path: string,
  body: string | undefined,
  timeoutMs: number,
): Promise<Answer> {
  const what = `${method} ${path}`;
  using client = Deno.createHttpClient({
    proxy: { transport: "unix", path: socketPath },
    poolMaxIdlePerHost: 0,
  });
  try {
    const response = await fetch(`http://localhost${path}`, {
      client,
      method,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body, headers: { "content-type": "application/json" } }),
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw explained(error, what, timeoutMs);
  }
}

/** Deno gives no codes here, only the words of the libraries below it. */
function explained(error: unknown, what: string, timeoutMs: number): RestError {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new RestError("timeout", `${what}: no answer within ${timeoutMs} ms`, undefined, {
      cause: error,
    });
  }
  const text = chain(error);
  const reason = /No such file|Connection refused|SUN_LEN|too long/i.test(text)
    ? "unreachable"
    : /closed before|connection closed|reset by peer|broken pipe|unexpected EOF|canceled/i
        .test(text)
    ? "closed"
    : "garbage";
  const why = { unreachable: "nobody listens", closed: "the connection was cut", garbage: text };
  return new RestError(reason, `${what}: ${why[reason]}`, undefined, { cause: error });
}

/** The messages of an error and of its causes. */
function chain(error: unknown): string {
  const messages: string[] = [];
  for (let at = error; at instanceof Error && messages.length < 8; at = at.cause) {
    messages.push(at.message);
  }
  return messages.join(": ") || String(error);
}
