import { CocoonError, messageOf } from "../../errors/error.ts";
import type { Finding, Host } from "../../plugins/contract.ts";
import { listLinks } from "../linux_links.ts";
import { missingTools } from "../linux_tools.ts";
import { bridgeIn } from "./port.ts";

const SUBJECT = "network bridge";

/** Everything that the provider needs, for doctor. */
export async function checkBridge(host: Host, bridge: string): Promise<Finding[]> {
  if (host.os !== "linux") {
    const message = "bridges are Linux's";
    return [{ level: "error", subject: SUBJECT, message, fix: "use another network provider" }];
  }
  const findings = missingTools(host, ["ip"]);
  if (Deno.uid() !== 0) {
    const message = "cocoon does not run as root, and only root can make interfaces";
    findings.push({ level: "error", subject: SUBJECT, message, fix: "run cocoon as root" });
  }
  if (findings.length > 0) return findings;
  try {
    const { mtuBytes } = bridgeIn(await listLinks(host), "bridge", bridge);
    return [{ level: "ok", subject: SUBJECT, message: `${bridge}, MTU ${mtuBytes}` }];
  } catch (error) {
    const fix = error instanceof CocoonError ? error.hint : undefined;
    return [{
      level: "error",
      subject: SUBJECT,
      message: messageOf(error),
      ...(fix === undefined ? {} : { fix }),
    }];
  }
}
