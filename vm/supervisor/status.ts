/** What a supervisor says of itself. */
export interface SupervisorStatus {
  id: string;
  pid: number;
  /** How many terminals are attached to the console. */
  terminals: number;
}

/** Answers `GET /v1/status` on the supervisor's socket (HTTP, JSON). */
export function serveStatus(socketPath: string, status: () => SupervisorStatus): Deno.HttpServer {
  const server = Deno.serve({ path: socketPath, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (request.method !== "GET" || pathname !== "/v1/status") {
      return Response.json({ error: "only GET /v1/status is known" }, { status: 404 });
    }
    return Response.json(status());
  });
  Deno.chmodSync(socketPath, 0o600);
  return server;
}

/** Asks a supervisor; undefined when none answers within `timeoutMs`. */
export async function askStatus(
  socketPath: string,
  timeoutMs = 1_000,
): Promise<SupervisorStatus | undefined> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: socketPath } });
  try {
    const response = await fetch("http://supervisor/v1/status", {
      client,
      signal: AbortSignal.timeout(timeoutMs),
    });
    return await response.json();
  } catch {
    return undefined;
  }
}
