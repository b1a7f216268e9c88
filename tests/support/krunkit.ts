/** Homes whose machines run under krunkit's stand-in, on a network of the real gvproxy. */
import { STAND_IN } from "../stand_ins/krunkit_lib/testing.ts";
import { cocoonOk, type CocoonOptions, type CocoonResult, runCocoon } from "./cocoon.ts";
import { type TempHome, tempHome } from "./temp_home.ts";
import { GVPROXY, gvproxyOfMac } from "./gvproxy.ts";

/** Options of the Mac that is played. */
export interface PlayedMac {
  /** `arm64` is Apple silicon; `amd64` is what no krunkit runs on, and boots faster here. */
  architecture: "amd64" | "arm64";
  /** The stand-in's other options. */
  env?: Record<string, string>;
  /** Network of the machines: `lan` is gvproxy's. @default {"none"} */
  network?: "lan" | "none";
}

/** A home with `backend = "krunkit"`, and the environment in which its commands run. */
export interface KrunkitHome extends AsyncDisposable {
  readonly home: TempHome;
  /** For every command of this home; its supervisors and hypervisors inherit it. */
  readonly env: Record<string, string>;
  /** Process ids of the krunkits that run for it. */
  krunkits(): number[];
  run(args: readonly string[], options?: CocoonOptions): Promise<CocoonResult>;
  /** Like `run`, and throws unless the exit status is 0. */
  ok(args: readonly string[], options?: CocoonOptions): Promise<CocoonResult>;
  /** What a command printed in the guest. */
  ssh(name: string, command: string): Promise<string>;
}

export async function krunkitHome(
  { architecture, env, network = "none" }: PlayedMac,
): Promise<KrunkitHome> {
  const home = await tempHome();
  const guests = architecture === "arm64" ? "aarch64" : "x86_64";
  const lan = network === "none"
    ? ""
    : `[networks.lan]\nprovider = "gvproxy"\nprogram = "${GVPROXY}"\n`;
  await Deno.writeTextFile(
    `${home.path}/config.toml`,
    `backend = "krunkit"
network = "${network}"
[defaults]
architecture = "${guests}"
[backends.krunkit]
program = "${STAND_IN}"
architecture = "${guests}"
${lan}`,
  );
  const all = {
    COCOON_DENO: Deno.execPath(),
    STAND_IN_ARCH: architecture,
    ...(network === "none" ? {} : await gvproxyOfMac()),
    ...env,
  };
  const with_ = (options: CocoonOptions) => ({ ...options, env: { ...all, ...options.env } });
  const ok = (args: readonly string[], options: CocoonOptions = {}) =>
    cocoonOk(home, args, with_(options));
  return {
    home,
    env: all,
    krunkits: () =>
      home.processes().filter(({ command }) => command.includes("/krunkit_lib/main.ts "))
        .map(({ pid }) => pid),
    run: (args, options = {}) => runCocoon(home, args, with_(options)),
    ok,
    ssh: async (name, command) => (await ok(["vm", "ssh", name, "--", command])).stdout,
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}
