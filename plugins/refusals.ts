/**
 * Whether backend, networks and storage together can make the machine that was asked for: asked
 * at create, from capabilities alone, before anything exists. Names are used in texts only.
 */
import { CocoonError } from "../errors/error.ts";
import type {
  Architecture,
  AttachmentKind,
  BootKind,
  Capabilities,
  DiskFormat,
  PortForward,
} from "./contract.ts";
import { FEATURE_TEXTS, type FeatureWish, missingFeatures } from "./features.ts";

/** What of a machine decides whether it can be made. */
export interface MachineWish {
  architecture: Architecture;
  boot: BootKind;
  /** All disks that will be attached, with the seed. */
  diskCount: number;
  /** Absent = not yet known. */
  memoryBytes?: number;
  nics: { network: string; forwards: readonly PortForward[] }[];
  devices: { rng: boolean; balloon: boolean; vsock: boolean };
  /** Absent = nothing that only some backends have. */
  features?: readonly FeatureWish[];
}

/** A backend, as data. */
export interface BackendOffer {
  name: string;
  capabilities: Capabilities;
}

/** A network of the configuration with its provider, as data. */
export interface NetworkOffer {
  /** Name of the network in the configuration. */
  name: string;
  provider: string;
  /** What the provider's `attachmentKinds` gives for this host and these settings. */
  attachmentKinds: readonly AttachmentKind[];
  forwardsPorts: boolean;
  /** Kinds over which forwards work; absent = all. */
  forwardingKinds?: readonly AttachmentKind[];
  givesNoCard: boolean;
}

/** A storage driver, as data. */
export interface StorageOffer {
  name: string;
  format: DiskFormat;
}

/** What was chosen for the machine; `networks` has every network that a NIC names. */
export interface Choice {
  backend: BackendOffer;
  /** Undefined for `auto`, which chooses among what fits. */
  storage: StorageOffer | undefined;
  networks: readonly NetworkOffer[];
}

/** What else could be chosen; `findAlternatives` looks for it. */
export interface Alternatives {
  backends: readonly BackendOffer[];
  storages: readonly StorageOffer[];
  networks: readonly NetworkOffer[];
}

const NO_ALTERNATIVES: Alternatives = { backends: [], storages: [], networks: [] };

/**
 * All reasons why the machine cannot be made of this choice, each with what can do it in the hint;
 * empty when it can. Asking first without `alternatives` saves loading every plugin.
 */
export function refusals(
  wish: MachineWish,
  choice: Choice,
  alternatives: Alternatives = NO_ALTERNATIVES,
): CocoonError[] {
  return [
    ...backendRefusals(wish, choice.backend, alternatives),
    ...storageRefusals(choice, alternatives),
    ...wish.nics.flatMap((nic, index) => nicRefusals(nic, index, choice, alternatives)),
  ];
}

function backendRefusals(
  wish: MachineWish,
  backend: BackendOffer,
  alternatives: Alternatives,
): CocoonError[] {
  const { devices } = wish;
  const cards = wish.nics.length;
  const demands: { met: (can: Capabilities) => boolean; complaint: string; drop?: string }[] = [
    {
      met: (can) => can.architectures.includes(wish.architecture),
      complaint: `cannot run ${wish.architecture} machines on this computer`,
      drop: `take an image for ${list(backend.capabilities.architectures)}`,
    },
    {
      met: (can) => can.boots.includes(wish.boot),
      complaint: `cannot boot this way: ${wish.boot}`,
      drop: `boot by ${list(backend.capabilities.boots)}`,
    },
    {
      met: (can) => wish.diskCount <= can.maxDisks,
      complaint: `takes at most ${
        count(backend.capabilities.maxDisks, "disk")
      }, not ${wish.diskCount}`,
      drop: "use fewer disks",
    },
    {
      met: (can) => (wish.memoryBytes ?? 0) <= (can.maxMemoryBytes ?? Infinity),
      complaint: `gives a machine at most ${
        mebibytes(backend.capabilities.maxMemoryBytes)
      } of memory, not ${mebibytes(wish.memoryBytes)}`,
      drop: "use less memory",
    },
    {
      met: (can) => cards <= can.maxNics,
      complaint: `takes at most ${
        count(backend.capabilities.maxNics, "network card")
      }, not ${cards}`,
      drop: "use fewer network cards",
    },
    {
      met: (can) => !devices.rng || can.rng,
      complaint: "has no random number device",
      drop: "leave out rng",
    },
    {
      met: (can) => !devices.balloon || can.balloon,
      complaint: "has no memory balloon",
      drop: "leave out balloon",
    },
    {
      met: (can) => !devices.vsock || can.vsock,
      complaint: "has no vsock device",
      drop: "leave out vsock",
    },
    ...missingFeatures(wish.features ?? [], backend.capabilities.features ?? []).refused
      .map((feature) => ({
        met: (can: Capabilities) => can.features?.includes(feature) ?? false,
        complaint: FEATURE_TEXTS[feature].complaint,
        drop: FEATURE_TEXTS[feature].drop,
      })),
  ];
  return demands
    .filter((demand) => !demand.met(backend.capabilities))
    .map(({ met, complaint, drop }) => {
      const others = alternatives.backends.filter((other) => met(other.capabilities));
      return refusal(`backend "${backend.name}" ${complaint}`, [
        oneOf("backend", others.map((other) => other.name)),
        drop,
      ]);
    });
}

