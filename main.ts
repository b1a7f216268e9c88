import { runApp } from "./cli/app.ts";
import { realOutside } from "./cli/outside.ts";

Deno.exit(await runApp(Deno.args, realOutside()));
