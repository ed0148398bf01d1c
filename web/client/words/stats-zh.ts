/** 任务统计的文字，简体中文。 */
import type { Words } from '../language.ts';

export const statsZh: Words['stats'] = {
  tab: '运行情况',
  text: (days, zone) => `最近 ${days} 天结束的任务，按 ${zone} 的日期统计`,
  days: (n) => `${n} 天`,
  span: '时间范围',
  type: '类型',
  others: '其他所有类型',
  finished: '结束',
  succeeded: '成功',
  failed: '失败',
  canceled: '取消',
  p50: 'p50',
  p95: 'p95',
  p50Text: '半数成功的尝试用时不超过此值',
  p95Text: '95% 成功的尝试用时不超过此值',
  byDay: '按日',
  day: '日期',
  dayOf: (type) => `${type} 按日统计`,
  chart: (type, days, most) => `${type} 按日统计：${days} 天有任务结束，一天最多 ${most} 个`,
  none: '这段时间没有任务结束',
  noneText: '有任务结束后，这里会显示数量和用时。',
};
