import { switchFlag } from "../arguments.ts";

/** `--plain-http`, for commands that speak to registries. */
export const plainHttpFlag = {
  plainHttp: switchFlag("Speak to a registry without TLS; on this computer that is usual"),
};

/** Values of {@linkcode plainHttpFlag}. */
export interface PlainHttpFlag {
  plainHttp: boolean;
}
