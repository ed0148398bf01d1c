/** 处理程序页的文字，简体中文。 */
import type { Words } from '../language.ts';

export const handlersZh: Words['handlers'] = {
  summary: (all, own) => `${all} 个处理程序，其中 ${own} 个是自己的`,
  failures: '无法使用的文件',
  failureAction: '请改正文件或从文件夹中移走，然后重启 Nightshift。',
  nobody: (type, waiting) => `没有处理 ${type} 的程序：${waiting} 个任务在等待`,
  nobodyAction: (folder) => `请把此类型的处理程序放进 ${folder}，然后重启 Nightshift；或取消这些任务。`,
  own: '自己的',
  builtIn: '内置',
  none: '还没有自己的处理程序',
  noneText: '放进处理程序文件夹的一个文件就是一个处理程序。下面的命令写出第一个，下次启动时加载：',
  noneMore: '然后添加此类型的任务。处理程序能做什么，见 workers/README.md。',
  handler: '处理程序',
  lane: '通道',
  timeout: '超时',
  attempts: '尝试次数',
  atOnce: '同时运行',
  needs: '需要',
  queued: '排队中',
  running: '运行中',
  version: '版本',
  noTimeout: '无',
  noLimit: '不限',
  file: '文件',
  flagOn: '开',
  flagOff: '关',
};
