import { scriptCommand } from "./script.ts";

const SCRIPT = `#compdef cocoon
# zsh completion for cocoon
_cocoon() {
    local line
    local -a before found
    before=("\${(@Q)words[2,CURRENT-1]}")
    for line in "\${(@f)$("\${(Q)words[1]}" complete "\${before[@]}" "\${(Q)PREFIX}" 2>/dev/null)}"; do
        [[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    done
    if (( $#found )); then
        _describe -t cocoon cocoon found
    else
        _files
    fi
}
# In a folder of fpath the file itself is the function; elsewhere it is read and registers it.
if [[ "$funcstack[1]" == _cocoon ]]; then
    _cocoon "$@"
else
    compdef _cocoon cocoon
fi
`;

/** `cocoon completion zsh` */
export const command = scriptCommand(
  SCRIPT,
  "Now:     source <(cocoon completion zsh)      (after compinit)\n" +
    'Always:  cocoon completion zsh > "${fpath[1]}/_cocoon"',
);
