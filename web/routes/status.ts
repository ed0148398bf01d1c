/** How the supervisor is: for people, for probes and for Prometheus; and what this API is, for machines. */
import { answerJson, api, type Context, look, open, type Parts, type Route } from '../route.ts';

export function statusRoutes({ facade, events }: Parts, routes: () => readonly Route[]): Route[] {
  async function status(ctx: Context): Promise<void> {
    answerJson(ctx, 200, JSON.stringify(await facade.status()));
  }

  function healthz(ctx: Context): void {
    answerJson(ctx, 200, '{"status":"ok"}');
  }

  function readyz(ctx: Context): void {
    const { ready, reason } = facade.ready();
    answerJson(ctx, ready ? 200 : 503, JSON.stringify({ status: ready ? 'ready' : 'not ready', reason }));
  }

  async function metrics(ctx: Context): Promise<void> {
    const { metricsText, metricsType } = await import('../metrics.ts');
    const [status, queue, workers] = await Promise.all([facade.status(), facade.queue(), facade.workers()]);
    ctx.status = 200;
    ctx.set('Content-Type', metricsType);
    ctx.body = metricsText({ status, queue, workers, eventClients: events.size });
  }

  let document: Promise<string> | null = null;

  /** Its schemas cost 13 MB of memory, which only those who ask for them pay. */
  async function openapi(ctx: Context): Promise<void> {
    document ??= Promise.all([import('../openapi.ts'), facade.status()]).then(([{ openapiText }, { version }]) =>
      openapiText(routes(), version),
    );
    document.catch(() => {
      document = null;
    });
    answerJson(ctx, 200, await document);
  }

  return [
    look(`${api}/status`, 'Shows counts, throughput, health items, journal, disk and versions', status),
    look(`${api}/openapi.json`, 'This document', openapi),
    open('GET', '/healthz', 'Answers as long as the process does', healthz),
    open('GET', '/readyz', 'Tells whether new work is taken', readyz),
    look('/metrics', 'Figures as Prometheus text', metrics),
  ];
}
