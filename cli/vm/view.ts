import { basename } from "../../host/path.ts";
import type { Address } from "../../plugins/contract.ts";
import type { MachineRecord } from "../../state/machine_record.ts";

/** A machine as `--output json` shows it; keys are only ever added. */
export function machineJson(
  record: MachineRecord,
  addresses: readonly Address[],
): Record<string, unknown> {
  const { spec, machine } = record;
  return {
    id: record.id,
    name: record.name,
    state: record.state,
    stale: record.stale,
    desired: record.desired,
    image: spec.image ?? null,
    imageDigest: record.imageDigest ?? null,
    backend: spec.backend,
    storage: spec.storage,
    architecture: machine.architecture,
    boot: machine.boot.kind,
    cpus: machine.cpus,
    memoryBytes: machine.memoryBytes,
    disks: machine.disks.map(({ role, path, format, serial, readOnly }) => ({
      role,
      serial,
      format,
      path,
      readOnly,
    })),
    nics: machine.nics.map(({ network, mac, forwards }) => ({ network, mac, forwards })),
    addresses,
    user: spec.user,
    hostKey: record.hostPublicKey,
    restart: spec.restart,
    restarts: record.restarts,
    pid: record.run?.processes["hypervisor"]?.pid ?? null,
    exit: record.exit ?? null,
    lastError: record.lastError ?? null,
    createdAt: record.createdAt,
    startedAt: record.startedAt ?? null,
    stoppedAt: record.stoppedAt ?? null,
  };
}

/** State for people: `stopped (stale)` when nobody saw the end. */
export function stateText(record: MachineRecord): string {
  return record.stale ? `${record.state} (stale)` : record.state;
}

/** How to reach the machine, in one cell. */
export function addressText(addresses: readonly Address[]): string {
  const texts = addresses.flatMap(({ ip, ssh }) =>
    ip !== undefined ? [ip] : ssh !== undefined ? [`${ssh.host}:${ssh.port}`] : []
  );
  return texts.length === 0 ? "-" : texts.join(",");
}

/** `3 minutes ago`-like age, short: `42s`, `5m`, `3h`, `12d`. */
export function ageText(since: string, now: Date): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(since)) / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** The image in one cell: of a path its last part. */
export function imageText(record: MachineRecord): string {
  const { image } = record.spec;
  if (image === undefined) return "-";
  return image.startsWith("/") || image.startsWith(".") ? basename(image) : image;
}
