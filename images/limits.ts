/** One binary kilobyte, megabyte, gigabyte, terabyte in bytes. */
const KIB = 1024;
const MIB = 1024 * KIB;
const TIB = 1024 * 1024 * MIB;

/**
 * Largest disk that a guest may see in an image, and largest source that is read. Both come from
 * others and would otherwise let a file of a few kilobytes claim exabytes; no published cloud
 * image is near it.
 */
export const MAX_DISK_BYTES = TIB;

/** Smallest piece of a disk; a raw image is filled up with zeros to a whole number of them. */
export const SECTOR_BYTES = 512;

/**
 * Unit of work and of the disk digest: a worker reads, converts or hashes this much of the guest's
 * disk at a time. Small enough that eight workers stay within 300 MiB, large enough that the
 * system calls do not count.
 */
export const CHUNK_BYTES = 4 * MIB;

/** Zeros of at least this length stay holes. The block of ext4, xfs, btrfs and APFS. */
export const HOLE_BYTES = 4 * KIB;

/** Bytes at the beginning of a source that its format is recognised by; the mark of a CD is the farthest. */
export const SNIFF_BYTES = 36 * KIB;
