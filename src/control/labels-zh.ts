/** `status` and `trace` in the words of Chinese network desks. */
import { controlInChinese } from "../phrases/control-zh.ts";
import { LIST_CHINESE } from "../report/list-labels-zh.ts";
import type { ControlLabels } from "./labels.ts";

export const CONTROL_CHINESE: ControlLabels = {
  list: LIST_CHINESE,
  said: controlInChinese,
  status: {
    node: "{node}{address}，meshprobe {version}，已运行 {up}，探测间隔 {interval}{rate}",
    address: "（{address}）",
    rate: "，每秒 {n} 个探测包",
    peers: { one: "{n} 个对端", many: "{n} 个对端" },
    states: "：{list}",
    state: "{word} {n} 个",
    joint: "，",
    used: "{peers}{states}；数据已用 {used}，上限 {max}{free}",
    free: "，磁盘剩余 {free}",
    incident: "事件：{peer}（{address}）{lasts}，丢包率 {loss}（{sent} 个丢失 {lost} 个），{id}",
    since: "自 {at} 起，已 {duration}",
    over: "突发已结束，观察中",
    moreIncidents: { one: "… 另有 {n} 个事件", many: "… 另有 {n} 个事件" },
    blind: {
      one: "无法判定 {n} 次，共 {total}；最近一次 {at}，持续 {lasted}：{why}",
      many: "无法判定 {n} 次，共 {total}；最近一次 {at}，持续 {lasted}：{why}",
    },
    morePeers: { one: "… 另有 {n} 个对端，都不比以上更差", many: "… 另有 {n} 个对端，都不比以上更差" },
    collector: {
      line: "收集端 {url}：{state}；{waiting}{refused}",
      works: "有应答，最近一次 {at}",
      fails: "无法送达，最近一次应答 {at}",
      failsYet: "无法送达，尚无应答",
      notYet: "尚未询问",
      empty: "没有待送的记录",
      waiting: { one: "待送记录 {n} 条", many: "待送记录 {n} 条" },
      refused: { one: "，被拒收 {n} 条", many: "，被拒收 {n} 条" },
      refusedOne: "被拒收：{type} {id}（{code}）",
      moreRefused: { one: "… 另有 {n} 条被拒收", many: "… 另有 {n} 条被拒收" },
    },
    words: { burst: "正在丢包", cooling: "刚丢过包", unresolved: "没有地址", "never-answered": "尚无应答", well: "正常" },
    silent: "{word}，代理无声息",
    columns: { peer: "对端", address: "地址", state: "状态", loss: "10分钟丢包", rtt: "时延", worst: "最差", last: "最近 {duration}" },
  },
  trace: {
    title: "追踪：从 {from} 到 {to}",
    note: "注意：{note}",
    capture: "{kind}  {tool}，{at}，{status}{reached}{reason}",
    reached: "，到达目的地",
    notReached: "，未到达目的地",
    reason: "：{reason}",
    kind: LIST_CHINESE.captures.kind,
  },
};
