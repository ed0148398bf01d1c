/**
 * The process that asks handlers' schemas about params before tasks are accepted: they are code of others, and whoever
 * waits for the supervisor must not wait for a loop in one of them. It is ended when it does not answer in time.
 */
import type { CheckAnswer, CheckOrder, WrongParams } from './contract.ts';
import { handlerFor } from './load.ts';
import { placedIssues, sayIssues } from './schema.ts';

async function check(order: CheckOrder): Promise<CheckAnswer> {
  const { handler } = await handlerFor(order);
  if (handler.params === undefined) return [];
  const schema = handler.params['~standard'];
  const wrong: WrongParams[] = [];
  for (const [index, text] of order.params.entries()) {
    const { issues } = await schema.validate(JSON.parse(text));
    if (issues) wrong.push({ index, issues: placedIssues(issues), said: sayIssues(issues) });
  }
  return wrong;
}

process.once('disconnect', () => process.exit(1));
// What a handler left running is no reason to accept or refuse anything.
process.on('uncaughtException', () => {});
process.on('unhandledRejection', () => {});
process.on('message', async (order: CheckOrder) => {
  process.send?.({ answer: await check(order).catch(() => null) });
});
