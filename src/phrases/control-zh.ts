/** What the running agent says, in the words of Chinese network desks; with what it tells of its evidence. */
import { CONTROL, CONTROL_PARTS } from "./control.ts";
import { EVIDENCE_DICTIONARY } from "./evidence-zh.ts";
import { translator, type Dictionary, type Pair, type Translate } from "./phrase.ts";

const CONTROL_CHINESE: Pair<typeof CONTROL>["to"] = {
  mtrOff: "mtr 已关闭（capture.mtr），改为每秒一次全跳扫描",
  mtrMissing: "mtr 无法运行，改为每秒一次全跳扫描（apt-get install mtr-tiny）",
  noKey: "没有网格密钥（mesh.key_file）：丢包方向的结论至多为“可能”，也没有节点做回程追踪",
  smallBuffer: "接收缓冲偏小，进程停顿时可能溢出：sysctl -w net.core.rmem_max={n}，然后重启",
  sendRefused: "内核拒绝发送：{ERRORS}；属于本节点的故障",

  noSweep: "未做全跳扫描：探测进程没有响应",
  notStored: "有一次追踪未能保存，见探测代理的日志",
  sweeping: "全跳扫描，{n} 秒",
  waiting: "mtr 在等待经过相同路由器的其他追踪，{n} 秒",
  running: "mtr 约需 {of} 秒，已 {n} 秒",
  tracedAlready: "已有人在追踪 {peer}",
  tooManyAsked: "已有 {n} 个人工请求的追踪在进行，请稍后再试",
  unresolved: "{peer} 尚无地址：域名无法解析",
  peersAllowed: "{wanted} 不是本节点的对端；在配置中设置 trace.allow: any 后才能追踪其他地址",
  addressNeeded: "{wanted} 不是本节点的对端；其他主机须用地址指定",

  noAgent: "探测代理没有运行：{path} 无人监听；请启动它（systemctl start meshprobe），或查看已保存的数据：meshprobe report",
  noAgentAtTwo: "探测代理没有运行：{path} 和 {other} 都无人监听；请启动它（systemctl start meshprobe），或查看已保存的数据：meshprobe report",
  cannotAsk: "无法询问 {path} 上的探测代理：{code}",
  forbidden: "无法打开 {path}：权限不足；请以 root 运行",
  forbiddenGroup: "无法打开 {path}：权限不足；请以 root 运行，或加入用户组 {group}（usermod -aG {group} USER，然后重新登录）",
  stopped: "已停止",
  notAnAgent: "无法理解 {path} 上的应答：它不是 meshprobe 探测代理",
  noAnswer: "{path} 上的探测代理没有响应（{n} 秒）",
  ended: "{path} 上的探测代理没有答复就断开了连接",
  tooLong: "来自 {path} 的答复过长",
  otherAgent: "在此运行的探测代理把数据保存在 {here}，而不是 {wanted}",
  busy: "正在为 {n} 个客户端服务，请稍后再试",
};

const PARTS: Pair<typeof CONTROL_PARTS>["to"] = { sendError: "{code} {n} 次" };

export const CONTROL_DICTIONARY: Dictionary = {
  phrases: [{ from: CONTROL, to: CONTROL_CHINESE }, ...EVIDENCE_DICTIONARY.phrases],
  parts: [{ from: CONTROL_PARTS, to: PARTS }, ...EVIDENCE_DICTIONARY.parts],
};

export const controlInChinese: Translate = translator(CONTROL_DICTIONARY);
