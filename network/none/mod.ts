/** Network provider `none`: no card at all. */
import type { NetworkProvider } from "../../plugins/contract.ts";
import { defineSettings } from "../../plugins/settings.ts";

const provider: NetworkProvider = {
  kind: "network",
  name: "none",
  summary: "no network",
  settingsSchema: defineSettings({}),
  attachmentKinds: () => [],
  forwardsPorts: false,
  givesNoCard: true,
  check: () =>
    Promise.resolve([{ level: "ok", subject: "network none", message: "needs nothing" }]),
  attach: ({ signal }) =>
    signal.aborted ? Promise.reject(signal.reason) : Promise.resolve(undefined),
  detach: () => Promise.resolve(),
  address: () => Promise.resolve(undefined),
};

export default provider;
