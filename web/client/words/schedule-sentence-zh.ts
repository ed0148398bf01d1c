/** 计划的规则，一句中文。常见的 cron 表达式也译成中文；其余的含义由服务用英文说明。 */
import type { When } from '../../../supervisor/core/schedule/when.ts';

const DAYS = { mon: '一', tue: '二', wed: '三', thu: '四', fri: '五', sat: '六', sun: '日' } as const;
/** Cron 的星期从星期日数起，7 也是星期日。 */
const CRON_DAYS = ['日', '一', '二', '三', '四', '五', '六', '日'];
const CRON_NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const UNITS: Readonly<Record<string, string>> = { ms: '毫秒', s: '秒', m: '分钟', h: '小时', d: '天' };
const NICKNAMES: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
};

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
    default: {
      const words = cronZh(when.expression);
      return words === null ? said : at(words);
    }
  }
}

/** 说不准的一律返回 null。 */
function cronZh(expression: string): string | null {
  const text = expression.trim().toLowerCase();
  const fields = (NICKNAMES[text] ?? text).split(/\s+/);
  const [second, minute, hour, day, month, weekday] = (fields.length === 6 ? fields : ['0', ...fields]) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const days = month === '*' ? daysZh(day, weekday) : null;
  if (days === null) return null;
  const often = oftenZh(second, minute, hour);
  if (often !== null) return days === '每天' ? often : `${days}，${often}`;
  const clocks = clocksZh(second, minute, hour);
  return clocks && `${days} ${clocks}`;
}

function daysZh(day: string, weekday: string): string | null {
  if (day === '*' && weekday === '*') return '每天';
  if (weekday === '*') return /^\d+(,\d+)*$/.test(day) ? `每月 ${day.replaceAll(',', '、')} 日` : null;
  return day === '*' ? weekdaysZh(weekday) : null;
}

function weekdaysZh(text: string): string | null {
  const words = text.split(',').map((part) => {
    const ends = part
      .split('-')
      .map((one) => CRON_DAYS[CRON_NAMES.includes(one) ? CRON_NAMES.indexOf(one) : Number(one)]);
    return ends.length <= 2 && ends.every((end) => end !== undefined) ? ends.join('至') : null;
  });
  return words.includes(null) ? null : `每周${words.join('、')}`;
}

function oftenZh(second: string, minute: string, hour: string): string | null {
  if (second !== '0') return minute === '*' && hour === '*' ? stepZh(second, 60, '秒') : null;
  if (hour === '*') return stepZh(minute, 60, '分钟') ?? (isFigure(minute) ? atMinute('每小时', minute) : null);
  const hours = stepZh(hour, 24, '小时');
  return hours !== null && isFigure(minute) ? atMinute(hours, minute) : null;
}

function atMinute(often: string, minute: string): string {
  return Number(minute) === 0 ? often : `${often}的第 ${Number(minute)} 分`;
}

/** 除不尽的步长不是“每隔多少”。 */
function stepZh(field: string, within: number, unit: string): string | null {
  if (field === '*') return `每${unit}`;
  const step = Number(/^[*0]\/(\d+)$/.exec(field)?.[1] ?? Number.NaN);
  if (step === 1) return `每${unit}`;
  return within % step === 0 ? `每 ${step} ${unit}` : null;
}

function clocksZh(second: string, minute: string, hour: string): string | null {
  if (!isFigure(second) || !isFigure(minute) || !/^\d+(,\d+)*$/.test(hour)) return null;
  const two = (figure: string) => figure.padStart(2, '0');
  const rest = `:${two(minute)}${Number(second) === 0 ? '' : `:${two(second)}`}`;
  return hour
    .split(',')
    .map((one) => two(one) + rest)
    .join('、');
}

function isFigure(text: string): boolean {
  return /^\d+$/.test(text);
}

function span(text: string): string {
  const [, figure, unit = ''] = /^([\d.]+)(ms|s|m|h|d)$/.exec(text) ?? [];
  return figure === undefined ? text : `${figure} ${UNITS[unit]}`;
}
