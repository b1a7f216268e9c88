/** What a plugin may import, as `cocoon/plugin`. */
export type * from "./contract.ts";
export { CocoonError } from "../errors/error.ts";
export type { ErrorCode } from "../errors/error.ts";
export { defineSettings } from "./settings.ts";
export type { Settings, SettingSpec, SettingSpecs, TypedSettingsSchema } from "./settings.ts";
