import { CocoonError, messageOf } from "../../errors/error.ts";
import type { Finding, Host } from "../../plugins/contract.ts";
import { missingTools } from "../linux_tools.ts";
import { chooseConflist } from "./choose.ts";
import { readConflists } from "./conflist.ts";
import { missingPrograms, pluginHint, programsOf } from "./programs.ts";
import type { cniSettings } from "./settings.ts";

type CniSettings = ReturnType<typeof cniSettings.read>;

const SUBJECT = "network cni";

/** Everything that the provider needs, for doctor. */
export async function checkCni(host: Host, settings: CniSettings): Promise<Finding[]> {
  if (host.os !== "linux") {
    const message = "CNI is for Linux";
    return [{ level: "error", subject: SUBJECT, message, fix: "use another network provider" }];
  }
  const findings = missingTools(host, ["ip", "tc", "nsenter", "flock"]);
  if (Deno.uid() !== 0) {
    const message = "cocoon does not run as root, and only root can make interfaces";
    findings.push({ level: "error", subject: SUBJECT, message, fix: "run cocoon as root" });
  }
  try {
    findings.push(...await checkNetworks(host, settings));
  } catch (error) {
    const fix = error instanceof CocoonError ? error.hint : undefined;
    const message = messageOf(error);
    findings.push({ level: "error", subject: SUBJECT, message, ...(fix ? { fix } : {}) });
  }
  return findings;
}

async function checkNetworks(host: Host, settings: CniSettings): Promise<Finding[]> {
  const folder = settings.conf_dir;
  const conflists = await readConflists(folder);
  const findings: Finding[] = conflists.broken.map(({ file, problem }) => ({
    level: "warning",
    subject: `${folder}/${file}`,
    message: `cannot be used: ${problem}`,
    fix: `mend or remove ${folder}/${file}; the other networks are not affected`,
  }));
  const chosen = chooseConflist(conflists, {
    network: "cni",
    folder,
    wanted: settings.network,
    previous: undefined,
  });
  const missing = missingPrograms(host, chosen, settings.bin_dirs);
  for (const type of missing) {
    const message = `its plugin ${type} is not in ${settings.bin_dirs.join(", ")}`;
    const subject = `CNI network ${chosen.name}`;
    findings.push({ level: "error", subject, message, fix: pluginHint(type, settings.bin_dirs) });
  }
  if (missing.length === 0) {
    const message = `${folder}/${chosen.file}: ${programsOf(chosen).join(", ")}`;
    findings.push({ level: "ok", subject: `CNI network ${chosen.name}`, message });
  }
  return findings;
}
