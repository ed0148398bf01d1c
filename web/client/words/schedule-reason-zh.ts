/** 服务用英文说明的原因和夏令时提示，译成中文；不认识的原样保留。 */
const KNOWN: readonly (readonly [RegExp, string])[] = [
  [/^SCHEDULER_ENABLED (?:is|was) false$/, 'SCHEDULER_ENABLED 为 false'],
  [/^all schedules are paused: (.*)$/, '所有计划已暂停：$1'],
  [/^all schedules were paused: (.*)$/, '当时所有计划已暂停：$1'],
  [/^paused: (.*)$/, '已暂停：$1'],
  [/^the feature flag (\S+) is off$/, '功能开关 $1 未打开'],
  [/^task (\S+) of an earlier one is under way$/, '先前一次的任务 $1 还在进行'],
  [/^run (\S+) of an earlier one is under way$/, '先前一次的流程运行 $1 还在进行'],
  [/^there is no pipeline (\S+)$/, '没有流程 $1'],
  [/^an earlier one starts just now$/, '先前一次正在启动'],
  [/^another one waits for its turn$/, '另有一次在等待'],
  [/^(\d+) others wait for their turn$/, '另有 $1 次在等待'],
  [/^the one planned for (\S+) took its place$/, '计划于 $1 的一次取代了它'],
  [/^run by hand: (.*)$/, '手动运行：$1'],
  [/^its schedule was changed$/, '计划已更改'],
  [/^the setting TIMEZONE was changed$/, 'TIMEZONE 已更改'],
  [
    /^the setting TIMEZONE was changed from (\S+) to (\S+), where its time was over$/,
    'TIMEZONE 由 $1 改为 $2，在那里时间已过',
  ],
  [/^its schedule was deleted$/, '计划已删除'],
  [/^(\d+) failures in a row, the last of task (\S+)$/, '连续失败 $1 次，最后一次是任务 $2'],
  [/^(\d+) failures in a row, the last of run (\S+)$/, '连续失败 $1 次，最后一次是流程运行 $2'],
  [/^its run is not valid: (.*)$/, '流程运行无效：$1'],
  [/^its task is not valid: (.*)$/, '任务无效：$1'],
  [/^(\S+) does not exist that day: .* first moment after$/, '当天没有 $1：时钟拨快，这是其后的第一刻'],
  [/^the clocks have gone forward .*: (\S+) does not exist .*$/, '时钟已拨快：当天没有 $1，略过'],
  [/^(\S+) comes twice that day: .* second time$/, '当天有两个 $1：时钟已拨慢，这是第二次'],
  [/^(\S+) comes twice that day: .*$/, '当天有两个 $1：时钟将拨慢，这是第一次'],
];
const PARTS: readonly (readonly [string, string])[] = [
  ['the supervisor was not running', '服务当时没有运行'],
  ['the machine or the supervisor stood still', '机器或服务当时停住了'],
  ['it waited for its turn', '它在等待轮到'],
  ['it was later than its start deadline', '已超过启动期限'],
  ['a later one stands for it', '由更晚的一次代替'],
  ['more were missed than are caught up', '错过的多于要补的'],
  ['missed occurrences are not caught up', '错过的不补'],
  ['it is too long ago', '时间过久'],
];

const PAUSED = /^it was paused(?:: (.*))?, and (.*?)$/s;

export function reasonZh(said: string): string {
  const [, why = '', then] = PAUSED.exec(said) ?? [];
  if (then !== undefined)
    return `当时已暂停${why && `：${why}`}，${PARTS.find(([known]) => known === then)?.[1] ?? then}`;
  for (const [pattern, text] of KNOWN) if (pattern.test(said)) return said.replace(pattern, text);
  const parts = said.split(', and ').map((part) => PARTS.find(([known]) => known === part)?.[1]);
  return parts.every((part) => part !== undefined) ? parts.join('，') : said;
}
