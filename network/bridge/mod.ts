/**
 * Network provider `bridge`: a TAP on a bridge that is there already (Linux, root). What else hangs
 * on the bridge gives the guest its address, by DHCP.
 */
import { CocoonError } from "../../errors/error.ts";
import type { AttachRequest, AttachResult, NetworkProvider } from "../../plugins/contract.ts";
import { bridgeSettings } from "./settings.ts";

const provider: NetworkProvider = {
  kind: "network",
  name: "bridge",
  summary: "a port of an existing bridge (Linux, root)",
  settingsSchema: bridgeSettings,
  attachmentKinds: (host) => host.os === "linux" ? ["tap"] : [],
  forwardsPorts: false,
  async check(host, settings) {
    const { checkBridge } = await import("./check.ts");
    return await checkBridge(host, bridgeSettings.read(settings).bridge);
  },
  attach,
  async detach(host, state) {
    const { tap } = state;
    if (typeof tap !== "string") return;
    const { deleteLink } = await import("../linux_links.ts");
    await deleteLink(host, tap);
  },
  async address(host, nic, state) {
    const { bridge } = state;
    if (typeof bridge !== "string") return undefined;
    const { neighbourOf } = await import("./neighbours.ts");
    const ip = await neighbourOf(host, bridge, nic.mac);
    return ip === undefined ? undefined : { ip, ssh: { host: ip, port: 22 } };
  },
};

export default provider;

async function attach(request: AttachRequest): Promise<AttachResult> {
  const { host, machine, nic, accepts, dryRun, record, signal } = request;
  signal.throwIfAborted();
  if (host.os !== "linux" || !accepts.includes("tap")) {
    throw new CocoonError("usage", `network "${nic.network}": the backend takes no TAP interface`, {
      hint: "Choose another backend or another network provider.",
    });
  }
  const { bridge } = bridgeSettings.read(request.settings);
  // Unique on this computer, as the id is, and at most 15 characters long.
  const tap = `t${machine.id}${nic.index}`;
  const result: AttachResult = {
    attachment: { kind: "tap", interface: tap },
    state: { bridge, tap },
    companions: [],
    links: [],
  };
  if (dryRun) return result;
  const { requireRoot } = await import("../linux_tools.ts");
  requireRoot(nic.network);
  const { makePort } = await import("./port.ts");
  record(result.state);
  await makePort(host, { network: nic.network, bridge, tap }, signal);
  return result;
}
