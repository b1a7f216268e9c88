/** What tests of the provider need: a network of Debian's plugins, and what is left of it. */
import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import { join } from "../../host/path.ts";
import type { AttachRequest, JsonObject } from "../../plugins/contract.ts";
import {
  DIRS,
  HomeReservations,
  sampleMachine,
  sampleNic,
} from "../../tests/conformance/samples.ts";
import { noOwnNetwork, type OwnNetwork, ownNetwork } from "../../tests/support/own_network.ts";

const PLUGIN_FOLDERS = ["/opt/cni/bin", "/usr/lib/cni"];

/** Why the real plugins can't be tried here; undefined where they can. */
export function noPlugins(): string | undefined {
  const host = realHost();
  for (const plugin of ["bridge", "host-local", "firewall", "portmap"]) {
    if (!PLUGIN_FOLDERS.some((folder) => host.which(join(folder, plugin)))) {
      return `the CNI plugin ${plugin} is not installed`;
    }
  }
  if (!host.which("iptables")) return "iptables is not installed";
  return noOwnNetwork();
}

/** A computer with one CNI network, `lab`: 10.88.7.10 to 10.88.7.19, masquerading. */
export interface CniLab extends AsyncDisposable {
  network: OwnNetwork;
  folder: string;
  settings: JsonObject;
  /** What `attach` is given; `record` keeps what it is told in `recorded`. */
  request(options?: Partial<AttachRequest> & { id?: string }): AttachRequest;
  /** Id of the machine that a request is for unless it says another one. */
  id: string;
  /** Id of another machine. */
  otherId: string;
  recorded: JsonObject | undefined;
  /** Everything that an attachment makes: namespaces, interfaces, rules, leases. */
  traces(): Promise<string[]>;
}

/** Makes the lab; all of it is removed at the end. */
export async function cniLab(
  more: { plugins?: JsonObject[]; ipam?: (folder: string) => JsonObject } = {},
): Promise<
  CniLab
> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "cocoon-cni-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const network = stack.use(await ownNetwork());
  await Deno.mkdir(join(folder, "net.d"));
  await writeConflist(folder, "10-lab.conflist", {
    cniVersion: "1.0.0",
    name: "lab",
    plugins: [{
      type: "bridge",
      bridge: "lab0",
      isDefaultGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: more.ipam?.(folder) ?? {
        type: "host-local",
        dataDir: join(folder, "leases"),
        ranges: [[{ subnet: "10.88.7.0/24", rangeStart: "10.88.7.10", rangeEnd: "10.88.7.19" }]],
      },
      dns: { nameservers: ["10.88.7.1"] },
    }, ...more.plugins ?? []],
  });
  // Names of namespaces are the whole computer's.
  const prefix = `lab${crypto.randomUUID().slice(0, 7)}`;
  stack.defer(() => removeNamespaces(`cocoon-${prefix}`));
  const owned = stack.move();
  const lab: CniLab = {
    id: `${prefix}01`,
    otherId: `${prefix}02`,
    network,
    folder,
    settings: { conf_dir: join(folder, "net.d"), bin_dirs: PLUGIN_FOLDERS },
    recorded: undefined,
    request({ id = lab.id, ...options } = {}) {
      const nic = options.nic ?? sampleNic();
      const dirs = { ...DIRS, data: join(folder, id) };
      Deno.mkdirSync(dirs.data, { recursive: true });
      return {
        host: network.host,
        machine: { ...sampleMachine("efi", { id }), nics: [nic] },
        nic,
        settings: lab.settings,
        dirs,
        accepts: ["tap"],
        reservations: new HomeReservations().of(id),
        previous: undefined,
        dryRun: false,
        record: (state) => void (lab.recorded = JSON.parse(JSON.stringify(state))),
        signal: new AbortController().signal,
        ...options,
      };
    },
    traces: () => traces(network, folder, `cocoon-${prefix}`),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  return lab;
}

/** Writes a network configuration of the lab. */
export async function writeConflist(folder: string, file: string, list: unknown): Promise<void> {
  const text = typeof list === "string" ? list : JSON.stringify(list);
  await Deno.writeTextFile(join(folder, "net.d", file), text);
}

/** What an answer of the lab's network must be. */
export function assertNoTraces(traces: readonly string[]): void {
  assert.deepEqual(traces, []);
}

/** Names of the namespaces that begin so. */
function namespaces(prefix: string): string[] {
  return [...Deno.readDirSync("/run/netns")].map(({ name }) => name)
    .filter((name) => name.startsWith(prefix));
}

/** Those that a failed test has left. */
async function removeNamespaces(prefix: string): Promise<void> {
  for (const name of namespaces(prefix)) await realHost().run(["ip", "netns", "delete", name]);
}

async function traces(network: OwnNetwork, folder: string, prefix: string): Promise<string[]> {
  const found = namespaces(prefix).map((name) => `namespace ${name}`);
  // The bridge itself stays: it belongs to the network and not to a machine.
  for (const link of JSON.parse(await network.run("ip", "-json", "link"))) {
    if (!["lo", "lab0"].includes(link.ifname)) found.push(`interface ${link.ifname}`);
  }
  for (const program of ["iptables", "ip6tables"]) {
    for (const table of ["nat", "filter"]) {
      for (const rule of (await network.run(program, "-t", table, "-S")).split("\n")) {
        if (/CNI-[0-9a-f]{8}|10\.88\.7\.1\d|fd88::/.test(rule)) found.push(`${table}: ${rule}`);
      }
    }
  }
  try {
    for (const { name } of Deno.readDirSync(join(folder, "leases", "lab"))) {
      if (/^\d+\.|:/.test(name)) found.push(`lease ${name}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found;
}
