import { CocoonError, messageOf } from "../../errors/error.ts";
import type { Architecture, Host } from "../../plugins/contract.ts";
import { cachedVerdict, cachePath, type Verdict } from "./accelerator_cache.ts";
import { PROOF_GUESTS } from "./accelerator_guest.ts";
import type { Program } from "./program.ts";
import type { Accelerator, QemuSettings } from "./settings.ts";
import { versionText } from "./version.ts";

/**
 * Milliseconds that the proof guest has. A working KVM needs less than 200; a broken one hangs
 * for ever.
 */
const PROOF_TIMEOUT_MS = 3000;

/** What was chosen. */
export interface Choice {
  accelerator: Accelerator;
  /** Why, for `doctor`; for tcg: why not the hardware. */
  reason: string;
}

/** Parts of {@linkcode chooseAccelerator} that tests replace. */
export interface ChoiceOptions {
  /** Make the proof even if its result is known. */
  fresh?: boolean;
  kvmPath?: string;
  proofTimeoutMs?: number;
}

/**
 * Decides what runs the guest's instructions, by the setting. `auto` takes the hardware only for
 * guests of its own architecture and only after it ran a guest.
 * @throws {CocoonError} `usage` or `host-lacks` when a wish can't be met
 */
export async function chooseAccelerator(
  host: Host,
  architecture: Architecture,
  program: Program,
  settings: QemuSettings,
  options: ChoiceOptions = {},
): Promise<Choice> {
  const wish = settings.accelerator;
  if (wish === "tcg") return { accelerator: "tcg", reason: "chosen by the configuration" };
  const hardware: Accelerator = host.os === "darwin" ? "hvf" : "kvm";
  const obstacle = obstacleOf(host, architecture, hardware, options.kvmPath ?? "/dev/kvm");
  if (wish !== "auto") {
    if (wish !== hardware) {
      throw new CocoonError("usage", `qemu: accelerator ${wish} does not exist on ${host.os}`, {
        hint: `use "${hardware}", "tcg" or "auto"`,
      });
    }
    if (obstacle !== undefined) {
      throw new CocoonError(obstacle.code, `qemu: accelerator ${wish}: ${obstacle.reason}`, {
        hint: obstacle.hint,
      });
    }
    return { accelerator: wish, reason: "chosen by the configuration" };
  }
  if (obstacle !== undefined) return { accelerator: "tcg", reason: obstacle.reason };
  const verdict = await cachedVerdict(
    cachePath(host),
    [hardware, architecture, Deno.osRelease(), bootId(), program.path, versionText(program.version)]
      .join(" "),
    host.now().getTime(),
    options.fresh ?? false,
    () => prove(host, architecture, program, hardware, options.proofTimeoutMs ?? PROOF_TIMEOUT_MS),
  );
  return { accelerator: verdict.usable ? hardware : "tcg", reason: verdict.reason };
}

/**
 * Runs the proof guest with an accelerator. Whatever happens, QEMU is gone and the image removed
 * when this returns.
 */
export async function prove(
  host: Host,
  architecture: Architecture,
  program: Pick<Program, "path">,
  accelerator: Accelerator,
  timeoutMs: number,
): Promise<Verdict> {
  const guest = PROOF_GUESTS[architecture];
  const directory = await Deno.makeTempDir({ prefix: "cocoon-proof-" });
  try {
    const imagePath = `${directory}/guest.img`;
    await Deno.writeFile(imagePath, guest.image);
    const argv: [string, ...string[]] = [program.path, ...guest.argv(accelerator, imagePath)];
    const result = await host.run(argv, { timeoutMs });
    if (result.code === guest.expectedStatus) {
      return { usable: true, reason: `${accelerator} ran a guest` };
    }
    const words = result.stderr.trim().split("\n").at(-1) || `exit status ${result.code}`;
    return { usable: false, reason: `${accelerator} ran no guest: ${words}` };
  } catch (error) {
    return { usable: false, reason: `${accelerator} ran no guest: ${messageOf(error)}` };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

interface Obstacle {
  code: "usage" | "host-lacks";
  reason: string;
  hint: string;
}

/** What can be seen without running anything. */
function obstacleOf(
  host: Host,
  architecture: Architecture,
  hardware: Accelerator,
  kvmPath: string,
): Obstacle | undefined {
  if (architecture !== host.architecture) {
    return {
      code: "usage",
      reason: `${hardware} runs ${host.architecture} guests only, not ${architecture}`,
      hint: 'use accelerator = "auto" or "tcg"',
    };
  }
  if (hardware === "hvf") return undefined;
  try {
    Deno.openSync(kvmPath, { read: true, write: true }).close();
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return {
        code: "host-lacks",
        reason: `there is no ${kvmPath}`,
        hint: "switch virtualisation on in the computer's firmware, then: " +
          "sudo modprobe kvm_intel (or kvm_amd)",
      };
    }
    return {
      code: "host-lacks",
      reason: `${kvmPath} can't be opened: ${messageOf(error)}`,
      hint: 'sudo usermod -aG kvm "$USER", then log in again',
    };
  }
}

/** Changes with every boot, on Linux; a Mac's kernel release says enough. */
function bootId(): string {
  try {
    return Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
  } catch {
    return "-";
  }
}
