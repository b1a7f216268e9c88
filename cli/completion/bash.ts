import { scriptCommand } from "./script.ts";

/**
 * For bash 3.2 (of macOS) and later; needs no bash-completion. bash breaks words at `:` and `=`
 * and replaces only what follows the last of them, so the part before it is cut off again.
 */
const SCRIPT = `# bash completion for cocoon
_cocoon() {
    local words word brief line current kept
    read -ra words <<< "\${COMP_LINE:0:COMP_POINT}"
    case "\${COMP_LINE:0:COMP_POINT}" in
        *[[:space:]]) words+=("") ;;
    esac
    current=\${words[\${#words[@]}-1]}
    kept=""
    case "$COMP_WORDBREAKS" in
        *:*) case "$current" in *:*) kept=\${current%"\${current##*:}"} ;; esac ;;
    esac
    case "$current" in
        --*=*) kept=\${current%%=*}= ;;
    esac
    COMPREPLY=()
    while IFS=$'\\t' read -r word brief; do
        COMPREPLY+=("\${word#"$kept"}")
    done < <("$1" complete "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _cocoon cocoon
`;

/** `cocoon completion bash` */
export const command = scriptCommand(
  SCRIPT,
  "Now:     source <(cocoon completion bash)\nAlways:  echo 'source <(cocoon completion bash)' >> ~/.bashrc",
);