function storageRefusals(
  { backend, storage }: Choice,
  alternatives: Alternatives,
): CocoonError[] {
  const formats = backend.capabilities.diskFormats;
  if (storage === undefined || formats.includes(storage.format)) return [];
  const drivers = alternatives.storages.filter((other) => formats.includes(other.format));
  const backends = alternatives.backends.filter((other) =>
    other.capabilities.diskFormats.includes(storage.format)
  );
  return [refusal(
    `storage driver "${storage.name}" makes ${storage.format} disks, but backend ` +
      `"${backend.name}" takes ${list(formats)}`,
    [
      oneOf("storage driver", drivers.map((other) => other.name)),
      oneOf("backend", backends.map((other) => other.name)),
    ],
  )];
}

function nicRefusals(
  nic: MachineWish["nics"][number],
  index: number,
  { backend, networks }: Choice,
  alternatives: Alternatives,
): CocoonError[] {
  const network = networks.find((candidate) => candidate.name === nic.network);
  if (network === undefined) {
    throw new TypeError(`refusals() was given no network "${nic.network}"`);
  }
  const what = `network card ${index} on "${network.name}"`;
  const wanted = nic.forwards.length > 0;
  const found: CocoonError[] = [];
  if (!canPlug(network, backend)) {
    const why = network.attachmentKinds.length === 0
      ? `its provider "${network.provider}" cannot be used on this computer`
      : `its provider "${network.provider}" plugs in by ${list(network.attachmentKinds)}, ` +
        `but backend "${backend.name}" takes ${list(backend.capabilities.attachments)}`;
    const others = alternatives.networks.filter((other) =>
      !other.givesNoCard && canPlug(other, backend) && (!wanted || canForward(other, backend))
    );
    const backends = alternatives.backends.filter((other) => canPlug(network, other));
    found.push(refusal(`${what}: ${why}`, [
      oneOf("network", others.map((other) => other.name)),
      oneOf("backend", backends.map((other) => other.name)),
    ]));
  }
  // Said once, where no card can be had at all.
  if (
    wanted && !canForward(network, backend) && (canPlug(network, backend) || !network.forwardsPorts)
  ) {
    const others = alternatives.networks.filter((other) => canForward(other, backend));
    const backends = alternatives.backends.filter((other) => canForward(network, other));
    const over = network.forwardsPorts ? ` with backend "${backend.name}"` : "";
    found.push(refusal(
      `${what}: its provider "${network.provider}" does not forward ports${over}`,
      [
        oneOf("network", others.map((other) => other.name)),
        oneOf("backend", backends.map((other) => other.name)),
        "leave out the forwards",
      ],
    ));
  }
  return found;
}

function canForward(network: NetworkOffer, backend: BackendOffer): boolean {
  const kinds = network.forwardingKinds ?? network.attachmentKinds;
  return network.forwardsPorts &&
    network.attachmentKinds.some((kind) =>
      kinds.includes(kind) && backend.capabilities.attachments.includes(kind)
    );
}

function canPlug(network: NetworkOffer, backend: BackendOffer): boolean {
  return network.givesNoCard ||
    network.attachmentKinds.some((kind) => backend.capabilities.attachments.includes(kind));
}

function refusal(message: string, ways: (string | undefined)[]): CocoonError {
  const known = ways.filter((way) => way !== undefined).join(", or ");
  const hint = known === "" ? "" : `${known.charAt(0).toUpperCase()}${known.slice(1)}.`;
  return new CocoonError("usage", message, hint === "" ? {} : { hint });
}

function oneOf(what: string, names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : `choose the ${what} ${names.join(" or ")}`;
}

function mebibytes(bytes = 0): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function list(words: readonly string[]): string {
  return words.length === 0 ? "none" : words.join(" or ");
}
