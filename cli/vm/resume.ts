import { pauseCommand } from "./pause.ts";

/** `cocoon vm resume` */
export const command = pauseCommand(false, "Lets a paused guest go on. One that runs goes on.");
