import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { request } from 'undici';
import { eventClientsMax, logFollowersMax } from '../../web/limits.ts';
import { ScriptedEvents } from '../helpers/scripted-facade.ts';
import { type Served, serve, until } from './serve.ts';

interface Block {
  id?: string;
  event?: string;
  data?: string;
  retry?: string;
  comment?: boolean;
}

/** A client that reads event streams by the book. */
async function follow({ url, agent }: Served, lastEventId?: string, query = '') {
  const answer = await request(`${url}/api/v1/events${query}`, {
    dispatcher: agent,
    headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
  });
  const blocks: Block[] = [];
  const client = {
    status: answer.statusCode,
    headers: answer.headers,
    blocks,
    ended: false,
    text: '',
    close: () => void answer.body.destroy(),
  };
  let rest = '';
  answer.body.setEncoding('utf8');
  answer.body.on('data', (chunk: string) => {
    client.text += chunk;
    const parts = (rest + chunk).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) blocks.push(blockOf(part));
  });
  answer.body.on('end', () => {
    client.ended = true;
  });
  answer.body.on('error', () => {});
  return client;
}

function blockOf(text: string): Block {
  const block: Block = {};
  for (const line of text.split('\n')) {
    const at = line.indexOf(':');
    if (at === 0) block.comment = true;
    else block[line.slice(0, at) as 'id'] = line.slice(at + 1).trimStart();
  }
  return block;
}

const events = (blocks: readonly Block[]) => blocks.filter((block) => block.data !== undefined);

t.test('events come with id, name and data on one line each', async (t) => {
  const served = await serve(t);
  const client = await follow(served);
  t.equal(client.status, 200);
  t.match(client.headers, {
    'content-type': /^text\/event-stream/,
    'cache-control': /no-store/,
    'x-accel-buffering': 'no',
  });
  await until(() => client.blocks.length === 1);
  t.match(client.blocks[0], { id: '1-0', retry: '2000' }, 'the client knows where it stands before anything happened');
  served.facade.events.about('task-9', 'attempt.progressed', { text: 'two\nlines\r\n\r\nid: 9-9' });
  await until(() => events(client.blocks).length === 1);
  const [event] = events(client.blocks);
  t.match(event, { id: '1-1', event: 'attempt.progressed' });
  t.strictSame(JSON.parse(event?.data ?? ''), {
    text: 'two\nlines\r\n\r\nid: 9-9',
    name: 'attempt.progressed',
    task: 'task-9',
    at: new Date(1_700_000_000_001).toISOString(),
  });
  client.close();
});

t.test('a client that comes back gets exactly what it has missed, wherever it was cut', async (t) => {
  const served = await serve(t);
  const { events: source } = served.facade;
  for (let count = 0; count < 12; count++) source.publish('task.queued', 'attempt.started');
  for (const seen of [0, 1, 11, 23, 24]) {
    const client = await follow(served, `1-${seen}`);
    await until(() => events(client.blocks).length === 24 - seen && client.blocks.length > 0);
    t.strictSame(
      events(client.blocks).map((block) => block.id),
      Array.from({ length: 24 - seen }, (_, index) => `1-${seen + index + 1}`),
    );
    client.close();
  }
  const byQuery = await follow(served, undefined, '?lastEventId=1-22');
  await until(() => events(byQuery.blocks).length === 2);
  byQuery.close();
  const both = await follow(served, '1-23', '?lastEventId=1-1');
  await until(() => events(both.blocks).length === 1);
  t.equal(events(both.blocks)[0]?.id, '1-24', 'the header is newer than the address it was opened with');
  both.close();
});

t.test('what happens while a client resumes is neither lost nor doubled', async (t) => {
  const served = await serve(t, { events: new ScriptedEvents(100_000) });
  const { events: source } = served.facade;
  source.publish(...Array(5_000).fill('task.queued'));
  const client = await follow(served, '1-0');
  const second = await follow(served, '1-2500');
  for (let count = 0; count < 200; count++) {
    source.publish('attempt.started', 'attempt.ended');
    if (count % 20 === 0) await new Promise(setImmediate);
  }
  await until(() => events(client.blocks).length >= 5_400 && events(second.blocks).length >= 2_900);
  t.strictSame(
    events(client.blocks).map((block) => block.id),
    Array.from({ length: 5_400 }, (_, index) => `1-${index + 1}`),
  );
  t.strictSame(
    events(second.blocks).map((block) => block.id),
    Array.from({ length: 2_900 }, (_, index) => `1-${index + 2_501}`),
  );
  client.close();
  second.close();
});

