/** The start-up file of the demonstration's shell: short commands, and a few lines that say what to try. */
import type { Lab } from "./lab.ts";

export interface DemoShell {
  readonly lab: Lab;
  readonly cli: string;
  /** Of the agent on the node: every command finds it, and what it stores, by this. */
  readonly configFile: string;
  readonly peers: readonly string[];
  readonly node: string;
}

export function shellFile({ lab, cli, configFile, peers, node }: DemoShell): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  return `PS1='node# '
meshprobe() {
  case $1 in
    status|report|export|trace|reload|doctor) set -- "$@" --config ${quoted(configFile)} ;;
  esac
  ${quoted(node)} ${quoted(cli)} "$@"
}
${peers.map((peer) => `${peer.replaceAll("-", "_")}=${lab.address(peer)}`).join("\n")}
break_link() {
  if [ $# -ne 3 ]; then echo 'usage: break_link ADDRESS SECONDS PERCENT'; return 2; fi
  local match="numgen random mod 100 < $3"; [ "$3" -ge 100 ] && match=
  (
    trap 'nsenter --net=/run/netns/${lab.namespace("r2")} nft delete table inet shell' EXIT
    printf 'table inet shell { chain lost { type filter hook forward priority -140; ip daddr %s %s drop; }; }\\n' "$1" "$match" |
      nsenter --net=/run/netns/${lab.namespace("r2")} nft -f - && sleep "$2"
  )
}
cat <<'HELP'

You are on "node". Its agent probes ${peers.map((peer) => `${peer} (${lab.address(peer)})`).join(" and ")}. Try:
${peers.map((peer) => `  ping $${peer.replaceAll("-", "_")}`).join("\n")}
  mtr -n -r -c 3 $${(peers[0] ?? "").replaceAll("-", "_")}
  break_link $${(peers[0] ?? "").replaceAll("-", "_")} 3 40     lose 40 % of what goes there for 3 s, behind router r2
  meshprobe report --since 10m
  meshprobe status --watch
  exit                         remove everything

HELP
`;
}
