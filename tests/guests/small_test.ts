import assert from "node:assert/strict";
import { smallGuest } from "./cache.ts";
import { run } from "./lib/tools.ts";
import { type KeyPair, makeKey, makeSeed, sshOptions, TestMachine } from "./testing.ts";

const DHCP = {
  version: 2,
  ethernets: { nic0: { match: { macaddress: "52:54:00:12:34:56" }, dhcp4: true } },
};
/** The addresses of QEMU's user network. */
const STATIC = {
  version: 2,
  ethernets: {
    nic0: {
      match: { macaddress: "52:54:00:12:34:56" },
      addresses: ["10.0.2.15/24"],
      routes: [{ to: "default", via: "10.0.2.2" }],
      nameservers: { addresses: ["10.0.2.3"] },
    },
  },
};

async function withDir(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "guest-" });
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** The `#cloud-config` that cocoon writes is JSON, which is YAML too. */
function cloudConfig(client: KeyPair, host: KeyPair, runcmd: unknown[]): string {
  return "#cloud-config\n" + JSON.stringify({
    hostname: "web",
    users: [{
      name: "cocoon",
      shell: "/bin/bash",
      sudo: "ALL=(ALL) NOPASSWD:ALL",
      lock_passwd: true,
      ssh_authorized_keys: [client.publicText],
    }],
    ssh_keys: { ed25519_private: host.privateText, ed25519_public: host.publicText },
    runcmd,
  });
}

const DRIVES = (dir: string) => [
  ...["-drive", `if=none,id=root,file=${dir}/root.qcow2`],
  ...["-device", "virtio-blk-pci,drive=root,bootindex=1"],
  ...["-drive", `if=virtio,file=${dir}/seed.iso,format=raw,readonly=on`],
];

Deno.test("small guest does what its seed says, once an instance, by direct boot and by EFI", () =>
  withDir(async (dir) => {
    const guest = await smallGuest("x86_64");
    const client = await makeKey(`${dir}/client`);
    const host = await makeKey(`${dir}/host`);
    const userData = cloudConfig(client, host, [
      "echo line >> /state/runs",
      ["sh", "-c", 'echo "it\'s $1" >> /state/runs', "sh", "a  list"],
    ]);
    const seed = {
      "meta-data": JSON.stringify({ "instance-id": "i-1", "local-hostname": "web" }),
      "user-data": userData,
    };
    await makeSeed(`${dir}/seed.iso`, { ...seed, "network-config": JSON.stringify(DHCP) });
    const overlay = ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", guest.qcow2Path];
    await run("qemu-img", [...overlay, `${dir}/root.qcow2`, "80M"]);
    const machine = ["-machine", "q35,accel=tcg", "-cpu", "qemu64", ...DRIVES(dir)];

    {
      await using direct = TestMachine.start("qemu-system-x86_64", dir, [
        ...[...machine, "-kernel", guest.kernelPath, "-initrd", guest.initrdPath],
        ...["-append", "console=ttyS0 quiet"],
      ]);
      assert.deepEqual(await direct.ready(), { boot: 1, instance: "i-1", host: "web" });
      const options = await sshOptions(dir, client, host, await direct.sshPort());
      const said = await run("ssh", [
        ...[...options, "cocoon@127.0.0.1"],
        "hostname; id -un; sudo id -un; sudo -n -- sh -c 'echo \"$1\"' sh 'a  b'; cat /state/runs",
      ]);
      assert.equal(said, "web\ncocoon\nroot\na  b\nline\nit's a  list\n");
      // Today's scp speaks SFTP, `-O` the old protocol.
      await run("scp", [...options, `${dir}/client.pub`, "cocoon@127.0.0.1:copy"]);
      await run("scp", ["-O", ...options, "cocoon@127.0.0.1:copy", `${dir}/back`]);
      assert.equal((await Deno.readTextFile(`${dir}/back`)).trim(), client.publicText);
      await direct.powerButton();
    }

    await makeSeed(`${dir}/seed.iso`, { ...seed, "network-config": JSON.stringify(STATIC) });
    await Deno.copyFile("/usr/share/OVMF/OVMF_VARS_4M.fd", `${dir}/vars.fd`);
    await using efi = TestMachine.start("qemu-system-x86_64", dir, [
      ...machine,
      ...["-drive", "if=pflash,readonly=on,format=raw,file=/usr/share/OVMF/OVMF_CODE_4M.fd"],
      ...["-drive", `if=pflash,format=raw,file=${dir}/vars.fd`],
    ]);
    assert.deepEqual(await efi.ready(), { boot: 2, instance: "i-1", host: "web" });
    const options = await sshOptions(dir, client, host, await efi.sshPort());
    const said = await run("ssh", [
      ...[...options, "cocoon@127.0.0.1"],
      "wc -l </state/runs; ip -4 -o addr show eth0 | grep -c 10.0.2.15/24; cat /etc/resolv.conf; " +
      "ip route | grep default; ls /sys/firmware/efi >/dev/null && sudo poweroff",
    ]);
    assert.equal(
      said.replaceAll(/ +\n/g, "\n"),
      "2\n1\nnameserver 10.0.2.3\ndefault via 10.0.2.2 dev eth0\n",
    );
    await efi.ended();
  }));

Deno.test("small guest of aarch64 reads YAML, gives the host key and obeys the power button", () =>
  withDir(async (dir) => {
    const guest = await smallGuest("aarch64");
    const client = await makeKey(`${dir}/client`);
    const host = await makeKey(`${dir}/host`);
    const indented = host.privateText.trim().replaceAll(/^/gm, "    ");
    await makeSeed(`${dir}/seed.iso`, {
      "meta-data": "instance-id: i-arm\nlocal-hostname: arm\n",
      "user-data": "#cloud-config\nusers:\n- default\n- name: cocoon\n  ssh_authorized_keys:\n" +
        `    - ${client.publicText}\nssh_keys:\n  ed25519_private: |\n${indented}\n` +
        "runcmd:\n- echo 'from yaml' > /run/proof\n",
    });
    await using arm = TestMachine.start("qemu-system-aarch64", dir, [
      ...["-M", "virt", "-cpu", "cortex-a57", "-kernel", guest.kernelPath],
      ...["-initrd", guest.initrdPath, "-append", "console=ttyAMA0 quiet"],
      ...["-drive", `if=virtio,file=${dir}/seed.iso,format=raw,readonly=on`],
    ]);
    assert.deepEqual(await arm.ready(), { boot: 1, instance: "i-arm", host: "arm" });
    const options = await sshOptions(dir, client, host, await arm.sshPort());
    const said = await run("ssh", [...options, "cocoon@127.0.0.1", "uname -m; cat /run/proof"]);
    assert.equal(said, "aarch64\nfrom yaml\n");
    await arm.powerButton();
  }));
