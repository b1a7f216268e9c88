/**
 * The one line that vmnet-helper prints once its interface is up: JSON of whatever vmnet told, in
 * any order. Which keys there are depends on the mode (networking reference, section 1.2).
 */
import { CocoonError } from "../../errors/error.ts";

/** What of it says something about the network. */
export interface VmnetInterface {
  /** The Mac's address. */
  gateway?: string;
  mask?: string;
}

/**
 * Reads the line.
 * @throws {CocoonError} `failed` for what is no object of JSON
 */
export function parseReadyLine(output: string): VmnetInterface {
  const line = output.split("\n")[0] ?? "";
  const object = parseObject(line);
  if (object === undefined) {
    const said = line.length > 200 ? `${line.slice(0, 200)}...` : line;
    throw new CocoonError("failed", `vmnet-helper said ${JSON.stringify(said)}, which is no JSON`, {
      hint: "Set `program` of the network to a vmnet-helper; cocoon doctor looks at it.",
    });
  }
  const text = (...keys: string[]) => {
    return keys.map((key) => object[key]).find((value) => typeof value === "string");
  };
  // Of a network of the broker, `net_ipv4_subnet` is the gateway's address, whatever its name says.
  const gateway = text("vmnet_start_address", "net_ipv4_subnet");
  const mask = text("vmnet_subnet_mask", "net_ipv4_mask");
  return {
    ...(gateway === undefined ? {} : { gateway }),
    ...(mask === undefined ? {} : { mask }),
  };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? { ...value }
      : undefined;
  } catch {
    return undefined;
  }
}
