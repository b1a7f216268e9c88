/**
 * The Debian packages that building the guests needs on this computer. What ends up inside a guest
 * is not among them: that is fetched by the build itself.
 */

/** Which package has a tool that the builds call. */
export const TOOL_PACKAGES: Readonly<Record<string, string>> = {
  "apt-cache": "apt",
  "apt-get": "apt",
  "chroot": "coreutils",
  "cp": "coreutils",
  "cpio": "cpio",
  "debootstrap": "debootstrap",
  "depmod": "kmod",
  "dpkg-deb": "dpkg",
  "find": "findutils",
  "genisoimage": "genisoimage",
  "lz4": "lz4",
  "mcopy": "mtools",
  "mke2fs": "e2fsprogs",
  "mkfs.vfat": "dosfstools",
  "mmd": "mtools",
  "qemu-img": "qemu-utils",
  "readelf": "binutils",
  "rm": "coreutils",
  "sfdisk": "fdisk",
  "tar": "tar",
  "unshare": "util-linux",
};

/** For `deno task guest small`; no root needed. */
export const SMALL_GUEST_PACKAGES: readonly string[] = [
  "binutils",
  "cpio",
  "debian-archive-keyring",
  "dosfstools",
  "e2fsprogs",
  "fdisk",
  "kmod",
  "lz4",
  "mtools",
  "qemu-utils",
];

/** For `deno task guest full`; needs root. */
export const FULL_GUEST_PACKAGES: readonly string[] = [
  "debian-archive-keyring",
  "debootstrap",
  "dosfstools",
  "e2fsprogs",
  "fdisk",
  "mtools",
  "qemu-utils",
];

/** For the tests of the guests themselves, beside what builds them. */
export const GUEST_TEST_PACKAGES: readonly string[] = [
  "busybox-static",
  "genisoimage",
  "openssh-client",
  "ovmf",
  "qemu-efi-aarch64",
  "qemu-system-arm",
  "qemu-system-x86",
];