t.test('an id we do not know, and a gap too wide, get a snapshot and then what follows', async (t) => {
  const served = await serve(t, { events: new ScriptedEvents(5) });
  const { events: source } = served.facade;
  source.publish(...Array(20).fill('task.queued'));
  const cases = { '2-3': 'unknown', '1-21': 'unknown', nonsense: 'unknown', '1--1': 'unknown', '1-3': 'gap' };
  for (const [id, reason] of Object.entries(cases)) {
    const client = await follow(served, id);
    await until(() => events(client.blocks).length === 1);
    const [block] = events(client.blocks);
    t.match(block, { event: 'snapshot', id: '1-20' }, id);
    t.strictSame(JSON.parse(block?.data ?? ''), { epoch: 1, seq: 20, reason }, id);
    client.close();
  }
  const client = await follow(served, '1-1');
  await until(() => events(client.blocks).length === 1);
  source.publish('attempt.started');
  await until(() => events(client.blocks).length === 2);
  t.match(events(client.blocks)[1], { id: '1-21', event: 'attempt.started' });
  source.epoch = 2;
  source.seq = 3;
  source.send([{ epoch: 2, seq: 3, at: 0, name: 'task.queued', task: null, data: {} }]);
  await until(() => events(client.blocks).length === 3);
  t.match(events(client.blocks)[2], { id: '2-3', event: 'snapshot' }, 'a new epoch is a new count');
  client.close();
});

t.test('a client that reads too slowly costs a bounded buffer, then gets a snapshot, then is let go', async (t) => {
  const served = await serve(t, { events: new ScriptedEvents(100) });
  const { events: source } = served.facade;
  const socket = connect(served.server.port, '127.0.0.1');
  socket.write('GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'readable');
  socket.pause();
  await until(() => source.listeners === 1);
  const fill = async () => {
    const text = 'x'.repeat(10_000);
    for (let before = -1; before !== source.questions; ) {
      before = source.questions;
      const { rounds } = served.clock;
      for (let count = 0; count < 80; count++) source.about('t', 'attempt.progressed', { text });
      await until(() => served.clock.rounds > rounds);
    }
  };
  await fill();
  for (let count = 0; count < 200; count++) source.publish('task.queued');
  const { seq } = source;
  let said = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    said += chunk;
  });
  socket.resume();
  await until(() => said.includes(`id: 1-${seq}\n`));
  t.ok(said.includes('"reason":"gap"'), 'what it could not be told is said');
  socket.pause();
  await fill();
  served.clock.skewMs += 61_000;
  served.clock.fireLong();
  await until(() => source.listeners === 0);
  t.equal(served.clock.waiting, 0);
  socket.destroy();
});

t.test('clients are counted, limited and forgotten when they leave; a closed one is no error', async (t) => {
  const served = await serve(t);
  const clients = await Promise.all(Array.from({ length: eventClientsMax }, () => follow(served)));
  t.equal(served.facade.events.listeners, 1, 'one subscription for all');
  const refused = await served.call('GET', '/api/v1/events');
  t.equal(refused.status, 429);
  t.equal(refused.json.code, 'rate_limited');
  t.equal((await served.call('HEAD', '/api/v1/events')).status, 200, 'HEAD opens no stream');
  for (const client of clients) client.close();
  await until(() => served.facade.events.listeners === 0);
  t.equal(served.clock.waiting, 0, 'no heartbeat without clients');
  const again = await follow(served);
  t.equal(again.status, 200);
  again.close();
  await until(() => served.facade.events.listeners === 0);
  t.strictSame(
    served.lines.filter((line) => line.level === 'error'),
    [],
  );
});

t.test('a quiet stream has a heartbeat', async (t) => {
  const served = await serve(t);
  const client = await follow(served);
  await until(() => client.blocks.length === 1);
  served.clock.fireLong();
  await until(() => client.blocks.length === 2);
  t.strictSame(client.blocks[1], { comment: true });
  served.clock.fireLong();
  await until(() => client.blocks.length === 3);
  client.close();
});

