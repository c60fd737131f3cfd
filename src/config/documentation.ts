/**
 * What each key of peers.yaml means: the one source of meshprobe-peers(5) and of the comments in config/peers.yaml (`npm run docs` writes both). A test walks the
 * keys that the parser knows, and holds every range and default against it: a key cannot exist without its text, nor can the text be wrong about them.
 */

export interface KeyText {
  readonly key: string;
  /** Noun phrase; the range and the default follow it. */
  readonly what: string;
  /** What kind of value it takes, for the head of the entry. */
  readonly value:
    | "duration"
    | "integer"
    | "rate"
    | "bit rate"
    | "size"
    | "boolean"
    | "path"
    | "name"
    | "address"
    | "map"
    | "word"
    | "list"
    | "address and port"
    | "URL or list";
  readonly range?: readonly [min: string, max: string];
  /** All that a "word" may be. */
  readonly words?: readonly string[];
  /** As it could be written in the file; null where nothing that could be written stands for it. */
  readonly default: string | null;
  /** In words, where `default` does not say it. "required" where there is none. */
  readonly defaultWords?: string;
  /** Why one would change it and what it costs, whole sentences. */
  readonly more: string;
  /** What config/peers.yaml shows; default: the default. */
  readonly example?: string;
  /** Keys below this one. */
  readonly keys?: readonly KeyText[];
}

export interface SectionText {
  readonly section: string;
  /** A sentence; null where the keys speak for themselves. */
  readonly intro: string | null;
  /** Written as a comment in config/peers.yaml: it has no sensible value that fits everybody. */
  readonly isExample: boolean;
  readonly keys: readonly KeyText[];
}

const LABELS: KeyText = {
  key: "labels",
  what: "Free text about this node",
  value: "map",
  default: null,
  defaultWords: "none",
  more: "It stands in the metrics (meshprobe_node_info, meshprobe_peer_info). At most 32; names of letters, digits and _.",
  example: "{ site: sh, provider: ct }",
};

/** A key of its own, outside of any section. */
export const DATA_DIR: KeyText = {
  key: "data_dir",
  what: "Where evidence and measurements are kept, two SQLite databases",
  value: "path",
  default: "/var/lib/meshprobe",
  more: "Losing this directory loses the evidence; it wants a disk that can sync (a slow one delays evidence, never probes).",
};

export const PEER_KEYS: readonly KeyText[] = [
  {
    key: "name",
    what: "The node.name of the agent there, or any name if there is none",
    value: "name",
    default: null,
    defaultWords: "required",
    more: "Each name stands in the list once.",
    example: "bj-b1",
  },
  {
    key: "address",
    what: "IPv4 or IPv6 address (link-local with its interface: fe80::1%eth0) or a host name, which is resolved again every minute",
    value: "address",
    default: null,
    defaultWords: "required",
    more: "",
    example: "10.20.3.2",
  },
  {
    key: "interval",
    what: "As probe.interval, for this peer alone",
    value: "duration",
    range: ["10ms", "1m"],
    default: null,
    defaultWords: "probe.interval",
    more: "",
    example: "200ms",
  },
  {
    ...LABELS,
    what: "What it has in common with others, as { site: bj, provider: ct }",
    more: "Peers that are lost together are looked at for one.",
    example: "{ site: gz }",
  },
];

export const PEERS_INTRO =
  "The peers, at most 16000. Default: none. The same list may stand in the files of all nodes: the entry with a node's own name or address is skipped there.";

