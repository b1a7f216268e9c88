/** What a plugin may import, as `cocoon/plugin`. */
export type * from "./contract.ts";
export { CocoonError } from "../errors/error.ts";
export type { ErrorCode } from "../errors/error.ts";
