import t from 'tap';
import { TaskTokens } from '../../supervisor/task-tokens.ts';
import { idOf, Life } from '../core/fixtures.ts';

t.test('a token is good while its attempt is under way, and is no other task’s', async (t) => {
  const life = new Life();
  for (const number of [1, 2]) life.accept(number);
  const tokens = new TaskTokens(life.state);
  const token = tokens.tokenOf(idOf(1), 1);
  t.equal(tokens.taskOf(token), null, 'not before it has begun');
  life.start(1);
  life.start(2);
  t.equal(tokens.taskOf(token), idOf(1));
  t.equal(tokens.taskOf(tokens.tokenOf(idOf(1), 2)), null, 'nor for another attempt');
  t.equal(tokens.taskOf(token.replace(idOf(1), idOf(2))), null, 'nor for another task');
  t.equal(new TaskTokens(life.state).taskOf(token), null, 'nor in another life of the supervisor');
  for (const text of ['', 'task.', token.slice(0, -1), `${token}a`, `${token.slice(0, -2)}AA`, token.toUpperCase()])
    t.equal(tokens.taskOf(text), null, text);
  life.record({ e: 'attempt.ended', id: idOf(1), n: 1, outcome: 'succeeded', next: 'succeeded' });
  t.equal(tokens.taskOf(token), null, 'and not once it has ended');
});
