/** The doctor in the words of Chinese network desks. */
import type { DoctorLabels } from "./labels.ts";
import { checkInChinese, doctorInChinese } from "./phrases-zh.ts";

export const DOCTOR_CHINESE: DoctorLabels = {
  level: { ok: "正常", warn: "警告", fail: "失败" },
  columns: { level: 6, check: 10 },
  well: "一切正常",
  failures: { one: "失败 {n} 项", many: "失败 {n} 项" },
  warnings: { one: "警告 {n} 项", many: "警告 {n} 项" },
  joint: "，",
  said: doctorInChinese,
  check: checkInChinese,
};
