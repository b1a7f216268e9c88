import { scriptCommand } from "./script.ts";

const SCRIPT = `# fish completion for cocoon
function __cocoon_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l found ($before[1] complete $before[2..-1] "$current" 2>/dev/null)
    if set -q found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path "$current"
    end
end
complete -c cocoon -f -a '(__cocoon_complete)'
`;

/** `cocoon completion fish` */
export const command = scriptCommand(
  SCRIPT,
  "Now:     cocoon completion fish | source\n" +
    "Always:  cocoon completion fish > ~/.config/fish/completions/cocoon.fish",
);
