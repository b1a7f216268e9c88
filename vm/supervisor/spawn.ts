import { CocoonError, type ErrorCode } from "../../errors/error.ts";
import { join } from "../../host/path.ts";
import { spawnDetached } from "../../host/process.ts";
import type { MachineRecord } from "../../state/machine_record.ts";
import type { VmContext } from "../context.ts";

/** The line that a supervisor prints on its standard output when its start is decided. */
export type ReadyLine =
  | { ok: true }
  | { ok: false; code: ErrorCode; message: string; hint?: string };

/**
 * Starts a supervisor of its own session and waits for its ready line. The machine's start goes on
 * if this process dies meanwhile, or stops waiting because `signal` is aborted.
 * @throws {CocoonError} what the supervisor reports
 */
export async function spawnSupervisor(
  context: VmContext,
  record: MachineRecord,
  mode: "start" | "adopt",
  signal?: AbortSignal,
): Promise<void> {
  const logPath = join(context.home.machineDir(record.id), "supervisor.log");
  const child = await spawnDetached(
    [...context.self, "supervise", `--mode=${mode}`, record.id],
    { logPath, stdout: "pipe", env: { COCOON_HOME: context.home.root } },
  );
  const { stdout } = child;
  if (stdout === null) throw new TypeError("a piped standard output is a stream");
  const giveUp = () => stdout.destroy();
  signal?.addEventListener("abort", giveUp, { once: true });
  const line = await firstLine(stdout).finally(() => {
    signal?.removeEventListener("abort", giveUp);
    stdout.destroy();
  });
  signal?.throwIfAborted();
  const ready = parseReady(line);
  if (ready === undefined) {
    throw new CocoonError("failed", `machine "${record.name}": its supervisor ended unexpectedly`, {
      hint: `Its log may say why: ${logPath}`,
    });
  }
  if (!ready.ok) {
    throw new CocoonError(
      ready.code,
      `machine "${record.name}": ${ready.message}`,
      ready.hint === undefined ? {} : { hint: ready.hint },
    );
  }
}

function parseReady(line: string): ReadyLine | undefined {
  try {
    // Written by `superviseCommand` from a ReadyLine; anything else is none.
    return line.startsWith('{"ok":') ? JSON.parse(line) as ReadyLine : undefined;
  } catch {
    return undefined;
  }
}

async function firstLine(stream: AsyncIterable<unknown>): Promise<string> {
  let text = "";
  try {
    for await (const chunk of stream) {
      text += String(chunk);
      if (text.includes("\n")) break;
    }
  } catch {
    // Destroyed by an abort: there is no line.
  }
  return text.split("\n")[0] ?? "";
}

/**
 * Gives a machine that runs alone a new supervisor; a second one at the same time is harmless. One
 * that cannot be given is no failure of the command that only met the machine: its log has it.
 */
export async function adopt(context: VmContext, record: MachineRecord): Promise<void> {
  try {
    await spawnSupervisor(context, record, "adopt");
  } catch (error) {
    if (!(error instanceof CocoonError)) throw error;
  }
}
