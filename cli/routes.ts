import type { CommandDefinition } from "./command.ts";

/** A command that can be run; its code is loaded when it is chosen. */
export interface Verb {
  kind: "verb";
  brief: string;
  load(): Promise<{ command: CommandDefinition }>;
  /** Not in lists: called by cocoon itself. */
  hidden: boolean;
}

/** A group of verbs. */
export interface Noun {
  kind: "noun";
  brief: string;
  routes: Readonly<Record<string, Route>>;
  /** Other words for some of the routes. */
  aliases: Readonly<Record<string, string>>;
}

/** One word of the command line. */
export type Route = Verb | Noun;

function verb(brief: string, load: Verb["load"]): Verb {
  return { kind: "verb", brief, load, hidden: false };
}

/** A verb that cocoon calls itself. */
function hidden(load: Verb["load"]): Verb {
  return { kind: "verb", brief: "Called by cocoon itself", load, hidden: true };
}

function noun(brief: string, routes: Noun["routes"]): Noun {
  const aliases = "list" in routes ? { ls: "list" } : {};
  return { kind: "noun", brief, routes, aliases };
}

const vm = noun("Create, run and look after machines", {
  create: verb("Make a machine", () => import("./vm/create.ts")),
  run: verb("Make a machine and start it", () => import("./vm/run.ts")),
  start: verb("Start machines", () => import("./vm/start.ts")),
  stop: verb("Shut machines down", () => import("./vm/stop.ts")),
  restart: verb("Shut machines down and start them", () => import("./vm/restart.ts")),
  pause: verb("Halt running machines", () => import("./vm/pause.ts")),
  resume: verb("Let paused machines go on", () => import("./vm/resume.ts")),
  list: verb("List the machines", () => import("./vm/list.ts")),
  inspect: verb("Show all that is known of a machine", () => import("./vm/inspect.ts")),
  console: verb("Connect to a guest's serial console", () => import("./vm/console.ts")),
  logs: verb("Print what a guest wrote to its console", () => import("./vm/logs.ts")),
  ssh: verb("Log in to a guest, or run a command in it", () => import("./vm/ssh.ts")),
  cp: verb("Copy files to and from a guest", () => import("./vm/cp.ts")),
  forward: verb("Open and close ports into a guest", () => import("./vm/forward.ts")),
  screenshot: verb("Write a guest's screen to a file", () => import("./vm/screenshot.ts")),
  wait: verb("Wait until machines have reached a state", () => import("./vm/wait.ts")),
  debug: verb("Print how a machine would be started", () => import("./vm/debug.ts")),
  rm: verb("Remove machines with their disks", () => import("./vm/rm.ts")),
});

const image = noun("Get and keep the images that machines are made from", {
  pull: verb("Get images from the network", () => import("./image/pull.ts")),
  push: verb("Publish an image in a registry", () => import("./image/push.ts")),
  import: verb("Take a disk file in as an image", () => import("./image/import.ts")),
  search: verb("Find images by name", () => import("./image/search.ts")),
  list: verb("List the images", () => import("./image/list.ts")),
  inspect: verb("Show all that is known of an image", () => import("./image/inspect.ts")),
  outdated: verb("Ask which images have changed at their source", () => {
    return import("./image/outdated.ts");
  }),
  update: verb("Get images anew that have changed", () => import("./image/update.ts")),
  rm: verb("Remove images, or names of them", () => import("./image/rm.ts")),
});

const config = noun("Show and check the configuration", {
  show: verb(
    "Print the values in force and where they come from",
    () => import("./config/show.ts"),
  ),
  check: verb("Find every mistake in the configuration", () => import("./config/check.ts")),
  schema: verb("Print the JSON Schema of the file", () => import("./config/schema.ts")),
  path: verb("Print where the file is", () => import("./config/path.ts")),
});

const completion = noun("Complete commands, flags and names in a shell", {
  bash: verb("Print the script of bash", () => import("./completion/bash.ts")),
  zsh: verb("Print the script of zsh", () => import("./completion/zsh.ts")),
  fish: verb("Print the script of fish", () => import("./completion/fish.ts")),
});

/** Every word that cocoon knows, in the order of its help. */
export const root: Noun = noun(
  "Create, run and look after virtual machines",
  {
    run: verb("Make a machine and start it (vm run)", () => import("./vm/run.ts")),
    ls: verb("List the machines (vm list)", () => import("./vm/list.ts")),
    ssh: verb("Log in to a guest (vm ssh)", () => import("./vm/ssh.ts")),
    rm: verb("Remove machines with their disks (vm rm)", () => import("./vm/rm.ts")),
    vm,
    image,
    config,
    completion,
    doctor: verb("Look for what cocoon needs on this computer", () => import("./doctor.ts")),
    hosts: verb("Print the machines for a hosts file", () => import("./hosts.ts")),
    gc: verb("Remove what killed commands have left behind", () => import("./gc.ts")),
    version: verb("Print the version", () => import("./version.ts")),
    supervise: hidden(() => import("./vm/supervise.ts")),
  },
);
