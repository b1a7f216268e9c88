/** What is remembered of an attachment. */
import type { Json, JsonObject, PortForward } from "../../plugins/contract.ts";
import type { Gateway } from "./forwarder.ts";

/** State of one card. */
export interface GvproxyState extends Gateway {
  network: string;
  sshPort: number;
  /** All that lead into the guest, the one for SSH first. */
  forwards: PortForward[];
}

/** As the store keeps it. */
export function storedState(state: GvproxyState): JsonObject {
  return { ...state, forwards: state.forwards.map((forward) => ({ ...forward })) };
}

/** Undefined for what is no state of ours. */
export function readState(state: JsonObject): GvproxyState | undefined {
  const { apiSocketPath, guestAddress, network, sshPort, forwards } = state;
  if (
    typeof apiSocketPath !== "string" || typeof guestAddress !== "string" ||
    typeof network !== "string" || typeof sshPort !== "number" || !Array.isArray(forwards)
  ) return undefined;
  const read = forwards.map(readForward).filter((forward) => forward !== undefined);
  return { apiSocketPath, guestAddress, network, sshPort, forwards: read };
}

function readForward(value: Json): PortForward | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  const { protocol, hostAddress, hostPort, guestPort } = value;
  return (protocol === "tcp" || protocol === "udp") && typeof hostAddress === "string" &&
      typeof hostPort === "number" && typeof guestPort === "number"
    ? { protocol, hostAddress, hostPort, guestPort }
    : undefined;
}
