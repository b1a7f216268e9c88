/**
 * The documents that cloud-init finds on a seed: meta-data, user-data and network-config.
 * Source: cloud-init's documentation, "NoCloud", "Networking config version 2" and the modules
 * `users_groups`, `ssh`, `set_passwords`, `update_etc_hosts`.
 */
import type { GuestNetwork } from "../plugins/contract.ts";
import type { SshKeyPair } from "./openssh_key.ts";
import type { YamlMap, YamlValue } from "./yaml_write.ts";

/** A network card as the guest has to set it up. */
export interface GuestNic {
  /** Lower case with colons: how the guest finds the card. */
  mac: string;
  /** Fixed addresses; without them the guest asks DHCP for an IPv4 address. */
  static?: GuestNetwork;
}

/** What user-data says of cocoon's own. */
export interface GuestIdentity {
  hostname: string;
  /** Account that is made, or `root`. */
  user: string;
  /** Lines of `authorized_keys` for that account. */
  authorizedKeys: string[];
  /** The host key; the guest has no other. */
  hostKey: SshKeyPair;
  /** Plain text; set only when the user asked for one. Also allows SSH logins with it. */
  password?: string;
}

/**
 * Identifies the instance: cloud-init does its work again only under another id.
 * @param instanceId stays the same for the life of a machine
 */
export function metaData(instanceId: string, hostname: string): YamlMap {
  return { "instance-id": instanceId, "local-hostname": hostname };
}

/**
 * Our `#cloud-config`.
 *
 * The account stands in `users`, which every reader of such files understands, and is declared the
 * distribution's default user by `user`: so it has the groups (`sudo`, `wheel`, `adm`, ...) and
 * the shell that the distribution gives to that one, and the distribution's own is not made.
 */
export function cloudConfig(identity: GuestIdentity): YamlMap {
  const { user, password } = identity;
  const root = user === "root";
  const account: YamlMap = {
    name: user,
    ...(root ? {} : { sudo: "ALL=(ALL) NOPASSWD:ALL" }),
    // Root's password is left as the image has it: some servers refuse a locked account.
    ...(root && password === undefined ? {} : { lock_passwd: password === undefined }),
    ssh_authorized_keys: identity.authorizedKeys,
    // For cloud-init before 22.3, which does not know chpasswd's `users`.
    ...(password === undefined || root ? {} : { plain_text_passwd: password }),
  };
  return {
    hostname: identity.hostname,
    // Only the line of 127.0.1.1; `true` would undo all other changes at each boot.
    manage_etc_hosts: "localhost",
    ...(root
      ? { disable_root: false }
      : { disable_root: true, user: { name: user, lock_passwd: password === undefined } }),
    users: [account],
    ...(password === undefined ? {} : {
      ssh_pwauth: true,
      chpasswd: { expire: false, users: [{ name: user, password, type: "text" }] },
    }),
    // The image's keys go, ours come: the host is known before it first boots.
    ssh_deletekeys: true,
    ssh_keys: {
      ed25519_private: identity.hostKey.privateKey,
      ed25519_public: identity.hostKey.publicKey,
    },
  };
}

/** Network configuration, version 2; the cards keep the names that the guest gives them. */
export function networkConfig(nics: readonly GuestNic[]): YamlMap {
  const ethernets: YamlMap = {};
  nics.forEach((nic, index) => {
    ethernets[`nic${index}`] = {
      match: { macaddress: nic.mac },
      ...(nic.static ? staticConfig(nic.static) : {
        dhcp4: true,
        // systemd-networkd's own identifier comes from the machine id, which clones share.
        "dhcp-identifier": "mac",
      }),
      // The boot waits for the first card only.
      ...(index > 0 ? { optional: true } : {}),
    };
  });
  return { version: 2, ethernets };
}

function staticConfig(network: GuestNetwork): YamlMap {
  const { addresses, routes = [], nameservers, mtuBytes } = network;
  return {
    addresses,
    ...(mtuBytes === undefined ? {} : { mtu: mtuBytes }),
    ...(routes.length > 0 ? { routes: routes.map(({ to, via }): YamlValue => ({ to, via })) } : {}),
    ...(nameservers
      ? {
        nameservers: {
          addresses: nameservers.addresses,
          ...(nameservers.search ? { search: nameservers.search } : {}),
        },
      }
      : {}),
  };
}