/** In the order of the file; the keys outside of sections (data_dir, peers) have places of their own. */
export const SECTIONS: readonly SectionText[] = [
  {
    section: "node",
    intro: "This node.",
    isExample: true,
    keys: [
      {
        key: "name",
        what: "Name in reports, and what the agent id in our probes is made from",
        value: "name",
        default: null,
        defaultWords: "the host name",
        more: "It must be what other nodes call us in their peers list.",
        example: "sh-a1",
      },
      {
        key: "address",
        what: "Address by which other nodes know this one (IP literal)",
        value: "address",
        default: null,
        defaultWords: "none",
        more: "It stands in the reports, and an entry of the peers list with it is us.",
        example: "10.20.1.2",
      },
      LABELS,
    ],
  },
  {
    section: "probe",
    intro: null,
    isExample: false,
    keys: [
      {
        key: "interval",
        what: "Time between two probes to one peer",
        value: "duration",
        range: ["10ms", "1m"],
        default: "100ms",
        more: "A burst is noticed after two lost probes and opened after five, so a burst shorter than five intervals goes unseen. Halving it doubles traffic (a 92-byte packet each way) and CPU. A peer may have its own.",
      },
      {
        key: "timeout",
        what: "No reply by then is a lost probe",
        value: "duration",
        range: ["100ms", "1m"],
        default: "2s",
        more: "That is longer than any healthy path, so nothing slow is called lost. Shorter finds losses earlier and mislabels slow replies; it does not delay the noticing of a burst, which looks at overdue replies.",
      },
      {
        key: "max_rate",
        what: "Most probes a second to all peers together",
        value: "rate",
        range: ["1/s", "100000/s"],
        default: "2000/s",
        more: "When the peers would need more, all intervals are stretched by one factor, which the agent and every report say. 1000 peers at 100ms need 10000/s; raise it as far as one core and the links allow.",
      },
      {
        key: "dscp",
        what: "DSCP of our probes",
        value: "integer",
        range: ["0", "63"],
        default: "0",
        more: "0 is best effort, what most traffic has. Use 46 (EF) only to measure the class that voice runs in.",
      },
    ],
  },
  {
    section: "detect",
    intro: null,
    isExample: false,
    keys: [
      {
        key: "window",
        what: "A burst opens when detect.lost of this many last probes are bad",
        value: "integer",
        range: ["5", "1000"],
        default: "20",
        more: "More react later, fewer say little. A slower detector beside it finds a steady 10 % within about a hundred probes.",
      },
      {
        key: "lost",
        what: "So many bad probes within detect.window open a burst",
        value: "integer",
        range: ["1", "1000"],
        default: "5",
        more: "Not above detect.window. With 5 of 20, 25 % loss is seen at once; fewer report chance.",
      },
      {
        key: "clear",
        what: "A burst ends after this many good probes in a row",
        value: "integer",
        range: ["1", "10000"],
        default: "20",
        more: "That is 2 s at 100ms. Fewer split one burst into several.",
      },
      {
        key: "cooling",
        what: "How long mtr goes on after a burst",
        value: "duration",
        range: ["100ms", "1h"],
        default: "15s",
        more: "Not above detect.merge. Long enough to see the path recover.",
      },
      {
        key: "merge",
        what: "An incident is closed when its last burst ended this long ago",
        value: "duration",
        range: ["1s", "1h"],
        default: "1m",
        more: "Longer joins separate troubles, shorter makes a ticket of every flap.",
      },
    ],
  },
  {
    section: "capture",
    intro: "What is collected around an incident.",
    isExample: false,
    keys: [
      {
        key: "mtr",
        what: "Run mtr during an incident",
        value: "boolean",
        default: "true",
        more: "Without it (or without mtr on the machine) one sweep a second takes its place: same hops, less precise loss per hop.",
      },
      {
        key: "names",
        what: "Ask the DNS what hops and peers are called, so that reports show names beside addresses",
        value: "boolean",
        default: "true",
        more: "Asked in advance, by the agent of the system's resolver, two a second at most and once a day for each address, never while a burst is open. false: no DNS packet for it (host names of peers are resolved all the same).",
      },
      {
        key: "hourly",
        what: "Most full captures of one peer per hour",
        value: "integer",
        range: ["0", "60"],
        default: "12",
        more: "A peer that flaps all day must not fill the disk or tire the routers. Beyond that its samples alone are kept, and the report says so.",
      },
      {
        key: "daily",
        what: "Most full captures of one peer per day",
        value: "integer",
        range: ["0", "1440"],
        default: "60",
        more: "",
      },
      {
        key: "after",
        what: "From the end of a burst until the trace after it",
        value: "duration",
        range: ["100ms", "1h"],
        default: null,
        defaultWords: "the same as detect.cooling",
        more: "Not above detect.merge.",
        example: "15s",
      },
      {
        key: "after_cycles",
        what: "Most sweeps of that trace, one a second",
        value: "integer",
        range: ["1", "1000"],
        default: "100",
        more: "As many as carriers ask for. Several peers that were lost together get ten each, and only those that were traced during the burst.",
      },
      {
        key: "baseline",
        what: "Time between two traces of one healthy path",
        value: "duration",
        range: ["1s", "1d"],
        default: "1m",
        more: "They name the hop that later fails and learn how often each hop answers; routers that paths share are asked once in ten seconds for all of them.",
      },
    ],
  },
  {
    section: "store",
    intro: null,
    isExample: false,
    keys: [
      {
        key: "max_bytes",
        what: "Bytes on disk that may be used",
        value: "size",
        range: ["16MB", "16TB"],
        default: "2GB",
        more: "When they are used up healthy baselines and raw samples go first, then rollups, evidence last.",
      },
      {
        key: "evidence",
        what: "How long incidents with their evidence are kept",
        value: "duration",
        range: ["1h", "3650d"],
        default: "365d",
        more: "Carriers' complaints take months.",
      },
      {
        key: "rollups",
        what: "How long loss and round-trip times are kept per peer, by the step of the figures",
        value: "map",
        default: "{ 10s: 7d, 1m: 30d, 1h: 365d }",
        more: "The finest steps take most of the space.",
        keys: [
          { key: "10s", what: "Steps of ten seconds", value: "duration", range: ["1h", "3650d"], default: "7d", more: "" },
          { key: "1m", what: "Steps of a minute", value: "duration", range: ["1h", "3650d"], default: "30d", more: "" },
          { key: "1h", what: "Steps of an hour", value: "duration", range: ["1h", "3650d"], default: "365d", more: "" },
        ],
      },
    ],
  },
  {
    section: "log",
    intro: null,
    isExample: false,
    keys: [
      {
        key: "level",
        what: "How much is logged",
        value: "word",
        words: ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
        default: "info",
        more: "Info tells of starts, stops, incidents and their verdicts; warn and above only of what is wrong with this node or its peers. Nothing is said below info.",
      },
    ],
  },
  {
    section: "mesh",
    intro: "What the nodes of one mesh share.",
    isExample: true,
    keys: [
      {
        key: "key_file",
        what: "Secrets that all nodes share, in a file of its own (chmod 600), one a line",
        value: "path",
        default: null,
        defaultWords: "none",
        more: 'The first signs, all are accepted, so a new one can be spread before it is used. Make one with openssl rand -hex 32. Without a key the nodes still count each other\'s probes, but what that tells of the direction of a loss is "possible" at most, because anybody could forge it, and no node traces back because another asks.',
        example: "/etc/meshprobe/mesh.key",
      },
    ],
  },
  {
    section: "metrics",
    intro: "Counters for a Prometheus, at /metrics.",
    isExample: true,
    keys: [
      {
        key: "listen",
        what: "Address and port on which they are served",
        value: "address and port",
        default: null,
        defaultWords: "nowhere",
        more: "Loopback is meant: whoever reaches another address sees the names and addresses of all peers, and the agent warns of it.",
        example: "127.0.0.1:9469",
      },
    ],
  },
  {
    section: "hooks",
    intro: "Programs that the agent runs.",
    isExample: true,
    keys: [
      {
        key: "incident",
        what: "Program (its whole path) and arguments, run without a shell when an incident was opened, judged or closed",
        value: "list",
        default: null,
        defaultWords: "none",
        more: "It gets one JSON object on stdin (event, node, and the incident as in report --format json), has ten seconds, and is run once at a time; when it fails, the last line of its stderr is in the log.",
        example: "[/usr/local/bin/notify, --quiet]",
      },
    ],
  },
  {
    section: "trace",
    intro: "Traces that somebody asks for, with meshprobe trace.",
    isExample: false,
    keys: [
      {
        key: "allow",
        what: "Who may be traced",
        value: "word",
        words: ["peers", "any"],
        default: "peers",
        more: "With any, every address may be given, also one that is no peer: the members of the agent's group can then have it send packets anywhere.",
      },
    ],
  },
  {
    section: "collector",
    intro:
      "Where incidents, evidence and measurements are delivered: the heads of incidents at once, also while they last, the rest when the links are calm. Without it everything stays on this node. Default: nowhere.",
    isExample: true,
    keys: [
      {
        key: "url",
        what: "One address, or a list of up to 8",
        value: "URL or list",
        default: null,
        defaultWords: "required",
        more: "Of several the next one is asked when one fails. Plain http works, but anywhere but on loopback the token can be read on the way.",
        example: "https://collector.example:8443",
      },
      {
        key: "token_file",
        what: "This node's token there (chmod 600)",
        value: "path",
        default: null,
        defaultWords: "none",
        more: "Read again when it changes. One that other users may read is not used: nothing is delivered, and the status says so.",
        example: "/etc/meshprobe/token",
      },
      {
        key: "ca_file",
        what: "Certificate authority of the collector",
        value: "path",
        default: null,
        defaultWords: "those the system trusts",
        more: "No other is trusted then. Read again when it changes.",
        example: "/etc/meshprobe/collector-ca.pem",
      },
      {
        key: "cert_file",
        what: "Certificate with which this node shows who it is, for collectors that want one",
        value: "path",
        default: null,
        defaultWords: "none",
        more: "It wants key_file too. Both are read again when they change.",
        example: "/etc/meshprobe/node.pem",
      },
      {
        key: "key_file",
        what: "Private key of cert_file (chmod 600)",
        value: "path",
        default: null,
        defaultWords: "none",
        more: "One that other users may read is not used, as with token_file.",
        example: "/etc/meshprobe/node.key",
      },
      {
        key: "rate",
        what: "Most bits a second that deliveries may use",
        value: "bit rate",
        range: ["8kbit/s", "100Gbit/s"],
        default: "1Mbit/s",
        more: "An incident takes seconds, and customers notice nothing. Deliveries pause when probes turn overdue because of them.",
      },
    ],
  },
];

/** One paragraph: what, range or words, default, why. */
export function keyParagraph(text: KeyText): string {
  const range = text.range === undefined ? "" : `, ${text.range[0]} to ${text.range[1]}`;
  const byDefault = text.defaultWords === "required" ? "Required" : `Default: ${text.defaultWords ?? text.default ?? "none"}`;
  const words = text.words === undefined ? "" : `: ${text.words.slice(0, -1).join(", ")} or ${text.words.at(-1)}`;
  return [`${text.what}${range}${words}.`, `${byDefault}.`, text.more].filter((part) => part !== "").join(" ");
}
