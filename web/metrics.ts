/**
 * Figures as Prometheus text (exposition format 0.0.4), made of the views of the supervisor when somebody asks: no
 * registry, no observers and no memory in between. Names end in their unit, totals in `_total`.
 */
import { performance } from 'node:perf_hooks';
import type { QueueView, StatusView, WorkerView } from '../supervisor/facade.ts';

export const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = Readonly<Record<string, string | number>>;
type Sample = readonly [Labels, number | null];

interface MetricsInput {
  readonly status: StatusView;
  readonly queue: QueueView;
  readonly workers: readonly WorkerView[];
  readonly eventClients: number;
}

export function metricsText(input: MetricsInput): string {
  return [...stateMetrics(input), ...queueMetrics(input), ...machineMetrics(input)].join('');
}

function stateMetrics({ status }: MetricsInput): string[] {
  const states = Object.entries(status.counts).map(([state, count]): Sample => [{ state }, count]);
  const { accepted, ...outcomes } = status.totals;
  return [
    metric('nightshift_info', 'gauge', 'Version and incarnation.', [
      [{ version: status.version, node: status.node, incarnation: status.incarnation }, 1],
    ]),
    metric(
      'nightshift_start_time_seconds',
      'gauge',
      'When this incarnation started, since 1970.',
      one(Date.parse(status.startedAt) / 1_000),
    ),
    metric('nightshift_paused', 'gauge', '1 while no task is started.', one(status.state === 'running' ? 0 : 1)),
    metric('nightshift_tasks', 'gauge', 'Tasks by state.', states),
    metric('nightshift_tasks_accepted_total', 'counter', 'Tasks accepted ever.', one(accepted)),
    metric(
      'nightshift_tasks_finished_total',
      'counter',
      'Tasks finished ever, by outcome.',
      Object.entries(outcomes).map(([outcome, count]): Sample => [{ outcome }, count]),
    ),
    metric('nightshift_attempts_per_minute', 'gauge', 'Finished attempts a minute, over several spans.', [
      [{ minutes: 1 }, status.throughput.perMinute1],
      [{ minutes: 5 }, status.throughput.perMinute5],
      [{ minutes: 60 }, status.throughput.perMinute60],
    ]),
    metric(
      'nightshift_health_items',
      'gauge',
      'Health items by severity.',
      (['info', 'warning', 'error'] as const).map(
        (severity): Sample => [{ severity }, status.health.filter((item) => item.severity === severity).length],
      ),
    ),
  ];
}

function queueMetrics({ queue, workers, eventClients }: MetricsInput): string[] {
  const lanes = [...new Set(workers.map((worker) => worker.lane))];
  const sum = (lane: string, of: (worker: WorkerView) => number) =>
    workers.filter((worker) => worker.lane === lane).reduce((total, worker) => total + of(worker), 0);
  return [
    metric(
      'nightshift_queued',
      'gauge',
      'Tasks ready to run, by type.',
      queue.types.map(({ type, queued }): Sample => [{ type }, queued]),
    ),
    metric(
      'nightshift_running',
      'gauge',
      'Attempts under way, by type.',
      queue.types.map(({ type, running }): Sample => [{ type }, running]),
    ),
    metric(
      'nightshift_type_paused',
      'gauge',
      '1 for types that are paused.',
      queue.types.map(({ type, paused }): Sample => [{ type }, paused ? 1 : 0]),
    ),
    metric(
      'nightshift_worker_slots',
      'gauge',
      'Room for attempts, by lane.',
      lanes.map((lane): Sample => [{ lane }, sum(lane, ({ slots }) => slots)]),
    ),
    metric(
      'nightshift_worker_slots_busy',
      'gauge',
      'Slots taken, by lane.',
      lanes.map((lane): Sample => [{ lane }, sum(lane, ({ tasks }) => tasks.length)]),
    ),
    metric('nightshift_event_clients', 'gauge', 'Clients that follow the events.', one(eventClients)),
  ];
}

function machineMetrics({ status }: MetricsInput): string[] {
  const { user, system } = process.cpuUsage();
  const loop = performance.eventLoopUtilization();
  const { heapUsed } = process.memoryUsage();
  return [
    metric('nightshift_journal_seq', 'counter', 'Highest sequence number.', one(status.journal.seq)),
    metric(
      'nightshift_journal_durable_seq',
      'counter',
      'Highest sequence number on disk.',
      one(status.journal.durableSeq),
    ),
    metric('nightshift_journal_bytes', 'gauge', 'Size of the journal.', one(status.journal.bytes)),
    metric('nightshift_journal_segments', 'gauge', 'Segments of the journal.', one(status.journal.segments)),
    metric('nightshift_disk_free_bytes', 'gauge', 'Free space where the data folder is.', one(status.disk.freeBytes)),
    metric(
      'nightshift_disk_size_bytes',
      'gauge',
      'Size of the file system of the data folder.',
      one(status.disk.totalBytes),
    ),
    metric('process_resident_memory_bytes', 'gauge', 'Resident memory.', one(status.memory.rssBytes)),
    metric('nodejs_heap_size_used_bytes', 'gauge', 'Heap in use.', one(heapUsed)),
    metric(
      'process_cpu_seconds_total',
      'counter',
      'Processor time, user and system.',
      one((user + system) / 1_000_000),
    ),
    metric(
      'nightshift_event_loop_active_seconds_total',
      'counter',
      'Time the main thread was busy.',
      one(loop.active / 1_000),
    ),
    metric(
      'nightshift_event_loop_idle_seconds_total',
      'counter',
      'Time the main thread had nothing to do.',
      one(loop.idle / 1_000),
    ),
  ];
}

function one(value: number): readonly Sample[] {
  return [[{}, value]];
}

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const lines = samples
    .filter(([, value]) => value !== null)
    .map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`);
  return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(String(value))}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
