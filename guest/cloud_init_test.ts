import assert from "node:assert/strict";
import { cloudConfig, type GuestIdentity, metaData, networkConfig } from "./cloud_init.ts";

const IDENTITY: GuestIdentity = {
  hostname: "web",
  user: "cocoon",
  authorizedKeys: ["ssh-ed25519 AAAA cocoon"],
  hostKey: { privateKey: "PRIVATE\n", publicKey: "ssh-ed25519 BBBB cocoon-host" },
};

Deno.test("metaData() names the instance and its host when called", () => {
  assert.deepEqual(metaData("0644", "no"), { "instance-id": "0644", "local-hostname": "no" });
});

Deno.test("cloudConfig() makes one account with the key and without a password by default", () => {
  assert.deepEqual(cloudConfig(IDENTITY), {
    hostname: "web",
    manage_etc_hosts: "localhost",
    disable_root: true,
    user: { name: "cocoon", lock_passwd: true },
    users: [{
      name: "cocoon",
      sudo: "ALL=(ALL) NOPASSWD:ALL",
      lock_passwd: true,
      ssh_authorized_keys: ["ssh-ed25519 AAAA cocoon"],
    }],
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: "PRIVATE\n", ed25519_public: "ssh-ed25519 BBBB cocoon-host" },
  });
});

Deno.test("cloudConfig() sets a password, and allows its use, only when one is given", () => {
  const config = cloudConfig({ ...IDENTITY, password: "se'cret" });
  assert.equal(config.ssh_pwauth, true);
  assert.deepEqual(config.chpasswd, {
    expire: false,
    users: [{ name: "cocoon", password: "se'cret", type: "text" }],
  });
  assert.deepEqual(config.user, { name: "cocoon", lock_passwd: false });
  assert.equal("ssh_pwauth" in cloudConfig(IDENTITY), false);
});

Deno.test("cloudConfig() opens root, and makes no account, when the user is root", () => {
  const config = cloudConfig({ ...IDENTITY, user: "root" });
  assert.equal(config.disable_root, false);
  assert.equal("user" in config, false);
  assert.deepEqual(config.users, [{ name: "root", ssh_authorized_keys: IDENTITY.authorizedKeys }]);
});

Deno.test("networkConfig() finds cards by MAC and asks DHCP with the MAC by default", () => {
  assert.deepEqual(networkConfig([{ mac: "52:54:00:00:00:01" }, { mac: "52:54:00:00:00:02" }]), {
    version: 2,
    ethernets: {
      nic0: {
        match: { macaddress: "52:54:00:00:00:01" },
        dhcp4: true,
        "dhcp-identifier": "mac",
      },
      nic1: {
        match: { macaddress: "52:54:00:00:00:02" },
        dhcp4: true,
        "dhcp-identifier": "mac",
        optional: true,
      },
    },
  });
});

Deno.test("networkConfig() gives addresses, routes and name servers when they are fixed", () => {
  const config = networkConfig([{
    mac: "52:54:00:00:00:01",
    static: {
      addresses: ["10.0.0.2/24", "fd00::2/64"],
      routes: [{ to: "0.0.0.0/0", via: "10.0.0.1" }],
      nameservers: { addresses: ["10.0.0.1"], search: ["lan"] },
    },
  }, { mac: "52:54:00:00:00:02", static: { addresses: ["10.0.1.2/24"] } }]);
  assert.deepEqual(config.ethernets, {
    nic0: {
      match: { macaddress: "52:54:00:00:00:01" },
      addresses: ["10.0.0.2/24", "fd00::2/64"],
      routes: [{ to: "0.0.0.0/0", via: "10.0.0.1" }],
      nameservers: { addresses: ["10.0.0.1"], search: ["lan"] },
    },
    nic1: {
      match: { macaddress: "52:54:00:00:00:02" },
      addresses: ["10.0.1.2/24"],
      optional: true,
    },
  });
});
