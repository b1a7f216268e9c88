/** Reads a guest's DHCP messages (RFC 2131) out of Ethernet frames. */

/** What a server learns of a client. */
export interface DhcpRequest {
  mac: Uint8Array;
  /** Option 12. */
  hostname?: string;
  /** Option 61, whole: its first byte is a type. */
  clientId?: Uint8Array;
}

/** A message of a client's. */
export interface DhcpMessage extends DhcpRequest {
  /** Option 53. */
  type: number;
  /** Returned as it is. */
  transactionId: number;
  /** The client cannot take an answer to an address that it does not yet have. */
  broadcast: boolean;
  /** `ciaddr`, 0 when it has none. */
  clientAddress: number;
  /** Option 50. */
  requestedAddress?: number;
  /** Option 54: the server that it has chosen. */
  serverId?: number;
}

export const TYPE_DISCOVER = 1;
export const TYPE_REQUEST = 3;

const ETHERNET_BYTES = 14;
const ETHERTYPE_IPV4 = 0x0800;
const PROTOCOL_UDP = 17;
const SERVER_PORT = 67;
/** Of the message: fixed fields, then the cookie, then the options. */
const XID_OFFSET = 4;
const FLAGS_OFFSET = 10;
const CIADDR_OFFSET = 12;
const CHADDR_OFFSET = 28;
const COOKIE_OFFSET = 236;
const COOKIE = 0x6382_5363;
const FLAG_BROADCAST = 0x8000;
const OPTION_PAD = 0;
const OPTION_HOSTNAME = 12;
const OPTION_REQUESTED_ADDRESS = 50;
const OPTION_MESSAGE_TYPE = 53;
const OPTION_SERVER_ID = 54;
const OPTION_CLIENT_ID = 61;
const OPTION_END = 255;

/** The request in a frame; undefined for any other frame. */
export function readDhcpRequest(frame: Uint8Array): DhcpRequest | undefined {
  const message = readDhcpMessage(frame);
  if (message?.type !== TYPE_REQUEST) return undefined;
  const { mac, hostname, clientId } = message;
  return {
    mac,
    ...(hostname === undefined ? {} : { hostname }),
    ...(clientId === undefined ? {} : { clientId }),
  };
}

/** The message to a server in a frame; undefined for any other frame. */
export function readDhcpMessage(frame: Uint8Array): DhcpMessage | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < ETHERNET_BYTES + 20 || view.getUint16(12) !== ETHERTYPE_IPV4) return undefined;
  if (frame[ETHERNET_BYTES + 9] !== PROTOCOL_UDP) return undefined;
  const udp = ETHERNET_BYTES + ((frame[ETHERNET_BYTES] ?? 0) & 0xf) * 4;
  const message = udp + 8;
  if (frame.length < message + COOKIE_OFFSET + 4) return undefined;
  if (view.getUint16(udp + 2) !== SERVER_PORT) return undefined;
  if (view.getUint32(message + COOKIE_OFFSET) !== COOKIE) return undefined;
  const options = readOptions(frame.subarray(message + COOKIE_OFFSET + 4));
  const hostname = options.get(OPTION_HOSTNAME);
  const clientId = options.get(OPTION_CLIENT_ID);
  const requestedAddress = number(options.get(OPTION_REQUESTED_ADDRESS));
  const serverId = number(options.get(OPTION_SERVER_ID));
  return {
    type: options.get(OPTION_MESSAGE_TYPE)?.[0] ?? 0,
    transactionId: view.getUint32(message + XID_OFFSET),
    broadcast: (view.getUint16(message + FLAGS_OFFSET) & FLAG_BROADCAST) !== 0,
    clientAddress: view.getUint32(message + CIADDR_OFFSET),
    mac: frame.slice(message + CHADDR_OFFSET, message + CHADDR_OFFSET + 6),
    ...(hostname === undefined ? {} : { hostname: new TextDecoder().decode(hostname) }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(requestedAddress === undefined ? {} : { requestedAddress }),
    ...(serverId === undefined ? {} : { serverId }),
  };
}

/** 32 bits. */
function number(bytes: Uint8Array | undefined): number | undefined {
  if (bytes?.length !== 4) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

function readOptions(bytes: Uint8Array): Map<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  for (let at = 0; at < bytes.length && bytes[at] !== OPTION_END;) {
    const code = bytes[at] ?? OPTION_END;
    if (code === OPTION_PAD) {
      at++;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    options.set(code, bytes.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return options;
}
