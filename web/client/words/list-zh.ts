/** 任务列表的文字，简体中文。 */
import type { Words } from '../language.ts';
import { count } from './counts-zh.ts';

export const listZh: Words['list'] = {
  filter: '筛选',
  text: 'id、类型、参数、错误或标签中的文字',
  type: '类型',
  anyType: '所有类型',
  allStates: '全部',
  clear: '清除筛选',
  total: (n) => `${count(n)} 个任务`,
  moreThan: (n) => `多于 ${count(n)} 个任务`,
  atLeast: (n) => `至少 ${count(n)} 个任务`,
  onPage: (n) => `本页 ${count(n)} 个任务`,
  fresh: (n) => `${count(n)} 个新任务`,
  show: '显示',
  againAt: '再试于',
  older: '更早',
  newest: '最新',
  selectOne: (name) => `选择 ${name}`,
  selectPage: '选择本页全部',
  selected: (n) => `已选 ${count(n)} 个`,
  everything: '选择所有符合条件的',
  everythingSelected: '已选择所有符合筛选条件的任务',
  unselect: '取消选择',
  emptyTitle: '还没有任务',
  emptyText: '把文件放进收件文件夹，或在命令行提交：',
  emptyForm: '也可以填写表单：',
  noMatch: '没有符合筛选条件的任务',
  noMatchText: '历史记录也已搜索；换短一些的文字或别的状态试试。',
};
