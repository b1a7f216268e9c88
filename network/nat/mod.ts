/**
 * Network provider `nat`: the NAT inside the hypervisor. Needs no privilege and no helper; the
 * guest reaches out. Of a hypervisor with a user-mode network, the guest is reached through ports of
 * this computer; behind Apple's NAT it has an address that this computer reaches.
 */
import { CocoonError } from "../../errors/error.ts";
import type {
  AttachRequest,
  AttachResult,
  NetworkProvider,
  PortForward,
} from "../../plugins/contract.ts";
import { checkSshPorts, LOOPBACK, reserveForward, reserveSshPort } from "../host_ports.ts";
import { natSettings } from "./settings.ts";

const provider: NetworkProvider = {
  kind: "network",
  name: "nat",
  summary: "outgoing connections, and SSH from this computer",
  settingsSchema: natSettings,
  // Which of the two there is, is the hypervisor's business.
  attachmentKinds: () => ["user", "vz-nat"],
  forwardsPorts: true,
  forwardingKinds: ["user"],
  async check(host, settings) {
    const { checkAppleDhcp } = await import("../apple_dhcp_check.ts");
    const { ssh_ports } = natSettings.read(settings);
    const apple = host.os === "darwin" ? await checkAppleDhcp(host) : [];
    return [...checkSshPorts("network nat", ssh_ports), ...apple];
  },
  attach,
  // The ports belong to the machine until it is removed, and only the hypervisor held them open.
  detach: () => Promise.resolve(),
  async address(host, _nic, state) {
    const port = state["sshPort"];
    if (typeof port === "number") return { ssh: { host: LOOPBACK, port } };
    const { readAppleNatState } = await import("./apple_nat.ts");
    const apple = readAppleNatState(state);
    if (apple === undefined) return undefined;
    const { appleAddress } = await import("../apple_address.ts");
    return await appleAddress(host, apple);
  },
};

export default provider;

async function attach(request: AttachRequest): Promise<AttachResult> {
  const { nic, accepts, signal } = request;
  signal.throwIfAborted();
  if (accepts.includes("user")) return attachUser(request);
  if (!accepts.includes("vz-nat")) {
    throw new CocoonError("usage", `network "${nic.network}": the backend has no NAT of its own`, {
      hint: "Choose another backend or another network provider.",
    });
  }
  const { attachAppleNat } = await import("./apple_nat.ts");
  return attachAppleNat(request);
}

function attachUser({ nic, settings, reservations }: AttachRequest): AttachResult {
  for (const forward of nic.forwards) reserveForward(forward, nic.network, reservations);
  const { subnet, ssh_ports } = natSettings.read(settings);
  const sshPort = reserveSshPort(ssh_ports, nic.forwards, reservations);
  const forwards: PortForward[] = [
    { protocol: "tcp", hostAddress: LOOPBACK, hostPort: sshPort, guestPort: 22 },
    ...nic.forwards.map((forward) => ({ ...forward })),
  ];
  return {
    attachment: {
      kind: "user" as const,
      forwards,
      ...(subnet === undefined ? {} : { guestCidr: subnet }),
    },
    state: { sshPort },
    companions: [],
    links: [],
  };
}
