/**
 * gvproxy with `-listen-vfkit`, which only its build for macOS has: the real one runs underneath,
 * with `-listen-qemu`, and frames are carried between the datagrams of the one and the stream of
 * the other. Everything else, the API and its network too, is the real one's.
 */
import { carryDatagrams } from "./datagrams.ts";

const OPTION = "-listen-vfkit";

const real = Deno.env.get("STAND_IN_GVPROXY");
if (!real) {
  console.error("stand-in: STAND_IN_GVPROXY must be the path of the real gvproxy");
  Deno.exit(99);
}
const args = [...Deno.args];
const at = args.indexOf(OPTION);
const url = args[at + 1] ?? "";
if (at < 0) {
  // Nothing of ours in it.
  const { code } = await new Deno.Command(real, { args }).spawn().status;
  Deno.exit(code);
}
if (!url.startsWith("unixgram://")) fail(`listening on "${url}": unsupported scheme`);
const path = url.slice("unixgram://".length);
// The real one's first look at its sockets: what is there is somebody else's.
if (await exists(path)) fail(`"${path}" already exists`);
const streamPath = `${path}.qemu`;
args.splice(at, 2, "-listen-qemu", `unix://${streamPath}`);

const child = new Deno.Command("setpriv", {
  args: ["--pdeathsig", "KILL", "--", real, ...args],
  stdin: "null",
}).spawn();
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.addSignalListener(signal, () => child.kill("SIGTERM"));
}
// The end of either is the end of both.
carryDatagrams(path, streamPath).catch(() => {}).finally(() => child.kill("SIGTERM"));
const { code } = await child.status;
await Deno.remove(path).catch(() => {/* it was never made */});
Deno.exit(code);

function fail(message: string): never {
  console.error(`level=fatal msg=${JSON.stringify(message)}`);
  Deno.exit(1);
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
