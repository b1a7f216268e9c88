/** A network namespace of a test's own, so that nothing reaches this computer's network. */
import { realHost } from "../../host/host.ts";
import type { Host } from "../../plugins/contract.ts";

/** Why there can be no such namespace here; undefined where there can. */
export function noOwnNetwork(): string | undefined {
  if (Deno.build.os !== "linux") return "network namespaces are Linux's";
  if (Deno.uid() !== 0) return "only root makes network namespaces";
  const missing = ["ip", "nsenter", "tc"].find((program) => !realHost().which(program));
  return missing === undefined ? undefined : `${missing} is not installed`;
}

/** The namespace, which plays the computer's own. */
export interface OwnNetwork extends AsyncDisposable {
  name: string;
  /** This computer, but every program runs in the namespace. */
  host: Host;
  /** Runs a program in it; throws unless it succeeds. */
  run(...argv: [string, ...string[]]): Promise<string>;
}

/** Makes one; it is removed with all that is in it. */
export async function ownNetwork(): Promise<OwnNetwork> {
  const real = realHost();
  const name = `cocoon-test-${crypto.randomUUID().slice(0, 8)}`;
  const must = async (argv: readonly [string, ...string[]]): Promise<string> => {
    const { code, stdout, stderr } = await real.run(argv);
    if (code !== 0) throw new Error(`${argv.join(" ")}: ${stderr || stdout}`);
    return stdout;
  };
  const within = (argv: readonly [string, ...string[]]): [string, ...string[]] => [
    "nsenter",
    `--net=/run/netns/${name}`,
    "--",
    ...argv,
  ];
  await must(["ip", "netns", "add", name]);
  const host: Host = { ...real, run: (argv, options) => real.run(within(argv), options) };
  const run = (...argv: [string, ...string[]]) => must(within(argv));
  await run("ip", "link", "set", "dev", "lo", "up");
  return {
    name,
    host,
    run,
    async [Symbol.asyncDispose]() {
      await must(["ip", "netns", "delete", name]);
    },
  };
}
