/** Everything that the doctor says, the mends that are no commands included. In English here; `phrases-zh.ts` has the same in Chinese. */
import { sayer, type Say } from "../phrases/phrase.ts";

export const DOCTOR = {
  // Files.
  unseen: "{file} cannot be seen by this user",
  unreached: "{file} cannot be reached by {WHO}",
  unread: "{file} cannot be read by {WHO} (mode {mode})",
  changeable: "{file} may be changed by other users (mode {mode})",
  valid: "{file} is valid, and readable by {WHO}",
  noSecret: "{file} does not exist, or this user cannot see it",
  makeSecret: "create it, or remove its key from the configuration",
  everybodys: "{file} may be used by every user (mode {mode})",
  groupRead: "chgrp it to the agent's group, and chmod g+r {file}",
  secret: "{file} is readable by {WHO} alone (mode {mode})",
  noDirectory: "{file} is not a directory",
  setDataDir: "move it away, or set data_dir",
  unwritten: "{file} cannot be written by {WHO} (mode {mode})",
  othersFile: "{file} belongs to user {n}, and {WHO} cannot write it",
  open: "{file} is open to every user (mode {mode})",
  writable: "{file} can be written by {WHO}",
  toBeMade: "{file} will be made at the first start",
  cannotMake: "{file} does not exist, and {WHO} cannot make it in {parent}",
  asRoot: "run the doctor as root",
  correct: "correct it",

  publicFile: "{file} is readable by {WHO}",

  // Collector.
  collectorAnswers: "{url} answers and takes deliveries of this node",
  collectorFails: "{url}: {message}",
  mendAuthority: "set collector.ca_file to the certificate of the authority that signed the collector's; until then everything stays on this node",
  mendName:
    "use the name that stands in its certificate (collector.url), or give the collector a certificate for this one; until then everything stays on this node",
  mendClientCertificate:
    "set collector.cert_file and collector.key_file to what the collector's client_ca_file has signed; until then everything stays on this node",
  mendCertificate: "renew the certificate of the collector, and look at the clocks of both; until then everything stays on this node",
  mendFile: "put that file right (its own line tells more); until then everything stays on this node",
  mendToken:
    "there: meshprobe collector token add NAME --role node, with this node's name; its last word goes into collector.token_file; until then everything stays on this node",
  mendBusy: "wait, or look there: journalctl -u meshprobe-collector; until then everything stays on this node",
  mendReach: "start it there (systemctl start meshprobe-collector), or correct collector.url; until then everything stays on this node",
  seeCollector: "correct the keys of collector, or look there and at what is between; until then everything stays on this node",
  inTheClear: "{url} takes deliveries of this node, but over plain http: whoever is on the way can read the token",
  useHttps: "use https (collector.url)",

  // Capability, mtr, buffer, kernel, network.
  capabilityUnknown: "unknown whether {WHO} has CAP_NET_RAW: /proc does not say",
  seeLog: "look at the log of the agent",
  capable: "{WHO} has CAP_NET_RAW",
  serviceIncapable: "the service has no CAP_NET_RAW",
  ambient: "systemctl edit {unit}: AmbientCapabilities=CAP_NET_RAW, and CapabilityBoundingSet the same",
  incapable: "{WHO} has no CAP_NET_RAW, and no service is installed",
  rootOrUnit: "run as root, or from a unit with AmbientCapabilities=CAP_NET_RAW",
  mtrUnused: "not used: capture.mtr is false",
  mtrMissing: "mtr is not installed",
  installMtr: "apt-get install mtr-tiny (until then sweeps at one a second take its place)",
  mtrSlow: "mtr did not end on loopback",
  tryMtr: "run: mtr --raw -n -c 1 127.0.0.1, and see what it waits for",
  mtrWorks: "mtr runs and traces loopback",
  mtrSilent: "mtr does not work for this user: it printed nothing",
  mtrBroken: "mtr does not work for this user: {message}",
  reinstallMtr: "run the doctor as root; if it stays so, reinstall mtr-tiny (mtr-packet needs CAP_NET_RAW)",
  bufferUnknown: "unknown: net.core.rmem_max cannot be read here",
  seeHost: "look at the host, outside of the container",
  bufferFits: "net.core.rmem_max is {limit}: a socket holds {of} replies, {n} come in a second",
  bufferSmall:
    "net.core.rmem_max is {limit}: a socket holds {of} replies, but {n} come in a second: when the agent stands still for longer, it goes blind",
  enlarge: "sysctl -w net.core.rmem_max={n}, the same in /etc/sysctl.d/meshprobe.conf, then restart the agent",
  noEcho: "this host answers no ping: its peers see it as dead",
  noEcho6: "this host answers no ping over IPv6: its peers see it as dead",
  setForGood: "sysctl -w {setting}, and in /etc/sysctl.d",
  setDefault: "sysctl -w {setting} (the kernel's default), and in /etc/sysctl.d",
  echoLimited: "the kernel limits its echo replies to one in {n} ms for each peer: they see losses that are none",
  procUnknown: "unknown: /proc/sys cannot be read here",
  echoes: "the kernel answers pings",
  namespaceUnknown: "unknown: the network namespace cannot be read",
  hostNetwork: "the host's own network",
  privateNetwork: "a private network namespace: the path between it and the host is measured too, the host's interfaces are not seen",
  container: "unknown: a container ({sign}), perhaps with a network of its own",
  shareNetwork: "give it the host's network: --network host, hostNetwork: true, or PrivateNetwork=no",
  noPrivateNetwork: "no sign of a private network namespace",

  // Clock and disk.
  noSource: "chrony has no synchronised source",
  seeSources: "look at: chronyc sources",
  chrony: "chrony: {n} ms off",
  makeStep: "wait until chrony has slewed it, or: chronyc makestep",
  synchronised: "the kernel's clock is synchronised (timedatectl)",
  notSynchronised: "the clock is not synchronised (timedatectl)",
  installChrony: "install chrony or turn on systemd-timesyncd (timedatectl set-ntp true)",
  installChronyHost: "install chrony or turn on systemd-timesyncd (timedatectl set-ntp true); in a container, look at the host",
  timesyncd: "systemd-timesyncd has synchronised the clock",
  clockUnknown: "unknown: neither chronyc nor timedatectl answers here",
  spaceUnknown: "unknown: the free space of {place} cannot be read",
  space: "{free} free at {place}; store.max_bytes is {max}, {used} of it used",
  freeForEvidence: "free some space: no new evidence fits",
  freeOrLower: "free some space, or lower store.max_bytes",

  // Peers.
  answered: "{n} of {of} answered an echo request",
  answeredAll: "{n} of {of} answered an echo request, the slowest after {ms} ms",
  ownUplink: "not one answers: look at this node's own uplink and firewall first",
  seeBelow: "see the peers below",
  noAnswer: "{host} did not answer within {n} s",
  firewall: "is it up, is the address right, does a firewall drop ICMP echo?",
  unreachable: "{host} cannot be reached, says {by}",
  seeRoutes: "look at the routes and firewalls there",
  notSent: "the kernel does not send to {host}: {code}",
  routeGet: "look at: ip route get {host}, and the local firewall",
  unresolved: "{host} has no address",
  correctName: "correct the name, or look at the resolver (/etc/resolv.conf)",
  answerAgent: "{n} of {of} answer the running agent",
  neverAnswered: "{host} has never answered",
  noneAnswered: "{host} answered none of the last {n} probes",
  seeReport: "see: meshprobe report --since 10m",
  noProbe: "no probe to {host} is stored of the last minute",
  justStarted: "the agent was just started, or its log says more",
  noPeers: "nothing is probed: no other node is configured",
  listPeers: "list the nodes under peers",
  more: "and {n} more",
  firstOnes: "mend the first ones, then look again",
  storedUnknown: "unknown: what the running agent has stored cannot be read",
  notAsked: "not asked: no running agent is seen, and no raw socket can be opened here ({errno})",

  // Databases; the longer ones are the store's own words.
  nothingStored: "nothing is stored yet: the agent has not run",
  databases: "{FILES}: whole",
  damaged: "{file} is damaged: {damage}",
  recover: "stop the agent, move it and its -wal away, start again (sqlite3 FILE .recover)",
  seeDataDir: "look at the data directory",
  storeUnknown: "unknown: {WORDS}",
} as const;

