/** 计划的规则，一句中文。Cron 表达式的含义由服务用英文说明。 */
import type { When } from '../../../supervisor/core/schedule/when.ts';

const DAYS = { mon: '一', tue: '二', wed: '三', thu: '四', fri: '五', sat: '六', sun: '日' } as const;
const UNITS: Readonly<Record<string, string>> = { ms: '毫秒', s: '秒', m: '分钟', h: '小时', d: '天' };

export function sentenceZh(rule: unknown, zone: string, said: string): string {
  const when = rule as When;
  const at = (clock: string) => `${clock}（${zone}）`;
  switch (when.kind) {
    case 'daily':
      return `每天 ${at(when.at)}`;
    case 'weekly':
      if (when.days.length === 7) return `每天 ${at(when.at)}`;
      return `每周${when.days.map((day) => DAYS[day]).join('、')} ${at(when.at)}`;
    case 'monthly':
      return `每月${when.day === 'last' ? '最后一天' : ` ${when.day} 日`} ${at(when.at)}`;
    case 'interval': {
      const from = when.anchor === undefined ? '' : `，自 ${when.anchor.replace('T', ' ')} 起`;
      return `每隔 ${span(when.every)}${from}`;
    }
    case 'once':
      return `一次，${at(when.at.replace('T', ' '))}`;
    default:
      return said;
  }
}

function span(text: string): string {
  const [, figure, unit = ''] = /^([\d.]+)(ms|s|m|h|d)$/.exec(text) ?? [];
  return figure === undefined ? text : `${figure} ${UNITS[unit]}`;
}
