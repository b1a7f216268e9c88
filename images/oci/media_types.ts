/**
 * Media types of artifacts. cocoon's own are documented in `docs/images.md`; others that publish
 * disks may use them too.
 */

/** What a manifest of a disk image calls itself (`artifactType`). */
export const DISK_ARTIFACT_TYPE = "application/vnd.cocoon.disk.v1";

/** The one layer of such a manifest: a disk, as it is or compressed. */
export const DISK_LAYER_TYPES = {
  qcow2: "application/vnd.cocoon.disk.v1.qcow2",
  raw: "application/vnd.cocoon.disk.v1.raw",
  "raw+zstd": "application/vnd.cocoon.disk.v1.raw+zstd",
  "raw+gzip": "application/vnd.cocoon.disk.v1.raw+gzip",
} as const;

/** The configuration of an artifact that has none (image specification 1.1, "Guidance for an empty descriptor"). */
export const EMPTY_CONFIG_TYPE = "application/vnd.oci.empty.v1+json";

/** Configurations of container images. */
export const CONTAINER_CONFIG_TYPES: readonly string[] = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];

/** Layers of container images: tar archives, plain or compressed. */
export const CONTAINER_LAYER_TYPE =
  /^application\/vnd\.(oci\.image\.layer(\.nondistributable)?\.v1\.tar|docker\.image\.rootfs\.diff\.tar)([+.](gzip|zstd))?$/;

/** Annotation with a file's name (image specification, "Pre-Defined Annotation Keys"). */
export const TITLE = "org.opencontainers.image.title";

/** Annotation of the entries of podman's machine images: which hypervisor the disk is for. */
export const DISK_TYPE = "disktype";
