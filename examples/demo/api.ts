/** What the demo asks of the supervisor, over the same API as any script. */
export interface Run {
  readonly id: string;
  readonly state: string;
  readonly finishedAt: string | null;
  readonly stages: readonly Stage[];
}

export interface Stage {
  readonly name: string;
  readonly state: string;
  readonly counts: Readonly<Record<'accepted' | 'waiting' | 'running' | 'succeeded' | 'failed' | 'canceled', number>>;
}

export interface Task {
  readonly id: string;
  readonly state: string;
  readonly label?: string;
  readonly run: { readonly stage: string } | null;
  readonly progress: { readonly done: number; readonly total: number | null; readonly text: string | null } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface Track {
  readonly title: string;
  readonly playlistTitle: string;
  readonly state: string;
  readonly url: string | null;
  readonly file: { readonly path: string } | null;
  readonly upload: { readonly name: string } | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
}

export class Api {
  readonly #base: string;
  readonly #signal: AbortSignal;

  constructor(url: string, signal: AbortSignal) {
    this.#base = `${url}/api/v1`;
    this.#signal = signal;
  }

  /** The run of a pipeline that was started last; null for none yet. */
  async newestRun(pipeline: string): Promise<Run | null> {
    const { items } = await this.#ask<{ items: readonly Run[] }>(`/runs?pipeline=${pipeline}&limit=1`);
    return items[0] ?? null;
  }

  async tasksOf(run: string): Promise<readonly Task[]> {
    return (await this.#ask<{ items: readonly Task[] }>(`/tasks?run=${run}&limit=100&order=oldest`)).items;
  }

  async tracks(): Promise<readonly Track[]> {
    return (await this.#ask<{ items: readonly Track[] }>('/library/tracks?limit=100')).items;
  }

  /** A task that waits before it is tried again need not wait. */
  async promote(task: string): Promise<void> {
    await this.#ask(`/tasks/${task}/promote`, 'POST');
  }

  async #ask<T>(path: string, method = 'GET'): Promise<T> {
    const response = await fetch(this.#base + path, { method, signal: this.#signal });
    if (!response.ok) throw new Error(`the supervisor answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }
}
