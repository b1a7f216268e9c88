import type { Json, JsonObject } from "../../../plugins/contract.ts";
import { QmpError } from "./errors.ts";

/** Version of the server's QEMU, from its greeting. */
export interface QmpVersion {
  major: number;
  minor: number;
  micro: number;
}

/** Something that happened in the server, unasked. */
export interface QmpEvent {
  /** E.g. `SHUTDOWN`, `STOP`, `RESUME`. */
  name: string;
  data: JsonObject;
  /** When it happened, in milliseconds since the epoch; -1 where the server has no clock. */
  timestampMs: number;
}

/** One message of a server. */
export type QmpMessage =
  | { kind: "greeting"; version: QmpVersion; oob: boolean }
  | { kind: "return"; id: Json; value: Json }
  | { kind: "error"; id: Json; errorClass: string; description: string }
  | { kind: "event"; event: QmpEvent };

/**
 * Reads one message (QEMU's docs/interop/qmp-spec, "Protocol Specification").
 * @throws {QmpError} `protocol` when it is no QMP message
 */
export function parseMessage(line: string): QmpMessage {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new QmpError("protocol", `Message is not JSON: ${shorten(line)}`, { cause });
  }
  const message = isObject(value) ? interpret(value) : undefined;
  if (message === undefined) {
    throw new QmpError("protocol", `Message is not QMP: ${shorten(line)}`);
  }
  return message;
}

function interpret(value: JsonObject): QmpMessage | undefined {
  const id = value.id ?? null;
  if ("return" in value) return { kind: "return", id, value: value.return ?? null };
  if (isObject(value.error)) {
    const { class: errorClass, desc } = value.error;
    if (typeof errorClass !== "string" || typeof desc !== "string") return undefined;
    return { kind: "error", id, errorClass, description: desc };
  }
  if (typeof value.event === "string") {
    const event = {
      name: value.event,
      data: isObject(value.data) ? value.data : {},
      timestampMs: timestampMs(value.timestamp),
    };
    return { kind: "event", event };
  }
  return isObject(value.QMP) ? greeting(value.QMP) : undefined;
}

function greeting(qmp: JsonObject): QmpMessage | undefined {
  if (!isObject(qmp.version) || !isObject(qmp.version.qemu)) return undefined;
  const { major, minor, micro } = qmp.version.qemu;
  if (typeof major !== "number" || typeof minor !== "number" || typeof micro !== "number") {
    return undefined;
  }
  const oob = Array.isArray(qmp.capabilities) && qmp.capabilities.includes("oob");
  return { kind: "greeting", version: { major, minor, micro }, oob };
}

function timestampMs(value: Json | undefined): number {
  if (!isObject(value)) return -1;
  const { seconds, microseconds } = value;
  if (typeof seconds !== "number" || typeof microseconds !== "number" || seconds < 0) return -1;
  return seconds * 1000 + Math.floor(microseconds / 1000);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shorten(line: string): string {
  return JSON.stringify(line.length > 80 ? `${line.slice(0, 80)}...` : line);
}
