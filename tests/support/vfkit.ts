/** Homes whose machines run under vfkit's stand-in. */
import { STAND_IN } from "../stand_ins/vfkit_lib/testing.ts";
import { cocoonOk, type CocoonOptions, type CocoonResult, runCocoon } from "./cocoon.ts";
import { type TempHome, tempHome } from "./temp_home.ts";

/** Options of the Mac that is played. */
export interface PlayedMac {
  /** `arm64` is Apple silicon. */
  architecture: "amd64" | "arm64";
  /** The stand-in's other options, `STAND_IN_*` and `VZ_*`. */
  env?: Record<string, string>;
  /** More of the configuration file, which may name the file of leases. */
  config?: string | ((leasesPath: string) => string);
  /** What runs the home's commands; see {@linkcode TempHome}. */
  wrapper?: [string, ...string[]];
}

/** A home with `backend = "vfkit"`, and the environment in which its commands run. */
export interface VfkitHome extends AsyncDisposable {
  readonly home: TempHome;
  /** For every command of this home; its supervisors and hypervisors inherit it. */
  readonly env: Record<string, string>;
  /** Process ids of the vfkits that run for it. */
  vfkits(): number[];
  run(args: readonly string[], options?: CocoonOptions): Promise<CocoonResult>;
  /** Like `run`, and throws unless the exit status is 0. */
  ok(args: readonly string[], options?: CocoonOptions): Promise<CocoonResult>;
  /** What a command printed in the guest. */
  ssh(name: string, command: string): Promise<string>;
}

/** Makes one. Leases are written beside the home, as macOS writes them beside everything. */
export async function vfkitHome(
  { architecture, env, config, wrapper }: PlayedMac,
): Promise<VfkitHome> {
  const own = await tempHome();
  const home = wrapper === undefined ? own : { ...own, wrapper };
  const mac = await Deno.makeTempDir({ prefix: "mac-" });
  const leases = `${mac}/dhcpd_leases`;
  const guests = architecture === "arm64" ? "aarch64" : "x86_64";
  await Deno.writeTextFile(
    `${home.path}/config.toml`,
    `backend = "vfkit"
[defaults]
architecture = "${guests}"
[backends.vfkit]
program = "${STAND_IN}"
architecture = "${guests}"
log_level = "debug"
[networks.nat]
leases_file = "${leases}"
${typeof config === "function" ? config(leases) : config ?? ""}`,
  );
  const all = {
    COCOON_DENO: Deno.execPath(),
    STAND_IN_ARCH: architecture,
    STAND_IN_LEASES: leases,
    ...env,
  };
  const with_ = (options: CocoonOptions) => ({ ...options, env: { ...all, ...options.env } });
  const ok = (args: readonly string[], options: CocoonOptions = {}) =>
    cocoonOk(home, args, with_(options));
  return {
    home,
    env: all,
    vfkits: () =>
      home.processes().filter(({ command }) => command.includes("/vfkit_lib/main.ts "))
        .map(({ pid }) => pid),
    run: (args, options = {}) => runCocoon(home, args, with_(options)),
    ok,
    ssh: async (name, command) => (await ok(["vm", "ssh", name, "--", command])).stdout,
    async [Symbol.asyncDispose]() {
      await home[Symbol.asyncDispose]();
      await Deno.remove(mac, { recursive: true });
    },
  };
}