t.test('closing the server ends streams, followed logs and idle connections at once', async (t) => {
  const served = await serve(t);
  const { id } = (await served.call('POST', '/api/v1/tasks', { type: 'noop' })).json.task;
  served.facade.beginLog(id);
  const client = await follow(served);
  const log = await request(`${served.url}/api/v1/tasks/${id}/log?follow=1`, { dispatcher: served.agent });
  await until(() => client.blocks.length === 1);
  await Promise.all([served.server.close(), log.body.text()]);
  await until(() => client.ended);
  t.pass('both ended and were not cut off');
  t.equal(served.facade.events.listeners, 0);
});

t.test('a log is text; that of an unknown task or attempt is 404, that of a task not yet tried is empty', async (t) => {
  const { call, facade } = await serve(t);
  const { id } = (await call('POST', '/api/v1/tasks', { type: 'noop' })).json.task;
  t.equal((await call('GET', `/api/v1/tasks/${id}/log`)).text, '');
  facade.beginLog(id);
  facade.writeLog(id, 'first ✓');
  const log = await call('GET', `/api/v1/tasks/${id}/log?attempt=1`);
  t.match(log.headers['content-type'], /^text\/plain; charset=utf-8/);
  t.equal(log.text, '2023-11-14T22:13:20.000Z info   first ✓\n');
  t.equal((await call('GET', `/api/v1/tasks/${id}/log?attempt=2`)).status, 404);
  t.equal((await call('GET', '/api/v1/tasks/none/log')).status, 404);
  t.equal((await call('GET', '/api/v1/tasks/none/log?follow=1')).status, 404);
});

t.test('a followed log has every line once and ends with the attempt', async (t) => {
  const served = await serve(t);
  const { facade } = served;
  const { id } = (await served.call('POST', '/api/v1/tasks', { type: 'noop' })).json.task;
  facade.beginLog(id);
  facade.writeLog(id, 'before');
  const { log } = facade;
  facade.log = async (...args) => {
    facade.writeLog(id, 'while it is read');
    const stands = await log.apply(facade, args);
    facade.writeLog(id, 'after it was read');
    return stands;
  };
  const answer = await request(`${served.url}/api/v1/tasks/${id}/log?follow=1`, { dispatcher: served.agent });
  facade.writeLog(id, 'later');
  let said = '';
  answer.body.setEncoding('utf8');
  answer.body.on('data', (chunk) => {
    said += chunk;
  });
  const ended = once(answer.body, 'end');
  await until(() => said.includes('later'));
  facade.endLog(id);
  await ended;
  t.strictSame(
    said
      .trim()
      .split('\n')
      .map((line) => line.slice(32)),
    ['before', 'while it is read', 'after it was read', 'later'],
  );
  t.equal(facade.logs.get(`${id}/1`)?.followers.size, 0);
  t.equal(
    (await served.call('GET', `/api/v1/tasks/${id}/log?follow=1`)).text.split('\n').length,
    6,
    'one that has ended is simply shown',
  );
});

t.test('following a task that has not been tried waits for its attempt', async (t) => {
  const served = await serve(t);
  const { facade } = served;
  const { id } = (await served.call('POST', '/api/v1/tasks', { type: 'noop' })).json.task;
  const answer = await request(`${served.url}/api/v1/tasks/${id}/log?follow=1`, { dispatcher: served.agent });
  t.equal(answer.statusCode, 200, 'the head comes before the first line');
  facade.events.publish('task.queued');
  facade.beginLog(id);
  facade.events.about(id, 'attempt.started');
  await until(() => (facade.logs.get(`${id}/1`)?.followers.size ?? 0) === 1);
  facade.writeLog(id, 'at last');
  facade.endLog(id);
  t.match(await answer.body.text(), /at last\n$/);
  t.equal(facade.events.listeners, 0);
});

t.test('followers of logs are limited, and leave nothing behind', async (t) => {
  const served = await serve(t);
  const { facade } = served;
  const { id } = (await served.call('POST', '/api/v1/tasks', { type: 'noop' })).json.task;
  facade.beginLog(id);
  const path = `/api/v1/tasks/${id}/log?follow=1`;
  const answers = await Promise.all(
    Array.from({ length: logFollowersMax }, () => request(served.url + path, { dispatcher: served.agent })),
  );
  t.equal((await served.call('GET', path)).status, 429);
  for (const { body } of answers) {
    body.on('error', () => {});
    body.destroy();
  }
  await until(() => facade.logs.get(`${id}/1`)?.followers.size === 0);
  facade.endLog(id);
  t.equal((await served.call('GET', path)).status, 200);
  t.strictSame(
    served.lines.filter((line) => line.level === 'error'),
    [],
  );
});
