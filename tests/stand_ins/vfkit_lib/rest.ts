/** The REST server, as gin serves it. */
import { VfkitError } from "./error.ts";
import { onExit, removeFile } from "./exit_handlers.ts";
import { formatDuration } from "./go/duration.ts";
import { decodeFirst, JsonSyntaxError } from "./go/json.ts";
import { errnoText } from "./go/path_error.ts";
import * as log from "./log.ts";
import type { Machine } from "./machine.ts";
import type { RestAddress } from "./rest_uri.ts";

/** What is served. */
export interface RestService {
  machine: Machine;
  /** Answer of `GET /vm/inspect`. */
  inspect(): unknown;
  /** `HardStop` is answered; else the process ends before it is. */
  hardStopAnswers: boolean;
}

/**
 * Begins to serve. An address that cannot be had ends the process a little later, and without its
 * exit handlers, while the machine may be starting: vfkit serves in a goroutine of its own.
 */
export function serve(address: RestAddress, service: RestService): void {
  const dieSoon = (message: string) => setTimeout(() => log.fatal(message), 20);
  if (address.scheme === "none") {
    dieSoon("<nil>");
    return;
  }
  const handler = (request: Request, info: Deno.ServeHandlerInfo) =>
    answerLogged(request, info, service);
  const quiet = { onListen() {} };
  try {
    if (address.scheme === "unix") {
      Deno.serve({ path: address.path, ...quiet }, handler);
      onExit(() => removeFile(address.path));
    } else {
      const colon = address.host.lastIndexOf(":");
      const name = address.host.slice(0, colon).replace(/^\[|\]$/g, "") || "0.0.0.0";
      // Go takes the IPv4 address of a name that has both.
      const hostname = name === "localhost" ? "127.0.0.1" : name;
      Deno.serve({ hostname, port: Number(address.host.slice(colon + 1)), ...quiet }, handler);
    }
  } catch (error) {
    const where = address.scheme === "unix" ? `unix ${address.path}` : `tcp ${address.host}`;
    dieSoon(`listen ${where}: bind: ${errnoText(error)}`);
  }
}

async function answerLogged(
  request: Request,
  info: Deno.ServeHandlerInfo,
  service: RestService,
): Promise<Response> {
  const began = performance.now();
  // A unix socket's requests have an address without a host.
  const url = new URL(request.url.replace(/^http\+unix:\/\/[^/]*/, "http://unix"));
  const redirect = trailingSlash(request.method, url);
  if (redirect !== undefined) return redirect;
  const response = await answer(request, url.pathname, service);
  const now = log.timestamp(new Date());
  const client = "hostname" in info.remoteAddr ? info.remoteAddr.hostname : "<nil>";
  const line = `[GIN] ${now.date.replaceAll("-", "/")} - ${now.time} | ${response.status} |  ` +
    `${formatDuration(performance.now() - began)} |  ${client} | ` +
    `${request.method.padEnd(8)} ${JSON.stringify(url.pathname + url.search)}\n`;
  log.write(Deno.stdout, line);
  return response;
}

const ROUTES: Readonly<Record<string, readonly string[]>> = {
  GET: ["/vm/state", "/vm/inspect"],
  POST: ["/vm/state"],
};

/** Gin sends a client on that asks for a known path with a slash behind it; it does not log that. */
function trailingSlash(method: string, url: URL): Response | undefined {
  if (!url.pathname.endsWith("/")) return undefined;
  const path = url.pathname.slice(0, -1);
  if (!ROUTES[method]?.includes(path)) return undefined;
  const location = path + url.search;
  if (method !== "GET") return new Response(null, { status: 307, headers: { location } });
  return new Response(`<a href="${location}">Moved Permanently</a>.\n\n`, {
    status: 301,
    headers: { location, "content-type": "text/html; charset=utf-8" },
  });
}

async function answer(request: Request, path: string, service: RestService): Promise<Response> {
  if (!ROUTES[request.method]?.includes(path)) {
    return new Response("404 page not found", {
      status: 404,
      headers: { "content-type": "text/plain" },
    });
  }
  if (request.method === "POST") return await changeState(await request.text(), service);
  if (path === "/vm/inspect") return json(200, service.inspect());
  const { machine } = service;
  const { canHardStop, canPause, canResume, canStart, canStop } = machine.possible;
  const state = `VirtualMachineState${machine.state}`;
  return json(200, { canHardStop, canPause, canResume, canStart, canStop, state });
}

function json(status: number, value: unknown): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { "content-type": "application/json; charset=utf-8" },
  });
}

async function changeState(body: string, service: RestService): Promise<Response> {
  let wanted: string;
  try {
    wanted = wantedState(decodeFirst(body));
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return json(400, { error: error.message });
  }
  try {
    await apply(wanted, service);
  } catch (error) {
    if (!(error instanceof VfkitError)) throw error;
    return json(500, { error: error.message });
  }
  return new Response(null, { status: 202 });
}

/** Field `state` of the object, its name without regard to case; empty when there is none. */
function wantedState(value: unknown): string {
  if (value === null) return "";
  if (!(value instanceof Map)) {
    throw new JsonSyntaxError(
      `json: cannot unmarshal ${goType(value)} into Go value of type define.VMState`,
    );
  }
  let state = "";
  for (const [key, field] of value) {
    if (String(key).toLowerCase() !== "state" || field === null) continue;
    if (typeof field !== "string") {
      throw new JsonSyntaxError(
        `json: cannot unmarshal ${goType(field)} into Go struct field VMState.state of type string`,
      );
    }
    state = field;
  }
  return state;
}

function goType(value: unknown): string {
  if (value instanceof Map) return "object";
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** Milliseconds between the answer to a `HardStop` and the end of the process. */
const ANSWER_MS = 100;

async function apply(wanted: string, { machine, hardStopAnswers }: RestService): Promise<void> {
  switch (wanted) {
    case "Stop":
      log.debug("stopping machine");
      return machine.requestStop();
    case "HardStop":
      log.debug("force stopping machine");
      if (hardStopAnswers && machine.possible.canHardStop) {
        setTimeout(() => machine.stop().catch(() => {/* it stopped by itself */}), ANSWER_MS);
        return;
      }
      await machine.stop();
      // The process ends now, and this answer is never written.
      return await new Promise(() => {});
    case "Pause":
      log.debug("pausing virtual machine");
      return await machine.pause();
    case "Resume":
      log.debug("resuming machine");
      return await machine.resume();
    default:
      throw new VfkitError(`invalid new VMState: ${wanted}`);
  }
}