/** What the store says of a database, up to the first semicolon and behind it. */
export const STORE_WORDS = {
  cannotOpen: "Cannot open {file}: {WORDS}",
  cannotRead: "Cannot read {file}: {WORDS}",
  // As SQLite or the kernel has it.
  notOpened: "Cannot open {file}: {reason}",
  notRead: "Cannot read {file}: {reason}",
  isDirectory: "it is a directory",
  damaged: "the database is damaged ({reason})",
  newer: "it was written by a newer meshprobe (schema {n}, this one knows {of})",
  forbidden: "permission denied",
  locked: "another program has locked it",
  moveAway: "move it away",
  moveBoth: 'move it and its -wal away (it may still be readable with "sqlite3 FILE .recover") and start again',
  update: "update meshprobe, or use another data_dir",
  asAgent: "run the report as the user of the agent or as root",
  agentsUser: "it must belong to the user that runs the agent",
  permissions: "check the permissions of the file and its directory",
} as const;

/** What stands in places of the phrases above. */
export const DOCTOR_PARTS = {
  agent: "the running agent (pid {n})",
  service: "the service",
  user: "this user",
  database: "{file} schema {n}, {of} kB",
} as const;

/** Names of what was looked at. */
export const CHECKS = {
  configuration: "configuration",
  meshKey: "mesh key",
  token: "token",
  authority: "CA file",
  certificate: "certificate",
  privateKey: "private key",
  collector: "collector",
  dataDir: "data_dir",
  capability: "capability",
  network: "network",
  kernel: "kernel",
  buffer: "buffer",
  mtr: "mtr",
  clock: "clock",
  disk: "disk",
  peers: "peers",
  peer: "peer {name}",
  database: "database",
} as const;

export const say: Say<typeof DOCTOR> = sayer(DOCTOR);
export const sayPart: Say<typeof DOCTOR_PARTS> = sayer(DOCTOR_PARTS);
export const sayCheck: Say<typeof CHECKS> = sayer(CHECKS);
