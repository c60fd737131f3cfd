/** The report over all nodes in the words of Chinese network desks. */
import type { FleetLabels } from "./fleet-labels.ts";

export const FLEET_CHINESE: FleetLabels = {
  nodes: { one: "收集端共 {n} 个节点", many: "收集端共 {n} 个节点" },
  events: { one: "{n} 个事件组", many: "{n} 个事件组" },
  none: "此时段内没有节点报告事件。",
  peersOmitted: "对端合计只按一个节点或一个对端给出：--node、--peer",
  clockNote: "同一事件组的其他各行，凡“{column}”列给出其时钟超前量的，时间已换算为首行的时钟",
  section: {
    events: "事件组（最新的在最后，同一故障的各端放在一起）",
    verdicts: "结论",
    nodes: "节点",
    peers: "对端（最差的在前，按整分钟合计）",
  },
  column: {
    node: "节点",
    clock: "时钟",
    address: "地址",
    version: "meshprobe",
    heard: "最近上报",
    waiting: "尚未送出",
    blind: "无法判定",
  },
  waiting: "{n}",
  waitingSince: "{n}，自 {at}",
  since: "自 {at}",
  offset: "{offset} ± {error} 毫秒",
  unknownClock: "未测量",
  quiet: {
    one: "另有 {n} 个节点：有上报、已全部送出、能够判定（--full 可显示）",
    many: "另有 {n} 个节点：有上报、已全部送出、能够判定（--full 可显示）",
  },
  pair: "{node} 到 {peer}",
  whose: "{node}  ",
  page: "meshprobe report --collector {url} ID 显示其中一个及其证据。",
};
